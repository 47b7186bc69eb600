// SPDX-License-Identifier: MIT
#include "generator_importer.hpp"

#include <algorithm>
#include <array>

namespace dmabuf::conformance {
namespace {

using namespace model;

template <class Op>
inline constexpr std::size_t kKind = kind_of<Op>();

constexpr auto taken = [](const auto& slot) { return slot.buffer != kNone; };

/// One of the slots that are taken, at random; kNone if there is none.
template <class Slots>
std::uint8_t one_of(const Slots& slots, Dice& dice) {
  std::array<std::uint8_t, 16> found{};
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (taken(slots[i])) found[count++] = static_cast<std::uint8_t>(i);
  return count == 0 ? kNone : found[dice.roll(count)];
}

template <class Slots>
std::uint8_t first_free(const Slots& slots, std::size_t bound) {
  for (std::size_t i = 0; i < std::min(bound, slots.size()); ++i)
    if (!taken(slots[i])) return static_cast<std::uint8_t>(i);
  return kNone;
}

}  // namespace

bool is_importer_kind(std::size_t kind) { return kind >= kKind<op::Vmap> && kind <= kKind<op::Fail>; }

Alphabet importer_kinds(const World& world, const Bounds& bounds) {
  const bool reference = std::ranges::any_of(world.references, taken);
  const bool vmap = std::ranges::any_of(world.vmaps, taken);
  const bool attachment = std::ranges::any_of(world.attachments, taken);
  const bool dynamic = std::ranges::any_of(world.attachments, [](const AttachmentState& a) { return a.dynamic; });
  const bool pinned = std::ranges::any_of(world.attachments, [](const AttachmentState& a) { return a.pins > 0; });
  const bool live = std::ranges::any_of(world.buffers, [](const BufferState& b) { return b.references > 0; });
  Alphabet now;
  now.set(kKind<op::Fail>, live);
  now.set(kKind<op::AttachDynamic>, reference && first_free(world.attachments, bounds.attachments) != kNone);
  now.set(kKind<op::Pin>, attachment && dynamic).set(kKind<op::Unpin>, pinned).set(kKind<op::Migrate>, reference);
  now.set(kKind<op::Vmap>, reference && first_free(world.vmaps, bounds.vmaps) != kNone);
  now.set(kKind<op::Vunmap>, vmap).set(kKind<op::VmapRead>, vmap).set(kKind<op::VmapWrite>, vmap);
  return now;
}

Operation draw_importer(std::size_t kind, const World& world, const Bounds& bounds, Dice& dice, Tag tag) {
  if (kind == kKind<op::Vmap>)
    return op::Vmap{ReferenceId{one_of(world.references, dice)}, VmapId{first_free(world.vmaps, bounds.vmaps)}};
  if (kind == kKind<op::AttachDynamic>)
    return op::AttachDynamic{ReferenceId{one_of(world.references, dice)},
                             DeviceId{static_cast<std::uint8_t>(dice.roll(std::max<std::uint32_t>(1, bounds.devices)))},
                             AttachmentId{first_free(world.attachments, bounds.attachments)}};
  if (kind == kKind<op::Pin>) return op::Pin{AttachmentId{one_of(world.attachments, dice)}};
  if (kind == kKind<op::Unpin>) return op::Unpin{AttachmentId{one_of(world.attachments, dice)}};
  if (kind == kKind<op::Migrate>) return op::Migrate{ReferenceId{one_of(world.references, dice)}};
  if (kind == kKind<op::Fail>) {
    std::array<std::uint8_t, kMaxBuffers> live{};
    std::uint32_t count = 0;
    for (std::uint8_t b = 0; b < kMaxBuffers; ++b)
      if (world.buffers[b].references > 0) live[count++] = b;
    // The next call, as a rule: what is to come later is often overtaken by another failure.
    const auto nth = static_cast<std::uint8_t>(dice.percent(75) ? 1 : dice.roll(kMaxNth + 1));
    return op::Fail{BufferId{live[dice.roll(count)]}, static_cast<Callback>(dice.roll(7)), nth,
                    static_cast<Failure>(dice.roll(3))};
  }
  const VmapId vmap{one_of(world.vmaps, dice)};
  const std::uint8_t pages = world.buffers[world.vmaps[vmap.value].buffer].pages;
  const auto page = static_cast<std::uint8_t>(dice.roll(std::max<std::uint32_t>(1, pages)));
  if (kind == kKind<op::VmapRead>) return op::VmapRead{vmap, page};
  if (kind == kKind<op::VmapWrite>) return op::VmapWrite{vmap, page, tag};
  return op::Vunmap{vmap};
}

}  // namespace dmabuf::conformance
