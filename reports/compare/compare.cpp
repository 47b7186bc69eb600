// SPDX-License-Identifier: MIT
#include "dmabuf/reports/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "dmabuf/record/utf8.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

namespace {

using record::Case;
using record::CaseOutcome;
using record::Finding;
using record::Run;

bool same_cases(const Run& a, const Run& b) {
  return a.start && b.start && a.start->seed == b.start->seed && a.start->model == b.start->model;
}

const Case* case_named(const Run& run, const std::string& id) {
  const auto found = std::lower_bound(run.cases.begin(), run.cases.end(), id,
                                      [](const Case& one, const std::string& wanted) { return one.id < wanted; });
  if (found != run.cases.end() && found->id == id) return &*found;
  const auto any = std::find_if(run.cases.begin(), run.cases.end(), [&](const Case& one) { return one.id == id; });
  return any == run.cases.end() ? nullptr : &*any;
}

/// Passed, be it listed or only counted: the reference's passes are counted.
bool passed(const Run& run, const std::string& id) {
  if (const Case* const one = case_named(run, id)) return one->outcome() == CaseOutcome::Pass;
  if (!id.starts_with("random.") || !run.start || !run.stop || run.stop->reason != "plan-done") return false;
  if (run.note("cases.passed").empty()) return false;
  const std::uint64_t k = std::strtoull(id.c_str() + 7, nullptr, 10);
  const std::uint64_t shards = std::max<std::uint64_t>(1, run.start->shard_count);
  return k < run.start->cases && k % shards + 1 == run.start->shard_index;
}

/// Cases of a run that show a finding.
std::set<std::string> cases_of(const Run& run, const Finding& finding) {
  std::set<std::string> ids;
  if (!finding.first_case.empty()) ids.insert(finding.first_case);
  for (const Case& one : run.cases)
    for (const record::Try& attempt : one.tries)
      if (attempt.signature == finding.signature) ids.insert(one.id);
  return ids;
}

bool comparable(const std::string& id, bool same) {
  return same || id.starts_with("trace.") || id.starts_with("check.");  // the same whatever the seed
}

const Finding* with_signature(const Run& run, const std::string& signature) {
  for (const Finding& finding : run.findings)
    if (finding.signature == signature) return &finding;
  return nullptr;
}

void compare_targets(const Run& base, const Run& now, std::vector<Changed>& out) {
  const bool same = same_cases(base, now);
  const auto add = [&](Change change, const Finding& finding, std::string why) {
    out.push_back({now.target(), change, finding.id, finding.signature, finding.summary, std::move(why)});
  };
  for (const Finding& finding : now.findings) {
    if (const Finding* const before = with_signature(base, finding.signature)) {
      add(Change::Open, finding,
          fmt::format("{} before, {} now", counted(before->count, "case", "cases"), counted(finding.count, "case", "cases")));
      continue;
    }
    std::string broken;
    for (const std::string& id : cases_of(now, finding))
      if (broken.empty() && comparable(id, same) && passed(base, id)) broken = id;
    if (broken.empty())
      add(Change::New, finding, same ? "no case of the base showed it" : "another seed or model than the base's");
    else
      add(Change::Regressed, finding, broken + " passed in the base");
  }
  for (const Finding& finding : base.findings) {
    if (with_signature(now, finding.signature)) continue;
    std::string fixed, open;
    for (const std::string& id : cases_of(base, finding)) {
      const bool passes = comparable(id, same) && passed(now, id);
      (passes ? fixed : open) = id;
    }
    if (!fixed.empty() && open.empty())
      add(Change::Fixed, finding, fixed + " passes now");
    else if (!open.empty() && same && case_named(now, open))
      add(Change::NotRun, finding, open + " came to no judgement, or to another finding");
    else
      add(Change::NotRun, finding,
          same ? open + " was not run" : "another seed or model: the cases that showed it were not run");
  }
}

bool judged_anything(const std::vector<Run>& runs) {
  return std::any_of(runs.begin(), runs.end(), [](const Run& run) { return run.totals().judged() > 0; });
}

constexpr Change kChanges[] = {Change::New, Change::Regressed, Change::Open, Change::Fixed, Change::NotRun};

}  // namespace

const char* to_string(Change change) {
  switch (change) {
    case Change::New:
      return "new";
    case Change::Regressed:
      return "regressed";
    case Change::Open:
      return "open";
    case Change::Fixed:
      return "fixed";
    case Change::NotRun:
      return "no longer run";
  }
  return "new";
}

std::size_t Comparison::count(Change change) const {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Changed& one) { return one.change == change; }));
}

int Comparison::exit_code() const {
  if (!not_comparable.empty()) return 2;
  return count(Change::New) + count(Change::Regressed) > 0 ? 1 : 0;
}

Comparison compare(const std::vector<Run>& base, const std::vector<Run>& now) {
  Comparison result;
  std::map<std::string, const Run*> before, after;
  for (const Run& run : base) before[run.target()] = &run;
  for (const Run& run : now) after[run.target()] = &run;
  bool common = false;
  for (const auto& [target, run] : after) {
    const auto old = before.find(target);
    if (old == before.end()) {
      result.only_in_new.push_back(target);
      continue;
    }
    common = true;
    compare_targets(*old->second, *run, result.findings);
  }
  for (const auto& entry : before)
    if (!after.contains(entry.first)) result.only_in_base.push_back(entry.first);
  if (!common)
    result.not_comparable = "The two runs have no target in common.";
  else if (!judged_anything(base))
    result.not_comparable = "Nothing was judged in the base.";
  else if (!judged_anything(now))
    result.not_comparable = "Nothing was judged in the new run.";
  std::sort(result.findings.begin(), result.findings.end(), [](const Changed& a, const Changed& b) {
    return std::tie(a.change, a.target, a.signature) < std::tie(b.change, b.target, b.signature);
  });
  return result;
}

std::string render_comparison(const Comparison& comparison) {
  std::string out;
  if (!comparison.not_comparable.empty()) out += "NOT COMPARABLE  " + visible(comparison.not_comparable) + "\n";
  for (const Change change : kChanges) {
    out += fmt::format("{} {}\n", comparison.count(change), to_string(change));
    for (const Changed& one : comparison.findings)
      if (one.change == change)
        out += fmt::format("  {}  {}  {}\n                {}\n", visible(one.id), visible(one.target),
                           visible(one.summary), visible(one.why));
  }
  for (const std::string& target : comparison.only_in_base) out += "target no longer run: " + visible(target) + "\n";
  for (const std::string& target : comparison.only_in_new) out += "target not run before: " + visible(target) + "\n";
  return out;
}

std::string comparison_json(const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  using record::valid_utf8;
  const auto texts = [](const std::vector<std::string>& all) {
    Json list = Json::array();
    for (const std::string& one : all) list.push_back(valid_utf8(one));
    return list;
  };
  Json json = {{"schema", "dmabuf-conform.comparison/1"},
               {"not_comparable", valid_utf8(comparison.not_comparable)},
               {"exit_code", comparison.exit_code()}};
  Json totals = Json::object(), findings = Json::array();
  for (const Change change : kChanges) totals[to_string(change)] = comparison.count(change);
  for (const Changed& one : comparison.findings)
    findings.push_back({{"change", to_string(one.change)}, {"target", valid_utf8(one.target)}, {"id", valid_utf8(one.id)},
                        {"sig", valid_utf8(one.signature)}, {"summary", valid_utf8(one.summary)}, {"why", valid_utf8(one.why)}});
  json["totals"] = std::move(totals);
  json["findings"] = std::move(findings);
  json["targets_only_in_base"] = texts(comparison.only_in_base);
  json["targets_only_in_new"] = texts(comparison.only_in_new);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dmabuf::reports
