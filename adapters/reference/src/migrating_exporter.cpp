// SPDX-License-Identifier: MIT
/// Moves its storage for a strict device, contents and all, when nobody else has it mapped.
#include <cerrno>

#include "exporter_ops.hpp"

namespace dmabuf::reference {

void allocate_for_attached(Core& core, DmaBuf& buffer) {
  const bool strict = buffer.attachments.has_device(model::kStrictDevice);
  take_storage(core, buffer, {strict ? Placement::Confined : Placement::Anywhere});
}

void move_storage(Core& core, DmaBuf& buffer, Place to) {
  std::size_t carried = buffer.pages;
  if (core.is(Mutant::MigrationLosesContents) || core.is(Mutant::MoveLosesContents)) carried = 0;
  if (core.is(Mutant::MigrationLosesLastPage)) carried = buffer.pages - 1U;

  for (std::size_t page = 0; page < buffer.pages; ++page) {
    const Page& old = core.memory.frames[Memory::frame(buffer.id, buffer.place, page)];
    Page& fresh = core.memory.frames[Memory::frame(buffer.id, to, page)];
    if (page < carried)
      fresh = old;
    else
      fresh.fill(0);
  }
  // The old pages go back to where they came from; whoever still looks at them sees a torn page.
  plain_release(core, buffer);
  buffer.allocated = true;
  buffer.place = to;
  ++buffer.generation;
  if (core.is(Mutant::MigrationLeaksReference)) ++buffer.file_count;
}

namespace {

int migrating_map(Core& core, DmaBuf& buffer, model::DeviceId device, model::Direction,
                  SgTable& table) {
  ensure_storage(core, buffer);
  if (device == model::kStrictDevice && buffer.place.placement != Placement::Confined) {
    if (buffer.outstanding > 0 && !core.is(Mutant::MigrationInSpiteOfMappings)) return EBUSY;
    if (buffer.vmapped && !core.is(Mutant::MigrationInSpiteOfVmap)) return EBUSY;
    move_storage(core, buffer, {Placement::Confined});
  }
  const bool stale = core.is(Mutant::MigrationHandsOutOldPages) && buffer.generation > 0 &&
                     device != model::kStrictDevice;
  hand_out(buffer, stale ? Place{} : buffer.place, table);
  return 0;
}

void migrating_unmap(Core& core, DmaBuf& buffer, const SgTable& table) {
  if (!core.is(Mutant::MigrationForgetsUnmap)) plain_unmap(core, buffer, table);
}

}  // namespace

constinit const DmaBufOps kMigratingOps = plain_but([](DmaBufOps& ops) {
  ops.map = migrating_map;
  ops.unmap = migrating_unmap;
  ops.allocate = allocate_for_attached;
});

}  // namespace dmabuf::reference
