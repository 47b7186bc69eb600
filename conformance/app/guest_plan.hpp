// SPDX-License-Identifier: MIT
/// What the host asks of a guest: a small file in the initramfs.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "campaign.hpp"

namespace dmabuf::app {

enum class GuestJob { Run, Replay, Kill, Bench };

struct GuestTarget {
  std::string exporter, bug;
  friend bool operator==(const GuestTarget&, const GuestTarget&) = default;
};

/// What earlier guests, or an earlier run, have done of a target.
struct GuestProgress {
  GuestTarget target;
  bool finished = false;
  std::uint64_t first_case = 0;          ///< after a crash: where to go on
  std::int64_t spent_ms = 0;             ///< of its time limit
  std::vector<std::string> done_traces, done_checks;  ///< names
  std::vector<std::uint64_t> done;       ///< cases
  std::vector<std::string> signatures;   ///< known ones
};

struct GuestPlan {
  GuestJob job = GuestJob::Run;
  std::string kernel;                ///< as in the target's name: "debian:6.12"
  std::vector<GuestTarget> targets;  ///< empty: every exporter the guest has
  std::vector<GuestProgress> progress;
  CampaignSettings settings;
  std::string program;               ///< Replay: a .dbt text
  std::uint32_t rounds = 20;         ///< Kill, Bench
};

inline constexpr const char* kGuestPlanPath = "/etc/dmabuf-conform/plan.json";
inline constexpr const char* kGuestTraces = "/traces";

std::string to_json(const GuestPlan& plan);
/// Throws std::runtime_error with what is wrong.
GuestPlan guest_plan_from_json(const std::string& text);

}  // namespace dmabuf::app
