// SPDX-License-Identifier: MIT
#include "rows.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <set>
#include <unordered_map>

#include "dmabuf/record/utf8.hpp"
#include "requirements.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

using record::CaseOutcome;

namespace {

constexpr std::size_t kLongestId = 100;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return hash;
}

/// Hands out ids, each once. The hash depends on the text alone, so that a name does not change
/// with what else is in a report, but for the second of two that would be the same.
class Names {
 public:
  std::string take(std::string_view text) {
    std::string id = lab_id(text);
    for (std::uint32_t more = 0; !seen_.insert(folded(id)).second; ++more)
      id = fmt::format("{}-{:08x}", lab_id(text).substr(0, kLongestId - 9), hash_of(text) + more);
    return id;
  }

 private:
  static std::string folded(std::string id) {
    for (char& c : id)
      if (!is_letter(c)) c = '_';
    return id;
  }
  std::set<std::string> seen_;
};

Result result_of(CaseOutcome outcome, const std::string& mark) {
  switch (outcome) {
    case CaseOutcome::Pass:
      return mark == "unexpected-pass" ? Result::UnexpectedPass : Result::Pass;
    case CaseOutcome::Divergence:
    case CaseOutcome::Leak:
    case CaseOutcome::Crash:
    case CaseOutcome::Hang:
      return mark == "expected" || mark == "flaky" || mark == "waived" ? Result::ExpectedFailure
                                                                       : Result::Fail;
    case CaseOutcome::Skip:
      return Result::Skip;
    case CaseOutcome::Error:
    case CaseOutcome::Interrupted:
    case CaseOutcome::NotRun:
      break;
  }
  return Result::Error;
}

Suite suite_of(const record::Run& run) {
  Suite suite{.run = &run, .target = {}, .rows = {}};
  std::unordered_map<std::string, const record::Finding*> findings;
  for (const record::Finding& finding : run.findings) findings[finding.signature] = &finding;

  Names names;
  std::uint64_t listed_passes = 0;
  bool failed = false, broken = false;
  for (const record::Case& one : run.cases) {
    Row row{.id = names.take(one.id), .case_id = one.id, .of = &one};
    row.outcome = one.outcome();
    row.result = result_of(row.outcome, one.mark);
    for (const record::Try& attempt : one.tries) {
      row.ms += attempt.ms;
      if (row.message.empty()) row.message = visible(attempt.message);
      const auto found = findings.find(attempt.signature);
      if (found != findings.end()) row.finding = found->second;
    }
    if (row.outcome == CaseOutcome::Interrupted && row.message.empty())
      row.message = "begun and never ended";
    listed_passes += row.outcome == CaseOutcome::Pass ? 1 : 0;
    failed = failed || record::is_finding(row.outcome);
    broken = broken || row.result == Result::Error;
    suite.rows.push_back(std::move(row));
  }

  const record::Totals totals = run.totals();
  if (const std::uint64_t rest = totals[CaseOutcome::Pass] - listed_passes; rest > 0) {
    Row row{.id = names.take("random.unlisted"), .case_id = "random.unlisted"};
    row.outcome = CaseOutcome::Pass;
    row.result = Result::Pass;
    row.message = counted(rest, "case", "cases") + " passed that the journal counts and does not list";
    suite.rows.push_back(std::move(row));
  }
  if (!run.ended_by_budget()) suite.not_run = totals[CaseOutcome::NotRun];

  // What no case tells is told by a row of its own.
  const record::Judgement judgement = run.judgement();
  Row row{.id = {}, .case_id = "run", .message = visible(judgement.because)};
  if (run.skipped_whole()) {
    row.outcome = CaseOutcome::Skip;
    row.message = visible(run.skips.front().reason);
    if (!run.skips.front().remedy.empty())
      row.message += "; remedy: " + visible(run.skips.front().remedy);
    suite.not_run = 0;
  } else if (judgement.verdict == record::Verdict::Diverges && !failed) {
    row.outcome = CaseOutcome::Divergence;
    if (!run.findings.empty()) row.finding = &run.findings.front();
  } else if (judgement.verdict == record::Verdict::Inconclusive && !broken) {
    row.outcome = CaseOutcome::Error;
  } else {
    return suite;
  }
  row.result = result_of(row.outcome, "");
  row.id = names.take(row.case_id);
  suite.rows.push_back(std::move(row));
  return suite;
}

}  // namespace

std::string Row::signature() const { return finding ? record::valid_utf8(finding->signature) : ""; }

std::string lab_id(std::string_view text) {
  std::string id;
  bool separator = false, lossy = false;
  for (const char given : text) {
    const char c = given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given;
    const bool known = c == '.' || c == '_' || c == '-';
    if (!is_letter(c)) {
      lossy = lossy || separator || !(known || c == ':' || c == '/');
      if (!separator && !id.empty()) id += known ? c : '-';
      separator = true;
      continue;
    }
    id += c;
    separator = false;
  }
  while (!id.empty() && !is_letter(id.back())) id.pop_back();
  if (id.empty()) return fmt::format("x-{:08x}", hash_of(text));
  if (id.size() <= kLongestId && !lossy) return id;
  id.resize(std::min(id.size(), kLongestId - 9));
  while (!is_letter(id.back())) id.pop_back();
  return fmt::format("{}-{:08x}", id, hash_of(text));
}

std::vector<Suite> suites_of(const std::vector<record::Run>& runs) {
  std::vector<Suite> suites;
  Names names;
  for (const record::Run& run : runs) {
    suites.push_back(suite_of(run));
    suites.back().target = names.take(run.target());
  }
  return suites;
}

std::string explanation(const record::Finding* finding, std::size_t most_lines) {
  if (finding == nullptr) return "";
  std::string text = visible(finding->summary) + "\n";
  const std::size_t steps = finding->trace.size();
  const std::size_t head = steps <= most_lines ? steps : most_lines / 2;
  const std::size_t tail = steps <= most_lines ? 0 : most_lines - head;
  const auto line = [&](std::size_t i) {
    const record::Step& step = finding->trace[i];
    text += fmt::format("{} {} -> {}{}{}\n", i + 1, visible(step.operation), visible(step.outcome),
                        step.note.empty() ? "" : " | ", visible(step.note));
  };
  for (std::size_t i = 0; i < head; ++i) line(i);
  if (head + tail < steps)
    text += fmt::format("... {} operations left out ...\n", grouped(steps - head - tail));
  for (std::size_t i = steps - tail; i < steps; ++i) line(i);
  text += "expected " + visible(finding->expected) + "\nobserved " + visible(finding->observed) + "\n";
  for (const record::Clause& clause : finding->clauses)
    text += fmt::format("because {} {} [{}]\n", visible(full_requirement_id(clause.id)),
                        visible(clause.text), visible(clause.source));
  if (!finding->replay.empty()) text += "replay " + visible(finding->replay) + "\n";
  return text;
}

std::string cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  constexpr std::size_t kRoom = 40;  // for what says so
  std::size_t at = bytes > kRoom ? bytes - kRoom : 0;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return fmt::format("{}\n(... {} bytes more)\n", text.substr(0, at), grouped(text.size() - at));
}

}  // namespace dmabuf::reports
