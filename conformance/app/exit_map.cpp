// SPDX-License-Identifier: MIT
#include "exit_map.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "exit_code.hpp"

namespace dmabuf::app {
namespace {

struct Map {
  std::string_view name;
  int conforms, findings, inconclusive, infrastructure, not_applicable, hang, crash;
};
constexpr auto kMaps = std::to_array<Map>({{"kselftest", 0, 1, 1, 1, 4, 124, 1},
                                           {"ltp", 0, 1, 2, 2, 32, 1, 1},
                                           {"automake", 0, 1, 99, 99, 77, 1, 1},
                                           {"igt", 0, 98, 79, 79, 77, 98, 112}});

bool any(const std::vector<record::Run>& runs, record::CaseOutcome outcome) {
  return std::ranges::any_of(runs, [&](const record::Run& run) { return run.totals()[outcome] > 0; });
}

/// Hangs and nothing else: a time-out is what the engine is to see.
bool only_hangs(const std::vector<record::Run>& runs) {
  std::uint64_t hangs = 0, findings = 0;
  for (const record::Run& run : runs) {
    hangs += run.totals()[record::CaseOutcome::Hang];
    findings += run.totals().findings();
  }
  return hangs > 0 && hangs == findings;
}

}  // namespace

void add_exit_options(CLI::App& command, ExitMap& exit, const std::vector<std::string>& policies) {
  exit.policy = policies.front();
  command.add_option("--exit-policy", exit.policy, "verdict: as the run came out; completed: 0 once it has finished")
      ->check(CLI::IsMember(policies))
      ->capture_default_str();
  command.add_option("--exit-map", exit.map, "exit statuses of this engine")
      ->check(CLI::IsMember({"native", "kselftest", "ltp", "automake", "igt"}))
      ->capture_default_str();
}

int exit_code_of(const std::vector<record::Run>& runs) {
  int worst = kConforms;
  bool all_skipped = true;
  for (const record::Run& run : runs) {
    const int code = run.exit_code();
    if (code == kNotApplicable) continue;
    all_skipped = false;
    // Infrastructure beats findings: a target that was lost says nothing of what it did not get to.
    const auto rank = [](int c) { return c == kInfrastructure ? 4 : c == kFindings ? 3 : c == kStopped ? 2 : c == kInconclusive ? 1 : 0; };
    if (rank(code) > rank(worst)) worst = code;
  }
  return all_skipped ? kNotApplicable : worst;
}

int mapped_exit(int code, const std::vector<record::Run>& runs, const ExitMap& exit) {
  if (code == kUsage || code == kInternal || code == kStopped) return code;
  if (exit.policy == "completed" && code != kInfrastructure) return 0;
  const auto map = std::ranges::find(kMaps, exit.map, &Map::name);
  if (map == kMaps.end()) return code;
  switch (code) {
    case kConforms:
      return map->conforms;
    case kFindings:
      return any(runs, record::CaseOutcome::Crash) ? map->crash : only_hangs(runs) ? map->hang : map->findings;
    case kInconclusive:
      return map->inconclusive;
    case kNotApplicable:
      return map->not_applicable;
    default:
      return map->infrastructure;
  }
}

}  // namespace dmabuf::app
