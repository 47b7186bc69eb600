// SPDX-License-Identifier: MIT
/// What the records of several runs say taken together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

enum class Standing {
  Silent,      ///< no row of this target and no check of it speaks of it
  NotReached,  ///< its rows were never taken
  Partly,      ///< some of its rows were taken, and nothing spoke against it
  Kept,        ///< all of its rows were taken, or a check found it kept; nothing spoke against it
  Broken,      ///< a finding names it
};

struct RequirementRow {
  std::string id;
  std::string text;  ///< as a finding quotes it; "" if none does
  std::string source;
  std::vector<Standing> standing;    ///< one for each run
  std::vector<std::uint32_t> hit;    ///< rows taken, for each run
  std::vector<std::uint32_t> total;  ///< rows that there are, for each run
};

/// By id, with every requirement that a coverage row or a finding names.
std::vector<RequirementRow> requirement_table(const std::vector<record::Run>& runs);

/// "DBUF-MAP-007" for "MAP-007" too: the form in which ids leave the project.
std::string full_requirement_id(const std::string& id);

/// What was not tested, each target and reason once though several runs say it.
std::vector<record::Skipped> distinct_skips(const std::vector<record::Run>& runs);

}  // namespace dmabuf::reports
