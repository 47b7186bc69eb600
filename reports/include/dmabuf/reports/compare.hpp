// SPDX-License-Identifier: MIT
/// Two runs side by side, and several shards as one.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

/// What became of a finding between two runs.
enum class Change {
  New,        ///< not in the base, and no case that passed there shows it
  Regressed,  ///< a case shows it that passed in the base
  Open,       ///< in both
  Fixed,      ///< the cases that showed it in the base pass now
  NotRun,     ///< the cases that showed it in the base were not run: nothing is known
};
const char* to_string(Change change);

struct Changed {
  std::string target = {};
  Change change = Change::New;
  std::string id = {}, signature = {}, summary = {};
  std::string why = {};  ///< "random.000017 passed in the base"
  friend bool operator==(const Changed&, const Changed&) = default;
};

struct Comparison {
  std::vector<Changed> findings;          ///< by change, then target and signature
  std::vector<std::string> only_in_base;  ///< targets that are no longer run
  std::vector<std::string> only_in_new;   ///< targets that were not run before
  std::string not_comparable;             ///< "" or why nothing can be said

  std::size_t count(Change change) const;
  /// 0 nothing new, 1 something new or regressed, 2 not comparable.
  int exit_code() const;
};

/// Random cases of the two can be compared one by one if base seed and model are the same, kept
/// traces always; findings by their signatures in any case. A case is fixed only if it was run.
Comparison compare(const std::vector<record::Run>& base, const std::vector<record::Run>& now);

/// Five lists, also where they are empty.
std::string render_comparison(const Comparison& comparison);
/// One object, schema dmabuf-conform.comparison/1.
std::string comparison_json(const Comparison& comparison);

struct Merged {
  std::vector<record::Run> runs;       ///< one for each target
  std::vector<std::string> complaints;  ///< missing shards, gaps, cases in two shards
};

/// Shards of one run as one. Refuses, with the reason, what does not belong together: another tool,
/// model, seed or count of shards; with `force` it is merged all the same and marked. Merging is
/// associative, commutative and idempotent, for whole shards.
tl::expected<Merged, std::string> merge(const std::vector<std::vector<record::Run>>& parts, bool force = false);

/// The records that make this run again.
std::vector<record::Record> records_of(const record::Run& run);

}  // namespace dmabuf::reports
