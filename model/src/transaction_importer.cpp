// SPDX-License-Identifier: MIT
/// What an importer in the kernel does beside mapping: attach, of either sort, pin, kernel mappings.
#include <algorithm>
#include <array>
#include <cerrno>

#include "transaction.hpp"

namespace dmabuf::model {

void Transaction::attach(ReferenceId from, DeviceId device, AttachmentId into, bool dynamic) {
  AttachmentState& attachment = w_.attachments[into.value];
  if (attachment.state != state::kDetached) return void(malformed());
  ReferenceState& reference = w_.references[from.value];
  const std::uint8_t b = reference.buffer;
  const EventId event = dynamic ? event_id<op::AttachDynamic>() : event_id<op::Attach>();
  if (!fire(MachineId::Reference, reference.state, event, guarded(), b)) return;
  device_ = device.value;
  dynamic_ = dynamic;
  direction_ = Direction::Bidirectional;
  result_.reason = nullptr;  // the attachment's own row says why
  const bool refuses = choices_.decide(p_.exporter.refuses_attach);
  const bool maps = maps_at_attach(dynamic);
  const std::uint16_t attaches = b != kNone ? buffer(b).callbacks.attach : std::uint16_t{0};
  if (!fire(MachineId::Attachment, attachment.state, event,
            guarded() | when(refuses, Fact::RefusesAttach) | when(maps, Fact::MapsAtAttach), b)) {
    if (refuses) attach_refused_by_ = b;
    attach_undone_ = b != kNone && buffer(b).callbacks.attach != attaches;  // DBUF-ATT-011
    return;
  }
  attachment.buffer = b;
  attachment.device = device.value;
  attachment.mappings = 0;
  attachment.dynamic = dynamic;
  attachment.cached = maps ? static_cast<std::uint8_t>(Direction::Bidirectional) : kNone;
  ++buffer(b).attachments;
}

void Transaction::operator()(const op::AttachDynamic& o) { attach(o.reference, o.device, o.attachment, true); }

FactSet Transaction::pin_facts(const AttachmentState& attachment) const {
  return guarded() | when(attachment.state != state::kDetached, Fact::Attached) |
         when(attachment.dynamic, Fact::ImporterDynamic) | when(p_.exporter.dynamic, Fact::ExporterPins) |
         when(attachment.pins > 1, Fact::MorePins);
}

void Transaction::operator()(const op::Pin& o) {
  AttachmentState& attachment = w_.attachments[o.attachment.value];
  if (attachment.pins == kMaxPins) return void(malformed());  // they are not counted any further here
  StateId pinning = attachment.pins > 0 ? state::kFilled : state::kEmpty;
  device_ = attachment.device;
  if (fire(MachineId::Pinning, pinning, event_id<op::Pin>(), pin_facts(attachment), attachment.buffer)) ++attachment.pins;
}

void Transaction::operator()(const op::Unpin& o) {
  AttachmentState& attachment = w_.attachments[o.attachment.value];
  StateId pinning = attachment.pins > 0 ? state::kFilled : state::kEmpty;
  if (fire(MachineId::Pinning, pinning, event_id<op::Unpin>(), pin_facts(attachment), attachment.buffer)) --attachment.pins;
}

void Transaction::operator()(const op::Migrate& o) {
  const ReferenceState& reference = w_.references[o.reference.value];
  if (!p_.exporter.dynamic || reference.state == state::kEmpty) return void(malformed());
  const std::uint8_t b = reference.buffer;
  fire(MachineId::Relocation, buffer(b).storage, event_id<op::Migrate>(), when(held_in_place(b), Fact::Outstanding), b);
}

void Transaction::operator()(const op::Fail& o) {
  BufferState& state = buffer(o.buffer.value);
  const bool can = o.callback == Callback::Vmap ? p_.exporter.vmap_fails : p_.exporter.fails;
  if (!can || state.lifecycle != state::kLive || o.nth > kMaxNth) return void(malformed());
  FailureState& failure = state.failure;
  if (!fire(MachineId::Failure, failure.state, event_id<op::Fail>(), when(o.nth == 0, Fact::Disarms), o.buffer.value)) return;
  const StateId armed = failure.state;
  failure = {};
  if (armed == state::kFilled) failure = {armed, o.callback, o.nth, o.error};
}

bool Transaction::calls(std::uint8_t b, Callback callback) {
  FailureState& failure = buffer(b).failure;
  if (failure.state == state::kEmpty) return true;
  asked_ = b;
  const bool counts = failure.callback == callback;
  const bool now = counts && failure.nth == 1;
  const auto event = static_cast<EventId>(static_cast<unsigned>(EventId::CallsAttach) + static_cast<unsigned>(callback));
  const RowInfo* reason = result_.reason;
  result_.reason = nullptr;
  if (fire(MachineId::Failure, failure.state, event, when(now, Fact::FailsNow), b)) {
    result_.reason = reason;
    if (counts) --failure.nth;
    return true;
  }
  constexpr std::array<int, 3> kErrnos = {ENOMEM, EIO, ENOSPC};
  result_.errnos = {{kErrnos[static_cast<std::size_t>(failure.error)]}, 1};
  failure = {};
  ++buffer(b).callbacks.failures;
  return false;
}

bool Transaction::held_in_place(std::uint8_t b) const {
  if (w_.buffers[b].vmapping == state::kFilled) return true;
  if (!p_.exporter.dynamic) return w_.buffers[b].mappings > 0 || cached_mapping(b);
  // Everybody but a dynamic importer that is told of moves has pinned what it has mapped.
  for (const AttachmentState& a : w_.attachments)
    if (a.state != state::kDetached && a.buffer == b &&
        (a.pins > 0 || a.cached != kNone || (a.mappings > 0 && pins_at_map(a.dynamic))))
      return true;
  return false;
}

bool Transaction::hold(std::uint8_t b) {
  asked_ = b;
  return fire(MachineId::Relocation, buffer(b).storage, EventId::Hold, placement_facts(b), b);
}

/// The contents are carried over (DBUF-MIG-006). Mappings of dynamic importers, the only ones there can be then, show
/// what was there before.
void Transaction::move_storage(std::uint8_t b) {
  if (!p_.exporter.dynamic) return;
  for (std::size_t i = 0; i < kMaxAttachments; ++i) {
    const AttachmentState& a = w_.attachments[i];
    if (a.state == state::kDetached || a.buffer != b || !a.dynamic) continue;
    ++buffer(b).callbacks.move_notifies;
    for (MappingState& m : w_.mappings)
      if (m.state != state::kEmpty && m.attachment == i) m.stale = true;
  }
}

void Transaction::leave_behind(World& next) const {
  if (stays_) {
    next = w_;
    return;
  }
  const auto count_refusal = [&] {
    if (attach_refused_by_ != kNone) ++next.buffers[attach_refused_by_].callbacks.attach_refused;
  };
  if (acquires_) next = w_;
  if (acquires_ || asked_ == kNone) return count_refusal();
  const BufferState& now = w_.buffers[asked_];
  BufferState& kept = next.buffers[asked_];
  kept.callbacks = now.callbacks;
  kept.failure = now.failure;
  kept.storage = now.storage;
  if (attach_undone_) ++kept.callbacks.detach;
  if (pin_undone_) ++kept.callbacks.unpin;
  for (std::size_t i = 0; i < kMaxMappings; ++i)
    if (next.mappings[i].state != state::kEmpty) next.mappings[i].stale = w_.mappings[i].stale;
  count_refusal();
}

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
  ++state.vmaps;
  // All of a buffer's are one (DBUF-VMP-003); what a video queue has nobody is told of.
  result_.value = static_cast<std::uint64_t>(std::ranges::count(w_.vmaps, b, &VmapState::buffer));
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
  result_.value = page(vmap.buffer, o.page);
}

void Transaction::operator()(const op::VmapWrite& o) {
  VmapState& vmap = w_.vmaps[o.vmap.value];
  if (!fire(MachineId::Vmap, vmap.state, event_id<op::VmapWrite>())) return;
  BufferState& state = buffer(vmap.buffer);
  if (o.page >= state.pages) return void(malformed());
  w_.page(vmap.buffer, o.page) = o.tag;
}

}  // namespace dmabuf::model
