// SPDX-License-Identifier: MIT
#include "dmabuf/model/pack_importer.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "machine_id.hpp"
#include "pack_writer.hpp"

namespace dmabuf::model {
namespace {

std::uint8_t width_for(std::size_t most) { return static_cast<std::uint8_t>(std::bit_width(most)); }

}  // namespace

ImporterPacking::ImporterPacking(const Profile& profile, std::span<const Operation> operations, std::uint8_t buffers)
    : buffers_(buffers) {
  const auto at_least = [](std::uint8_t& count, std::uint8_t id) {
    count = std::max(count, static_cast<std::uint8_t>(id + 1));
  };
  for (const Operation& operation : operations) {
    if (const auto* o = std::get_if<op::Vmap>(&operation)) at_least(vmaps_, o->vmap.value);
    if (const auto* a = std::get_if<op::AttachDynamic>(&operation)) at_least(dynamics_, a->attachment.value);
    if (const auto* p = std::get_if<op::Pin>(&operation)) at_least(pinned_, p->attachment.value);
    if (const auto* m = std::get_if<op::Map>(&operation)) at_least(moved_, m->mapping.value);
  }
  if (vmaps_ > kMaxVmaps || dynamics_ > kMaxAttachments || pinned_ > kMaxAttachments || moved_ > kMaxMappings)
    throw std::invalid_argument("an operation names a slot that no world has");
  if (dynamics_ == 0) pinned_ = 0;
  if (dynamics_ == 0 || !profile.exporter.dynamic || !profile.kernel.move_notify) moved_ = 0;
  if (vmaps_ > 0) {
    slot_width_ = width_for(buffers_);
    count_width_ = width_for(vmaps_);
    bits_ = unsigned{vmaps_} * slot_width_ + buffers_ * (1U + count_width_);
  }
  for (const Operation& operation : operations) {
    const auto* f = std::get_if<op::Fail>(&operation);
    if (f == nullptr) continue;
    if (failures_.empty()) failures_.emplace_back();
    for (std::uint8_t nth = 1; nth <= f->nth; ++nth)
      if (const FailureState one{state::kFilled, f->callback, nth, f->error};
          std::ranges::find(failures_, one) == failures_.end())
        failures_.push_back(one);
  }
  failing_width_ = failures_.empty() ? std::uint8_t{0} : width_for(failures_.size() - 1);
  bits_ += buffers_ * failing_width_;
  bits_ += dynamics_ + pinned_ * width_for(kMaxPins) + moved_;
}

std::optional<std::uint64_t> ImporterPacking::pack(const World& world) const {
  PackWriter writer;
  for (std::size_t i = 0; i < vmaps_; ++i) {
    const VmapState& vmap = world.vmaps[i];
    writer.bad |= (vmap.state == state::kEmpty) != (vmap.buffer == kNone);
    writer.put(vmap.state == state::kEmpty ? 0 : 1U + vmap.buffer, slot_width_);
  }
  for (std::size_t i = 0; vmaps_ > 0 && i < buffers_; ++i) {
    writer.put(world.buffers[i].vmapping, 1);
    writer.put(world.buffers[i].vmaps, count_width_);
  }
  for (std::size_t i = 0; i < kMaxAttachments; ++i) {
    const AttachmentState& a = world.attachments[i];
    writer.bad |= a.state == state::kDetached && (a.dynamic || a.pins > 0);
    writer.put(a.dynamic ? 1 : 0, i < dynamics_ ? 1 : 0);
    writer.put(a.pins, i < pinned_ ? width_for(kMaxPins) : 0U);
  }
  for (std::size_t i = 0; i < kMaxMappings; ++i) {
    const MappingState& m = world.mappings[i];
    writer.bad |= m.state == state::kEmpty && m.stale;
    writer.put(m.stale ? 1 : 0, i < moved_ ? 1 : 0);
  }
  for (std::size_t i = 0; i < buffers_ && failing_width_ > 0; ++i) {
    const auto at = std::ranges::find(failures_, world.buffers[i].failure);
    writer.bad |= at == failures_.end();
    writer.put(static_cast<std::uint64_t>(at - failures_.begin()), failing_width_);
  }
  if (writer.bad) return std::nullopt;
  return writer.packed;
}

void ImporterPacking::unpack(std::uint64_t packed, World& world) const {
  const auto take = [&](unsigned width) {
    const std::uint64_t value = packed & ((std::uint64_t{1} << width) - 1);
    packed >>= width;
    return static_cast<std::uint8_t>(value);
  };
  for (std::size_t i = 0; i < vmaps_; ++i)
    if (const std::uint8_t code = take(slot_width_); code != 0)
      world.vmaps[i] = {state::kFilled, static_cast<std::uint8_t>(code - 1)};
  for (std::size_t i = 0; vmaps_ > 0 && i < buffers_; ++i) {
    world.buffers[i].vmapping = take(1);
    world.buffers[i].vmaps = take(count_width_);
  }
  for (std::size_t i = 0; i < kMaxAttachments; ++i) {
    world.attachments[i].dynamic = i < dynamics_ && take(1) != 0;
    world.attachments[i].pins = i < pinned_ ? take(width_for(kMaxPins)) : std::uint8_t{0};
  }
  for (std::size_t i = 0; i < moved_; ++i) world.mappings[i].stale = take(1) != 0;
  for (std::size_t i = 0; i < buffers_ && failing_width_ > 0; ++i) world.buffers[i].failure = failures_[take(failing_width_)];
}

}  // namespace dmabuf::model
