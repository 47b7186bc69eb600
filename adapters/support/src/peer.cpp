// SPDX-License-Identifier: MIT
// How the peer process is born and how it dies; what it does in between is in process.cpp.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/adapters/process.hpp"

namespace dmabuf::adapters {

namespace peer {
[[noreturn]] void serve(int socket);

namespace {

void close_between(unsigned first, unsigned last) {
  if (first > last || ::close_range(first, last, 0) == 0) return;
  rlimit limit{};  // before Linux 5.9
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; ++fd) ::close(static_cast<int>(fd));
}

/// `keep` is sorted, the control socket among them.
[[noreturn]] void live(pid_t parent, int cpu, int socket, std::span<const int> keep) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it died before it could be asked for
  ::prctl(PR_SET_NAME, "dmabuf-peer");
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<unsigned>(cpu), &here);
  (void)::sched_setaffinity(0, sizeof here, &here);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : keep) {
    if (fd < static_cast<int>(first)) continue;
    if (fd > static_cast<int>(first)) close_between(first, static_cast<unsigned>(fd) - 1);
    first = static_cast<unsigned>(fd) + 1;
  }
  close_between(first, ~0U);
  serve(socket);
}

/// argv[0] of this program when a peer has become it.
constexpr const char* kPeerAnew = "dmabuf-peer-anew";

/// Before main(), and in every program that has peers: tests among them, whose main() is not ours.
[[gnu::constructor]] void serve_if_peer(int argc, char** argv, char**) {
  if (argc != 2 || std::string_view(argv[0]) != kPeerAnew) return;
  const int socket = std::atoi(argv[1]);
  const CallReply here;  // the answer to the call that brought us here
  if (::send(socket, &here, sizeof here, MSG_NOSIGNAL) != static_cast<long>(sizeof here)) ::_exit(0);
  serve(socket);
}

}  // namespace

CallReply exec(int socket) {
  CallReply r;
  char number[16];
  *std::to_chars(number, number + sizeof number - 1, socket).ptr = '\0';
  const int flags = ::fcntl(socket, F_GETFD);
  if (flags >= 0 && ::fcntl(socket, F_SETFD, flags & ~FD_CLOEXEC) == 0) {
    const char* arguments[] = {kPeerAnew, number, nullptr};
    ::execve("/proc/self/exe", const_cast<char* const*>(arguments), environ);
  }
  r.error = errno;
  return r;
}
}  // namespace peer

std::unique_ptr<PeerProcess> PeerProcess::start(std::span<const int> inherited) {
  (void)unmapped_page();  // parent and child name the same page
  auto [ours, theirs] = channel_pair();
  std::vector<int> keep(inherited.begin(), inherited.end());
  keep.push_back(theirs.get());
  std::sort(keep.begin(), keep.end());
  const pid_t parent = ::getpid();
  const int cpu = std::max(0, ::sched_getcpu());
  const pid_t pid = ::fork();
  if (pid < 0) harness_failure("cannot fork the peer process", errno);
  if (pid == 0) peer::live(parent, cpu, theirs.get(), keep);
  std::unique_ptr<PeerProcess> result(new PeerProcess(pid, cpu, std::move(ours)));
  theirs.reset();
  // Wait for it: until it has closed what it inherited, it may hold files of others.
  FdState none;
  result->inspect(std::span(&none, 1));
  return result;
}

PeerProcess::~PeerProcess() { reap(); }

void PeerProcess::reap() {
  socket_.reset();
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  wait_for_it();
}

void PeerProcess::leave() {
  socket_.reset();  // all it waits for
  if (pid_ > 0) wait_for_it();
}

void PeerProcess::wait_for_it() {
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

bool PeerProcess::alive() const {
  if (pid_ <= 0) return false;
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

namespace {

template <class Wanted>
long count_entries(pid_t pid, Wanted wanted) {
  const std::string path = pid == 0 ? "/proc/self/fd" : "/proc/" + std::to_string(pid) + "/fd";
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return -1;
  long count = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    if (pid == 0 && std::to_string(::dirfd(directory)) == entry->d_name) continue;
    if (wanted(::dirfd(directory), entry->d_name)) ++count;
  }
  ::closedir(directory);
  return count;
}

}  // namespace

long count_fds(pid_t pid) {
  return count_entries(pid, [](int, const char*) { return true; });
}

long count_dmabuf_fds(pid_t pid) {
  return count_entries(pid, [](int directory, const char* name) {
    char target[64];
    const ssize_t length = ::readlinkat(directory, name, target, sizeof target);
    if (length <= 0) return false;
    const std::string_view path(target, static_cast<std::size_t>(length));
    // "/dmabuf:<name>" from 5.3 on; all buffers shared one inode before (DBUF-INF-005).
    return path.starts_with("/dmabuf:") || path == "anon_inode:dmabuf";
  });
}

}  // namespace dmabuf::adapters
