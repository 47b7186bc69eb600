// SPDX-License-Identifier: MIT
/// dma_buf_attach and dma_buf_detach, as an importer that guards against its own mistakes calls
/// them.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

Outcome System::run(const model::op::Attach& op) {
  return attach(op.reference, op.device, op.attachment, false);
}

Outcome System::run(const model::op::AttachDynamic& op) {
  return attach(op.reference, op.device, op.attachment, true);
}

Outcome System::attach(model::ReferenceId from, model::DeviceId device, model::AttachmentId into, bool dynamic) {
  if (from.value >= model::kMaxReferences || device.value >= model::kDevices || into.value >= model::kMaxAttachments)
    return refused(ENOENT);
  const std::int8_t index = references_[from.value];
  if (index == kNobody) return refused(ENOENT);
  Attachment& attachment = attachments_[into.value];
  DmaBuf& buffer = buffer_of(index);

  if (is(Mutant::AttachOncePerDevice) && buffer.attachments.has_device(device)) return refused(EBUSY);
  const DmaBufOps& ops = *buffer.exporter->ops;
  int error = told_to_fail(buffer, model::Callback::Attach);
  if (error == 0 && ops.attach != nullptr) error = ops.attach(core_, buffer, device);
  if (error != 0) {
    ++buffer.attach_refused;
    if (is(Mutant::RefusedAttachCallsTwice)) ++buffer.attach_refused;
    if (is(Mutant::RefusedAttachStaysListed)) buffer.attachments.insert(into.value, device.value);
    if (is(Mutant::RefusedAttachCallsDetach)) buffer.count(Callback::Detach);
    if (is(Mutant::RefusedAttachPuts)) put_file(buffer);
    if (is(Mutant::RefusedAttachLeaks)) get_file(buffer);
    return refused(is(Mutant::RefusedAttachWrongErrno) ? ENOMEM : error);
  }
  if (attachment.buffer != kNobody) return refused(EEXIST);
  buffer.count(Callback::Attach);
  if (is(Mutant::AttachCallsTwice)) buffer.count(Callback::Attach);
  if (is(Mutant::AttachCountsReference)) get_file(buffer);
  buffer.attachments.insert(into.value, device.value, dynamic);
  attachment = {};
  attachment.buffer = index;
  attachment.device = device.value;
  attachment.dynamic = dynamic;
  if (dynamic == buffer.exporter->dynamic()) return done();
  if (dynamic && is(Mutant::DynamicAttachMapsLate)) return done();
  if (const int failed = map_and_keep(attachment, buffer)) {
    if (!is(Mutant::FailedPinForgetsDetach)) detach(buffer, into.value);
    attachment = {};
    return refused(failed);
  }
  return done();
}

/// Where one side cannot handle moves the other one's table is made at once, and kept.
int System::map_and_keep(Attachment& attachment, DmaBuf& buffer) {
  const bool pins = buffer.exporter->dynamic() && !is(Mutant::StaticAttachNotPinned);
  if (pins)
    if (const int error = pin(buffer, model::DeviceId{attachment.device})) return error;
  SgTable table;
  if (const int error = map_by_exporter(attachment, buffer, model::Direction::Bidirectional, table)) {
    if (pins && !is(Mutant::FailedMapForgetsUnpin)) unpin(buffer);
    return error;
  }
  attachment.cached = true;
  attachment.cached_direction = model::Direction::Bidirectional;
  attachment.cached_table = table;
  return 0;
}

void System::detach(DmaBuf& buffer, std::uint8_t attachment) {
  if (!is(Mutant::DetachStaysListed)) buffer.attachments.remove(attachment);
  if (is(Mutant::DetachCallbackSkipped)) return;
  const DmaBufOps& ops = *buffer.exporter->ops;
  if (ops.detach != nullptr) ops.detach(core_, buffer);
  buffer.count(Callback::Detach);
}

Outcome System::run(const model::op::Detach& op) {
  if (op.attachment.value >= model::kMaxAttachments) return refused(ENOENT);
  Attachment& attachment = attachments_[op.attachment.value];
  if (attachment.buffer == kNobody) return refused(ENOENT);
  if (attachment.live_mappings > 0 && !is(Mutant::DetachWhileMapped)) return refused(EBUSY);
  if (attachment.pins > 0 && !is(Mutant::DetachWhilePinned)) return refused(EBUSY);
  DmaBuf& buffer = buffer_of(attachment.buffer);
  if (attachment.cached && !is(Mutant::DetachForgetsCachedMapping)) {
    unmap(buffer, attachment.cached_table, attachment.cached_direction);
    if (buffer.exporter->dynamic() && !is(Mutant::DetachForgetsUnpin)) unpin(buffer);
  }
  detach(buffer, op.attachment.value);
  attachment = {};
  if (is(Mutant::DetachPuts)) put_file(buffer);
  return done();
}

}  // namespace dmabuf::reference
