// SPDX-License-Identifier: MIT
/// What an importer in the kernel does beside attaching and mapping: kernel mappings.
#include "transaction.hpp"

namespace dmabuf::model {

void Transaction::operator()(const op::Vmap& o) {
  VmapState& vmap = w_.vmaps[o.vmap.value];
  if (vmap.state != state::kEmpty) return void(malformed());
  ReferenceState& reference = w_.references[o.reference.value];
  const std::uint8_t b = reference.buffer;
  if (!fire(MachineId::Reference, reference.state, event_id<op::Vmap>(), guarded(), b)) return;
  result_.reason = nullptr;  // whether there is one already says why
  BufferState& state = buffer(b);
  const bool first = state.vmapping == state::kEmpty;
  if (!fire(MachineId::Vmapping, state.vmapping, EventId::VmapOnce,
            when(first && choices_.decide(p_.exporter.has_vmap), Fact::HasVmap), b))
    return;
  if (!fire(MachineId::Vmap, vmap.state, event_id<op::Vmap>())) return;
  vmap.buffer = b;
  result_.value = ++state.vmaps;  // all of a buffer's are one (DBUF-VMP-003)
}

void Transaction::operator()(const op::Vunmap& o) {
  VmapState& vmap = w_.vmaps[o.vmap.value];
  if (!fire(MachineId::Vmap, vmap.state, event_id<op::Vunmap>(), guarded())) return;
  BufferState& state = buffer(vmap.buffer);
  if (!fire(MachineId::Vmapping, state.vmapping, EventId::VunmapOnce, when(state.vmaps > 1, Fact::MoreVmaps), vmap.buffer))
    return;
  --state.vmaps;
  vmap = VmapState{};
}

void Transaction::operator()(const op::VmapRead& o) {
  VmapState& vmap = w_.vmaps[o.vmap.value];
  if (!fire(MachineId::Vmap, vmap.state, event_id<op::VmapRead>())) return;
  const BufferState& state = buffer(vmap.buffer);
  if (o.page >= state.pages) return void(malformed());
  result_.value = state.content[o.page];
}

void Transaction::operator()(const op::VmapWrite& o) {
  VmapState& vmap = w_.vmaps[o.vmap.value];
  if (!fire(MachineId::Vmap, vmap.state, event_id<op::VmapWrite>())) return;
  BufferState& state = buffer(vmap.buffer);
  if (o.page >= state.pages) return void(malformed());
  state.content[o.page] = o.tag;
}

}  // namespace dmabuf::model
