// SPDX-License-Identifier: MIT
/// What can be seen of the system from outside.
#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::Aspect;
using model::BufferSeen;

Aspect aspect_of(Callback callback) {
  switch (callback) {
    case Callback::Attach: return Aspect::AttachCalls;
    case Callback::Detach: return Aspect::DetachCalls;
    case Callback::Map: return Aspect::MapCalls;
    case Callback::Unmap: return Aspect::UnmapCalls;
    case Callback::Begin: return Aspect::BeginCalls;
    case Callback::End: return Aspect::EndCalls;
    case Callback::Release: return Aspect::ReleaseCalls;
    case Callback::Vmap: return Aspect::VmapCalls;
    case Callback::Vunmap: return Aspect::VunmapCalls;
    case Callback::Pin: return Aspect::PinCalls;
    case Callback::Unpin: return Aspect::UnpinCalls;
  }
  return Aspect::ReleaseCalls;
}

void System::observe(model::Observation& seen) const {
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const DmaBuf& buffer = buffers_[i];
    BufferSeen& view = seen.buffers[i];
    view = BufferSeen{};
    if (buffer.exporter == nullptr) continue;

    view.set(Aspect::Listed, buffer.listed ? 1 : 0);
    for (std::size_t call = 0; call < kCallbacks; ++call)
      view.set(aspect_of(static_cast<Callback>(call)), buffer.calls[call]);
    view.set(Aspect::AttachRefused, buffer.attach_refused);
    view.set(Aspect::MoveNotifies, buffer.move_notifies);
    view.set(Aspect::Failures, buffer.failures);
    view.set(Aspect::MapDirections, buffer.maps.reading());
    view.set(Aspect::UnmapDirections, buffer.unmaps.reading());
    view.set(Aspect::BeginDirections, buffer.begins.reading());
    view.set(Aspect::EndDirections, buffer.ends.reading());
    if (!buffer.listed || buffer.released) continue;  // nobody left to ask about the rest

    view.set(Aspect::References, buffer.file_count);
    view.set(Aspect::Attachments, buffer.attachments.count);
    view.set(Aspect::Mappings, buffer.live_mappings);
    view.set(Aspect::Vmaps, buffer.vmapping_counter);
    view.set(Aspect::Size, static_cast<std::int64_t>(buffer.size));
    view.set(Aspect::AccessMode, static_cast<std::int64_t>(buffer.access));
    view.seen |= 1U << static_cast<unsigned>(Aspect::Name);
    view.name = buffer.name;
    if (is(Mutant::NameAliased) && buffer.name.length > 0)
      view.name = model::NameText(model::name_text(user_text_));
  }
  for (std::size_t i = 0; i < fds_.size(); ++i) {
    const FdSlot slot = fds_[i];
    seen.fds[i] = {.seen = true};
    if (slot.number == kNobody) continue;
    const FdEntry& entry = tables_[slot.process][static_cast<std::size_t>(slot.number)];
    seen.fds[i].open = entry.buffer != kNobody;
    seen.fds[i].close_on_exec = entry.close_on_exec;
    if (!seen.fds[i].open) continue;
    seen.fds[i].process = slot.process;
    seen.fds[i].lowest = entry.lowest;
  }
  for (std::size_t i = 0; i < sync_files_.size(); ++i)
    seen.sync_files[i] = {.seen = true,
                          .open = sync_files_[i].open,
                          .close_on_exec = sync_files_[i].open && sync_files_[i].close_on_exec};
}

}  // namespace dmabuf::reference
