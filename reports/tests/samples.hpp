// SPDX-License-Identifier: MIT
/// Hand-written records that the tests of every writer share.
#pragma once

#include <vector>

#include "dmabuf/record/record.hpp"
#include "dmabuf/record/run.hpp"

namespace dmabuf::samples {

/// A short run with one finding, a retry, a skip, a warning and its coverage.
std::vector<record::Record> small();
/// Two planned cases, both passed.
std::vector<record::Record> passing();

/// A divergence and a leak on a kernel, a conforming reference, a target that was not there.
std::vector<record::Run> several_targets();
/// Markup, control characters, invalid UTF-8 and nothing at all where text should be.
std::vector<record::Run> hostile();
/// A counterexample of 10,000 operations, which did not want to shrink.
std::vector<record::Run> endless();

/// Each outcome and each mark once; a target that was skipped, one whose passes are only counted, one
/// that broke off.
std::vector<record::Run> one_of_each();

}  // namespace dmabuf::samples
