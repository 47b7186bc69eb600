// SPDX-License-Identifier: MIT
/// The two processes of a trace: p0 runs the test, p1 is its peer. Both carry out the same calls,
/// each in its own fd table and address space.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::adapters {

/// What a process can say about one of its fd numbers without touching the file.
struct FdState {
  std::int32_t number = -1;
  bool open = false;
  bool close_on_exec = false;
  std::uint64_t device = 0;  ///< with `inode`, which file it is
  std::uint64_t inode = 0;
};
inline constexpr std::size_t kMaxInspected = 16;

enum class Call : std::uint32_t {
  Close, Dup, Sync, SetName, Seek, Mmap, Munmap, Load, Store, Ioctl,
  Send, Receive, TakeChannel, DropChannel, Inspect, Mprotect, Mremap, Move, FillFds, FreeFds,
  Exec,  ///< a peer's alone
};

/// A call as it travels to the peer. Plain bytes: parent and child are one program.
struct CallRequest {
  Call call{};
  std::int32_t number = -1;                ///< the fd it is about
  std::array<std::uint64_t, 4> words{};    ///< by kind of call
  std::uint32_t size = 0;                  ///< bytes of `argument`, or numbers of `states`
  std::array<std::byte, 64> argument{};    ///< ioctl
  std::array<FdState, kMaxInspected> states{};
};

struct CallReply {
  std::int32_t error = 0;                  ///< errno, 0 for success
  std::uint64_t value = 0;
  std::array<std::byte, 64> argument{};
  std::array<FdState, kMaxInspected> states{};
};

/// Sockets over which SCM_RIGHTS messages of a trace travel, by message slot: this process's ends.
using Channels = std::array<UniqueFd, model::kMaxMessages>;

/// Carries a request out in the calling process.
CallReply carry_out(const CallRequest& request, Channels& channels);

/// A process, as the one who holds its fds. Every call is made exactly once; refusals are outcomes.
class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process() = default;

  virtual pid_t pid() const = 0;

  model::Outcome close(int number);
  /// The new number.
  model::Outcome dup(int number, model::CloseOnExec);
  model::Outcome sync(int number, model::SyncFlags, model::Argument);
  model::Outcome set_name(int number, model::NameId, model::Argument);
  model::Outcome seek(int number, model::Whence, std::int16_t offset);
  /// The address, in that process.
  model::Outcome mmap(int number, unsigned offset_pages, unsigned pages, model::Protection,
                      model::Sharing);
  model::Outcome munmap(std::uint64_t address, unsigned pages);
  model::Outcome mprotect(std::uint64_t address, unsigned pages, model::Protection);
  /// The address, which may be another than before.
  model::Outcome mremap(std::uint64_t address, unsigned pages, unsigned pages_then);
  /// mremap to an address where there was nothing: the new one.
  model::Outcome move(std::uint64_t address, unsigned pages);
  /// The tag of the page at `address`, or kTorn; -EFAULT if the access faults.
  model::Outcome load(std::uint64_t address);
  model::Outcome store(std::uint64_t address, model::Tag);
  /// An ioctl with a struct of at most 64 bytes without pointers.
  template <class Argument>
  model::Outcome ioctl(int number, unsigned long request, Argument& argument) {
    return ioctl_bytes(number, request, std::as_writable_bytes(std::span(&argument, 1)));
  }
  /// SCM_RIGHTS over the channel of that slot.
  model::Outcome send(model::MessageId, int number);
  /// The new number; -EMFILE if there was no room for it.
  model::Outcome receive(model::MessageId, model::CloseOnExec);
  /// No fd is free in that process for what makes one there, until there is again: fd_limit.hpp.
  void fill_fds();
  void free_fds();
  /// Looks up to kMaxInspected numbers up at once.
  void inspect(std::span<FdState> states);

  /// Gives the process its end of a channel.
  virtual void take_channel(model::MessageId, UniqueFd end) = 0;
  void drop_channel(model::MessageId);

 protected:
  /// Throws HarnessError if the process is gone.
  virtual CallReply perform(const CallRequest& request) = 0;

 private:
  model::Outcome outcome(const CallRequest& request);
  model::Outcome ioctl_bytes(int number, unsigned long request, std::span<std::byte> argument);
};

/// p0: the calling process itself, without a detour.
class ThisProcess final : public Process {
 public:
  pid_t pid() const override;
  void take_channel(model::MessageId, UniqueFd end) override;

 protected:
  CallReply perform(const CallRequest& request) override;

 private:
  Channels channels_;
};

/// p1: a fork that serves calls over a socket. So is a child of a trace, which inherits more.
///
/// Parent and child share a CPU while they talk: a call is then a context switch instead of two
/// wake-ups of idle CPUs, which in a virtual machine cost milliseconds each. The parent's affinity
/// is its own again when the call returns.
///
/// It keeps stdin, stdout, stderr and the fds named at the start, nothing else; so it holds no
/// buffer of anybody's unless it is to inherit one, or a fork copied a CPU mapping: start p1 while
/// there are none. It dies
/// when the thread that started it does (PR_SET_PDEATHSIG), or when its socket closes: let the
/// thread that opens an adapter outlive it. Interrupts from the terminal do not reach it.
class PeerProcess final : public Process {
 public:
  /// Throws HarnessError. `inherited` keep their numbers in the child.
  static std::unique_ptr<PeerProcess> start(std::span<const int> inherited);
  ~PeerProcess() override;

  pid_t pid() const override { return pid_; }
  bool alive() const;
  /// The peer becomes this program anew, which then serves calls as before: the mappings it had are
  /// gone, and so are its fds that are close-on-exec.
  model::Outcome exec();
  /// It ends by itself and has been waited for; a peer destroyed without that is killed.
  void leave();
  void take_channel(model::MessageId, UniqueFd end) override;

 protected:
  CallReply perform(const CallRequest& request) override;

 private:
  PeerProcess(pid_t pid, int cpu, UniqueFd socket)
      : pid_(pid), cpu_(cpu), socket_(std::move(socket)) {}
  CallReply transact(const CallRequest& request, int attached);
  void reap();
  void wait_for_it();

  pid_t pid_;
  int cpu_;  ///< where the child runs
  UniqueFd socket_;
};

/// Two connected sockets for one channel. Throws HarnessError.
std::array<UniqueFd, 2> channel_pair();

/// Fds of a process (0: this one) that are open on a dma-buf; -1 if its table cannot be read.
long count_dmabuf_fds(pid_t pid);
/// All fds of a process (0: this one); -1 if its table cannot be read.
long count_fds(pid_t pid);

}  // namespace dmabuf::adapters
