// SPDX-License-Identifier: MIT
/// CPU mappings of a process: they hold the file, and see the storage wherever it is. What becomes of
/// them later is in mapping.cpp.
#include <cerrno>

#include "dmabuf/reference/system.hpp"
#include "exporter_ops.hpp"

namespace dmabuf::reference {

using model::Access;
using model::done;
using model::Outcome;
using model::Protection;
using model::refused;
using model::Sharing;

int System::map_region(DmaBuf& buffer, const model::op::Mmap& request) {
  // The VFS.
  const bool shared_write =
      request.sharing == Sharing::Shared && request.protection == Protection::ReadWrite;
  if (shared_write && buffer.access == Access::ReadOnly && !is(Mutant::MmapReadOnlyWritable))
    return EACCES;
  if (buffer.access == Access::WriteOnly && !is(Mutant::MmapWriteOnlyReadable)) return EACCES;

  // The core.
  const DmaBufOps& ops = *buffer.exporter->ops;
  if (ops.mmap == nullptr && !is(Mutant::MmapWithoutOpAccepted))
    return is(Mutant::MmapWithoutOpWrongErrno) ? ENODEV : EINVAL;
  const unsigned first = is(Mutant::MmapOffsetUnchecked) ? 0U : request.offset;
  const unsigned limit = buffer.pages + (is(Mutant::MmapPastEnd) ? 1U : 0U);
  if (first + request.length > limit) return EINVAL;

  if (ops.mmap == nullptr) return 0;
  if (const int error = told_to_fail(buffer, model::Callback::Mmap)) return error;
  return ops.mmap(core_, buffer, request.sharing);
}

Outcome System::run(const model::op::Mmap& op) {
  if (op.fd == model::kForeignFd) return refused(ENODEV);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  if (op.vma.value >= model::kMaxVmas) return refused(ENOMEM);
  Vma& vma = vmas_[op.vma.value];
  if (op.length == 0) return refused(EINVAL);

  DmaBuf& buffer = buffer_of(found->buffer);
  get_file(buffer);
  if (const int error = map_region(buffer, op)) {
    if (!is(Mutant::FailedMmapLeaks)) put_file(buffer);
    if (is(Mutant::FailedMmapPutsTwice)) put_file(buffer);
    return refused(error);
  }
  if (vma.buffer != kNobody) {
    put_file(buffer);
    return refused(EEXIST);
  }
  if (is(Mutant::MmapNotCounted)) put_file(buffer);
  const bool may_write = op.sharing == Sharing::Private || buffer.access != Access::ReadOnly;
  vma = {.buffer = static_cast<std::int8_t>(buffer.id),
         .offset = is(Mutant::MmapOffsetIgnored) ? std::uint8_t{0} : op.offset,
         .length = op.length,
         .writable = op.protection == Protection::ReadWrite,
         .may_write = may_write || is(Mutant::MprotectIgnoresReadOnly),
         .process = fds_[op.fd.value].process,
         .faulted = false,
         .place = {}};
  return done();
}

Outcome System::run(const model::op::Munmap& op) {
  if (op.vma.value >= model::kMaxVmas) return refused(ENOENT);
  Vma& vma = vmas_[op.vma.value];
  if (vma.buffer == kNobody) return refused(ENOENT);
  DmaBuf& buffer = buffer_of(vma.buffer);
  vma = {};
  if (!is(Mutant::MunmapLeaks)) put_file(buffer);
  return done();
}

PageIndex System::fault(Vma& vma, std::uint8_t page) {
  DmaBuf& buffer = buffer_of(vma.buffer);
  const unsigned index = unsigned{vma.offset} + page;
  if (page >= vma.length || index >= buffer.pages) return kNoFrame;
  ensure_storage(core_, buffer);
  if (!vma.faulted) vma.place = buffer.place;
  vma.faulted = true;
  const bool behind = is(Mutant::MigrationLeavesVmaBehind);
  return buffer.frame(behind ? vma.place : buffer.place, index);
}

Outcome System::run(const model::op::Load& op) {
  if (op.vma.value >= model::kMaxVmas) return refused(ENOENT);
  Vma& vma = vmas_[op.vma.value];
  if (vma.buffer == kNobody) return refused(ENOENT);
  const PageIndex frame = fault(vma, op.page);
  if (frame == kNoFrame) return refused(EFAULT);
  return done(core_.memory.tag(frame));
}

Outcome System::run(const model::op::Store& op) {
  if (op.vma.value >= model::kMaxVmas) return refused(ENOENT);
  Vma& vma = vmas_[op.vma.value];
  if (vma.buffer == kNobody) return refused(ENOENT);
  const bool writable = vma.writable || is(Mutant::StoreIgnoresProtection);
  if (!writable && !is(Mutant::RefusedStoreLands)) return refused(EFAULT);
  const PageIndex frame = fault(vma, op.page);
  if (frame == kNoFrame) return refused(EFAULT);
  if (is(Mutant::StoreLost)) return done();
  core_.memory.fill(frame, op.tag);
  return writable ? done() : refused(EFAULT);
}

}  // namespace dmabuf::reference
