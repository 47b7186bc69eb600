// SPDX-License-Identifier: MIT
/// A program: operations alone, without outcomes. What is generated, run, shrunk, stored and replayed.
#pragma once

#include <iosfwd>
#include <span>
#include <vector>

#include "dmabuf/model/operation.hpp"

namespace dmabuf::conformance {

/// Longest program the codecs accept; far above what is ever generated.
inline constexpr std::size_t kMaxProgram = 4096;

struct Program {
  std::vector<model::Operation> operations;

  bool empty() const { return operations.empty(); }
  std::size_t size() const { return operations.size(); }
  friend bool operator==(const Program&, const Program&) = default;
};

/// As lines of a trace: what a failed property prints can be replayed as it stands.
std::ostream& operator<<(std::ostream& out, const Program& program);

}  // namespace dmabuf::conformance
