// SPDX-License-Identifier: MIT
/// dma_resv, and poll: after drivers/dma-buf/dma-resv.c and dma_buf_poll().
#include <algorithm>
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Events;
using model::Outcome;
using model::refused;
using model::Usage;

bool System::later_or_same(FenceIndex fence_index, FenceIndex old) const {
  return fence(fence_index).context == fence(old).context && fence(fence_index).seqno >= fence(old).seqno;
}

void System::reserve(Reservation& reservation, std::uint8_t more) {
  if (reservation.room == 0) reservation.room = Reservation::kFirstRoom;
  if (reservation.count + more <= reservation.room) return;
  reservation.room = static_cast<std::uint8_t>(std::max(reservation.count + more, 2 * reservation.room));
  const auto end = reservation.entries.begin() + reservation.count;
  const auto kept = std::remove_if(reservation.entries.begin(), end,
                                   [this](const Reservation::Entry& entry) { return over(entry.fence); });
  reservation.count = static_cast<std::uint8_t>(kept - reservation.entries.begin());
}

void System::add_fence(DmaBuf& buffer, FenceIndex index, Usage usage) {
  Reservation& reservation = buffer.reservation;
  for (std::uint8_t i = 0; i < reservation.count; ++i) {
    Reservation::Entry& old = reservation.entries[i];
    const bool yields = old.usage >= usage || is(Mutant::ReadReplacesWrite);
    const bool replaced = index != kStubFence && !over(old.fence) && yields && later_or_same(index, old.fence) &&
                          !is(Mutant::WriteNeverReplaces);
    if (!replaced && !over(old.fence)) continue;
    old = {.fence = index, .usage = usage};
    return;
  }
  if (reservation.count < reservation.entries.size())
    reservation.entries[reservation.count++] = {.fence = index, .usage = usage};
  else
    ++warnings_;
}

FenceIndex System::first_pending(const DmaBuf& buffer, Usage usage) const {
  for (std::uint8_t i = 0; i < buffer.reservation.count; ++i) {
    const Reservation::Entry& entry = buffer.reservation.entries[i];
    const bool counts = entry.usage <= usage || is(Mutant::PollCountsBookkeeping);
    const bool waits = !over(entry.fence) || (is(Mutant::PollFailedPending) && entry.fence != kStubFence &&
                                              fence(entry.fence).failed);
    if (counts && waits) return entry.fence;
  }
  return kNoFence;
}

/// Whoever still names a fence whose slot is used again has it as one that is over.
void System::forget(FenceIndex index) {
  for (DmaBuf& buffer : buffers_)
    for (Reservation::Entry& entry : buffer.reservation.entries)
      if (entry.fence == index) entry.fence = kStubFence;
}

Outcome System::run(const model::op::AddFence& op) {
  if (op.fence.value >= model::kMaxFences) return refused(ENOENT);
  if (op.fd == model::kForeignFd) return refused(EINVAL);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  Fence& fence = fences_[op.fence.value];
  const auto index = static_cast<FenceIndex>(op.fence.value);
  if (fence.made && !fence.signalled) return refused(EEXIST);
  for (const SyncFile& file : sync_files_)
    if (file.open && std::find(file.fences.begin(), file.fences.begin() + file.count, index) !=
                         file.fences.begin() + file.count)
      return refused(EEXIST);
  forget(index);
  fence = Fence{.made = true};
  if (op.timeline == model::Timeline::Own) {
    fence.context = ++last_context_;
    fence.seqno = 1;
  } else {
    const auto timeline = static_cast<std::size_t>(op.timeline) - 1;
    fence.context = static_cast<std::uint32_t>(timeline) + 1;
    fence.seqno = ++timelines_.at(timeline);
  }
  DmaBuf& buffer = buffer_of(found->buffer);
  reserve(buffer.reservation, 1);
  add_fence(buffer, index, op.usage);
  return done();
}

void System::poll_callback(DmaBuf& buffer, FenceIndex& slot) {
  slot = kNoFence;
  if (!is(Mutant::PollLeaksReference) && !is(Mutant::PollTakesNoReference)) put_file(buffer);
}

Outcome System::run(const model::op::SignalFence& op) {
  if (op.fence.value >= model::kMaxFences) return refused(ENOENT);
  Fence& fence = fences_[op.fence.value];
  if (!fence.made || fence.signalled) return refused(EINVAL);
  fence.signalled = true;
  fence.failed = op.result == model::FenceResult::Error;
  const auto index = static_cast<FenceIndex>(op.fence.value);
  for (DmaBuf& buffer : buffers_) {
    if (buffer.poll_out == index) poll_callback(buffer, buffer.poll_out);
    if (buffer.poll_in == index) poll_callback(buffer, buffer.poll_in);
  }
  return done();
}

bool System::poll_ready(DmaBuf& buffer, FenceIndex& slot, Usage usage) {
  if (slot != kNoFence) return is(Mutant::PollBusySlotReady);
  const FenceIndex waits = first_pending(buffer, usage);
  if (waits == kNoFence) return true;
  if (over(waits)) return false;  // PollFailedPending: there is nothing left that could call back
  slot = waits;
  if (!is(Mutant::PollTakesNoReference)) get_file(buffer);
  return false;
}

Outcome System::run(const model::op::Poll& op) {
  if (op.fd == model::kForeignFd) return refused(EINVAL);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  DmaBuf& buffer = buffer_of(found->buffer);
  const bool in = op.events == Events::In || op.events == Events::Both;
  const bool out = op.events == Events::Out || op.events == Events::Both;
  std::uint64_t events = 0;
  if (out && poll_ready(buffer, buffer.poll_out, is(Mutant::PollOutIgnoresReaders) ? Usage::Write : Usage::Read))
    events |= model::kPollOut;
  if (in && poll_ready(buffer, buffer.poll_in, is(Mutant::PollInWaitsForReaders) ? Usage::Read : Usage::Write))
    events |= model::kPollIn;
  return done(events);
}

}  // namespace dmabuf::reference
