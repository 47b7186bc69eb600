// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include "dmabuf/reports/compare.hpp"

namespace dmabuf::reports {

namespace {

using record::Case;
using record::CaseOutcome;
using record::Finding;
using record::Note;
using record::Run;

constexpr std::string_view kShards = "merged.shards";  ///< "1/4:uuid 3/4:uuid", sorted
constexpr std::string_view kPassed = "cases.passed";
constexpr std::string_view kReason = "merged.reason";  ///< of the shards, the worst
constexpr std::string_view kMixed = "merged.mixed";

/// Whose a part is: shard and uuid. A run that was never sharded is 1/1.
std::set<std::string> shards_of(const Run& run) {
  std::set<std::string> shards;
  const std::string merged = run.note(kShards);
  for (std::size_t at = 0; at < merged.size();) {
    const auto end = std::min(merged.find(' ', at), merged.size());
    if (end > at) shards.insert(merged.substr(at, end - at));
    at = end + 1;
  }
  if (shards.empty() && run.start)
    shards.insert(fmt::format("{}/{}:{}", run.start->shard_index, run.start->shard_count, run.start->run));
  return shards;
}

unsigned long index_of(const std::string& shard) { return std::strtoul(shard.c_str(), nullptr, 10); }
unsigned long count_of(const std::string& shard) {
  const auto slash = shard.find('/');
  return slash == std::string::npos ? 0 : std::strtoul(shard.c_str() + slash + 1, nullptr, 10);
}

/// How much worse an outcome is: what was found in one shard is not undone by another.
int gravity(CaseOutcome outcome) {
  switch (outcome) {
    case CaseOutcome::Crash:
      return 8;
    case CaseOutcome::Hang:
      return 7;
    case CaseOutcome::Leak:
      return 6;
    case CaseOutcome::Divergence:
      return 5;
    case CaseOutcome::Error:
      return 4;
    case CaseOutcome::Interrupted:
      return 3;
    case CaseOutcome::Pass:
      return 2;
    case CaseOutcome::Skip:
      return 1;
    case CaseOutcome::NotRun:
      return 0;
  }
  return 0;
}

/// A total order, so that it does not matter in which one shards come.
auto rank(const Case& one) {
  double ms = 0;
  std::uint64_t operations = 0;
  std::string signatures;
  for (const record::Try& attempt : one.tries) {
    ms += attempt.ms;
    operations += attempt.operations;
    signatures += attempt.signature + '\n' + attempt.message + '\n';
  }
  return std::tuple(gravity(one.outcome()), one.tries.size(), one.mark, operations, ms, signatures);
}

int gravity_of_reason(const std::string& reason) {
  static constexpr std::string_view kOrder[] = {"skipped", "plan-done", "max-findings", "max-cases", "max-time",
                                                "sigterm", "sigint", "", "target-lost"};
  const auto found = std::find(std::begin(kOrder), std::end(kOrder), reason);
  return found == std::end(kOrder) ? 6 : static_cast<int>(found - std::begin(kOrder));
}

std::string reason_of(const Run& run) {
  const std::string merged = run.note(kReason);
  return !merged.empty() ? merged : run.stop ? run.stop->reason : "";
}

struct Building {
  std::set<std::string> shards;
  std::vector<const Run*> parts;
};

Run join(const Building& building, bool mixed, std::vector<std::string>& complaints) {
  Run run;
  run.start = building.parts.front()->start;
  std::map<std::string, Case> cases;
  std::map<std::string, Finding> findings;
  std::map<std::pair<std::string, std::string>, record::Checked> checks;  ///< by case and requirement
  std::map<std::string, std::string> notes;
  std::set<std::tuple<std::string, std::string, std::string>> skips, warns;
  std::set<std::string> hit, missing, argv;
  std::set<std::string> twice;
  std::string reason = "skipped";
  bool covered = false, unlisted = false, any_stop = false;
  std::uint64_t passed = 0, operations = 0;
  double seconds = 0;
  // Ordered, so that sums of times come out the same whatever the order of the arguments.
  std::vector<const Run*> parts = building.parts;
  std::sort(parts.begin(), parts.end(), [](const Run* a, const Run* b) { return shards_of(*a) < shards_of(*b); });
  for (const Run* const part : parts) {
    if (part->start && part->start->run < run.start->run) run.start->run = part->start->run;
    if (part->start && part->start->started < run.start->started) run.start->started = part->start->started;
    for (const Case& one : part->cases) {
      const auto [at, fresh] = cases.try_emplace(one.id, one);
      if (fresh) continue;
      if (!one.id.starts_with("trace.") && !one.id.starts_with("check.")) twice.insert(one.id);
      if (rank(at->second) < rank(one)) at->second = one;
    }
    for (const record::Checked& checked : part->checks) {
      const auto [at, fresh] = checks.try_emplace({checked.case_id, checked.requirement}, checked);
      const auto weight = [](const std::string& state) { return state == "broken" ? 2 : state == "kept" ? 1 : 0; };
      if (!fresh && weight(at->second.state) < weight(checked.state)) at->second = checked;
    }
    for (const Finding& finding : part->findings) {
      const auto [at, fresh] = findings.try_emplace(finding.signature, finding);
      if (fresh) continue;
      Finding& known = at->second;
      const std::uint64_t count = known.count + finding.count;
      const auto better = [](const Finding& f) { return std::tuple(f.trace.size(), f.first_case, f.token); };
      if (better(finding) < better(known)) known = finding;
      known.count = count;
    }
    for (const Note& note : part->notes) {
      if (note.key == kPassed) {
        passed += std::strtoull(note.value.c_str(), nullptr, 10);
        unlisted = true;
      } else if (!note.key.starts_with("merged.")) {
        auto& value = notes.try_emplace(note.key, note.value).first->second;
        value = std::min(value, note.value);
      }
    }
    for (const record::Skipped& skip : part->skips) skips.emplace(skip.target, skip.reason, skip.remedy);
    for (const record::Warn& warn : part->warns) warns.emplace(warn.kind, warn.text, warn.case_id);
    if (part->coverage) {
      covered = true;
      hit.insert(part->coverage->hit.begin(), part->coverage->hit.end());
      missing.insert(part->coverage->missing.begin(), part->coverage->missing.end());
    }
    run.damaged_lines += part->damaged_lines;
    run.missing_records += part->missing_records;
    if (const std::string one = reason_of(*part); gravity_of_reason(one) > gravity_of_reason(reason)) reason = one;
    any_stop = any_stop || part->stop.has_value();
    operations += part->stop ? part->stop->operations : part->totals().operations;
    seconds += part->seconds();
  }

  const std::string& first = *building.shards.begin();
  std::set<unsigned long> present;
  for (const std::string& shard : building.shards) present.insert(index_of(shard));
  std::string absent;
  for (unsigned long i = 1; i <= count_of(first); ++i)
    if (!present.contains(i)) absent += fmt::format("{}{}/{}", absent.empty() ? "" : ", ", i, count_of(first));
  const std::string target = run.target();
  if (!absent.empty()) complaints.push_back(fmt::format("{}: shard {} is missing", target, absent));
  if (!unlisted && run.start) {
    for (std::uint64_t k = 0; k < run.start->cases; ++k)
      if (!cases.contains(fmt::format("random.{:06}", k))) {
        complaints.push_back(fmt::format("{}: the first case that was not run is random.{:06}", target, k));
        break;
      }
  }
  if (!twice.empty())
    complaints.push_back(fmt::format("{}: {} in two shards, first {}", target,
                                     twice.size() == 1 ? "a case is" : fmt::format("{} cases are", twice.size()),
                                     *twice.begin()));

  run.start->shard_index = run.start->shard_count = 1;
  for (auto& [id, one] : cases) run.cases.push_back(std::move(one));
  for (auto& [where, checked] : checks) run.checks.push_back(std::move(checked));
  for (auto& [signature, finding] : findings) run.findings.push_back(std::move(finding));
  for (const auto& [key, value] : notes) run.notes.push_back({key, value});
  if (unlisted) run.notes.push_back({std::string(kPassed), std::to_string(passed)});
  std::string all;
  for (const std::string& shard : building.shards) all += (all.empty() ? "" : " ") + shard;
  run.notes.push_back({std::string(kShards), all});
  run.notes.push_back({std::string(kReason), reason});
  if (mixed) run.notes.push_back({std::string(kMixed), "yes"});
  for (const auto& [t, why, remedy] : skips) run.skips.push_back({t, why, remedy});
  for (const auto& [kind, text, id] : warns) run.warns.push_back({kind, text, id});
  if (covered) {
    for (const std::string& row : hit) missing.erase(row);
    run.coverage = record::Coverage{.rows_hit = static_cast<std::uint32_t>(hit.size()),
                                    .rows_total = static_cast<std::uint32_t>(hit.size() + missing.size()),
                                    .missing = {missing.begin(), missing.end()},
                                    .hit = {hit.begin(), hit.end()}};
  }
  if (any_stop) {
    record::Stop stop{.reason = absent.empty() ? reason : "shard-missing", .operations = operations, .seconds = seconds};
    if (reason.empty()) stop.reason = "shard-unfinished";
    stop.findings = run.findings.size();
    run.stop = stop;  // totals and judgement look at it
    const record::Totals totals = run.totals();
    run.stop->cases = totals.judged();
    run.stop->verdict = !run.findings.empty() || totals.findings() > 0 ? "diverges"
                        : stop.reason == "plan-done" && !mixed         ? "conforms"
                                                                       : "inconclusive";
  }
  run.last_seconds = seconds;
  return run;
}

}  // namespace

tl::expected<Merged, std::string> merge(const std::vector<std::vector<Run>>& parts, bool force) {
  std::map<std::string, Building> targets;
  bool mixed = false;
  for (const std::vector<Run>& part : parts)
    for (const Run& run : part) {
      if (!run.start) return tl::unexpected(std::string("a journal has lost its first record: nobody knows whose it is"));
      Building& building = targets[run.target()];
      const std::set<std::string> shards = shards_of(run);
      // What is wholly there already adds nothing; what is partly there cannot be taken apart.
      const auto contains = [](const std::set<std::string>& whole, const std::set<std::string>& some) {
        return std::includes(whole.begin(), whole.end(), some.begin(), some.end());
      };
      bool known = false;
      for (auto at = building.parts.begin(); at != building.parts.end();) {
        const std::set<std::string> others = shards_of(**at);
        if (contains(others, shards)) {
          known = true;
          break;
        }
        if (contains(shards, others)) {
          at = building.parts.erase(at);
          continue;
        }
        std::set<std::string> both;
        std::set_intersection(others.begin(), others.end(), shards.begin(), shards.end(), std::inserter(both, both.end()));
        if (!both.empty())
          return tl::unexpected(fmt::format("{}: shard {} is in two merged runs that have others besides; merge the "
                                            "shards themselves", run.target(), both.begin()->substr(0, both.begin()->find(':'))));
        ++at;
      }
      if (known) continue;
      const auto differs = [&](const Run& other) -> std::string {
        if (run.start->tool != other.start->tool) return "another version of the tool";
        if (run.start->model != other.start->model) return "another model";
        if (run.start->seed != other.start->seed) return "another base seed";
        if (run.start->cases != other.start->cases) return "another number of cases";
        if (count_of(*shards.begin()) != count_of(*shards_of(other).begin())) return "another number of shards";
        return "";
      };
      for (const Run* const other : building.parts)
        if (const std::string why = differs(*other); !why.empty()) {
          if (!force)
            return tl::unexpected(fmt::format("{}: {} and {} do not belong together: {}; --force merges them all the same",
                                              run.target(), other->start->run, run.start->run, why));
          mixed = true;
        }
      for (const Run* const other : building.parts)
        for (const std::string& mine : shards)
          for (const std::string& theirs : shards_of(*other))
            if (index_of(mine) == index_of(theirs) && mine != theirs && !force)
              return tl::unexpected(fmt::format("{}: shard {} was run twice ({} and {}); leave one out, or --force",
                                                run.target(), index_of(mine), other->start->run, run.start->run));
      if (!run.note(kMixed).empty()) mixed = true;
      building.parts.push_back(&run);
    }
  Merged merged;
  for (auto& [target, building] : targets) {
    for (const Run* const part : building.parts) building.shards.merge(shards_of(*part));
    merged.runs.push_back(join(building, mixed, merged.complaints));
  }
  return merged;
}

std::vector<record::Record> records_of(const Run& run) {
  std::vector<record::Record> records;
  if (run.start) records.push_back(*run.start);
  for (const Note& note : run.notes) records.push_back(note);
  for (const record::Skipped& skip : run.skips) records.push_back(skip);
  for (const Case& one : run.cases)
    for (const record::Try& attempt : one.tries) {
      records.push_back(record::Begin{one.id, one.k, attempt.attempt, one.seed});
      if (attempt.ended)
        records.push_back(record::End{.case_id = one.id, .attempt = attempt.attempt, .outcome = attempt.outcome,
                                      .operations = attempt.operations, .ms = attempt.ms, .signature = attempt.signature,
                                      .message = attempt.message, .mark = one.mark});
    }
  for (const record::Checked& checked : run.checks) records.push_back(checked);
  for (const Finding& finding : run.findings) records.push_back(finding);
  for (const record::Warn& warn : run.warns) records.push_back(warn);
  if (run.damaged_lines + run.missing_records > 0)
    records.push_back(record::Warn{"journal", fmt::format("{} lines of a shard's journal could not be read, {} records are missing",
                                                          run.damaged_lines, run.missing_records), ""});
  if (run.coverage) records.push_back(*run.coverage);
  if (run.stop) records.push_back(*run.stop);
  return records;
}

}  // namespace dmabuf::reports
