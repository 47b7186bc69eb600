// SPDX-License-Identifier: MIT
#include "explore_fence.hpp"

#include <algorithm>

#include "dmabuf/model/reply.hpp"
#include "machine_id.hpp"

namespace dmabuf::model {

bool beyond_one_buffer(const Operation& operation) {
  return std::holds_alternative<op::SignalFence>(operation) || std::holds_alternative<op::MergeSyncFiles>(operation) ||
         std::holds_alternative<op::FileInfo>(operation) || std::holds_alternative<op::PollSyncFile>(operation) ||
         std::holds_alternative<op::CloseSyncFile>(operation);
}

std::array<int, kMaxBuffers> said_of_fences(const World& w, const Profile& profile, const Operation& operation) {
  std::array<int, kMaxBuffers> change{};
  if (!profile.kernel.poll_holds_file) return change;
  if (const auto* signal = std::get_if<op::SignalFence>(&operation)) {
    for (std::size_t b = 0; b < kMaxBuffers; ++b)
      for (const PollSlotState& slot : {w.buffers[b].poll_in, w.buffers[b].poll_out})
        change[b] -= slot.fence == signal->fence.value ? 1 : 0;
  } else if (const auto* poll = std::get_if<op::Poll>(&operation); poll != nullptr && poll->fd.value < kMaxFds) {
    const std::uint8_t b = w.fds[poll->fd.value].buffer;
    if (b == kNone) return change;
    const auto arms = [&](const PollSlotState& slot, Usage weakest) {
      return slot.fence == kNone && std::ranges::any_of(w.buffers[b].entries, [&](const EntryState& e) {
               return e.fence != kNone && e.usage <= weakest;
             });
    };
    const bool in = poll->events == Events::In || poll->events == Events::Both;
    const bool out = poll->events == Events::Out || poll->events == Events::Both;
    change[b] = (in && arms(w.buffers[b].poll_in, Usage::Write) ? 1 : 0) +
                (out && arms(w.buffers[b].poll_out, Usage::Read) ? 1 : 0);
  }
  return change;
}

bool fences_known(const World& w) {
  const auto pending = [&](std::uint8_t fence) {
    return fence < kMaxFences && w.fences[fence].state == state::kPending;
  };
  for (const BufferState& b : w.buffers) {
    for (std::size_t i = 0; i < kMaxEntries; ++i)
      if (b.entries[i].fence != kNone && (i >= b.entry_count || !pending(b.entries[i].fence))) return false;
    for (const PollSlotState& slot : {b.poll_in, b.poll_out})
      if ((slot.state == state::kArmed) != (slot.fence != kNone) || (slot.fence != kNone && !pending(slot.fence)))
        return false;
  }
  for (const SyncFileState& file : w.sync_files) {
    if ((file.state == state::kSyncFileOpen) != (file.count > 0)) return false;
    for (std::size_t i = 0; i < file.count; ++i)
      if (file.members[i] != kStub &&
          (file.members[i] >= kMaxFences || w.fences[file.members[i]].state == state::kNoFence))
        return false;
  }
  unsigned orders = 0, count = 0;
  for (const FenceState& fence : w.fences) {
    if (fence.state == state::kPending) {
      orders |= 1U << fence.order;
      ++count;
    } else if (fence.order != 0 || fence.timeline != Timeline::Own) {
      return false;
    }
  }
  return orders == (1U << count) - 1;
}

bool fences_monotone(const World& before, const World& after, const Operation& operation) {
  const auto* signal = std::get_if<op::SignalFence>(&operation);
  const auto* added = std::get_if<op::AddFence>(&operation);
  for (std::uint8_t c = 0; c < kMaxFences; ++c) {
    const StateId was = before.fences[c].state, is = after.fences[c].state;
    const bool signalled = signal != nullptr && signal->fence.value == c;
    const bool made = added != nullptr && added->fence.value == c;
    if (was != is && !signalled && !made) return false;
    if (signalled && (was != state::kPending || (is != state::kSignalled && is != state::kFailed))) return false;
    if (made && (was == state::kPending || is != state::kPending)) return false;
  }
  return true;
}

bool witnesses_agree(const World& world, const Profile& profile, bool polls, bool exports, bool syncs) {
  Alternatives ways;
  for (std::uint8_t f = 0; f < kMaxFds; ++f) {
    const FdState& fd = world.fds[f];
    if (fd.state != state::kFdOpen || fd.process != 0) continue;
    const BufferState& b = world.buffers[fd.buffer];
    std::array<bool, 2> said{};
    for (const bool write : {false, true}) {
      std::array<std::optional<bool>, 3> ready;
      // A slot still armed on a fence that has left the set says nothing of the set.
      if (polls && (write ? b.poll_out : b.poll_in).state == state::kIdle) {
        alternatives(world, profile, op::Poll{FdId{f}, write ? Events::Out : Events::In}, ways);
        ready[0] = ways.front().value == (write ? kPollOut : kPollIn);
      }
      if (syncs) {
        alternatives(world, profile, op::Sync{FdId{f}, write ? SyncFlags::StartWrite : SyncFlags::StartRead, Argument::Good},
                     ways);
        ready[1] = ways.front().allowance == Allowance::Permitted;
      }
      for (std::uint8_t y = 0; y < kMaxSyncFiles && exports && !ready[2]; ++y) {
        if (world.sync_files[y].state == state::kSyncFileOpen) continue;
        alternatives(world, profile,
                     op::ExportSyncFile{FdId{f}, SyncFileId{y}, write ? FenceFlags::Write : FenceFlags::Read, OutArgument::Good},
                     ways);
        if (ways.front().allowance != Allowance::Permitted) break;
        const World next = ways.front().next;
        alternatives(next, profile, op::PollSyncFile{SyncFileId{y}, Events::In}, ways);
        ready[2] = ways.front().value == kPollIn;
      }
      std::optional<bool> agreed;
      for (const auto& one : ready) {
        if (!one) continue;
        if (agreed && *agreed != *one) return false;
        agreed = one;
      }
      said[write ? 1 : 0] = agreed.value_or(!write);
    }
    if (said[1] && !said[0]) return false;
  }
  return true;
}

}  // namespace dmabuf::model
