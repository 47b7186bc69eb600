// SPDX-License-Identifier: MIT
/// Exit statuses as engines want them.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::app {

struct ExitMap {
  std::string policy = "verdict";  ///< "verdict", "completed"; `report` knows "rendered" too
  std::string map = "native";      ///< "native", "kselftest", "ltp", "automake", "igt"
};

/// --exit-policy and --exit-map, the former with its default and these values.
void add_exit_options(CLI::App& command, ExitMap& exit, const std::vector<std::string>& policies = {"verdict", "completed"});

/// The status of several runs: the worst of them, 4 if all were skipped.
int exit_code_of(const std::vector<record::Run>& runs);

/// That status as policy and map have it. 64, 70 and 75 are never changed: no engine's word for them.
int mapped_exit(int code, const std::vector<record::Run>& runs, const ExitMap& exit);

}  // namespace dmabuf::app
