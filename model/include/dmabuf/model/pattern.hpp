// SPDX-License-Identifier: MIT
/// The bytes of a tagged page. Word 0 carries the tag, so a reader recovers it; every other word
/// depends on tag and index, so swapped, stale or half-written pages are told apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dmabuf/model/operation.hpp"

namespace dmabuf::model {

/// Word `index` (64 bit, little endian) of a page filled from `tag`; all zero for tag 0. The kernel
/// harness computes the same (dmabuf_harness.h, dbh_pattern_word).
constexpr std::uint64_t pattern_word(std::uint64_t tag, std::uint64_t index) {
  if (tag == 0) return 0;
  if (index == 0) return tag;
  std::uint64_t z = tag + index * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// Fills a page (a multiple of 8 bytes). Volatile words: the memory may be shared with a device.
inline void fill_page(std::span<std::byte> page, std::uint64_t tag) {
  auto* words = reinterpret_cast<volatile std::uint64_t*>(page.data());
  for (std::size_t i = 0; i < page.size() / 8; ++i) words[i] = pattern_word(tag, i);
}

/// The tag the page was filled from, or kTorn.
inline std::uint64_t page_tag(std::span<const std::byte> page) {
  const auto* words = reinterpret_cast<const volatile std::uint64_t*>(page.data());
  const std::uint64_t tag = words[0];
  if (tag > UINT32_MAX) return kTorn;
  for (std::size_t i = 1; i < page.size() / 8; ++i)
    if (words[i] != pattern_word(tag, i)) return kTorn;
  return tag;
}

}  // namespace dmabuf::model
