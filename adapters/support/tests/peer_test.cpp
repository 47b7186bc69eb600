// SPDX-License-Identifier: MIT
// The two processes, on memfds: a memfd can be passed, mapped and sized as a dma-buf can.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/adapters/process.hpp"

namespace dmabuf::adapters {
namespace {

using model::CloseOnExec;
using model::done;
using model::Errno;
using model::MessageId;

constexpr MessageId s0{0};

class Peer : public ::testing::Test {
 protected:
  void SetUp() override {
    memory_ = std::move(*sealed_memory(2 * kPageSize));
    peer_ = PeerProcess::start({});
    auto [ours, theirs] = channel_pair();
    self_.take_channel(s0, std::move(ours));
    peer_->take_channel(s0, std::move(theirs));
  }
  int error_of(const model::Outcome& outcome) { return outcome ? 0 : outcome.error().value; }
  FdState look(Process& process, int number) {
    FdState state{.number = number};
    process.inspect(std::span(&state, 1));
    return state;
  }
  /// The memfd's number in the peer.
  int pass(CloseOnExec cloexec = CloseOnExec::No) {
    EXPECT_TRUE(self_.send(s0, memory_.get()));
    const auto number = peer_->receive(s0, cloexec);
    EXPECT_TRUE(number);
    return number ? static_cast<int>(number->value) : -1;
  }

  UniqueFd memory_;
  ThisProcess self_;
  std::unique_ptr<PeerProcess> peer_;
};

TEST_F(Peer, IsAnotherProcessWithItsOwnFds) {
  EXPECT_NE(peer_->pid(), self_.pid());
  EXPECT_TRUE(peer_->alive());
  // The number may be in use there, but not for this file.
  EXPECT_NE(look(*peer_, memory_.get()).inode, look(self_, memory_.get()).inode);
  // stdin, stdout, stderr, its socket and the channel.
  EXPECT_EQ(count_fds(peer_->pid()), 5);
}

TEST_F(Peer, KeepsWhatItIsToInherit) {
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  const int inherited[] = {event.get()};
  const auto heir = PeerProcess::start(inherited);
  EXPECT_TRUE(look(*heir, event.get()).open);
  EXPECT_EQ(look(*heir, event.get()).inode, look(self_, event.get()).inode);
}

TEST_F(Peer, BecomesAnotherProgramWithoutWhatIsCloseOnExec) {
  const UniqueFd stays(::eventfd(0, 0));
  const UniqueFd goes(::eventfd(0, EFD_CLOEXEC));
  const int inherited[] = {stays.get(), goes.get()};
  const auto heir = PeerProcess::start(inherited);
  const pid_t pid = heir->pid();
  EXPECT_TRUE(look(*heir, goes.get()).open);
  ASSERT_TRUE(heir->exec());
  EXPECT_EQ(heir->pid(), pid);
  EXPECT_TRUE(heir->alive());
  EXPECT_EQ(look(*heir, stays.get()).inode, look(self_, stays.get()).inode);
  EXPECT_FALSE(look(*heir, goes.get()).open);
  // stdin, stdout, stderr, its socket and what stays.
  EXPECT_EQ(count_fds(pid), 5);
}

TEST_F(Peer, LeavesByItself) {
  const pid_t pid = peer_->pid();
  peer_->leave();
  EXPECT_FALSE(peer_->alive());
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1) << "it has been waited for";
}

TEST_F(Peer, SeesWhatWasMappedBeforeTheFork) {
  const auto address = self_.mmap(memory_.get(), 0, 2, model::Protection::ReadWrite, model::Sharing::Shared);
  ASSERT_TRUE(address);
  const auto heir = PeerProcess::start({});
  ASSERT_TRUE(self_.store(address->value + kPageSize, 7));
  EXPECT_EQ(heir->load(address->value + kPageSize), done(7));
  ASSERT_TRUE(self_.munmap(address->value, 2));
  EXPECT_EQ(heir->load(address->value + kPageSize), done(7)) << "the mapping is its own";
}

TEST_F(Peer, ProtectsGrowsAndMovesMappings) {
  const auto address = self_.mmap(memory_.get(), 0, 2, model::Protection::ReadWrite, model::Sharing::Shared);
  ASSERT_TRUE(address);
  std::uint64_t at = address->value;
  ASSERT_TRUE(self_.store(at + kPageSize, 7));
  ASSERT_TRUE(self_.mprotect(at, 2, model::Protection::Read));
  EXPECT_EQ(error_of(self_.store(at + kPageSize, 8)), EFAULT);
  const auto moved = self_.move(at, 2);
  ASSERT_TRUE(moved);
  EXPECT_NE(moved->value, at);
  EXPECT_EQ(error_of(self_.load(at)), EFAULT);
  at = moved->value;
  EXPECT_EQ(self_.load(at + kPageSize), done(7));
  const auto grown = self_.mremap(at, 2, 3);
  ASSERT_TRUE(grown);
  at = grown->value;
  EXPECT_EQ(error_of(self_.load(at + 2 * kPageSize)), EFAULT) << "past the end of the file";
  EXPECT_EQ(error_of(self_.mremap(at, 3, 0)), EINVAL);
  ASSERT_TRUE(self_.munmap(at, 3));
}

TEST_F(Peer, ReceivesTheSameFile) {
  const int there = pass();
  ASSERT_GE(there, 0);
  const FdState theirs = look(*peer_, there);
  const FdState ours = look(self_, memory_.get());
  EXPECT_TRUE(theirs.open);
  EXPECT_EQ(theirs.inode, ours.inode);
  EXPECT_EQ(theirs.device, ours.device);
}

TEST_F(Peer, ReceivesWithCloseOnExecOnlyIfAsked) {
  EXPECT_FALSE(look(*peer_, pass(CloseOnExec::No)).close_on_exec);
  EXPECT_TRUE(look(*peer_, pass(CloseOnExec::Yes)).close_on_exec);
}

TEST_F(Peer, SendsBack) {
  const int there = pass();
  ASSERT_TRUE(peer_->send(s0, there));
  ASSERT_TRUE(peer_->close(there));
  const auto back = self_.receive(s0, CloseOnExec::Yes);
  ASSERT_TRUE(back);
  const UniqueFd number(static_cast<int>(back->value));
  EXPECT_EQ(look(self_, number.get()).inode, look(self_, memory_.get()).inode);
}

TEST_F(Peer, DupsAndClosesInItsOwnTable) {
  const int there = pass();
  const auto copy = peer_->dup(there, CloseOnExec::Yes);
  ASSERT_TRUE(copy);
  const int number = static_cast<int>(copy->value);
  EXPECT_TRUE(look(*peer_, number).close_on_exec);
  EXPECT_EQ(count_fds(peer_->pid()), 7);
  EXPECT_EQ(peer_->close(there), done());
  EXPECT_EQ(peer_->close(number), done());
  EXPECT_EQ(error_of(peer_->close(number)), EBADF);
  EXPECT_EQ(count_fds(peer_->pid()), 5);
  EXPECT_TRUE(look(self_, memory_.get()).open);
}

TEST_F(Peer, SharesMemory) {
  const int there = pass();
  const auto ours = self_.mmap(memory_.get(), 0, 2, model::Protection::ReadWrite,
                               model::Sharing::Shared);
  const auto theirs =
      peer_->mmap(there, 1, 1, model::Protection::Read, model::Sharing::Shared);
  ASSERT_TRUE(ours);
  ASSERT_TRUE(theirs);
  EXPECT_EQ(peer_->load(theirs->value), done(0));
  EXPECT_EQ(self_.store(ours->value + kPageSize, 4711), done());
  EXPECT_EQ(peer_->load(theirs->value), done(4711));
  EXPECT_EQ(self_.load(ours->value), done(0));
  EXPECT_EQ(error_of(peer_->store(theirs->value, 5)), EFAULT) << "the mapping is read-only";
  EXPECT_EQ(peer_->load(theirs->value), done(4711));
  EXPECT_EQ(peer_->munmap(theirs->value, 1), done());
  EXPECT_EQ(error_of(peer_->load(theirs->value)), EFAULT);
  EXPECT_EQ(self_.munmap(ours->value, 2), done());
}

TEST_F(Peer, TellsTornPages) {
  const auto page = self_.mmap(memory_.get(), 0, 1, model::Protection::ReadWrite,
                               model::Sharing::Shared);
  ASSERT_TRUE(page);
  ASSERT_TRUE(self_.store(page->value, 12));
  ASSERT_EQ(::pwrite(memory_.get(), "x", 1, 4000), 1);
  EXPECT_EQ(self_.load(page->value), done(model::kTorn));
  EXPECT_TRUE(self_.munmap(page->value, 1));
}

/// Both sides answer alike: what is refused here is refused there, with the same errno.
TEST_F(Peer, IsRefusedAsWeAre) {
  const int there = pass();
  struct Side {
    Process& process;
    int number;
  };
  for (const Side side : {Side{self_, memory_.get()}, Side{*peer_, there}}) {
    Process& p = side.process;
    const int fd = side.number;
    using namespace model;
    EXPECT_EQ(p.seek(fd, Whence::End, 0), done(2 * kPageSize));
    EXPECT_EQ(error_of(p.seek(fd, Whence::Bogus, 0)), EINVAL);
    EXPECT_EQ(error_of(p.seek(fd, Whence::Set, -1)), EINVAL);
    EXPECT_EQ(error_of(p.sync(fd, SyncFlags::StartBoth, Argument::Good)), ENOTTY);
    EXPECT_EQ(error_of(p.set_name(fd, NameId::Short, Argument::Unmapped)), ENOTTY);
    EXPECT_EQ(error_of(p.mmap(fd, 0, 0, Protection::Read, Sharing::Shared)), EINVAL);
    EXPECT_EQ(error_of(p.mmap(0x3fffffff, 0, 1, Protection::Read, Sharing::Shared)), EBADF);
    EXPECT_EQ(error_of(p.dup(0x3fffffff, CloseOnExec::No)), EBADF);
    EXPECT_EQ(error_of(p.send(s0, 0x3fffffff)), EBADF);
    EXPECT_EQ(error_of(p.receive(s0, CloseOnExec::No)), EAGAIN) << "there is no message";
  }
}

TEST_F(Peer, LosesAMessageWithItsSockets) {
  const UniqueFd pipe_end = [this] {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    const UniqueFd writer(ends[1]);
    EXPECT_TRUE(self_.send(s0, writer.get()));  // its only other owner: the message
    return UniqueFd(ends[0]);
  }();
  char byte;
  EXPECT_EQ(::read(pipe_end.get(), &byte, 1), -1) << "the message still holds the writing end";
  EXPECT_EQ(errno, EAGAIN);
  self_.drop_channel(s0);
  peer_->drop_channel(s0);
  EXPECT_EQ(::read(pipe_end.get(), &byte, 1), 0) << "nobody holds it any more";
}

TEST_F(Peer, SaysWhenThereIsNoRoomForAnFd) {
  ASSERT_TRUE(peer_->send(s0, STDERR_FILENO));
  // UBSan looks at an object's type once, through a pipe: let it do so while there are fds to be had.
  (void)self_.close(-1);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto outcome = self_.receive(s0, CloseOnExec::No);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(error_of(outcome), EMFILE);
}

/// Only what a trace asks for finds none; whoever carries it out opens what it likes.
TEST_F(Peer, HasNoFdFreeWhereItIsToldSo) {
  const int there = pass();
  self_.fill_fds();
  EXPECT_EQ(error_of(self_.dup(STDERR_FILENO, CloseOnExec::Yes)), EMFILE);
  EXPECT_EQ(error_of(self_.dup(-1, CloseOnExec::No)), EBADF);
  const UniqueFd ours(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(ours) << "the limit is what it was";
  EXPECT_TRUE(peer_->dup(there, CloseOnExec::No)) << "each process has its own";
  ASSERT_TRUE(peer_->send(s0, there));
  EXPECT_EQ(error_of(self_.receive(s0, CloseOnExec::No)), EMFILE);
  self_.free_fds();
  const auto made = self_.dup(STDERR_FILENO, CloseOnExec::No);
  ASSERT_TRUE(made);
  EXPECT_TRUE(self_.close(static_cast<int>(made->value)));
  peer_->fill_fds();
  EXPECT_EQ(error_of(peer_->dup(there, CloseOnExec::No)), EMFILE);
  peer_->free_fds();
  EXPECT_TRUE(peer_->dup(there, CloseOnExec::No));
}

TEST_F(Peer, CarriesIoctlsThere) {
  const int there = pass();
  int readable = -1;
  EXPECT_EQ(error_of(peer_->ioctl(there, 0xdeadbeef, readable)), ENOTTY);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  ASSERT_EQ(::write(writer.get(), "four", 4), 4);
  ASSERT_TRUE(self_.send(s0, reader.get()));
  const auto number = peer_->receive(s0, CloseOnExec::No);
  ASSERT_TRUE(number);
  EXPECT_TRUE(peer_->ioctl(static_cast<int>(number->value), FIONREAD, readable));
  EXPECT_EQ(readable, 4);
}

TEST_F(Peer, LeavesTheAffinityAsItWas) {
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  (void)pass();
  ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST_F(Peer, IsMissedWhenItDies) {
  ::kill(peer_->pid(), SIGKILL);
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) (void)peer_->close(999);
      },
      conformance::HarnessError);
  EXPECT_FALSE(peer_->alive());
  EXPECT_THROW((void)peer_->close(999), conformance::HarnessError);
}

TEST_F(Peer, StaysWhenTheTerminalInterrupts) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::kill(peer_->pid(), signal);
  EXPECT_EQ(error_of(peer_->close(999)), EBADF);
  EXPECT_TRUE(peer_->alive());
}

TEST(PeerLife, EndsWithItsParent) {
  // Orphans come to us, so that their end can be waited for.
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int report[2];
  ASSERT_EQ(::pipe2(report, O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    const auto peer = PeerProcess::start({});
    const pid_t pid = peer->pid();
    if (::write(report[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  pid_t orphan = -1;
  ASSERT_EQ(::read(report[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
  EXPECT_EQ(::waitpid(orphan, nullptr, 0), orphan);
  ::close(report[0]);
  ::close(report[1]);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Fds, OfDmaBufsAreTold) {
  const UniqueFd memory = std::move(*sealed_memory(kPageSize));
  EXPECT_GT(count_fds(0), 0);
  EXPECT_EQ(count_dmabuf_fds(0), 0);
  EXPECT_EQ(count_fds(0x3fffffff), -1) << "no such process";
}

}  // namespace
}  // namespace dmabuf::adapters
