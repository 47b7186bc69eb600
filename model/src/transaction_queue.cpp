// SPDX-License-Identifier: MIT
/// A video queue as an importer: what it asks for, when it acquires a dma-buf, and when it lets go of it.
#include <algorithm>

#include "transaction.hpp"

namespace dmabuf::model {
namespace {

constexpr EventId kQbuf = event_id<op::Qbuf>(), kPrepareBuf = event_id<op::PrepareBuf>();

FactSet through(VideoFile file) { return when(file == VideoFile::Second, Fact::OtherFile); }

}  // namespace

bool Transaction::let_go(QueueSlotState& slot) {
  if (slot.plane == state::kNoPlane) return true;
  const std::uint8_t b = slot.buffer;
  BufferState& state = buffer(b);
  direction_ = Direction::FromDevice;
  if (!maps_planes() && slot.plane == state::kPlaneMapped) {
    if (!fire(MachineId::Vmapping, state.vmapping, EventId::VunmapOnce, when(state.vmaps > 1, Fact::MoreVmaps), b)) return false;
    --state.vmaps;
  }
  if (maps_planes() && slot.plane == state::kPlaneMapped) --state.mappings;
  if (maps_planes()) --state.attachments;
  slot.buffer = kNone;
  slot.length = VideoLength::Whole;
  return fire(MachineId::Plane, slot.plane, EventId::LetGo, when(maps_planes(), Fact::MapsPlanes), b);
}

/// From here on what is refused leaves the index empty: all that this has done and not undone stays.
bool Transaction::acquire(QueueSlotState& slot, FdId fd, VideoLength length) {
  const bool open = fd.value < kMaxFds && w_.fds[fd.value].state == state::kFdOpen;
  const std::uint8_t b = open ? w_.fds[fd.value].buffer : kNone;
  const bool kept = open && slot.plane == state::kPlaneMapped && slot.buffer == b && slot.length == length;
  FactSet facts = when(!open, Fact::NoDmaBuf) | when(length == VideoLength::Short, Fact::TooShort) |
                  when(length == VideoLength::Long, Fact::TooLong) | when(maps_planes(), Fact::MapsPlanes);
  if (kept) return fire(MachineId::Plane, slot.plane, EventId::Acquire, facts | bit(Fact::SamePlane), b);
  acquires_ = true;
  if (!let_go(slot)) return false;
  const bool fits = open && (length == VideoLength::Whole || length == VideoLength::Image);
  if (fits && maps_planes()) facts |= when(choices_.decide(p_.exporter.refuses_attach), Fact::RefusesAttach);
  device_ = kLaxDevice.value;
  direction_ = Direction::FromDevice;
  result_.reason = nullptr;
  if (!fire(MachineId::Plane, slot.plane, EventId::Acquire, facts, b)) {
    if (slot.plane == state::kAcquired) drop(b);  // the exporter would not have it attached
    slot.plane = state::kNoPlane;
    return false;
  }
  slot.buffer = b;
  slot.length = length;
  if (maps_planes()) ++buffer(b).attachments;
  const RowInfo* reason = result_.reason;
  result_.reason = nullptr;
  if (maps_planes() ? map_plane(slot) : vmap_plane(slot)) {
    result_.reason = reason;
    return true;
  }
  let_go(slot);
  return false;
}

bool Transaction::vmap_plane(QueueSlotState& slot) {
  const std::uint8_t b = slot.buffer;
  BufferState& state = buffer(b);
  const StateId before = state.vmapping;
  const bool mapped = fire(MachineId::Vmapping, state.vmapping, EventId::VmapOnce,
                           when(before == state::kEmpty && choices_.decide(p_.exporter.has_vmap), Fact::HasVmap), b);
  if (mapped) ++state.vmaps;
  else state.vmapping = before;
  return fire(MachineId::Plane, slot.plane, EventId::MapPlane, when(!mapped, Fact::CannotMap), b);
}

bool Transaction::map_plane(QueueSlotState& slot) {
  const std::uint8_t b = slot.buffer;
  StateId plane = slot.plane;
  if (!fire(MachineId::Plane, plane, EventId::MapPlane, bit(Fact::MapsPlanes), b)) {
    if (result_.allowance != Allowance::Refused) return false;
    return fire(MachineId::Plane, slot.plane, EventId::MapPlane, bit(Fact::MapsPlanes) | bit(Fact::CannotMap), b);
  }
  slot.plane = plane;
  ++buffer(b).mappings;
  const bool gaps = buffer(b).pages > 1 && slot.length == VideoLength::Whole && choices_.decide(p_.exporter.scattered);
  return fire(MachineId::Plane, slot.plane, EventId::Inspect, when(gaps, Fact::Scattered), b);
}

/// What the device had until now may hold anything.
void Transaction::give_back(QueueSlotState& slot, bool streamed) {
  if (streamed && slot.state == state::kQueued) w_.forget(slot.buffer);
}

void Transaction::put_in(std::uint8_t index, FdId fd, VideoLength length, VideoMemory memory, VideoFile file, EventId event) {
  // Nobody has read what an exporter that moves makes of it.
  if (!p_.queue.there() || elsewhere(fd) || (maps_planes() && p_.exporter.dynamic)) return void(malformed());
  QueueState& queue = w_.queue;
  QueueSlotState none;
  if (!fire(MachineId::QueueCall, queue.state, EventId::QueueCall,
            through(file) | when(memory == VideoMemory::Unknown, Fact::UnknownMemory)))
    return;
  QueueSlotState& slot = index < kMaxIndices ? queue.slots[index] : none;
  StateId next = slot.state;
  result_.reason = nullptr;  // the index says why
  if (!fire(MachineId::QueueSlot, next, event)) return;
  if (slot.state != state::kPrepared) {
    result_.reason = nullptr;
    if (!acquire(slot, fd, length)) {
      slot.state = state::kVacant;
      return;
    }
  }
  slot.state = next;
  if (next != state::kQueued) return;
  const bool first = std::ranges::count(queue.slots, state::kQueued, &QueueSlotState::state) == 1;
  if (first) queue.oldest = index;
}

void Transaction::operator()(const op::Qbuf& o) { put_in(o.index, o.fd, o.length, o.memory, o.file, kQbuf); }

void Transaction::operator()(const op::PrepareBuf& o) { put_in(o.index, o.fd, o.length, o.memory, o.file, kPrepareBuf); }

bool Transaction::free_slots(bool streamed) {
  for (QueueSlotState& slot : w_.queue.slots) {
    if (slot.state == state::kUnallotted) continue;
    give_back(slot, streamed);
    if (!let_go(slot) || !fire(MachineId::QueueSlot, slot.state, EventId::Free)) return false;
  }
  w_.queue.oldest = 0;
  return true;
}

void Transaction::operator()(const op::Reqbufs& o) {
  if (!p_.queue.there() || o.count > kMaxIndices) return void(malformed());
  if (!fire(MachineId::Queue, w_.queue.state, event_id<op::Reqbufs>(),
            through(o.file) | when(o.memory == VideoMemory::Unknown, Fact::UnknownMemory) | when(o.count == 0, Fact::NoneWanted)))
    return;
  if (!free_slots(false)) return;
  const std::uint8_t granted = o.count == 0 ? std::uint8_t{0} : std::max(o.count, p_.queue.least);
  for (std::uint8_t i = 0; i < granted; ++i)
    if (!fire(MachineId::QueueSlot, w_.queue.slots[i].state, EventId::Allot)) return;
  result_.value = granted;
}

void Transaction::operator()(const op::Dqbuf& o) {
  if (!p_.queue.there()) return void(malformed());
  QueueState& queue = w_.queue;
  QueueSlotState& slot = queue.slots[queue.oldest];
  if (!fire(MachineId::QueueCall, queue.state, event_id<op::Dqbuf>(),
            through(o.file) | when(slot.state != state::kQueued, Fact::NoneQueued)))
    return;
  give_back(slot, true);
  if (!fire(MachineId::QueueSlot, slot.state, event_id<op::Dqbuf>())) return;
  result_.value = queue.oldest;
  const auto next = std::ranges::find(queue.slots, state::kQueued, &QueueSlotState::state);
  queue.oldest = next == queue.slots.end() ? std::uint8_t{0} : static_cast<std::uint8_t>(next - queue.slots.begin());
}

void Transaction::operator()(const op::StreamOn& o) {
  if (!p_.queue.there()) return void(malformed());
  fire(MachineId::Queue, w_.queue.state, event_id<op::StreamOn>(), through(o.file));
}

void Transaction::operator()(const op::StreamOff& o) {
  if (!p_.queue.there()) return void(malformed());
  const bool streamed = w_.queue.state == state::kStreaming;
  if (!fire(MachineId::Queue, w_.queue.state, event_id<op::StreamOff>(), through(o.file))) return;
  for (QueueSlotState& slot : w_.queue.slots) {
    if (slot.state != state::kPrepared && slot.state != state::kQueued) continue;
    give_back(slot, streamed);
    if (!fire(MachineId::QueueSlot, slot.state, EventId::Cancel)) return;
  }
  w_.queue.oldest = 0;
}

void Transaction::operator()(const op::CloseVideo& o) {
  if (!p_.queue.there()) return void(malformed());
  const bool streamed = w_.queue.state == state::kStreaming;
  if (fire(MachineId::QueueCall, w_.queue.state, event_id<op::CloseVideo>(), through(o.file)) && o.file == VideoFile::First)
    free_slots(streamed);
}

}  // namespace dmabuf::model
