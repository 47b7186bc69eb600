// SPDX-License-Identifier: MIT
/// Turns (worlds, operation, outcome) into a verdict. The oracle keeps a *set* of worlds: where the
/// contract leaves a choice, all of them live until an observation decides.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// Where system and model part.
struct Divergence {
  std::string aspect;          ///< "outcome", "value", "close_on_exec", or aspect_name()
  std::string slot;            ///< "b0", "f2"; "" for an outcome
  std::string expected;        ///< in words: "EBADF", "3", "tag 0x11"
  std::string observed;
  std::string expected_class;  ///< for signatures: "errno:EBADF", "ok", "data", "n"
  std::string observed_class;  ///< "ok", "more", "less", "data-mismatch"
  std::vector<std::string> requirements;  ///< catalogue ids, most specific first: "FD-006"
  std::vector<std::string> allowed;       ///< every allowed outcome in words, with id
  /// The case can go on after adopting what was seen: the system's state is as the model's, only a
  /// value differs (data, name, a counter's constant excess is *not* of this kind).
  bool recoverable = false;
};

class Oracle {
 public:
  explicit Oracle(const Profile& profile, const Bounds& bounds = {});

  void reset();  ///< One empty world.
  void start_from(const World& world);  ///< That one world.

  /// Is the operation one a program may contain here: Permitted or Refused in every world? Skip-invalid
  /// shrinking drops what is not.
  bool enabled(const Operation& operation) const;
  Allowance allowance(const Operation& operation) const;  ///< in the representative world

  /// Keeps the worlds that explain the outcome. On divergence the set is left as it was before.
  std::optional<Divergence> judge(const Operation& operation, const Outcome& outcome);
  /// Keeps the worlds that explain what is seen; called at quiescence, after each operation. The
  /// `after` operation is only for choosing which requirement to name.
  std::optional<Divergence> judge(const Observation& seen, const Operation* after = nullptr);

  /// After a recoverable divergence: take the observed value for true and go on. Returns false if
  /// that is not possible.
  bool adopt(const Operation& operation, const Outcome& outcome);

  /// Every allowed outcome in words: "ok [DBUF-FD-008]", "EBADF [DBUF-FD-006]".
  std::vector<std::string> allowed(const Operation& operation) const;

  const World& world() const { return worlds_.front(); }  ///< a representative
  std::size_t worlds() const { return worlds_.size(); }
  const Profile& profile() const { return profile_; }
  const Bounds& bounds() const { return bounds_; }
  const Coverage& coverage() const { return coverage_; }
  Coverage& coverage() { return coverage_; }

 private:
  Profile profile_;
  Bounds bounds_;
  std::vector<World> worlds_;
  std::vector<World> next_;      // kept to save allocations
  mutable Alternatives alternatives_;  // scratch
  Coverage coverage_;
  const RowInfo* last_reason_ = nullptr;  ///< the row that decided the last operation
  std::vector<RowId> last_fired_;         ///< every row that took part in it
};

}  // namespace dmabuf::model
