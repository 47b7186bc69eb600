// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "campaign.hpp"
#include "exit_map.hpp"
#include "output.hpp"

namespace dmabuf::app {

struct RunRequest {
  std::vector<std::string> targets;
  CampaignSettings settings;
  bool seed_given = false, cases_given = false;
  std::string out;
  Existing existing = Existing::Refuse;
  bool quiet = false;
  std::vector<std::string> kernel_arguments;
  ExitMap exit;
};

/// Options that `run` and `vm run` share.
void add_run_options(CLI::App& command, RunRequest& request);
/// Defaults: a random seed, the project's traces.
void initialise(RunRequest& request);
/// Runs every target, renders the reports, prints the verdict; gives the exit code.
int run_targets(const RunRequest& request);

/// "cases 1240 (41/s) …"
std::string progress_text(const conformance::Progress& progress);

}  // namespace dmabuf::app
