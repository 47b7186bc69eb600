// SPDX-License-Identifier: MIT
#include "dmabuf/boot/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"

namespace dmabuf::boot {
namespace {

constexpr int first_inherited = 3;

std::string find_program(const std::string& program) {
  if (program.find('/') != std::string::npos)
    return ::access(program.c_str(), X_OK) == 0 ? program : std::string();
  const char* path = std::getenv("PATH");
  // An ordinary user's PATH lacks the sbin directories, where depmod is.
  std::string_view rest = path != nullptr ? path : "";
  const std::string all = std::string(rest) + ":/usr/sbin:/sbin:/usr/bin:/bin";
  rest = all;
  while (!rest.empty()) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
    if (directory.empty()) continue;
    std::string candidate = std::string(directory) + "/" + program;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

/// All that the child needs, made before fork: between fork and exec nothing may allocate.
struct Launch {
  const char* program;
  char* const* argv;
  const char* directory;
  int input;
  int output;
  const std::vector<std::pair<int, int>>& inherit;
  std::vector<int>& spare;  // room for the descriptors' intermediate numbers
  pid_t parent;
};

[[noreturn]] void become(const Launch& launch) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(127);  // it died before the prctl
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (launch.directory != nullptr && ::chdir(launch.directory) != 0) ::_exit(127);
  ::dup2(launch.input, STDIN_FILENO);
  ::dup2(launch.output, STDOUT_FILENO);
  ::dup2(launch.output, STDERR_FILENO);
  // First out of the way, then into place: a target may be the number of another's source.
  for (std::size_t i = 0; i < launch.inherit.size(); ++i)
    launch.spare[i] = ::fcntl(launch.inherit[i].first, F_DUPFD_CLOEXEC, 100);
  for (std::size_t i = 0; i < launch.inherit.size(); ++i)
    ::dup2(launch.spare[i], launch.inherit[i].second);  // dup2 clears close-on-exec
  ::execv(launch.program, launch.argv);
  ::_exit(127);
}

int shell_status(int wait_status) {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
  return 128 + WTERMSIG(wait_status);
}

}  // namespace

ChildProcess::ChildProcess(const Command& command) {
  if (command.argv.empty()) throw Error("no program to start");
  const std::string program = find_program(command.argv.front());
  if (program.empty())
    throw Error(fmt::format("{} not found", command.argv.front()),
                "install the package that has it, or put it in PATH");
  for (const auto& [ours, theirs] : command.inherit)
    if (ours < 0 || theirs < first_inherited)
      throw Error("a descriptor to inherit is out of range");

  const UniqueFd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::string output_path = command.output.empty() ? "/dev/null" : command.output.string();
  const UniqueFd output(
      ::open(output_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!input || !output)
    throw Error(fmt::format("cannot open {}: {}", output_path, strerrorname_np(errno)));

  std::vector<std::string> words = command.argv;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<int> spare(command.inherit.size());
  const std::string directory = command.directory.string();
  const Launch launch{.program = program.c_str(),
                      .argv = argv.data(),
                      .directory = directory.empty() ? nullptr : directory.c_str(),
                      .input = input.get(),
                      .output = output.get(),
                      .inherit = command.inherit,
                      .spare = spare,
                      .parent = ::getpid()};
  pid_ = ::fork();
  if (pid_ < 0) throw Error(fmt::format("cannot fork: {}", strerrorname_np(errno)));
  if (pid_ == 0) become(launch);
  ::setpgid(pid_, pid_);  // whoever comes first; kill() must find the group
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

ChildProcess::~ChildProcess() { kill(); }

std::optional<int> ChildProcess::poll() {
  if (status_) return status_;
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid != pid_)
    return std::nullopt;
  kill();  // what it left behind in its group goes with it
  return status_;
}

std::optional<int> ChildProcess::wait_for(std::chrono::milliseconds limit) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + limit;
  while (!poll()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return std::nullopt;
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    // Without a pidfd (old kernels) a poll of nothing is a short sleep.
    const std::int64_t slice = pidfd_ ? std::min<std::int64_t>(left, 60'000) : 10;
    ::poll(&ended, pidfd_ ? 1 : 0, static_cast<int>(slice));
  }
  return status_;
}

int ChildProcess::kill() {
  if (status_) return *status_;
  // Before it is collected: until then its number cannot be another's.
  ::kill(-pid_, SIGKILL);
  int wait_status = 0;
  while (::waitpid(pid_, &wait_status, 0) < 0 && errno == EINTR) {
  }
  status_ = shell_status(wait_status);
  return *status_;
}

CommandResult run_command(const std::vector<std::string>& argv,
                          const std::filesystem::path& directory, std::chrono::seconds limit) {
  const int memory = ::memfd_create("output", MFD_CLOEXEC);
  if (memory < 0) throw Error(fmt::format("cannot make a memfd: {}", strerrorname_np(errno)));
  const UniqueFd output(memory);
  // Opened by path, the file has an offset of its own: O_TRUNC of an empty file does no harm.
  const std::filesystem::path path = fmt::format("/proc/{}/fd/{}", ::getpid(), memory);
  ChildProcess child(Command{.argv = argv, .directory = directory, .output = path});
  const std::optional<int> status = child.wait_for(limit);
  if (!status) child.kill();
  return CommandResult{.status = status.value_or(124), .output = read_file(path)};
}

bool program_exists(const std::string& program) { return !find_program(program).empty(); }

}  // namespace dmabuf::boot
