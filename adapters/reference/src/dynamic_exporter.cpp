// SPDX-License-Identifier: MIT
/// Moves its storage whenever it is asked to, or a device needs it elsewhere, unless somebody has pinned it; and tells
/// importers that want to know.
#include <cerrno>

#include "exporter_ops.hpp"

namespace dmabuf::reference {

namespace {

bool held(const Core& core, const DmaBuf& buffer) {
  return (buffer.pins > 0 && !core.is(Mutant::MoveWhilePinned)) || buffer.vmapped;
}

int relocate(Core& core, DmaBuf& buffer, Place to) {
  if (held(core, buffer)) return EBUSY;
  if (!core.is(Mutant::MoveTellsNobody)) move_notify(buffer);
  move_storage(core, buffer, to);
  return 0;
}

int suit(Core& core, DmaBuf& buffer, model::DeviceId device) {
  ensure_storage(core, buffer);
  if (device != model::kStrictDevice || buffer.place.placement == Placement::Confined) return 0;
  return relocate(core, buffer, {Placement::Confined});
}

int dynamic_map(Core& core, DmaBuf& buffer, model::DeviceId device, model::Direction, SgTable& table) {
  if (const int error = suit(core, buffer, device)) return error;
  Place place = buffer.place;
  if (core.is(Mutant::MapAfterMoveIsStale)) place.bank = 0;
  hand_out(buffer, place, table);
  return 0;
}

int dynamic_pin(Core& core, DmaBuf& buffer, model::DeviceId device) {
  if (const int error = suit(core, buffer, device)) return error;
  ++buffer.pins;
  return 0;
}

void dynamic_unpin(Core&, DmaBuf& buffer) {
  if (buffer.pins > 0) --buffer.pins;
}

int dynamic_migrate(Core& core, DmaBuf& buffer) {
  if (!buffer.allocated) return 0;
  return relocate(core, buffer, {buffer.place.placement, static_cast<std::uint8_t>(1 - buffer.place.bank)});
}

}  // namespace

constinit const DmaBufOps kDynamicOps = plain_but([](DmaBufOps& ops) {
  ops.map = dynamic_map;
  ops.pin = dynamic_pin;
  ops.unpin = dynamic_unpin;
  ops.migrate = dynamic_migrate;
  ops.allocate = allocate_for_attached;
});

}  // namespace dmabuf::reference
