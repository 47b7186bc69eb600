// SPDX-License-Identifier: MIT
/// One record, one line of JSON. Keys come in a fixed order and what is at its default may be left
/// out, so that the same records make the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "dmabuf/record/record.hpp"

namespace dmabuf::record {

inline constexpr std::string_view kJournalSchema = "dmabuf-conform.journal";
inline constexpr unsigned kJournalMajor = 1;

/// A record and its place in the journal.
struct Line {
  std::uint64_t seq = 0;   ///< from 1, without gaps
  std::uint64_t t_ns = 0;  ///< monotonic, since the journal was opened
  Record record;
  friend bool operator==(const Line&, const Line&) = default;
};

enum class LineFault {
  Damaged,      ///< no JSON object, or one that lacks what its kind must have
  UnknownKind,  ///< a record of a newer minor version: to be passed over, not to be counted
  TooNew,       ///< another tool's journal or a higher major: nothing after it can be trusted
};

struct LineError {
  LineFault fault = LineFault::Damaged;
  std::string message = {};
};

/// One line without its newline. Text that is not UTF-8 is written as `valid_utf8` has it.
std::string to_json_line(const Line& line);

/// The reverse. Never throws for what the text holds; unknown members are ignored.
tl::expected<Line, LineError> from_json_line(std::string_view text);

}  // namespace dmabuf::record
