// SPDX-License-Identifier: MIT
#include "dmabuf/model/pack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "machine_id.hpp"
#include "pack_writer.hpp"

namespace dmabuf::model {
namespace {

template <class T>
void add_unique(std::vector<T>& list, const T& value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

/// Bits for the values 0 … most.
std::uint8_t width_for(std::size_t most) { return static_cast<std::uint8_t>(std::bit_width(most)); }

/// Descending, so that used slots come first. At most six of them: nothing beats insertion.
template <class T, std::size_t N>
void sort_descending(std::array<T, N>& values, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    const T value = values[i];
    std::size_t at = i;
    for (; at > 0 && values[at - 1] < value; --at) values[at] = values[at - 1];
    values[at] = value;
  }
}

}  // namespace

World without_data(const World& world, bool keep_close_on_exec) {
  World bare = world;
  for (BufferState& b : bare.buffers) {
    b.callbacks = {};
    b.content = {};
    b.source = BufferState{}.source;
    b.name = NameId::Empty;
    if (b.lifecycle == state::kReleased) {
      BufferState next;  // of what may come after it, nothing is left out
      next.lifecycle = state::kReleased;
      next.handles = b.handles;
      if (b.handles[0] == state::kUnshared) next.pages = b.pages;
      b = next;
    }
  }
  const auto clean = [&](auto& fds, auto& vmas) {
    if (!keep_close_on_exec)
      for (FdState& fd : fds) fd.cloexec = CloseOnExec::No;
    for (VmaState& vma : vmas) vma.suspect = vma.written = false;
  };
  clean(bare.fds, bare.vmas);
  for (ChildState& child : bare.children) clean(child.fds, child.vmas);
  for (MemfdState& memfd : bare.memfds) memfd.content = {};
  return bare;
}

std::string without_counters(const World& w) {
  std::string bytes;
  const auto add = [&](auto... values) { (bytes.push_back(static_cast<char>(values)), ...); };
  for (const BufferState& b : w.buffers) {
    add(b.lifecycle, b.storage, b.cpu, b.handles[0], b.handles[1], b.pages, b.access, b.references, b.attachments, b.mappings, b.handed_out,
        b.vmapping, b.vmaps, b.failure.state, b.failure.callback, b.failure.nth, b.failure.error, b.name, b.poll_in.state, b.poll_in.fence, b.poll_out.state, b.poll_out.fence, b.entry_count);
    for (const EntryState& e : b.entries) add(e.fence, e.usage);
    if (b.lifecycle != state::kAbsent) {
      for (const std::uint64_t tag : b.content) bytes.append(reinterpret_cast<const char*>(&tag), sizeof tag);
      for (const std::uint8_t source : b.source) add(source);
    }
  }
  for (const MemfdState& s : w.memfds) {
    add(s.state, s.pages, s.seals);
    for (const std::uint64_t tag : s.content) bytes.append(reinterpret_cast<const char*>(&tag), sizeof tag);
  }
  const auto add_views = [&](const auto& fds, const auto& vmas) {
    for (const FdState& s : fds) add(s.state, s.buffer, s.process, s.cloexec);
    for (const VmaState& s : vmas)
      add(s.state, s.buffer, s.process, s.offset, s.length, s.protection, s.sharing, s.suspect, s.written);
  };
  add_views(w.fds, w.vmas);
  for (const ChildState& s : w.children) add(s.state), add_views(s.fds, s.vmas);
  for (const FenceState& s : w.fences) add(s.state, s.timeline, s.order);
  for (const SyncFileState& s : w.sync_files) {
    add(s.state, s.count);
    for (const std::uint8_t member : s.members) add(member);
  }
  for (const ReferenceState& s : w.references) add(s.state, s.buffer);
  for (const AttachmentState& s : w.attachments) add(s.state, s.buffer, s.device, s.mappings, s.cached, s.dynamic, s.pins);
  for (const MappingState& s : w.mappings) add(s.state, s.attachment, s.direction, s.stale);
  for (const MessageState& s : w.messages) add(s.state, s.buffer, s.process);
  for (const VmapState& s : w.vmaps) add(s.state, s.buffer);
  add(w.queue.state, w.queue.oldest);
  for (const QueueSlotState& s : w.queue.slots) add(s.state, s.plane, s.buffer, s.length);
  for (const StateId table : w.fd_tables) add(table);
  return bytes;
}

struct Packing::Writer : PackWriter {};

Packing::Packing(const Profile& profile, std::span<const Operation> operations) {
  bool touches = false;
  bool mixed = false;  // one side of an attachment may be dynamic, and the other not
  std::uint8_t sends = 0;
  std::vector<std::pair<std::uint8_t, Seals>> sealed;
  std::vector<Operation> reshaping;  // what makes other mappings of those that mmap made
  direction_index_.fill(0);
  const auto at_least = [](std::uint8_t& count, std::uint8_t id) {
    count = std::max(count, static_cast<std::uint8_t>(id + 1));
  };
  const auto born = [&](BufferId b, std::uint8_t pages, Access access) {
    if (pages == 0) return;  // refused, or no program: no buffer has it
    at_least(buffers_, b.value);
    add_unique(pages_, pages);
    add_unique(accesses_, profile.exporter.chooses_access ? access : Access::ReadWrite);
  };
  for (const Operation& operation : operations) {
    if (const auto* o = std::get_if<op::Export>(&operation); o != nullptr && profile.exporter.in_kernel) {
      born(o->buffer, o->pages, o->access);
      at_least(references_.count, o->reference.value);
    } else if (const auto* c = std::get_if<op::Create>(&operation); c != nullptr && !profile.exporter.in_kernel) {
      born(c->buffer, c->pages, c->access);
      at_least(fds_.count, c->fd.value);
    } else if (const auto* n = std::get_if<op::Memfd>(&operation)) {
      if (n->memfd.value < kMaxMemfds) at_least(memfds_.count, n->memfd.value);
      add_unique(sealed, std::pair(n->pages, n->seals));
    } else if (const auto* l = std::get_if<op::CreateList>(&operation)) {
      born(l->buffer, l->pages, Access::ReadWrite);
      born(l->buffer, static_cast<std::uint8_t>(l->pages + l->pages2), Access::ReadWrite);
      at_least(fds_.count, l->fd.value);
    } else if (const auto* u = std::get_if<op::CreateDumb>(&operation)) {
      born(u->buffer, u->pages, Access::ReadWrite);
      unshared_ = true;
    } else if (const auto* t = std::get_if<op::HandleToFd>(&operation)) {
      at_least(fds_.count, t->fd.value);
      if (t->flags == CreationFlags::Known && (profile.exporter.write_only || t->access != Access::WriteOnly))
        add_unique(accesses_, profile.exporter.chooses_access ? t->access : Access::ReadWrite);
    } else if (const auto* h = std::get_if<op::FdToHandle>(&operation)) {
      files_ = std::max<std::uint8_t>(files_, h->file == DrmFile::Second ? 2 : 1);
    } else if (const auto* i = std::get_if<op::InstallFd>(&operation)) {
      at_least(fds_.count, i->fd.value);
    } else if (const auto* d = std::get_if<op::Dup>(&operation)) {
      at_least(fds_.count, d->to.value);
    } else if (const auto* r = std::get_if<op::Receive>(&operation)) {
      at_least(fds_.count, r->fd.value);
    } else if (const auto* s = std::get_if<op::Send>(&operation)) {
      at_least(sends, s->message.value);
    } else if (const auto* g = std::get_if<op::Get>(&operation)) {
      at_least(references_.count, g->reference.value);
    } else if (const auto* a = std::get_if<op::Attach>(&operation)) {
      at_least(attachments_.count, a->attachment.value);
      at_least(devices_, a->device.value);
      mixed |= profile.exporter.dynamic;
    } else if (const auto* y = std::get_if<op::AttachDynamic>(&operation)) {
      at_least(attachments_.count, y->attachment.value);
      at_least(devices_, y->device.value);
      mixed |= !profile.exporter.dynamic;
    } else if (const auto* m = std::get_if<op::Map>(&operation)) {
      at_least(mappings_.count, m->mapping.value);
      add_unique(directions_, static_cast<std::uint8_t>(m->direction));
    } else if (const auto* v = std::get_if<op::Mmap>(&operation)) {
      at_least(vmas_.count, v->vma.value);
      const auto same = [&](const VmaClass& known) {
        return known.offset == v->offset && known.length == v->length && known.protection == v->protection &&
               known.sharing == v->sharing;
      };
      if (std::ranges::none_of(vma_classes_, same))
        vma_classes_.push_back({v->offset, v->length, v->protection, v->sharing});
    } else if (const auto* e = std::get_if<op::FillFds>(&operation)) {
      at_least(fd_tables_, e->process.value);
    } else if (const auto* k = std::get_if<op::Fork>(&operation)) {
      at_least(children_, k->child.value);
    } else if (std::holds_alternative<op::Exec>(operation)) {
      flags_ = 2;
    } else if (std::holds_alternative<op::Mprotect>(operation) || std::holds_alternative<op::MunmapPage>(operation) ||
               std::holds_alternative<op::Mremap>(operation)) {
      reshaping.push_back(operation);
    } else if (std::holds_alternative<op::Sync>(operation) ||
               std::holds_alternative<op::BeginCpuAccess>(operation)) {
      touches = true;
    }
  }
  messages_.count = sends;
  mixed &= profile.kernel.maps_at_attach;
  if (mixed) add_unique(directions_, static_cast<std::uint8_t>(Direction::Bidirectional));
  reshape(reshaping);
  if (buffers_ > kMaxBuffers || fds_.count > kMaxFds || references_.count > kMaxReferences ||
      attachments_.count > kMaxAttachments || mappings_.count > kMaxMappings || vmas_.count > kMaxVmas ||
      messages_.count > kMaxMessages || devices_ > kDevices || fd_tables_ > kProcesses || children_ > kMaxChildren)
    throw std::invalid_argument("an operation names a slot that no world has");
  for (std::size_t i = 0; i < directions_.size(); ++i)
    direction_index_[directions_[i]] = static_cast<std::uint8_t>(i);
  processes_ = messages_.count > 0 ? 2 : 1;
  const bool caches = mixed || (profile.exporter.caches_mapping != Answer::No && profile.kernel.caches_mappings);
  caches_ = static_cast<std::uint8_t>(1 + (caches ? directions_.size() : 0));

  const std::uint8_t own = profile.exporter.own_references;
  const bool allocates = profile.exporter.allocates_at_export != Answer::No;
  importers_ = ImporterPacking(profile, operations, buffers_);
  queue_ = QueuePacking(profile, operations, buffers_);
  widths_.storage =
      allocates || touches || profile.exporter.dynamic || mixed || mappings_.count > 0 || vmas_.count > 0 || importers_.bits() > 0 || queue_.bits() > 0 ? width_for(2) : std::uint8_t{0};
  widths_.cpu = touches ? 1 : 0;
  handle_width_ = own > 0 ? unshared_ ? std::uint8_t{2} : std::uint8_t{1} : std::uint8_t{0};
  if (own == 0) files_ = 1;
  widths_.handles = static_cast<std::uint8_t>(handle_width_ + files_ - 1);  // only the first file's may be unshared
  widths_.handed_out = mixed || mappings_.count > 0 || queue_.attached() > 0 ? 1 : 0;
  widths_.pages = pages_.empty() ? std::uint8_t{0} : width_for(pages_.size() - 1);
  widths_.access = accesses_.empty() ? std::uint8_t{0} : width_for(accesses_.size() - 1);
  fences_ = FencePacking(profile, operations, buffers_);
  widths_.references = width_for(static_cast<std::size_t>((1 + children_) * (fds_.count + vmas_.count) +
                                                          references_.count + messages_.count + own + files_ - 1 + fences_.references() + queue_.held()));
  widths_.attachments = width_for(static_cast<std::size_t>(attachments_.count) + queue_.attached());
  widths_.mappings = width_for(static_cast<std::size_t>(mappings_.count) + queue_.attached());
  buffer_width_ = static_cast<std::uint8_t>(
      widths_.lifecycle + widths_.storage + widths_.cpu + widths_.handles + widths_.handed_out + widths_.pages +
      widths_.access + widths_.references + widths_.attachments + widths_.mappings);

  // Each slot's code counts through what it can stand for, in the order of the loops below.
  const auto tabulate = [](auto& slots, auto&& fill) {
    if (slots.count == 0) return;
    slots.decode.emplace_back();
    fill(slots.decode);
    slots.width = width_for(slots.decode.size() - 1);
  };
  tabulate(fds_, [&](auto& table) {
    for (std::uint8_t c = 0; c < flags_; ++c)
      for (std::uint8_t p = 0; p < processes_; ++p)
        for (std::uint8_t b = 0; b < buffers_; ++b)
          table.push_back({state::kFdOpen, b, p, static_cast<CloseOnExec>(c)});
  });
  tabulate(references_, [&](auto& table) {
    for (std::uint8_t b = 0; b < buffers_; ++b) table.push_back({state::kFilled, b});
  });
  tabulate(attachments_, [&](auto& table) {
    for (StateId s = state::kAttached; s <= state::kCached; ++s)
      for (std::uint8_t n = 0; n <= mappings_.count; ++n)
        for (std::uint8_t c = 0; c < caches_; ++c)
          for (std::uint8_t d = 0; d < devices_; ++d)
            for (std::uint8_t b = 0; b < buffers_; ++b)
              table.push_back({s, b, d, n, c == 0 ? kNone : directions_[c - 1U]});
  });
  tabulate(mappings_, [&](auto& table) {
    for (std::uint8_t a = 0; a < attachments_.count; ++a)
      for (const std::uint8_t d : directions_) table.push_back({state::kFilled, a, d});
  });
  tabulate(vmas_, [&](auto& table) {
    for (const VmaClass& c : vma_classes_)
      for (std::uint8_t p = 0; p < processes_; ++p)
        for (std::uint8_t b = 0; b < buffers_; ++b)
          table.push_back({state::kFilled, b, p, c.offset, c.length, c.protection, c.sharing, false, false});
  });
  tabulate(messages_, [&](auto& table) {
    for (std::uint8_t p = 0; p < processes_; ++p)
      for (std::uint8_t b = 0; b < buffers_; ++b) table.push_back({state::kFilled, b, p});
  });

  tabulate(memfds_, [&](auto& table) {
    table.push_back({state::kMemfdGone, 0, Seals::Shrink, {}});
    for (const auto& [pages, seals] : sealed) table.push_back({state::kMemfdOpen, pages, seals, {}});
  });

  const auto all = [](const auto& slots) { return static_cast<unsigned>(slots.count) * slots.width; };
  bits_ = static_cast<unsigned>(buffers_) * buffer_width_ + all(fds_) + all(references_) + all(attachments_) +
          all(mappings_) + all(vmas_) + all(messages_) + all(memfds_) + fd_tables_ + children_ * (2U + all(fds_) + all(vmas_)) + fences_.bits() + importers_.bits() + queue_.bits();
  if (bits_ > 64)
    throw std::invalid_argument(
        fmt::format("the configuration takes {} bits, a packed world has 64: {}", bits_, layout()));
}

std::vector<Field> Packing::fields() const {
  using enum Field::Part;
  std::vector<Field> all;
  std::uint8_t offset = 0;
  const auto add = [&](Field::Part part, std::size_t index, std::uint8_t width, std::size_t codes) {
    if (width == 0) return;
    all.push_back({part, static_cast<std::uint8_t>(index), offset, width, static_cast<std::uint32_t>(codes)});
    offset = static_cast<std::uint8_t>(offset + width);
  };
  const auto any = [](std::uint8_t width) { return std::size_t{1} << width; };
  for (std::size_t b = 0; b < buffers_; ++b) {
    add(Lifecycle, b, widths_.lifecycle, 4);
    add(Storage, b, widths_.storage, 3);
    add(Cpu, b, widths_.cpu, 2);
    add(Handles, b, widths_.handles, any(widths_.handles));
    add(HandedOut, b, widths_.handed_out, 2);
    add(Pages, b, widths_.pages, pages_.size());
    add(Field::Part::Access, b, widths_.access, accesses_.size());
    add(References, b, widths_.references, any(widths_.references));
    add(Attachments, b, widths_.attachments, any(widths_.attachments));
    add(Mappings, b, widths_.mappings, any(widths_.mappings));
  }
  const auto each = [&](Field::Part part, const auto& slots) {
    for (std::size_t i = 0; i < slots.count; ++i) add(part, i, slots.width, slots.decode.size());
  };
  each(Fd, fds_);
  each(Reference, references_);
  each(Attachment, attachments_);
  each(Mapping, mappings_);
  each(Vma, vmas_);
  each(Message, messages_);
  return all;
}

std::string Packing::layout() const {
  std::string text = fmt::format("buffers {} x {}", buffers_, buffer_width_);
  const auto add = [&](std::string_view name, const auto& slots) {
    if (slots.count > 0) text += fmt::format(", {} {} x {}", name, slots.count, slots.width);
  };
  add("fds", fds_);
  add("references", references_);
  add("attachments", attachments_);
  add("mappings", mappings_);
  add("vmas", vmas_);
  add("messages", messages_);
  if (importers_.bits() > 0) text += fmt::format(", kernel mappings, pins and moves {}", importers_.bits());
  add("memfds", memfds_);
  if (queue_.bits() > 0) text += fmt::format(", queue {}", queue_.bits());
  if (fences_.bits() > 0) text += fmt::format(", fences {}", fences_.bits());
  if (children_ > 0) text += fmt::format(", children {} x 2 and their fds and vmas", children_);
  return text;
}

std::uint64_t Packing::buffer_code(const BufferState& buffer, bool& bad) const {
  const bool unshared = buffer.handles[0] == state::kUnshared;
  const bool there = buffer.lifecycle == state::kLive || buffer.lifecycle == state::kDying;
  if (buffer.lifecycle == state::kReleased)
    bad |= buffer.references != 0 || buffer.attachments != 0 || buffer.mappings != 0 || buffer.vmaps != 0;
  if (buffer.lifecycle == state::kAbsent) {
    BufferState absent;
    absent.handles = buffer.handles;
    if (unshared) absent.pages = buffer.pages;
    bad |= buffer != absent;
  }
  bad |= there && unshared;
  if (!there && !unshared) {
    bad |= buffer.handles != decltype(buffer.handles){};
    return buffer.lifecycle;
  }
  Writer writer;
  writer.put(buffer.lifecycle, widths_.lifecycle);
  writer.put(there ? buffer.storage : 0, widths_.storage);
  writer.put(there ? buffer.cpu : 0, widths_.cpu);
  writer.put(buffer.handles[0], handle_width_);
  writer.put(buffer.handles[1], files_ - 1U);
  writer.put(there && buffer.handed_out ? 1 : 0, widths_.handed_out);
  const auto index = [&](const auto& list, auto value) {
    const auto at = std::ranges::find(list, value);
    writer.bad |= at == list.end();
    return static_cast<std::uint64_t>(at - list.begin());
  };
  writer.put(index(pages_, buffer.pages), widths_.pages);
  writer.put(there ? index(accesses_, buffer.access) : 0, widths_.access);
  writer.put(buffer.references, widths_.references);
  writer.put(buffer.attachments, widths_.attachments);
  writer.put(buffer.mappings, widths_.mappings);
  bad |= writer.bad;
  return writer.packed;
}

BufferState Packing::buffer_of(std::uint64_t code) const {
  BufferState buffer;
  const auto take = [&](unsigned width) {
    const std::uint64_t value = code & ((std::uint64_t{1} << width) - 1);
    code >>= width;
    return static_cast<std::uint8_t>(value);
  };
  buffer.lifecycle = take(widths_.lifecycle);
  const bool there = buffer.lifecycle == state::kLive || buffer.lifecycle == state::kDying;
  buffer.storage = take(widths_.storage);
  buffer.cpu = take(widths_.cpu);
  buffer.handles[0] = take(handle_width_);
  buffer.handles[1] = take(files_ - 1U);
  if (!there && buffer.handles[0] == state::kNoHandle) return buffer;
  buffer.handed_out = take(widths_.handed_out) != 0;
  buffer.pages = pages_[take(widths_.pages)];
  if (!there) return buffer;
  buffer.access = accesses_[take(widths_.access)];
  buffer.references = take(widths_.references);
  buffer.attachments = take(widths_.attachments);
  buffer.mappings = take(widths_.mappings);
  return buffer;
}

unsigned Packing::fd_code(const FdState& fd, const Order& order, bool& bad) const {
  if (fd.state != state::kFdOpen) {
    bad |= fd.state != state::kFdClosed || fd.buffer != kNone || fd.process != 0;
    return 0;
  }
  if (fd.buffer >= buffers_ || fd.process >= processes_) return bad = true, 0U;
  const unsigned flag = flags_ == 2 ? static_cast<unsigned>(fd.cloexec) : 0;
  return 1U + order[fd.buffer] + unsigned{buffers_} * (fd.process + processes_ * flag);
}

unsigned Packing::reference_code(const ReferenceState& reference, const Order& order, bool& bad) const {
  if (reference.state == state::kEmpty) {
    bad |= reference.buffer != kNone;
    return 0;
  }
  if (reference.buffer >= buffers_) return bad = true, 0U;
  return 1U + order[reference.buffer];
}

unsigned Packing::attachment_code(const AttachmentState& attachment, const Order& order, bool& bad) const {
  if (attachment.state == state::kDetached) {
    bad |= attachment.buffer != kNone || attachment.device != 0 || attachment.mappings != 0 ||
           attachment.cached != kNone;
    return 0;
  }
  if (attachment.buffer >= buffers_ || attachment.device >= devices_ || attachment.mappings > mappings_.count ||
      attachment.state > state::kCached || (attachment.cached != kNone && caches_ == 1))
    return bad = true, 0U;
  const unsigned cached = attachment.cached == kNone ? 0U : 1U + direction_index_[attachment.cached];
  unsigned code = attachment.state - 1U;
  code = code * (mappings_.count + 1U) + attachment.mappings;
  code = code * caches_ + cached;
  code = code * devices_ + attachment.device;
  return 1U + code * buffers_ + order[attachment.buffer];
}

unsigned Packing::vma_code(const VmaState& vma, const Order& order, bool& bad) const {
  if (vma.state == state::kEmpty) {
    bad |= vma.buffer != kNone;
    return 0;
  }
  if (vma.buffer >= buffers_ || vma.process >= processes_) return bad = true, 0U;
  for (unsigned c = 0; c < vma_classes_.size(); ++c) {
    const VmaClass& known = vma_classes_[c];
    if (known.offset == vma.offset && known.length == vma.length && known.protection == vma.protection &&
        known.sharing == vma.sharing)
      return 1U + (c * processes_ + vma.process) * buffers_ + order[vma.buffer];
  }
  bad = true;
  return 0;
}

unsigned Packing::message_code(const MessageState& message, const Order& order, bool& bad) const {
  if (message.state == state::kEmpty) {
    bad |= message.buffer != kNone || message.process != 0;
    return 0;
  }
  if (message.buffer >= buffers_ || message.process >= processes_) return bad = true, 0U;
  return 1U + message.process * unsigned{buffers_} + order[message.buffer];
}

unsigned Packing::memfd_code(const MemfdState& memfd, bool& bad) const {
  const auto same = [&](const MemfdState& known) {
    return known.state == memfd.state && known.pages == memfd.pages && known.seals == memfd.seals;
  };
  const auto at = std::ranges::find_if(memfds_.decode, same);
  bad |= at == memfds_.decode.end();
  return static_cast<unsigned>(at - memfds_.decode.begin());
}

/// Mappings are told apart by shape, and a child's fds and mappings do not know where they came from: with
/// symmetry they are sorted, like their parent's.
void Packing::put_child(const ChildState& child, const Order& order, bool sorted, Writer& writer) const {
  writer.put(child.state, 2);
  const auto put = [&](const auto& slots, const auto& states, auto&& code) {
    std::array<unsigned, kMaxFds> list{};
    for (std::size_t i = 0; i < slots.count; ++i) list[i] = code(states[i]);
    if (sorted) sort_descending(list, slots.count);
    for (std::size_t i = 0; i < slots.count; ++i) writer.put(list[i], slots.width);
  };
  put(fds_, child.fds, [&](const FdState& s) { return fd_code(s, order, writer.bad); });
  put(vmas_, child.vmas, [&](const VmaState& s) { return vma_code(s, order, writer.bad); });
}

/// The shapes that mprotect, munmap of pages and mremap make of those known, and of those in turn.
void Packing::reshape(std::span<const Operation> reshaping) {
  const auto add = [&](const VmaClass& c) {
    const auto same = [&](const VmaClass& known) {
      return known.offset == c.offset && known.length == c.length && known.protection == c.protection &&
             known.sharing == c.sharing;
    };
    // One that grows at its end while pages go at its start wanders off for ever; nobody needs to follow far.
    const bool near = c.offset <= 2 * kMaxPages;
    if (c.length > 0 && near && std::ranges::none_of(vma_classes_, same)) vma_classes_.push_back(c);
  };
  for (std::size_t i = 0; i < vma_classes_.size(); ++i)
    for (const Operation& operation : reshaping) {
      VmaClass next = vma_classes_[i];
      if (const auto* p = std::get_if<op::Mprotect>(&operation)) {
        next.protection = p->protection;
        add(next);
      } else if (const auto* r = std::get_if<op::Mremap>(&operation)) {
        next.length = r->length;
        add(next);
      } else if (const auto* u = std::get_if<op::MunmapPage>(&operation); u != nullptr && u->page < next.length) {
        const auto behind = static_cast<std::uint8_t>(next.length - u->page - 1);
        add({static_cast<std::uint8_t>(next.offset + u->page + 1), behind, next.protection, next.sharing});
        next.length = u->page;
        add(next);
      }
    }
}

std::optional<std::uint64_t> Packing::pack(const World& world, Symmetry symmetry) const {
  // Fences are told apart: a reservation keeps them in order. What importers have beside is not sorted either.
  const bool plain = symmetry == Symmetry::Ignored || fences_.bits() > 0 || importers_.bits() > 0 || queue_.bits() > 0;
  return plain ? pack_plain(world) : pack_canonical(world);
}

std::optional<std::uint64_t> Packing::pack_plain(const World& world) const {
  constexpr Order kSame = {0, 1, 2};
  Writer writer;
  for (std::size_t i = 0; i < buffers_; ++i) writer.put(buffer_code(world.buffers[i], writer.bad), buffer_width_);
  for (std::size_t i = 0; i < fds_.count; ++i) writer.put(fd_code(world.fds[i], kSame, writer.bad), fds_.width);
  for (std::size_t i = 0; i < references_.count; ++i)
    writer.put(reference_code(world.references[i], kSame, writer.bad), references_.width);
  for (std::size_t i = 0; i < attachments_.count; ++i)
    writer.put(attachment_code(world.attachments[i], kSame, writer.bad), attachments_.width);
  for (std::size_t i = 0; i < mappings_.count; ++i) {
    const MappingState& m = world.mappings[i];
    unsigned code = 0;
    if (m.state != state::kEmpty) {
      if (m.attachment >= attachments_.count) return std::nullopt;
      code = 1U + m.attachment * static_cast<unsigned>(directions_.size()) + direction_index_[m.direction];
    } else {
      writer.bad |= m.attachment != kNone || m.direction != 0;
    }
    writer.put(code, mappings_.width);
  }
  for (std::size_t i = 0; i < vmas_.count; ++i) writer.put(vma_code(world.vmas[i], kSame, writer.bad), vmas_.width);
  for (std::size_t i = 0; i < messages_.count; ++i)
    writer.put(message_code(world.messages[i], kSame, writer.bad), messages_.width);
  for (std::size_t i = 0; i < memfds_.count; ++i) writer.put(memfd_code(world.memfds[i], writer.bad), memfds_.width);
  for (std::size_t i = 0; i < fd_tables_; ++i) writer.put(world.fd_tables[i], 1);
  for (std::size_t i = 0; i < children_; ++i) put_child(world.children[i], kSame, false, writer);
  if (fences_.bits() > 0) {
    const auto fences = fences_.pack(world);
    if (!fences) return std::nullopt;
    writer.put(*fences, fences_.bits());
  }
  if (importers_.bits() > 0) {
    const auto importers = importers_.pack(world);
    if (!importers) return std::nullopt;
    writer.put(*importers, importers_.bits());
  }
  if (queue_.bits() > 0) {
    const auto queue = queue_.pack(world);
    if (!queue) return std::nullopt;
    writer.put(*queue, queue_.bits());
  }
  if (writer.bad) return std::nullopt;
  return writer.packed;
}

std::optional<std::uint64_t> Packing::pack_canonical(const World& world) const {
  // Buffers by their own state, then every slot by what it stands for. Only buffers in equal states need
  // trying both ways; attachments in equal states differ by what is mapped through them at most.
  bool bad = false;
  std::array<std::uint64_t, kMaxBuffers> codes{};
  for (std::size_t i = 0; i < buffers_; ++i) codes[i] = buffer_code(world.buffers[i], bad);

  std::array<std::uint16_t, kMaxAttachments> mapped{};  // how often in each direction, three bits each
  for (std::size_t i = 0; i < mappings_.count; ++i) {
    const MappingState& m = world.mappings[i];
    if (m.state == state::kEmpty) {
      bad |= m.attachment != kNone || m.direction != 0;
      continue;
    }
    if (m.attachment >= attachments_.count) return std::nullopt;
    mapped[m.attachment] =
        static_cast<std::uint16_t>(mapped[m.attachment] + (1U << (3 * direction_index_[m.direction])));
  }
  if (bad) return std::nullopt;

  constexpr std::array<Order, 6> kOrders = {
      {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
  const std::size_t tries = buffers_ <= 1 ? 1 : buffers_ == 2 ? 2 : 6;
  std::uint64_t best = 0;
  bool found = false;
  for (std::size_t t = 0; t < tries; ++t) {
    const Order& order = kOrders[t];  // order[i]: the new number of buffer i
    std::array<std::uint64_t, kMaxBuffers> sorted{};
    for (std::size_t i = 0; i < buffers_; ++i) sorted[order[i]] = codes[i];
    bool descends = true;
    for (std::size_t i = 1; i < buffers_; ++i) descends = descends && sorted[i - 1] >= sorted[i];
    if (!descends) continue;

    Writer writer;
    for (std::size_t i = 0; i < buffers_; ++i) writer.put(sorted[i], buffer_width_);
    const auto put_sorted = [&](const auto& slots, const auto& states, auto&& code) {
      std::array<unsigned, kMaxFds> list{};
      for (std::size_t i = 0; i < slots.count; ++i) list[i] = code(states[i]);
      sort_descending(list, slots.count);
      for (std::size_t i = 0; i < slots.count; ++i) writer.put(list[i], slots.width);
    };
    put_sorted(fds_, world.fds, [&](const FdState& s) { return fd_code(s, order, writer.bad); });
    put_sorted(references_, world.references,
               [&](const ReferenceState& s) { return reference_code(s, order, writer.bad); });

    std::array<std::uint64_t, kMaxAttachments> attached{};
    for (std::size_t i = 0; i < attachments_.count; ++i)
      attached[i] = (std::uint64_t{attachment_code(world.attachments[i], order, writer.bad)} << 20) |
                    (std::uint64_t{mapped[i]} << 4) | i;
    sort_descending(attached, attachments_.count);
    std::array<std::uint8_t, kMaxAttachments> rank{};
    for (std::size_t i = 0; i < attachments_.count; ++i) {
      rank[attached[i] & 0xf] = static_cast<std::uint8_t>(i);
      writer.put(attached[i] >> 20, attachments_.width);
    }
    put_sorted(mappings_, world.mappings, [&](const MappingState& m) {
      if (m.state == state::kEmpty) return 0U;
      return 1U + rank[m.attachment] * static_cast<unsigned>(directions_.size()) + direction_index_[m.direction];
    });
    put_sorted(vmas_, world.vmas, [&](const VmaState& s) { return vma_code(s, order, writer.bad); });
    put_sorted(messages_, world.messages, [&](const MessageState& s) { return message_code(s, order, writer.bad); });
    put_sorted(memfds_, world.memfds, [&](const MemfdState& s) { return memfd_code(s, writer.bad); });
    for (std::size_t i = 0; i < fd_tables_; ++i) writer.put(world.fd_tables[i], 1);
    for (std::size_t i = 0; i < children_; ++i) put_child(world.children[i], order, true, writer);
    if (writer.bad) return std::nullopt;
    if (!found || writer.packed > best) best = writer.packed;
    found = true;
  }
  return best;
}

World Packing::unpack(std::uint64_t packed) const {
  World world;
  const auto take = [&](unsigned width) {
    if (width == 0) return std::uint64_t{0};
    const std::uint64_t value = width == 64 ? packed : packed & ((std::uint64_t{1} << width) - 1);
    packed = width == 64 ? 0 : packed >> width;
    return value;
  };
  for (std::size_t i = 0; i < buffers_; ++i) world.buffers[i] = buffer_of(take(buffer_width_));
  const auto read = [&](const auto& slots, auto& states) {
    for (std::size_t i = 0; i < slots.count; ++i) states[i] = slots.decode[take(slots.width)];
  };
  read(fds_, world.fds);
  read(references_, world.references);
  read(attachments_, world.attachments);
  read(mappings_, world.mappings);
  read(vmas_, world.vmas);
  read(messages_, world.messages);
  read(memfds_, world.memfds);
  for (std::size_t i = 0; i < fd_tables_; ++i) world.fd_tables[i] = static_cast<StateId>(take(1));
  for (std::size_t i = 0; i < children_; ++i) {
    world.children[i].state = static_cast<StateId>(take(2));
    read(fds_, world.children[i].fds);
    read(vmas_, world.children[i].vmas);
  }
  if (fences_.bits() > 0) fences_.unpack(take(fences_.bits()), world);
  if (importers_.bits() > 0) importers_.unpack(take(importers_.bits()), world);
  if (queue_.bits() > 0) queue_.unpack(take(queue_.bits()), world);
  return world;
}

}  // namespace dmabuf::model
