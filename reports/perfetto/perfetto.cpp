// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "dmabuf/record/utf8.hpp"
#include "dmabuf/reports/formats.hpp"
#include "lanes.hpp"
#include "rows.hpp"

namespace dmabuf::reports {

namespace {

using Json = nlohmann::ordered_json;
using record::valid_utf8;

constexpr std::size_t kMostCases = 10'000;
constexpr std::size_t kMostSteps = 10'000;
constexpr double kStep = 1000;  // a step of a counterexample has no time of its own: 1 ms each

class Events {
 public:
  void add(const Json& event) {
    out_ += out_.empty() ? "[\n" : ",\n";
    out_ += event.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  void name(const char* what, std::size_t pid, std::size_t tid, std::string_view name) {
    add({{"ph", "M"}, {"pid", pid}, {"tid", tid}, {"name", what}, {"args", {{"name", valid_utf8(name)}}}});
  }
  std::string finish() && { return out_.empty() ? "[]" : std::move(out_) + "\n]"; }

 private:
  std::string out_;
};

void add_cases(Events& events, const Suite& suite, std::size_t pid) {
  events.name("process_name", pid, 0, "cases of " + suite.run->target());
  events.name("thread_name", pid, 1, "cases, one after the other");
  double at = 0;
  std::size_t shown = 0;
  for (const Row& row : suite.rows) {
    if (!row.of || shown++ == kMostCases) continue;
    const double us = std::max(row.ms, 0.001) * 1000;
    events.add({{"ph", "X"}, {"pid", pid}, {"tid", 1}, {"ts", at}, {"dur", us}, {"name", row.id},
                {"cat", record::to_string(row.outcome)},
                {"args", {{"outcome", record::to_string(row.outcome)}, {"sig", row.signature()}}}});
    at += us;
    if (shown > kMostCases) break;
  }
}

void add_finding(Events& events, const record::Finding& finding, std::size_t pid) {
  events.name("process_name", pid, 0, "finding " + finding.id + ": " + finding.summary);
  events.name("thread_name", pid, 1, "operations");
  const std::size_t steps = std::min(finding.trace.size(), kMostSteps);
  for (std::size_t i = 0; i < steps; ++i) {
    const record::Step& step = finding.trace[i];
    Json args = {{"outcome", valid_utf8(step.outcome)}};
    if (!step.note.empty()) args["note"] = valid_utf8(step.note);
    events.add({{"ph", "X"}, {"pid", pid}, {"tid", 1}, {"ts", static_cast<double>(i) * kStep},
                {"dur", kStep}, {"name", valid_utf8(step.operation)}, {"cat", "operation"},
                {"args", std::move(args)}});
  }
  if (finding.trace.size() <= kMostSteps && steps > 0)
    events.add({{"ph", "i"}, {"pid", pid}, {"tid", 1}, {"ts", (static_cast<double>(steps) - 0.5) * kStep},
                {"s", "p"}, {"name", valid_utf8("expected " + finding.expected + ", observed " + finding.observed)},
                {"cat", record::to_string(finding.kind)}});

  // Lives overlap: they are asynchronous events with an id, as slices of a track must nest.
  std::map<std::string, std::map<std::size_t, int>> changes;  // kind, step, change of the count
  std::size_t id = 0;
  for (const Lane& lane : lanes_of(finding)) {
    for (const Life& life : lane.lives) {
      if (life.birth >= steps) continue;
      const std::size_t end = life.leaked || !life.death ? steps : std::min(*life.death, steps);
      const std::string unique = fmt::format("{}.{}", pid, id++);
      const Json args = {{"kind", lane.kind}, {"leaked", life.leaked}};
      events.add({{"ph", "b"}, {"pid", pid}, {"tid", 1}, {"id", unique}, {"cat", lane.kind},
                  {"ts", static_cast<double>(life.birth) * kStep}, {"name", lane.slot}, {"args", args}});
      events.add({{"ph", "e"}, {"pid", pid}, {"tid", 1}, {"id", unique}, {"cat", lane.kind},
                  {"ts", (static_cast<double>(end) + 1) * kStep}, {"name", lane.slot}});
      ++changes[lane.kind][life.birth];
      if (end < steps) --changes[lane.kind][end];
    }
  }
  for (const auto& [kind, at] : changes) {
    int count = 0;
    for (const auto& [step, change] : at) {
      count += change;
      events.add({{"ph", "C"}, {"pid", pid}, {"ts", static_cast<double>(step) * kStep},
                  {"name", kind + "s alive"}, {"args", {{"count", count}}}});
    }
  }
  std::string_view log = finding.kernel_log;
  for (std::size_t line = 0; !log.empty() && line < 1000; ++line) {
    const auto end = std::min(log.find('\n'), log.size());
    events.add({{"ph", "i"}, {"pid", pid}, {"tid", 2}, {"s", "t"}, {"cat", "kernel"},
                {"ts", static_cast<double>(steps) * kStep + static_cast<double>(line)},
                {"name", valid_utf8(log.substr(0, end))}});
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  if (!finding.kernel_log.empty()) events.name("thread_name", pid, 2, "kernel log");
}

}  // namespace

std::string render_perfetto(const std::vector<record::Run>& runs) {
  Events events;
  std::size_t pid = 0;
  for (const Suite& suite : suites_of(runs)) {
    add_cases(events, suite, ++pid);
    for (const record::Finding& finding : suite.run->findings) add_finding(events, finding, ++pid);
  }
  const record::Judgement judgement = record::overall(runs);
  const Json about = {{"tool", "dmabuf-conform"},
                      {"verdict", record::to_string(judgement.verdict)},
                      {"because", valid_utf8(judgement.because)},
                      {"note", "counterexamples have one operation a millisecond: their steps have no time"}};
  return fmt::format("{{\"displayTimeUnit\": \"ms\",\n\"otherData\": {},\n\"traceEvents\": {}}}\n",
                     about.dump(-1, ' ', false, Json::error_handler_t::replace),
                     std::move(events).finish());
}

}  // namespace dmabuf::reports
