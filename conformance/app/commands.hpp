// SPDX-License-Identifier: MIT
/// The subcommands. Each adds itself to the command line and leaves its exit code in `status`.
#pragma once

#include <CLI/CLI.hpp>

namespace dmabuf::app {

void add_run_command(CLI::App& app, int& status);
void add_replay_command(CLI::App& app, int& status);
void add_report_command(CLI::App& app, int& status);
void add_model_command(CLI::App& app, int& status);
void add_vm_command(CLI::App& app, int& status);
void add_mutants_command(CLI::App& app, int& status);
void add_probe_command(CLI::App& app, int& status);
void add_list_command(CLI::App& app, int& status);

}  // namespace dmabuf::app
