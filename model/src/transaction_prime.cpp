// SPDX-License-Identifier: MIT
/// GEM handles: made, shared as fds, found again, closed.
#include "transaction.hpp"

namespace dmabuf::model {

bool Transaction::on_handle(std::uint8_t b, DrmFile file, EventId event) {
  BufferState& state = buffer(b);
  bool other = false;
  for (std::size_t i = 0; i < kDrmFiles; ++i)
    other = other || (i != static_cast<std::size_t>(file) && state.handles[i] != state::kNoHandle);
  return fire(MachineId::Handle, state.handles[static_cast<std::size_t>(file)], event,
              when(p_.exporter.own_references > 0, Fact::HasHandle) | when(other, Fact::OtherHandle), b);
}

void Transaction::operator()(const op::CreateDumb& o) {
  if (p_.exporter.own_references == 0 || o.pages > kMaxPages) return void(malformed());
  BufferState& state = w_.buffers[o.buffer.value];
  if (state.lifecycle == state::kLive || state.lifecycle == state::kDying || w_.named(o.buffer))
    return void(malformed());
  StateId ready = 0;
  if (!fire(MachineId::Prime, ready, event_id<op::CreateDumb>(), when(o.pages == 0, Fact::SizeZero))) return;
  if (on_handle(o.buffer.value, DrmFile::First, event_id<op::CreateDumb>())) state.pages = o.pages;
}

void Transaction::operator()(const op::HandleToFd& o) {
  if (p_.exporter.own_references == 0) return void(malformed());
  if (o.fd.value >= kMaxFds || w_.fds[o.fd.value].state != state::kFdClosed) return void(malformed());
  StateId ready = 0;
  if (!fire(MachineId::Prime, ready, event_id<op::HandleToFd>(),
            when(o.flags == CreationFlags::Unknown, Fact::UnknownFlags) |
                when(p_.exporter.write_only || o.access != Access::WriteOnly, Fact::AccessOffered)))
    return;
  if (p_.kernel.export_reserves_fd_first && !reserve_fd(0, event_id<op::HandleToFd>())) return;
  const BufferState& state = w_.buffers[o.buffer.value];
  if (state.handles[static_cast<std::size_t>(o.file)] == state::kUnshared && !born(o.buffer, state.pages, o.access))
    return;
  result_.reason = nullptr;  // the handle's own row says why
  if (!on_handle(o.buffer.value, o.file, event_id<op::HandleToFd>())) return;
  if (!reserve_fd(0, event_id<op::HandleToFd>())) return without_fd(o.buffer.value);
  install(o.fd, o.buffer.value, 0, o.cloexec);
}

void Transaction::operator()(const op::FdToHandle& o) {
  if (p_.exporter.own_references == 0 || elsewhere(o.fd)) return void(malformed());
  if (!on_fd(o.fd, event_id<op::Get>())) return;  // dma_buf_get, until the handle is there
  const std::uint8_t b = w_.fds[o.fd.value].buffer;
  const bool known = buffer(b).handles[static_cast<std::size_t>(o.file)] == state::kShared;
  result_.reason = nullptr;
  if (on_handle(b, o.file, event_id<op::FdToHandle>()) && drop(b))
    result_.value = known ? handle_of(BufferId{b}) : kNewHandle;
}

void Transaction::operator()(const op::CloseHandle& o) {
  if (on_handle(o.buffer.value, o.file, event_id<op::CloseHandle>()) &&
      w_.buffers[o.buffer.value].lifecycle != state::kLive && w_.buffers[o.buffer.value].lifecycle != state::kDying)
    w_.buffers[o.buffer.value].pages = 0;  // the object was never a buffer
}

}  // namespace dmabuf::model
