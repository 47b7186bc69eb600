// SPDX-License-Identifier: MIT
/// A child of p0: fork copies the fd table and the CPU mappings, exec and exit let go of them.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

void System::inherit(Child& child) {
  child.table = tables_[0];
  for (const FdEntry& entry : child.table)
    if (entry.buffer != kNobody && !is(Mutant::ForkForgetsFds)) get_file(buffer_of(entry.buffer));
  for (std::size_t i = 0; i < vmas_.size(); ++i) {
    if (vmas_[i].buffer == kNobody || vmas_[i].process != 0) continue;
    child.vmas[i] = vmas_[i];
    if (!is(Mutant::ForkForgetsMappings)) get_file(buffer_of(vmas_[i].buffer));
  }
  if (is(Mutant::ForkCopiesMemory))
    for (PageIndex frame = 0; frame < Memory::kFrames; ++frame) child.memory[frame] = core_.memory.tag(frame);
}

void System::unmap_all(Child& child) {
  for (Vma& vma : child.vmas) {
    if (vma.buffer != kNobody) put_file(buffer_of(vma.buffer));
    vma = {};
  }
}

Outcome System::run(const model::op::Fork& op) {
  if (op.child.value >= children_.size()) return refused(EAGAIN);
  Child& child = children_[op.child.value];
  if (child.alive) return refused(EEXIST);
  child.alive = true;
  inherit(child);
  return done();
}

Outcome System::run(const model::op::ChildLoad& op) {
  if (op.child.value >= children_.size() || op.vma.value >= vmas_.size()) return refused(ENOENT);
  Child& child = children_[op.child.value];
  if (!child.alive) return refused(ESRCH);
  Vma& vma = child.vmas[op.vma.value];
  if (vma.buffer == kNobody) return refused(EFAULT);
  const PageIndex frame = fault(vma, op.page);
  if (frame == kNoFrame) return refused(EFAULT);
  return done(is(Mutant::ForkCopiesMemory) ? child.memory[frame] : core_.memory.tag(frame));
}

Outcome System::run(const model::op::Exec& op) {
  if (op.child.value >= children_.size()) return refused(ESRCH);
  Child& child = children_[op.child.value];
  if (!child.alive || child.replaced) return refused(ESRCH);
  child.replaced = true;
  for (FdEntry& entry : child.table) {
    if (entry.buffer == kNobody) continue;
    bool closes = entry.close_on_exec;
    if (is(Mutant::ExecKeepsCloseOnExec)) closes = false;
    if (is(Mutant::ExecClosesAll)) closes = true;
    if (!closes) continue;
    put_file(buffer_of(entry.buffer));
    entry = {};
  }
  if (!is(Mutant::ExecKeepsMappings)) unmap_all(child);
  return done();
}

Outcome System::run(const model::op::Exit& op) {
  if (op.child.value >= children_.size()) return refused(ESRCH);
  Child& child = children_[op.child.value];
  if (!child.alive) return refused(ESRCH);
  const bool killed = op.ending == model::Ending::Killed;
  if (!is(Mutant::ExitLeaksMappings)) unmap_all(child);
  const bool leaks = killed ? is(Mutant::KillLeaksFds) : is(Mutant::ExitLeaksFds);
  for (const FdEntry& entry : child.table)
    if (entry.buffer != kNobody && !leaks) put_file(buffer_of(entry.buffer));
  child = {};
  return done();
}

}  // namespace dmabuf::reference
