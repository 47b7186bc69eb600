// SPDX-License-Identifier: MIT
#include "requirements.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace dmabuf::reports {

std::string full_requirement_id(const std::string& id) {
  const auto dash = id.find('-');
  if (dash == std::string::npos || dash < 2 || dash > 4 || id.size() != dash + 4) return id;
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto middle = id.begin() + static_cast<std::ptrdiff_t>(dash);
  if (!std::all_of(id.begin(), middle, upper) || !std::all_of(middle + 1, id.end(), digit))
    return id;
  return "DBUF-" + id;
}

std::vector<RequirementRow> requirement_table(const std::vector<record::Run>& runs) {
  std::map<std::string, RequirementRow> rows;
  const auto row = [&](const std::string& id) -> RequirementRow& {
    RequirementRow& one = rows[full_requirement_id(id)];
    one.standing.resize(runs.size());
    one.hit.resize(runs.size());
    one.total.resize(runs.size());
    return one;
  };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].coverage) {
      for (const std::string& text : runs[i].coverage->hit)
        for (const std::string& id : record::requirements_of_row(text)) {
          ++row(id).hit[i];
          ++row(id).total[i];
        }
      for (const std::string& text : runs[i].coverage->missing)
        for (const std::string& id : record::requirements_of_row(text)) ++row(id).total[i];
    }
    for (auto& [id, one] : rows) {
      if (one.total[i] == 0) continue;
      one.standing[i] = one.hit[i] == 0             ? Standing::NotReached
                        : one.hit[i] < one.total[i] ? Standing::Partly
                                                    : Standing::Kept;
    }
    for (const record::Checked& checked : runs[i].checks) {
      if (checked.state != "kept" && checked.state != "broken") continue;
      RequirementRow& one = row(checked.requirement);
      // A row that was never taken is made up for by a check that looked.
      if (checked.state == "kept" && one.standing[i] != Standing::Broken &&
          one.standing[i] != Standing::Partly)
        one.standing[i] = Standing::Kept;
      if (checked.state == "broken") one.standing[i] = Standing::Broken;
    }
    for (const record::Finding& finding : runs[i].findings)
      for (const record::Clause& clause : finding.clauses) {
        if (clause.id.empty()) continue;
        RequirementRow& one = row(clause.id);
        one.standing[i] = Standing::Broken;
        if (one.text.empty()) {
          one.text = clause.text;
          one.source = clause.source;
        }
      }
  }
  std::vector<RequirementRow> table;
  table.reserve(rows.size());
  for (auto& [id, one] : rows) {
    one.id = id;
    table.push_back(std::move(one));
  }
  return table;
}

std::vector<record::Skipped> distinct_skips(const std::vector<record::Run>& runs) {
  std::vector<record::Skipped> all;
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (const record::Run& run : runs)
    for (const record::Skipped& skip : run.skips)
      if (seen.emplace(skip.target, skip.reason, skip.remedy).second) all.push_back(skip);
  return all;
}

}  // namespace dmabuf::reports
