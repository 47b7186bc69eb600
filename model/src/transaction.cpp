// SPDX-License-Identifier: MIT
#include "transaction.hpp"

#include <algorithm>

namespace dmabuf::model {
namespace {

constexpr bool readable(Access access) { return access != Access::WriteOnly; }
constexpr bool writable(Access access) { return access != Access::ReadOnly; }

constexpr bool ends(SyncFlags f) {
  return f == SyncFlags::EndRead || f == SyncFlags::EndWrite || f == SyncFlags::EndBoth;
}

/// What the exporter is told (DBUF-SYN-004): who reads wants what a device has written.
constexpr Direction direction_of(SyncFlags f) {
  switch (f) {
    case SyncFlags::StartRead:
    case SyncFlags::EndRead: return Direction::FromDevice;
    case SyncFlags::StartWrite:
    case SyncFlags::EndWrite: return Direction::ToDevice;
    case SyncFlags::StartBoth:
    case SyncFlags::EndBoth: return Direction::Bidirectional;
    case SyncFlags::NoDirection:
    case SyncFlags::EndNoDirection:
    case SyncFlags::UnknownBit:
    case SyncFlags::UnknownHighBit: return Direction::None;
  }
  return Direction::None;
}

}  // namespace

void Transaction::carry_out(const Operation& operation) {
  if (!p_.kernel.has(operation.index())) return void(malformed());
  std::visit(*this, operation);
}

std::uint64_t Transaction::page(std::uint8_t b, std::size_t page) const {
  // Of two buffers of one memfd each has what is written to the other.
  const std::uint8_t source = w_.buffers[b].source[page];
  const auto written = [&](const QueueSlotState& slot) {
    return slot.state == state::kQueued && slot.buffer != kNone &&
           (slot.buffer == b || (source != kNone && std::ranges::count(w_.buffers[slot.buffer].source, source) > 0));
  };
  if (w_.queue.state == state::kStreaming && std::ranges::any_of(w_.queue.slots, written)) return kUnknownTag;
  return w_.page(b, page);
}

bool Transaction::malformed() {
  result_.allowance = Allowance::Malformed;
  result_.reason = nullptr;
  return false;
}

bool Transaction::fire(MachineId machine, StateId& state, EventId event, FactSet facts, std::uint8_t b) {
  const Tables& all = tables();
  const Cell& cell = all.flat[static_cast<std::size_t>(machine)].cell(state, event, facts);
  if (result_.fired_count < result_.fired.size()) result_.fired[result_.fired_count++] = cell.row;
  const RowInfo& row = all.rows[cell.row];
  if (cell.kind != RowKind::Permitted) {
    switch (cell.kind) {
      case RowKind::Refused: result_.allowance = Allowance::Refused; break;
      case RowKind::Forbidden: result_.allowance = Allowance::Forbidden; break;
      case RowKind::Unspecified: result_.allowance = Allowance::Unspecified; break;
      case RowKind::Permitted:
      case RowKind::Malformed: result_.allowance = Allowance::Malformed; break;
    }
    result_.errnos = row.errnos;
    result_.reason = &row;
    return false;
  }
  if (result_.reason == nullptr) result_.reason = &row;
  state = cell.next;
  const EffectList& effects = all.effects[cell.row];
  for (std::uint8_t i = 0; i < effects.size; ++i)
    if (!apply(effects.list[i], b)) return false;
  return true;
}

bool Transaction::apply(Effect effect, std::uint8_t b) {
  BufferState& state = buffer(b);
  switch (effect) {
    case Effect::TakeReference: return take(b);
    case Effect::DropReference: return drop(b);
    case Effect::TakeOwnReferences:
      for (unsigned i = 0; i < p_.exporter.own_references; ++i)
        if (!take(b)) return false;
      return true;
    case Effect::DropOwnReferences:
      for (unsigned i = 0; i < p_.exporter.own_references; ++i)
        if (!drop(b)) return false;
      return true;
    case Effect::CallAttach: {
      if (!calls(b, Callback::Attach)) {
        attach_refused_by_ = b;
        return false;
      }
      const bool late = state.handed_out && choices_.decide(p_.exporter.refuses_attach_after_map);
      const bool strict = device_ == kStrictDevice.value && !suits_anyway(b) &&
                          p_.exporter.constraints == Constraints::RefusedAtAttach;
      if (!fire(MachineId::Storage, state.storage, event_id<op::Attach>(),
                when(late, Fact::RefusesLate) | when(strict, Fact::RefusesStrict), b)) {
        if (result_.allowance == Allowance::Refused) attach_refused_by_ = b;
        return false;
      }
      ++state.callbacks.attach;
      asked_ = b;
      return true;
    }
    case Effect::CallDetach: ++state.callbacks.detach; return true;
    case Effect::CallPin:
      if (!calls(b, Callback::Pin) || !hold(b)) return false;
      pinned_ = true;
      ++state.callbacks.pin;
      return true;
    case Effect::CallUnpin: ++state.callbacks.unpin; return true;
    case Effect::CallMap:
      pin_undone_ = pinned_;
      if (!calls(b, Callback::Map)) return false;
      if (!fire(MachineId::Storage, state.storage, event_id<op::Map>(), placement_facts(b), b)) return false;
      pin_undone_ = false;
      ++state.callbacks.map;
      state.callbacks.maps.count(direction_);
      state.handed_out = true;
      return dynamic_ || await_kernel(b);  // a dynamic importer waits by itself (DBUF-DYN-012)
    case Effect::CallUnmap:
      ++state.callbacks.unmap;
      state.callbacks.unmaps.count(direction_);
      return true;
    case Effect::BeginAccess:
      return calls(b, Callback::Begin) && touch(b) && fire(MachineId::CpuAccess, state.cpu, EventId::Begin, 0, b) && await(b);
    case Effect::EndAccess:
      return calls(b, Callback::End) &&
             fire(MachineId::CpuAccess, state.cpu, EventId::End,
                  when(p_.exporter.end_needs_begin, Fact::EndNeedsBegin), b);
    case Effect::CallBegin:
      ++state.callbacks.begin;
      state.callbacks.begins.count(direction_);
      return true;
    case Effect::CallEnd:
      ++state.callbacks.end;
      state.callbacks.ends.count(direction_);
      return true;
    case Effect::CallVmap:
      if (!calls(b, Callback::Vmap)) return false;
      ++state.callbacks.vmap;
      return touch(b);
    case Effect::CallVunmap: ++state.callbacks.vunmap; return true;
    case Effect::CallRelease:
      ++state.callbacks.release;
      state.entries = {};  // the reservation goes, too
      state.entry_count = 0;
      state.failure = {};
      return true;
    case Effect::Migrate: move_storage(b); return true;
    case Effect::Rename: return true;  // the operation carries the name
  }
  return true;
}

bool Transaction::take(std::uint8_t b) {
  if (!fire(MachineId::Buffer, buffer(b).lifecycle, EventId::Take, 0, b)) return false;
  ++buffer(b).references;
  return true;
}

bool Transaction::drop(std::uint8_t b) {
  BufferState& state = buffer(b);
  if (!fire(MachineId::Buffer, state.lifecycle, EventId::Drop,
            when(state.references == 1, Fact::LastReference) |
                when(state.attachments > 0, Fact::HasAttachments) | when(state.vmaps > 0, Fact::HasVmaps) |
                when(!p_.kernel.poll_holds_file &&
                         (state.poll_in.state == state::kArmed || state.poll_out.state == state::kArmed),
                     Fact::PollArmed),
            b))
    return false;
  --state.references;
  return true;
}

bool Transaction::on_fd(FdId fd, EventId event) {
  if (fd.value < kMaxFds) return fire(MachineId::Fd, w_.fds[fd.value].state, event, 0, w_.fds[fd.value].buffer);
  StateId special = fd == kForeignFd ? state::kFdForeign : state::kFdClosed;
  return fire(MachineId::Fd, special, event);
}

bool Transaction::install(FdId fd, std::uint8_t b, std::uint8_t process, CloseOnExec cloexec) {
  if (fd.value >= kMaxFds) return malformed();
  FdState& slot = w_.fds[fd.value];
  const RowInfo* reason = result_.reason;
  if (!fire(MachineId::Fd, slot.state, EventId::Install)) return false;
  if (reason != nullptr) result_.reason = reason;
  slot.buffer = b;
  slot.process = process;
  slot.cloexec = cloexec;
  return true;
}

bool Transaction::born(BufferId id, std::uint8_t pages, Access access) {
  // The core takes a size of 0 (DBUF-EXP-008), but no operation could do anything with such a buffer.
  if (pages == 0 || pages > kMaxPages) return malformed();
  BufferState& state = w_.buffers[id.value];
  const StateId lifecycle = state.lifecycle;
  const auto handles = state.handles;
  state = BufferState{};
  state.lifecycle = lifecycle;
  state.handles = handles;
  state.pages = pages;
  state.access = p_.exporter.chooses_access ? access : Access::ReadWrite;
  if (!p_.exporter.zeroed) state.content.fill(kUnknownTag);
  if (!fire(MachineId::Buffer, state.lifecycle, EventId::Born, 0, id.value)) return false;
  state.references = 1;
  const bool eager = choices_.decide(p_.exporter.allocates_at_export);
  return fire(MachineId::Storage, state.storage, EventId::Born, when(eager, Fact::Eager), id.value);
}

bool Transaction::touch(std::uint8_t b) {
  BufferState& state = buffer(b);
  return fire(MachineId::Storage, state.storage, EventId::Touch,
              when(confines() && strict_attached(b) && !suits_anyway(b), Fact::NeedsConfined), b);
}

bool Transaction::strict_attached(std::uint8_t b) const {
  for (const AttachmentState& a : w_.attachments)
    if (a.state != state::kDetached && a.buffer == b && a.device == kStrictDevice.value) return true;
  return false;
}

FactSet Transaction::placement_facts(std::uint8_t b) const {
  const bool strict = device_ == kStrictDevice.value ||
                      (w_.buffers[b].storage == state::kUnallocated && strict_attached(b));
  return when(confines() && strict && !suits_anyway(b), Fact::NeedsConfined) |
         when(p_.exporter.constraints == Constraints::Migrates, Fact::Migrates) |
         when(held_in_place(b), Fact::Outstanding);
}

bool Transaction::cached_mapping(std::uint8_t b) const {
  for (const AttachmentState& a : w_.attachments)
    if (a.state == state::kCached && a.buffer == b) return true;
  return false;
}

FactSet Transaction::holder_facts(ReferenceId r) const {
  const std::uint8_t b = w_.references[r.value].buffer;
  const auto of = [&](const auto& slots) {
    return b != kNone && std::ranges::any_of(slots, [&](const auto& slot) { return slot.state != 0 && slot.buffer == b; });
  };
  const bool attached = of(w_.attachments), vmapped = of(w_.vmaps);  // a video queue has references of its own
  if (!attached && !vmapped) return guarded();
  unsigned held = 0;
  for (const ReferenceState& other : w_.references)
    if (other.state == state::kFilled && other.buffer == b) ++held;
  return guarded() | when(held == 1 && attached, Fact::LastHolder) | when(held == 1 && vmapped, Fact::LastVmapper);
}

// --- exporters -----------------------------------------------------------------------------------

void Transaction::operator()(const op::Export& o) {
  if (!p_.exporter.in_kernel) return void(malformed());
  ReferenceState& reference = w_.references[o.reference.value];
  if (!fire(MachineId::Reference, reference.state, event_id<op::Export>())) return;
  if (!born(o.buffer, o.pages, o.access) || !on_handle(o.buffer.value, DrmFile::First, EventId::Born)) return;
  reference.buffer = o.buffer.value;
}

void Transaction::operator()(const op::Create& o) {
  if (p_.exporter.in_kernel || o.pages > kMaxPages) return void(malformed());
  const StateId lifecycle = w_.buffers[o.buffer.value].lifecycle;
  if (lifecycle == state::kLive || lifecycle == state::kDying || w_.named(o.buffer)) return void(malformed());
  if (o.fd.value >= kMaxFds || w_.fds[o.fd.value].state != state::kFdClosed) return void(malformed());
  if (o.flags > CreationFlags::Unknown && p_.exporter.interface != Interface::Heap) return void(malformed());
  auto asked = static_cast<StateId>(p_.exporter.interface);  // in the same order
  if (!fire(MachineId::Create, asked, event_id<op::Create>(),
            when(o.pages == 0, Fact::SizeZero) | when(o.flags != CreationFlags::Known, Fact::UnknownFlags) |
                when(p_.exporter.write_only || o.access != Access::WriteOnly, Fact::AccessOffered)))
    return;
  // What was made before there was an fd is nobody's, and goes: the device's call lets it go, or whoever made the handle.
  if (!reserve_fd(0, event_id<op::Create>())) return;
  if (!born(o.buffer, o.pages, o.access) || !on_handle(o.buffer.value, DrmFile::First, EventId::Born)) return;
  install(o.fd, o.buffer.value, 0, o.cloexec);
}

// --- fds -----------------------------------------------------------------------------------------

void Transaction::operator()(const op::InstallFd& o) {
  if (o.cloexec == CloseOnExec::Yes && !p_.kernel.fd_flags) return void(malformed());
  if (o.fd.value >= kMaxFds || w_.fds[o.fd.value].state != state::kFdClosed) return void(malformed());
  ReferenceState& reference = w_.references[o.reference.value];
  const std::uint8_t b = reference.buffer;
  if (!fire(MachineId::Reference, reference.state, event_id<op::InstallFd>(), holder_facts(o.reference), b)) return;
  if (!reserve_fd(0, event_id<op::InstallFd>())) return;  // the reference is the caller's still
  reference.buffer = kNone;
  install(o.fd, b, 0, o.cloexec);
}

void Transaction::operator()(const op::Dup& o) {
  if (o.to.value >= kMaxFds || w_.fds[o.to.value].state != state::kFdClosed) return void(malformed());
  if (!on_fd(o.from, event_id<op::Dup>())) return;
  const FdState& from = w_.fds[o.from.value];
  if (!reserve_fd(from.process, event_id<op::Dup>())) return;
  install(o.to, from.buffer, from.process, o.cloexec);
}

void Transaction::operator()(const op::Close& o) {
  if (on_fd(o.fd, event_id<op::Close>())) w_.fds[o.fd.value] = FdState{};
}

void Transaction::operator()(const op::Send& o) {
  MessageState& message = w_.messages[o.message.value];
  StateId filled = message.state;
  if (filled != state::kEmpty) return void(malformed());
  if (!on_fd(o.fd, event_id<op::Send>())) return;
  if (!fire(MachineId::Message, filled, event_id<op::Send>())) return;
  const FdState& fd = w_.fds[o.fd.value];
  message = {filled, fd.buffer, static_cast<std::uint8_t>(1 - fd.process)};
}

void Transaction::operator()(const op::Receive& o) {
  MessageState& message = w_.messages[o.message.value];
  if (!fire(MachineId::Message, message.state, event_id<op::Receive>(), 0, message.buffer)) return;
  const bool free = o.fd.value < kMaxFds && w_.fds[o.fd.value].state == state::kFdClosed;
  if (free && !reserve_fd(message.process, event_id<op::Receive>())) {
    without_fd(message.buffer);  // the message is used up, and the file it held is let go
    message = MessageState{};
    return;
  }
  if (install(o.fd, message.buffer, message.process, o.cloexec)) message = MessageState{};
}

void Transaction::operator()(const op::Discard& o) {
  MessageState& message = w_.messages[o.message.value];
  if (fire(MachineId::Message, message.state, event_id<op::Discard>(), 0, message.buffer))
    message = MessageState{};
}

// --- importers in the kernel ---------------------------------------------------------------------

void Transaction::operator()(const op::Get& o) {
  ReferenceState& reference = w_.references[o.reference.value];
  if (reference.state != state::kEmpty) return void(malformed());
  if (!on_fd(o.fd, event_id<op::Get>())) return;
  if (fire(MachineId::Reference, reference.state, event_id<op::Get>()))
    reference.buffer = w_.fds[o.fd.value].buffer;
}

void Transaction::operator()(const op::Put& o) {
  ReferenceState& reference = w_.references[o.reference.value];
  if (fire(MachineId::Reference, reference.state, event_id<op::Put>(), holder_facts(o.reference), reference.buffer))
    reference.buffer = kNone;
}

void Transaction::operator()(const op::Attach& o) { attach(o.reference, o.device, o.attachment, false); }

void Transaction::operator()(const op::Detach& o) {
  AttachmentState& attachment = w_.attachments[o.attachment.value];
  const std::uint8_t b = attachment.buffer;
  // A cached sg_table goes with the direction it was made for (DBUF-MAP-009).
  if (attachment.cached != kNone) direction_ = static_cast<Direction>(attachment.cached);
  if (!fire(MachineId::Attachment, attachment.state, event_id<op::Detach>(),
            guarded() | when(p_.exporter.dynamic, Fact::ExporterPins) | when(attachment.pins > 0, Fact::Pinned), b))
    return;
  --buffer(b).attachments;
  attachment = AttachmentState{};
}

void Transaction::operator()(const op::Map& o) {
  if (o.direction == Direction::None) return void(malformed());
  MappingState& mapping = w_.mappings[o.mapping.value];
  if (mapping.state != state::kEmpty) return void(malformed());
  AttachmentState& attachment = w_.attachments[o.attachment.value];
  const auto direction = static_cast<std::uint8_t>(o.direction);
  const bool fresh = attachment.state == state::kAttached;
  const bool caches = fresh ? p_.kernel.caches_mappings && choices_.decide(p_.exporter.caches_mapping)
                            : attachment.cached != kNone;
  const bool fits = attachment.cached == direction ||
                    attachment.cached == static_cast<std::uint8_t>(Direction::Bidirectional);
  device_ = attachment.device;
  dynamic_ = attachment.dynamic;
  direction_ = o.direction;
  if (!fire(MachineId::AttachmentTable, attachment.state, event_id<op::Map>(),
            guarded() | when(caches, Fact::Caches) | when(fits, Fact::CacheFits) |
                when(p_.exporter.concurrent_maps, Fact::ConcurrentMaps) |
                when(pins_at_map(attachment.dynamic), Fact::PinsAtMap),
            attachment.buffer))
    return;
  if (!fire(MachineId::Mapping, mapping.state, event_id<op::Map>())) return;
  if (fresh && caches) attachment.cached = direction;
  ++attachment.mappings;
  ++buffer(attachment.buffer).mappings;
  mapping.attachment = o.attachment.value;
  mapping.direction = direction;
}

void Transaction::operator()(const op::Unmap& o) {
  MappingState& mapping = w_.mappings[o.mapping.value];
  if (!fire(MachineId::Mapping, mapping.state, event_id<op::Unmap>(), guarded())) return;
  AttachmentState& attachment = w_.attachments[mapping.attachment];
  direction_ = static_cast<Direction>(mapping.direction);
  result_.reason = nullptr;
  if (!fire(MachineId::AttachmentTable, attachment.state, event_id<op::Unmap>(),
            when(attachment.cached != kNone, Fact::Caches) | when(attachment.mappings > 1, Fact::MoreMappings) |
                when(pins_at_map(attachment.dynamic), Fact::PinsAtMap),
            attachment.buffer))
    return;
  --attachment.mappings;
  --buffer(attachment.buffer).mappings;
  mapping = MappingState{};
}

void Transaction::operator()(const op::DeviceRead& o) {
  MappingState& mapping = w_.mappings[o.mapping.value];
  const auto direction = static_cast<Direction>(mapping.direction);
  if (!p_.exporter.device_data) return void(malformed());
  if (!fire(MachineId::Mapping, mapping.state, event_id<op::DeviceRead>(),
            when(direction != Direction::FromDevice, Fact::DeviceReads) | when(mapping.stale, Fact::Stale)))
    return;
  const std::uint8_t b = w_.attachments[mapping.attachment].buffer;
  if (o.page >= buffer(b).pages) return void(malformed());
  result_.value = page(b, o.page);
}

void Transaction::operator()(const op::DeviceWrite& o) {
  MappingState& mapping = w_.mappings[o.mapping.value];
  const auto direction = static_cast<Direction>(mapping.direction);
  if (!p_.exporter.device_data) return void(malformed());
  if (!fire(MachineId::Mapping, mapping.state, event_id<op::DeviceWrite>(),
            when(direction != Direction::ToDevice, Fact::DeviceWrites) | when(mapping.stale, Fact::Stale)))
    return;
  const std::uint8_t b = w_.attachments[mapping.attachment].buffer;
  if (o.page >= buffer(b).pages) return void(malformed());
  w_.page(b, o.page) = o.tag;
}

void Transaction::operator()(const op::BeginCpuAccess& o) {
  if (o.direction == Direction::None) return void(malformed());
  ReferenceState& reference = w_.references[o.reference.value];
  direction_ = o.direction;
  fire(MachineId::Reference, reference.state, event_id<op::BeginCpuAccess>(), guarded(), reference.buffer);
}

void Transaction::operator()(const op::EndCpuAccess& o) {
  if (o.direction == Direction::None) return void(malformed());
  ReferenceState& reference = w_.references[o.reference.value];
  direction_ = o.direction;
  fire(MachineId::Reference, reference.state, event_id<op::EndCpuAccess>(), guarded(), reference.buffer);
}

// --- user space on an fd -------------------------------------------------------------------------

void Transaction::operator()(const op::Sync& o) {
  if (!on_fd(o.fd, EventId::Ioctl)) return;
  StateId ready = 0;
  const bool unknown = o.flags == SyncFlags::UnknownBit || o.flags == SyncFlags::UnknownHighBit;
  const bool no_direction = o.flags == SyncFlags::NoDirection || o.flags == SyncFlags::EndNoDirection;
  direction_ = direction_of(o.flags);
  result_.reason = nullptr;
  fire(MachineId::Ioctl, ready, event_id<op::Sync>(),
       when(o.argument == Argument::Unmapped, Fact::ArgumentUnmapped) | when(unknown, Fact::UnknownFlags) |
           when(no_direction, Fact::NoDirection) | when(ends(o.flags), Fact::Ends),
       w_.fds[o.fd.value].buffer);
}

void Transaction::operator()(const op::Mmap& o) {
  VmaState& vma = w_.vmas[o.vma.value];
  if (vma.state != state::kEmpty) return void(malformed());
  if (!on_fd(o.fd, event_id<op::Mmap>())) return;
  const FdState& fd = w_.fds[o.fd.value];
  const BufferState& state = buffer(fd.buffer);
  const bool is_private = o.sharing == Sharing::Private;
  // Only a private mapping that would be refused otherwise makes the exporter's choice matter.
  const bool allowed = is_private && (p_.exporter.private_single_page ? o.length == 1
                                                                      : choices_.decide(p_.exporter.private_mmap));
  StateId ready = 0;
  result_.reason = nullptr;
  const FactSet facts = when(o.length == 0, Fact::LengthZero) |
                        when(!is_private && o.protection == Protection::ReadWrite, Fact::WritesShared) |
                        when(writable(state.access), Fact::Writable) | when(readable(state.access), Fact::Readable) |
                        when(p_.exporter.has_mmap, Fact::HasMmap) |
                        when(o.offset + o.length > state.pages, Fact::PastEnd) | when(is_private, Fact::PrivateMapping);
  // An exporter that was told to fail does so before it looks at the sharing: the core comes first, as if it would not.
  if (state.failure.state == state::kFilled) {
    if (!fire(MachineId::Mmap, ready, event_id<op::Mmap>(), facts | bit(Fact::PrivateAllowed), fd.buffer)) return;
    result_.reason = nullptr;
    if (!calls(fd.buffer, Callback::Mmap)) return;
    result_.reason = nullptr;
  }
  if (!fire(MachineId::Mmap, ready, event_id<op::Mmap>(), facts | when(allowed, Fact::PrivateAllowed), fd.buffer)) return;
  if (!fire(MachineId::Vma, vma.state, event_id<op::Mmap>(), 0, fd.buffer)) return;
  vma.buffer = fd.buffer;
  vma.process = fd.process;
  vma.offset = o.offset;
  vma.length = o.length;
  vma.protection = o.protection;
  vma.sharing = o.sharing;
}

void Transaction::operator()(const op::Munmap& o) {
  VmaState& vma = w_.vmas[o.vma.value];
  if (fire(MachineId::Vma, vma.state, event_id<op::Munmap>(), 0, vma.buffer)) vma = VmaState{};
}

void Transaction::operator()(const op::Store& o) {
  VmaState& vma = w_.vmas[o.vma.value];
  if (vma.state != state::kEmpty && o.page >= vma.length) return void(malformed());
  const bool writable = vma.protection == Protection::ReadWrite;
  const bool copies = writable && vma.sharing == Sharing::Private;
  if (!fire(MachineId::Vma, vma.state, event_id<op::Store>(),
            when(writable && !copies, Fact::VmaWritable) | when(copies, Fact::VmaCopies) | past_buffer(vma, o.page)))
    return;
  if (!touch(vma.buffer)) return;
  vma.written = true;
  if (vma.suspect)
    w_.forget(vma.buffer);
  else
    w_.page(vma.buffer, static_cast<std::size_t>(vma.offset + o.page)) = o.tag;
}

void Transaction::operator()(const op::Load& o) {
  VmaState& vma = w_.vmas[o.vma.value];
  if (vma.state != state::kEmpty && o.page >= vma.length) return void(malformed());
  if (!fire(MachineId::Vma, vma.state, event_id<op::Load>(), past_buffer(vma, o.page))) return;
  if (!touch(vma.buffer)) return;
  if (!vma.suspect) result_.value = page(vma.buffer, static_cast<std::size_t>(vma.offset + o.page));
}

void Transaction::operator()(const op::Seek& o) {
  if (!on_fd(o.fd, event_id<op::Seek>())) return;
  const std::uint8_t b = w_.fds[o.fd.value].buffer;
  const bool edge = o.offset == 0 && (o.whence == Whence::Set || o.whence == Whence::End);
  StateId ready = 0;
  result_.reason = nullptr;
  if (!fire(MachineId::Ioctl, ready, event_id<op::Seek>(), when(edge, Fact::SeekToEdge), b)) return;
  result_.value = o.whence == Whence::End ? std::uint64_t{buffer(b).pages} * 4096 : 0;
}

void Transaction::operator()(const op::SetName& o) {
  if (!on_fd(o.fd, EventId::Ioctl)) return;
  const std::uint8_t b = w_.fds[o.fd.value].buffer;
  StateId ready = 0;
  result_.reason = nullptr;
  if (fire(MachineId::Ioctl, ready, event_id<op::SetName>(),
           when(o.argument == Argument::Unmapped, Fact::ArgumentUnmapped) |
               when(o.name == NameId::TooLong, Fact::NameTooLong) |
               when(buffer(b).attachments > 0, Fact::HasAttachments) |
               when(p_.kernel.rename_while_attached, Fact::RenameWhileAttached),
           b))
    buffer(b).name = o.name;
}

bool Transaction::release(std::size_t b) {
  BufferState& state = w_.buffers[b];
  if (state.lifecycle != state::kDying) return false;
  return fire(MachineId::Buffer, state.lifecycle, EventId::Release, 0, static_cast<std::uint8_t>(b));
}

}  // namespace dmabuf::model
