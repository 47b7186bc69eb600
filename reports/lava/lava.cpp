// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "dmabuf/reports/formats.hpp"
#include "rows.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

namespace {

constexpr std::size_t kTraceLines = 60;
constexpr std::size_t kMostBytes = 64 << 10;  // 6 s of a serial line at 115200 baud

/// The four words that LAVA knows: a fifth loses the result.
const char* word_of(const Row& row) {
  switch (row.result) {
    case Result::Pass:
    case Result::UnexpectedPass:
    case Result::ExpectedFailure:
      return "pass";
    case Result::Fail:
      return "fail";
    case Result::Skip:
      return "skip";
    case Result::Error:
      break;
  }
  return "unknown";
}

/// Free text must not look like a signal.
std::string defused(std::string text) {
  constexpr std::string_view kSignal = "<LAVA_";
  for (std::size_t at = 0; (at = text.find(kSignal, at)) != std::string::npos; ++at) text[at] = '(';
  return text;
}

}  // namespace

std::string render_lava(const std::vector<record::Run>& runs) {
  std::string out;
  for (const Suite& suite : suites_of(runs)) {
    out += fmt::format("<LAVA_SIGNAL_TESTSET START {}>\n", suite.target);
    for (const Row& row : suite.rows) {
      std::string said = row.message.empty() ? "" : row.message + "\n";
      said += explanation(row.finding, kTraceLines);
      out += fmt::format("<LAVA_SIGNAL_STARTTC {}>\n", row.id);
      out += defused(cut(said, kMostBytes));
      out += fmt::format("<LAVA_SIGNAL_ENDTC {}>\n", row.id);
      out += fmt::format("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={} RESULT={}>\n", row.id, word_of(row));
    }
    if (suite.not_run > 0)
      out += fmt::format("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=notrun RESULT=unknown MEASUREMENT={} "
                         "UNITS=cases>\n", suite.not_run);
    out += "<LAVA_SIGNAL_TESTSET STOP>\n";
  }
  return out;
}

std::string render_lava_results(const std::vector<record::Run>& runs) {
  std::string out;
  for (const Suite& suite : suites_of(runs)) {
    out += fmt::format("lava-test-set start {}\n", suite.target);
    for (const Row& row : suite.rows) out += fmt::format("{} {}\n", row.id, word_of(row));
    if (suite.not_run > 0) out += fmt::format("notrun unknown {} cases\n", suite.not_run);
    out += fmt::format("lava-test-set stop {}\n", suite.target);
  }
  return out;
}

}  // namespace dmabuf::reports
