// SPDX-License-Identifier: MIT
/// One message over a Unix socket, with one fd beside its bytes (SCM_RIGHTS), or none.
#pragma once

#include <cstddef>

namespace dmabuf::adapters {

/// Bytes sent, or -1 with errno. fd -1 sends none.
long send_with_fd(int socket, const void* bytes, std::size_t size, int fd);

struct ReceivedFd {
  long bytes = -1;   ///< -1 with errno
  int fd = -1;       ///< the caller's to close; -1 if none came
  bool cut = false;  ///< MSG_CTRUNC: one was sent, and the kernel found no room for it
};
/// `flags` as for recvmsg: MSG_CMSG_CLOEXEC, MSG_DONTWAIT.
ReceivedFd receive_with_fd(int socket, void* bytes, std::size_t size, int flags);

}  // namespace dmabuf::adapters
