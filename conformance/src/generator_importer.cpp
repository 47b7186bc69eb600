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

bool is_importer_kind(std::size_t kind) { return kind >= kKind<op::Vmap> && kind <= kKind<op::VmapWrite>; }

Alphabet importer_kinds(const World& world, const Bounds& bounds) {
  const bool reference = std::ranges::any_of(world.references, taken);
  const bool vmap = std::ranges::any_of(world.vmaps, taken);
  Alphabet now;
  now.set(kKind<op::Vmap>, reference && first_free(world.vmaps, bounds.vmaps) != kNone);
  now.set(kKind<op::Vunmap>, vmap).set(kKind<op::VmapRead>, vmap).set(kKind<op::VmapWrite>, vmap);
  return now;
}

Operation draw_importer(std::size_t kind, const World& world, const Bounds& bounds, Dice& dice, Tag tag) {
  if (kind == kKind<op::Vmap>)
    return op::Vmap{ReferenceId{one_of(world.references, dice)}, VmapId{first_free(world.vmaps, bounds.vmaps)}};
  const VmapId vmap{one_of(world.vmaps, dice)};
  const std::uint8_t pages = world.buffers[world.vmaps[vmap.value].buffer].pages;
  const auto page = static_cast<std::uint8_t>(dice.roll(std::max<std::uint32_t>(1, pages)));
  if (kind == kKind<op::VmapRead>) return op::VmapRead{vmap, page};
  if (kind == kKind<op::VmapWrite>) return op::VmapWrite{vmap, page, tag};
  return op::Vunmap{vmap};
}

}  // namespace dmabuf::conformance
