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
  if (op.reference.value >= model::kMaxReferences || op.device.value >= model::kDevices ||
      op.attachment.value >= model::kMaxAttachments)
    return refused(ENOENT);
  const std::int8_t index = references_[op.reference.value];
  if (index == kNobody) return refused(ENOENT);
  Attachment& attachment = attachments_[op.attachment.value];
  DmaBuf& buffer = buffer_of(index);

  if (is(Mutant::AttachOncePerDevice) && buffer.attachments.has_device(op.device))
    return refused(EBUSY);
  const DmaBufOps& ops = *buffer.exporter->ops;
  const int error = ops.attach != nullptr ? ops.attach(core_, buffer, op.device) : 0;
  if (error != 0) {
    ++buffer.attach_refused;
    if (is(Mutant::RefusedAttachCallsTwice)) ++buffer.attach_refused;
    if (is(Mutant::RefusedAttachStaysListed))
      buffer.attachments.insert(op.attachment.value, op.device.value);
    if (is(Mutant::RefusedAttachCallsDetach)) buffer.count(Callback::Detach);
    if (is(Mutant::RefusedAttachPuts)) put_file(buffer);
    if (is(Mutant::RefusedAttachLeaks)) get_file(buffer);
    return refused(is(Mutant::RefusedAttachWrongErrno) ? ENOMEM : error);
  }
  if (attachment.buffer != kNobody) return refused(EEXIST);
  buffer.count(Callback::Attach);
  if (is(Mutant::AttachCallsTwice)) buffer.count(Callback::Attach);
  if (is(Mutant::AttachCountsReference)) get_file(buffer);
  buffer.attachments.insert(op.attachment.value, op.device.value);
  attachment = {};
  attachment.buffer = index;
  attachment.device = op.device.value;
  return done();
}

Outcome System::run(const model::op::Detach& op) {
  if (op.attachment.value >= model::kMaxAttachments) return refused(ENOENT);
  Attachment& attachment = attachments_[op.attachment.value];
  if (attachment.buffer == kNobody) return refused(ENOENT);
  if (attachment.live_mappings > 0 && !is(Mutant::DetachWhileMapped)) return refused(EBUSY);
  DmaBuf& buffer = buffer_of(attachment.buffer);
  if (attachment.cached && !is(Mutant::DetachForgetsCachedMapping))
    unmap(buffer, attachment.cached_table, attachment.cached_direction);
  if (!is(Mutant::DetachStaysListed)) buffer.attachments.remove(op.attachment.value);
  if (!is(Mutant::DetachCallbackSkipped)) {
    const DmaBufOps& ops = *buffer.exporter->ops;
    if (ops.detach != nullptr) ops.detach(core_, buffer);
    buffer.count(Callback::Detach);
  }
  attachment = {};
  if (is(Mutant::DetachPuts)) put_file(buffer);
  return done();
}

}  // namespace dmabuf::reference
