// SPDX-License-Identifier: MIT
#include "dmabuf/model/pack_queue.hpp"

#include <algorithm>
#include <bit>

#include "machine_id.hpp"
#include "pack_writer.hpp"

namespace dmabuf::model {
namespace {

constexpr unsigned kStateWidth = 2, kSlotWidth = 3, kLengthWidth = 1, kOldestWidth = 1;
static_assert(kMaxIndices == 2);

/// Kernel mappings of a buffer: those that programs asked for, and those of an importing queue.
std::uint8_t vmaps_of(const World& world, std::size_t b, bool attaches) {
  auto count = std::ranges::count_if(world.vmaps, [&](const VmapState& v) { return v.state != 0 && v.buffer == b; });
  if (!attaches)
    count += std::ranges::count_if(world.queue.slots, [&](const QueueSlotState& s) { return s.plane != 0 && s.buffer == b; });
  return static_cast<std::uint8_t>(count);
}

}  // namespace

QueuePacking::QueuePacking(const Profile& profile, std::span<const Operation> operations, std::uint8_t buffers) : buffers_(buffers) {
  if (!profile.queue.there()) return;
  attaches_ = profile.queue.allocator == Allocator::Contiguous;
  for (const Operation& operation : operations)
    if (const auto* o = std::get_if<op::Reqbufs>(&operation))
      indices_ = std::max({indices_, o->count, o->count > 0 ? profile.queue.least : std::uint8_t{0}});
  if (indices_ == 0) return;
  buffer_width_ = static_cast<std::uint8_t>(std::bit_width(unsigned{buffers_}));
  bits_ = kStateWidth + kOldestWidth + indices_ * (kSlotWidth + kLengthWidth + buffer_width_);
}

std::optional<std::uint64_t> QueuePacking::pack(const World& world) const {
  PackWriter writer;
  const QueueState& queue = world.queue;
  writer.put(queue.state, kStateWidth);
  writer.put(queue.oldest, kOldestWidth);
  for (std::size_t i = 0; i < kMaxIndices; ++i) {
    const QueueSlotState& slot = queue.slots[i];
    if (i >= indices_) {
      writer.bad |= slot != QueueSlotState{};
      continue;
    }
    writer.bad |= (slot.plane == state::kNoPlane) != (slot.buffer == kNone) || slot.plane == state::kAcquired ||
                  slot.length > VideoLength::Image || (slot.buffer != kNone && slot.buffer >= buffers_);
    writer.put(slot.state, kSlotWidth);
    writer.put(static_cast<std::uint64_t>(slot.length), kLengthWidth);
    writer.put(slot.buffer == kNone ? 0U : 1U + slot.buffer, buffer_width_);
  }
  for (std::size_t b = 0; b < buffers_; ++b) {
    const std::uint8_t vmaps = vmaps_of(world, b, attaches_);
    writer.bad |= world.buffers[b].vmaps != vmaps || (world.buffers[b].vmapping == state::kFilled) != (vmaps > 0);
  }
  if (writer.bad) return std::nullopt;
  return writer.packed;
}

void QueuePacking::unpack(std::uint64_t packed, World& world) const {
  const auto take = [&](unsigned width) {
    const std::uint64_t value = packed & ((std::uint64_t{1} << width) - 1);
    packed >>= width;
    return static_cast<std::uint8_t>(value);
  };
  QueueState& queue = world.queue;
  queue.state = take(kStateWidth);
  queue.oldest = take(kOldestWidth);
  for (std::size_t i = 0; i < indices_; ++i) {
    QueueSlotState& slot = queue.slots[i];
    slot.state = take(kSlotWidth);
    slot.length = static_cast<VideoLength>(take(kLengthWidth));
    const std::uint8_t code = take(buffer_width_);
    if (code == 0) continue;
    slot.buffer = static_cast<std::uint8_t>(code - 1);
    slot.plane = state::kPlaneMapped;
  }
  for (std::size_t b = 0; b < buffers_; ++b) {
    world.buffers[b].vmaps = vmaps_of(world, b, attaches_);
    world.buffers[b].vmapping = world.buffers[b].vmaps > 0 ? state::kFilled : state::kEmpty;
  }
}

}  // namespace dmabuf::model
