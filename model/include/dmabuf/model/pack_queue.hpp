// SPDX-License-Identifier: MIT
/// How a video queue is packed: its state, what is at each index, and which was queued first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

class QueuePacking {
 public:
  QueuePacking() = default;
  QueuePacking(const Profile& profile, std::span<const Operation> operations, std::uint8_t buffers);

  /// 0 in worlds without a queue.
  unsigned bits() const { return bits_; }
  /// At most so many indices hold a buffer, and attach it if they attach at all.
  std::uint8_t held() const { return indices_; }
  std::uint8_t attached() const { return attaches_ ? indices_ : std::uint8_t{0}; }

  std::optional<std::uint64_t> pack(const World& world) const;
  /// Comes last: kernel mappings of what a queue holds are counted anew.
  void unpack(std::uint64_t packed, World& world) const;

 private:
  std::uint8_t indices_ = 0, buffers_ = 0;
  std::uint8_t buffer_width_ = 0;
  bool attaches_ = false;
  unsigned bits_ = 0;
};

}  // namespace dmabuf::model
