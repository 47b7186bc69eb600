// SPDX-License-Identifier: MIT
/// The fd tables of the two processes.
#include <algorithm>
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

System::FdEntry* System::entry(model::FdId fd) {
  if (fd.value >= fds_.size()) return nullptr;
  const FdSlot slot = fds_[fd.value];
  if (slot.number == kNobody) return nullptr;
  FdEntry& found = tables_[slot.process][static_cast<std::size_t>(slot.number)];
  return found.buffer == kNobody ? nullptr : &found;
}

bool System::occupied(model::FdId fd) {
  return fd.value >= fds_.size() || fds_[fd.value].number != kNobody;
}

int System::no_fd() const { return is(Mutant::NoFdWrongErrno) ? ENFILE : EMFILE; }

int System::install(std::uint8_t process, model::FdId fd, std::int8_t buffer, bool close_on_exec) {
  if (none_free(process)) return no_fd();
  FdTable& table = tables_[process];
  const auto free = [](const FdEntry& entry) { return entry.buffer == kNobody; };
  const auto lowest = std::find_if(table.begin(), table.end(), free) - table.begin();
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::size_t number = is(Mutant::InstallTakesHighestFd) ? table.size() - 1 - i : i;
    if (!free(table[number])) continue;
    table[number] = {.buffer = buffer,
                     .close_on_exec = close_on_exec,
                     .lowest = number == static_cast<std::size_t>(lowest)};
    fds_[fd.value] = {.number = static_cast<std::int8_t>(number), .process = process};
    return 0;
  }
  return EMFILE;
}

bool System::has_fd(const DmaBuf& buffer) const {
  for (const FdTable& table : tables_)
    for (const FdEntry& entry : table)
      if (entry.buffer == static_cast<std::int8_t>(buffer.id)) return true;
  return false;
}

Outcome System::run(const model::op::InstallFd& op) {
  if (op.reference.value >= model::kMaxReferences) return refused(ENOENT);
  std::int8_t& reference = references_[op.reference.value];
  if (reference == kNobody) return refused(ENOENT);
  if (needs_its_reference(reference)) return refused(EBUSY);
  if (occupied(op.fd)) return refused(EEXIST);
  bool close_on_exec = op.cloexec == model::CloseOnExec::Yes;
  if (is(Mutant::InstallLosesCloexec)) close_on_exec = false;
  if (is(Mutant::InstallSetsCloexec)) close_on_exec = true;
  if (const int error = install(0, op.fd, reference, close_on_exec)) {
    if (is(Mutant::NoFdDropsReference)) {
      put_file(buffer_of(reference));
      reference = kNobody;
    }
    return refused(error);
  }
  if (is(Mutant::InstallTakesReference)) get_file(buffer_of(reference));
  reference = kNobody;  // the fd has it now
  return done();
}

Outcome System::run(const model::op::Dup& op) {
  if (op.from == model::kForeignFd) return refused(EINVAL);
  const FdEntry* from = entry(op.from);
  if (from == nullptr) return refused(EBADF);
  if (occupied(op.to)) return refused(EEXIST);
  bool close_on_exec = op.cloexec == model::CloseOnExec::Yes;
  if (is(Mutant::DupLosesCloexec)) close_on_exec = false;
  if (is(Mutant::DupInheritsCloexec)) close_on_exec = from->close_on_exec;
  DmaBuf& buffer = buffer_of(from->buffer);
  std::uint8_t process = fds_[op.from.value].process;
  if (is(Mutant::DupLandsInOtherProcess)) process ^= 1U;
  const int error = install(process, op.to, from->buffer, close_on_exec);
  if (error != 0 && is(Mutant::RefusedDupCounted)) get_file(buffer);
  if (error != 0) return refused(error);
  if (!is(Mutant::DupNotCounted)) get_file(buffer);
  if (is(Mutant::DupCountsTwice)) get_file(buffer);
  return done();
}

Outcome System::run(const model::op::Close& op) {
  if (op.fd == model::kForeignFd) return refused(EINVAL);
  FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  const FdSlot slot = fds_[op.fd.value];
  DmaBuf& buffer = buffer_of(found->buffer);
  *found = {};
  fds_[op.fd.value] = {};
  if (!is(Mutant::CloseKeepsReference)) put_file(buffer);
  if (is(Mutant::CloseClosesPeer)) {
    FdEntry& peer = tables_[1U - slot.process][static_cast<std::size_t>(slot.number)];
    if (peer.buffer != kNobody) put_file(buffer_of(peer.buffer));
    peer = {};
  }
  if (is(Mutant::ReleaseAtLastFd) && !buffer.released && !has_fd(buffer)) release(buffer);
  return done();
}

Outcome System::run(const model::op::FillFds& op) {
  if (op.process.value >= limited_.size()) return refused(ESRCH);
  limited_[op.process.value] = true;
  if (is(Mutant::LimitIsEverybodys)) limited_.fill(true);
  return done();
}

Outcome System::run(const model::op::FreeFds& op) {
  if (op.process.value >= limited_.size()) return refused(ESRCH);
  limited_[op.process.value] = is(Mutant::LimitStays) && limited_[op.process.value];
  return done();
}

}  // namespace dmabuf::reference
