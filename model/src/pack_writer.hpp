// SPDX-License-Identifier: MIT
/// Numbers into one word, the first at the lowest bits.
#pragma once

#include <cstdint>

namespace dmabuf::model {

struct PackWriter {
  std::uint64_t packed = 0;
  unsigned shift = 0;
  bool bad = false;  ///< some value did not fit its width

  void put(std::uint64_t value, unsigned width) {
    bad |= (value >> width) != 0;
    packed |= value << shift;
    shift += width;
  }
};

}  // namespace dmabuf::model
