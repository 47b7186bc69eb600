// SPDX-License-Identifier: MIT
/// dma_buf_vmap and dma_buf_vunmap, and what an importer's CPU sees at the address.
#include <algorithm>
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

int System::vmap(DmaBuf& buffer) {
  const DmaBufOps& ops = *buffer.exporter->ops;
  if (ops.vmap == nullptr) return is(Mutant::VmapMissingWrongErrno) ? EOPNOTSUPP : EINVAL;
  if (buffer.vmapping_counter == 0 || is(Mutant::NestedVmapCallsExporter)) {
    int error = told_to_fail(buffer, model::Callback::Vmap);
    if (error == 0) error = ops.vmap(core_, buffer, buffer.vmap_at);
    if (error != 0) {
      if (is(Mutant::FailedVmapIsCounted)) ++buffer.vmapping_counter;
      return error;
    }
    buffer.count(Callback::Vmap);
  }
  ++buffer.vmapping_counter;
  return 0;
}

void System::vunmap(DmaBuf& buffer) {
  if (buffer.vmapping_counter == 0) {
    ++warnings_;  // a kernel would not survive it
    return;
  }
  if (is(Mutant::VunmapForgetsToCount) && buffer.vmapping_counter > 1) return;
  --buffer.vmapping_counter;
  if (buffer.vmapping_counter > 0 && !is(Mutant::FirstVunmapIsTheLast)) return;
  if (is(Mutant::LastVunmapSkipped)) return;
  if (buffer.called(Callback::Vmap) <= buffer.called(Callback::Vunmap)) return;
  buffer.exporter->ops->vunmap(core_, buffer);
  buffer.count(Callback::Vunmap);
}

Outcome System::run(const model::op::Vmap& op) {
  if (op.reference.value >= references_.size() || op.vmap.value >= vmaps_.size()) return refused(ENOENT);
  const std::int8_t index = references_[op.reference.value];
  if (index == kNobody) return refused(ENOENT);
  Vmap& slot = vmaps_[op.vmap.value];
  if (slot.buffer != kNobody) return refused(EEXIST);
  DmaBuf& buffer = buffer_of(index);
  if (const int error = vmap(buffer)) return refused(error);
  if (is(Mutant::VmapCountsReference)) get_file(buffer);
  const bool elsewhere = is(Mutant::NestedVmapElsewhere) && buffer.vmapping_counter > 1;
  slot = {index, buffer.vmap_at};
  if (elsewhere) slot.at.bank ^= 1U;
  return model::Reply{static_cast<std::uint64_t>(std::ranges::count_if(
      vmaps_, [&](const Vmap& known) { return known.buffer == index && known.at == slot.at; }))};
}

Outcome System::run(const model::op::Vunmap& op) {
  if (op.vmap.value >= vmaps_.size()) return refused(ENOENT);
  Vmap& slot = vmaps_[op.vmap.value];
  if (slot.buffer == kNobody) return refused(ENOENT);
  DmaBuf& buffer = buffer_of(slot.buffer);
  slot = {};
  vunmap(buffer);
  return done();
}

PageIndex System::frame_behind(model::VmapId id, std::uint8_t page) const {
  if (id.value >= vmaps_.size() || vmaps_[id.value].buffer == kNobody) return kNoFrame;
  const Vmap& vmap = vmaps_[id.value];
  const DmaBuf& buffer = buffers_[static_cast<std::size_t>(vmap.buffer)];
  if (page >= buffer.pages) return kNoFrame;
  if (is(Mutant::VmapShowsFirstPageOnly)) page = 0;
  return buffer.frame(vmap.at, page);
}

Outcome System::run(const model::op::VmapRead& op) {
  const PageIndex frame = frame_behind(op.vmap, op.page);
  if (frame == kNoFrame) return refused(ENOENT);
  return model::Reply{core_.memory.tag(frame)};
}

Outcome System::run(const model::op::VmapWrite& op) {
  const PageIndex frame = frame_behind(op.vmap, op.page);
  if (frame == kNoFrame) return refused(ENOENT);
  core_.memory.fill(frame, op.tag);
  return done();
}

}  // namespace dmabuf::reference
