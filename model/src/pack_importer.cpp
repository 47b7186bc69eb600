// SPDX-License-Identifier: MIT
#include "dmabuf/model/pack_importer.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "machine_id.hpp"
#include "pack_writer.hpp"

namespace dmabuf::model {
namespace {

std::uint8_t width_for(std::size_t most) { return static_cast<std::uint8_t>(std::bit_width(most)); }

}  // namespace

ImporterPacking::ImporterPacking(std::span<const Operation> operations, std::uint8_t buffers) : buffers_(buffers) {
  for (const Operation& operation : operations)
    if (const auto* o = std::get_if<op::Vmap>(&operation))
      vmaps_ = std::max(vmaps_, static_cast<std::uint8_t>(o->vmap.value + 1));
  if (vmaps_ > kMaxVmaps) throw std::invalid_argument("an operation names a slot that no world has");
  if (vmaps_ == 0) return;
  slot_width_ = width_for(buffers_);
  count_width_ = width_for(vmaps_);
  bits_ = unsigned{vmaps_} * slot_width_ + buffers_ * (1U + count_width_);
}

std::optional<std::uint64_t> ImporterPacking::pack(const World& world) const {
  PackWriter writer;
  for (std::size_t i = 0; i < vmaps_; ++i) {
    const VmapState& vmap = world.vmaps[i];
    writer.bad |= (vmap.state == state::kEmpty) != (vmap.buffer == kNone);
    writer.put(vmap.state == state::kEmpty ? 0 : 1U + vmap.buffer, slot_width_);
  }
  for (std::size_t i = 0; i < buffers_; ++i) {
    writer.put(world.buffers[i].vmapping, 1);
    writer.put(world.buffers[i].vmaps, count_width_);
  }
  if (writer.bad) return std::nullopt;
  return writer.packed;
}

void ImporterPacking::unpack(std::uint64_t packed, World& world) const {
  const auto take = [&](unsigned width) {
    const std::uint64_t value = packed & ((std::uint64_t{1} << width) - 1);
    packed >>= width;
    return static_cast<std::uint8_t>(value);
  };
  for (std::size_t i = 0; i < vmaps_; ++i)
    if (const std::uint8_t code = take(slot_width_); code != 0)
      world.vmaps[i] = {state::kFilled, static_cast<std::uint8_t>(code - 1)};
  for (std::size_t i = 0; i < buffers_; ++i) {
    world.buffers[i].vmapping = take(1);
    world.buffers[i].vmaps = take(count_width_);
  }
}

}  // namespace dmabuf::model
