// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace dmabuf::app::testing {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Ends {
  int ours = -1, theirs = -1;
};

Ends make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {ends[0], ends[1]};
}

Ends make_terminal() {
  Ends ends;
  if (::openpty(&ends.ours, &ends.theirs, nullptr, nullptr, nullptr) != 0)
    throw std::system_error(errno, std::generic_category(), "openpty");
  ::fcntl(ends.ours, F_SETFD, FD_CLOEXEC);
  ::fcntl(ends.theirs, F_SETFD, FD_CLOEXEC);
  return ends;
}

/// Ours with the changes: no test depends on who runs it.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      all[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  all.erase("NO_COLOR");
  for (const auto& [name, value] : changes) all[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : all)
    if (!value.empty()) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

/// Between fork and exec nothing may allocate.
[[noreturn]] void become(char* const* argv, char* const* environment, const char* directory,
                         int out, int err, const std::optional<std::size_t>& largest_file) {
  ::setpgid(0, 0);  // so that a whole family can be killed
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (directory != nullptr && ::chdir(directory) != 0) ::_exit(126);
  if (largest_file) {
    const rlimit limit{*largest_file, *largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);  // a failed write, as on a full disk
  }
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

void close_end(int& fd) {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

}  // namespace

std::string Answer::story() const {
  return fmt::format("exit {}{}\n--- stdout\n{:.4000}\n--- stderr\n{:.4000}\n---", status,
                     timed_out ? ", killed for taking too long" : "", out, err);
}

fs::path program() {
  const char* given = std::getenv("DMABUF_PROGRAM");
  return given != nullptr && *given != '\0' ? given : DMABUF_PROGRAM;
}

Process::Process(std::vector<std::string> argv, const Options& options) : options_(options) {
  std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> arguments = pointers(argv);
  const std::vector<char*> variables = pointers(environment);
  const bool terminal = options.terminal == Terminal::Yes;
  Ends out = terminal ? make_terminal() : make_pipe();
  Ends err = terminal ? Ends{} : make_pipe();
  const std::string directory = options.directory.string();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0)
    become(arguments.data(), variables.data(), directory.empty() ? nullptr : directory.c_str(),
           out.theirs, terminal ? out.theirs : err.theirs, options.largest_file);
  ::setpgid(pid_, pid_);
  ::close(out.theirs);
  if (err.theirs >= 0) ::close(err.theirs);
  out_ = out.ours;
  err_ = err.ours;
}

Process::~Process() {
  if (!reaped_) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  close_end(out_);
  close_end(err_);
}

void Process::send(int signal) const { ::kill(pid_, signal); }

bool Process::running() {
  if (reaped_) return false;
  int status = 0;
  const pid_t gone = ::waitpid(pid_, &status, WNOHANG);
  if (gone != pid_) return true;
  reaped_ = true;
  answer_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

/// True if there was something, or something ended.
bool Process::read_some(milliseconds limit) {
  pollfd ends[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (::poll(ends, 2, static_cast<int>(limit.count())) <= 0) return false;
  const auto read_end = [](pollfd& end, int& fd, std::string& into) {
    if (end.revents == 0) return;
    char piece[16 * 1024];
    const ssize_t size = ::read(fd, piece, sizeof piece);
    if (size > 0) return void(into.append(piece, static_cast<std::size_t>(size)));
    if (size < 0 && errno == EINTR) return;
    close_end(fd);  // a terminal whose last writer has gone answers EIO
  };
  read_end(ends[0], out_, answer_.out);
  read_end(ends[1], err_, answer_.err);
  return true;
}

bool Process::wait_until(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  while (!condition()) {
    if (!running() || Clock::now() > end) return condition();
    if (out_ < 0 && err_ < 0)
      std::this_thread::sleep_for(milliseconds(5));
    else
      read_some(milliseconds(5));
  }
  return true;
}

Answer Process::finish() {
  const Clock::time_point end = started_ + options_.timeout;
  while (running() && Clock::now() < end) {
    if (out_ < 0 && err_ < 0)
      std::this_thread::sleep_for(milliseconds(5));
    else
      read_some(milliseconds(20));
  }
  if (running()) {
    answer_.timed_out = true;
    ::kill(-pid_, SIGKILL);
    while (running()) std::this_thread::sleep_for(milliseconds(5));
  }
  while ((out_ >= 0 || err_ >= 0) && read_some(milliseconds(0))) {
  }
  return answer_;
}

Answer run(std::vector<std::string> arguments, const Options& options) {
  arguments.insert(arguments.begin(), program().string());
  return Process(std::move(arguments), options).finish();
}

Answer run_shell(const std::string& command, const Options& options) {
  // A function, and not PATH: the program may be called otherwise than its users call it.
  return Process({"/bin/sh", "-c",
                  fmt::format("dmabuf_conform() {{ '{}' \"$@\"; }}\n{}", program().string(),
                              command.starts_with("dmabuf-conform ")
                                  ? "dmabuf_conform " + command.substr(15)
                                  : command)},
                 options)
      .finish();
}

Scratch::Scratch() {
  std::string pattern = (fs::temp_directory_path() / "dmabuf-conform-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

Scratch::~Scratch() {
  if (::testing::Test::HasFailure()) {
    fmt::print(stderr, "kept for you to look at: {}\n", path_.string());
    return;
  }
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const fs::path& file, std::string_view contents) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << contents;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::map<std::string, record::Run> runs_of(const fs::path& directory) {
  std::map<std::string, record::Run> by_target;
  for (record::Run& run : record::read_runs(directory / "journal.ndjson")) {
    const std::string target = run.target();
    by_target[target] = std::move(run);
  }
  return by_target;
}

record::Run only_run_of(const fs::path& directory) {
  std::vector<record::Run> runs = record::read_runs(directory / "journal.ndjson");
  EXPECT_EQ(runs.size(), 1U) << "in " << directory;
  return runs.empty() ? record::Run{} : std::move(runs.front());
}

}  // namespace dmabuf::app::testing
