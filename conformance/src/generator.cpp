// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/generator.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/model/world.hpp"
#include "generator_fence.hpp"
#include "generator_importer.hpp"
#include "generator_mapping.hpp"
#include "shape.hpp"

namespace dmabuf::conformance {
namespace {

using namespace model;

template <class Op>
inline constexpr std::size_t kKind = kind_of<Op>();

/// A few slots, without allocation.
template <std::size_t N>
struct Slots {
  std::array<std::uint8_t, N> items{};
  std::uint8_t count = 0;
  bool any() const { return count != 0; }
  void add(std::size_t slot) { items[count++] = static_cast<std::uint8_t>(slot); }
};

/// Which slots are in use and which is the first free one of each sort.
struct View {
  Slots<kMaxBuffers> buffers;
  Slots<kMaxBuffers> objects;  ///< that a file has a handle to, buffers or not
  Slots<kMaxFds> fds;
  Slots<kMaxReferences> references;
  Slots<kMaxAttachments> attachments;
  Slots<kMaxMappings> mappings;
  Slots<kMaxVmas> vmas;
  Slots<kMaxMessages> messages;
  Slots<kMaxFences> fences;  ///< pending
  Slots<kMaxSyncFiles> sync_files;
  Slots<kMaxChildren> children;
  Slots<kMaxVmaps> vmaps;
  Slots<kMaxMemfds> memfds;
  std::array<std::uint8_t, shape::kSlotDomains> free{};

  View(const World& world, const Bounds& bounds) {
    free.fill(kNone);
    scan(shape::Domain::Buffer, buffers, bounds.buffers,
         [&](std::size_t i) { return world.live(BufferId{static_cast<std::uint8_t>(i)}); });
    if (std::uint8_t& first = free[static_cast<std::size_t>(shape::Domain::Buffer)]; bounds.buffers > 0) {
      first = kNone;  // not one whose object has a handle, and is to be a buffer yet
      for (std::uint8_t b = 0; b < std::min<std::size_t>(bounds.buffers, kMaxBuffers); ++b) {
        if (world.named(BufferId{b})) objects.add(b);
        else if (first == kNone && !world.live(BufferId{b})) first = b;
      }
    }
    scan(shape::Domain::Fd, fds, bounds.fds, [&](std::size_t i) { return world.fds[i].buffer != kNone; });
    scan(shape::Domain::Reference, references, bounds.references,
         [&](std::size_t i) { return world.references[i].buffer != kNone; });
    scan(shape::Domain::Attachment, attachments, bounds.attachments,
         [&](std::size_t i) { return world.attachments[i].buffer != kNone; });
    scan(shape::Domain::Mapping, mappings, bounds.mappings,
         [&](std::size_t i) { return world.mappings[i].attachment != kNone; });
    scan(shape::Domain::Vma, vmas, bounds.vmas, [&](std::size_t i) { return world.vmas[i].buffer != kNone; });
    scan(shape::Domain::Message, messages, bounds.messages,
         [&](std::size_t i) { return world.messages[i].buffer != kNone; });
    scan(shape::Domain::Fence, fences, bounds.fences, [&](std::size_t i) { return world.pending(FenceId{static_cast<std::uint8_t>(i)}); });
    scan(shape::Domain::SyncFile, sync_files, bounds.sync_files,
         [&](std::size_t i) { return world.sync_files[i].count > 0; });
    scan(shape::Domain::Memfd, memfds, bounds.memfds, [&](std::size_t i) { return world.memfds[i].pages != 0; });
    scan(shape::Domain::Child, children, bounds.children,
         [&](std::size_t i) { return world.children[i].state != 0; });
    scan(shape::Domain::Vmap, vmaps, bounds.vmaps, [&](std::size_t i) { return world.vmaps[i].buffer != kNone; });
  }

  bool has_free(shape::Domain domain) const { return free[static_cast<std::size_t>(domain)] != kNone; }

 private:
  template <std::size_t N, class InUse>
  void scan(shape::Domain domain, Slots<N>& used, std::size_t bound, InUse in_use) {
    for (std::size_t i = 0; i < std::min(bound, N); ++i) {
      if (in_use(i))
        used.add(i);
      else if (std::uint8_t& first = free[static_cast<std::size_t>(domain)]; first == kNone)
        first = static_cast<std::uint8_t>(i);
    }
  }
};

/// What the contract makes of an operation in one world.
enum class Meaning { None, Refused, Permitted };

Meaning meaning(const Alternatives& alternatives) {
  Meaning result = Meaning::Refused;
  for (const Alternative& way : alternatives) {
    switch (way.allowance) {
      case Allowance::Permitted: result = Meaning::Permitted; break;
      case Allowance::Refused: break;
      case Allowance::Forbidden:
      case Allowance::Unspecified:
      case Allowance::Malformed: return Meaning::None;
    }
  }
  return alternatives.empty() ? Meaning::None : result;
}

/// Kinds a swarm keeps: without what makes, nothing could ever happen, and without what lets go the
/// slots are full after a few lines.
Alphabet always_in_swarm() {
  return Alphabet{}
      .set(kKind<op::Export>).set(kKind<op::Create>).set(kKind<op::InstallFd>)
      .set(kKind<op::Close>).set(kKind<op::Put>).set(kKind<op::Detach>)
      .set(kKind<op::Unmap>).set(kKind<op::Munmap>).set(kKind<op::Exit>)
      .set(kKind<op::Vunmap>).set(kKind<op::Unpin>).set(kKind<op::FreeFds>);
}

/// One program in the making, and the nominal world after its operations.
class Maker {
 public:
  Maker(std::uint64_t seed, const Profile& profile, const Bounds& bounds, const GeneratorOptions& options,
        Program& program)
      : dice_(seed), profile_(profile), bounds_(bounds), options_(options), program_(program) {
    kinds_ = profile.kernel.among(options.alphabet & bounds.kinds);
    kinds_.set(profile.exporter.in_kernel ? kKind<op::Create> : kKind<op::Export>, false);
    if (profile.exporter.own_references == 0)
      for (const std::size_t kind : {kKind<op::CreateDumb>, kKind<op::HandleToFd>, kKind<op::FdToHandle>}) kinds_.reset(kind);
    if (profile.exporter.interface != Interface::Udmabuf)
      for (const std::size_t kind : {kKind<op::Memfd>, kKind<op::CloseMemfd>, kKind<op::WriteMemfd>, kKind<op::ReadMemfd>,
                                     kKind<op::CreateList>})
        kinds_.reset(kind);
    for (const std::size_t kind : {kKind<op::Reqbufs>, kKind<op::Qbuf>, kKind<op::PrepareBuf>, kKind<op::Dqbuf>, kKind<op::StreamOn>,
                                   kKind<op::StreamOff>, kKind<op::CloseVideo>})
      if (!profile.queue.there()) kinds_.reset(kind);
    fenced_ = draws_fences(seed, options.fences);
    if (!fenced_) kinds_ &= ~fence_kinds();
    all_kinds_ = kinds_;
    if (dice_.percent(options.swarm)) {
      const std::uint64_t coins = dice_.next();
      const Alphabet kept = always_in_swarm();
      for (std::size_t kind = 0; kind < kOperationKinds; ++kind)
        if (!kept[kind] && ((coins >> (kind % 64)) & 1U) != 0) kinds_.set(kind, false);
    }
  }

  void make(int size) {
    const std::uint32_t span = options_.max_length > options_.min_length
                                   ? std::uint32_t{options_.max_length} - options_.min_length
                                   : 0;
    std::uint32_t length = options_.min_length + dice_.roll(span + 1);
    if (size < rc::kNominalSize)
      length = std::max<std::uint32_t>(1, length * static_cast<std::uint32_t>(std::max(size, 0)) /
                                              static_cast<std::uint32_t>(rc::kNominalSize));
    length_ = length;
    while (program_.operations.size() < length) {
      if (step()) continue;
      if (kinds_ == all_kinds_) break;
      kinds_ = all_kinds_;  // the swarm has run into a corner
    }
    if (options_.read_at_end) read_everything();
  }

 private:
  /// What was lost on the way shows at the end: every page is read once through every view there is.
  void read_everything() {
    for (std::uint8_t v = 0; v < kMaxVmas && all_kinds_[kKind<op::Load>]; ++v)
      for (std::uint8_t page = 0; page < nameable_pages(world_.vmas[v]); ++page)
        add(op::Load{VmaId{v}, page}, Meaning::Permitted);
    for (std::uint8_t v = 0; v < kMaxVmas && all_kinds_[kKind<op::ChildLoad>]; ++v)
      for (std::uint8_t page = 0; page < nameable_pages(world_.children[0].vmas[v]); ++page)
        add(op::ChildLoad{ChildId{0}, VmaId{v}, page}, Meaning::Permitted);
    for (std::uint8_t m = 0; m < kMaxMappings && all_kinds_[kKind<op::DeviceRead>]; ++m) {
      const std::uint8_t buffer = buffer_mapped_by(MappingId{m});
      if (buffer == kNone) continue;
      for (std::uint8_t page = 0; page < world_.buffers[buffer].pages; ++page)
        add(op::DeviceRead{MappingId{m}, page}, Meaning::Permitted);
    }
    for (std::uint8_t w = 0; w < kMaxVmaps && all_kinds_[kKind<op::VmapRead>]; ++w)
      for (std::uint8_t page = 0; world_.vmaps[w].buffer != kNone && page < pages_of(world_.vmaps[w].buffer); ++page)
        add(op::VmapRead{VmapId{w}, page}, Meaning::Permitted);
  }

  // --- one step ----------------------------------------------------------------------------------

  bool step() {
    const View view(world_, bounds_);
    if (dice_.percent(options_.refusals))
      for (int attempt = 0; attempt < 6; ++attempt)
        if (const auto call = careless(view); call && add(*call, Meaning::Refused)) return true;
    for (int attempt = 0; attempt < 24; ++attempt) {
      const std::size_t kind = draw_kind(view);
      if (kind == kOperationKinds) return false;
      const Operation operation = draw(kind, view);
      // A natural draw may run into a refusal as well (a second direction on a cached mapping); one
      // in three is kept, so that they do not crowd out what goes well.
      const bool any = attempt >= 16 || dice_.percent(33);
      if (!add(operation, any ? Meaning::None : Meaning::Permitted)) continue;
      if (kind == kKind<op::Store> && dice_.percent(options_.sweeps))
        sweep_vma(std::get<op::Store>(operation).vma.value);
      if (kind == kKind<op::DeviceWrite> && dice_.percent(options_.sweeps))
        sweep_mapping(std::get<op::DeviceWrite>(operation).mapping.value);
      return true;
    }
    return false;
  }

  /// Appends the operation and steps the world if it has a meaning, and the wanted one if one is.
  bool add(const Operation& operation, Meaning want) {
    alternatives(world_, profile_, operation, ways_);
    const Meaning found = meaning(ways_);
    if (found == Meaning::None || (want != Meaning::None && found != want)) return false;
    program_.operations.push_back(operation);
    if (found == Meaning::Permitted) {
      const auto nominal = std::find_if(ways_.begin(), ways_.end(), [](const Alternative& way) {
        return way.allowance == Allowance::Permitted;
      });
      world_ = nominal->next;
    } else {
      // An exporter that was told to fail has done so, a queue has let go of something, a message without room is gone.
      world_ = ways_.front().next;
    }
    settle(world_, profile_);
    return true;
  }

  // --- which kind --------------------------------------------------------------------------------

  Alphabet possible(const View& view) const {
    using D = shape::Domain;
    Alphabet now;
    const auto set = [&](std::size_t kind, bool can) { now.set(kind, can); };
    set(kKind<op::Export>, view.has_free(D::Buffer) && view.has_free(D::Reference));
    set(kKind<op::Create>, view.has_free(D::Buffer) && view.has_free(D::Fd));
    const bool gem = profile_.exporter.own_references > 0;
    set(kKind<op::CloseHandle>, (view.buffers.any() || view.objects.any()) && gem);
    set(kKind<op::CreateDumb>, view.has_free(D::Buffer) && gem);
    set(kKind<op::HandleToFd>, view.objects.any() && view.has_free(D::Fd) && gem);
    set(kKind<op::FdToHandle>, view.fds.any() && gem);
    const bool lists = profile_.exporter.interface == Interface::Udmabuf;
    set(kKind<op::Memfd>, lists && view.has_free(D::Memfd));
    set(kKind<op::CloseMemfd>, view.memfds.any());
    set(kKind<op::WriteMemfd>, view.memfds.any());
    set(kKind<op::ReadMemfd>, view.memfds.any());
    set(kKind<op::CreateList>, lists && view.memfds.any() && view.has_free(D::Buffer) && view.has_free(D::Fd));
    set(kKind<op::InstallFd>, view.references.any() && view.has_free(D::Fd));
    set(kKind<op::Dup>, view.fds.any() && view.has_free(D::Fd));
    set(kKind<op::Close>, view.fds.any());
    set(kKind<op::Send>, view.fds.any() && view.has_free(D::Message));
    set(kKind<op::Receive>, view.messages.any() && view.has_free(D::Fd));
    set(kKind<op::Discard>, view.messages.any());
    set(kKind<op::Get>, view.fds.any() && view.has_free(D::Reference));
    set(kKind<op::Put>, view.references.any());
    set(kKind<op::Attach>, view.references.any() && view.has_free(D::Attachment));
    set(kKind<op::Detach>, view.attachments.any());
    set(kKind<op::Map>, view.attachments.any() && view.has_free(D::Mapping));
    set(kKind<op::Unmap>, view.mappings.any());
    set(kKind<op::DeviceRead>, view.mappings.any());
    set(kKind<op::DeviceWrite>, view.mappings.any());
    set(kKind<op::BeginCpuAccess>, view.references.any());
    set(kKind<op::EndCpuAccess>, view.references.any());
    set(kKind<op::Sync>, view.fds.any());
    set(kKind<op::Mmap>, view.fds.any() && view.has_free(D::Vma));
    set(kKind<op::Munmap>, view.vmas.any());
    set(kKind<op::Store>, view.vmas.any());
    set(kKind<op::Load>, view.vmas.any());
    set(kKind<op::Seek>, view.fds.any());
    set(kKind<op::SetName>, view.fds.any());
    set(kKind<op::AddFence>, view.fds.any() && view.has_free(D::Fence));
    set(kKind<op::SignalFence>, view.fences.any());
    set(kKind<op::Poll>, view.fds.any());
    set(kKind<op::ExportSyncFile>, view.fds.any() && view.has_free(D::SyncFile));
    set(kKind<op::ImportSyncFile>, view.fds.any() && view.sync_files.any());
    set(kKind<op::MergeSyncFiles>, view.sync_files.any() && view.has_free(D::SyncFile));
    set(kKind<op::FileInfo>, view.sync_files.any());
    set(kKind<op::PollSyncFile>, view.sync_files.any());
    set(kKind<op::CloseSyncFile>, view.sync_files.any());
    const bool asked = world_.queue.state != 0;
    set(kKind<op::Reqbufs>, true);
    set(kKind<op::Qbuf>, asked && view.fds.any());
    set(kKind<op::PrepareBuf>, asked && view.fds.any());
    for (const std::size_t kind : {kKind<op::Dqbuf>, kKind<op::StreamOn>, kKind<op::StreamOff>, kKind<op::CloseVideo>}) set(kind, asked);
    // Where there is nothing yet, nothing could be made but room again.
    set(kKind<op::FillFds>, (view.buffers.any() || view.objects.any() || view.memfds.any()) && a_table(false, 0) != kNone);
    set(kKind<op::FreeFds>, a_table(true, 0) != kNone);
    return (now | mapping_kinds(world_, bounds_) | importer_kinds(world_, bounds_)) & kinds_;
  }

  /// A process whose fd table is full, or not, the one named first if it is; kNone if there is none.
  std::uint8_t a_table(bool full, std::uint8_t first) const {
    const std::uint8_t processes = bounds_.messages > 0 ? kProcesses : 1;
    for (std::uint8_t i = 0; i < processes; ++i)
      if (const auto p = static_cast<std::uint8_t>((first + i) % processes); (world_.fd_tables[p] != 0) == full) return p;
    return kNone;
  }

  std::uint32_t weight(std::size_t kind, const View& view) const {
    // A program that is about fences is about little else, or it would be about nothing.
    const std::uint32_t base = fenced_ && fence_kinds()[kind] ? 4U * options_.weights[kind] : options_.weights[kind];
    switch (kind) {
      // The second buffer is for crosstalk; most of what can go wrong needs depth on one.
      case kKind<op::Export>:
      case kKind<op::CreateDumb>:
      case kKind<op::CreateList>:
      case kKind<op::Create>: return view.buffers.any() ? (base + 2) / 3 : base;
      // Nothing in user space can happen without an fd, nothing on a device without a reference.
      case kKind<op::InstallFd>: return view.fds.any() ? base : 3 * base;
      case kKind<op::Reqbufs>: return world_.queue.state == 0 ? 3 * base : 1;
      // What an index holds can be replaced once it has come back, if there is something to replace it with.
      case kKind<op::Qbuf>: case kKind<op::Dqbuf>: case kKind<op::StreamOff>: return replaceable(view) ? 4 * base : base;
      case kKind<op::Get>: return view.references.any() ? base : 3 * base;
      // The last one of a kind is let go less often: what depends on it is where the depth is.
      case kKind<op::Close>: return view.fds.count > 1 ? base : (base + 1) / 2;
      case kKind<op::Put>: return view.references.count > 1 ? base : (base + 1) / 2;
      // A table does not stay full for long, or everything would be refused.
      case kKind<op::FreeFds>: return 4 * base;
      default: return base;
    }
  }

  std::size_t draw_kind(const View& view) {
    const Alphabet now = possible(view);
    std::uint32_t total = 0;
    for (std::size_t kind = 0; kind < kOperationKinds; ++kind)
      if (now[kind]) total += weight(kind, view);
    if (total == 0) return kOperationKinds;
    std::uint32_t at = dice_.roll(total);
    for (std::size_t kind = 0; kind < kOperationKinds; ++kind) {
      if (!now[kind]) continue;
      const std::uint32_t width = weight(kind, view);
      if (at < width) return kind;
      at -= width;
    }
    return kOperationKinds;
  }

  // --- with which operands -----------------------------------------------------------------------

  template <class Id>
  Id first_free(const View& view, shape::Domain domain) const {
    return Id{view.free[static_cast<std::size_t>(domain)]};
  }
  template <class Id, std::size_t N>
  Id one_of(const Slots<N>& slots) {
    return Id{slots.items[dice_.roll(slots.count)]};
  }
  BufferId an_object(const View& view) {
    return view.objects.any() && (!view.buffers.any() || dice_.percent(90)) ? one_of<BufferId>(view.objects)
                                                                            : one_of<BufferId>(view.buffers);
  }
  /// One that has a handle to it, mostly.
  DrmFile a_file(BufferId b) {
    const auto& handles = world_.buffers[b.value].handles;
    if (handles[0] != 0 && handles[1] != 0) return dice_.percent(50) ? DrmFile::First : DrmFile::Second;
    return (handles[1] != 0) != dice_.percent(5) ? DrmFile::Second : DrmFile::First;
  }
  /// Items that fit, mostly; what is wrong now and then is for the careless.
  op::CreateList a_list(const View& view) {
    op::CreateList o{};
    o.buffer = first_free<BufferId>(view, shape::Domain::Buffer);
    o.fd = free_fd(view);
    const auto item = [&](MemfdId& n, std::uint8_t& from, std::uint8_t& pages) {
      n = one_of<MemfdId>(view.memfds);
      from = a_page(world_.memfds[n.value].pages);
      pages = static_cast<std::uint8_t>(1 + dice_.roll(world_.memfds[n.value].pages - from));
    };
    item(o.first, o.start, o.pages);
    item(o.second, o.start2, o.pages2);
    if (o.pages + o.pages2 > kMaxPages) o.pages2 = 1, o.pages = std::min<std::uint8_t>(o.pages, kMaxPages - 1);
    // An item of nothing, and one behind it that is good: passed over, or refused?
    if (dice_.percent(6)) (dice_.percent(50) ? o.pages : o.pages2) = 0;
    o.form = dice_.percent(crowded() ? 50 : 90) ? static_cast<ListForm>(dice_.roll(2)) : static_cast<ListForm>(dice_.roll(9));
    o.cloexec = coin();
    return o;
  }
  /// What is at an index stays there until something else comes: mostly another, or the same again.
  template <class Op>
  Op put_in(const View& view) {
    const auto index = static_cast<std::uint8_t>(dice_.roll(kMaxIndices));
    const std::uint8_t held = world_.queue.slots[index].buffer;
    const auto again = fd_of(held), another = fd_of_another(view, held);
    const FdId fd = held != kNone && again && dice_.percent(25)     ? *again
                    : held != kNone && another && dice_.percent(75) ? *another
                                                                    : an_fd(view);
    const std::uint32_t at = dice_.roll(100);
    return Op{index, fd, at < 70 ? VideoLength::Whole : at < 85 ? VideoLength::Image : at < 92 ? VideoLength::Short : VideoLength::Long,
              VideoMemory::DmaBuf, VideoFile::First};
  }
  /// Has p0 no fd free? Then it matters what else is wrong: which comes first?
  bool crowded() const { return world_.fd_tables[0] != 0; }
  FdId an_fd(const View& view) { return one_of<FdId>(view.fds); }
  FdId free_fd(const View& view) const { return first_free<FdId>(view, shape::Domain::Fd); }
  ReferenceId a_reference(const View& view) { return one_of<ReferenceId>(view.references); }

  std::uint8_t some_pages() {
    // One page has no gaps: a queue that wants none would else refuse nearly everything.
    if (profile_.queue.there() && profile_.queue.allocator == Allocator::Contiguous && dice_.percent(30)) return 1;
    return static_cast<std::uint8_t>(1 + dice_.roll(std::max<std::uint32_t>(1, bounds_.pages)));
  }
  Access some_access() {
    const std::uint32_t at = dice_.roll(100);
    return at < 80 ? Access::ReadWrite : at < 94 ? Access::ReadOnly : Access::WriteOnly;
  }
  CloseOnExec coin() { return dice_.percent(50) ? CloseOnExec::Yes : CloseOnExec::No; }
  Direction some_direction() {
    const std::uint32_t at = dice_.roll(100);
    return at < 40 ? Direction::Bidirectional : at < 68 ? Direction::ToDevice
         : at < 97 ? Direction::FromDevice : Direction::None;
  }
  Tag fresh_tag() { return next_tag_++; }

  std::uint8_t pages_of(std::uint8_t buffer) const {
    return buffer < kMaxBuffers ? std::max<std::uint8_t>(1, world_.buffers[buffer].pages) : std::uint8_t{1};
  }
  std::uint8_t buffer_mapped_by(MappingId mapping) const {
    const std::uint8_t attachment = world_.mappings[mapping.value].attachment;
    return attachment < kMaxAttachments ? world_.attachments[attachment].buffer : kNone;
  }
  std::uint8_t a_page(std::uint8_t pages) {
    return static_cast<std::uint8_t>(dice_.roll(std::max<std::uint32_t>(1, pages)));
  }
  Direction direction_for(AttachmentId attachment) {
    const std::uint8_t cached = world_.attachments[attachment.value].cached;
    return cached != kNone && dice_.percent(60) ? static_cast<Direction>(cached) : some_direction();
  }
  op::Mmap an_mmap(const View& view) {
    const FdId fd = an_fd(view);
    const std::uint8_t buffer = world_.buffer_of(fd);
    const std::uint8_t pages = pages_of(buffer);
    const std::uint8_t offset = dice_.percent(50) ? std::uint8_t{0} : a_page(pages);
    const auto rest = static_cast<std::uint8_t>(pages - offset);
    const auto length = dice_.percent(60) ? rest : static_cast<std::uint8_t>(1 + dice_.roll(rest));
    const bool writable = buffer < kMaxBuffers && world_.buffers[buffer].access == Access::ReadWrite;
    return {fd, first_free<VmaId>(view, shape::Domain::Vma), offset, length,
            dice_.percent(writable ? 85 : 15) ? Protection::ReadWrite : Protection::Read,
            dice_.percent(92) ? Sharing::Shared : Sharing::Private};
  }
  op::Seek a_seek(FdId fd) {
    constexpr std::array<std::int16_t, 8> offsets = {0, 0, 1, -1, 4096, -4096, 8, 32767};
    const std::uint32_t at = dice_.roll(100);
    if (at < 40) return {fd, Whence::End, 0};
    if (at < 75) return {fd, Whence::Set, 0};
    return {fd, static_cast<Whence>(dice_.roll(6)), offsets[dice_.roll(offsets.size())]};
  }

  // Not inlined: g++ 12 takes the unused bytes of the variant for uninitialised values.
  [[gnu::noinline]] Operation draw(std::size_t kind, const View& view) {
    using D = shape::Domain;
    if (is_mapping_kind(kind)) return draw_mapping(kind, world_, bounds_, dice_);
    if (is_importer_kind(kind)) {
      const Tag tag = kind == kKind<op::VmapWrite> ? fresh_tag() : Tag{0};
      return draw_importer(kind, world_, bounds_, dice_, tag);
    }
    switch (kind) {
      case kKind<op::Export>:
        return op::Export{first_free<BufferId>(view, D::Buffer), first_free<ReferenceId>(view, D::Reference),
                          some_pages(), some_access()};
      case kKind<op::Create>:
        return op::Create{first_free<BufferId>(view, D::Buffer), free_fd(view), some_pages(), some_access(),
                          coin(), dice_.percent(3) ? CreationFlags::Unknown : CreationFlags::Known};
      case kKind<op::CloseHandle>: {
        const BufferId b = an_object(view);
        return op::CloseHandle{b, a_file(b)};
      }
      case kKind<op::Memfd>:
        return op::Memfd{first_free<MemfdId>(view, D::Memfd), some_pages(),
                         dice_.percent(85) ? Seals::Shrink : static_cast<Seals>(dice_.roll(5))};
      case kKind<op::CloseMemfd>: return op::CloseMemfd{one_of<MemfdId>(view.memfds)};
      case kKind<op::WriteMemfd>: {
        const MemfdId n = one_of<MemfdId>(view.memfds);
        return op::WriteMemfd{n, a_page(world_.memfds[n.value].pages), fresh_tag()};
      }
      case kKind<op::ReadMemfd>: {
        const MemfdId n = one_of<MemfdId>(view.memfds);
        return op::ReadMemfd{n, a_page(world_.memfds[n.value].pages)};
      }
      case kKind<op::CreateList>: return a_list(view);
      case kKind<op::Reqbufs>: return op::Reqbufs{static_cast<std::uint8_t>(dice_.percent(75) ? 2 : dice_.roll(2))};
      case kKind<op::Qbuf>: return put_in<op::Qbuf>(view);
      case kKind<op::PrepareBuf>: return put_in<op::PrepareBuf>(view);
      case kKind<op::Dqbuf>: return op::Dqbuf{};
      case kKind<op::StreamOn>: return op::StreamOn{};
      case kKind<op::StreamOff>: return op::StreamOff{};
      case kKind<op::CloseVideo>: return op::CloseVideo{};
      case kKind<op::CreateDumb>: return op::CreateDumb{first_free<BufferId>(view, D::Buffer), some_pages()};
      case kKind<op::HandleToFd>: {
        const BufferId b = an_object(view);
        return op::HandleToFd{b, free_fd(view), some_access(), coin(), a_file(b),
                              dice_.percent(3) ? CreationFlags::Unknown : CreationFlags::Known};
      }
      case kKind<op::FdToHandle>:
        return op::FdToHandle{an_fd(view), dice_.percent(60) ? DrmFile::Second : DrmFile::First};
      case kKind<op::InstallFd>: return op::InstallFd{a_reference(view), free_fd(view), coin()};
      case kKind<op::Dup>: return op::Dup{an_fd(view), free_fd(view), coin()};
      case kKind<op::Close>: return op::Close{an_fd(view)};
      case kKind<op::Send>: return op::Send{an_fd(view), first_free<MessageId>(view, D::Message)};
      case kKind<op::Receive>:
        return op::Receive{one_of<MessageId>(view.messages), free_fd(view), coin()};
      case kKind<op::Discard>: return op::Discard{one_of<MessageId>(view.messages)};
      case kKind<op::Get>: return op::Get{an_fd(view), first_free<ReferenceId>(view, D::Reference)};
      case kKind<op::Put>: return op::Put{a_reference(view)};
      case kKind<op::Attach>:
        return op::Attach{a_reference(view),
                          DeviceId{static_cast<std::uint8_t>(dice_.roll(std::max<std::uint32_t>(1, bounds_.devices)))},
                          first_free<AttachmentId>(view, D::Attachment)};
      case kKind<op::Detach>: return op::Detach{one_of<AttachmentId>(view.attachments)};
      case kKind<op::Map>: {
        const auto attachment = one_of<AttachmentId>(view.attachments);
        return op::Map{attachment, first_free<MappingId>(view, D::Mapping), direction_for(attachment)};
      }
      case kKind<op::Unmap>: return op::Unmap{one_of<MappingId>(view.mappings)};
      case kKind<op::DeviceRead>: {
        const auto mapping = one_of<MappingId>(view.mappings);
        return op::DeviceRead{mapping, a_page(pages_of(buffer_mapped_by(mapping)))};
      }
      case kKind<op::DeviceWrite>: {
        const auto mapping = one_of<MappingId>(view.mappings);
        return op::DeviceWrite{mapping, a_page(pages_of(buffer_mapped_by(mapping))), fresh_tag()};
      }
      case kKind<op::BeginCpuAccess>: return op::BeginCpuAccess{a_reference(view), some_direction()};
      case kKind<op::EndCpuAccess>: return op::EndCpuAccess{a_reference(view), some_direction()};
      case kKind<op::Sync>:
        return op::Sync{an_fd(view), static_cast<SyncFlags>(dice_.roll(6)), Argument::Good};
      case kKind<op::Mmap>: return an_mmap(view);
      case kKind<op::Munmap>: return op::Munmap{one_of<VmaId>(view.vmas)};
      case kKind<op::Store>: {
        const auto vma = one_of<VmaId>(view.vmas);
        return op::Store{vma, a_page(nameable_pages(world_.vmas[vma.value])), fresh_tag()};
      }
      case kKind<op::Load>: {
        const auto vma = one_of<VmaId>(view.vmas);
        return op::Load{vma, a_page(nameable_pages(world_.vmas[vma.value]))};
      }
      case kKind<op::Seek>: return a_seek(an_fd(view));
      case kKind<op::AddFence>:
        return op::AddFence{an_fd(view), first_free<FenceId>(view, D::Fence), some_usage(dice_, profile_.fences),
                            some_timeline(dice_, profile_.fences)};
      case kKind<op::SignalFence>:
        return op::SignalFence{one_of<FenceId>(view.fences), profile_.fences.errors && dice_.percent(20)
                                                                 ? FenceResult::Error
                                                                 : FenceResult::Ok};
      case kKind<op::Poll>: return op::Poll{an_fd(view), some_events(dice_)};
      case kKind<op::ExportSyncFile>:
        return op::ExportSyncFile{an_fd(view), first_free<SyncFileId>(view, D::SyncFile), some_flags(dice_),
                                  OutArgument::Good};
      case kKind<op::ImportSyncFile>:
        return op::ImportSyncFile{an_fd(view), one_of<SyncFileId>(view.sync_files), some_flags(dice_), Argument::Good};
      case kKind<op::MergeSyncFiles>: {
        const auto first = one_of<SyncFileId>(view.sync_files);
        // Of a second that is none another errno is due than of a first.
        const auto second = dice_.percent(6) ? kBadSyncFile : one_of<SyncFileId>(view.sync_files);
        return op::MergeSyncFiles{first, second, first_free<SyncFileId>(view, D::SyncFile),
                                  crowded() ? static_cast<MergeForm>(dice_.roll(3)) : MergeForm::Good, OutArgument::Good};
      }
      case kKind<op::FileInfo>:
        return op::FileInfo{one_of<SyncFileId>(view.sync_files), static_cast<InfoForm>(dice_.roll(3)),
                            OutArgument::Good};
      case kKind<op::PollSyncFile>: return op::PollSyncFile{one_of<SyncFileId>(view.sync_files), some_events(dice_)};
      case kKind<op::CloseSyncFile>: return op::CloseSyncFile{one_of<SyncFileId>(view.sync_files)};
      case kKind<op::FillFds>: return op::FillFds{ProcessId{a_table(false, dice_.percent(75) ? 0 : 1)}};
      case kKind<op::FreeFds>: return op::FreeFds{ProcessId{a_table(true, dice_.percent(50) ? 0 : 1)}};
      case kKind<op::SetName>:
        return op::SetName{an_fd(view), static_cast<NameId>(dice_.roll(5)), Argument::Good};
      default: return op::Get{kBadFd, ReferenceId{}};
    }
  }

  // --- calls made to be refused ------------------------------------------------------------------

  std::optional<std::uint32_t> careless_slot(const View& view, const shape::Field& field) {
    const auto pick = [&](const auto& slots) -> std::optional<std::uint32_t> {
      const std::uint32_t bound = shape::count(field.domain);
      // Now and then an empty one: map what was never attached.
      if (!slots.any() || dice_.percent(20)) return dice_.roll(bound);
      return slots.items[dice_.roll(slots.count)];
    };
    switch (field.domain) {
      case shape::Domain::Buffer: return pick(view.objects.any() && dice_.percent(50) ? view.objects : view.buffers);
      case shape::Domain::Reference: return pick(view.references);
      case shape::Domain::Attachment: return pick(view.attachments);
      case shape::Domain::Mapping: return pick(view.mappings);
      case shape::Domain::Vma: return pick(view.vmas);
      case shape::Domain::Message: return pick(view.messages);
      case shape::Domain::Fence: return pick(view.fences);
      case shape::Domain::SyncFile: {
        const std::uint32_t at = dice_.roll(100);
        if (at < 15) return kBadSyncFile.value;
        if (at < 28) return kForeignSyncFile.value;
        return pick(view.sync_files);
      }
      case shape::Domain::Child: return pick(view.children);
      case shape::Domain::Vmap: return pick(view.vmaps);
      case shape::Domain::Memfd: {
        const std::uint32_t at = dice_.roll(100);
        if (at < 12) return kBadMemfd.value;
        if (at < 24) return kForeignMemfd.value;
        return pick(view.memfds);
      }
      case shape::Domain::Fd: {
        const std::uint32_t at = dice_.roll(100);
        if (at < 20) return kBadFd.value;
        if (at < 38) return kForeignFd.value;
        if (!view.fds.any()) return {};
        return view.fds.items[dice_.roll(view.fds.count)];
      }
      default: return {};
    }
  }

  std::uint32_t careless_value(shape::Domain domain) {
    constexpr std::array<std::int16_t, 7> offsets = {0, 1, -1, 4096, -4096, 8192, -32768};
    switch (domain) {
      case shape::Domain::Device: return dice_.roll(std::max<std::uint32_t>(1, bounds_.devices));
      case shape::Domain::Tag: return fresh_tag();
      case shape::Domain::SeekOffset: return static_cast<std::uint16_t>(offsets[dice_.roll(offsets.size())]);
      case shape::Domain::Extent: return dice_.roll(bounds_.pages + 2U);
      case shape::Domain::Pages: return dice_.roll(bounds_.pages + 1U);
      case shape::Domain::Page: return dice_.roll(std::max<std::uint32_t>(1, bounds_.pages));
      case shape::Domain::Argument: return dice_.percent(30) ? 1 : 0;
      default: return dice_.roll(shape::count(domain));
    }
  }

  /// A call with at least one operand that was not chosen with care.
  std::optional<Operation> careless(const View& view) {
    Alphabet kinds = kinds_ & ~never_refused();
    // Few programs have fences, and those that have them are for them.
    if (fenced_ && (kinds & fence_kinds()).any() && dice_.percent(50)) kinds &= fence_kinds();
    const auto total = static_cast<std::uint32_t>(kinds.count());
    if (total == 0) return {};
    std::uint32_t at = dice_.roll(total);
    std::size_t kind = 0;
    while (!kinds[kind] || at-- > 0) ++kind;
    return possible(view)[kind] && dice_.percent(50) ? one_thing_wrong(kind, view) : all_things_wrong(kind, view);
  }

  /// As it should be but for one operand: comes to the check of that one, with all before it passed.
  std::optional<Operation> one_thing_wrong(std::size_t kind, const View& view) {
    Operation operation = draw(kind, view);
    std::uint32_t operands = 0;
    for (const shape::Field& field : shape::fields(kind)) operands += field.role != shape::Role::Fills;
    if (operands == 0) return {};
    std::uint32_t at = dice_.roll(operands);
    for (const shape::Field& field : shape::fields(kind)) {
      if (field.role == shape::Role::Fills || at-- != 0) continue;
      const auto value = careless_operand(view, field);
      if (!value) return {};
      field.store(operation, *value);
      break;
    }
    return operation;
  }

  std::optional<Operation> all_things_wrong(std::size_t kind, const View& view) {
    Operation operation = shape::blank(kind);
    for (const shape::Field& field : shape::fields(kind)) {
      if (field.role == shape::Role::Fills && !view.has_free(field.domain)) return {};
      const auto value = field.role == shape::Role::Fills
                             ? std::optional<std::uint32_t>(view.free[static_cast<std::size_t>(field.domain)])
                             : careless_operand(view, field);
      if (!value) return {};
      field.store(operation, *value);
    }
    return operation;
  }

  std::optional<std::uint32_t> careless_operand(const View& view, const shape::Field& field) {
    return field.role == shape::Role::Uses ? careless_slot(view, field) : careless_value(field.domain);
  }

  // --- sweeps: every page is written, then every page is read through some path ------------------

  bool can(std::size_t kind) const { return kinds_[kind] && program_.operations.size() < length_; }
  void try_add(const Operation& operation) {
    if (can(operation.index())) add(operation, Meaning::Permitted);
  }

  /// Reads page `page` of the buffer through a CPU mapping or a device's, whichever comes first in a
  /// random order.
  void read_back(std::uint8_t buffer, std::uint8_t page) {
    const bool device_first = dice_.percent(50);
    for (int turn = 0; turn < 2; ++turn) {
      const std::size_t before = program_.operations.size();
      if (device_first == (turn == 0)) {
        for (std::uint8_t w = 0; w < kMaxVmaps && dice_.percent(50) && program_.operations.size() == before; ++w)
          if (world_.vmaps[w].buffer == buffer) try_add(op::VmapRead{VmapId{w}, page});
        for (std::uint8_t m = 0; m < kMaxMappings && program_.operations.size() == before; ++m)
          if (world_.mappings[m].attachment != kNone && buffer_mapped_by(MappingId{m}) == buffer)
            try_add(op::DeviceRead{MappingId{m}, page});
      } else {
        for (std::uint8_t v = kMaxVmas; v-- > 0 && program_.operations.size() == before;) {
          const VmaState& vma = world_.vmas[v];
          if (vma.buffer == buffer && page >= vma.offset && page < vma.offset + vma.length)
            try_add(op::Load{VmaId{v}, static_cast<std::uint8_t>(page - vma.offset)});
        }
      }
      if (program_.operations.size() != before) return;
    }
  }

  std::optional<FdId> fd_of(std::uint8_t buffer) const {
    for (std::uint8_t f = 0; f < kMaxFds; ++f)
      if (world_.fds[f].buffer == buffer) return FdId{f};
    return {};
  }

  bool replaceable(const View& view) const {
    return std::ranges::any_of(world_.queue.slots, [&](const QueueSlotState& slot) {
      return slot.buffer != kNone && fd_of_another(view, slot.buffer);
    });
  }
  std::optional<FdId> fd_of_another(const View& view, std::uint8_t buffer) const {
    for (std::size_t i = 0; i < view.fds.count; ++i)
      if (world_.fds[view.fds.items[i]].buffer != buffer) return FdId{view.fds.items[i]};
    return {};
  }

  void sweep_vma(std::uint8_t v) {
    const VmaState vma = world_.vmas[v];
    const auto fd = fd_of(vma.buffer);
    const bool bracket = fd && dice_.percent(50);
    if (bracket) try_add(op::Sync{*fd, SyncFlags::StartBoth, Argument::Good});
    for (std::uint8_t page = 0; page < nameable_pages(vma); ++page)
      try_add(op::Store{VmaId{v}, page, fresh_tag()});
    if (bracket) try_add(op::Sync{*fd, SyncFlags::EndBoth, Argument::Good});
    for (std::uint8_t page = 0; page < nameable_pages(vma); ++page)
      read_back(vma.buffer, static_cast<std::uint8_t>(vma.offset + page));
  }

  void sweep_mapping(std::uint8_t m) {
    const std::uint8_t buffer = buffer_mapped_by(MappingId{m});
    const std::uint8_t pages = pages_of(buffer);
    for (std::uint8_t page = 0; page < pages; ++page)
      try_add(op::DeviceWrite{MappingId{m}, page, fresh_tag()});
    for (std::uint8_t page = 0; page < pages; ++page) read_back(buffer, page);
  }

  Dice dice_;
  const Profile& profile_;
  const Bounds& bounds_;
  const GeneratorOptions& options_;
  Program& program_;
  Alphabet kinds_, all_kinds_;
  bool fenced_ = false;  ///< fences, polls and sync_files are drawn, too
  std::size_t length_ = 0;
  World world_;
  Alternatives ways_;
  Tag next_tag_ = 0x11;
};

}  // namespace

Weights default_weights() {
  Weights weights;
  weights.fill(4);
  const auto set = [&]<class Op>(std::type_identity<Op>, std::uint16_t weight) { weights[kKind<Op>] = weight; };
  set(std::type_identity<op::CloseHandle>{}, 1);
  set(std::type_identity<op::CreateDumb>{}, 2);
  set(std::type_identity<op::Memfd>{}, 3);
  set(std::type_identity<op::CloseMemfd>{}, 1);
  set(std::type_identity<op::ReadMemfd>{}, 3);
  set(std::type_identity<op::Qbuf>{}, 12);
  set(std::type_identity<op::Dqbuf>{}, 4);
  set(std::type_identity<op::StreamOn>{}, 4);
  set(std::type_identity<op::StreamOff>{}, 2);
  set(std::type_identity<op::CloseVideo>{}, 1);
  set(std::type_identity<op::HandleToFd>{}, 3);
  set(std::type_identity<op::FdToHandle>{}, 2);
  set(std::type_identity<op::Dup>{}, 3);
  set(std::type_identity<op::Close>{}, 3);
  set(std::type_identity<op::Send>{}, 2);
  set(std::type_identity<op::Discard>{}, 1);
  set(std::type_identity<op::Put>{}, 3);
  set(std::type_identity<op::Attach>{}, 6);
  set(std::type_identity<op::Detach>{}, 3);
  set(std::type_identity<op::Map>{}, 7);
  set(std::type_identity<op::BeginCpuAccess>{}, 2);
  set(std::type_identity<op::EndCpuAccess>{}, 2);
  set(std::type_identity<op::Munmap>{}, 2);
  set(std::type_identity<op::Seek>{}, 1);
  set(std::type_identity<op::SetName>{}, 2);
  set(std::type_identity<op::Poll>{}, 5);
  set(std::type_identity<op::CloseSyncFile>{}, 2);
  set(std::type_identity<op::PollSyncFile>{}, 3);
  set(std::type_identity<op::Mprotect>{}, 2);
  set(std::type_identity<op::MunmapPage>{}, 2);
  set(std::type_identity<op::Mremap>{}, 2);
  set(std::type_identity<op::Move>{}, 1);
  set(std::type_identity<op::Fork>{}, 2);
  set(std::type_identity<op::ChildLoad>{}, 3);
  set(std::type_identity<op::Exec>{}, 1);
  set(std::type_identity<op::Exit>{}, 2);
  set(std::type_identity<op::Vmap>{}, 3);
  set(std::type_identity<op::Vunmap>{}, 2);
  set(std::type_identity<op::VmapRead>{}, 2);
  set(std::type_identity<op::VmapWrite>{}, 3);
  set(std::type_identity<op::AttachDynamic>{}, 3);
  set(std::type_identity<op::Pin>{}, 2);
  set(std::type_identity<op::Unpin>{}, 3);
  set(std::type_identity<op::Migrate>{}, 4);
  set(std::type_identity<op::Fail>{}, 2);
  set(std::type_identity<op::FillFds>{}, 2);
  return weights;
}

void generate(std::uint64_t seed, int size, const Profile& profile, const Bounds& bounds,
              const GeneratorOptions& options, Program& program) {
  program.operations.clear();
  Maker(seed, profile, bounds, options, program).make(size);
}

Program generate(std::uint64_t seed, int size, const Profile& profile, const Bounds& bounds,
                 const GeneratorOptions& options) {
  Program program;
  program.operations.reserve(options.max_length);
  generate(seed, size, profile, bounds, options, program);
  return program;
}

rc::Gen<Program> programs(const Profile& profile, const Bounds& bounds, const GeneratorOptions& options) {
  // By value: the generator outlives this call.
  return [=](const rc::Random& random, int size) -> rc::Shrinkable<Program> {
    return rc::shrinkable::shrinkRecur(
        generate(rc::Random(random).next(), size, profile, bounds, options), [=](const Program& program) {
          return rc::seq::map(rc::shrink::removeChunks(program.operations),
                              [=](std::vector<Operation> rest) {
                                return drop_meaningless(Program{std::move(rest)}, profile);
                              });
        });
  };
}

Program drop_meaningless(const Program& program, const Profile& profile) {
  constexpr std::size_t kMost = 16;
  std::vector<World> worlds(1), next;
  Alternatives ways;
  Program kept;
  kept.operations.reserve(program.size());
  for (const Operation& operation : program.operations) {
    next.clear();
    bool means_something = false;
    for (const World& world : worlds) {
      alternatives(world, profile, operation, ways);
      if (meaning(ways) == Meaning::None) continue;
      means_something = true;
      for (Alternative& way : ways) {
        settle(way.next, profile);
        if (next.size() < kMost && std::find(next.begin(), next.end(), way.next) == next.end())
          next.push_back(way.next);
      }
    }
    if (!means_something) continue;
    kept.operations.push_back(operation);
    worlds.swap(next);
  }
  return kept;
}

}  // namespace dmabuf::conformance
