// SPDX-License-Identifier: MIT
/// What becomes of a CPU mapping after mmap: mprotect, munmap of single pages, mremap.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

Outcome System::run(const model::op::Mprotect& op) {
  if (op.vma.value >= vmas_.size() || vmas_[op.vma.value].buffer == kNobody) return refused(ENOMEM);
  Vma& vma = vmas_[op.vma.value];
  const bool write = op.protection == model::Protection::ReadWrite;
  if (write && !vma.may_write) return refused(EACCES);
  if (!write && is(Mutant::MprotectKeepsWrite)) return done();
  vma.writable = write;
  return done();
}

Outcome System::run(const model::op::MunmapPage& op) {
  if (op.vma.value >= vmas_.size() || op.into.value >= vmas_.size()) return refused(ENOENT);
  Vma& vma = vmas_[op.vma.value];
  Vma& into = vmas_[op.into.value];
  if (vma.buffer == kNobody || op.page >= vma.length) return refused(ENOENT);
  if (&vma == &into || into.buffer != kNobody) return refused(EEXIST);
  DmaBuf& buffer = buffer_of(vma.buffer);

  // The part in front stays, what lies behind is a mapping of its own.
  const auto behind = static_cast<std::uint8_t>(vma.length - op.page - 1);
  if (op.page == 0 && behind == 0) {
    vma = {};
    put_file(buffer);
    return done();
  }
  const auto start = static_cast<std::uint8_t>(vma.offset + op.page + 1);
  if (op.page == 0) {
    if (!is(Mutant::EdgeUnmapKeepsOffset)) vma.offset = start;
    vma.length = behind;
  } else {
    if (behind != 0) {
      into = vma;
      into.offset = is(Mutant::SplitStartsAnew) ? std::uint8_t{0} : start;
      into.length = behind;
      if (is(Mutant::SplitDropsReference))
        put_file(buffer);
      else if (!is(Mutant::SplitForgetsReference))
        get_file(buffer);
    }
    vma.length = op.page;
  }
  if (behind == 0 || op.page == 0)
    if (is(Mutant::EdgeUnmapDropsReference)) put_file(buffer);
  return done();
}

Outcome System::run(const model::op::Mremap& op) {
  if (op.length == 0 && !is(Mutant::MremapZeroAccepted)) return refused(EINVAL);
  if (op.vma.value >= vmas_.size() || vmas_[op.vma.value].buffer == kNobody) return refused(EFAULT);
  Vma& vma = vmas_[op.vma.value];
  if (op.length == 0) return done();
  if (op.length > vma.length && !exporter_->grows && !is(Mutant::GrowthAccepted)) return refused(EFAULT);
  if (op.length < vma.length && is(Mutant::ShrinkDropsReference)) put_file(buffer_of(vma.buffer));
  vma.length = op.length;
  return done();
}

Outcome System::run(const model::op::Move& op) {
  if (op.vma.value >= vmas_.size() || vmas_[op.vma.value].buffer == kNobody) return refused(EFAULT);
  Vma& vma = vmas_[op.vma.value];
  // A copy at the new address, and then the old one goes.
  get_file(buffer_of(vma.buffer));
  if (is(Mutant::MoveLosesOffset)) vma.offset = 0;
  if (!is(Mutant::MoveLeaks)) put_file(buffer_of(vma.buffer));
  return done();
}

}  // namespace dmabuf::reference
