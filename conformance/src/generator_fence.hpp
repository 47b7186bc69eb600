// SPDX-License-Identifier: MIT
/// What the generator knows of fences.
#pragma once

#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/model/profile.hpp"

namespace dmabuf::conformance {

/// AddFence, Poll, ... CloseSyncFile.
const Alphabet& fence_kinds();
/// Is the program of this seed one with fences? Asks dice of its own: programs without any are what
/// they would be if there were none.
bool draws_fences(std::uint64_t seed, std::uint8_t percent);

model::Usage some_usage(Dice& dice, const model::FenceProfile& fences);
model::Timeline some_timeline(Dice& dice, const model::FenceProfile& fences);
model::Events some_events(Dice& dice);
/// Read, write or both; other flags are for calls made to be refused.
model::FenceFlags some_flags(Dice& dice);

}  // namespace dmabuf::conformance
