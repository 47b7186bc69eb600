// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "dmabuf/record/utf8.hpp"
#include "dmabuf/reports/json.hpp"
#include "requirements.hpp"

namespace dmabuf::reports {

namespace {

using Json = nlohmann::ordered_json;
using record::CaseOutcome;
using record::Run;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json text(std::string_view data) { return record::valid_utf8(data); }

/// Version, commit and dirty flag out of "dmabuf-conform 0.1.0 4f1c2ab9d0e7-dirty" and its like.
Json tool(const std::string& tool) {
  Json result = {{"version", ""}, {"commit", ""}, {"dirty", false}};
  std::string word;
  const auto take = [&] {
    if (const auto suffix = word.rfind("-dirty");
        suffix != std::string::npos && suffix + 6 == word.size()) {
      word.resize(suffix);
      result["dirty"] = true;
    }
    if (word == "dirty")
      result["dirty"] = true;
    else if (!word.empty() && result["version"] == "") {
      // A name may come first: "dmabuf-conform 0.1.0 4f1c2ab9d0e7".
      if (word.find_first_of("0123456789") != std::string::npos) result["version"] = text(word);
    }
    else if (!word.empty() && result["commit"] == "")
      result["commit"] = text(word);
    word.clear();
  };
  for (const char c : tool) {
    if (c == ' ' || c == '(' || c == ')' || c == ',')
      take();
    else
      word += c;
  }
  take();
  return result;
}

std::string hex(std::uint64_t value) { return fmt::format("0x{:x}", value); }

/// An object whose members stand one on a line, written as it goes: a long run has a million cases,
/// and they need not be in memory twice.
class Lines {
 public:
  explicit Lines(std::string indent) : indent_(std::move(indent)) {}
  void add(std::string_view name, const std::string& json) {
    out_ += out_.empty() ? "{\n" : ",\n";
    out_ += fmt::format("{}  \"{}\": {}", indent_, name, json);
  }
  void add(std::string_view name, const Json& json) { add(name, dump(json)); }
  std::string finish() && { return std::move(out_) + "\n" + indent_ + "}"; }

 private:
  std::string indent_;
  std::string out_;
};

/// An array whose elements stand one on a line.
class Rows {
 public:
  explicit Rows(const std::string& indent) : indent_(indent) {}
  void add(const std::string& json) {
    out_ += out_.empty() ? "[\n    " : ",\n    ";
    out_ += indent_;
    out_ += json;
  }
  std::string finish() && { return out_.empty() ? "[]" : std::move(out_) + "\n" + indent_ + "  ]"; }

 private:
  std::string indent_;
  std::string out_;
};

std::string cases_of(const Run& run, const std::string& indent) {
  std::unordered_map<std::string, Json> broken;  // requirements by signature
  for (const record::Finding& finding : run.findings) {
    std::set<std::string> ids;
    for (const record::Clause& clause : finding.clauses)
      if (!clause.id.empty()) ids.insert(record::valid_utf8(full_requirement_id(clause.id)));
    broken[finding.signature] = ids;
  }
  std::unordered_map<std::string, std::set<std::string>> asked;  // requirements by case
  for (const record::Checked& checked : run.checks)
    if (checked.state != "not-applicable")
      asked[checked.case_id].insert(record::valid_utf8(full_requirement_id(checked.requirement)));
  Rows rows(indent);
  for (const record::Case& one : run.cases) {
    Json json = {{"id", text(one.id)}, {"outcome", to_string(one.outcome())}};
    if (!one.mark.empty()) json["mark"] = text(one.mark);
    Json tries = Json::array(), requirements = Json::array();
    for (const record::Try& attempt : one.tries) {
      Json entry = {{"outcome", to_string(attempt.outcome)}, {"ms", attempt.ms}};
      if (!attempt.signature.empty()) {
        entry["sig"] = text(attempt.signature);
        if (const auto found = broken.find(attempt.signature); found != broken.end())
          requirements = found->second;
      }
      if (!attempt.message.empty()) entry["message"] = text(attempt.message);
      tries.push_back(std::move(entry));
    }
    if (const auto found = asked.find(one.id); found != asked.end()) requirements = found->second;
    json["tries"] = std::move(tries);
    json["req"] = std::move(requirements);
    rows.add(dump(json));
  }
  return std::move(rows).finish();
}

std::string findings_of(const Run& run, const std::string& indent) {
  Rows rows(indent);
  for (const record::Finding& finding : run.findings) {
    Json requirements = Json::array();
    for (const record::Clause& clause : finding.clauses)
      requirements.push_back(text(full_requirement_id(clause.id)));
    rows.add(dump({{"id", text(finding.id)},
                   {"sig", text(finding.signature)},
                   {"sigv", finding.signature_version},
                   {"kind", to_string(finding.kind)},
                   {"count", finding.count},
                   {"first_case", text(finding.first_case)},
                   {"case_seed", hex(finding.case_seed)},
                   {"summary", text(finding.summary)},
                   {"expected", text(finding.expected)},
                   {"observed", text(finding.observed)},
                   {"req", std::move(requirements)},
                   {"shrunk_ops", finding.trace.size()},
                   {"original_ops", finding.original_operations},
                   {"minimality", text(finding.minimality)},
                   {"repro", text(finding.token.empty() ? finding.replay : finding.token)},
                   {"replay", text(finding.replay)}}));
  }
  return std::move(rows).finish();
}

/// What directed checks say, for each case and requirement.
std::string checks_of(const Run& run, const std::string& indent) {
  Rows rows(indent);
  for (const record::Checked& checked : run.checks) {
    Json json = {{"case", text(checked.case_id)},
                 {"req", text(full_requirement_id(checked.requirement))},
                 {"state", text(checked.state)}};
    if (!checked.call.empty()) json["call"] = text(checked.call);
    if (!checked.expected.empty()) json["expected"] = text(checked.expected);
    if (!checked.observed.empty()) json["observed"] = text(checked.observed);
    if (!checked.reason.empty()) json["reason"] = text(checked.reason);
    if (!checked.remedy.empty()) json["remedy"] = text(checked.remedy);
    rows.add(dump(json));
  }
  return std::move(rows).finish();
}

Json totals_of(const record::Totals& totals) {
  Json json = Json::object();
  for (std::size_t i = 0; i < record::kCaseOutcomes; ++i)
    json[to_string(static_cast<CaseOutcome>(i))] = totals.of[i];
  return json;
}

Json marks_of(const Run& run) {
  Json json = {{"expected", 0}, {"unexpected_pass", 0}, {"flaky", 0}, {"waived", 0}};
  for (const record::Case& one : run.cases) {
    const std::string key = one.mark == "unexpected-pass" ? "unexpected_pass" : one.mark;
    if (const auto found = json.find(key); found != json.end())
      *found = found->get<std::uint64_t>() + 1;
  }
  return json;
}

Json coverage_of(const Run& run) {
  std::size_t hit = 0, total = 0;
  std::vector<Run> one(1);
  one[0].coverage = run.coverage;
  for (const RequirementRow& row : requirement_table(one)) {
    hit += row.hit[0] > 0 ? 1 : 0;
    total += row.total[0] > 0 ? 1 : 0;
  }
  return {{"transitions_hit", run.coverage ? run.coverage->rows_hit : 0},
          {"transitions_total", run.coverage ? run.coverage->rows_total : 0},
          {"requirements_hit", hit},
          {"requirements_total", total}};
}

Json skips_of(const std::vector<record::Skipped>& skips) {
  Json json = Json::array();
  for (const record::Skipped& skip : skips)
    json.push_back({{"target", text(skip.target)},
                    {"reason", text(skip.reason)},
                    {"remedy", text(skip.remedy)}});
  return json;
}

constexpr const char* kSchema = "dmabuf-conform.results/1";
constexpr std::string_view kBudget = "budget.";

std::string results(const Run& run, const std::string& indent) {
  const record::Start start = run.start.value_or(record::Start{});
  const record::Judgement judgement = run.judgement();
  const record::Totals totals = run.totals();
  Json budgets = Json::object();
  for (const record::Note& note : run.notes)
    if (note.key.starts_with(kBudget))
      budgets[record::valid_utf8(note.key.substr(kBudget.size()))] = text(note.value);

  Lines out(indent);
  out.add("schema", Json(kSchema));
  out.add("run", text(start.run));
  out.add("tool", tool(start.tool));
  out.add("model", text(start.model));
  out.add("target", text(run.target()));
  out.add("exporter", text(start.exporter));
  out.add("importer", text(start.importer));
  out.add("kernel", text(start.kernel));
  out.add("profile", text(start.profile));
  out.add("env_sha256", text(run.note("env_sha256")));
  out.add("shard", Json{start.shard_index, start.shard_count});
  out.add("seed", Json(hex(start.seed)));
  out.add("started", text(start.started));
  out.add("ended", text(run.ended()));
  out.add("seconds", Json(run.seconds()));
  out.add("stop_reason", text(run.stop ? run.stop->reason : ""));
  out.add("verdict", Json(to_string(judgement.verdict)));
  out.add("because", text(judgement.because));
  out.add("exit_code", Json(run.exit_code()));
  out.add("operations", Json(totals.operations));
  out.add("totals", totals_of(totals));
  out.add("marks", marks_of(run));
  out.add("cases", cases_of(run, indent));
  if (!run.checks.empty()) out.add("checks", checks_of(run, indent));
  out.add("findings", findings_of(run, indent));
  out.add("skips", skips_of(run.skips));
  out.add("coverage", coverage_of(run));
  out.add("budgets", budgets);
  out.add("journal", Json{{"damaged_lines", run.damaged_lines},
                          {"missing_records", run.missing_records},
                          {"unknown_records", run.unknown_records},
                          {"cut_off", run.cut_off}});
  return std::move(out).finish();
}

}  // namespace

std::string results_json(const Run& run) { return results(run, "") + "\n"; }

std::string results_json(const std::vector<Run>& runs) {
  if (runs.size() == 1) return results_json(runs.front());
  const record::Judgement judgement = overall(runs);
  record::Totals totals;
  Rows each("");
  for (const Run& run : runs) {
    const record::Totals one = run.totals();
    for (std::size_t i = 0; i < record::kCaseOutcomes; ++i) totals.of[i] += one.of[i];
    totals.operations += one.operations;
    each.add(results(run, "    "));
  }
  Lines out("");
  out.add("schema", Json(kSchema));
  out.add("verdict", Json(to_string(judgement.verdict)));
  out.add("because", text(judgement.because));
  out.add("operations", Json(totals.operations));
  out.add("totals", totals_of(totals));
  out.add("runs", std::move(each).finish());
  return std::move(out).finish() + "\n";
}

}  // namespace dmabuf::reports
