// SPDX-License-Identifier: MIT
/// The machines as numbers, and the flat tables they were extracted into.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dmabuf/model/table.hpp"
#include "effect.hpp"
#include "event.hpp"
#include "fact.hpp"

namespace dmabuf::model {

/// Same order as machines().
enum class MachineId : std::uint8_t {
  Buffer, Fd, Ioctl, Mmap, Reference, Attachment, AttachmentTable, Mapping, Storage, Relocation, CpuAccess, Vma, Message, Handle,
  Create, Fence, Reservation, PollSlot, FenceIoctl, SyncFileIoctl, SyncFile, Remap, Child, ChildFd, ChildVma,
  Vmapping, Vmap, Pinning, Failure, Prime, Memfd, Udmabuf, Queue, QueueCall, QueueSlot, Plane, FdTable,
};
inline constexpr std::size_t kMachines = 37;

/// What firing one event in one state under one set of facts came to.
struct Cell {
  RowId row = 0;
  StateId next = 0;
  RowKind kind = RowKind::Malformed;
};

/// One machine, flattened: cells[(state * events + event) << facts | packed facts].
struct FlatMachine {
  std::vector<Cell> cells;
  std::array<std::uint8_t, kEvents> event_index{};  ///< 0xff: not an event of this machine
  std::uint8_t events = 0;
  std::uint8_t fact_count = 0;
  std::array<Fact, 12> facts{};

  const Cell& cell(StateId state, EventId event, FactSet facts_now) const {
    unsigned packed = 0;
    for (unsigned i = 0; i < fact_count; ++i)
      packed |= static_cast<unsigned>((facts_now >> static_cast<unsigned>(facts[i])) & 1U) << i;
    const std::size_t index = event_index[static_cast<std::size_t>(event)];
    return cells[((state * std::size_t{events} + index) << fact_count) | packed];
  }
};

/// The effects of a row, few and in order.
struct EffectList {
  std::array<Effect, 3> list{};
  std::uint8_t size = 0;
};

struct Tables {
  std::array<FlatMachine, kMachines> flat;
  std::vector<MachineInfo> machines;
  std::vector<RowInfo> rows;
  std::vector<EffectList> effects;  ///< by RowId
};

/// Extracted once, when first asked for. Throws std::logic_error if a machine is ambiguous or has a
/// hole under some combination of facts: a model like that must not judge anybody.
const Tables& tables();

/// For tests: while it lives, this thread reads other tables. The explorer's negative controls seed a
/// copy of the tables with errors this way. Does not nest.
class ScopedTables {
 public:
  explicit ScopedTables(const Tables& other);
  ~ScopedTables();
  ScopedTables(const ScopedTables&) = delete;
  ScopedTables& operator=(const ScopedTables&) = delete;
};

/// State numbers, checked against the machines when the tables are extracted.
namespace state {
inline constexpr StateId kAbsent = 0, kLive = 1, kDying = 2, kReleased = 3;        // buffer
inline constexpr StateId kFdClosed = 0, kFdOpen = 1, kFdForeign = 2;               // fd
inline constexpr StateId kDetached = 0, kAttached = 1, kMapped = 2, kCached = 3;   // attachment, attachment_table
inline constexpr StateId kUnallocated = 0, kAnywhere = 1, kConfined = 2;           // storage, relocation
inline constexpr StateId kNoChild = 0, kForked = 1, kReplaced = 2;                 // child
inline constexpr StateId kEmpty = 0, kFilled = 1;  // reference, mapping, vma, message, vmapping, vmap, pinning, failure
inline constexpr StateId kNoHandle = 0, kShared = 1, kUnshared = 2;                // handle
inline constexpr StateId kRoomy = 0, kFull = 1;                                     // fd_table
inline constexpr StateId kMemfdClosed = 0, kMemfdOpen = 1, kMemfdForeign = 2, kMemfdGone = 3;
inline constexpr StateId kNoQueue = 0, kRequested = 1, kStreaming = 2;              // queue, queue_call
inline constexpr StateId kUnallotted = 0, kVacant = 1, kHolding = 2, kPrepared = 3, kQueued = 4;  // queue_slot
inline constexpr StateId kNoPlane = 0, kAcquired = 1, kPlaneMapped = 2;            // plane
inline constexpr StateId kNoFence = 0, kPending = 1, kSignalled = 2, kFailed = 3;  // fence
inline constexpr StateId kIdle = 0, kArmed = 1;                                    // poll_slot
inline constexpr StateId kSyncFileClosed = 0, kSyncFileOpen = 1, kSyncFileForeign = 2;
}  // namespace state

}  // namespace dmabuf::model
