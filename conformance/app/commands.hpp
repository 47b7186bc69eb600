// SPDX-License-Identifier: MIT
/// The subcommands. Each adds itself to the command line and leaves its exit code in `status`.
#pragma once

#include <CLI/CLI.hpp>

namespace dmabuf::app {

/// CLI11 takes "-5" for a very large count.
inline const CLI::Validator kCount(
    [](std::string& text) {
      return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos
                 ? std::string()
                 : "'" + text + "' is no count";
    },
    "COUNT");

void add_run_command(CLI::App& app, int& status);
void add_replay_command(CLI::App& app, int& status);
void add_report_command(CLI::App& app, int& status);
void add_model_command(CLI::App& app, int& status);
void add_vm_command(CLI::App& app, int& status);
void add_mutants_command(CLI::App& app, int& status);
void add_probe_command(CLI::App& app, int& status);
void add_check_command(CLI::App& app, int& status);
void add_list_command(CLI::App& app, int& status);
void add_findings_command(CLI::App& app, int& status);
void add_compare_command(CLI::App& app, int& status);
void add_merge_command(CLI::App& app, int& status);
void add_completion_command(CLI::App& app, int& status);
void add_man_command(CLI::App& app, int& status);

}  // namespace dmabuf::app
