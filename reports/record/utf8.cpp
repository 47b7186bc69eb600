// SPDX-License-Identifier: MIT
#include "dmabuf/record/utf8.hpp"

#include <cstdint>

namespace dmabuf::record {

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  if (at >= text.size()) return 0;
  const std::uint8_t first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(at + 1) || !follows(at + 2)) return 0;
    if (first == 0xe0 && byte(at + 1) < 0xa0) return 0;  // overlong
    if (first == 0xed && byte(at + 1) > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(at + 1) || !follows(at + 2) || !follows(at + 3)) return 0;
    if (first == 0xf0 && byte(at + 1) < 0x90) return 0;  // overlong
    if (first == 0xf4 && byte(at + 1) > 0x8f) return 0;  // past U+10FFFF
    return 4;
  }
  return 0;
}

std::string valid_utf8(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t length = utf8_length(text, at)) {
      result.append(text.substr(at, length));
      at += length;
    } else {
      const auto byte = static_cast<std::uint8_t>(text[at++]);
      result += "\\x";
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    }
  }
  return result;
}

}  // namespace dmabuf::record
