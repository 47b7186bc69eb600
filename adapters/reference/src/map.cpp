// SPDX-License-Identifier: MIT
/// dma_buf_map_attachment and dma_buf_unmap_attachment, with the cache of `cache_sgt_mapping`.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::Direction;
using model::done;
using model::Outcome;
using model::refused;

int System::map(Attachment& attachment, DmaBuf& buffer, Direction direction, SgTable& table) {
  if (attachment.cached && !is(Mutant::CacheNeverHits)) {
    const Direction cached = attachment.cached_direction;
    const bool serves_all =
        cached == Direction::Bidirectional && !is(Mutant::CacheRefusesBidirectional);
    if (cached != direction && !serves_all && !is(Mutant::CacheIgnoresDirection)) return EBUSY;
    table = attachment.cached_table;
    return 0;
  }
  if (attachment.dynamic && buffer.exporter->dynamic() && is(Mutant::MapPinsInSpiteOfMoveNotify))
    (void)pin(buffer, model::DeviceId{attachment.device});
  const int error = map_by_exporter(attachment, buffer, direction, table);
  const bool keeps = error == 0 || is(Mutant::FailedMapIsCached);
  if (keeps && buffer.exporter->caches_mappings) {
    attachment.cached = true;
    attachment.cached_direction = direction;
    attachment.cached_table = table;
  }
  return error;
}

int System::map_by_exporter(Attachment& attachment, DmaBuf& buffer, Direction direction, SgTable& table) {
  const Direction passed = is(Mutant::MapWrongDirection) ? Direction::Bidirectional : direction;
  int error = told_to_fail(buffer, model::Callback::Map);
  if (error == 0)
    error = buffer.exporter->ops->map(core_, buffer, model::DeviceId{attachment.device}, passed, table);
  if (error != 0) return is(Mutant::MapWrongErrno) ? ENOMEM : error;
  buffer.count(Callback::Map);
  buffer.maps.count(passed);
  if (is(Mutant::MapCallsTwice)) buffer.count(Callback::Map);
  if (is(Mutant::SgTableLacksLastPage)) --table.count;
  return 0;
}

void System::unmap(DmaBuf& buffer, const SgTable& table, Direction direction) {
  if (is(Mutant::UnmapCallbackSkipped)) return;
  buffer.exporter->ops->unmap(core_, buffer, table);
  buffer.count(Callback::Unmap);
  buffer.unmaps.count(is(Mutant::UnmapWrongDirection) ? Direction::Bidirectional : direction);
}

Outcome System::run(const model::op::Map& op) {
  if (op.attachment.value >= model::kMaxAttachments || op.mapping.value >= model::kMaxMappings)
    return refused(ENOENT);
  Attachment& attachment = attachments_[op.attachment.value];
  if (attachment.buffer == kNobody) return refused(ENOENT);
  Mapping& mapping = mappings_[op.mapping.value];
  DmaBuf& buffer = buffer_of(attachment.buffer);
  SgTable table;
  if (const int error = map(attachment, buffer, op.direction, table)) return refused(error);
  if (mapping.buffer != kNobody) {
    if (!attachment.cached) unmap(buffer, table, op.direction);
    return refused(EEXIST);
  }
  mapping = {.buffer = attachment.buffer,
             .attachment = op.attachment.value,
             .cached = attachment.cached,
             .direction = op.direction,
             .table = table};
  ++attachment.live_mappings;
  ++buffer.live_mappings;
  if (is(Mutant::MapCountsReference)) get_file(buffer);
  return done();
}

Outcome System::run(const model::op::Unmap& op) {
  if (op.mapping.value >= model::kMaxMappings) return refused(ENOENT);
  Mapping& mapping = mappings_[op.mapping.value];
  if (mapping.buffer == kNobody) return refused(ENOENT);
  DmaBuf& buffer = buffer_of(mapping.buffer);
  Attachment& attachment = attachments_[mapping.attachment];
  // The cached table is nobody's to give back: detach does.
  if (!mapping.cached) unmap(buffer, mapping.table, mapping.direction);
  if (mapping.cached && attachment.cached && is(Mutant::CacheUnmapsAtOnce)) {
    unmap(buffer, mapping.table, mapping.direction);
    attachment.cached = false;
  }
  if (attachment.live_mappings > 0) --attachment.live_mappings;
  if (buffer.live_mappings > 0) --buffer.live_mappings;
  mapping = {};
  return done();
}

}  // namespace dmabuf::reference
