// SPDX-License-Identifier: MIT
/// What importers have beside attachments and mappings, as one number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// Kernel mappings. Takes no bits if no operation reaches them.
class ImporterPacking {
 public:
  ImporterPacking() = default;
  ImporterPacking(std::span<const Operation> operations, std::uint8_t buffers);

  unsigned bits() const { return bits_; }
  /// Nothing if the world is none that a correct model reaches.
  std::optional<std::uint64_t> pack(const World& world) const;
  void unpack(std::uint64_t packed, World& world) const;

 private:
  unsigned bits_ = 0;
  std::uint8_t buffers_ = 0, vmaps_ = 0;
  std::uint8_t slot_width_ = 0, count_width_ = 0;
};

}  // namespace dmabuf::model
