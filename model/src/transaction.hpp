// SPDX-License-Identifier: MIT
/// One operation against one world: asks the machines, in the kernel's order, and carries out what
/// their rows say. All or nothing: the first refusal ends it and the world is thrown away.
#pragma once

#include "dmabuf/model/world.hpp"
#include "machine_id.hpp"

namespace dmabuf::model {

/// Answers "Maybe" both ways, one run of the transaction after the other (depth first).
class Choices {
 public:
  bool decide(Answer answer) {
    if (answer != Answer::Maybe) return answer == Answer::Yes;
    if (depth_ == taken_) script_ &= ~(1U << taken_++);
    return ((script_ >> depth_++) & 1U) != 0;
  }
  /// Prepares the next run; false when every combination has been tried.
  bool advance() {
    while (taken_ > 0 && ((script_ >> (taken_ - 1)) & 1U) != 0) --taken_;
    depth_ = 0;
    if (taken_ == 0) return false;
    script_ |= 1U << (taken_ - 1);
    return true;
  }

 private:
  unsigned script_ = 0;
  unsigned taken_ = 0;
  unsigned depth_ = 0;
};

class Transaction {
 public:
  Transaction(World& world, const Profile& profile, Choices& choices, Alternative& result)
      : w_(world), p_(profile), choices_(choices), result_(result) {}

  /// Carries out the one operation, if the kernel has a call for it.
  void carry_out(const Operation& operation);

  void operator()(const op::Export& o);
  void operator()(const op::Create& o);
  void operator()(const op::CloseHandle& o);  // transaction_prime.cpp
  void operator()(const op::InstallFd& o);
  void operator()(const op::Dup& o);
  void operator()(const op::Close& o);
  void operator()(const op::Send& o);
  void operator()(const op::Receive& o);
  void operator()(const op::Discard& o);
  void operator()(const op::Get& o);
  void operator()(const op::Put& o);
  void operator()(const op::Attach& o);
  void operator()(const op::Detach& o);
  void operator()(const op::Map& o);
  void operator()(const op::Unmap& o);
  void operator()(const op::DeviceRead& o);
  void operator()(const op::DeviceWrite& o);
  void operator()(const op::BeginCpuAccess& o);
  void operator()(const op::EndCpuAccess& o);
  void operator()(const op::Sync& o);
  void operator()(const op::Mmap& o);
  void operator()(const op::Munmap& o);
  void operator()(const op::Store& o);
  void operator()(const op::Load& o);
  void operator()(const op::Seek& o);
  void operator()(const op::SetName& o);
  void operator()(const op::AddFence& o);
  void operator()(const op::SignalFence& o);
  void operator()(const op::Poll& o);
  void operator()(const op::ExportSyncFile& o);
  void operator()(const op::ImportSyncFile& o);
  void operator()(const op::MergeSyncFiles& o);
  void operator()(const op::FileInfo& o);
  void operator()(const op::PollSyncFile& o);
  void operator()(const op::CloseSyncFile& o);
  // transaction_mapping.cpp
  void operator()(const op::Mprotect& o);
  void operator()(const op::MunmapPage& o);
  void operator()(const op::Mremap& o);
  void operator()(const op::Move& o);
  void operator()(const op::Fork& o);
  void operator()(const op::ChildLoad& o);
  void operator()(const op::Exec& o);
  void operator()(const op::Exit& o);
  // transaction_importer.cpp
  void operator()(const op::Vmap& o);
  void operator()(const op::Vunmap& o);
  void operator()(const op::VmapRead& o);
  void operator()(const op::VmapWrite& o);
  void operator()(const op::AttachDynamic& o);
  void operator()(const op::Pin& o);
  void operator()(const op::Unpin& o);
  void operator()(const op::Migrate& o);
  void operator()(const op::Fail& o);
  // transaction_prime.cpp
  void operator()(const op::CreateDumb& o);
  void operator()(const op::HandleToFd& o);
  void operator()(const op::FdToHandle& o);
  // transaction_udmabuf.cpp
  void operator()(const op::Memfd& o);
  void operator()(const op::CloseMemfd& o);
  void operator()(const op::WriteMemfd& o);
  void operator()(const op::ReadMemfd& o);
  void operator()(const op::CreateList& o);
  // transaction_queue.cpp
  void operator()(const op::Reqbufs& o);
  void operator()(const op::Qbuf& o);
  void operator()(const op::PrepareBuf& o);
  void operator()(const op::Dqbuf& o);
  void operator()(const op::StreamOn& o);
  void operator()(const op::StreamOff& o);
  void operator()(const op::CloseVideo& o);
  // transaction_fd_table.cpp
  void operator()(const op::FillFds& o);
  void operator()(const op::FreeFds& o);

  /// The internal step: a released file's `release` runs.
  bool release(std::size_t buffer);

  /// What is left in `next` of an operation that was refused: the exporter may have been asked, and things been done
  /// before somebody said no.
  void leave_behind(World& next) const;

 private:
  /// Fires an event; carries out the row's effects on buffer b. False if it was not permitted.
  bool fire(MachineId machine, StateId& state, EventId event, FactSet facts = 0, std::uint8_t b = kNone);
  bool apply(Effect effect, std::uint8_t b);
  bool take(std::uint8_t b);
  bool drop(std::uint8_t b);
  /// Fd machine with an op or Ioctl. kBadFd is always Closed, kForeignFd always Foreign.
  bool on_fd(FdId fd, EventId event);
  bool install(FdId fd, std::uint8_t b, std::uint8_t process, CloseOnExec cloexec);
  /// Has the process a number left for the fd that an operation makes? transaction_fd_table.cpp
  bool reserve_fd(std::uint8_t process, EventId event);
  /// There was none, and what has been done by then is not undone, but for the reference that the fd was to have.
  void without_fd(std::uint8_t b);
  bool born(BufferId id, std::uint8_t pages, Access access);
  bool touch(std::uint8_t b);
  /// Is it one of the items of a list that can be?
  bool item(MemfdId memfd, std::uint8_t from, std::uint8_t pages);
  /// Fires an event at the file's handle to b.
  bool on_handle(std::uint8_t b, DrmFile file, EventId event);
  bool malformed();
  /// Does page `page` of the mapping lie behind the end of its buffer? A mapping may have grown so far.
  FactSet past_buffer(const VmaState& vma, std::uint8_t page) const;
  /// Fires an event at each fd and each CPU mapping the child has, or is to have.
  bool at_each(ChildState& child, EventId event);
  /// One of many events of one operation: a row that took part before is not written down again.
  bool fire_again(MachineId machine, StateId& state, EventId event, FactSet facts, std::uint8_t b);

  // fences: transaction_fence.cpp
  /// Waits for what matters to an access in direction_; would wait forever for a pending fence.
  bool await(std::uint8_t b);
  bool await_kernel(std::uint8_t b);
  bool pending(std::uint8_t b, Usage weakest) const;
  bool pending(std::uint8_t fence) const {
    return fence < kMaxFences && w_.fences[fence].state == state::kPending;
  }
  void reserve(std::uint8_t b, std::uint8_t count);
  bool enter(std::uint8_t b, std::uint8_t fence, Usage usage);
  /// Is `fence` of the context of `other`, and not older?
  bool supersedes(std::uint8_t fence, std::uint8_t other) const;
  bool poll_slot(std::uint8_t b, PollSlotState& slot, Usage weakest, std::uint64_t bit);
  bool on_sync_file(SyncFileId id, EventId event);
  bool place(SyncFileId id, const SyncFileState& made);
  /// An fd of the other process: nothing here asks for its fences.
  bool elsewhere(FdId fd) const { return fd.value < kMaxFds && w_.fds[fd.value].process != 0; }
  bool reservation(EventId event, FactSet facts);

  // importers: transaction_importer.cpp
  void attach(ReferenceId reference, DeviceId device, AttachmentId into, bool dynamic);
  /// Whose table is mapped and kept from the attach on: one side is dynamic, the other is not.
  bool maps_at_attach(bool dynamic) const { return p_.kernel.maps_at_attach && dynamic != p_.exporter.dynamic; }
  /// Does a map by such an importer, if it reaches the exporter, pin the storage, too?
  bool pins_at_map(bool dynamic) const {
    return p_.exporter.dynamic && (!dynamic || !p_.kernel.move_notify);
  }
  /// Must the storage under it stay (DBUF-MIG-004, DBUF-DYN-011)?
  bool held_in_place(std::uint8_t b) const;
  bool hold(std::uint8_t b);
  /// A callback of the exporter is called; false if it was told to fail.
  bool calls(std::uint8_t b, Callback callback);
  void move_storage(std::uint8_t b);
  FactSet pin_facts(const AttachmentState& attachment) const;

  // a video queue: transaction_queue.cpp
  void put_in(std::uint8_t index, FdId fd, VideoLength length, VideoMemory memory, VideoFile file, EventId event);
  bool acquire(QueueSlotState& slot, FdId fd, VideoLength length);
  bool vmap_plane(QueueSlotState& slot);
  bool map_plane(QueueSlotState& slot);
  bool let_go(QueueSlotState& slot);
  bool free_slots(bool streamed);
  void give_back(QueueSlotState& slot, bool streamed);
  bool maps_planes() const { return p_.queue.allocator == Allocator::Contiguous; }
  /// The tag of a page, unless a device is writing there right now.
  std::uint64_t page(std::uint8_t b, std::size_t page) const;

  BufferState& buffer(std::uint8_t b) { return w_.buffers[b]; }
  bool strict_attached(std::uint8_t b) const;
  /// Nobody uses it, but the exporter keeps it: the storage under it must stay (DBUF-MIG-004).
  bool cached_mapping(std::uint8_t b) const;
  /// Would the storage have to be confined for the device of the map or pin under way?
  FactSet placement_facts(std::uint8_t b) const;
  bool confines() const { return p_.exporter.constraints != Constraints::Ignored; }
  bool suits_anyway(std::uint8_t b) const {
    return p_.exporter.single_page_suits && w_.buffers[b].pages == 1;
  }
  /// Is r the importer's last reference on a buffer it is attached to, or has a kernel mapping of?
  FactSet holder_facts(ReferenceId r) const;
  FactSet guarded() const { return when(p_.importer.guards_misuse, Fact::Guarded); }

  World& w_;
  const Profile& p_;
  Choices& choices_;
  Alternative& result_;
  std::uint8_t device_ = 0;  ///< device of the attach, map or pin under way
  bool dynamic_ = false;     ///< is its importer dynamic?
  Direction direction_ = Direction::None;  ///< what the map, unmap, begin or end under way is called with
  std::uint8_t attach_refused_by_ = kNone;
  std::uint8_t asked_ = kNone;      ///< the buffer whose exporter has taken part
  bool acquires_ = false;           ///< a queue: what is refused from now on has undone itself
  bool pinned_ = false;
  bool pin_undone_ = false;         ///< pin said yes, and the map that followed no: unpin was called
  bool attach_undone_ = false;      ///< attach said yes, and what followed no: detach was called
  bool stays_ = false;              ///< refused, and what it has done by then is not undone
};

}  // namespace dmabuf::model
