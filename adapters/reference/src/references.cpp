// SPDX-License-Identifier: MIT
/// In-kernel references: dma_buf_get and dma_buf_put.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

Outcome System::run(const model::op::Get& op) {
  if (op.reference.value >= model::kMaxReferences) return refused(ENOENT);
  std::int8_t& reference = references_[op.reference.value];
  if (op.fd == model::kForeignFd) {
    ++foreign_count_;
    if (is(Mutant::GetForeignSucceeds)) return done();
    if (!is(Mutant::GetForeignLeaks)) --foreign_count_;
    return refused(is(Mutant::GetForeignWrongErrno) ? EBADF : EINVAL);
  }
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(is(Mutant::GetBadFdWrongErrno) ? EINVAL : EBADF);
  if (reference != kNobody) return refused(EEXIST);
  reference = found->buffer;
  if (!is(Mutant::GetNotCounted)) get_file(buffer_of(reference));
  if (is(Mutant::GetCountsTwice)) get_file(buffer_of(reference));
  return done();
}

/// An attachment holds no reference, nor does a kernel mapping: the importer must keep one of its own while it has any.
bool System::needs_its_reference(std::int8_t buffer) const {
  int held = 0;
  for (const std::int8_t reference : references_) held += reference == buffer ? 1 : 0;
  if (held > 1) return false;
  for (const Attachment& attachment : attachments_)
    if (attachment.buffer == buffer) return true;
  if (is(Mutant::PutWhileVmapped)) return false;
  for (const Vmap& vmap : vmaps_)
    if (vmap.buffer == buffer) return true;
  return false;
}

Outcome System::run(const model::op::Put& op) {
  if (op.reference.value >= model::kMaxReferences) return refused(ENOENT);
  std::int8_t& reference = references_[op.reference.value];
  if (reference == kNobody) return refused(ENOENT);
  if (needs_its_reference(reference) && !is(Mutant::PutWhileAttached)) return refused(EBUSY);
  DmaBuf& buffer = buffer_of(reference);
  reference = kNobody;
  if (!is(Mutant::PutDropsNothing)) put_file(buffer);
  if (is(Mutant::PutDropsTwice)) put_file(buffer);
  return done();
}

}  // namespace dmabuf::reference
