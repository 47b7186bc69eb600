// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "dmabuf/reports/formats.hpp"
#include "requirements.hpp"
#include "rows.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

namespace {

constexpr std::size_t kMostBytes = 64 << 10;
constexpr std::size_t kTraceLines = 400;

/// XML 1.0 takes most control characters not even as entities: visible() has replaced them.
std::string xml(std::string_view text, Lines lines = Lines::One) {
  std::string out;
  for (const char c : visible(text, lines)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += '\n';
        break;
      default:
        out += c;
    }
  return out;
}

std::string seconds(double ms) {
  return fmt::format("{:.3f}", std::isfinite(ms) && ms > 0 ? ms / 1000 : 0.0);
}

std::string property(std::string_view indent, std::string_view name, std::string_view value) {
  return fmt::format("{}<property name=\"{}\" value=\"{}\"/>\n", indent, name, xml(cut(value, 4096)));
}

std::string attempts(const record::Case& one) {
  std::string text;
  for (const record::Try& attempt : one.tries)
    text += fmt::format("try {}: {} ({:.1f} ms){}{}\n", attempt.attempt,
                        attempt.ended ? record::to_string(attempt.outcome) : "interrupted",
                        attempt.ms, attempt.message.empty() ? "" : ": ", attempt.message);
  return text;
}

std::string properties(const Row& row) {
  constexpr std::string_view kIndent = "        ";
  std::string text;
  if (row.finding) {
    std::set<std::string> ids;
    for (const record::Clause& clause : row.finding->clauses)
      if (!clause.id.empty()) ids.insert(full_requirement_id(clause.id));
    for (const std::string& id : ids) text += property(kIndent, "requirement", id);
    text += property(kIndent, "signature", row.finding->signature);
    text += property(kIndent, "finding", row.finding->id);
  }
  if (row.of && row.of->seed != 0) text += property(kIndent, "seed", fmt::format("{:#x}", row.of->seed));
  if (row.of && row.of->tries.size() > 1)
    text += property(kIndent, "attempts", std::to_string(row.of->tries.size()));
  if (row.of && !row.of->mark.empty()) text += property(kIndent, "mark", row.of->mark);
  return text.empty() ? text : "      <properties>\n" + text + "      </properties>\n";
}

std::string verdict_of(const Row& row) {
  const char* const word = record::to_string(row.outcome);
  const std::string summary = row.finding ? row.finding->summary : row.message;
  switch (row.result) {
    case Result::Pass:
    case Result::UnexpectedPass:
      return "";
    case Result::Skip:
      return fmt::format("      <skipped message=\"{}\"/>\n", xml(cut(row.message, 1000)));
    case Result::ExpectedFailure:
      return fmt::format("      <skipped message=\"expected: {}\"/>\n", xml(cut(summary, 1000)));
    case Result::Error:
      return fmt::format("      <error type=\"{}\" message=\"{}\"/>\n", word, xml(cut(row.message, 1000)));
    case Result::Fail:
      return fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", word,
                         xml(cut(summary, 1000)),
                         xml(cut(explanation(row.finding, kTraceLines), kMostBytes), Lines::Many));
  }
  return "";
}

std::string testcase(const Suite& suite, const Row& row) {
  std::string body = properties(row) + verdict_of(row);
  std::string said = row.of && row.of->tries.size() > 1 ? attempts(*row.of) : "";
  if (row.finding && !row.finding->kernel_log.empty()) said += row.finding->kernel_log + "\n";
  if (row.result == Result::Pass && !row.message.empty()) said += row.message + "\n";
  if (!said.empty())
    body += "      <system-out>" + xml(cut(said, kMostBytes), Lines::Many) + "</system-out>\n";
  const std::string head =
      fmt::format("    <testcase classname=\"dmabuf-conform.{}\" name=\"{}\" time=\"{}\"",
                  suite.target, row.id, seconds(row.ms));
  return body.empty() ? head + "/>\n" : head + ">\n" + body + "    </testcase>\n";
}

struct Counts {
  std::uint64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double ms = 0;
  void add(const Row& row) {
    ++tests;
    failures += row.result == Result::Fail ? 1 : 0;
    errors += row.result == Result::Error ? 1 : 0;
    skipped += row.result == Result::Skip || row.result == Result::ExpectedFailure ? 1 : 0;
    ms += row.ms;
  }
  std::string text() const {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"", tests,
                       failures, errors, skipped, seconds(ms));
  }
};

}  // namespace

std::string render_junit(const std::vector<record::Run>& runs) {
  std::vector<Suite> suites = suites_of(runs);
  Counts all;
  std::string body;
  for (Suite& suite : suites) {
    if (suite.not_run > 0) {
      Row row{.id = "notrun", .case_id = "notrun", .outcome = record::CaseOutcome::NotRun};
      row.message = counted(suite.not_run, "planned case", "planned cases") + " never began";
      suite.rows.push_back(std::move(row));
    }
    Counts counts;
    std::string rows;
    for (const Row& row : suite.rows) {
      counts.add(row);
      all.add(row);
      rows += testcase(suite, row);
    }
    const record::Start start = suite.run->start.value_or(record::Start{});
    body += fmt::format("  <testsuite name=\"dmabuf-conform.{}\" {}", suite.target, counts.text());
    if (!suite.run->ended().empty()) body += fmt::format(" timestamp=\"{}\"", start.started.substr(0, 19));
    body += ">\n    <properties>\n";
    constexpr std::string_view kIndent = "      ";
    body += property(kIndent, "target", suite.run->target());
    body += property(kIndent, "exporter", start.exporter);
    body += property(kIndent, "kernel", start.kernel);
    body += property(kIndent, "seed", fmt::format("{:#x}", start.seed));
    body += property(kIndent, "shard", fmt::format("{}/{}", start.shard_index, start.shard_count));
    body += property(kIndent, "tool", start.tool);
    body += property(kIndent, "model", start.model);
    body += property(kIndent, "verdict", record::to_string(suite.run->judgement().verdict));
    body += "    </properties>\n" + rows + "  </testsuite>\n";
  }
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dmabuf-conform\" {}>\n",
                     all.text()) +
         body + "</testsuites>\n";
}

}  // namespace dmabuf::reports
