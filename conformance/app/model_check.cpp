// SPDX-License-Identifier: MIT
#include "model_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/table.hpp"
#include "exit_code.hpp"
#include "model_trace.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "stop.hpp"

namespace dmabuf::app {

int check_model(const std::string& only, bool profiles) {
  const std::vector<model::Configuration> configurations =
      profiles ? model::profile_configurations() : model::standard_configurations();
  std::size_t width = 24;
  std::string known;
  bool found = only.empty();
  for (const model::Configuration& configuration : configurations) {
    known += " " + configuration.name;
    found = found || configuration.name == only;
    width = std::max(width, configuration.name.size());
  }
  if (!found) throw UsageError(fmt::format("no configuration is called '{}'; there are{}", only, known));
  fmt::print("model {}: {} machines, {} rows\n", model::model_hash(), model::machines().size(), model::rows().size());
  fmt::print("{:<{}} {:>11} {:>12} {:>11} {:>6} {:>8} {:>10}\n", "configuration", width, "states", "transitions", "refusals",
             "depth", "seconds", "Mstates/s");
  bool good = true;
  model::Coverage fired;
  for (const model::Configuration& configuration : configurations) {
    if (!only.empty() && configuration.name != only) continue;
    if (stop_requested()) return kStopped;
    ProgressLine line(configuration.name);
    const model::Exploration result = model::explore(configuration, [&](const model::Progress& p) {
      line.show(fmt::format("{} states, {:.2f} M/s, depth {}, frontier {}, {} MiB", p.states, p.states_per_second / 1e6,
                            p.depth, p.frontier, p.bytes >> 20U));
    });
    line.clear();
    fmt::print("{:<{}} {:>11} {:>12} {:>11} {:>6} {:>8.2f} {:>10.2f}{}\n", result.name, width, result.states,
               result.transitions, result.refusals, result.depth, result.seconds, result.states_per_second() / 1e6,
               result.complete ? "" : "  INCOMPLETE");
    good = good && result.complete && result.violations.empty();
    for (const model::Violation& violation : result.violations) fmt::print("VIOLATED {}", described(violation, configuration.profile));
    fired.rows |= result.coverage.rows;
    if (!profiles) continue;
    for (const std::string& row : model::uncounted_rows(configuration, result.coverage)) {
      fmt::print("UNCOUNTED ROW {}\n", row);
      good = false;
    }
  }
  if (only.empty() && !profiles)
    for (const std::string& row : model::unexplained_rows(fired)) {
      fmt::print("DEAD ROW {}\n", row);
      good = false;
    }
  if (good) {
    fmt::print("every reachable state visited; {} invariants hold in all of them:\n", model::kInvariants);
    for (const model::InvariantInfo& info : model::invariants()) fmt::print("  {:<26} {}\n", info.name, info.text);
  }
  return good ? kConforms : kFindings;
}

}  // namespace dmabuf::app
