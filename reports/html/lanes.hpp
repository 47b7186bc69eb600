// SPDX-License-Identifier: MIT
/// The lives of a counterexample's objects, read off its trace: who was born when, who held whom,
/// and what never ended.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dmabuf/record/record.hpp"

namespace dmabuf::reports {

struct Life {
  std::size_t birth = 0;             ///< index of the step
  std::optional<std::size_t> death;  ///< where the trace ends it
  bool leaked = false;               ///< the finding says that it goes on all the same
};

struct Lane {
  std::string slot;  ///< "a0"
  std::string kind;  ///< "attachment"
  std::vector<Life> lives;
  std::vector<std::size_t> uses;    ///< steps that name it while it lives
  std::vector<std::size_t> ghosts;  ///< steps that name it while it does not, and are not refused
};

/// One lane for each slot of the trace: buffers, fds, references, attachments, mappings, vmas and
/// messages, in this order. A buffer lives as long as something of the trace holds it.
std::vector<Lane> lanes_of(const record::Finding& finding);

/// True if a step with this outcome took effect: "ok" or "= 8192", not "EBADF", not "".
bool took_effect(const std::string& outcome);

}  // namespace dmabuf::reports
