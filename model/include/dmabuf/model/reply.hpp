// SPDX-License-Identifier: MIT
/// Replies that are more than a number, and how a trace writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dmabuf/model/operation.hpp"

namespace dmabuf::model {

/// What FILE_INFO says of a sync_file, without names and times.
struct FenceInfo {
  enum class Status : std::uint8_t { Pending, Ok, Failed };
  Status status = Status::Pending;
  std::uint8_t fences = 0;
  bool records = false;  ///< each fence was listed; if so:
  std::uint8_t pending = 0, failed = 0;

  /// As Reply::value; never 0, since there is always a fence.
  constexpr std::uint64_t reply() const {
    return static_cast<std::uint64_t>(status) | std::uint64_t{fences} << 4 | std::uint64_t{records} << 12 |
           std::uint64_t{pending} << 16 | std::uint64_t{failed} << 24;
  }
  static constexpr FenceInfo of(std::uint64_t reply) {
    return {static_cast<Status>(reply & 3U), static_cast<std::uint8_t>(reply >> 4), ((reply >> 12) & 1U) != 0,
            static_cast<std::uint8_t>(reply >> 16), static_cast<std::uint8_t>(reply >> 24)};
  }
  friend bool operator==(const FenceInfo&, const FenceInfo&) = default;
};

/// Has the operation a reply of words: the events of a poll, a FenceInfo, whose handle it is?
bool replies_in_words(const Operation& operation);
/// "in", "in|out", "none"; "new", "b0"; "pending:2", and with records "pending:2,1,0": how many fences, of which are
/// pending, of which failed.
std::string reply_text(const Operation& operation, std::uint64_t value);
/// The reverse; nothing if the text says no such thing.
std::optional<std::uint64_t> reply_from_text(const Operation& operation, std::string_view text);
/// What a signature keeps of it: "in|out", "pending".
std::string reply_class(const Operation& operation, std::uint64_t value);

}  // namespace dmabuf::model
