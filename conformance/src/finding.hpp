// SPDX-License-Identifier: MIT
/// From a case that failed to the record of a finding: shrunk, explained, with its replay command.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dmabuf/conformance/runner.hpp"
#include "dmabuf/conformance/shrink.hpp"
#include "dmabuf/record/record.hpp"

namespace dmabuf::conformance {

/// What was seen of one failing case, kept apart from the runner, which is needed again.
struct Failure {
  Program program;  ///< cut after the difference
  Difference difference;
  std::vector<Step> steps;  ///< with outcomes
  std::vector<Step> aftermath;
};

/// The failure in the runner's last result, if it has one. A leak that shows only in what remains
/// after the case is traced to the operation after which it remains: that takes further runs.
std::optional<Failure> failure_of(Runner& runner, const CaseResult& result, const Runner::Signatures* known);

/// Runs the program and gives the failure of that signature, or nothing.
std::optional<Failure> reproduce(Runner& runner, const Program& program, const std::string& signature,
                                 const Runner::Signatures* known);

/// The record, without target-independent parts of a campaign (first case, seed, count).
record::Finding describe(const Failure& failure, const std::string& target, const model::Profile& profile);

struct Shrunk {
  Failure failure;
  ShrinkResult result;
};
/// `stop` may end it early; the best so far is what comes back.
Shrunk shrink_failure(Runner& runner, const Failure& failure, const ShrinkLimits& limits,
                      const Runner::Signatures* known, const std::function<void(const Failure&)>& improved,
                      const std::function<bool()>& stop);

/// Adds what shrinking found out to the record.
void note_shrinking(record::Finding& finding, const Failure& original, const ShrinkResult& result);

}  // namespace dmabuf::conformance
