// SPDX-License-Identifier: MIT
/// The framework, as one value: buffers, processes, importers, memory.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "dmabuf/model/observation.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/outcome.hpp"
#include "dmabuf/reference/dma_buf.hpp"
#include "dmabuf/reference/exporter.hpp"

namespace dmabuf::reference {

/// What is left of a system that should be empty.
struct Leftover {
  std::int32_t buffers = 0;               ///< never released
  std::int32_t exporter_attachments = 0;  ///< attach callbacks without a detach
  std::int32_t exporter_mappings = 0;     ///< map callbacks without an unmap
  std::int32_t exporter_vmaps = 0;        ///< vmap callbacks without a vunmap
  std::int32_t exporter_pins = 0;         ///< pin callbacks without an unpin
  std::int32_t foreign_references = 0;    ///< on the file that is no dma-buf
  std::int32_t sync_files = 0;            ///< fds no slot knows of
  std::int32_t memfds = 0;                ///< open ones
  std::int32_t handles = 0;               ///< open ones, and objects that nobody names
  friend bool operator==(const Leftover&, const Leftover&) = default;
};

/// A dma-buf framework in user space. Trivially copyable: a copy is a snapshot, assignment goes
/// back to it.
///
/// Misuse that a kernel would not survive is survived: whatever is asked, and whichever mutant is
/// on, no call touches memory outside the object. What the core would warn about is counted.
class System {
 public:
  explicit System(const ExporterConfig& exporter, Mutant mutant = Mutant::None);

  model::Outcome apply(const model::Operation& operation);
  /// Overwrites `seen`.
  void observe(model::Observation& seen) const;

  model::Outcome run(const model::op::Export&);
  model::Outcome run(const model::op::Create&);
  model::Outcome run(const model::op::CloseHandle&);
  model::Outcome run(const model::op::InstallFd&);
  model::Outcome run(const model::op::Dup&);
  model::Outcome run(const model::op::Close&);
  model::Outcome run(const model::op::Send&);
  model::Outcome run(const model::op::Receive&);
  model::Outcome run(const model::op::Discard&);
  model::Outcome run(const model::op::Get&);
  model::Outcome run(const model::op::Put&);
  model::Outcome run(const model::op::Attach&);
  model::Outcome run(const model::op::Detach&);
  model::Outcome run(const model::op::Map&);
  model::Outcome run(const model::op::Unmap&);
  model::Outcome run(const model::op::DeviceRead&);
  model::Outcome run(const model::op::DeviceWrite&);
  model::Outcome run(const model::op::BeginCpuAccess&);
  model::Outcome run(const model::op::EndCpuAccess&);
  model::Outcome run(const model::op::Sync&);
  model::Outcome run(const model::op::Mmap&);
  model::Outcome run(const model::op::Munmap&);
  model::Outcome run(const model::op::Store&);
  model::Outcome run(const model::op::Load&);
  model::Outcome run(const model::op::Seek&);
  model::Outcome run(const model::op::SetName&);
  model::Outcome run(const model::op::AddFence&);
  model::Outcome run(const model::op::SignalFence&);
  model::Outcome run(const model::op::Poll&);
  model::Outcome run(const model::op::ExportSyncFile&);
  model::Outcome run(const model::op::ImportSyncFile&);
  model::Outcome run(const model::op::MergeSyncFiles&);
  model::Outcome run(const model::op::FileInfo&);
  model::Outcome run(const model::op::PollSyncFile&);
  model::Outcome run(const model::op::CloseSyncFile&);
  model::Outcome run(const model::op::Mprotect&);
  model::Outcome run(const model::op::MunmapPage&);
  model::Outcome run(const model::op::Mremap&);
  model::Outcome run(const model::op::Move&);
  model::Outcome run(const model::op::Fork&);
  model::Outcome run(const model::op::ChildLoad&);
  model::Outcome run(const model::op::Exec&);
  model::Outcome run(const model::op::Exit&);
  model::Outcome run(const model::op::Vmap&);
  model::Outcome run(const model::op::Vunmap&);
  model::Outcome run(const model::op::VmapRead&);
  model::Outcome run(const model::op::VmapWrite&);
  model::Outcome run(const model::op::AttachDynamic&);
  model::Outcome run(const model::op::Pin&);
  model::Outcome run(const model::op::Unpin&);
  model::Outcome run(const model::op::Migrate&);
  model::Outcome run(const model::op::Fail&);
  model::Outcome run(const model::op::CreateDumb&);
  model::Outcome run(const model::op::HandleToFd&);
  model::Outcome run(const model::op::FdToHandle&);
  model::Outcome run(const model::op::Memfd&);
  model::Outcome run(const model::op::CloseMemfd&);
  model::Outcome run(const model::op::WriteMemfd&);
  model::Outcome run(const model::op::ReadMemfd&);
  model::Outcome run(const model::op::CreateList&);
  model::Outcome run(const model::op::Reqbufs&);
  model::Outcome run(const model::op::Qbuf&);
  model::Outcome run(const model::op::PrepareBuf&);
  model::Outcome run(const model::op::Dqbuf&);
  model::Outcome run(const model::op::StreamOn&);
  model::Outcome run(const model::op::StreamOff&);
  model::Outcome run(const model::op::CloseVideo&);
  model::Outcome run(const model::op::FillFds&);
  model::Outcome run(const model::op::FreeFds&);

  /// Lets go of everything there is a slot for, in the order an importer and its process would.
  void let_go();
  /// What of all buffers so far is still there.
  Leftover leftover() const;
  /// Times the core would have warned: release with attachments listed, a count dropped below zero.
  std::uint32_t warnings() const { return warnings_; }

  const ExporterConfig& exporter() const { return *exporter_; }
  Mutant mutant() const { return core_.mutant; }

 private:
  struct FdEntry {
    std::int8_t buffer = kNobody;
    bool close_on_exec = false;
    bool lowest = true;  ///< no lower number was free when it was made
  };
  /// More numbers than slots: a mutant may leave some in use.
  using FdTable = std::array<FdEntry, model::kMaxFds + 2>;
  struct FdSlot {
    std::int8_t number = kNobody;
    std::uint8_t process = 0;
  };
  struct Message {
    std::int8_t buffer = kNobody;
    std::uint8_t receiver = 0;
  };
  struct Attachment {
    std::int8_t buffer = kNobody;
    std::uint8_t device = 0;
    std::uint8_t live_mappings = 0;
    bool dynamic = false;   ///< its importer has ops
    std::uint8_t pins = 0;  ///< that it asked for
    bool cached = false;
    model::Direction cached_direction = model::Direction::None;
    SgTable cached_table;
  };
  struct Mapping {
    std::int8_t buffer = kNobody;
    std::uint8_t attachment = 0;
    bool cached = false;
    model::Direction direction = model::Direction::None;
    SgTable table;
  };
  struct Vma {
    std::int8_t buffer = kNobody;
    std::uint8_t offset = 0;
    std::uint8_t length = 0;
    bool writable = false;
    bool may_write = true;  ///< mprotect can make it writable
    std::uint8_t process = 0;
    bool faulted = false;
    Place place;  ///< at the first fault
  };

  /// What dma_buf_vmap gave an importer.
  struct Vmap {
    std::int8_t buffer = kNobody;
    Place at;
  };

  /// What fork gave a child: its own fd table, and a copy of each CPU mapping.
  struct Child {
    bool alive = false;
    bool replaced = false;  ///< runs another program
    FdTable table{};
    std::array<Vma, model::kMaxVmas> vmas{};
    /// What every page held at the fork; kept for ForkCopiesMemory only.
    std::array<std::uint64_t, Memory::kFrames> memory{};
  };

  /// What a handle names, and what becomes the buffer of the same slot when it is exported.
  struct GemObject {
    std::uint8_t pages = 0;
    std::uint8_t handle_count = 0;  ///< on all files
    bool keeps_buffer = false;      ///< a reference on the buffer, while anybody has a handle
  };
  struct GemHandle {
    std::int8_t object = kNobody;
    bool cached = false;  ///< the file knows its buffer, and has a reference on it
  };
  /// An open DRM file: handles by number less one. A mutant may have more than one of an object.
  using GemFile = std::array<GemHandle, model::kMaxBuffers + 2>;

  struct Memfd {
    bool open = false;
    std::uint8_t pages = 0;
    std::uint8_t seals = 0;  ///< F_SEAL_…, as the kernel numbers them
  };
  /// What videobuf2 knows of one index.
  struct VideoBuffer {
    bool prepared = false;
    bool queued = false;
    std::uint32_t turn = 0;  ///< of those queued the lowest is the oldest
    // its plane
    Attachment attachment;   ///< buffer: whose plane it is
    std::uint64_t length = 0;
    bool mapped = false;
    bool shares = false;     ///< QueueSharesReference: has no reference of its own
    SgTable table;
  };
  struct VideoQueue {
    std::uint8_t count = 0;
    bool streaming = false;
    std::uint32_t turns = 0;
    std::array<VideoBuffer, model::kMaxIndices> buffers{};
  };
  struct ListItem {
    model::MemfdId memfd;
    std::uint64_t offset = 0, size = 0;  ///< bytes of real pages
  };

  bool is(Mutant m) const { return core_.is(m); }
  DmaBuf& buffer_of(std::int8_t index) { return buffers_[static_cast<std::size_t>(index)]; }

  // buffers
  int may_export(model::BufferId id, std::uint8_t pages, model::Access access) const;
  int may_create(const model::op::Create&) const;
  DmaBuf& new_buffer(model::BufferId id, std::uint8_t pages, model::Access access);
  void get_file(DmaBuf& buffer) { ++buffer.file_count; }
  void put_file(DmaBuf& buffer);
  void release(DmaBuf& buffer);

  // handles: prime.cpp
  GemFile& file(model::DrmFile which) { return files_[static_cast<std::size_t>(which)]; }
  GemHandle* handle(model::DrmFile which, std::uint8_t object);
  bool has_handle(std::uint8_t object);
  /// Nothing if the file has no number left.
  GemHandle* new_handle(model::DrmFile which, std::uint8_t object);
  /// The handle's file and its object take what they hold on the buffer.
  void keep(DmaBuf& buffer, GemHandle& handle);

  // udmabuf.cpp
  const Memfd* memfd(model::MemfdId id) const;
  int check_list(std::span<const ListItem> items) const;
  int pin(const ListItem& item, DmaBuf& into) const;

  // a video queue: video.cpp
  /// Nothing if there is an owner, and it asks.
  int busy(model::VideoFile file) const;
  int queue_or_prepare(std::uint8_t index, model::FdId fd, model::VideoLength length, model::VideoMemory memory,
                       model::VideoFile file, bool prepare);
  int acquire(std::uint8_t index, model::FdId fd, model::VideoLength length);
  int attach_plane(std::uint8_t index, std::int8_t buffer, std::uint64_t length);
  int map_plane(VideoBuffer& plane);
  void put_plane(std::uint8_t index);
  void cancel();
  void free_queue();

  // fd tables
  FdEntry* entry(model::FdId fd);
  bool is_open(model::FdId fd) { return entry(fd) != nullptr; }
  bool occupied(model::FdId fd);
  /// Is every number below the process's limit in use?
  bool none_free(std::uint8_t process) const { return limited_[process] && !is(Mutant::LimitIgnored); }
  int no_fd() const;
  int install(std::uint8_t process, model::FdId fd, std::int8_t buffer, bool close_on_exec);
  bool has_fd(const DmaBuf& buffer) const;

  // importers
  bool needs_its_reference(std::int8_t buffer) const;
  model::Outcome attach(model::ReferenceId from, model::DeviceId device, model::AttachmentId into, bool dynamic);
  int map_and_keep(Attachment& attachment, DmaBuf& buffer);
  void detach(DmaBuf& buffer, std::uint8_t attachment);
  /// Asked before each callback that can be told to fail: the errno, or 0.
  int told_to_fail(DmaBuf& buffer, model::Callback callback);
  int pin(DmaBuf& buffer, model::DeviceId device);
  void unpin(DmaBuf& buffer);
  int map_by_exporter(Attachment& attachment, DmaBuf& buffer, model::Direction direction, SgTable& table);
  int map(Attachment& attachment, DmaBuf& buffer, model::Direction direction, SgTable& table);
  void unmap(DmaBuf& buffer, const SgTable& table, model::Direction direction);
  int begin_cpu_access(DmaBuf& buffer, model::Direction direction);
  int end_cpu_access(DmaBuf& buffer, model::Direction direction);

  // kernel mappings
  int vmap(DmaBuf& buffer);
  void vunmap(DmaBuf& buffer);
  PageIndex frame_behind(model::VmapId vmap, std::uint8_t page) const;

  // CPU mappings
  int map_region(DmaBuf& buffer, const model::op::Mmap& request);
  /// The frame behind a page of the mapping; kNoFrame where a process would get a signal.
  PageIndex fault(Vma& vma, std::uint8_t page);
  static constexpr PageIndex kNoFrame = Memory::kFrames;
  void inherit(Child& child);
  void unmap_all(Child& child);

  // fences
  bool over(FenceIndex fence) const { return fence == kStubFence || fences_[static_cast<std::size_t>(fence)].signalled; }
  const Fence& fence(FenceIndex index) const { return fences_[static_cast<std::size_t>(index)]; }
  bool later_or_same(FenceIndex fence, FenceIndex old) const;
  void reserve(Reservation& reservation, std::uint8_t more);
  void add_fence(DmaBuf& buffer, FenceIndex fence, model::Usage usage);
  FenceIndex first_pending(const DmaBuf& buffer, model::Usage usage) const;
  void collect(const DmaBuf& buffer, model::Usage usage, SyncFile& into) const;
  void forget(FenceIndex fence);
  void poll_callback(DmaBuf& buffer, FenceIndex& slot);
  bool poll_ready(DmaBuf& buffer, FenceIndex& slot, model::Usage usage);
  SyncFile* sync_file(model::SyncFileId id);
  SyncFile contents(const SyncFile& file) const;

  const ExporterConfig* exporter_;
  Core core_;
  std::array<DmaBuf, model::kMaxBuffers> buffers_{};
  std::array<FdTable, model::kProcesses> tables_{};
  std::array<bool, model::kProcesses> limited_{};  ///< RLIMIT_NOFILE is the lowest number not in use
  std::array<FdSlot, model::kMaxFds> fds_{};
  std::array<std::int8_t, model::kMaxReferences> references_{};
  std::array<Message, model::kMaxMessages> messages_{};
  std::array<Attachment, model::kMaxAttachments> attachments_{};
  std::array<Mapping, model::kMaxMappings> mappings_{};
  std::array<Vma, model::kMaxVmas> vmas_{};
  std::array<Fence, model::kMaxFences> fences_{};
  std::array<SyncFile, model::kMaxSyncFiles> sync_files_{};
  std::array<std::uint32_t, 2> timelines_{};  ///< the last seqno of each
  std::uint32_t last_context_ = 2;            ///< 1 and 2 are the timelines'
  std::int32_t leaked_sync_files_ = 0;
  std::array<Child, model::kMaxChildren> children_{};
  std::array<Vmap, model::kMaxVmaps> vmaps_{};
  std::array<Memfd, model::kMaxMemfds> memfds_{};
  VideoQueue queue_;
  std::array<GemObject, model::kMaxBuffers> objects_{};
  std::array<GemFile, model::kDrmFiles> files_{};
  std::int32_t lost_objects_ = 0;
  std::int32_t foreign_count_ = 1;
  std::uint32_t warnings_ = 0;
  Leftover past_;                                   ///< of buffers whose slot was used again
  model::NameId user_text_ = model::NameId::Empty;  ///< kept for NameAliased only
};
static_assert(std::is_trivially_copyable_v<System>);

}  // namespace dmabuf::reference
