// SPDX-License-Identifier: MIT
/// Fences, the reservation they join, what a poll leaves behind, and sync_files.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Fence : Machine<Fence> {
  static constexpr std::string_view name = "fence";
  DMABUF_STATE(None);
  DMABUF_STATE(Pending);
  DMABUF_STATE(Signalled);
  DMABUF_STATE(Failed);  ///< signalled, with an error
  using initial_state = None;
  using states = States<None, Pending, Signalled, Failed>;
  using events = Events<op::AddFence, op::SignalFence>;
  using facts_used = Facts<Fact::FenceHeld, Fact::Conflicts, Fact::SetsError, Fact::EarlierPending>;

  // The slot of a fence that is over may be used again once nothing tells of the old one.
  using IfFree = IfNot<Fact::FenceHeld>;
  using IfWelcome = IfNot<Fact::Conflicts>;
  using IfInOrder = IfNot<Fact::EarlierPending>;
  using Over = Errnos<EINVAL, ENOENT>;  // dma_fence_signal says the one, vgem, which forgets its ids, the other

  using transition_table = Table<
    //       because     in         on               goes to | errno  doing   only
    Rule<    "FEN-003",  None,      op::AddFence,    Pending,         Do<>,   IfWelcome                                >,
    Rule<    "FEN-003",  Signalled, op::AddFence,    Pending,         Do<>,   All<IfFree, IfWelcome>                   >,
    Rule<    "FEN-003",  Failed,    op::AddFence,    Pending,         Do<>,   All<IfFree, IfWelcome>                   >,
    Refused< "VGM-006",  None,      op::AddFence,    Errnos<EBUSY>,           If<Fact::Conflicts>                      >,
    Refused< "VGM-006",  Signalled, op::AddFence,    Errnos<EBUSY>,           All<IfFree, If<Fact::Conflicts>>         >,
    Refused< "VGM-006",  Failed,    op::AddFence,    Errnos<EBUSY>,           All<IfFree, If<Fact::Conflicts>>         >,
    Rule<    "FEN-008",  Pending,   op::SignalFence, Signalled,       Do<>,   All<IfInOrder, IfNot<Fact::SetsError>>   >,
    Rule<    "POL-008",  Pending,   op::SignalFence, Failed,          Do<>,   All<IfInOrder, If<Fact::SetsError>>      >,
    Refused< "FEN-008",  Signalled, op::SignalFence, Over                                                              >,
    Refused< "FEN-008",  Failed,    op::SignalFence, Over                                                              >
  >;
  using outside = Table<
    Malformed<             Pending,   op::AddFence                              >,
    Malformed<             Signalled, op::AddFence,    If<Fact::FenceHeld>      >,
    Malformed<             Failed,    op::AddFence,    If<Fact::FenceHeld>      >,
    Malformed<             None,      op::SignalFence                           >,
    Forbidden< "FEN-011",  Pending,   op::SignalFence, If<Fact::EarlierPending> >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// `struct dma_resv`: what it answers. Its entries are the world's; it remembers nothing else.
struct Reservation : Machine<Reservation> {
  static constexpr std::string_view name = "reservation";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<event::Enter, event::Query, event::Await, event::AwaitKernel, op::Poll, op::ExportSyncFile,
                        op::ImportSyncFile>;
  using facts_used = Facts<Fact::EntrySignalled, Fact::EntrySuperseded, Fact::FencePending, Fact::SeveralPending,
                           Fact::ForWriting>;

  using IfPending = If<Fact::FencePending>;
  using IfClear = IfNot<Fact::FencePending>;
  using IfWriting = If<Fact::ForWriting>;
  using IfReading = IfNot<Fact::ForWriting>;
  using IfFirst = IfNot<Fact::EntrySignalled>;

  using transition_table = Table<
    //       because     in     on                  goes to  doing  only
    Rule<    "FEN-004",  Ready, event::Enter,       Ready,   Do<>,  If<Fact::EntrySignalled>                     >,
    Rule<    "FEN-005",  Ready, event::Enter,       Ready,   Do<>,  All<IfFirst, If<Fact::EntrySuperseded>>      >,
    Rule<    "SFI-005",  Ready, event::Enter,       Ready,   Do<>,  All<IfFirst, IfNot<Fact::EntrySuperseded>>   >,
    Rule<    "POL-001",  Ready, event::Query,       Ready,   Do<>,  IfClear                                      >,
    Rule<    "POL-002",  Ready, event::Query,       Ready,   Do<>,  All<IfPending, IfReading>                    >,
    Rule<    "POL-003",  Ready, event::Query,       Ready,   Do<>,  All<IfPending, IfWriting>                    >,
    Rule<    "POL-004",  Ready, op::Poll,           Ready                                                        >,
    Rule<    "SFE-005",  Ready, op::ExportSyncFile, Ready,   Do<>,  IfClear                                      >,
    Rule<    "SFE-003",  Ready, op::ExportSyncFile, Ready,   Do<>,  All<IfPending, IfNot<Fact::SeveralPending>>  >,
    Rule<    "SFE-006",  Ready, op::ExportSyncFile, Ready,   Do<>,  All<IfPending, If<Fact::SeveralPending>>     >,
    Rule<    "SFI-002",  Ready, op::ImportSyncFile, Ready,   Do<>,  All<IfPending, IfReading>                    >,
    Rule<    "SFI-002",  Ready, op::ImportSyncFile, Ready,   Do<>,  All<IfPending, IfWriting>                    >,
    Rule<    "SFI-004",  Ready, op::ImportSyncFile, Ready,   Do<>,  IfClear                                      >,
    Rule<    "SYN-005",  Ready, event::Await,       Ready,   Do<>,  IfClear                                      >,
    Rule<    "MAP-015",  Ready, event::AwaitKernel, Ready,   Do<>,  IfClear                                      >
  >;
  using outside = Table<
    // They would wait for a fence that only the waiter could signal: no program of one thread does it.
    Forbidden< "CPU-003",  Ready, event::Await,       IfPending >,
    Forbidden< "MAP-015",  Ready, event::AwaitKernel, IfPending >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// `struct dma_buf_poll_cb_t`: each buffer has two, one for IN and one for OUT.
struct PollSlot : Machine<PollSlot> {
  static constexpr std::string_view name = "poll_slot";
  DMABUF_STATE(Idle);
  DMABUF_STATE(Armed);
  using initial_state = Idle;
  using states = States<Idle, Armed>;
  using events = Events<op::Poll, event::Signalled>;
  using facts_used = Facts<Fact::FencePending, Fact::PollHoldsFile>;

  using IfPending = If<Fact::FencePending>;
  using IfHolds = If<Fact::PollHoldsFile>;

  using transition_table = Table<
    //    because     in     on                goes to  doing                      only
    Rule< "POL-001",  Idle,  op::Poll,         Idle,    Do<>,                      IfNot<Fact::FencePending>                      >,
    Rule< "POL-006",  Idle,  op::Poll,         Armed,   Do<Effect::TakeReference>, All<IfPending, IfHolds>                        >,
    Rule< "POL-005",  Idle,  op::Poll,         Armed,   Do<>,                      All<IfPending, IfNot<Fact::PollHoldsFile>>     >,
    Rule< "POL-005",  Armed, op::Poll,         Armed                                                                              >,
    Rule< "POL-007",  Armed, event::Signalled, Idle,    Do<Effect::DropReference>, IfHolds                                        >,
    Rule< "POL-005",  Armed, event::Signalled, Idle,    Do<>,                      IfNot<Fact::PollHoldsFile>                     >
  >;
  using outside = Table<
    Malformed< Idle, event::Signalled >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// Argument checks of a dma-buf's ioctls on fences, in the kernel's order.
struct FenceIoctl : Machine<FenceIoctl> {
  static constexpr std::string_view name = "fence_ioctl";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<op::ExportSyncFile, op::ImportSyncFile, event::CopyOut>;
  using facts_used = Facts<Fact::HasSyncFile, Fact::ArgumentUnmapped, Fact::ArgumentReadOnly, Fact::UnknownFlags,
                           Fact::NoDirection>;

  using IfThere = If<Fact::HasSyncFile>;
  using IfRead = All<IfThere, IfNot<Fact::ArgumentUnmapped>>;
  using IfUnread = All<IfThere, If<Fact::ArgumentUnmapped>>;
  using IfKnown = All<IfRead, IfNot<Fact::UnknownFlags>>;
  using IfValid = All<IfKnown, IfNot<Fact::NoDirection>>;
  using IfWritable = IfNot<Fact::ArgumentReadOnly>;
  using Absent = Errnos<ENOTTY>;
  using Bad = Errnos<EFAULT>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in     on                  goes to | errno  doing  only
    Refused< "IOC-004",  Ready, op::ExportSyncFile, Absent,                 IfNot<Fact::HasSyncFile>                        >,
    Refused< "SFE-001",  Ready, op::ExportSyncFile, Bad,                    IfUnread                                        >,
    Refused< "SFE-001",  Ready, op::ExportSyncFile, Invalid,                All<IfRead, If<Fact::UnknownFlags>>             >,
    Refused< "SFE-001",  Ready, op::ExportSyncFile, Invalid,                All<IfKnown, If<Fact::NoDirection>>             >,
    Rule<    "SFE-007",  Ready, op::ExportSyncFile, Ready,           Do<>,  IfValid                                         >,
    Refused< "SFE-001",  Ready, event::CopyOut,     Bad,                    If<Fact::ArgumentReadOnly>                      >,
    Rule<    "SFE-007",  Ready, event::CopyOut,     Ready,           Do<>,  IfWritable                                      >,
    Refused< "IOC-004",  Ready, op::ImportSyncFile, Absent,                 IfNot<Fact::HasSyncFile>                        >,
    Refused< "SFI-001",  Ready, op::ImportSyncFile, Bad,                    IfUnread                                        >,
    Refused< "SFI-001",  Ready, op::ImportSyncFile, Invalid,                All<IfRead, If<Fact::UnknownFlags>>             >,
    Refused< "SFI-001",  Ready, op::ImportSyncFile, Invalid,                All<IfKnown, If<Fact::NoDirection>>             >,
    Rule<    "SFI-007",  Ready, op::ImportSyncFile, Ready,           Do<>,  IfValid                                         >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

/// The same of a sync_file's own.
struct SyncFileIoctl : Machine<SyncFileIoctl> {
  static constexpr std::string_view name = "sync_file_ioctl";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<op::MergeSyncFiles, op::FileInfo, event::CopyOut>;
  using facts_used = Facts<Fact::ArgumentUnmapped, Fact::ArgumentReadOnly, Fact::FieldsSet, Fact::TooFewRecords,
                           Fact::RecordsUnmapped>;

  using IfWritable = IfNot<Fact::ArgumentReadOnly>;
  using IfPlain = All<IfNot<Fact::ArgumentUnmapped>, IfNot<Fact::FieldsSet>>;
  using IfRoom = All<IfPlain, IfNot<Fact::TooFewRecords>>;
  using Bad = Errnos<EFAULT>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in     on                  goes to | errno  doing  only
    Refused< "SYF-006",  Ready, op::MergeSyncFiles, Bad,                    If<Fact::ArgumentUnmapped>                      >,
    Refused< "SYF-006",  Ready, op::MergeSyncFiles, Invalid,                All<IfNot<Fact::ArgumentUnmapped>, If<Fact::FieldsSet>> >,
    Rule<    "SYF-006",  Ready, op::MergeSyncFiles, Ready,           Do<>,  IfPlain                                         >,
    Refused< "SYF-002",  Ready, op::FileInfo,       Bad,                    If<Fact::ArgumentUnmapped>                      >,
    Refused< "SYF-002",  Ready, op::FileInfo,       Invalid,                All<IfNot<Fact::ArgumentUnmapped>, If<Fact::FieldsSet>> >,
    Refused< "SYF-002",  Ready, op::FileInfo,       Invalid,                All<IfPlain, If<Fact::TooFewRecords>>           >,
    Refused< "SYF-002",  Ready, op::FileInfo,       Bad,                    All<IfRoom, If<Fact::RecordsUnmapped>>          >,
    Refused< "SYF-002",  Ready, op::FileInfo,       Bad,                    All<IfRoom, IfNot<Fact::RecordsUnmapped>, If<Fact::ArgumentReadOnly>> >,
    Rule<    "SYF-003",  Ready, op::FileInfo,       Ready,           Do<>,  All<IfRoom, IfNot<Fact::RecordsUnmapped>, IfWritable>  >,
    Refused< "SYF-006",  Ready, event::CopyOut,     Bad,                    If<Fact::ArgumentReadOnly>                      >,
    Rule<    "SYF-007",  Ready, event::CopyOut,     Ready,           Do<>,  IfWritable                                      >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

/// An fd that is a sync_file. The same number may be asked for as the call's own file, as what is
/// imported, or as the second of a merge; each has its own errno for one that is not there.
struct SyncFile : Machine<SyncFile> {
  static constexpr std::string_view name = "sync_file";
  DMABUF_STATE(Closed);
  DMABUF_STATE(Open);
  DMABUF_STATE(Foreign);  ///< open, but no sync_file
  using initial_state = Closed;
  using states = States<Closed, Open, Foreign>;
  using events = Events<event::Place, op::MergeSyncFiles, event::Second, op::ImportSyncFile, op::FileInfo,
                        op::PollSyncFile, op::CloseSyncFile>;
  using facts_used = Facts<>;

  using Bad = Errnos<EBADF>;
  using transition_table = Table<
    //       because     in       on                  goes to | errno
    Rule<    "SFE-002",  Closed,  event::Place,       Open             >,
    Rule<    "SYF-006",  Open,    op::MergeSyncFiles, Open             >,
    Rule<    "SYF-006",  Open,    event::Second,      Open             >,
    Rule<    "SFI-006",  Open,    op::ImportSyncFile, Open             >,
    Rule<    "SYF-003",  Open,    op::FileInfo,       Open             >,
    Rule<    "SYF-001",  Open,    op::PollSyncFile,   Open             >,
    Rule<    "SFI-006",  Open,    op::CloseSyncFile,  Closed           >,
    Refused< "VFS-001",  Closed,  op::MergeSyncFiles, Bad              >,
    Refused< "SYF-006",  Closed,  event::Second,      Errnos<ENOENT>   >,
    Refused< "SYF-006",  Foreign, event::Second,      Errnos<ENOENT>   >,
    Refused< "SFI-001",  Closed,  op::ImportSyncFile, Errnos<EINVAL>   >,
    Refused< "SFI-001",  Foreign, op::ImportSyncFile, Errnos<EINVAL>   >,
    Refused< "VFS-001",  Closed,  op::FileInfo,       Bad              >,
    Refused< "VFS-001",  Closed,  op::PollSyncFile,   Bad              >,
    Refused< "VFS-001",  Closed,  op::CloseSyncFile,  Bad              >
  >;
  using outside = Table<
    Malformed<               Open,    event::Place       >,
    Malformed<               Foreign, event::Place       >,
    Unspecified< "VFS-002",  Foreign, op::MergeSyncFiles >,
    Unspecified< "VFS-002",  Foreign, op::FileInfo       >,
    Unspecified< "VFS-002",  Foreign, op::PollSyncFile   >,
    Unspecified< "VFS-002",  Foreign, op::CloseSyncFile  >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
