// SPDX-License-Identifier: MIT
#include "explore_checks.hpp"

#include <algorithm>
#include <array>

#include "explore_fence.hpp"
#include "machine_id.hpp"

namespace dmabuf::model {
namespace {

std::uint8_t buffer_behind(const World& w, const MappingState& m) {
  return m.attachment < kMaxAttachments ? w.attachments[m.attachment].buffer : kNone;
}

/// Planes of a queue with this allocator that hold the buffer.
int planes(const World& w, const Profile& profile, Allocator allocator, std::uint8_t b) {
  if (!profile.queue.there() || profile.queue.allocator != allocator) return 0;
  return static_cast<int>(std::ranges::count(w.queue.slots, b, &QueueSlotState::buffer));
}

/// Mappings the exporter has handed out on a buffer; a cached one counts once however many use it.
int exporter_mappings(const World& w, const Profile& profile, std::uint8_t b) {
  int count = 0;
  for (const AttachmentState& a : w.attachments)
    if (a.state != state::kDetached && a.buffer == b) count += a.cached != kNone ? 1 : a.mappings;
  return count + planes(w, profile, Allocator::Contiguous, b);
}

/// Pins the exporter has been asked for and not yet been asked to undo, by importers and by the core.
int exporter_pins(const World& w, const Profile& profile, std::uint8_t b) {
  int count = 0;
  for (const AttachmentState& a : w.attachments) {
    if (!profile.exporter.dynamic || a.state == state::kDetached || a.buffer != b) continue;
    const bool by_map = !a.dynamic || !profile.kernel.move_notify;
    count += a.pins + (a.cached != kNone ? 1 : by_map ? a.mappings : 0);
  }
  return count;
}

/// What keeps the storage where it is.
int holds(const World& w, const Profile& profile, std::uint8_t b) {
  return w.buffers[b].vmapping + (profile.exporter.dynamic ? exporter_pins(w, profile, b) : exporter_mappings(w, profile, b));
}

/// Are mappings stale only where a dynamic importer has them, and were all of those told?
bool moves_told(const World& w, const World& next, std::uint8_t b) {
  int told = 0;
  for (const AttachmentState& a : w.attachments)
    if (a.state != state::kDetached && a.buffer == b && a.dynamic) ++told;
  for (std::size_t i = 0; i < kMaxMappings; ++i) {
    const MappingState& m = next.mappings[i];
    if (!m.stale) continue;
    if (!next.attachments[m.attachment].dynamic) return false;
    if (!w.mappings[i].stale && next.buffers[b].callbacks.move_notifies != told) return false;
  }
  return true;
}

/// Buffers other than b, and what stands for them, are as they were.
bool strangers_untouched(const World& w, const World& next, std::uint8_t b, std::uint8_t buffers) {
  for (std::uint8_t i = 0; i < buffers; ++i)
    if (i != b && w.buffers[i] != next.buffers[i]) return false;
  const auto related = [b](std::uint8_t buffer) { return buffer == b || buffer == kNone; };
  const auto same = [&](const auto& before, const auto& after) {
    for (std::size_t i = 0; i < before.size(); ++i)
      if ((!related(before[i].buffer) || !related(after[i].buffer)) && before[i] != after[i]) return false;
    return true;
  };
  if (!same(w.fds, next.fds) || !same(w.references, next.references) || !same(w.attachments, next.attachments) ||
      !same(w.vmas, next.vmas) || !same(w.messages, next.messages) || !same(w.vmaps, next.vmaps) ||
      w.children != next.children)
    return false;
  for (std::size_t i = 0; i < kMaxMappings; ++i)
    if ((!related(buffer_behind(w, w.mappings[i])) || !related(buffer_behind(next, next.mappings[i]))) &&
        w.mappings[i] != next.mappings[i])
      return false;
  return true;
}

/// Does each index of a queue hold a buffer just while it should, and is the oldest one that is queued?
bool planes_held(const World& w) {
  bool queued = false;
  for (const QueueSlotState& slot : w.queue.slots) {
    queued = queued || slot.state == state::kQueued;
    const bool holds = slot.state >= state::kHolding;
    if (holds != (slot.plane == state::kPlaneMapped) || holds != (slot.buffer < kMaxBuffers)) return false;
    if (holds && w.buffers[slot.buffer].lifecycle != state::kLive) return false;
    if (slot.state != state::kUnallotted && w.queue.state == state::kNoQueue) return false;
  }
  return queued ? w.queue.slots[w.queue.oldest].state == state::kQueued : w.queue.oldest == 0;
}

}  // namespace

Said what_is_said(const World& w, const Profile& profile, const Operation& operation) {
  const int own = profile.exporter.own_references;
  const auto fd = [&](FdId f) { return f.value < kMaxFds ? w.fds[f.value].buffer : kNone; };
  const auto attached = [&](AttachmentId a) { return w.attachments[a.value].buffer; };
  const auto mapped = [&](MappingId m) {
    const std::uint8_t a = w.mappings[m.value].attachment;
    return a < kMaxAttachments ? w.attachments[a].buffer : kNone;
  };
  // What the file's handle to a live buffer holds, or would hold if it were made: one for the file, and if it is the
  // only one, what the object has.
  const auto held = [&](std::uint8_t b, DrmFile file, bool made) {
    const StateId mine = w.buffers[b].handles[static_cast<std::size_t>(file)];
    const StateId others = w.buffers[b].handles[1U - static_cast<std::size_t>(file)];
    if (!w.live(BufferId{b}) || (mine == state::kShared) == made) return 0;
    return others == state::kShared ? 1 : own;
  };
  return std::visit(
      [&]<class Op>(const Op& o) -> Said {
        if constexpr (std::is_same_v<Op, op::Export> || std::is_same_v<Op, op::Create> || std::is_same_v<Op, op::CreateList>)
          return {o.buffer.value, 1 + own};
        else if constexpr (std::is_same_v<Op, op::CreateDumb>) return {o.buffer.value, 0};
        else if constexpr (std::is_same_v<Op, op::CloseHandle>) return {o.buffer.value, -held(o.buffer.value, o.file, false)};
        else if constexpr (std::is_same_v<Op, op::HandleToFd>)
          return {o.buffer.value, w.live(o.buffer) ? 1 : 1 + own};
        else if constexpr (std::is_same_v<Op, op::FdToHandle>)
          return {fd(o.fd), fd(o.fd) < kMaxBuffers ? held(fd(o.fd), o.file, true) : 0};
        else if constexpr (std::is_same_v<Op, op::Fail>) return {o.buffer.value, 0};
        else if constexpr (std::is_same_v<Op, op::Dup>) return {fd(o.from), 1};
        else if constexpr (std::is_same_v<Op, op::Send> || std::is_same_v<Op, op::Get> ||
                           std::is_same_v<Op, op::Mmap>)
          return {fd(o.fd), 1};
        else if constexpr (std::is_same_v<Op, op::Close>) return {fd(o.fd), -1};
        else if constexpr (std::is_same_v<Op, op::Receive>) return {w.messages[o.message.value].buffer, 0};
        else if constexpr (std::is_same_v<Op, op::Discard>) return {w.messages[o.message.value].buffer, -1};
        else if constexpr (std::is_same_v<Op, op::Put>) return {w.references[o.reference.value].buffer, -1};
        else if constexpr (std::is_same_v<Op, op::Munmap>) return {w.vmas[o.vma.value].buffer, -1};
        else if constexpr (std::is_same_v<Op, op::MunmapPage>) {
          const VmaState& v = w.vmas[o.vma.value];
          if (v.length == 1) return {v.buffer, -1};
          return {v.buffer, o.page > 0 && o.page + 1 < v.length ? 1 : 0};
        }
        else if constexpr (std::is_same_v<Op, op::ChildLoad>)
          return {w.children[o.child.value].vmas[o.vma.value].buffer, 0};
        else if constexpr (requires { o.child; }) return {};  // any number of buffers: see changes_of_child()
        else if constexpr (requires { o.vma; }) return {w.vmas[o.vma.value].buffer, 0};
        else if constexpr (requires { o.fd; o.reference; }) return {w.references[o.reference.value].buffer, 0};
        else if constexpr (std::is_same_v<Op, op::Poll>) {
          const std::uint8_t b = fd(o.fd);
          return {b, b < kMaxBuffers ? said_of_fences(w, profile, o)[b] : 0};
        }
        else if constexpr (requires { o.fd; }) return {fd(o.fd), 0};
        else if constexpr (requires { o.reference; }) return {w.references[o.reference.value].buffer, 0};
        else if constexpr (requires { o.vmap; }) return {w.vmaps[o.vmap.value].buffer, 0};
        else if constexpr (requires { o.attachment; }) return {attached(o.attachment), 0};
        else if constexpr (requires { o.mapping; }) return {mapped(o.mapping), 0};
        else return {};  // fences: said_of_fences()
      },
      operation);
}

std::optional<std::array<int, kMaxBuffers>> changes_of_child(const World& w, const Operation& operation) {
  std::array<int, kMaxBuffers> changes{};
  const auto each = [&](const auto& slots, auto&& concerned, int by) {
    for (const auto& slot : slots)
      if (slot.buffer < kMaxBuffers && concerned(slot)) changes[slot.buffer] += by;
  };
  const auto always = [](const auto&) { return true; };
  const auto of_p0 = [](const auto& slot) { return slot.process == 0; };
  if (std::holds_alternative<op::Fork>(operation)) {
    each(w.fds, of_p0, 1);
    each(w.vmas, of_p0, 1);
  } else if (const auto* exec = std::get_if<op::Exec>(&operation)) {
    each(w.children[exec->child.value].fds, [](const FdState& fd) { return fd.cloexec == CloseOnExec::Yes; }, -1);
    each(w.children[exec->child.value].vmas, always, -1);
  } else if (const auto* exit = std::get_if<op::Exit>(&operation)) {
    each(w.children[exit->child.value].fds, always, -1);
    each(w.children[exit->child.value].vmas, always, -1);
  } else {
    return std::nullopt;
  }
  return changes;
}

namespace {

struct PutIn {
  std::uint8_t index;
  FdId fd;
  VideoLength length;
  bool heard;  ///< asked by the owner, and of this sort of memory
};

std::optional<PutIn> put_in(const Operation& operation) {
  const auto said = [](const auto& o) {
    return PutIn{o.index, o.fd, o.length, o.file == VideoFile::First && o.memory == VideoMemory::DmaBuf};
  };
  if (const auto* q = std::get_if<op::Qbuf>(&operation)) return said(*q);
  if (const auto* p = std::get_if<op::PrepareBuf>(&operation)) return said(*p);
  return std::nullopt;
}

template <class... Ops>
bool is_any(const Operation& operation) {
  return (std::holds_alternative<Ops>(operation) || ...);
}

}  // namespace

std::optional<std::array<int, kMaxBuffers>> changes_of_queue(const World& w, const Operation& operation, bool refused) {
  std::array<int, kMaxBuffers> changes{};
  const auto count = [&](std::uint8_t b, int by) {
    if (b < kMaxBuffers) changes[b] += by;
  };
  if (const auto asked = put_in(operation)) {
    if (!asked->heard || asked->index >= kMaxIndices) return changes;
    const QueueSlotState& slot = w.queue.slots[asked->index];
    if (slot.state != state::kVacant && slot.state != state::kHolding) return changes;
    const std::uint8_t b = asked->fd.value < kMaxFds ? w.fds[asked->fd.value].buffer : kNone;
    if (!refused && slot.buffer == b && slot.length == asked->length) return changes;
    count(slot.buffer, -1);
    if (!refused) count(b, 1);
    return changes;
  }
  if (is_any<op::Dqbuf, op::StreamOn, op::StreamOff>(operation)) return changes;
  if (!is_any<op::Reqbufs, op::CloseVideo>(operation)) return std::nullopt;
  const auto* close = std::get_if<op::CloseVideo>(&operation);
  if (!refused && (close == nullptr || close->file == VideoFile::First))
    for (const QueueSlotState& slot : w.queue.slots) count(slot.buffer, -1);
  return changes;
}

unsigned weight(const World& w) {
  unsigned sum = 0;
  for (const BufferState& b : w.buffers) {
    if (b.lifecycle == state::kLive) sum += 2;
    if (b.lifecycle == state::kDying) sum += 1;
    for (const StateId handle : b.handles) sum += handle != state::kNoHandle ? 1U : 0U;
  }
  const auto used = [&](const auto& slots) {
    for (const auto& slot : slots) sum += slot.state != 0;
  };
  used(w.fds);
  used(w.references);
  used(w.attachments);
  used(w.mappings);
  used(w.vmas);
  used(w.messages);
  used(w.sync_files);
  used(w.children);
  used(w.vmaps);
  for (const AttachmentState& a : w.attachments) sum += a.pins;
  for (const StateId table : w.fd_tables) sum += table == state::kFull ? 1U : 0U;
  for (const MemfdState& memfd : w.memfds) sum += memfd.state == state::kMemfdOpen ? 1U : 0U;
  for (const ChildState& child : w.children) used(child.fds), used(child.vmas);
  for (const FenceState& fence : w.fences) sum += fence.state == state::kPending ? 1U : 0U;
  for (const QueueSlotState& slot : w.queue.slots) sum += slot.state;
  return sum + w.queue.state;
}

Found check_state(const World& w, const Profile& profile, std::uint8_t buffers) {
  std::array<std::uint8_t, kMaxBuffers> attachments{}, mappings{}, vmaps{};
  std::array<std::uint8_t, kMaxAttachments> users{};
  for (const MappingState& m : w.mappings) {
    if (m.state == state::kEmpty) continue;
    if (m.attachment >= kMaxAttachments || w.attachments[m.attachment].state != state::kMapped)
      return Invariant::MappedThroughAttachment;
    const std::uint8_t b = w.attachments[m.attachment].buffer;
    if (b >= kMaxBuffers) return Invariant::MappedThroughAttachment;
    ++users[m.attachment];
    ++mappings[b];
  }
  for (std::size_t i = 0; i < kMaxAttachments; ++i) {
    const AttachmentState& a = w.attachments[i];
    if (a.state == state::kDetached) continue;
    if (a.buffer >= kMaxBuffers || w.buffers[a.buffer].lifecycle != state::kLive)
      return Invariant::NothingOutlivesTheFile;
    ++attachments[a.buffer];
    if (a.mappings != users[i] || (a.state == state::kMapped) != (a.mappings > 0) ||
        (a.state == state::kCached && a.cached == kNone) || (a.state == state::kAttached && a.cached != kNone))
      return Invariant::MappingsCounted;
  }
  for (const VmapState& vmap : w.vmaps) {
    if (vmap.state == state::kEmpty) continue;
    if (vmap.buffer >= kMaxBuffers || w.buffers[vmap.buffer].lifecycle != state::kLive)
      return Invariant::NothingOutlivesTheFile;
    ++vmaps[vmap.buffer];
  }
  for (const ChildState& child : w.children)
    if (child.state != state::kForked && child != ChildState{}) {
      if (child.state == state::kNoChild) return Invariant::ChildrenHoldTheirOwn;
      for (const FdState& fd : child.fds)
        if (fd.state != state::kFdClosed && fd.cloexec == CloseOnExec::Yes) return Invariant::ChildrenHoldTheirOwn;
      for (const VmaState& vma : child.vmas)
        if (vma.state != state::kEmpty) return Invariant::ChildrenHoldTheirOwn;
    }
  if (!planes_held(w)) return Invariant::PlanesHeld;
  for (std::uint8_t b = 0; b < buffers; ++b) {
    const BufferState& buffer = w.buffers[b];
    if (buffer.references != w.ledger(BufferId{b}, profile)) return Invariant::LedgerBalances;
    if ((buffer.lifecycle == state::kLive) != (buffer.references > 0)) return Invariant::LiveWhileReferenced;
    const int attached = planes(w, profile, Allocator::Contiguous, b), mapped = planes(w, profile, Allocator::Vmalloc, b);
    if (buffer.attachments != attachments[b] + attached) return Invariant::AttachmentsCounted;
    if (buffer.mappings != mappings[b] + attached) return Invariant::MappingsCounted;
    if (buffer.vmaps != vmaps[b] + mapped || (buffer.vmapping == state::kFilled) != (buffer.vmaps > 0))
      return Invariant::VmapsCounted;
  }
  return std::nullopt;
}

namespace {

Found check_buffer(const World& w, const World& next, const Profile& profile, const Said& said, bool released) {
  const BufferState& before = w.buffers[said.buffer];
  const BufferState& after = next.buffers[said.buffer];
  if (after.references != before.references + said.change) return Invariant::ReferencesMoveAsSaid;

  // A world unpacked has zero callbacks, so that these are the step's own.
  const Callbacks& calls = after.callbacks;
  if (calls.attach - calls.detach != after.attachments - before.attachments ||
      calls.map - calls.unmap != exporter_mappings(next, profile, said.buffer) - exporter_mappings(w, profile, said.buffer) ||
      calls.vmap - calls.vunmap != after.vmapping - before.vmapping ||
      calls.pin - calls.unpin != exporter_pins(next, profile, said.buffer) - exporter_pins(w, profile, said.buffer))
    return Invariant::CallbacksBalance;
  if (after.storage != before.storage && before.storage != state::kUnallocated && after.lifecycle == before.lifecycle &&
      holds(w, profile, said.buffer) > 0)
    return Invariant::StorageStaysUnderMappings;
  if (calls.move_notifies > 0 && holds(w, profile, said.buffer) > 0) return Invariant::StorageStaysUnderMappings;
  if (!moves_told(w, next, said.buffer)) return Invariant::MovesAreTold;

  bool proper = after.lifecycle == before.lifecycle && calls.release == 0;
  if (released)
    proper = before.lifecycle == state::kDying && after.lifecycle == state::kReleased && calls.release == 1 &&
             before.attachments == 0 && before.mappings == 0;
  else if (before.lifecycle != after.lifecycle)
    proper = calls.release == 0 &&
             (after.lifecycle == state::kLive
                  ? before.lifecycle == state::kAbsent || before.lifecycle == state::kReleased
                  : before.lifecycle == state::kLive && after.lifecycle == state::kDying && after.references == 0);
  else if (before.lifecycle == state::kDying)
    proper = false;  // nobody can do anything to a file that is gone
  return proper ? Found{} : Invariant::ReleasedOnceAndLast;
}

}  // namespace

Found check_step(const World& w, const World& next, const Profile& profile, const Said& said, bool released,
                 std::uint8_t buffers) {
  if (w.memfds != next.memfds) {  // a memfd's own operation: a buffer keeps its pages whatever becomes of it
    World others = next;
    others.memfds = w.memfds;
    return others == w ? Found{} : Invariant::StrangersUntouched;
  }
  if (w.fd_tables != next.fd_tables) {  // whose limit it is touches nothing else
    World others = next;
    others.fd_tables = w.fd_tables;
    return others == w ? Found{} : Invariant::StrangersUntouched;
  }
  if (said.buffer >= kMaxBuffers) return w == next ? Found{} : Invariant::ReferencesMoveAsSaid;
  if (!strangers_untouched(w, next, said.buffer, buffers)) return Invariant::StrangersUntouched;
  return check_buffer(w, next, profile, said, released);
}

Found check_child_step(const World& w, const World& next, const Profile& profile,
                       const std::array<int, kMaxBuffers>& changes,
                       std::uint8_t buffers) {
  if (w.fds != next.fds || w.references != next.references || w.attachments != next.attachments ||
      w.mappings != next.mappings || w.vmas != next.vmas || w.messages != next.messages || w.vmaps != next.vmaps)
    return Invariant::StrangersUntouched;
  for (std::uint8_t b = 0; b < buffers; ++b) {
    if (changes[b] == 0 ? w.buffers[b] != next.buffers[b] : w.buffers[b].lifecycle != state::kLive)
      return Invariant::StrangersUntouched;
    if (changes[b] == 0) continue;
    if (const Found wrong = check_buffer(w, next, profile, {b, changes[b]}, false)) return wrong;
  }
  return std::nullopt;
}

Found check_queue_step(const World& w, const World& next, const Profile& profile, const std::array<int, kMaxBuffers>& changes,
                       std::uint8_t buffers) {
  World others = next;  // but for buffers and the queue, all is as it was
  others.buffers = w.buffers;
  others.queue = w.queue;
  if (others != w) return Invariant::StrangersUntouched;
  for (std::uint8_t b = 0; b < buffers; ++b) {
    World one = next;
    one.buffers[b].content = w.buffers[b].content;  // the device's, as long as it was queued
    if (changes[b] == 0 && one.buffers[b] == w.buffers[b]) continue;
    if (const Found wrong = check_buffer(w, one, profile, {b, changes[b]}, false)) return wrong;
  }
  return std::nullopt;
}

bool teardown_works(const World& start, const Profile& profile) {
  World world = start;
  Alternatives ways;
  for (const Operation& operation : teardown(start, profile)) {
    alternatives(world, profile, operation, ways);
    if (ways.size() != 1 || ways.front().allowance != Allowance::Permitted) return false;
    world = ways.front().next;
  }
  // Each buffer is released once; in a model gone wrong, settle() might never end.
  for (std::size_t b = 0; b < kMaxBuffers; ++b) internal_step(world, profile);
  return world.empty();
}

}  // namespace dmabuf::model
