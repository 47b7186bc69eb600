// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "dmabuf/reports/formats.hpp"
#include "rows.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

namespace {

constexpr std::size_t kTraceLines = 60;

/// What stands behind a directive: one line, and no second '#'.
std::string one_line(std::string_view text) {
  std::string shown = visible(text);
  std::replace(shown.begin(), shown.end(), '#', ' ');
  return cut(shown, 400).substr(0, 400);
}

/// Each line behind "# ". A test line in the middle of it cannot be mistaken for one of ours.
void diagnose(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += fmt::format("#   {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string directive(const Row& row) {
  const std::string signature = row.finding ? " sig=" + one_line(row.finding->signature) : "";
  switch (row.result) {
    case Result::Pass:
      return "";
    case Result::UnexpectedPass:
      return " # XPASS";
    case Result::ExpectedFailure:
      return " # XFAIL" + signature;
    case Result::Skip:
      return " # SKIP";  // with no reason behind it: LKFT takes it for a part of the name
    case Result::Error:
      return " # ERROR " + one_line(row.message);
    case Result::Fail:
      if (row.outcome == record::CaseOutcome::Hang)
        return fmt::format(" # TIMEOUT {:.0f} seconds{}", std::max(row.ms, 0.0) / 1000, signature);
      return fmt::format(" # {}{}", record::to_string(row.outcome), signature);
  }
  return "";
}

}  // namespace

std::string render_ktap(const std::vector<record::Run>& runs) {
  const std::vector<Suite> suites = suites_of(runs);
  std::uint64_t planned = 0;
  for (const Suite& suite : suites) planned += suite.rows.size() + suite.not_run;
  // The plan, before anything can go wrong: what is missing then was lost and not passed.
  std::string out = fmt::format("KTAP version 1\n1..{}\n", planned);
  std::uint64_t number = 0, pass = 0, fail = 0, xfail = 0, xpass = 0, skip = 0, error = 0;
  for (const Suite& suite : suites) {
    const record::Start start = suite.run->start.value_or(record::Start{});
    out += fmt::format("# target {} kernel {} seed {:#x} tool {} model {}\n",
                       one_line(suite.run->target()), start.kernel.empty() ? "-" : one_line(start.kernel),
                       start.seed, one_line(start.tool), one_line(start.model));
    for (const Row& row : suite.rows) {
      const std::string name = suite.target + "." + row.id;
      out += fmt::format("# begin {}", name);
      if (row.of && row.of->seed != 0) out += fmt::format(" seed={:#x}", row.of->seed);
      out += '\n';
      if (!row.message.empty() && row.result != Result::Error) diagnose(out, row.message);
      if (row.of && row.of->tries.size() > 1) {
        std::string tries;
        for (const record::Try& one : row.of->tries)
          tries += fmt::format(" {}", one.ended ? record::to_string(one.outcome) : "interrupted");
        diagnose(out, "tries:" + tries);
      }
      if (row.result == Result::Fail || row.result == Result::ExpectedFailure)
        diagnose(out, explanation(row.finding, kTraceLines));
      const bool good = row.result != Result::Fail && row.result != Result::Error;
      out += fmt::format("{} {} {}{}\n", good ? "ok" : "not ok", ++number, name, directive(row));
      ++(row.result == Result::Pass              ? pass
         : row.result == Result::UnexpectedPass  ? xpass
         : row.result == Result::ExpectedFailure ? xfail
         : row.result == Result::Skip            ? skip
         : row.result == Result::Error           ? error
                                                 : fail);
    }
    if (suite.not_run > 0)
      out += fmt::format("# {} of {} never began\n", counted(suite.not_run, "case", "cases"), suite.target);
    number += suite.not_run;  // the gap is theirs
  }
  const record::Judgement judgement = record::overall(runs);
  out += fmt::format("# {}: {}\n", record::to_string(judgement.verdict), one_line(judgement.because));
  out += fmt::format("# Totals: pass:{} fail:{} xfail:{} xpass:{} skip:{} error:{}\n", pass, fail,
                     xfail, xpass, skip, error);
  return out;
}

}  // namespace dmabuf::reports
