// SPDX-License-Identifier: MIT
#include "generator_mapping.hpp"

#include <algorithm>
#include <array>

namespace dmabuf::conformance {
namespace {

using namespace model;

template <class Op>
inline constexpr std::size_t kKind = kind_of<Op>();

bool mapped(const VmaState& vma) { return vma.buffer != kNone; }
/// Has it not become another program?
bool runs_our_code(const ChildState& child) { return child.state == 1; }

/// The first slot, or one at random, that is as asked for; kNone if there is none.
template <class Slots, class Wanted>
std::uint8_t first_of(const Slots& slots, std::size_t bound, Wanted wanted) {
  for (std::size_t i = 0; i < std::min(bound, slots.size()); ++i)
    if (wanted(slots[i])) return static_cast<std::uint8_t>(i);
  return kNone;
}
template <class Slots, class Wanted>
std::uint8_t one_of(const Slots& slots, Dice& dice, Wanted wanted) {
  std::array<std::uint8_t, 16> found{};
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (wanted(slots[i])) found[count++] = static_cast<std::uint8_t>(i);
  return count == 0 ? kNone : found[dice.roll(count)];
}

std::uint8_t a_page(const VmaState& vma, Dice& dice) {
  return static_cast<std::uint8_t>(dice.roll(std::max<std::uint32_t>(1, nameable_pages(vma))));
}

std::uint8_t a_length(const VmaState& vma, Dice& dice) {
  const std::uint32_t at = dice.roll(100);
  if (at < 10) return 0;
  if (at < 20 || vma.length > kMaxPages) return vma.length;
  if (at < 55) return static_cast<std::uint8_t>(1 + dice.roll(vma.length));
  return static_cast<std::uint8_t>(vma.length + 1 + dice.roll(2));
}

}  // namespace

std::uint8_t nameable_pages(const VmaState& vma) { return std::min<std::uint8_t>(vma.length, kMaxPages); }

bool is_mapping_kind(std::size_t kind) { return kind >= kKind<op::Mprotect> && kind <= kKind<op::Exit>; }

Alphabet never_refused() {
  return Alphabet{}
      .set(kKind<op::MunmapPage>).set(kKind<op::Move>).set(kKind<op::Fork>)
      .set(kKind<op::Exec>).set(kKind<op::Exit>)
      .set(kKind<op::Memfd>).set(kKind<op::CloseMemfd>).set(kKind<op::ReadMemfd>)
      .set(kKind<op::FillFds>).set(kKind<op::FreeFds>)
      .set(kKind<op::CloseVideo>);
}

Alphabet mapping_kinds(const World& world, const Bounds& bounds) {
  const bool vma = first_of(world.vmas, bounds.vmas, mapped) != kNone;
  const bool room = first_of(world.vmas, bounds.vmas, [](const VmaState& v) { return !mapped(v); }) != kNone;
  const bool fd = std::any_of(world.fds.begin(), world.fds.end(), [](const FdState& f) { return f.buffer != kNone; });
  bool free = false, forked = false, sees = false, any = false;
  for (std::size_t k = 0; k < std::min<std::size_t>(bounds.children, kMaxChildren); ++k) {
    const ChildState& child = world.children[k];
    free = free || child.state == 0;
    any = any || child.state != 0;
    forked = forked || runs_our_code(child);
    sees = sees || std::any_of(child.vmas.begin(), child.vmas.end(), mapped);
  }
  Alphabet now;
  now.set(kKind<op::Mprotect>, vma).set(kKind<op::MunmapPage>, vma && room).set(kKind<op::Mremap>, vma);
  now.set(kKind<op::Move>, vma).set(kKind<op::Fork>, free && (fd || vma)).set(kKind<op::ChildLoad>, sees);
  now.set(kKind<op::Exec>, forked).set(kKind<op::Exit>, any);
  return now;
}

Operation draw_mapping(std::size_t kind, const World& world, const Bounds& bounds, Dice& dice) {
  const auto vma = [&] { return VmaId{one_of(world.vmas, dice, mapped)}; };
  const auto child = [&](auto wanted) { return ChildId{one_of(world.children, dice, wanted)}; };
  switch (kind) {
    case kKind<op::Mprotect>:
      return op::Mprotect{vma(), dice.percent(50) ? Protection::ReadWrite : Protection::Read};
    case kKind<op::MunmapPage>: {
      const VmaId from = vma();
      const VmaId into{first_of(world.vmas, bounds.vmas, [](const VmaState& v) { return !mapped(v); })};
      return op::MunmapPage{from, into, a_page(world.vmas[from.value], dice)};
    }
    case kKind<op::Mremap>: {
      const VmaId of = vma();
      return op::Mremap{of, a_length(world.vmas[of.value], dice)};
    }
    case kKind<op::Move>: return op::Move{vma()};
    case kKind<op::Fork>:
      return op::Fork{{first_of(world.children, bounds.children, [](const ChildState& c) { return c.state == 0; })}};
    case kKind<op::ChildLoad>: {
      const ChildId of = child([](const ChildState& c) { return std::any_of(c.vmas.begin(), c.vmas.end(), mapped); });
      const auto& vmas = world.children[of.value].vmas;
      const VmaId through{one_of(vmas, dice, mapped)};
      return op::ChildLoad{of, through, a_page(vmas[through.value], dice)};
    }
    case kKind<op::Exec>: return op::Exec{child(runs_our_code)};
    default:
      return op::Exit{child([](const ChildState& c) { return c.state != 0; }),
                      dice.percent(40) ? Ending::Killed : Ending::Exited};
  }
}

}  // namespace dmabuf::conformance
