// SPDX-License-Identifier: MIT
/// dma_buf_pin, dma_buf_unpin and dma_buf_move_notify, and an exporter that is asked to move.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

void move_notify(DmaBuf& buffer) {
  for (std::size_t i = 0; i < buffer.attachments.count; ++i)
    if (buffer.attachments.entries[i].dynamic) ++buffer.move_notifies;
}

int System::pin(DmaBuf& buffer, model::DeviceId device) {
  const DmaBufOps& ops = *buffer.exporter->ops;
  if (ops.pin == nullptr) return 0;
  if (const int error = told_to_fail(buffer, model::Callback::Pin)) return error;
  if (const int error = ops.pin(core_, buffer, device)) return error;
  buffer.count(Callback::Pin);
  return 0;
}

void System::unpin(DmaBuf& buffer) {
  const DmaBufOps& ops = *buffer.exporter->ops;
  if (ops.unpin == nullptr) return;
  ops.unpin(core_, buffer);
  buffer.count(Callback::Unpin);
}

Outcome System::run(const model::op::Pin& op) {
  if (op.attachment.value >= attachments_.size()) return refused(ENOENT);
  Attachment& attachment = attachments_[op.attachment.value];
  if (attachment.buffer == kNobody) return refused(ENOENT);
  if (!attachment.dynamic && !is(Mutant::PinOfStaticAccepted)) return refused(EPERM);
  if (const int error = pin(buffer_of(attachment.buffer), model::DeviceId{attachment.device})) {
    if (is(Mutant::FailedPinIsSwallowed)) return done();
    return refused(error);
  }
  ++attachment.pins;
  return done();
}

Outcome System::run(const model::op::Unpin& op) {
  if (op.attachment.value >= attachments_.size()) return refused(ENOENT);
  Attachment& attachment = attachments_[op.attachment.value];
  if (attachment.pins == 0) return refused(ENOENT);
  --attachment.pins;
  unpin(buffer_of(attachment.buffer));
  if (is(Mutant::UnpinCallsTwice)) unpin(buffer_of(attachment.buffer));
  return done();
}

Outcome System::run(const model::op::Migrate& op) {
  if (op.reference.value >= references_.size()) return refused(ENOENT);
  const std::int8_t index = references_[op.reference.value];
  if (index == kNobody) return refused(ENOENT);
  DmaBuf& buffer = buffer_of(index);
  if (buffer.exporter->ops->migrate == nullptr) return refused(EOPNOTSUPP);
  const int error = buffer.exporter->ops->migrate(core_, buffer);
  return error != 0 ? refused(error) : done();
}

}  // namespace dmabuf::reference
