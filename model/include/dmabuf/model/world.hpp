// SPDX-License-Identifier: MIT
/// Several buffers, fds, references, attachments, mappings, CPU mappings and messages, composed from
/// the small machines. A World is a regular value: copy it, compare it, throw it away.
///
/// The world decides nothing by itself. For each operation it asks the machines that take part, in
/// the order in which the kernel checks, and carries out the effects of the rows that fire; an effect
/// such as DropReference is in turn an event of the buffer's machine.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/bounds.hpp"
#include "dmabuf/model/observation.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/outcome.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/table.hpp"

namespace dmabuf::model {

inline constexpr std::uint8_t kNone = 0xff;                    ///< "no buffer", "no cached direction"
inline constexpr std::uint64_t kUnknownTag = ~std::uint64_t{0};  ///< nothing is promised of this page

/// How often each exporter callback must have run in the buffer's present life (DBUF-INV-004).
struct Callbacks {
  std::uint16_t attach = 0, detach = 0, map = 0, unmap = 0, begin = 0, end = 0, release = 0, vmap = 0, vunmap = 0,
                pin = 0, unpin = 0;
  std::uint16_t move_notifies = 0;                  ///< over all importers
  std::uint16_t failures = 0;                       ///< as they were told to
  std::uint16_t attach_refused = 0;                 ///< not part of `attach`
  Directions maps, unmaps, begins, ends;            ///< the direction each was given
  friend bool operator==(const Callbacks&, const Callbacks&) = default;
};

/// One entry of a reservation. kNone: its fence has signalled, and nobody has overwritten it yet.
struct EntryState {
  std::uint8_t fence = kNone;
  Usage usage = Usage::Kernel;
  friend bool operator==(const EntryState&, const EntryState&) = default;
};

/// A failure to come.
struct FailureState {
  StateId state = 0;  ///< machine "failure"
  Callback callback = Callback::Attach;
  std::uint8_t nth = 0;  ///< 1: the next call
  Failure error = Failure::NoMemory;
  friend bool operator==(const FailureState&, const FailureState&) = default;
};

/// What a poll has left behind: the slot for IN, or for OUT.
struct PollSlotState {
  StateId state = 0;           ///< machine "poll_slot"
  std::uint8_t fence = kNone;  ///< it waits for
  friend bool operator==(const PollSlotState&, const PollSlotState&) = default;
};

static_assert(kMaxPages == 4);  // BufferState::source

struct BufferState {
  StateId lifecycle = 0;  ///< machine "buffer"
  StateId storage = 0;    ///< machine "storage"
  StateId cpu = 0;        ///< machine "cpu_access"
  /// Machine "handle", one a file: the exporter's own references. May be open before the buffer is there.
  std::array<StateId, kDrmFiles> handles{};
  StateId vmapping = 0;   ///< machine "vmapping"
  std::uint8_t pages = 0;
  Access access = Access::ReadWrite;
  std::uint8_t references = 0;   ///< f_count; the ledger of DBUF-INV-001 recomputes it
  std::uint8_t attachments = 0;
  std::uint8_t mappings = 0;     ///< handed out and not yet unmapped by the importer
  std::uint8_t vmaps = 0;        ///< kernel mappings not yet undone
  bool handed_out = false;       ///< some map has succeeded
  NameId name = NameId::Empty;
  std::uint8_t entry_count = 0;
  std::array<EntryState, kMaxEntries> entries{};  ///< of the reservation, in its order
  PollSlotState poll_in, poll_out;
  FailureState failure;
  Callbacks callbacks;
  std::array<std::uint64_t, kMaxPages> content{};  ///< tag of each page, or kUnknownTag; of those that are its own
  /// Pages that are a memfd's: which, as memfd * kMaxPages + page; kNone for its own.
  std::array<std::uint8_t, kMaxPages> source = {kNone, kNone, kNone, kNone};
  friend bool operator==(const BufferState&, const BufferState&) = default;
};

struct FdState {
  StateId state = 0;  ///< machine "fd"
  std::uint8_t buffer = kNone;
  std::uint8_t process = 0;
  CloseOnExec cloexec = CloseOnExec::No;
  friend bool operator==(const FdState&, const FdState&) = default;
};

struct ReferenceState {
  StateId state = 0;  ///< machine "reference"
  std::uint8_t buffer = kNone;
  friend bool operator==(const ReferenceState&, const ReferenceState&) = default;
};

struct AttachmentState {
  StateId state = 0;  ///< machine "attachment"
  std::uint8_t buffer = kNone;
  std::uint8_t device = 0;
  std::uint8_t mappings = 0;
  std::uint8_t cached = kNone;  ///< direction of the cached sg_table (DBUF-MAP-008)
  bool dynamic = false;         ///< its importer is told of moves
  std::uint8_t pins = 0;        ///< that its importer asked for; the core's own are known by its mappings
  friend bool operator==(const AttachmentState&, const AttachmentState&) = default;
};

struct MappingState {
  StateId state = 0;  ///< machine "mapping"
  std::uint8_t attachment = kNone;
  std::uint8_t direction = 0;
  bool stale = false;  ///< the storage has moved since
  friend bool operator==(const MappingState&, const MappingState&) = default;
};

struct VmapState {
  StateId state = 0;  ///< machine "vmap"
  std::uint8_t buffer = kNone;
  friend bool operator==(const VmapState&, const VmapState&) = default;
};

struct VmaState {
  StateId state = 0;  ///< machine "vma"
  std::uint8_t buffer = kNone;
  std::uint8_t process = 0;
  std::uint8_t offset = 0, length = 0;
  Protection protection = Protection::Read;
  Sharing sharing = Sharing::Shared;
  bool suspect = false;  ///< known to show other bytes than it should: no longer judged
  bool written = false;  ///< something was stored through it
  friend bool operator==(const VmaState&, const VmaState&) = default;
};

struct MessageState {
  StateId state = 0;  ///< machine "message"
  std::uint8_t buffer = kNone;
  std::uint8_t process = 0;  ///< the receiver
  friend bool operator==(const MessageState&, const MessageState&) = default;
};

struct FenceState {
  StateId state = 0;  ///< machine "fence"
  Timeline timeline = Timeline::Own;
  std::uint8_t order = 0;  ///< how many of the fences still pending are older
  friend bool operator==(const FenceState&, const FenceState&) = default;
};

inline constexpr std::uint8_t kStub = 0xfe;  ///< a fence that has always been signalled

struct SyncFileState {
  StateId state = 0;  ///< machine "sync_file"
  std::uint8_t count = 0;
  std::array<std::uint8_t, kMaxEntries> members{};  ///< fence slots, or kStub; in the container's order
  friend bool operator==(const SyncFileState&, const SyncFileState&) = default;
};

/// A child of p0: copies of what p0 had when it forked, by the slots they had then.
struct ChildState {
  StateId state = 0;  ///< machine "child"
  std::array<FdState, kMaxFds> fds{};     ///< each by machine "child_fd"
  std::array<VmaState, kMaxVmas> vmas{};  ///< each by machine "child_vma"
  friend bool operator==(const ChildState&, const ChildState&) = default;
};

/// What a memfd held stays where it is when it is closed: a buffer may have its pages.
struct MemfdState {
  StateId state = 0;  ///< machine "memfd"
  std::uint8_t pages = 0;
  Seals seals = Seals::Shrink;
  std::array<std::uint64_t, kMaxPages> content{};
  friend bool operator==(const MemfdState&, const MemfdState&) = default;
};

/// One index of the video queue, and what its plane holds.
struct QueueSlotState {
  StateId state = 0;  ///< machine "queue_slot"
  StateId plane = 0;  ///< machine "plane"
  std::uint8_t buffer = kNone;
  VideoLength length = VideoLength::Whole;
  friend bool operator==(const QueueSlotState&, const QueueSlotState&) = default;
};

struct QueueState {
  StateId state = 0;  ///< machines "queue", "queue_call"
  std::uint8_t oldest = 0;  ///< of those queued; 0 if there is none
  std::array<QueueSlotState, kMaxIndices> slots{};
  friend bool operator==(const QueueState&, const QueueState&) = default;
};

struct World {
  std::array<BufferState, kMaxBuffers> buffers{};
  std::array<FdState, kMaxFds> fds{};
  std::array<ReferenceState, kMaxReferences> references{};
  std::array<AttachmentState, kMaxAttachments> attachments{};
  std::array<MappingState, kMaxMappings> mappings{};
  std::array<VmaState, kMaxVmas> vmas{};
  std::array<MessageState, kMaxMessages> messages{};
  std::array<FenceState, kMaxFences> fences{};
  std::array<SyncFileState, kMaxSyncFiles> sync_files{};
  std::array<ChildState, kMaxChildren> children{};
  std::array<VmapState, kMaxVmaps> vmaps{};
  std::array<MemfdState, kMaxMemfds> memfds{};
  QueueState queue{};
  std::array<StateId, kProcesses> fd_tables{};  ///< machine "fd_table", one a process
  friend bool operator==(const World&, const World&) = default;

  /// What a page of the buffer holds, wherever that is.
  std::uint64_t& page(std::uint8_t b, std::size_t page);
  std::uint64_t page(std::uint8_t b, std::size_t page) const;
  /// Nothing is known any more of what its pages hold.
  void forget(std::uint8_t b);
  /// True if the buffer has been exported and its file not yet released.
  bool live(BufferId b) const;
  /// Has any file a handle to it, or to the object that it is to be?
  bool named(BufferId b) const;
  bool pending(FenceId c) const;
  /// What the ledger says f_count must be (DBUF-INV-001): fds + references + vmas + messages in
  /// flight + the children's fds and vmas + the exporter's own + armed poll slots + planes of a video queue.
  unsigned ledger(BufferId b, const Profile& profile) const;
  /// The buffer an fd, reference, … stands for; kNone if the slot is empty.
  std::uint8_t buffer_of(FdId f) const { return f.value < kMaxFds ? fds[f.value].buffer : kNone; }
  /// Nothing is left: no live buffer, no open slot.
  bool empty() const;
};

/// What the contract says of an operation in a state.
enum class Allowance : std::uint8_t {
  Permitted,    ///< must succeed
  Refused,      ///< must fail, with one of these errnos
  Forbidden,    ///< the caller must not; nothing is promised
  Unspecified,  ///< the sources are silent
  Malformed,    ///< no program: the slot to be filled is in use, or the slot to be used is empty
};
std::string_view to_string(Allowance allowance);

/// One way in which an operation may come out.
struct Alternative {
  Allowance allowance = Allowance::Permitted;
  ErrnoSet errnos;                    ///< Refused: which
  std::uint64_t value = kUnknownTag;  ///< Permitted: what it must return; kUnknownTag if nothing is said
  const RowInfo* reason = nullptr;    ///< the row that decided
  World next;                         ///< after a refusal: what it was, but for what it cost by then
  std::array<RowId, 20> fired{};      ///< every row that took part, in order
  std::uint8_t fired_count = 0;
};

/// Every alternative, at least one. More than one where the profile leaves a choice open (Maybe).
using Alternatives = std::vector<Alternative>;
void alternatives(const World& world, const Profile& profile, const Operation& operation,
                  Alternatives& out);

/// The first alternative's allowance.
Allowance allowance(const World& world, const Profile& profile, const Operation& operation);

/// The rows that can fire at all under a profile, for programs of these kinds of operations: the exact
/// denominator of coverage. Rows whose guards contradict the profile are out, and so are those behind
/// states that only such rows lead to.
std::bitset<kMaxRows> reachable_rows(const Profile& profile, const std::bitset<kOperationKinds>& kinds);

/// Internal steps that have become possible (a released file whose `release` has not run).
/// Returns true if there was one; the world is then after it.
bool internal_step(World& world, const Profile& profile, Coverage* coverage = nullptr);
/// All of them: what a single-threaded caller sees when its system call has returned (DBUF-REL-009).
void settle(World& world, const Profile& profile, Coverage* coverage = nullptr);

/// What must be seen of this world. Aspects the world says nothing of are left unseen.
Observation expected_observation(const World& world, const Profile& profile);

/// The operations that take everything down again, in order (teardown is always reachable).
std::vector<Operation> teardown(const World& world, const Profile& profile);

}  // namespace dmabuf::model
