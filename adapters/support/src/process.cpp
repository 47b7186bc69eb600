// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/process.hpp"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "dmabuf/adapters/fault_guard.hpp"
#include "dmabuf/adapters/fd_message.hpp"
#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/model/pattern.hpp"

namespace dmabuf::adapters {
namespace {

CallReply reply(long result) {
  CallReply r;
  if (result < 0)
    r.error = errno;
  else
    r.value = static_cast<std::uint64_t>(result);
  return r;
}

CallReply failed(int error) {
  CallReply r;
  r.error = error;
  return r;
}

CallReply mapped(void* address) {
  if (address == MAP_FAILED) return failed(errno);
  CallReply r;
  r.value = reinterpret_cast<std::uint64_t>(address);
  return r;
}

/// To where nothing of ours lies: a place is reserved first, and then replaced.
CallReply move_here(void* from, std::size_t bytes) {
  void* const place =
      ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return failed(errno);
  const CallReply r = mapped(::mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place));
  if (r.error != 0) (void)::munmap(place, bytes);
  return r;
}

std::byte* page_at(std::uint64_t address) { return reinterpret_cast<std::byte*>(address); }

constexpr std::uint64_t sync_flags(model::SyncFlags flags) {
  switch (flags) {
    case model::SyncFlags::StartRead: return DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ;
    case model::SyncFlags::StartWrite: return DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE;
    case model::SyncFlags::StartBoth: return DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;
    case model::SyncFlags::EndRead: return DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
    case model::SyncFlags::EndWrite: return DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE;
    case model::SyncFlags::EndBoth: return DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
    case model::SyncFlags::NoDirection: return DMA_BUF_SYNC_START;
    case model::SyncFlags::EndNoDirection: return DMA_BUF_SYNC_END;
    case model::SyncFlags::UnknownBit: return DMA_BUF_SYNC_READ | 8U;
    case model::SyncFlags::UnknownHighBit: return DMA_BUF_SYNC_READ | (std::uint64_t{1} << 32);
  }
  return 0;
}

constexpr int whence(model::Whence from) {
  switch (from) {
    case model::Whence::Set: return SEEK_SET;
    case model::Whence::Cur: return SEEK_CUR;
    case model::Whence::End: return SEEK_END;
    case model::Whence::Data: return SEEK_DATA;
    case model::Whence::Hole: return SEEK_HOLE;
    case model::Whence::Bogus: return 42;
  }
  return 42;
}

CallReply receive_fd(int socket, bool close_on_exec) {
  char byte = 0;
  const ReceivedFd got = [&] {
    const FdLimit limit;
    return receive_with_fd(socket, &byte, 1, MSG_DONTWAIT | (close_on_exec ? MSG_CMSG_CLOEXEC : 0));
  }();
  if (got.bytes < 0) return failed(errno);
  if (got.fd >= 0) return reply(got.fd);
  // The kernel says nothing but MSG_CTRUNC when the fd table is full (DBUF-SHR-008); without it an fd was lost.
  return failed(got.cut ? EMFILE : EPROTO);
}

CallReply inspect_here(const CallRequest& request) {
  CallReply r;
  const std::size_t count = std::min<std::size_t>(request.size, kMaxInspected);
  for (std::size_t i = 0; i < count; ++i) {
    FdState& state = r.states[i];
    state = FdState{.number = request.states[i].number};
    const int flags = ::fcntl(state.number, F_GETFD);
    if (flags < 0) continue;
    state.open = true;
    state.close_on_exec = (flags & FD_CLOEXEC) != 0;
    struct stat file = {};
    if (::fstat(state.number, &file) == 0) {
      state.device = file.st_dev;
      state.inode = file.st_ino;
    }
  }
  return r;
}

}  // namespace

CallReply carry_out(const CallRequest& request, Channels& channels) {
  const int fd = request.number;
  const auto& words = request.words;
  switch (request.call) {
    case Call::Close: return reply(::close(fd));
    case Call::Dup: {
      const FdLimit limit;
      return reply(::fcntl(fd, words[0] != 0 ? F_DUPFD_CLOEXEC : F_DUPFD, 0));
    }
    case Call::Sync: {
      dma_buf_sync sync{.flags = sync_flags(static_cast<model::SyncFlags>(words[0]))};
      const bool good = static_cast<model::Argument>(words[1]) == model::Argument::Good;
      void* const argument = good ? static_cast<void*>(&sync) : unmapped_page();
      return reply(::ioctl(fd, DMA_BUF_IOCTL_SYNC, argument));
    }
    case Call::SetName: {
      const char* const name = model::name_text(static_cast<model::NameId>(words[0])).data();
      const bool good = static_cast<model::Argument>(words[1]) == model::Argument::Good;
      return reply(::ioctl(fd, DMA_BUF_SET_NAME_B,
                           good ? static_cast<const void*>(name) : unmapped_page()));
    }
    case Call::Seek:
      return reply(::lseek(fd, static_cast<off_t>(static_cast<std::int64_t>(words[1])),
                           whence(static_cast<model::Whence>(words[0]))));
    case Call::Mmap: {
      const bool writable =
          static_cast<model::Protection>(words[2]) == model::Protection::ReadWrite;
      const bool shared = static_cast<model::Sharing>(words[3]) == model::Sharing::Shared;
      void* const address = ::mmap(nullptr, words[1] * kPageSize,
                                   writable ? PROT_READ | PROT_WRITE : PROT_READ,
                                   shared ? MAP_SHARED : MAP_PRIVATE, fd,
                                   static_cast<off_t>(words[0] * kPageSize));
      return mapped(address);
    }
    case Call::Munmap: return reply(::munmap(page_at(words[0]), words[1] * kPageSize));
    case Call::Mprotect: {
      const bool writable =
          static_cast<model::Protection>(words[2]) == model::Protection::ReadWrite;
      return reply(::mprotect(page_at(words[0]), words[1] * kPageSize,
                              writable ? PROT_READ | PROT_WRITE : PROT_READ));
    }
    case Call::Mremap:
      return mapped(::mremap(page_at(words[0]), words[1] * kPageSize, words[2] * kPageSize,
                             MREMAP_MAYMOVE));
    case Call::Move: return move_here(page_at(words[0]), words[1] * kPageSize);
    case Call::Load: {
      CallReply r;
      const bool alive = survives([&] {
        r.value = model::page_tag(std::span<const std::byte>(page_at(words[0]), kPageSize));
      });
      return alive ? r : failed(EFAULT);
    }
    case Call::Store: {
      const bool alive = survives(
          [&] { model::fill_page(std::span(page_at(words[0]), kPageSize), words[1]); });
      return alive ? CallReply{} : failed(EFAULT);
    }
    case Call::Ioctl: {
      CallReply r;
      r.argument = request.argument;
      const long result = ::ioctl(fd, words[0], r.argument.data());
      if (result < 0)
        r.error = errno;
      else
        r.value = static_cast<std::uint64_t>(result);
      return r;
    }
    case Call::Send: return reply(send_with_fd(channels.at(words[0]).get(), "", 1, fd));
    case Call::Receive: return receive_fd(channels.at(words[0]).get(), words[1] != 0);
    case Call::TakeChannel: channels.at(words[0]).reset(fd); return {};
    case Call::DropChannel: channels.at(words[0]).reset(); return {};
    case Call::Inspect: return inspect_here(request);
    case Call::FillFds: fill_fds(); return {};
    case Call::FreeFds: free_fds(); return {};
    case Call::Exec: return failed(ENOSYS);  // see peer::serve()
  }
  return failed(ENOSYS);
}

// --- any process ---------------------------------------------------------------------------------

model::Outcome Process::outcome(const CallRequest& request) {
  const CallReply r = perform(request);
  if (r.error != 0) return model::refused(r.error);
  return model::done(r.value);
}

namespace {
template <class... Words>
CallRequest request_for(Call call, int number, Words... words) {
  CallRequest request;
  request.call = call;
  request.number = number;
  request.words = {static_cast<std::uint64_t>(words)...};
  return request;
}
}  // namespace

model::Outcome Process::close(int number) { return outcome(request_for(Call::Close, number)); }

model::Outcome Process::dup(int number, model::CloseOnExec cloexec) {
  return outcome(request_for(Call::Dup, number, cloexec));
}

model::Outcome Process::sync(int number, model::SyncFlags flags, model::Argument argument) {
  return outcome(request_for(Call::Sync, number, flags, argument));
}

model::Outcome Process::set_name(int number, model::NameId name, model::Argument argument) {
  return outcome(request_for(Call::SetName, number, name, argument));
}

model::Outcome Process::seek(int number, model::Whence from, std::int16_t offset) {
  return outcome(request_for(Call::Seek, number, from, std::int64_t{offset}));
}

model::Outcome Process::mmap(int number, unsigned offset_pages, unsigned pages,
                             model::Protection protection, model::Sharing sharing) {
  return outcome(request_for(Call::Mmap, number, offset_pages, pages, protection, sharing));
}

model::Outcome Process::munmap(std::uint64_t address, unsigned pages) {
  return outcome(request_for(Call::Munmap, -1, address, pages));
}

model::Outcome Process::mprotect(std::uint64_t address, unsigned pages, model::Protection protection) {
  return outcome(request_for(Call::Mprotect, -1, address, pages, protection));
}

model::Outcome Process::mremap(std::uint64_t address, unsigned pages, unsigned pages_then) {
  return outcome(request_for(Call::Mremap, -1, address, pages, pages_then));
}

model::Outcome Process::move(std::uint64_t address, unsigned pages) {
  return outcome(request_for(Call::Move, -1, address, pages));
}

model::Outcome Process::load(std::uint64_t address) {
  return outcome(request_for(Call::Load, -1, address));
}

model::Outcome Process::store(std::uint64_t address, model::Tag tag) {
  return outcome(request_for(Call::Store, -1, address, tag));
}

model::Outcome Process::ioctl_bytes(int number, unsigned long code, std::span<std::byte> argument) {
  CallRequest request = request_for(Call::Ioctl, number, code);
  if (argument.size() > request.argument.size())
    throw conformance::HarnessError("an ioctl argument too large to travel");
  std::copy(argument.begin(), argument.end(), request.argument.begin());
  const CallReply r = perform(request);
  std::copy_n(r.argument.begin(), argument.size(), argument.begin());
  if (r.error != 0) return model::refused(r.error);
  return model::done(r.value);
}

model::Outcome Process::send(model::MessageId message, int number) {
  return outcome(request_for(Call::Send, number, message.value));
}

model::Outcome Process::receive(model::MessageId message, model::CloseOnExec cloexec) {
  return outcome(request_for(Call::Receive, -1, message.value, cloexec));
}

void Process::inspect(std::span<FdState> states) {
  if (states.empty()) return;
  if (states.size() > kMaxInspected)
    throw conformance::HarnessError("too many fds to inspect at once");
  CallRequest request = request_for(Call::Inspect, -1);
  request.size = static_cast<std::uint32_t>(states.size());
  std::copy(states.begin(), states.end(), request.states.begin());
  const CallReply r = perform(request);
  std::copy_n(r.states.begin(), states.size(), states.begin());
}

void Process::fill_fds() { (void)perform(request_for(Call::FillFds, -1)); }
void Process::free_fds() { (void)perform(request_for(Call::FreeFds, -1)); }

void Process::drop_channel(model::MessageId message) {
  (void)perform(request_for(Call::DropChannel, -1, message.value));
}

// --- this process --------------------------------------------------------------------------------

pid_t ThisProcess::pid() const { return ::getpid(); }

void ThisProcess::take_channel(model::MessageId message, UniqueFd end) {
  channels_.at(message.value) = std::move(end);
}

CallReply ThisProcess::perform(const CallRequest& request) { return carry_out(request, channels_); }

// --- the peer: see peer.cpp for its life ---------------------------------------------------------

void PeerProcess::take_channel(model::MessageId message, UniqueFd end) {
  (void)transact(request_for(Call::TakeChannel, -1, message.value), end.get());
}

CallReply PeerProcess::perform(const CallRequest& request) { return transact(request, -1); }

model::Outcome PeerProcess::exec() {
  const CallReply r = transact(request_for(Call::Exec, -1), -1);
  if (r.error != 0) return model::refused(r.error);
  return model::done();
}

namespace {

/// Keeps the calling thread on one CPU for as long as it lives.
class OnCpu {
 public:
  explicit OnCpu(int cpu) {
    if (::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    if (!CPU_ISSET(static_cast<unsigned>(cpu), &before_) || CPU_COUNT(&before_) == 1) return;
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(static_cast<unsigned>(cpu), &here);
    changed_ = ::sched_setaffinity(0, sizeof here, &here) == 0;
  }
  ~OnCpu() {
    if (changed_) (void)::sched_setaffinity(0, sizeof before_, &before_);
  }
  OnCpu(const OnCpu&) = delete;
  OnCpu& operator=(const OnCpu&) = delete;

 private:
  cpu_set_t before_{};
  bool changed_ = false;
};

}  // namespace

CallReply PeerProcess::transact(const CallRequest& request, int attached) {
  const OnCpu together(cpu_);
  CallReply r;
  long got = -1;
  if (socket_ && send_with_fd(socket_.get(), &request, sizeof request, attached) ==
                     static_cast<long>(sizeof request)) {
    do {  // our own wire, no operation of a trace: interrupted reads go on
      got = ::recv(socket_.get(), &r, sizeof r, 0);
    } while (got < 0 && errno == EINTR);
  }
  if (got != static_cast<long>(sizeof r)) {
    reap();
    throw conformance::HarnessError("the peer process is gone");
  }
  return r;
}

namespace peer {
/// Returns only if it failed.
CallReply exec(int socket);

/// The child's whole life. Declared here because it shares the wire with transact().
[[noreturn]] void serve(int socket) {
  Channels channels;
  for (;;) {
    CallRequest request;
    const ReceivedFd got = receive_with_fd(socket, &request, sizeof request, MSG_CMSG_CLOEXEC);
    if (got.bytes < 0 && errno == EINTR) continue;
    if (got.bytes != static_cast<long>(sizeof request)) ::_exit(0);  // the parent is gone
    if (request.call == Call::TakeChannel) request.number = got.fd;
    const CallReply r = request.call == Call::Exec ? exec(socket) : carry_out(request, channels);
    if (::send(socket, &r, sizeof r, MSG_NOSIGNAL) != static_cast<long>(sizeof r)) ::_exit(0);
  }
}
}  // namespace peer

std::array<UniqueFd, 2> channel_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    harness_failure("cannot make a socket pair", errno);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace dmabuf::adapters
