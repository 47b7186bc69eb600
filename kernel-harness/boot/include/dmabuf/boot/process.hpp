// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dmabuf/boot/unique_fd.hpp"

namespace dmabuf::boot {

/// How a program is started. Standard input is always /dev/null.
struct Command {
  std::vector<std::string> argv;                  ///< argv[0] is looked up in PATH
  std::filesystem::path directory = {};           ///< empty: ours
  std::filesystem::path output = {};              ///< stdout and stderr go here; empty: /dev/null
  std::vector<std::pair<int, int>> inherit = {};  ///< {our fd, its number in the child}, 3 and up
};

/// A running program in a process group of its own.
///
/// It dies with its owner: the destructor kills the whole group, and the kernel kills the program
/// when the *thread* that started it ends (PR_SET_PDEATHSIG), so start it from one that stays.
class ChildProcess {
 public:
  /// Throws Error when the program cannot be started.
  explicit ChildProcess(const Command& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// The shell's status (128 + signal when killed) once the program has ended; else nothing.
  std::optional<int> poll();
  std::optional<int> wait_for(std::chrono::milliseconds limit);

  /// Kills the process group and collects the program. Harmless when it has ended already.
  int kill();

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<int> status_;
};

/// What a program that ran to its end came to.
struct CommandResult {
  int status = 0;      ///< as the shell has it; 124 when the limit was reached
  std::string output;  ///< stdout and stderr
  [[nodiscard]] bool ok() const { return status == 0; }
};

/// Runs a program to its end, or kills it at the limit.
CommandResult run_command(const std::vector<std::string>& argv,
                          const std::filesystem::path& directory = {},
                          std::chrono::seconds limit = std::chrono::minutes(10));

/// True if the program is somewhere in PATH (or is an executable path).
bool program_exists(const std::string& program);

}  // namespace dmabuf::boot
