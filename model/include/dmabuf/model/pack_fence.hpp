// SPDX-License-Identifier: MIT
/// The fences of a world as one number: what the packing of a world puts after all else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// Fences, entries of reservations, poll slots, sync_files. Takes no bits if no operation reaches them.
class FencePacking {
 public:
  FencePacking() = default;
  FencePacking(const Profile& profile, std::span<const Operation> operations, std::uint8_t buffers);

  unsigned bits() const { return bits_; }
  /// How many references armed slots add to a buffer's count at most.
  std::uint8_t references() const { return references_; }
  /// Nothing if the world is none that a correct model reaches.
  std::optional<std::uint64_t> pack(const World& world) const;
  void unpack(std::uint64_t packed, World& world) const;

 private:
  unsigned bits_ = 0;
  std::uint8_t buffers_ = 0, fences_ = 0, sync_files_ = 0, references_ = 0;
  bool enters_ = false, polls_ = false;
  std::uint8_t timeline_width_ = 0, order_width_ = 0, entry_width_ = 0, slot_width_ = 0, member_width_ = 0;
  std::vector<Usage> usages_;
};

}  // namespace dmabuf::model
