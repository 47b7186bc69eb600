// SPDX-License-Identifier: MIT
/// What data may look like once it is shown. Everything that a system under test says is shown, and
/// none of it may move a cursor, reverse a line or end a page's element.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dmabuf::reports {

enum class Lines {
  One,   ///< a newline is shown as "\n"
  Many,  ///< newlines and tabs stay what they are
};

/// Valid UTF-8 without control characters: they become "\n", "\x1b", and what else acts unseen (C1,
/// bidirectional overrides, separators) becomes "\u{202e}". Not the pictures of Unicode (␛): many a
/// terminal and browser has no font for them.
std::string visible(std::string_view text, Lines lines = Lines::One);

/// Columns on a terminal, counting each character as one.
std::size_t columns(std::string_view text);

/// The text in lines of at most `width` columns, broken at spaces.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// "1,240".
std::string grouped(std::uint64_t number);

/// "1 case", "2 cases", "1,240 cases".
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);

/// Percent, never rounded up to 100: "99.9".
std::string percent(std::uint64_t part, std::uint64_t whole);

}  // namespace dmabuf::reports
