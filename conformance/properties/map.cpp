// SPDX-License-Identifier: MIT
#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(Mappings);

const Law callbacks_balance = [](const Moment& moment) {
  return each_buffer(moment, Aspect::UnmapCalls, [&](BufferId buffer) -> std::optional<std::int64_t> {
    const auto maps = value(moment.seen.buffers[buffer.value], Aspect::MapCalls);
    if (!maps || moment.profile.exporter.constraints != Constraints::Ignored) return {};
    std::int64_t outstanding = 0;
    for (const AttachmentState& attachment : moment.world.attachments)
      if (attachment.buffer == buffer.value) outstanding += attachment.cached != kNone ? 1 : attachment.mappings;
    return *maps - outstanding - planes(moment, buffer);
  });
};

/// At any instant the exporter has been asked to map once more than to unmap for each live mapping,
/// where a table that is kept, by a cache or since the attach, counts once however many use it.
TEST_P(Mappings, CallTheExporterOnceEachWay) {
  verifies<"MAP-002", "MAP-007", "INV-004">();
  for_all_traces(GetParam(), callbacks_balance);
}
TEST(MappingsBite, CallTheExporterOnceEachWay) {
  bites(callbacks_balance,
        {"map_calls_twice", "unmap_callback_skipped", "cache_never_hits", "cache_unmaps_at_once",
         "detach_forgets_cached_mapping"});
}

}  // namespace
}  // namespace dmabuf::conformance::properties
