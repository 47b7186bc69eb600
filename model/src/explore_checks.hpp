// SPDX-License-Identifier: MIT
/// What the explorers hold against every state and every step: the invariants of explore.hpp, by hand.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

/// The buffer an operation is about, and by how much its f_count must change: said once more here, and
/// by hand, because the tables are what is on trial.
struct Said {
  std::uint8_t buffer = kNone;
  int change = 0;
};
Said what_is_said(const World& w, const Profile& profile, const Operation& operation);

/// How much there is to take down. Every closing step makes it smaller, so it bounds the way to nothing.
unsigned weight(const World& w);

using Found = std::optional<Invariant>;
Found check_state(const World& w, const Profile& profile, std::uint8_t buffers);
/// `next` is one step behind `w`, whose callback counters are zero. `released`: the step is a release.
Found check_step(const World& w, const World& next, const Profile& profile, const Said& said, bool released,
                 std::uint8_t buffers);
/// By how much fork, exec and exit must change each buffer's f_count. Nothing for other operations.
std::optional<std::array<int, kMaxBuffers>> changes_of_child(const World& w, const Operation& operation);
/// A step of a child's life: it may touch every buffer, but of p0 and p1 nothing.
Found check_child_step(const World& w, const World& next, const Profile& profile,
                       const std::array<int, kMaxBuffers>& changes,
                       std::uint8_t buffers);
/// By how much an operation on the video queue must change each buffer's f_count: what is refused when a dma-buf was to be
/// acquired leaves the index empty. Nothing for other operations.
std::optional<std::array<int, kMaxBuffers>> changes_of_queue(const World& w, const Operation& operation, bool refused);
Found check_queue_step(const World& w, const World& next, const Profile& profile, const std::array<int, kMaxBuffers>& changes,
                       std::uint8_t buffers);
/// The model's own teardown, carried out.
bool teardown_works(const World& start, const Profile& profile);

/// Is an operation, with alternatives of these allowances (a bit each), promised and not promised at once?
constexpr bool mixed(unsigned allowances) {
  constexpr unsigned kOutside = (1U << static_cast<unsigned>(Allowance::Forbidden)) |
                                (1U << static_cast<unsigned>(Allowance::Unspecified)) |
                                (1U << static_cast<unsigned>(Allowance::Malformed));
  constexpr unsigned kInside = (1U << static_cast<unsigned>(Allowance::Permitted)) |
                               (1U << static_cast<unsigned>(Allowance::Refused));
  return (allowances & kInside) != 0 && (allowances & kOutside) != 0;
}

}  // namespace dmabuf::model
