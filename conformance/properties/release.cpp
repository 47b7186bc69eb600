// SPDX-License-Identifier: MIT
#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(Release);

bool exported(const World& world, BufferId buffer) {
  return world.live(buffer) || world.buffers[buffer.value].callbacks.release > 0;
}

const Law once_and_last = [](const Moment& moment) {
  return each_buffer(moment, Aspect::ReleaseCalls, [&](BufferId buffer) -> std::optional<std::int64_t> {
    if (!exported(moment.world, buffer)) return {};
    return moment.world.ledger(buffer, moment.profile) > 0 ? 0 : 1;
  });
};

/// However its users come and go, a buffer is released once, and only when the last has gone.
TEST_P(Release, HappensOnceAndLast) {
  verifies<"REL-001", "REL-002">();
  for_all_traces(GetParam(), once_and_last);
}
TEST(ReleaseBites, HappensOnceAndLast) {
  bites(once_and_last, {"release_never_runs", "release_runs_twice", "release_at_last_fd"});
}

const Law listed_while_referenced = [](const Moment& moment) {
  return each_buffer(moment, Aspect::Listed, [&](BufferId buffer) -> std::optional<std::int64_t> {
    return moment.world.ledger(buffer, moment.profile) > 0 ? 1 : 0;
  });
};

/// A buffer is in the kernel's list exactly while somebody refers to it.
TEST_P(Release, TakesTheBufferOffTheList) {
  verifies<"INV-002">();
  for_all_traces(GetParam(), listed_while_referenced);
}
TEST(ReleaseBites, TakesTheBufferOffTheList) {
  bites(listed_while_referenced, {"released_stays_listed", "release_at_last_fd", "handle_close_drops_one_too_many"});
}

const Law nothing_left = [](const Moment& moment) -> std::string {
  if (!moment.last) return {};
  for (std::size_t b = 0; b < kMaxBuffers; ++b)
    if (value(moment.seen.buffers[b], Aspect::Listed).value_or(0) != 0)
      return "b" + std::to_string(b) + " outlives everything that was done with it";
  for (std::size_t f = 0; f < kMaxFds; ++f)
    if (moment.seen.fds[f].seen && moment.seen.fds[f].open) return "f" + std::to_string(f) + " is still open";
  return {};
};

/// When all has been let go, nothing is left.
TEST_P(Release, LeavesNothingBehind) {
  verifies<"INV-012">();
  for_all_traces(GetParam(), nothing_left);
}
TEST(ReleaseBites, LeavesNothingBehind) { bites(nothing_left, {"released_stays_listed"}); }

}  // namespace
}  // namespace dmabuf::conformance::properties
