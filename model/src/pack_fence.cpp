// SPDX-License-Identifier: MIT
#include "dmabuf/model/pack_fence.hpp"

#include <algorithm>
#include <bit>

#include "machine_id.hpp"
#include "pack_writer.hpp"

namespace dmabuf::model {
namespace {

std::uint8_t width_for(std::size_t most) { return static_cast<std::uint8_t>(std::bit_width(most)); }

}  // namespace

FencePacking::FencePacking(const Profile& profile, std::span<const Operation> operations, std::uint8_t buffers)
    : buffers_(buffers) {
  const auto at_least = [](std::uint8_t& count, std::uint8_t id) {
    count = std::max(count, static_cast<std::uint8_t>(id + 1));
  };
  const auto add = [&](Usage usage) {
    if (std::ranges::find(usages_, usage) == usages_.end()) usages_.push_back(usage);
  };
  bool timelines = false;
  for (const Operation& operation : operations) {
    if (const auto* o = std::get_if<op::AddFence>(&operation)) {
      at_least(fences_, o->fence.value);
      timelines |= o->timeline != Timeline::Own && profile.fences.timelines;
      add(o->usage);
    } else if (const auto* e = std::get_if<op::ExportSyncFile>(&operation)) {
      at_least(sync_files_, e->sync_file.value);
    } else if (const auto* m = std::get_if<op::MergeSyncFiles>(&operation)) {
      at_least(sync_files_, m->into.value);
    } else if (const auto* i = std::get_if<op::ImportSyncFile>(&operation)) {
      add(i->flags == FenceFlags::Write || i->flags == FenceFlags::Both ? Usage::Write : Usage::Read);
    } else if (std::holds_alternative<op::Poll>(operation)) {
      polls_ = true;
    }
  }
  if (!profile.kernel.has_sync_file) sync_files_ = 0;
  enters_ = fences_ > 0 || sync_files_ > 0;
  polls_ &= fences_ > 0;
  references_ = polls_ && profile.kernel.poll_holds_file ? 2 : 0;
  timeline_width_ = timelines ? 2 : 0;
  order_width_ = fences_ > 0 ? width_for(fences_ - 1U) : std::uint8_t{0};
  entry_width_ = enters_ ? width_for(1 + fences_ * usages_.size()) : std::uint8_t{0};
  slot_width_ = polls_ ? width_for(fences_) : std::uint8_t{0};
  member_width_ = sync_files_ > 0 ? width_for(1U + fences_) : std::uint8_t{0};
  bits_ = fences_ * (2U + timeline_width_ + order_width_) +
          buffers_ * (static_cast<unsigned>(kMaxEntries) * entry_width_ + 2U * slot_width_) +
          sync_files_ * static_cast<unsigned>(kMaxEntries) * member_width_;
}

std::optional<std::uint64_t> FencePacking::pack(const World& world) const {
  PackWriter writer;
  for (std::size_t i = 0; i < fences_; ++i) {
    const FenceState& fence = world.fences[i];
    writer.bad |= fence.state > state::kFailed;
    writer.put(fence.state, 2);
    writer.put(static_cast<std::uint64_t>(fence.timeline), timeline_width_);
    writer.put(fence.order, order_width_);
  }
  for (std::size_t b = 0; b < buffers_; ++b) {
    const BufferState& buffer = world.buffers[b];
    for (std::size_t i = 0; i < kMaxEntries; ++i) {
      const EntryState& entry = buffer.entries[i];
      std::uint64_t code = 0;
      if (i < buffer.entry_count) {
        code = 1;
        if (entry.fence != kNone) {
          const auto usage = std::ranges::find(usages_, entry.usage);
          writer.bad |= usage == usages_.end() || entry.fence >= fences_;
          code = 2 + static_cast<std::uint64_t>(usage - usages_.begin()) * fences_ + entry.fence;
        }
      } else {
        writer.bad |= entry != EntryState{};
      }
      writer.put(code, entry_width_);
    }
    for (const PollSlotState& slot : {buffer.poll_out, buffer.poll_in}) {
      writer.bad |= (slot.state == state::kArmed) != (slot.fence != kNone);
      writer.put(slot.fence == kNone ? 0U : 1U + slot.fence, slot_width_);
    }
  }
  for (std::size_t i = 0; i < sync_files_; ++i) {
    const SyncFileState& file = world.sync_files[i];
    writer.bad |= (file.state == state::kSyncFileOpen) != (file.count > 0);
    for (std::size_t k = 0; k < kMaxEntries; ++k) {
      const std::uint8_t member = file.members[k];
      writer.bad |= k >= file.count && member != 0;
      writer.put(k >= file.count ? 0U : member == kStub ? 1U : 2U + member, member_width_);
    }
  }
  if (writer.bad) return std::nullopt;
  return writer.packed;
}

void FencePacking::unpack(std::uint64_t packed, World& world) const {
  const auto take = [&](unsigned width) {
    const std::uint64_t value = packed & ((std::uint64_t{1} << width) - 1);
    packed >>= width;
    return static_cast<std::uint8_t>(value);
  };
  for (std::size_t i = 0; i < fences_; ++i) {
    FenceState& fence = world.fences[i];
    fence.state = take(2);
    fence.timeline = static_cast<Timeline>(take(timeline_width_));
    fence.order = take(order_width_);
  }
  for (std::size_t b = 0; b < buffers_; ++b) {
    BufferState& buffer = world.buffers[b];
    for (EntryState& entry : buffer.entries) {
      const std::uint8_t code = take(entry_width_);
      if (code == 0) continue;
      ++buffer.entry_count;
      if (code >= 2)
        entry = {static_cast<std::uint8_t>((code - 2) % fences_), usages_[static_cast<std::size_t>((code - 2) / fences_)]};
    }
    for (PollSlotState* slot : {&buffer.poll_out, &buffer.poll_in})
      if (const std::uint8_t code = take(slot_width_); code > 0)
        *slot = {state::kArmed, static_cast<std::uint8_t>(code - 1)};
  }
  for (std::size_t i = 0; i < sync_files_; ++i) {
    SyncFileState& file = world.sync_files[i];
    for (std::uint8_t& member : file.members) {
      const std::uint8_t code = take(member_width_);
      if (code == 0) continue;
      ++file.count;
      member = code == 1 ? kStub : static_cast<std::uint8_t>(code - 2);
    }
    if (file.count > 0) file.state = state::kSyncFileOpen;
  }
}

}  // namespace dmabuf::model
