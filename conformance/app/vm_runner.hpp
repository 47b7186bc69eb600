// SPDX-License-Identifier: MIT
/// Targets in QEMU, from the host's side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaign.hpp"
#include "dmabuf/conformance/program.hpp"
#include "guest_plan.hpp"
#include "output.hpp"
#include "registry.hpp"

namespace dmabuf::app {

struct VmRequest {
  std::string kernel;           ///< "debian:6.12"
  std::vector<Target> targets;  ///< of that kernel; one without exporter stands for all it has
  CampaignSettings settings;
  bool quiet = false;
  std::vector<std::string> kernel_arguments;
  std::vector<GuestProgress> progress;  ///< of an earlier run of the same directory
  unsigned max_crashes = 20;  ///< reboots before the kernel is given up
};

/// Boots the kernel once and runs the campaigns of all targets in it; after a panic or a hang the case is
/// written down as the one that did it, and a new guest goes on with the next. What could not be
/// tested is written as skipped, with the remedy. Throws only for what is wrong with the output.
void run_vm(const VmRequest& request, Output& output);

/// What came of one trace.
struct Replayed {
  std::optional<record::Finding> finding;
  std::size_t carried_out = 0, skipped = 0;
  std::optional<record::Skipped> not_there;  ///< the guest has no such target
};

/// One trace in a guest. Throws boot::Error or HarnessError if it could not be asked.
Replayed replay_in_vm(const Target& target, const conformance::Program& program,
                      std::chrono::milliseconds shrink_time);

/// Jobs that are no campaign (Kill, Bench): the C records that came, in words. Throws boot::Error.
std::vector<std::string> run_guest_job(const std::string& kernel, GuestPlan plan);

}  // namespace dmabuf::app
