// SPDX-License-Identifier: MIT
/// Moves its storage for a strict device, contents and all, when nobody else has it mapped.
#include <cerrno>

#include "exporter_ops.hpp"

namespace dmabuf::reference {

namespace {

/// Everybody attached so far is suited; who comes later may make it move.
void allocate_for_attached(Core& core, DmaBuf& buffer) {
  const bool strict = buffer.attachments.has_device(model::kStrictDevice);
  take_storage(core, buffer, strict ? Placement::Confined : Placement::Anywhere);
}

void move_to_confined(Core& core, DmaBuf& buffer) {
  std::size_t carried = buffer.pages;
  if (core.is(Mutant::MigrationLosesContents)) carried = 0;
  if (core.is(Mutant::MigrationLosesLastPage)) carried = buffer.pages - 1U;

  for (std::size_t page = 0; page < buffer.pages; ++page) {
    Page& from = core.memory.frames[Memory::frame(buffer.id, Placement::Anywhere, page)];
    Page& to = core.memory.frames[Memory::frame(buffer.id, Placement::Confined, page)];
    if (page < carried)
      to = from;
    else
      to.fill(0);
  }
  // The old pages go back to where they came from; whoever still looks at them sees a torn page.
  plain_release(core, buffer);
  buffer.allocated = true;
  buffer.placement = Placement::Confined;
  ++buffer.generation;
  if (core.is(Mutant::MigrationLeaksReference)) ++buffer.file_count;
}

int migrating_map(Core& core, DmaBuf& buffer, model::DeviceId device, model::Direction,
                  SgTable& table) {
  ensure_storage(core, buffer);
  if (device == model::kStrictDevice && buffer.placement != Placement::Confined) {
    if (buffer.outstanding > 0 && !core.is(Mutant::MigrationInSpiteOfMappings)) return EBUSY;
    if (buffer.vmapped && !core.is(Mutant::MigrationInSpiteOfVmap)) return EBUSY;
    move_to_confined(core, buffer);
  }
  const bool stale = core.is(Mutant::MigrationHandsOutOldPages) && buffer.generation > 0 &&
                     device != model::kStrictDevice;
  hand_out(buffer, stale ? Placement::Anywhere : buffer.placement, table);
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
