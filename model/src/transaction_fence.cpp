// SPDX-License-Identifier: MIT
/// Fences, polls and sync_files: the part of a transaction that knows of reservations.
#include <algorithm>
#include <array>

#include "dmabuf/model/reply.hpp"
#include "transaction.hpp"

namespace dmabuf::model {
namespace {

constexpr bool asks(Events events, std::uint64_t bit) {
  return events == Events::Both || (events == Events::In && bit == kPollIn) ||
         (events == Events::Out && bit == kPollOut);
}

/// dma_resv_usage_rw: whom a new read, or a new write, must wait for.
constexpr Usage usage_rw(bool write) { return write ? Usage::Read : Usage::Write; }

constexpr bool writes(FenceFlags flags) { return flags == FenceFlags::Write || flags == FenceFlags::Both; }

constexpr FactSet flag_facts(FenceFlags flags) {
  return when(flags == FenceFlags::Unknown, Fact::UnknownFlags) | when(flags == FenceFlags::None, Fact::NoDirection);
}
constexpr FactSet argument_facts(OutArgument argument) {
  return when(argument == OutArgument::Unmapped, Fact::ArgumentUnmapped) |
         when(argument == OutArgument::ReadOnly, Fact::ArgumentReadOnly);
}

/// A table of entries has room for at least so many before it has to grow (dma_resv_reserve_fences).
constexpr unsigned kSureRoom = 4;

}  // namespace

bool Transaction::reservation(EventId event, FactSet facts) {
  StateId ready = 0;
  return fire(MachineId::Reservation, ready, event, facts);
}

bool Transaction::pending(std::uint8_t b, Usage weakest) const {
  const BufferState& state = w_.buffers[b];
  return std::any_of(state.entries.begin(), state.entries.begin() + state.entry_count,
                     [&](const EntryState& e) { return e.fence != kNone && e.usage <= weakest; });
}

bool Transaction::await(std::uint8_t b) {
  if (buffer(b).entry_count == 0) return true;
  const Usage weakest = usage_rw(direction_ != Direction::FromDevice);
  return reservation(EventId::Await, when(pending(b, weakest), Fact::FencePending));
}

bool Transaction::await_kernel(std::uint8_t b) {
  if (buffer(b).entry_count == 0) return true;
  return reservation(EventId::AwaitKernel, when(pending(b, Usage::Kernel), Fact::FencePending));
}

bool Transaction::supersedes(std::uint8_t fence, std::uint8_t other) const {
  if (fence == other) return true;
  const FenceState& mine = w_.fences[fence];
  const FenceState& theirs = w_.fences[other];
  return mine.timeline != Timeline::Own && mine.timeline == theirs.timeline && mine.order > theirs.order;
}

/// Room for `count` more. A table that grows leaves behind what has signalled, and how large one is to
/// begin with is the allocator's business (DBUF-FEN-012).
void Transaction::reserve(std::uint8_t b, std::uint8_t count) {
  BufferState& state = buffer(b);
  const auto end = state.entries.begin() + state.entry_count;
  const auto signalled = [](const EntryState& e) { return e.fence == kNone; };
  if (unsigned{state.entry_count} + count <= kSureRoom || std::none_of(state.entries.begin(), end, signalled)) return;
  if (!choices_.decide(Answer::Maybe)) return;
  const auto kept = std::remove_if(state.entries.begin(), end, signalled);
  state.entry_count = static_cast<std::uint8_t>(kept - state.entries.begin());
  std::fill(kept, end, EntryState{});
}

/// dma_resv_add_fence. kNone stands for any fence that has signalled: it can only fill a place.
bool Transaction::enter(std::uint8_t b, std::uint8_t fence, Usage usage) {
  BufferState& state = buffer(b);
  std::uint8_t at = 0;
  FactSet facts = 0;
  for (; at < state.entry_count; ++at) {
    const EntryState& old = state.entries[at];
    facts = when(old.fence == kNone, Fact::EntrySignalled) |
            when(old.fence != kNone && fence != kNone && old.usage >= usage && supersedes(fence, old.fence),
                 Fact::EntrySuperseded);
    if (facts != 0) break;
  }
  if (at == kMaxEntries) return malformed();
  if (!reservation(EventId::Enter, facts)) return false;
  state.entries[at] = fence == kNone ? EntryState{} : EntryState{fence, usage};
  if (at == state.entry_count) ++state.entry_count;
  return true;
}

void Transaction::operator()(const op::AddFence& o) {
  const bool users = o.usage == Usage::Read || o.usage == Usage::Write;
  if (o.fd.value >= kMaxFds || w_.fds[o.fd.value].state != state::kFdOpen || elsewhere(o.fd) ||
      (!users && !p_.fences.kernel_usages) || (o.timeline != Timeline::Own && !p_.fences.timelines))
    return void(malformed());
  const std::uint8_t b = w_.fds[o.fd.value].buffer;
  const auto& entries = buffer(b).entries;
  if (std::ranges::none_of(entries, [](const EntryState& e) { return e.fence == kNone; }))
    return void(malformed());  // no world has room for so many
  FenceState& fence = w_.fences[o.fence.value];
  const bool held = std::ranges::any_of(w_.sync_files, [&](const SyncFileState& s) {
    return std::find(s.members.begin(), s.members.begin() + s.count, o.fence.value) != s.members.begin() + s.count;
  });
  const bool conflicts = p_.fences.refuses_conflicts && pending(b, usage_rw(o.usage == Usage::Write));
  if (!fire(MachineId::Fence, fence.state, event_id<op::AddFence>(),
            when(held, Fact::FenceHeld) | when(conflicts, Fact::Conflicts), b))
    return;
  fence.timeline = o.timeline;
  fence.order = static_cast<std::uint8_t>(std::ranges::count_if(w_.fences, [](const FenceState& other) {
                                            return other.state == state::kPending;
                                          }) - 1);
  reserve(b, 1);
  enter(b, o.fence.value, o.usage);
}

void Transaction::operator()(const op::SignalFence& o) {
  if (o.result == FenceResult::Error && !p_.fences.errors) return void(malformed());
  FenceState& fence = w_.fences[o.fence.value];
  const bool earlier = fence.timeline != Timeline::Own &&
                       std::ranges::any_of(w_.fences, [&](const FenceState& other) {
                         return other.state == state::kPending && other.timeline == fence.timeline &&
                                other.order < fence.order;
                       });
  if (!fire(MachineId::Fence, fence.state, event_id<op::SignalFence>(),
            when(o.result == FenceResult::Error, Fact::SetsError) | when(earlier, Fact::EarlierPending)))
    return;
  for (FenceState& other : w_.fences)
    if (other.state == state::kPending && other.order > fence.order) --other.order;
  fence.timeline = Timeline::Own;
  fence.order = 0;
  for (std::uint8_t b = 0; b < kMaxBuffers; ++b) {
    BufferState& state = buffer(b);
    for (EntryState& entry : state.entries)
      if (entry.fence == o.fence.value) entry = EntryState{};
    for (PollSlotState* slot : {&state.poll_out, &state.poll_in}) {
      if (slot->fence != o.fence.value) continue;
      slot->fence = kNone;
      if (!fire(MachineId::PollSlot, slot->state, EventId::Signalled,
                when(p_.kernel.poll_holds_file, Fact::PollHoldsFile), b))
        return;
    }
  }
}

/// One direction of a poll. A slot that is armed still is not ready, whatever has become of the set.
bool Transaction::poll_slot(std::uint8_t b, PollSlotState& slot, Usage weakest, std::uint64_t bit) {
  const BufferState& state = buffer(b);
  const bool armed = slot.state == state::kArmed;
  const auto first = std::find_if(state.entries.begin(), state.entries.begin() + state.entry_count,
                                  [&](const EntryState& e) { return e.fence != kNone && e.usage <= weakest; });
  const bool waits = first != state.entries.begin() + state.entry_count;
  if (!armed && !reservation(EventId::Query, when(waits, Fact::FencePending) |
                                                 when(bit == kPollOut, Fact::ForWriting)))
    return false;
  if (!fire(MachineId::PollSlot, slot.state, event_id<op::Poll>(),
            when(waits, Fact::FencePending) | when(p_.kernel.poll_holds_file, Fact::PollHoldsFile), b))
    return false;
  if (!armed && waits) slot.fence = first->fence;
  if (!armed && !waits) result_.value |= bit;
  return true;
}

void Transaction::operator()(const op::Poll& o) {
  if (elsewhere(o.fd)) return void(malformed());
  if (!on_fd(o.fd, event_id<op::Poll>())) return;
  const std::uint8_t b = w_.fds[o.fd.value].buffer;
  result_.reason = nullptr;
  result_.value = 0;
  if (!asks(o.events, kPollIn) && !asks(o.events, kPollOut)) {
    reservation(event_id<op::Poll>(), 0);
    return;
  }
  if (asks(o.events, kPollOut) && !poll_slot(b, buffer(b).poll_out, usage_rw(true), kPollOut)) return;
  if (asks(o.events, kPollIn)) poll_slot(b, buffer(b).poll_in, usage_rw(false), kPollIn);
}

// --- sync_files ----------------------------------------------------------------------------------

bool Transaction::on_sync_file(SyncFileId id, EventId event) {
  if (id.value < kMaxSyncFiles) return fire(MachineId::SyncFile, w_.sync_files[id.value].state, event);
  StateId special = id == kForeignSyncFile ? state::kSyncFileForeign : state::kSyncFileClosed;
  return fire(MachineId::SyncFile, special, event);
}

bool Transaction::place(SyncFileId id, const SyncFileState& made) {
  SyncFileState& slot = w_.sync_files[id.value];
  const RowInfo* reason = result_.reason;
  if (!fire(MachineId::SyncFile, slot.state, EventId::Place)) return false;
  if (reason != nullptr) result_.reason = reason;
  const StateId open = slot.state;
  slot = made;
  slot.state = open;
  return true;
}

void Transaction::operator()(const op::ExportSyncFile& o) {
  if (o.sync_file.value >= kMaxSyncFiles || w_.sync_files[o.sync_file.value].state != state::kSyncFileClosed ||
      elsewhere(o.fd))
    return void(malformed());
  if (!on_fd(o.fd, EventId::Ioctl)) return;
  const std::uint8_t b = w_.fds[o.fd.value].buffer;
  StateId ready = 0;
  result_.reason = nullptr;
  if (!fire(MachineId::FenceIoctl, ready, event_id<op::ExportSyncFile>(),
            when(p_.kernel.has_sync_file, Fact::HasSyncFile) |
                when(o.argument == OutArgument::Unmapped, Fact::ArgumentUnmapped) | flag_facts(o.flags)))
    return;
  if (!reserve_fd(0, event_id<op::ExportSyncFile>())) return;
  SyncFileState made;
  const BufferState& state = buffer(b);
  for (std::uint8_t i = 0; i < state.entry_count; ++i)
    if (state.entries[i].fence != kNone && state.entries[i].usage <= usage_rw(writes(o.flags)))
      made.members[made.count++] = state.entries[i].fence;
  result_.reason = nullptr;
  if (!reservation(event_id<op::ExportSyncFile>(),
                   when(made.count > 0, Fact::FencePending) | when(made.count > 1, Fact::SeveralPending)))
    return;
  if (!fire(MachineId::FenceIoctl, ready, EventId::CopyOut, argument_facts(o.argument))) return;
  if (made.count == 0) made.members[made.count++] = kStub;
  place(o.sync_file, made);
}

void Transaction::operator()(const op::ImportSyncFile& o) {
  if (elsewhere(o.fd)) return void(malformed());
  if (!on_fd(o.fd, EventId::Ioctl)) return;
  const std::uint8_t b = w_.fds[o.fd.value].buffer;
  StateId ready = 0;
  result_.reason = nullptr;
  if (!fire(MachineId::FenceIoctl, ready, event_id<op::ImportSyncFile>(),
            when(p_.kernel.has_sync_file, Fact::HasSyncFile) |
                when(o.argument == Argument::Unmapped, Fact::ArgumentUnmapped) | flag_facts(o.flags)))
    return;
  if (!on_sync_file(o.sync_file, event_id<op::ImportSyncFile>())) return;
  const SyncFileState members = w_.sync_files[o.sync_file.value];
  const bool any = std::any_of(members.members.begin(), members.members.begin() + members.count,
                               [&](std::uint8_t fence) { return pending(fence); });
  const bool write = writes(o.flags);
  result_.reason = nullptr;
  if (!reservation(event_id<op::ImportSyncFile>(), when(any, Fact::FencePending) | when(write, Fact::ForWriting)))
    return;
  reserve(b, members.count);
  for (std::uint8_t i = 0; i < members.count; ++i)
    if (!enter(b, pending(members.members[i]) ? members.members[i] : kNone, write ? Usage::Write : Usage::Read)) return;
}

void Transaction::operator()(const op::MergeSyncFiles& o) {
  if (w_.sync_files[o.into.value].state != state::kSyncFileClosed || o.into == o.first || o.into == o.second)
    return void(malformed());
  if (!on_sync_file(o.first, event_id<op::MergeSyncFiles>())) return;
  if (!reserve_fd(0, event_id<op::MergeSyncFiles>())) return;
  StateId ready = 0;
  result_.reason = nullptr;
  if (!fire(MachineId::SyncFileIoctl, ready, event_id<op::MergeSyncFiles>(),
            argument_facts(o.argument) | when(o.form != MergeForm::Good, Fact::FieldsSet)))
    return;
  result_.reason = nullptr;
  if (!on_sync_file(o.second, EventId::Second)) return;
  result_.reason = nullptr;
  if (!fire(MachineId::SyncFileIoctl, ready, EventId::CopyOut, argument_facts(o.argument))) return;

  // Pending ones alone, by context, and of each context the latest: timelines are older than any
  // context made for one fence, and those are numbered as they were made.
  std::array<std::uint8_t, 2 * kMaxEntries> list{};
  std::size_t count = 0;
  for (const SyncFileId from : {o.first, o.second})
    for (std::uint8_t i = 0; i < w_.sync_files[from.value].count; ++i)
      if (const std::uint8_t fence = w_.sync_files[from.value].members[i]; pending(fence)) list[count++] = fence;
  const auto context = [&](std::uint8_t fence) {
    const FenceState& f = w_.fences[fence];
    return f.timeline == Timeline::Own ? 2U + f.order : static_cast<unsigned>(f.timeline) - 1U;
  };
  std::sort(list.begin(), list.begin() + count, [&](std::uint8_t a, std::uint8_t b) {
    return context(a) != context(b) ? context(a) < context(b) : w_.fences[a].order > w_.fences[b].order;
  });
  SyncFileState made;
  for (std::size_t i = 0; i < count; ++i)
    if (made.count == 0 || context(made.members[made.count - 1U]) != context(list[i])) made.members[made.count++] = list[i];
  if (made.count == 0) made.members[made.count++] = kStub;
  place(o.into, made);
}

void Transaction::operator()(const op::FileInfo& o) {
  if (!on_sync_file(o.sync_file, event_id<op::FileInfo>())) return;
  const SyncFileState& file = w_.sync_files[o.sync_file.value];
  StateId ready = 0;
  result_.reason = nullptr;
  if (!fire(MachineId::SyncFileIoctl, ready, event_id<op::FileInfo>(),
            argument_facts(o.argument) |
                when(o.form == InfoForm::Flags || o.form == InfoForm::Pad, Fact::FieldsSet) |
                when(o.form == InfoForm::OneRecord && file.count > 1, Fact::TooFewRecords) |
                when(o.form == InfoForm::UnmappedRecords, Fact::RecordsUnmapped)))
    return;
  using Status = FenceInfo::Status;
  FenceInfo info;
  info.fences = file.count;
  info.records = o.form != InfoForm::Count;
  info.status = Status::Ok;
  for (std::uint8_t i = 0; i < file.count; ++i) {
    const std::uint8_t fence = file.members[i];
    const StateId state = fence == kStub ? state::kSignalled : w_.fences[fence].state;
    const Status status = state == state::kPending ? Status::Pending : state == state::kFailed ? Status::Failed : Status::Ok;
    info.pending = static_cast<std::uint8_t>(info.pending + (status == Status::Pending));
    info.failed = static_cast<std::uint8_t>(info.failed + (status == Status::Failed));
    if (info.status == Status::Ok) info.status = status;
  }
  if (!info.records) {
    // A container is pending until all of it has signalled. Whether it then tells of an error depends
    // on who looked at it before (dma-fence-array.c: PENDING_ERROR).
    if (info.pending > 0) info.status = Status::Pending;
    if (info.status == Status::Failed && file.count > 1 && !choices_.decide(Answer::Maybe)) info.status = Status::Ok;
    info.pending = info.failed = 0;
  }
  result_.value = info.reply();
}

void Transaction::operator()(const op::PollSyncFile& o) {
  if (!on_sync_file(o.sync_file, event_id<op::PollSyncFile>())) return;
  const SyncFileState& file = w_.sync_files[o.sync_file.value];
  const bool over = std::none_of(file.members.begin(), file.members.begin() + file.count,
                                 [&](std::uint8_t fence) { return pending(fence); });
  result_.value = over && asks(o.events, kPollIn) ? kPollIn : 0;
}

void Transaction::operator()(const op::CloseSyncFile& o) {
  if (on_sync_file(o.sync_file, event_id<op::CloseSyncFile>())) w_.sync_files[o.sync_file.value] = SyncFileState{};
}

}  // namespace dmabuf::model
