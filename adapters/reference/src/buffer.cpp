// SPDX-License-Identifier: MIT
/// How a buffer comes, is counted, and goes.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

namespace {

Leftover balance(const DmaBuf& buffer) {
  if (buffer.exporter == nullptr) return {};
  return {.buffers = buffer.released ? 0 : 1,
          .exporter_attachments = buffer.called(Callback::Attach) - buffer.called(Callback::Detach),
          .exporter_mappings = buffer.called(Callback::Map) - buffer.called(Callback::Unmap),
          .exporter_vmaps = buffer.called(Callback::Vmap) - buffer.called(Callback::Vunmap),
          .exporter_pins = buffer.called(Callback::Pin) - buffer.called(Callback::Unpin)};
}

void add(Leftover& sum, const Leftover& more) {
  sum.buffers += more.buffers;
  sum.exporter_attachments += more.exporter_attachments;
  sum.exporter_mappings += more.exporter_mappings;
  sum.exporter_vmaps += more.exporter_vmaps;
  sum.exporter_pins += more.exporter_pins;
}

}  // namespace

int System::may_export(model::BufferId id, std::uint8_t pages, model::Access access) const {
  if (id.value >= model::kMaxBuffers) return ENOENT;
  if (pages == 0 || pages > model::kMaxPages) return EINVAL;
  if (access == model::Access::WriteOnly && !exporter_->write_only) return EINVAL;
  return buffers_[id.value].alive() || objects_[id.value].handle_count > 0 ? EEXIST : 0;
}

DmaBuf& System::new_buffer(model::BufferId id, std::uint8_t pages, model::Access access) {
  DmaBuf& buffer = buffers_[id.value];
  add(past_, balance(buffer));

  const bool any_access = exporter_->chooses_access && !is(Mutant::ExportIgnoresAccess);
  buffer = DmaBuf{};
  buffer.exporter = exporter_;
  buffer.file_count = is(Mutant::ExportCountsTwice) ? 2 : 1;
  buffer.id = id.value;
  buffer.pages = pages;
  buffer.listed = true;
  buffer.access = any_access ? access : model::Access::ReadWrite;
  buffer.size = pages * kReportedPageSize;
  if (is(Mutant::SizeOnePageMore)) buffer.size += kReportedPageSize;
  if (is(Mutant::SizeOnePageLess)) buffer.size -= kReportedPageSize;
  if (exporter_->allocates_at_export) exporter_->ops->allocate(core_, buffer);
  return buffer;
}

Outcome System::run(const model::op::Export& op) {
  if (op.reference.value >= model::kMaxReferences) return refused(ENOENT);
  if (const int error = may_export(op.buffer, op.pages, op.access)) return refused(error);
  if (references_[op.reference.value] != kNobody) return refused(EEXIST);
  new_buffer(op.buffer, op.pages, op.access);
  references_[op.reference.value] = static_cast<std::int8_t>(op.buffer.value);
  return done();
}

int System::may_create(const model::op::Create& op) const {
  if (const int error = may_export(op.buffer, op.pages, op.access)) return error;
  const bool odd = op.flags == model::CreationFlags::Unknown;
  if (odd && is(Mutant::CreateRefusesUnknownFlags) && !exporter_->checks_flags) return EINVAL;
  return odd && exporter_->checks_flags && !is(Mutant::CreateIgnoresFlags) ? EINVAL : 0;
}

Outcome System::run(const model::op::Create& op) {
  if (const int error = may_create(op)) {
    // The object was made before the flags were looked at, and nobody takes it back.
    if (is(Mutant::RefusedCreateLeaks) && error == EINVAL) new_buffer(op.buffer, 1, op.access);
    return refused(is(Mutant::RefusedCreateWrongErrno) ? ENOMEM : error);
  }
  if (occupied(op.fd)) return refused(EEXIST);
  if (none_free(0)) {  // whatever had been made would go again at once
    if (is(Mutant::NoFdLeaksBuffer)) new_buffer(op.buffer, op.pages, op.access);
    return refused(no_fd());
  }
  DmaBuf& buffer = new_buffer(op.buffer, op.pages, op.access);
  if (exporter_->own_references > 0) {
    objects_[op.buffer.value] = {.pages = op.pages};
    if (GemHandle* made = new_handle(model::DrmFile::First, op.buffer.value)) keep(buffer, *made);
  }
  const bool close_on_exec =
      op.cloexec == model::CloseOnExec::Yes && !is(Mutant::CreateLosesCloexec);
  const int error = install(0, op.fd, static_cast<std::int8_t>(op.buffer.value), close_on_exec);
  if (error == 0) return done();
  put_file(buffer);
  return refused(error);
}

void System::put_file(DmaBuf& buffer) {
  if (buffer.file_count <= 0) {
    ++warnings_;  // "VFS: Close: file count is 0"
    return;
  }
  if (--buffer.file_count == 0) release(buffer);
  const int armed = (buffer.poll_in != kNoFence ? 1 : 0) + (buffer.poll_out != kNoFence ? 1 : 0);
  if (is(Mutant::ReleaseWhileArmed) && armed > 0 && buffer.file_count == armed && !buffer.released) release(buffer);
}

void System::release(DmaBuf& buffer) {
  if (!is(Mutant::ReleasedStaysListed)) buffer.listed = false;
  if (is(Mutant::ReleaseNeverRuns)) return;
  buffer.exporter->ops->release(core_, buffer);
  buffer.count(Callback::Release);
  if (is(Mutant::ReleaseRunsTwice)) buffer.count(Callback::Release);
  if (buffer.attachments.count > 0 || buffer.vmapping_counter > 0) ++warnings_;
  buffer.reservation = {};
  buffer.released = true;
}

Leftover System::leftover() const {
  Leftover sum = past_;
  for (const DmaBuf& buffer : buffers_) add(sum, balance(buffer));
  sum.foreign_references = foreign_count_ - 1;
  sum.sync_files = leaked_sync_files_;
  for (const Memfd& memfd : memfds_) sum.memfds += memfd.open ? 1 : 0;
  sum.handles = lost_objects_;
  for (const GemFile& file : files_)
    for (const GemHandle& handle : file) sum.handles += handle.object != kNobody ? 1 : 0;
  return sum;
}

}  // namespace dmabuf::reference
