// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/fd_message.hpp"

#include <sys/socket.h>

#include <array>
#include <cstring>

namespace dmabuf::adapters {
namespace {

/// A message with room for one fd. It points into itself.
struct Message {
  Message(void* bytes, std::size_t size) : part{.iov_base = bytes, .iov_len = size} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  iovec part;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
};

}  // namespace

long send_with_fd(int socket, const void* bytes, std::size_t size, int fd) {
  Message message(const_cast<void*>(bytes), size);
  if (fd == -1) {
    message.header.msg_control = nullptr;
    message.header.msg_controllen = 0;
  } else {
    cmsghdr* const rights = CMSG_FIRSTHDR(&message.header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  return ::sendmsg(socket, &message.header, MSG_NOSIGNAL);
}

ReceivedFd receive_with_fd(int socket, void* bytes, std::size_t size, int flags) {
  Message message(bytes, size);
  ReceivedFd received;
  received.bytes = ::recvmsg(socket, &message.header, flags);
  if (received.bytes < 0) return received;
  received.cut = (message.header.msg_flags & MSG_CTRUNC) != 0;
  const cmsghdr* const rights = CMSG_FIRSTHDR(&message.header);
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len >= CMSG_LEN(sizeof(int)))
    std::memcpy(&received.fd, CMSG_DATA(rights), sizeof received.fd);
  return received;
}

}  // namespace dmabuf::adapters
