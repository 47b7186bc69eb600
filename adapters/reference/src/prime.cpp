// SPDX-License-Identifier: MIT
/// GEM objects and the handles that name them, one table a DRM file; and PRIME, which makes fds of handles and
/// handles of fds. As drm_gem.c and drm_prime.c have it: each file has a cache of the buffers behind its handles,
/// each object remembers its buffer while anybody has a handle, and either is a reference.
#include <algorithm>
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

System::GemHandle* System::handle(model::DrmFile which, std::uint8_t object) {
  for (GemHandle& one : file(which))
    if (one.object == static_cast<std::int8_t>(object)) return &one;
  return nullptr;
}

bool System::has_handle(std::uint8_t object) {
  return handle(model::DrmFile::First, object) != nullptr || handle(model::DrmFile::Second, object) != nullptr;
}

System::GemHandle* System::new_handle(model::DrmFile which, std::uint8_t object) {
  GemFile& numbers = file(which);
  const auto free = [](const GemHandle& one) { return one.object == kNobody; };
  GemHandle* found = nullptr;
  for (GemHandle& one : numbers)
    if (free(one) && (found == nullptr || is(Mutant::HandleNumbersFromTheTop))) found = &one;
  if (found == nullptr) return nullptr;
  *found = {.object = static_cast<std::int8_t>(object), .cached = false};
  ++objects_[object].handle_count;
  return found;
}

void System::keep(DmaBuf& buffer, GemHandle& handle) {
  GemObject& object = objects_[buffer.id];
  if (!object.keeps_buffer) {
    object.keeps_buffer = true;
    if (!is(Mutant::HandleHoldsOneReference)) get_file(buffer);
  }
  handle.cached = true;
  get_file(buffer);
}

Outcome System::run(const model::op::CreateDumb& op) {
  if (exporter_->own_references == 0 || op.buffer.value >= model::kMaxBuffers) return refused(ENOENT);
  if (op.pages == 0 || op.pages > model::kMaxPages) return refused(EINVAL);
  if (buffers_[op.buffer.value].alive() || has_handle(op.buffer.value)) return refused(EEXIST);
  objects_[op.buffer.value] = {.pages = op.pages};
  return new_handle(model::DrmFile::First, op.buffer.value) != nullptr ? done() : refused(ENOMEM);
}

Outcome System::run(const model::op::HandleToFd& op) {
  const bool odd = op.flags == model::CreationFlags::Unknown || op.access == model::Access::WriteOnly;
  if (odd && !is(Mutant::ExportLooksUpFirst)) return refused(EINVAL);
  GemHandle* const found = op.buffer.value < model::kMaxBuffers ? handle(op.file, op.buffer.value) : nullptr;
  if (found == nullptr) return refused(ENOENT);
  if (odd) return refused(EINVAL);
  if (occupied(op.fd)) return refused(EEXIST);
  if (none_free(0) && is(Mutant::ExportReservesFdFirst)) return refused(no_fd());

  GemObject& object = objects_[op.buffer.value];
  DmaBuf& buffer = buffers_[op.buffer.value];
  if (found->cached || object.keeps_buffer) {
    if (!is(Mutant::ReexportNotCounted)) get_file(buffer);
    if (is(Mutant::ReexportChangesAccess)) buffer.access = op.access;
    if (!found->cached) keep(buffer, *found);
  } else {
    keep(new_buffer(op.buffer, object.pages, op.access), *found);
  }
  const bool close_on_exec = op.cloexec == model::CloseOnExec::Yes && !is(Mutant::ReexportLosesCloexec);
  const int error = install(0, op.fd, static_cast<std::int8_t>(op.buffer.value), close_on_exec);
  if (error == 0) return done();
  // The handle keeps the buffer: only what the fd was to have is given back.
  if (!is(Mutant::NoFdExportLeaks)) put_file(buffer);
  return refused(error);
}

Outcome System::run(const model::op::FdToHandle& op) {
  if (op.fd == model::kForeignFd) return refused(is(Mutant::ImportForeignWrongErrno) ? EBADF : EINVAL);
  const FdEntry* const fd = entry(op.fd);
  if (fd == nullptr || fds_[op.fd.value].process != 0 || exporter_->own_references == 0) return refused(EBADF);
  DmaBuf& buffer = buffer_of(fd->buffer);
  const GemHandle* const known = handle(op.file, buffer.id);
  if (known != nullptr && known->cached && !is(Mutant::ImportForgetsHandle))
    return model::Reply{model::handle_of(model::BufferId{buffer.id})};
  const bool kept = objects_[buffer.id].keeps_buffer;
  GemHandle* const made = new_handle(op.file, buffer.id);
  if (made == nullptr) return refused(ENOMEM);
  keep(buffer, *made);
  if (is(Mutant::ImportNotCounted) && kept) put_file(buffer);
  if (is(Mutant::ReimportForgetsObject) && !kept) put_file(buffer);
  const bool gap = std::any_of(file(op.file).data(), made, [](const GemHandle& one) { return one.object == kNobody; });
  return model::Reply{gap ? model::kGappedHandle : model::kNewHandle};
}

Outcome System::run(const model::op::CloseHandle& op) {
  if (op.buffer.value >= model::kMaxBuffers) return refused(EINVAL);
  GemHandle* const found = handle(op.file, op.buffer.value);
  DmaBuf& buffer = buffers_[op.buffer.value];
  if (found == nullptr) {
    if (is(Mutant::HandleClosesTwice) && buffer.exporter != nullptr) return done();
    return refused(EINVAL);
  }
  GemObject& object = objects_[op.buffer.value];
  const bool cached = found->cached;
  *found = {};
  if (cached) put_file(buffer);
  const bool last = --object.handle_count == 0;
  if ((last || is(Mutant::OneHandleClosedForgetsTheBuffer)) && object.keeps_buffer) {
    object.keeps_buffer = false;
    if (!is(Mutant::HandleCloseDropsOneTooFew) && !is(Mutant::HandleHoldsOneReference)) put_file(buffer);
  }
  if (is(Mutant::HandleCloseDropsOneTooMany)) put_file(buffer);
  if (is(Mutant::UnsharedObjectLeaks) && !cached && last) ++lost_objects_;
  return done();
}

}  // namespace dmabuf::reference
