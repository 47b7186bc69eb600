// SPDX-License-Identifier: MIT
/// The program as its users have it: started with arguments, judged by what it prints, by the files
/// it leaves and by its exit status.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::app::testing {

/// What a script may rely on.
inline constexpr int kConforms = 0, kFindings = 1, kInconclusive = 2, kInfrastructure = 3,
                     kNotApplicable = 4, kUsage = 64, kStopped = 75;

struct Answer {
  int status = -1;  ///< as the shell has it: 128 + signal
  bool timed_out = false;
  std::string out, err;  ///< with Terminal::Yes all is in `out`

  std::string story() const;
};

enum class Terminal { No, Yes };

struct Options {
  std::chrono::seconds timeout{120};
  std::filesystem::path directory;                 ///< where to start it; "": here
  std::map<std::string, std::string> environment;  ///< besides ours; "" unsets
  Terminal terminal = Terminal::No;                ///< stdout and stderr on a terminal
  std::optional<std::size_t> largest_file;         ///< a disk that is full: writes beyond fail
};

/// $DMABUF_PROGRAM, else the one this test was built for.
std::filesystem::path program();

/// A program that runs. What is left of it, and of its children, dies with this.
class Process {
 public:
  Process(std::vector<std::string> argv, const Options& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void send(int signal) const;
  /// Reads what it prints until the condition holds (true), it ends or the time is up (false).
  bool wait_until(const std::function<bool()>& condition, std::chrono::seconds limit);
  /// To its end, or to the end of its time.
  Answer finish();
  /// So far.
  const Answer& answer() const { return answer_; }

 private:
  bool read_some(std::chrono::milliseconds limit);

  Options options_;
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  bool reaped_ = false;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Answer answer_;
};

/// The program with these arguments, to its end.
Answer run(std::vector<std::string> arguments, const Options& options = {});
/// A command line, as it is pasted into a shell in which `dmabuf-conform` is this program.
Answer run_shell(const std::string& command, const Options& options = {});

/// A directory of one test's own, gone with it. Kept, and named, if the test fails.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::string at(std::string_view name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view contents);
std::vector<std::string> lines_of(const std::string& text);

/// What the journal in a run's directory says, by target.
std::map<std::string, record::Run> runs_of(const std::filesystem::path& directory);
/// Of a run with one target.
record::Run only_run_of(const std::filesystem::path& directory);

}  // namespace dmabuf::app::testing
