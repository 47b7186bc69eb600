// SPDX-License-Identifier: MIT
/// What other people's formats are made of: one row for each case, with a name that all of them
/// take. KTAP, JUnit, LAVA and KCIDB differ in how they write a row, not in which rows there are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

/// What a reader outside is to make of a row; the table of docs/reference/formats.md has a column
/// for each format.
enum class Result { Pass, Fail, Skip, Error, ExpectedFailure, UnexpectedPass };

struct Row {
  std::string id = {};       ///< "random.000017": [a-z0-9]+([._-][a-z0-9]+)*, at most 100 bytes
  std::string case_id = {};  ///< as the journal has it
  Result result = Result::Error;
  record::CaseOutcome outcome = record::CaseOutcome::Error;
  const record::Case* of = nullptr;          ///< null for a row that stands for more than one case
  const record::Finding* finding = nullptr;  ///< what the case showed
  std::string message = {};                  ///< one line: reason of a skip or error
  double ms = 0;

  /// Of the finding; "" if there is none.
  std::string signature() const;
};

struct Suite {
  const record::Run* run = nullptr;
  std::string target = {};  ///< "vm-debian-6.12-udmabuf"
  std::vector<Row> rows = {};
  std::uint64_t not_run = 0;  ///< planned, and no budget excuses that they have no row
};

/// One suite for each run. No run comes out as a pass that was none: where no row of a case says
/// what the verdict says, a row "run" does. Ids are distinct within a suite and targets within the
/// report, also after `.` and `-` have become `_`, as LAVA and LKFT have it.
std::vector<Suite> suites_of(const std::vector<record::Run>& runs);
std::vector<Suite> suites_of(std::vector<record::Run>&&) = delete;  // rows point into the runs

/// The text as an id; another text may give the same.
std::string lab_id(std::string_view text);

/// The counterexample in plain lines: trace, expected, observed, because, replay. "" for null.
std::string explanation(const record::Finding* finding, std::size_t most_lines);

/// At most `bytes` of it, cut at a character, saying how much is missing.
std::string cut(std::string_view text, std::size_t bytes);

}  // namespace dmabuf::reports
