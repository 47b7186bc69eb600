// SPDX-License-Identifier: MIT
/// What came of a check.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dmabuf::checks {

enum class State : unsigned char { Kept, Broken, NotApplicable };

/// "kept", "broken", "not-applicable"
std::string_view name(State state);

/// What was found out about one requirement.
struct Verdict {
  std::string requirement = {};  ///< "UDM-001"
  State state = State::Kept;
  std::string call = {};                     ///< broken: the call that did it
  std::string expected = {}, observed = {};  ///< broken
  std::string reason = {}, remedy = {};      ///< not applicable
  std::size_t calls = 0;  ///< how many calls had been made when it was pronounced
  bool residue = false;   ///< something was left behind

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// A call that was made, and what it came to: "ok", "= 4096", "EINVAL".
struct Call {
  std::string text, outcome;
  friend bool operator==(const Call&, const Call&) = default;
};

struct Result {
  std::vector<Verdict> verdicts;  ///< one for each requirement it could say something of
  std::vector<Call> calls;        ///< in order
  /// Trouble of ours, which is nobody's fault but ours: out of memory, a time-out, a check that
  /// died. What was pronounced before stands.
  std::string error;
  /// The child did not die of SIGKILL: it hangs in the kernel, in this call.
  std::string stuck;
  std::vector<std::string> log;  ///< lines in which the kernel complained meanwhile, if it was read
  double ms = 0;

  /// The first broken one; none if nothing is broken.
  const Verdict* broken() const;
  bool any(State state) const;
};

}  // namespace dmabuf::checks
