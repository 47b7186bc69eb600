// SPDX-License-Identifier: MIT
// One buffer in several hands: SHR, REL.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <vector>

#include "areas.hpp"
#include "dmabuf/adapters/fd_message.hpp"
#include "support.hpp"

namespace dmabuf::checks {
namespace {

void dups(Context& c) {
  const Buffer b = c.buffer({.cloexec = model::CloseOnExec::Yes});
  const int fd = b.number();
  const long before = c.count(fd);
  const UniqueFd one(static_cast<int>(c.must("SHR-001", "dup(fd)", [&] { return ::dup(fd); })));
  const UniqueFd two(static_cast<int>(c.must("SHR-001", "fcntl(fd, F_DUPFD_CLOEXEC, 100)",
                                             [&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 100); })));
  const UniqueFd three(static_cast<int>(
      c.must("SHR-001", "dup3(fd, 200, O_CLOEXEC)", [&] { return ::dup3(fd, 200, O_CLOEXEC); })));
  const UniqueFd four(
      static_cast<int>(c.must("SHR-001", "dup2(fd, 201)", [&] { return ::dup2(fd, 201); })));
  c.equal("SHR-001", "count with four more fds", before + 4, c.count(fd));
  for (const int other : {one.get(), two.get(), three.get(), four.get()})
    c.hold("SHR-001", same_buffer(fd, other), fmt::format("device and inode of fd {}", other),
           "the same", "different");
  c.equal("SHR-001", "FD_CLOEXEC of dup", 0, ::fcntl(one.get(), F_GETFD));
  c.equal("SHR-001", "FD_CLOEXEC of F_DUPFD_CLOEXEC", FD_CLOEXEC, ::fcntl(two.get(), F_GETFD));
  c.equal("SHR-001", "FD_CLOEXEC of dup3", FD_CLOEXEC, ::fcntl(three.get(), F_GETFD));
  c.equal("SHR-001", "FD_CLOEXEC of dup2", 0, ::fcntl(four.get(), F_GETFD));
  (void)::fcntl(one.get(), F_SETFL, O_NONBLOCK);
  c.equal("SHR-001", "O_NONBLOCK through another fd", O_NONBLOCK,
          ::fcntl(fd, F_GETFL) & O_NONBLOCK);
  c.must("SHR-001", "dup2(fd, 200) over the dup3", [&] { return ::dup2(fd, 200); });
  c.equal("SHR-001", "count after an fd was replaced by the same buffer", before + 4, c.count(fd));
}

/// A child that runs `work`, and then waits until it is let go.
class Waiting {
 public:
  Waiting(Context& c, const std::function<int()>& work) {
    std::array<int, 2> go{}, ready{};
    if (::pipe2(go.data(), O_CLOEXEC) != 0 || ::pipe2(ready.data(), O_CLOEXEC) != 0)
      c.trouble("pipe2", errno);
    go_ = UniqueFd(go[1]);
    const UniqueFd go_read(go[0]), ready_read(ready[0]);
    UniqueFd ready_write(ready[1]);
    pid_ = ::fork();
    if (pid_ < 0) c.trouble("fork", errno);
    if (pid_ == 0) {
      go_.reset();
      const char done = static_cast<char>(work());
      (void)!::write(ready_write.get(), &done, 1);
      char byte = 0;
      (void)!::read(go_read.get(), &byte, 1);
      ::_exit(0);
    }
    ready_write.reset();
    char said = 0;
    (void)!::read(ready_read.get(), &said, 1);
    said_ = said;
  }
  ~Waiting() { end(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  void end() {
    go_.reset();
    if (pid_ > 0) (void)::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void kill() {
    (void)::kill(pid_, SIGKILL);
    end();
  }
  int said() const { return said_; }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  UniqueFd go_;
  int said_ = 0;
};

void forks(Context& c) {
  const Buffer b = c.buffer();
  const UniqueFd other(::dup(b.number()));
  const long before = c.count(b.number());
  {
    Waiting child(c, [&] { return same_buffer(b.number(), other.get()) ? 1 : 2; });
    c.equal("SHR-002", "count while a child has both fds too", before + 2, c.count(b.number()));
    c.equal("SHR-002", "both are one buffer in the child (1)", 1, child.said());
    child.end();
    c.equal("SHR-002", "count after the child's exit", before, c.count(b.number()));
  }
  Waiting child(c, [] { return 1; });
  c.equal("SHR-002", "count with another child", before + 2, c.count(b.number()));
  child.kill();
  c.equal("REL-010", "count after waitpid of the killed child", before, c.count(b.number()));
}

void exec(Context& c) {
  if (c.environment().waiter.empty())
    throw NotApplicable{"there is no program to execute", "run it through dmabuf-conform"};
  const Buffer kept = c.buffer({.cloexec = model::CloseOnExec::No});
  const Buffer dropped = c.buffer({.cloexec = model::CloseOnExec::Yes});
  const long count_kept = c.count(kept.number()), count_dropped = c.count(dropped.number());
  std::array<int, 2> input{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0) c.trouble("pipe2", errno);
  const UniqueFd from(input[0]);
  UniqueFd to(input[1]);
  const pid_t pid = ::fork();
  if (pid < 0) c.trouble("fork", errno);
  if (pid == 0) {
    ::dup2(from.get(), STDIN_FILENO);
    std::vector<char*> argv;
    for (const std::string& word : c.environment().waiter)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv.front(), argv.data());
    ::_exit(127);
  }
  // The new image is there when the pipe's other end, which is close-on-exec, is gone from it.
  const std::string gone = fmt::format("/proc/{}/fd/{}", pid, to.get());
  bool executed = false;
  struct stat info{};
  for (int i = 0; i < 500 && !executed; ++i) {
    executed = ::lstat(gone.c_str(), &info) != 0 && errno == ENOENT;
    if (!executed) ::usleep(2000);
  }
  const auto child_has = [&](int fd) {
    struct stat theirs{};
    return ::stat(fmt::format("/proc/{}/fd/{}", pid, fd).c_str(), &theirs) == 0 &&
           theirs.st_ino == inode_of(fd);
  };
  const bool has_kept = child_has(kept.number()), has_dropped = child_has(dropped.number());
  const long kept_now = c.count(kept.number()), dropped_now = c.count(dropped.number());
  to.reset();
  int status = 0;
  (void)::waitpid(pid, &status, 0);
  if (!executed || status != 0)
    throw conformance::HarnessError("the program to execute did not run");
  c.hold("SHR-003", has_kept, "the fd without close-on-exec after exec", "open", "closed");
  c.hold("SHR-003", !has_dropped, "the fd with close-on-exec after exec", "closed", "open");
  c.equal("SHR-003", "count of the first while the program runs", count_kept + 1, kept_now);
  c.equal("SHR-003", "count of the second while the program runs", count_dropped, dropped_now);
  c.equal("SHR-003", "count of the first afterwards", count_kept, c.count(kept.number()));
}

long send_fd(int socket, int fd) { return adapters::send_with_fd(socket, "x", 1, fd) == 1 ? 0 : -1; }

adapters::ReceivedFd receive_fd(int socket, int flags) {
  char byte = 0;
  return adapters::receive_with_fd(socket, &byte, 1, flags);
}

void messages(Context& c) {
  Buffer b = c.buffer();
  const int fd = b.number();
  const std::uint64_t inode = inode_of(fd);
  const long before = c.count(fd);
  const auto sockets = [&] {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
      c.trouble("socketpair", errno);
    return std::array{UniqueFd(ends[0]), UniqueFd(ends[1])};
  };
  {
    auto s = sockets();
    c.must("SHR-004", "sendmsg(SCM_RIGHTS fd)", [&] { return send_fd(s[0].get(), fd); });
    c.equal("SHR-004", "count with a message on its way", before + 1, c.count(fd));
    const UniqueFd got(receive_fd(s[1].get(), 0).fd);
    c.hold("SHR-004", got && same_buffer(got.get(), fd), "recvmsg", "an fd of the same buffer",
           "something else");
    c.equal("SHR-004", "count with the fd received", before + 1, c.count(fd));
    if (got)
      c.equal("SHR-005", "FD_CLOEXEC of an fd received without MSG_CMSG_CLOEXEC", 0,
              ::fcntl(got.get(), F_GETFD));
    c.must("SHR-004", "sendmsg(SCM_RIGHTS fd)", [&] { return send_fd(s[0].get(), fd); });
    const UniqueFd sealed(receive_fd(s[1].get(), MSG_CMSG_CLOEXEC).fd);
    if (sealed)
      c.equal("SHR-005", "FD_CLOEXEC of an fd received with MSG_CMSG_CLOEXEC", FD_CLOEXEC,
              ::fcntl(sealed.get(), F_GETFD));
  }
  c.equal("SHR-004", "count with both closed", before, c.count(fd));
  {
    auto s = sockets();
    c.must("SHR-004", "sendmsg(SCM_RIGHTS fd), never received",
           [&] { return send_fd(s[0].get(), fd); });
  }
  c.equal("SHR-004", "count after both sockets were closed", before, c.count(fd));
  {
    auto s = sockets();
    c.must("SHR-004", "sendmsg(SCM_RIGHTS fd)", [&] { return send_fd(s[0].get(), fd); });
    const auto got = [&] {
      const NoMoreFds none;
      return receive_fd(s[1].get(), 0);
    }();
    c.hold("SHR-004", got.fd < 0 && got.cut, "recvmsg when no fd is free", "no fd, MSG_CTRUNC",
           got.fd < 0 ? "no fd, no flag" : "an fd");
    c.equal("SHR-004", "count after the fd found no place", before, c.count(fd));
  }
  // The message alone keeps the buffer.
  auto s = sockets();
  c.must("SHR-004", "sendmsg(SCM_RIGHTS fd)", [&] { return send_fd(s[0].get(), fd); });
  b.fd.reset();
  const UniqueFd back(receive_fd(s[1].get(), MSG_CMSG_CLOEXEC).fd);
  c.hold("SHR-004", back && inode_of(back.get()) == inode, "recvmsg after the sender closed its fd",
         "the buffer", "something else");
}

void pidfd(Context& c) {
  const Buffer b = c.buffer();
  const long before = c.count(b.number());
  Waiting child(c, [] { return 1; });
  const long with_child = c.count(b.number());
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, child.pid(), 0)));
  if (!process) throw NotApplicable{"no pidfd_open", "use a kernel from 5.6 on"};
  {
    const UniqueFd got(static_cast<int>(c.must("SHR-007", "pidfd_getfd(child, fd, 0)", [&] {
      return ::syscall(SYS_pidfd_getfd, process.get(), b.number(), 0);
    })));
    c.hold("SHR-007", same_buffer(got.get(), b.number()), "what pidfd_getfd gave",
           "the same buffer", "another file");
    c.equal("SHR-007", "count with the fd taken from the child", with_child + 1,
            c.count(b.number()));
  }
  child.end();
  c.equal("SHR-007", "count afterwards", before, c.count(b.number()));
}

void released(Context& c) {
  Buffer b = c.buffer();
  const std::uint64_t inode = inode_of(b.number());
  UniqueFd other(::dup(b.number()));
  b.fd.reset();
  const std::string one_left = c.bufinfo();
  c.hold("STA-001", listed(one_left, inode).has_value(),
         "the buffer in bufinfo with one of two fds closed", "listed", "not listed");
  other.reset();
  c.source().let_go();
  const std::string none = c.bufinfo();
  c.hold("REL-009", !listed(none, inode).has_value(),
         "the buffer in bufinfo right after the last close", "not listed", "listed");
  c.hold("STA-001", !listed(none, inode).has_value(), "the buffer in bufinfo after its release",
         "not listed", "listed");
}

void path_only(Context& c) {
  Buffer b = c.buffer();
  const std::uint64_t inode = inode_of(b.number());
  const long before = c.count(b.number());
  UniqueFd path(::open(fmt::format("/proc/self/fd/{}", b.number()).c_str(), O_PATH | O_CLOEXEC));
  if (!path) c.trouble("open O_PATH", errno);
  c.equal("REL-006", "count with an O_PATH fd", before, c.count(b.number()));
  b.fd.reset();
  c.source().let_go();
  const std::string text = c.bufinfo();
  c.hold("REL-006", !listed(text, inode).has_value(),
         "the buffer in bufinfo while only an O_PATH fd is left", "not listed", "listed");
}

constexpr Check kChecks[] = {
    {.name = "shr.dup",
     .text = "each fd is a reference of its own to one buffer",
     .requirements = {"SHR-001"},
     .run = dups},
    {.name = "shr.fork",
     .text = "a child's fds are references until it is gone",
     .requirements = {"SHR-002", "REL-010"},
     .run = forks},
    {.name = "shr.exec",
     .text = "exec closes what is close-on-exec and nothing else",
     .requirements = {"SHR-003"},
     .run = exec},
    {.name = "shr.message",
     .text = "a message on its way is a reference, received or not",
     .requirements = {"SHR-004", "SHR-005"},
     .run = messages},
    {.name = "shr.pidfd",
     .text = "an fd taken from another process is a reference",
     .requirements = {"SHR-007"},
     .needs = {.kernels = {"5.6", ""}},
     .run = pidfd},
    {.name = "rel.close",
     .text = "the last close releases, before it returns",
     .requirements = {"REL-009", "STA-001"},
     .needs = {.root = true},
     .run = released},
    {.name = "rel.path",
     .text = "an O_PATH fd is no reference",
     .requirements = {"REL-006"},
     .needs = {.root = true},
     .run = path_only},
};

}  // namespace

std::span<const Check> share_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
