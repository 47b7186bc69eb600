// SPDX-License-Identifier: MIT
#include "support.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "dmabuf/adapters/kernel_file.hpp"

namespace dmabuf::checks {

Mapping map(int fd, std::size_t pages, std::size_t offset_pages, int protection, int flags) {
  const std::size_t size = pages * kPageSize;
  return {
      ::mmap(nullptr, size, protection, flags, fd, static_cast<off_t>(offset_pages * kPageSize)),
      size};
}

Mapping map_or_skip(Context& context, int fd, std::size_t pages) {
  Mapping mapping = map(fd, pages);
  if (!mapping)
    throw NotApplicable{"the buffer cannot be mapped: " + errno_name(errno),
                        "none: the exporter does not offer it"};
  context.call(fmt::format("mmap(NULL, {} pages, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)", pages),
               [&] { return 0; });
  return mapping;
}

std::optional<std::uint32_t> peek(const void* address) {
  std::uint32_t value = 0;
  const auto* const from = static_cast<const volatile std::uint32_t*>(address);
  if (!adapters::survives([&] { value = *from; })) return std::nullopt;
  return value;
}

bool poke(void* address, std::uint32_t value) {
  auto* const to = static_cast<volatile std::uint32_t*>(address);
  return adapters::survives([&] { *to = value; });
}

std::string seen(const std::optional<std::uint32_t>& word) {
  return word ? fmt::format("{:#x}", *word) : "a fault";
}

int in_child(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid < 0) throw conformance::HarnessError("cannot fork");
  if (pid == 0) {
    int status = 99;
    try {
      status = work();
    } catch (const std::exception&) {
    } catch (const NotApplicable&) {
    }
    ::_exit(status);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool waits(std::chrono::milliseconds limit, const std::function<long()>& call, long& result,
           int& error) {
  static volatile sig_atomic_t rung;
  rung = 0;
  struct sigaction action{}, before{};
  action.sa_handler = [](int) { rung = 1; };
  ::sigaction(SIGALRM, &action, &before);
  const auto usec = std::chrono::microseconds(limit).count();
  // Again and again: the first may come before the call has begun to wait.
  const itimerval timer{.it_interval = {.tv_sec = 0, .tv_usec = 20'000},
                        .it_value = {.tv_sec = usec / 1'000'000, .tv_usec = usec % 1'000'000}};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
  errno = 0;
  result = call();
  error = errno;
  const itimerval none{};
  ::setitimer(ITIMER_REAL, &none, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  return rung != 0 && result < 0 && error == EINTR;
}

NoMoreFds::NoMoreFds() {
  ::getrlimit(RLIMIT_NOFILE, &before_);
  const int lowest = ::dup(STDERR_FILENO);
  if (lowest >= 0) ::close(lowest);
  rlimit none = before_;
  none.rlim_cur = static_cast<rlim_t>(std::max(lowest, 0));
  ::setrlimit(RLIMIT_NOFILE, &none);
}

NoMoreFds::~NoMoreFds() {
  ::setrlimit(RLIMIT_NOFILE, &before_);
}

std::uint64_t inode_of(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

bool same_buffer(int one, int other) {
  struct stat a{}, b{};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

bool is_dmabuf(int fd) {
  struct statfs info{};
  return ::fstatfs(fd, &info) == 0 && info.f_type == 0x444d4142;
}

std::optional<adapters::BufInfo> listed(const std::string& bufinfo, std::uint64_t inode) {
  return adapters::find_by_ino(bufinfo, inode);
}

long listed_count(Context& context, std::uint64_t inode) {
  const std::string text = context.bufinfo();
  const auto row = listed(text, inode);
  return row ? row->count : -1;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

long use_count(std::string_view module) {
  adapters::KernelFile file = adapters::open_module_use_count(module);
  return adapters::module_use_count(file.read()).value_or(-1);
}

bool write_file(const std::string& path, std::string_view text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace dmabuf::checks
