// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "dmabuf/reports/formats.hpp"
#include "requirements.hpp"
#include "rows.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostExcerpt = 16384;
constexpr std::size_t kTraceLines = 100;

const char* status_of(const Row& row) {
  switch (row.result) {
    case Result::Pass:
    case Result::UnexpectedPass:
      return "PASS";
    case Result::Fail:
    case Result::ExpectedFailure:  // with an incident, which is how a known problem is told
      return "FAIL";
    case Result::Skip:
      return "SKIP";
    case Result::Error:
      break;
  }
  return row.outcome == record::CaseOutcome::NotRun ? "MISS" : "ERROR";
}

/// A target as one part of a path: no dots.
std::string part(std::string text) {
  for (char& c : text)
    if (c == '.') c = '_';
  return text;
}

std::string excerpt(std::string text) {
  text = cut(text, kMostExcerpt - 64);
  return text;
}

Json environment(const record::Start& start) {
  return {{"comment", visible(start.target)},
          {"misc", {{"platform", visible(start.exporter)}, {"importer", visible(start.importer)}}}};
}

}  // namespace

bool is_kcidb_origin(const std::string& origin) {
  return !origin.empty() && std::all_of(origin.begin(), origin.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string render_kcidb(const std::vector<record::Run>& runs, const KcidbOptions& options) {
  Json checkouts = Json::array(), builds = Json::array(), tests = Json::array(),
       issues = Json::array(), incidents = Json::array();
  const std::string& origin = options.origin;
  std::set<std::string> known_builds, known_issues;

  for (Suite& suite : suites_of(runs)) {
    const record::Start start = suite.run->start.value_or(record::Start{});
    const std::string run = visible(start.run.empty() ? "unknown" : start.run);
    std::string build = options.build_id;
    if (build.empty()) {
      // A kernel of a vendor's has no commit to name: its release is what identifies it.
      const std::string kernel = visible(start.kernel.empty() ? "none" : start.kernel);
      const std::string checkout = fmt::format("{}:dmabuf_conform_{}", origin, kernel);
      build = fmt::format("{}:dmabuf_conform_{}_build", origin, kernel);
      if (known_builds.insert(build).second) {
        checkouts.push_back({{"id", checkout}, {"origin", origin}, {"comment", "Linux " + kernel}});
        builds.push_back({{"id", build},
                          {"origin", origin},
                          {"checkout_id", checkout},
                          {"comment", start.kernel.empty() ? "the reference, no kernel" : "as installed"},
                          {"misc", {{"release", kernel}, {"profile", visible(start.profile)}}}});
      }
    }
    if (suite.not_run > 0) {
      Row row{.id = "notrun", .case_id = "notrun", .outcome = record::CaseOutcome::NotRun};
      row.message = counted(suite.not_run, "planned case", "planned cases") + " never began";
      suite.rows.push_back(std::move(row));
    }
    for (const Row& row : suite.rows) {
      const std::string id =
          fmt::format("{}:{}.{}-{}.{}.{}", origin, run, start.shard_index, start.shard_count,
                      suite.target, row.id);
      Json test = {{"id", id},
                   {"origin", origin},
                   {"build_id", build},
                   {"path", fmt::format("dmabuf-conform.{}.{}", part(suite.target), row.id)},
                   {"status", status_of(row)}};
      if (!suite.run->ended().empty()) test["start_time"] = start.started;
      test["duration"] = std::max(row.ms, 0.0) / 1000;
      test["environment"] = environment(start);
      if (row.finding) {
        std::string log = explanation(row.finding, kTraceLines);
        if (!row.finding->kernel_log.empty()) log += visible(row.finding->kernel_log, Lines::Many);
        test["log_excerpt"] = excerpt(std::move(log));
      } else if (!row.message.empty()) {
        test["comment"] = cut(row.message, 1000);
      }
      if (!options.artifact_url_prefix.empty())
        test["output_files"] = {
            {{"name", "journal.ndjson"}, {"url", options.artifact_url_prefix + "/journal.ndjson"}},
            {{"name", "report.html"}, {"url", options.artifact_url_prefix + "/report.html"}}};
      Json misc = {{"outcome", record::to_string(row.outcome)}, {"model", visible(start.model)},
                   {"tool", visible(start.tool)}};
      if (row.of && !row.of->mark.empty()) misc["mark"] = visible(row.of->mark);
      if (row.of && row.of->seed != 0) misc["case_seed"] = fmt::format("{:#x}", row.of->seed);
      test["misc"] = std::move(misc);
      tests.push_back(std::move(test));

      if (row.finding == nullptr) continue;
      const record::Finding& finding = *row.finding;
      const std::string issue = fmt::format("{}:dmabuf_conform_{}", origin, lab_id(finding.id));
      if (known_issues.insert(issue).second) {
        Json requirements = Json::array();
        for (const record::Clause& clause : finding.clauses)
          requirements.push_back(visible(full_requirement_id(clause.id)));
        issues.push_back({{"id", issue},
                          {"version", finding.signature_version},
                          {"origin", origin},
                          {"report_subject", cut(visible(finding.summary), 500)},
                          {"culprit", {{"code", true}, {"tool", false}, {"harness", false}}},
                          {"comment", excerpt(explanation(&finding, kTraceLines))},
                          {"misc",
                           {{"signature", visible(finding.signature)},
                            {"kind", record::to_string(finding.kind)},
                            {"requirements", std::move(requirements)},
                            {"token", visible(finding.token)}}}});
      }
      incidents.push_back({{"id", fmt::format("{}:{}", origin, id.substr(origin.size() + 1))},
                           {"origin", origin},
                           {"issue_id", issue},
                           {"issue_version", finding.signature_version},
                           {"test_id", id},
                           {"present", true}});
    }
  }
  const Json all = {{"version", {{"major", 5}, {"minor", 3}}},
                    {"checkouts", std::move(checkouts)},
                    {"builds", std::move(builds)},
                    {"tests", std::move(tests)},
                    {"issues", std::move(issues)},
                    {"incidents", std::move(incidents)}};
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dmabuf::reports
