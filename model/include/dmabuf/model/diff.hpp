// SPDX-License-Identifier: MIT
/// What tells two profiles apart: the fields in which they differ, and the shortest program whose outcomes or
/// observations one of them allows and the other does not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/bounds.hpp"
#include "dmabuf/model/profile.hpp"

namespace dmabuf::model {

struct FieldDifference {
  std::string_view field;  ///< "caches_mappings"
  std::string a, b;        ///< "yes", "maybe", "2", …
};
/// All fields but name and source.
std::vector<FieldDifference> differences(const KernelProfile& a, const KernelProfile& b);
std::vector<FieldDifference> differences(const ExporterProfile& a, const ExporterProfile& b);

/// A program that tells them apart at its last operation.
struct Distinction {
  std::vector<Operation> a, b;  ///< the same but for how a buffer is made, where that differs
  /// Where they part: "outcome", "attach_calls of b0", "a call" that only one has. Empty if one of them promises nothing there.
  std::string where;
  std::vector<std::string> allowed_a, allowed_b;  ///< in words
};

struct ProfileDiff {
  std::optional<Distinction> distinction;
  std::uint64_t searched = 0;  ///< pairs of sets of worlds looked at
  unsigned depth = 0;          ///< programs of so many steps were all tried
  bool complete = false;       ///< all there is within the bounds was tried
};

/// One buffer, a few of everything else: what a difference in a profile's fields takes to show.
Bounds diff_bounds();

/// Breadth first over what both allow. Where a buffer is made in different ways, making one counts as one step.
ProfileDiff distinguish(const Profile& a, const Profile& b, const Bounds& bounds = diff_bounds(),
                        std::uint64_t limit = 20'000, unsigned most_steps = 64);

}  // namespace dmabuf::model
