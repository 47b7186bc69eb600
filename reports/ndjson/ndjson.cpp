// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dmabuf/record/utf8.hpp"
#include "dmabuf/reports/formats.hpp"
#include "requirements.hpp"
#include "rows.hpp"

namespace dmabuf::reports {

namespace {

using Json = nlohmann::ordered_json;
using record::valid_utf8;

void line(std::string& out, const Json& json) {
  out += json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

const char* result_word(Result result) {
  switch (result) {
    case Result::Pass:
      return "pass";
    case Result::Fail:
      return "fail";
    case Result::Skip:
      return "skip";
    case Result::Error:
      return "error";
    case Result::ExpectedFailure:
      return "xfail";
    case Result::UnexpectedPass:
      return "xpass";
  }
  return "error";
}

}  // namespace

std::string render_ndjson(const std::vector<record::Run>& runs) {
  std::string out;
  for (const Suite& suite : suites_of(runs)) {
    const record::Run& run = *suite.run;
    const record::Start start = run.start.value_or(record::Start{});
    const std::string target = valid_utf8(run.target());
    line(out, {{"rec", "run"},
               {"schema", "dmabuf-conform.lines/1"},
               {"run", valid_utf8(start.run)},
               {"target", target},
               {"kernel", valid_utf8(start.kernel)},
               {"tool", valid_utf8(start.tool)},
               {"model", valid_utf8(start.model)},
               {"seed", hex(start.seed)},
               {"shard", {start.shard_index, start.shard_count}},
               {"started", valid_utf8(start.started)}});
    for (const Row& row : suite.rows) {
      Json json = {{"rec", "case"},
                   {"target", target},
                   {"case", row.id},
                   {"outcome", record::to_string(row.outcome)},
                   {"result", result_word(row.result)},
                   {"ms", row.ms}};
      if (row.of) json["tries"] = row.of->tries.size();
      if (row.of && row.of->seed != 0) json["case_seed"] = hex(row.of->seed);
      if (row.of && !row.of->mark.empty()) json["mark"] = valid_utf8(row.of->mark);
      if (row.finding) json["finding"] = valid_utf8(row.finding->id);
      if (!row.message.empty()) json["message"] = valid_utf8(row.message);
      line(out, json);
    }
    for (const record::Finding& finding : run.findings) {
      Json requirements = Json::array(), trace = Json::array();
      for (const record::Clause& clause : finding.clauses)
        requirements.push_back(valid_utf8(full_requirement_id(clause.id)));
      for (const record::Step& step : finding.trace)
        trace.push_back({valid_utf8(step.operation), valid_utf8(step.outcome)});
      line(out, {{"rec", "finding"},
                 {"target", target},
                 {"id", valid_utf8(finding.id)},
                 {"sig", valid_utf8(finding.signature)},
                 {"sigv", finding.signature_version},
                 {"kind", record::to_string(finding.kind)},
                 {"count", finding.count},
                 {"first_case", valid_utf8(finding.first_case)},
                 {"summary", valid_utf8(finding.summary)},
                 {"expected", valid_utf8(finding.expected)},
                 {"observed", valid_utf8(finding.observed)},
                 {"req", std::move(requirements)},
                 {"trace", std::move(trace)},
                 {"repro", valid_utf8(finding.token.empty() ? finding.replay : finding.token)}});
    }
    const record::Judgement judgement = run.judgement();
    line(out, {{"rec", "verdict"},
               {"target", target},
               {"verdict", record::to_string(judgement.verdict)},
               {"because", valid_utf8(judgement.because)},
               {"exit_code", run.exit_code()},
               {"stop_reason", valid_utf8(run.stop ? run.stop->reason : "")},
               {"notrun", suite.not_run}});
  }
  return out;
}

}  // namespace dmabuf::reports
