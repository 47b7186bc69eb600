// SPDX-License-Identifier: MIT
/// Traces as text (`.dbt`): one operation a line, in the kernel's words, with the outcome behind an
/// arrow if there is one. Made to be read, edited by hand, mailed and replayed.
///
///     # dbt 1 model=3f9c0a7e
///     export b0 r0 pages=2 access=rw -> ok
///     install_fd r0 f0 cloexec       -> ok
///     get bad r1                     -> EBADF      # comments are allowed
///     seek f0 end 0                  -> = 8192
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "dmabuf/conformance/program.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/outcome.hpp"

namespace dmabuf::conformance {

inline constexpr int kTraceVersion = 1;

struct TraceLine {
  model::Operation operation;
  std::optional<model::Outcome> outcome;
};

struct Trace {
  std::string model;  ///< hash of the model it was written under; "" if the text does not say
  std::vector<TraceLine> lines;

  Program program() const;
};

/// Where a text stops being a trace. Lines and columns count from 1.
struct ParseError {
  std::size_t line = 0, column = 0;
  std::string expected;  ///< "a buffer slot (b0 to b2)"
  std::string found;     ///< "q1"; "" at the end of a line

  /// "line 3, column 8: expected a buffer slot (b0 to b2), found 'q1'"
  std::string message() const;
};

/// "get f0 r0"
std::string to_text(const model::Operation& operation);
/// "ok", "EBADF", "= 8192", "= torn". A page's tag is written in hexadecimal.
std::string to_text(const model::Outcome& outcome, const model::Operation& operation);
/// The whole file, header first.
std::string to_text(const Trace& trace);
std::string to_text(const Program& program, std::string_view model);

/// Any text gives a trace or an error, never anything else.
tl::expected<Trace, ParseError> parse_trace(std::string_view text);
/// One operation, without outcome or comment.
tl::expected<model::Operation, ParseError> parse_operation(std::string_view text);

}  // namespace dmabuf::conformance
