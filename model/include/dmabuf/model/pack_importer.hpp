// SPDX-License-Identifier: MIT
/// What importers have beside attachments and mappings, as one number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// Kernel mappings, what makes an importer dynamic, pins, mappings that storage has moved from under. Takes no bits if no operation reaches them.
class ImporterPacking {
 public:
  ImporterPacking() = default;
  ImporterPacking(const Profile& profile, std::span<const Operation> operations, std::uint8_t buffers);

  unsigned bits() const { return bits_; }
  /// Nothing if the world is none that a correct model reaches.
  std::optional<std::uint64_t> pack(const World& world) const;
  void unpack(std::uint64_t packed, World& world) const;

 private:
  unsigned bits_ = 0;
  std::uint8_t buffers_ = 0, vmaps_ = 0;
  std::uint8_t slot_width_ = 0, count_width_ = 0;
  std::uint8_t dynamics_ = 0;  ///< attachments that may be dynamic
  std::uint8_t pinned_ = 0;    ///< attachments that may be pinned
  std::uint8_t moved_ = 0;     ///< mappings that may be stale
  std::uint8_t failing_width_ = 0;
  std::vector<FailureState> failures_;  ///< to come, by code; 0 is none
};

}  // namespace dmabuf::model
