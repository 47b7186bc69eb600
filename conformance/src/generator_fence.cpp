// SPDX-License-Identifier: MIT
#include "generator_fence.hpp"

namespace dmabuf::conformance {

using namespace model;

const Alphabet& fence_kinds() {
  static const Alphabet kinds = [] {
    Alphabet set;
    for (std::size_t kind = kind_of<op::AddFence>(); kind <= kind_of<op::CloseSyncFile>(); ++kind) set.set(kind);
    return set;
  }();
  return kinds;
}

bool draws_fences(std::uint64_t seed, std::uint8_t percent) { return Dice(~seed).percent(percent); }

Usage some_usage(Dice& dice, const FenceProfile& fences) {
  const std::uint32_t at = dice.roll(100);
  if (fences.kernel_usages && at < 12) return Usage::Kernel;
  if (fences.kernel_usages && at < 22) return Usage::Bookkeep;
  return at < 60 ? Usage::Write : Usage::Read;
}

Timeline some_timeline(Dice& dice, const FenceProfile& fences) {
  if (!fences.timelines || dice.percent(50)) return Timeline::Own;
  return dice.percent(75) ? Timeline::First : Timeline::Second;
}

Events some_events(Dice& dice) {
  const std::uint32_t at = dice.roll(100);
  return at < 30 ? Events::In : at < 60 ? Events::Out : at < 90 ? Events::Both : at < 95 ? Events::None : Events::Other;
}

FenceFlags some_flags(Dice& dice) { return static_cast<FenceFlags>(dice.roll(3)); }

}  // namespace dmabuf::conformance
