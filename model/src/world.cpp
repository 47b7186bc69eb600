// SPDX-License-Identifier: MIT
#include "dmabuf/model/world.hpp"

#include <algorithm>

#include "machine_id.hpp"
#include "transaction.hpp"

namespace dmabuf::model {
namespace {

/// Slots an operation names must exist; anything else comes from a damaged trace.
bool in_range(const Operation& operation) {
  const auto fd = [](FdId f) { return f.value < kMaxFds || f == kBadFd || f == kForeignFd; };
  const auto sync_file = [](SyncFileId y) {
    return y.value < kMaxSyncFiles || y == kBadSyncFile || y == kForeignSyncFile;
  };
  const auto memfd = [](MemfdId n) { return n.value < kMaxMemfds || n == kBadMemfd || n == kForeignMemfd; };
  return std::visit(
      [&]<class Op>(const Op& o) {
        bool ok = true;
        if constexpr (requires { o.buffer; }) ok = ok && o.buffer.value < kMaxBuffers;
        if constexpr (requires { o.fd; }) ok = ok && fd(o.fd);
        if constexpr (requires { o.from; }) ok = ok && fd(o.from) && fd(o.to);
        if constexpr (requires { o.reference; }) ok = ok && o.reference.value < kMaxReferences;
        if constexpr (requires { o.attachment; }) ok = ok && o.attachment.value < kMaxAttachments;
        if constexpr (requires { o.mapping; }) ok = ok && o.mapping.value < kMaxMappings;
        if constexpr (requires { o.vma; }) ok = ok && o.vma.value < kMaxVmas;
        if constexpr (requires { o.vma; o.into; }) ok = ok && o.into.value < kMaxVmas;
        if constexpr (requires { o.child; }) ok = ok && o.child.value < kMaxChildren;
        if constexpr (requires { o.vmap; }) ok = ok && o.vmap.value < kMaxVmaps;
        if constexpr (requires { o.memfd; }) ok = ok && memfd(o.memfd);
        if constexpr (std::is_same_v<Op, op::CreateList>) ok = ok && memfd(o.first) && memfd(o.second);
        if constexpr (requires { o.message; }) ok = ok && o.message.value < kMaxMessages;
        if constexpr (requires { o.process; }) ok = ok && o.process.value < kProcesses;
        if constexpr (requires { o.device; }) ok = ok && o.device.value < kDevices;
        if constexpr (requires { o.fence; }) ok = ok && o.fence.value < kMaxFences;
        if constexpr (requires { o.sync_file; }) ok = ok && sync_file(o.sync_file);
        if constexpr (requires { o.first; o.into; })
          ok = ok && sync_file(o.first) && sync_file(o.second) && o.into.value < kMaxSyncFiles;
        return ok;
      },
      operation);
}

}  // namespace

std::uint64_t& World::page(std::uint8_t b, std::size_t page) {
  const std::uint8_t source = buffers[b].source[page];
  return source == kNone ? buffers[b].content[page] : memfds[source / kMaxPages].content[source % kMaxPages];
}

std::uint64_t World::page(std::uint8_t b, std::size_t page) const { return const_cast<World&>(*this).page(b, page); }

void World::forget(std::uint8_t b) {
  for (std::size_t i = 0; i < kMaxPages; ++i) page(b, i) = kUnknownTag;
}

bool World::live(BufferId b) const { return buffers[b.value].lifecycle == state::kLive; }

bool World::named(BufferId b) const {
  return std::ranges::any_of(buffers[b.value].handles, [](StateId handle) { return handle != state::kNoHandle; });
}

bool World::pending(FenceId c) const { return fences[c.value].state == state::kPending; }

unsigned World::ledger(BufferId b, const Profile& profile) const {
  const auto count = [&](const auto& slots, StateId filled) {
    return static_cast<unsigned>(std::ranges::count_if(
        slots, [&](const auto& slot) { return slot.state == filled && slot.buffer == b.value; }));
  };
  const auto armed = [&](const PollSlotState& slot) {
    return profile.kernel.poll_holds_file && slot.state == state::kArmed ? 1U : 0U;
  };
  // One handle has all the exporter's own; another has its file's.
  const auto open = static_cast<unsigned>(std::ranges::count(buffers[b.value].handles, state::kShared));
  unsigned inherited = 0;
  for (const ChildState& child : children)
    if (child.state != state::kNoChild)
      inherited += count(child.fds, state::kFdOpen) + count(child.vmas, state::kFilled);
  const auto planes = static_cast<unsigned>(std::ranges::count(queue.slots, b.value, &QueueSlotState::buffer));
  return planes + armed(buffers[b.value].poll_in) + armed(buffers[b.value].poll_out) + inherited + count(fds, state::kFdOpen) +
         count(references, state::kFilled) + count(vmas, state::kFilled) +
         count(messages, state::kFilled) +
         (open > 0 && profile.exporter.own_references > 0 ? profile.exporter.own_references + open - 1U : 0U);
}

bool World::empty() const {
  const auto unused = [](const auto& slots) {
    return std::ranges::all_of(slots, [](const auto& slot) { return slot.state == 0; });
  };
  return std::ranges::all_of(buffers,
                             [](const BufferState& b) {
                               return (b.lifecycle == state::kAbsent || b.lifecycle == state::kReleased) &&
                                      b.handles == decltype(b.handles){};
                             }) &&
         unused(fds) && unused(references) && unused(attachments) && unused(mappings) && unused(vmas) &&
         unused(messages) && unused(children) && unused(sync_files) && unused(vmaps) && queue == QueueState{} &&
         fd_tables == decltype(fd_tables){} &&
         std::ranges::none_of(memfds, [](const MemfdState& memfd) { return memfd.state == state::kMemfdOpen; }) &&
         std::ranges::none_of(fences, [](const FenceState& fence) { return fence.state == state::kPending; });
}

std::string_view to_string(Allowance allowance) {
  switch (allowance) {
    case Allowance::Permitted: return "permitted";
    case Allowance::Refused: return "refused";
    case Allowance::Forbidden: return "forbidden";
    case Allowance::Unspecified: return "unspecified";
    case Allowance::Malformed: return "malformed";
  }
  return "?";
}

void alternatives(const World& world, const Profile& profile, const Operation& operation, Alternatives& out) {
  out.clear();
  if (!in_range(operation)) {
    out.emplace_back().allowance = Allowance::Malformed;
    out.back().next = world;
    return;
  }
  Choices choices;
  do {
    Alternative& result = out.emplace_back();
    result.next = world;
    Transaction transaction(result.next, profile, choices, result);
    transaction.carry_out(operation);
    if (result.allowance == Allowance::Permitted) continue;
    World after = world;
    if (result.allowance == Allowance::Refused) transaction.leave_behind(after);
    result.next = after;
  } while (choices.advance());
}

Allowance allowance(const World& world, const Profile& profile, const Operation& operation) {
  if (!in_range(operation)) return Allowance::Malformed;
  Choices choices;
  Alternative result;
  result.next = world;
  Transaction transaction(result.next, profile, choices, result);
  transaction.carry_out(operation);
  return result.allowance;
}

bool internal_step(World& world, const Profile& profile, Coverage* coverage) {
  for (std::size_t b = 0; b < kMaxBuffers; ++b) {
    if (world.buffers[b].lifecycle != state::kDying) continue;
    Choices choices;
    Alternative result;
    Transaction transaction(world, profile, choices, result);
    if (!transaction.release(b)) continue;
    if (coverage != nullptr)
      for (std::uint8_t i = 0; i < result.fired_count; ++i) coverage->hit(result.fired[i]);
    return true;
  }
  return false;
}

void settle(World& world, const Profile& profile, Coverage* coverage) {
  while (internal_step(world, profile, coverage)) {
  }
}

Observation expected_observation(const World& world, const Profile&) {
  Observation seen;
  for (std::size_t i = 0; i < kMaxBuffers; ++i) {
    const BufferState& b = world.buffers[i];
    if (b.lifecycle == state::kAbsent) continue;
    BufferSeen& s = seen.buffers[i];
    const bool live = b.lifecycle == state::kLive;
    s.set(Aspect::Listed, live ? 1 : 0);
    s.set(Aspect::AttachCalls, b.callbacks.attach);
    s.set(Aspect::DetachCalls, b.callbacks.detach);
    s.set(Aspect::MapCalls, b.callbacks.map);
    s.set(Aspect::UnmapCalls, b.callbacks.unmap);
    s.set(Aspect::BeginCalls, b.callbacks.begin);
    s.set(Aspect::EndCalls, b.callbacks.end);
    s.set(Aspect::ReleaseCalls, b.callbacks.release);
    s.set(Aspect::AttachRefused, b.callbacks.attach_refused);
    s.set(Aspect::MapDirections, b.callbacks.maps.reading());
    s.set(Aspect::UnmapDirections, b.callbacks.unmaps.reading());
    s.set(Aspect::BeginDirections, b.callbacks.begins.reading());
    s.set(Aspect::EndDirections, b.callbacks.ends.reading());
    s.set(Aspect::VmapCalls, b.callbacks.vmap);
    s.set(Aspect::VunmapCalls, b.callbacks.vunmap);
    s.set(Aspect::PinCalls, b.callbacks.pin);
    s.set(Aspect::UnpinCalls, b.callbacks.unpin);
    s.set(Aspect::MoveNotifies, b.callbacks.move_notifies);
    s.set(Aspect::Failures, b.callbacks.failures);
    if (!live) continue;
    s.set(Aspect::References, b.references);
    s.set(Aspect::Attachments, b.attachments);
    s.set(Aspect::Mappings, b.mappings);
    s.set(Aspect::Vmaps, b.vmaps);
    s.set(Aspect::Size, std::int64_t{b.pages} * 4096);
    s.set(Aspect::AccessMode, static_cast<std::int64_t>(b.access));
    s.set_name(name_text(b.name));
  }
  for (std::size_t i = 0; i < kMaxFds; ++i) {
    const FdState& fd = world.fds[i];
    seen.fds[i] = {true, fd.state == state::kFdOpen, fd.cloexec == CloseOnExec::Yes, fd.process, true};
  }
  for (std::size_t i = 0; i < kMaxSyncFiles; ++i)  // always close-on-exec (DBUF-SFE-002, DBUF-SYF-006)
    seen.sync_files[i] = {.seen = true, .open = world.sync_files[i].state == state::kSyncFileOpen,
                          .close_on_exec = world.sync_files[i].state == state::kSyncFileOpen};
  return seen;
}

std::vector<Operation> teardown(const World& start, const Profile& profile) {
  std::vector<Operation> plan;
  World world = start;
  Alternatives ways;
  const auto carry_out = [&](const Operation& operation) {
    alternatives(world, profile, operation, ways);
    if (ways.front().allowance != Allowance::Permitted) return;
    world = ways.front().next;
    plan.push_back(operation);
  };
  const auto each = [](const auto& slots, auto&& action) {
    for (std::uint8_t i = 0; i < slots.size(); ++i)
      if (slots[i].state != 0) action(i);
  };
  for (std::uint8_t b = 0; b < kMaxBuffers; ++b)
    if (start.buffers[b].failure.state != 0)
      carry_out(op::Fail{BufferId{b}, start.buffers[b].failure.callback, 0, Failure::NoMemory});
  if (start.queue.state != 0) carry_out(op::CloseVideo{});
  for (std::uint8_t p = 0; p < kProcesses; ++p)
    if (start.fd_tables[p] == state::kFull) carry_out(op::FreeFds{ProcessId{p}});
  each(start.children, [&](std::uint8_t i) { carry_out(op::Exit{ChildId{i}}); });
  for (std::uint8_t order = 0; order < kMaxFences; ++order)  // oldest first (DBUF-FEN-011)
    for (std::uint8_t i = 0; i < kMaxFences; ++i)
      if (start.fences[i].state == state::kPending && start.fences[i].order == order)
        carry_out(op::SignalFence{FenceId{i}, FenceResult::Ok});
  each(start.sync_files, [&](std::uint8_t i) { carry_out(op::CloseSyncFile{SyncFileId{i}}); });
  each(start.vmas, [&](std::uint8_t i) { carry_out(op::Munmap{VmaId{i}}); });
  each(start.mappings, [&](std::uint8_t i) { carry_out(op::Unmap{MappingId{i}}); });
  each(start.vmaps, [&](std::uint8_t i) { carry_out(op::Vunmap{VmapId{i}}); });
  each(start.attachments, [&](std::uint8_t i) {
    for (std::uint8_t n = 0; n < start.attachments[i].pins; ++n) carry_out(op::Unpin{AttachmentId{i}});
    carry_out(op::Detach{AttachmentId{i}});
  });
  each(start.messages, [&](std::uint8_t i) { carry_out(op::Discard{MessageId{i}}); });
  for (std::uint8_t i = 0; i < kMaxMemfds; ++i)
    if (start.memfds[i].state == state::kMemfdOpen) carry_out(op::CloseMemfd{MemfdId{i}});
  each(start.references, [&](std::uint8_t i) { carry_out(op::Put{ReferenceId{i}}); });
  each(start.fds, [&](std::uint8_t i) { carry_out(op::Close{FdId{i}}); });
  for (std::uint8_t i = 0; i < kMaxBuffers; ++i)
    for (const DrmFile file : {DrmFile::First, DrmFile::Second})
      if (world.buffers[i].handles[static_cast<std::size_t>(file)] != 0) carry_out(op::CloseHandle{BufferId{i}, file});
  return plan;
}

}  // namespace dmabuf::model
