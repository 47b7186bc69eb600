// SPDX-License-Identifier: MIT
/// From a program that shows a difference to the smallest one that shows the same.
///
/// Chunks first, then single lines until no line can go (1-minimal), then pairs, then aliases (what
/// came through a message or a dup is used directly), then simpler arguments, then, if the target is
/// fast enough, two lines for another one, then slots renamed in the order of their first use. A line whose precondition is gone is skipped, never repaired; what
/// was tried before is not tried again; a candidate counts only if it shows the same signature.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dmabuf/conformance/program.hpp"

namespace dmabuf::conformance {

struct ShrinkLimits {
  std::chrono::milliseconds time{60000};  ///< 0: do not shrink
  std::uint32_t runs = 20000;             ///< on the target
  std::uint32_t pairs_below = 12;  ///< pairs of lines are tried in programs this short; each costs n²/2 runs
  /// Two lines are replaced by one if trying that is expected to take no longer: thousands of runs.
  std::chrono::milliseconds substitution_time{2000};
};

struct ShrinkResult {
  Program program;             ///< the best found; the original if nothing helped
  std::uint32_t runs = 0;      ///< on the target
  std::uint32_t remembered = 0;  ///< candidates that needed none: tried before
  bool reproduced = false;     ///< the original failed again
  bool one_minimal = false;    ///< leaving out any one line makes the difference go away
  /// "1-minimal", or "not shrunk: ..." / "shrunk until the time was up": what may be claimed.
  std::string minimality;
};

struct ShrinkHooks {
  /// Runs the program. If it shows the same difference: what was carried out, up to it.
  std::function<std::optional<Program>(const Program&)> still_fails;
  /// Leaves out what has no meaning; may be empty, then nothing is left out.
  std::function<Program(const Program&)> skip_invalid;
  /// Operations to put in the place of two others; may be empty, then none is.
  std::function<std::vector<model::Operation>(const Program&)> substitutes;
  /// Told of each improvement, at once: the time may run out at any moment.
  std::function<void(const Program&)> improved;
};

ShrinkResult shrink(const Program& program, const ShrinkHooks& hooks, const ShrinkLimits& limits = {});

/// Slots (and tags) renamed in the order of their first use. Means the same.
Program rename_by_first_use(const Program& program);

/// The order in which the shrinker prefers programs: fewer lines, then simpler arguments.
struct Size {
  std::size_t lines = 0, arguments = 0, slots = 0;
  friend auto operator<=>(const Size&, const Size&) = default;
};
Size size_of(const Program& program);

}  // namespace dmabuf::conformance
