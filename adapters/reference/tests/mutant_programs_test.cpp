// SPDX-License-Identifier: MIT
/// Every mutant is told from the unbroken reference by a short program written by hand, and not
/// before its last operation.
#include <algorithm>
#include <map>
#include <ostream>

#include "dmabuf/reference/adapter.hpp"
#include "shorthand.hpp"

namespace dmabuf::reference {

/// For GoogleTest, which would print the bytes.
static void PrintTo(const MutantInfo& info, std::ostream* out) { *out << info.name; }

namespace {

using namespace shorthand;

/// Program by mutant. `export b0 r0`, … : the exporter is the one the mutant names.
const std::map<Mutant, Program>& programs() {
  constexpr auto kRead = Protection::Read;
  constexpr auto kOdd = CreationFlags::Unknown;
  constexpr auto kUnmapped = Argument::Unmapped;
  using model::Events;
  using model::FenceFlags;
  using model::Usage;
  constexpr auto kUsageRead = Usage::Read;
  constexpr auto kUsageWrite = Usage::Write;
  constexpr auto kTimeline = model::Timeline::First;
  const Program refused_attach = {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0),
                                  attach(0, kLax, 1)};
  const Program strict_map_while_mapped = {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0),
                                           attach(0, kStrict, 1), map(1, 1)};
  const Program move = {export_buffer(0, 0),   attach(0, kLax, 0), map(0, 0), unmap(0),
                        attach(0, kStrict, 1), map(1, 0)};
  static const std::map<Mutant, Program> all = {
      {Mutant::ExportCountsTwice, {export_buffer(0, 0)}},
      {Mutant::ExportIgnoresAccess, {export_buffer(0, 0, 1, Access::ReadOnly)}},
      {Mutant::SizeOnePageMore, {export_buffer(0, 0)}},
      {Mutant::SizeOnePageLess, {export_buffer(0, 0)}},
      {Mutant::StorageNotZeroed,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_read(0)}},
      {Mutant::CreateLosesCloexec, {create(0, 0, 1, Access::ReadWrite, kCloexec)}},
      {Mutant::CreateIgnoresFlags, {create(0, 0, 1, Access::ReadWrite, CloseOnExec::No, kOdd)}},
      {Mutant::CreateRefusesUnknownFlags, {create(0, 0, 1, Access::ReadWrite, CloseOnExec::No, kOdd)}},
      {Mutant::RefusedCreateWrongErrno, {create(0, 0, 0)}},
      {Mutant::RefusedCreateLeaks, {create(0, 0, 0)}},
      {Mutant::HandleHoldsOneReference, {create(0, 0)}},
      {Mutant::HandleCloseDropsOneTooFew, {create(0, 0), close_handle(0)}},
      {Mutant::HandleCloseDropsOneTooMany, {create(0, 0), close_handle(0)}},
      {Mutant::HandleClosesTwice, {create(0, 0), close_handle(0), close_handle(0)}},

      {Mutant::InstallTakesReference, {export_buffer(0, 0), install(0, 0)}},
      {Mutant::InstallLosesCloexec, {export_buffer(0, 0), install(0, 0, kCloexec)}},
      {Mutant::InstallSetsCloexec, {export_buffer(0, 0), install(0, 0)}},
      {Mutant::InstallTakesHighestFd, {export_buffer(0, 0), install(0, 0)}},
      {Mutant::DupNotCounted, {create(0, 0), dup_fd(0, 1)}},
      {Mutant::DupCountsTwice, {create(0, 0), dup_fd(0, 1)}},
      {Mutant::DupLosesCloexec, {create(0, 0), dup_fd(0, 1, kCloexec)}},
      {Mutant::DupInheritsCloexec, {create(0, 0, 1, Access::ReadWrite, kCloexec), dup_fd(0, 1)}},
      {Mutant::DupLandsInOtherProcess, {create(0, 0), dup_fd(0, 1)}},
      {Mutant::CloseKeepsReference, {create(0, 0), close_fd(0)}},
      {Mutant::CloseClosesPeer, {create(0, 0), send_fd(0, 0), receive(0, 1), close_fd(0)}},

      {Mutant::SendNotCounted, {create(0, 0), send_fd(0, 0)}},
      {Mutant::ReceiveCountsTwice, {create(0, 0), send_fd(0, 0), receive(0, 1)}},
      {Mutant::ReceiveLosesCloexec, {create(0, 0), send_fd(0, 0), receive(0, 1, kCloexec)}},
      {Mutant::ReceiveSetsCloexec, {create(0, 0), send_fd(0, 0), receive(0, 1)}},
      {Mutant::ReceiveLandsAtSender, {create(0, 0), send_fd(0, 0), receive(0, 1)}},
      {Mutant::DiscardLeaks, {create(0, 0), send_fd(0, 0), discard(0)}},

      {Mutant::GetBadFdWrongErrno, {get(kBad, 0)}},
      {Mutant::GetForeignWrongErrno, {get(kForeign, 0)}},
      {Mutant::GetForeignSucceeds, {get(kForeign, 0)}},
      {Mutant::GetForeignLeaks, {get(kForeign, 0)}},
      {Mutant::GetNotCounted, {create(0, 0), get(0, 0)}},
      {Mutant::GetCountsTwice, {create(0, 0), get(0, 0)}},
      {Mutant::PutDropsNothing, {create(0, 0), get(0, 0), put(0)}},
      {Mutant::PutDropsTwice, {create(0, 0), get(0, 0), put(0)}},
      {Mutant::PutWhileAttached, {export_buffer(0, 0), attach(0, kLax, 0), put(0)}},
      {Mutant::ReleaseNeverRuns, {create(0, 0), close_fd(0)}},
      {Mutant::ReleaseRunsTwice, {create(0, 0), close_fd(0)}},
      {Mutant::ReleaseAtLastFd, {create(0, 0), get(0, 0), close_fd(0)}},
      {Mutant::ReleasedStaysListed, {create(0, 0), close_fd(0)}},

      {Mutant::AttachCountsReference, {export_buffer(0, 0), attach(0, kLax, 0)}},
      {Mutant::AttachCallsTwice, {export_buffer(0, 0), attach(0, kLax, 0)}},
      {Mutant::AttachOncePerDevice, {export_buffer(0, 0), attach(0, kLax, 0), attach(0, kLax, 1)}},
      {Mutant::RefusedAttachStaysListed, refused_attach},
      {Mutant::RefusedAttachCallsTwice, refused_attach},
      {Mutant::RefusedAttachCallsDetach, refused_attach},
      {Mutant::RefusedAttachPuts, refused_attach},
      {Mutant::RefusedAttachLeaks, refused_attach},
      {Mutant::RefusedAttachWrongErrno, refused_attach},
      {Mutant::AttachAfterMapAccepted, refused_attach},
      {Mutant::DetachCallbackSkipped, {export_buffer(0, 0), attach(0, kLax, 0), detach(0)}},
      {Mutant::DetachStaysListed, {export_buffer(0, 0), attach(0, kLax, 0), detach(0)}},
      {Mutant::DetachPuts, {export_buffer(0, 0), attach(0, kLax, 0), detach(0)}},
      {Mutant::DetachForgetsCachedMapping,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), unmap(0), detach(0)}},
      {Mutant::DetachWhileMapped, {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), detach(0)}},

      {Mutant::MapCountsReference, {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0)}},
      {Mutant::MapCallsTwice, {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0)}},
      {Mutant::MapWrongDirection,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0, Direction::ToDevice)}},
      {Mutant::UnmapCallbackSkipped,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), unmap(0)}},
      {Mutant::UnmapWrongDirection,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0, Direction::FromDevice), unmap(0)}},
      {Mutant::CacheIgnoresDirection,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0, Direction::ToDevice),
        map(0, 1, Direction::FromDevice)}},
      {Mutant::CacheNeverHits, {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), map(0, 1)}},
      {Mutant::CacheUnmapsAtOnce, {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), unmap(0)}},
      {Mutant::CacheRefusesBidirectional,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), map(0, 1, Direction::ToDevice)}},
      {Mutant::MapWrongErrno, strict_map_while_mapped},
      {Mutant::SgTableLacksLastPage,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_read(0)}},
      {Mutant::RemapTakesNewStorage,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_write(0, 7), map(0, 1),
        device_read(1)}},
      {Mutant::DeviceWriteLost,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_write(0, 7), device_read(0)}},

      {Mutant::MigrationLosesContents,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_write(0, 7), unmap(0),
        attach(0, kStrict, 1), map(1, 0), device_read(0)}},
      {Mutant::MigrationLosesLastPage,
       {export_buffer(0, 0, 2), attach(0, kLax, 0), map(0, 0), device_write(0, 7, 1), unmap(0),
        attach(0, kStrict, 1), map(1, 0), device_read(0, 1)}},
      {Mutant::MigrationInSpiteOfMappings, strict_map_while_mapped},
      {Mutant::MigrationHandsOutOldPages,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), unmap(0), attach(0, kStrict, 1),
        map(1, 0), map(0, 1), device_read(1)}},
      {Mutant::MigrationLeavesVmaBehind,
       {export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1), load(0), get(0, 0),
        attach(0, kStrict, 0), map(0, 0), load(0)}},
      {Mutant::MigrationLeaksReference, move},
      {Mutant::MigrationForgetsUnmap, move},

      {Mutant::BeginCallbackSkipped, {export_buffer(0, 0), begin(0)}},
      {Mutant::EndCallbackSkipped, {export_buffer(0, 0), end(0)}},
      {Mutant::BeginWrongDirection,
       {export_buffer(0, 0), attach(0, kLax, 0), map(0, 0), device_write(0, 7), begin(0),
        device_read(0)}},
      {Mutant::SyncSwapsStartAndEnd, {create(0, 0), sync_fd(0, SyncFlags::StartRead)}},
      {Mutant::SyncSwapsDirections, {create(0, 0), sync_fd(0, SyncFlags::StartRead)}},
      {Mutant::SyncRefusesBoth, {create(0, 0), sync_fd(0, SyncFlags::StartBoth)}},
      {Mutant::SyncChecksAccess,
       {create(0, 0, 1, Access::ReadOnly), sync_fd(0, SyncFlags::StartWrite)}},
      {Mutant::NestedBeginRefused,
       {create(0, 0), sync_fd(0, SyncFlags::StartRead), sync_fd(0, SyncFlags::StartRead)}},
      {Mutant::UnbalancedEndRefused, {export_buffer(0, 0), end(0)}},
      {Mutant::EndAcceptedFirst, {create(0, 0), sync_fd(0, SyncFlags::EndRead)}},
      {Mutant::EndForgetsBegin,
       {create(0, 0), sync_fd(0, SyncFlags::StartRead), sync_fd(0, SyncFlags::EndRead),
        sync_fd(0, SyncFlags::EndRead)}},
      {Mutant::SyncBadPointerWrongErrno,
       {create(0, 0), sync_fd(0, SyncFlags::StartRead, kUnmapped)}},
      {Mutant::SyncAcceptsUnknownBit, {create(0, 0), sync_fd(0, SyncFlags::UnknownBit)}},
      {Mutant::SyncAcceptsHighBits, {create(0, 0), sync_fd(0, SyncFlags::UnknownHighBit)}},
      {Mutant::SyncAcceptsNoDirection, {create(0, 0), sync_fd(0, SyncFlags::NoDirection)}},

      {Mutant::MmapNotCounted, {create(0, 0), mmap_fd(0, 0, 0, 1)}},
      {Mutant::MunmapLeaks, {create(0, 0), mmap_fd(0, 0, 0, 1), munmap_vma(0)}},
      {Mutant::MmapOffsetIgnored,
       {create(0, 0, 2), mmap_fd(0, 0, 1, 1), store(0, 7), mmap_fd(0, 1, 0, 1), load(1)}},
      {Mutant::MmapPastEnd, {create(0, 0), mmap_fd(0, 0, 0, 2)}},
      {Mutant::MmapOffsetUnchecked, {create(0, 0), mmap_fd(0, 0, 1, 1)}},
      {Mutant::MmapPrivateAccepted, {create(0, 0), mmap_fd(0, 0, 0, 1, kRead, Sharing::Private)}},
      {Mutant::MmapReadOnlyWritable, {create(0, 0, 1, Access::ReadOnly), mmap_fd(0, 0, 0, 1)}},
      {Mutant::MmapWriteOnlyReadable,
       {export_buffer(0, 0, 1, Access::WriteOnly), install(0, 0), mmap_fd(0, 0, 0, 1, kRead)}},
      {Mutant::FailedMmapLeaks, {create(0, 0), mmap_fd(0, 0, 0, 2)}},
      {Mutant::FailedMmapPutsTwice, {create(0, 0), mmap_fd(0, 0, 0, 2)}},
      {Mutant::MmapWithoutOpWrongErrno, {export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1)}},
      {Mutant::MmapWithoutOpAccepted, {export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1)}},
      {Mutant::StoreLost, {create(0, 0), mmap_fd(0, 0, 0, 1), store(0, 7), load(0)}},

      {Mutant::FailedNameClears,
       {create(0, 0), set_name(0, NameId::Short), set_name(0, NameId::Other, kUnmapped)}},
      {Mutant::TooLongNameReplaces, {create(0, 0), set_name(0, NameId::TooLong)}},
      {Mutant::LongestNameRefused, {create(0, 0), set_name(0, NameId::Longest)}},
      {Mutant::TooLongNameTruncated, {create(0, 0), set_name(0, NameId::TooLong)}},
      {Mutant::NameCutAtSpace, {create(0, 0), set_name(0, NameId::Spaced)}},
      {Mutant::NameAliased,
       {create(0, 0), set_name(0, NameId::Short), set_name(0, NameId::TooLong)}},
      {Mutant::NameBadPointerWrongErrno, {create(0, 0), set_name(0, NameId::Short, kUnmapped)}},
      {Mutant::EmptyNameIgnored,
       {create(0, 0), set_name(0, NameId::Short), set_name(0, NameId::Empty)}},
      {Mutant::NameRefusedWhileAttached,
       {export_buffer(0, 0), install(0, 0), get(0, 0), attach(0, kLax, 0),
        set_name(0, NameId::Short)}},

      {Mutant::SeekEndInPages, {create(0, 0), seek(0, Whence::End)}},
      {Mutant::SeekAcceptsOffset, {create(0, 0), seek(0, Whence::End, -1)}},
      {Mutant::SeekMovesPosition, {create(0, 0), seek(0, Whence::Cur)}},
      {Mutant::SeekDataAccepted, {create(0, 0), seek(0, Whence::Data)}},

      {Mutant::PollInWaitsForReaders, {create(0, 0), add_fence(0, 0, kUsageRead), poll_fd(0, Events::In)}},
      {Mutant::PollOutIgnoresReaders, {create(0, 0), add_fence(0, 0, kUsageRead), poll_fd(0, Events::Out)}},
      {Mutant::PollCountsBookkeeping, {create(0, 0), add_fence(0, 0, Usage::Bookkeep), poll_fd(0, Events::Out)}},
      {Mutant::PollTakesNoReference, {create(0, 0), add_fence(0, 0, kUsageWrite), poll_fd(0, Events::In)}},
      {Mutant::PollLeaksReference,
       {create(0, 0), add_fence(0, 0, kUsageWrite), poll_fd(0, Events::In), signal_fence(0)}},
      {Mutant::ReleaseWhileArmed,
       {create(0, 0), add_fence(0, 0, kUsageWrite), poll_fd(0, Events::In), close_fd(0)}},
      {Mutant::PollBusySlotReady,
       {create(0, 0), add_fence(0, 0, kUsageWrite), poll_fd(0, Events::In), poll_fd(0, Events::In)}},
      {Mutant::PollFailedPending,
       {create(0, 0), add_fence(0, 0, kUsageWrite), signal_fence(0, model::FenceResult::Error),
        poll_fd(0, Events::In)}},
      {Mutant::ReadReplacesWrite,
       {create(0, 0), add_fence(0, 0, kUsageWrite, kTimeline), add_fence(0, 1, kUsageRead, kTimeline),
        poll_fd(0, Events::In)}},
      {Mutant::WriteNeverReplaces,
       {create(0, 0), add_fence(0, 0, kUsageWrite, kTimeline), add_fence(0, 1, kUsageWrite, kTimeline),
        export_sync_file(0, 0, FenceFlags::Write), file_info(0)}},
      {Mutant::ExportIgnoresReaders,
       {create(0, 0), add_fence(0, 0, kUsageRead), export_sync_file(0, 0, FenceFlags::Write),
        poll_sync_file(0, Events::In)}},
      {Mutant::ExportFollowsBuffer,
       {create(0, 0), export_sync_file(0, 0, FenceFlags::Read), add_fence(0, 0, kUsageWrite),
        poll_sync_file(0, Events::In)}},
      {Mutant::ExportFlagsUnchecked, {create(0, 0), export_sync_file(0, 0, FenceFlags::Unknown)}},
      {Mutant::ExportFaultLeaksFd,
       {create(0, 0), export_sync_file(0, 0, FenceFlags::Read, model::OutArgument::ReadOnly)}},
      {Mutant::SyncFileWithoutCloexec, {create(0, 0), export_sync_file(0, 0, FenceFlags::Read)}},
      {Mutant::ImportWriteAsRead,
       {create(0, 0), add_fence(0, 0, kUsageRead), export_sync_file(0, 0, FenceFlags::Write),
        import_sync_file(0, 0, FenceFlags::Write), poll_fd(0, Events::In)}},
      {Mutant::ImportIgnoresContainers,
       {create(0, 0), add_fence(0, 0, kUsageRead), add_fence(0, 1, kUsageRead),
        export_sync_file(0, 0, FenceFlags::Write), import_sync_file(0, 0, FenceFlags::Write),
        poll_fd(0, Events::In)}},
      {Mutant::ImportFlagsUnchecked,
       {create(0, 0), export_sync_file(0, 0, FenceFlags::Read), import_sync_file(0, 0, FenceFlags::None)}},
      {Mutant::ImportBadFdWrongErrno, {create(0, 0), import_sync_file(0, kBad, FenceFlags::Read)}},
      {Mutant::MergeDropsContext,
       {create(0, 0), add_fence(0, 0, kUsageRead), add_fence(0, 1, kUsageRead),
        export_sync_file(0, 0, FenceFlags::Write), merge(0, 0, 1), file_info(1)}},
      {Mutant::MergeKeepsSignalled,
       {create(0, 0), add_fence(0, 0, kUsageRead), add_fence(0, 1, kUsageRead),
        export_sync_file(0, 0, FenceFlags::Write), signal_fence(0), merge(0, 0, 1), file_info(1)}},
      {Mutant::MergeBadFdWrongErrno,
       {create(0, 0), export_sync_file(0, 0, FenceFlags::Read), merge(0, kBad, 1)}},
      {Mutant::SignalledStaysPending,
       {create(0, 0), add_fence(0, 0, kUsageWrite), export_sync_file(0, 0, FenceFlags::Read), signal_fence(0),
        file_info(0)}},
      {Mutant::SyncFilePollsOut,
       {create(0, 0), export_sync_file(0, 0, FenceFlags::Read), poll_sync_file(0, Events::Out)}},
      {Mutant::MprotectIgnoresReadOnly,
       {export_buffer(0, 0, 1, Access::ReadOnly), install(0, 0), mmap_fd(0, 0, 0, 1, kRead),
        protect(0, Protection::ReadWrite)}},
      {Mutant::MprotectKeepsWrite,
       {create(0, 0), mmap_fd(0, 0, 0, 1), protect(0, kRead), store(0, 7)}},
      {Mutant::StoreIgnoresProtection,
       {export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1, kRead), store(0, 7)}},
      {Mutant::RefusedStoreLands,
       {create(0, 0), mmap_fd(0, 0, 0, 1, kRead), store(0, 7), load(0)}},
      {Mutant::SplitForgetsReference,
       {export_buffer(0, 0, 3), install(0, 0), mmap_fd(0, 0, 0, 3), munmap_page(0, 1, 1)}},
      {Mutant::SplitDropsReference,
       {create(0, 0, 3), mmap_fd(0, 0, 0, 3), munmap_page(0, 1, 1)}},
      {Mutant::SplitStartsAnew,
       {export_buffer(0, 0, 3), install(0, 0), mmap_fd(0, 0, 0, 3), store(0, 7, 2),
        munmap_page(0, 1, 1), load(1)}},
      {Mutant::EdgeUnmapDropsReference,
       {create(0, 0, 2), mmap_fd(0, 0, 0, 2), munmap_page(0, 1, 1)}},
      {Mutant::EdgeUnmapKeepsOffset,
       {create(0, 0, 2), mmap_fd(0, 0, 0, 2), store(0, 7, 1), munmap_page(0, 1, 0), load(0)}},
      {Mutant::MremapZeroAccepted, {create(0, 0), mmap_fd(0, 0, 0, 1), mremap_vma(0, 0)}},
      {Mutant::ShrinkDropsReference,
       {export_buffer(0, 0, 2), install(0, 0), mmap_fd(0, 0, 0, 2), mremap_vma(0, 1)}},
      {Mutant::GrowthAccepted,
       {export_buffer(0, 0, 2), install(0, 0), mmap_fd(0, 0, 0, 1), mremap_vma(0, 2)}},
      {Mutant::MoveLosesOffset,
       {create(0, 0, 2), mmap_fd(0, 0, 1, 1), store(0, 7), move_vma(0), load(0)}},
      {Mutant::MoveLeaks,
       {export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1), move_vma(0)}},

      {Mutant::ForkForgetsFds, {create(0, 0), fork_child()}},
      {Mutant::ForkForgetsMappings,
       {export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1), fork_child()}},
      {Mutant::ForkCopiesMemory,
       {create(0, 0), mmap_fd(0, 0, 0, 1), fork_child(), store(0, 7), child_load(0)}},
      {Mutant::ExecKeepsCloseOnExec,
       {create(0, 0, 1, Access::ReadWrite, kCloexec), fork_child(), exec_child()}},
      {Mutant::ExecClosesAll, {create(0, 0), fork_child(), exec_child()}},
      {Mutant::ExecKeepsMappings,
       {create(0, 0), mmap_fd(0, 0, 0, 1), fork_child(), exec_child()}},
      {Mutant::ExitLeaksMappings,
       {export_buffer(0, 0), install(0, 0), mmap_fd(0, 0, 0, 1), fork_child(), exit_child()}},
      {Mutant::ExitLeaksFds, {create(0, 0), fork_child(), exit_child()}},
      {Mutant::KillLeaksFds,
       {export_buffer(0, 0), install(0, 0), fork_child(), exit_child(model::Ending::Killed)}},
      {Mutant::VmapMissingWrongErrno, {export_buffer(0, 0), vmap(0, 0)}},
      {Mutant::VmapCountsReference, {export_buffer(0, 0), vmap(0, 0)}},
      {Mutant::NestedVmapCallsExporter, {export_buffer(0, 0), vmap(0, 0), vmap(0, 1)}},
      {Mutant::NestedVmapElsewhere, {export_buffer(0, 0), vmap(0, 0), vmap(0, 1)}},
      {Mutant::FirstVunmapIsTheLast, {export_buffer(0, 0), vmap(0, 0), vmap(0, 1), vunmap(0)}},
      {Mutant::LastVunmapSkipped, {export_buffer(0, 0), vmap(0, 0), vunmap(0)}},
      {Mutant::VunmapForgetsToCount, {export_buffer(0, 0), vmap(0, 0), vmap(0, 1), vunmap(0)}},
      {Mutant::VmapShowsFirstPageOnly,
       {export_buffer(0, 0, 2), vmap(0, 0), vmap_write(0, 1, 1), vmap_read(0, 0)}},
      {Mutant::PutWhileVmapped, {export_buffer(0, 0), vmap(0, 0), put(0)}},
      {Mutant::MigrationInSpiteOfVmap,
       {export_buffer(0, 0), vmap(0, 0), attach(0, kStrict, 0), map(0, 0)}},
      {Mutant::DynamicAttachMapsLate, {export_buffer(0, 0), attach_dynamic(0, kLax, 0)}},
      {Mutant::StaticAttachNotPinned, {export_buffer(0, 0), attach(0, kLax, 0)}},
      {Mutant::DetachForgetsUnpin, {export_buffer(0, 0), attach(0, kLax, 0), detach(0)}},
      {Mutant::DetachWhilePinned, {export_buffer(0, 0), attach_dynamic(0, kLax, 0), pin(0), detach(0)}},
      {Mutant::PinOfStaticAccepted, {export_buffer(0, 0), attach(0, kLax, 0), pin(0)}},
      {Mutant::UnpinCallsTwice, {export_buffer(0, 0), attach_dynamic(0, kLax, 0), pin(0), unpin(0)}},
      {Mutant::MapPinsInSpiteOfMoveNotify, {export_buffer(0, 0), attach_dynamic(0, kLax, 0), map(0, 0)}},
      {Mutant::MoveTellsNobody,
       {export_buffer(0, 0), begin(0), attach_dynamic(0, kLax, 0), migrate(0)}},
      {Mutant::MoveWhilePinned, {export_buffer(0, 0), attach_dynamic(0, kLax, 0), pin(0), migrate(0)}},
      {Mutant::MoveLosesContents,
       {export_buffer(0, 0), vmap(0, 0), vmap_write(0, 0, 1), vunmap(0), migrate(0), vmap(0, 0), vmap_read(0)}},
      {Mutant::MapAfterMoveIsStale,
       {export_buffer(0, 0), begin(0), migrate(0), attach_dynamic(0, kLax, 0), map(0, 0), device_read(0)}},
      {Mutant::FailedMapForgetsUnpin, {export_buffer(0, 0), fail(0, model::Callback::Map), attach(0, kLax, 0)}},
      {Mutant::FailedPinForgetsDetach, {export_buffer(0, 0), fail(0, model::Callback::Pin), attach(0, kLax, 0)}},
      {Mutant::FailedPinIsSwallowed,
       {export_buffer(0, 0), attach_dynamic(0, kLax, 0), fail(0, model::Callback::Pin), pin(0)}},
      {Mutant::FailedMapIsCached,
       {export_buffer(0, 0), attach(0, kLax, 0), fail(0, model::Callback::Map), map(0, 0), map(0, 0)}},
      {Mutant::FailedVmapIsCounted, {export_buffer(0, 0), fail(0, model::Callback::Vmap), vmap(0, 0)}},
      {Mutant::FailedBeginIsCounted, {export_buffer(0, 0), fail(0, model::Callback::Begin), begin(0)}},

      {Mutant::ExportLooksUpFirst, {handle_to_fd(0, 0, Access::WriteOnly)}},
      {Mutant::ReexportNotCounted, {create(0, 0), handle_to_fd(0, 1)}},
      {Mutant::ReexportChangesAccess, {create(0, 0), handle_to_fd(0, 1, Access::ReadOnly)}},
      {Mutant::ReexportLosesCloexec,
       {create(0, 0), handle_to_fd(0, 1, Access::ReadWrite, DrmFile::First, kCloexec)}},
      {Mutant::ImportForgetsHandle, {create(0, 0), fd_to_handle(0)}},
      {Mutant::ImportNotCounted, {create(0, 0), fd_to_handle(0, DrmFile::Second)}},
      {Mutant::ImportForeignWrongErrno, {fd_to_handle(kForeign)}},
      {Mutant::ReimportForgetsObject, {create(0, 0), close_handle(0), fd_to_handle(0)}},
      {Mutant::OneHandleClosedForgetsTheBuffer,
       {create(0, 0), fd_to_handle(0, DrmFile::Second), close_handle(0)}},
      {Mutant::UnsharedObjectLeaks, {create_dumb(0), close_handle(0)}},
      {Mutant::HandleNumbersFromTheTop, {create(0, 0), fd_to_handle(0, DrmFile::Second)}},

      {Mutant::ListForeignWrongErrno, {list(0, 0, {kForeignN}, {0})}},
      {Mutant::ListBadFdWrongErrno, {list(0, 0, {kBadN}, {0})}},
      {Mutant::ListTakesWhatMayShrink, {memfd(0, 2, Seals::None), list(0, 0, {0}, {0})}},
      {Mutant::ListTakesFutureWrite, {memfd(0, 2, Seals::FutureWrite), list(0, 0, {0}, {0})}},
      {Mutant::ListTakesEmptyItems, {memfd(0), list(0, 0, {0}, {0, 0, 0})}},
      {Mutant::ListChecksOffsetOnly, {memfd(0), list(0, 0, {0, 1, 2}, {0}, ListForm::Single)}},
      {Mutant::ListLooksAtFilesFirst, {list(0, 0, {kBadN}, {0}, ListForm::OddOffset)}},
      {Mutant::ListStopsAfterTheFirst, {memfd(0), list(0, 0, {0}, {0})}},
      {Mutant::ListReversed,
       {memfd(0), write_memfd(0, 7), list(0, 0, {0, 0}, {0, 1}), mmap_fd(0, 0, 0, 2), load(0)}},
      {Mutant::ListCopiesPages,
       {memfd(0), list(0, 0, {0, 0}, {0, 1}), write_memfd(0, 7), mmap_fd(0, 0, 0, 2), load(0)}},
      {Mutant::RefusedListLeaks, {memfd(0), list(0, 0, {0}, {kBadN})}},

      {Mutant::RefusedQbufLeaks, {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0, VideoLength::Long)}},
      {Mutant::RefusedQbufKeepsOld,
       {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), streamoff(), qbuf(0, kBad)}},
      {Mutant::QueueKeepsReplaced,
       {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), streamoff(), qbuf(0, 0, VideoLength::Image)}},
      {Mutant::RequeueAcquiresAgain,
       {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), streamoff(), qbuf(0, 0)}},
      {Mutant::QueueSharesReference, {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), qbuf(1, 0)}},
      {Mutant::DqbufReleases, {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), streamon(), dqbuf()}},
      {Mutant::StreamOffReleases, {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), streamoff()}},
      {Mutant::ReqbufsForgetsLast, {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(1, 0), reqbufs(0)}},
      {Mutant::CloseVideoForgets, {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), close_video()}},
      {Mutant::ReqbufsWhileStreaming, {reqbufs(), streamon(), reqbufs()}},
      {Mutant::QbufBadFdWrongErrno, {reqbufs(), qbuf(0, kBad)}},
      {Mutant::QbufVmapErrnoPassed,
       {export_buffer(0, 0), install(0, 0), reqbufs(), fail(0, model::Callback::Vmap), qbuf(0, 0)}},
      {Mutant::QbufPreparesAgain, {export_buffer(0, 0), install(0, 0), reqbufs(), prepare_buf(0, 0), qbuf(0, kBad)}},
      {Mutant::DqbufNewestFirst,
       {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), qbuf(1, 0), streamon(), dqbuf()}},
      {Mutant::QueueTakesGaps, {export_buffer(0, 0, 2), install(0, 0), reqbufs(), qbuf(0, 0)}},
      {Mutant::QueueForgetsUnmap, {export_buffer(0, 0), install(0, 0), reqbufs(), qbuf(0, 0), reqbufs(0)}},
      {Mutant::LimitIgnored, {export_buffer(0, 0), fill_fds(), install(0, 0)}},
      {Mutant::LimitStays, {export_buffer(0, 0), fill_fds(), free_fds(), install(0, 0)}},
      {Mutant::LimitIsEverybodys, {export_buffer(0, 0), install(0, 0), send_fd(0, 0), fill_fds(), receive(0, 1)}},
      {Mutant::NoFdWrongErrno, {export_buffer(0, 0), fill_fds(), install(0, 0)}},
      {Mutant::NoFdDropsReference, {export_buffer(0, 0), fill_fds(), install(0, 0)}},
      {Mutant::NoFdLeaksBuffer, {fill_fds(), create(0, 0)}},
      {Mutant::NoFdLeaksList, {memfd(0), fill_fds(), list(0, 0, {0}, {0})}},
      {Mutant::NoFdBeforeList, {fill_fds(), list(0, 0, {kBadN}, {kBadN})}},
      {Mutant::NoFdExportLeaks, {create_dumb(0), fill_fds(), handle_to_fd(0, 0)}},
      {Mutant::ExportReservesFdFirst, {create_dumb(0), fill_fds(), handle_to_fd(0, 0)}},
      {Mutant::NoFdKeepsMessage, {export_buffer(0, 0), install(0, 0), send_fd(0, 0), fill_fds(1), receive(0, 1)}},
      {Mutant::NoFdKeepsFile, {export_buffer(0, 0), install(0, 0), send_fd(0, 0), fill_fds(1), receive(0, 1)}},
      {Mutant::RefusedDupCounted, {export_buffer(0, 0), install(0, 0), fill_fds(), dup_fd(0, 1)}},
      {Mutant::NoFdLeaksSyncFile, {create(0, 0), fill_fds(), export_sync_file(0, 0, FenceFlags::Read)}},
      {Mutant::MergeReservesFdLast,
       {create(0, 0), export_sync_file(0, 0, FenceFlags::Read), fill_fds(),
        op::MergeSyncFiles{{0}, {0}, {1}, model::MergeForm::Flags, model::OutArgument::Good}}},
  };
  return all;
}

struct Step {
  model::Outcome outcome;
  model::Observation seen;
  friend bool operator==(const Step& a, const Step& b) {
    return a.outcome == b.outcome && same(a.seen, b.seen);
  }
};

struct Course {
  std::vector<Step> steps;
  std::size_t residue = 0;
};

Course run(const MutantInfo& info, Mutant mutant, const Program& program) {
  const auto adapter = open_reference(info.exporter, mutant);
  Course course;
  for (const Operation& operation : program) {
    Step step{adapter->apply(operation), {}};
    adapter->observe(step.seen);
    course.steps.push_back(step);
  }
  adapter->reset();
  course.residue = adapter->residue().size();
  return course;
}

class MutantProgram : public testing::TestWithParam<MutantInfo> {};

/// The last operation of its program tells it from the unbroken reference, and none before does.
TEST_P(MutantProgram, TellsItFromTheReference) {
  const MutantInfo& info = GetParam();
  ASSERT_TRUE(programs().contains(info.mutant)) << "no program for " << info.name;
  const Program& program = programs().at(info.mutant);
  ASSERT_FALSE(program.empty());

  const Course good = run(info, Mutant::None, program);
  const Course bad = run(info, info.mutant, program);
  EXPECT_EQ(good.residue, 0U);
  for (std::size_t i = 0; i + 1 < program.size(); ++i)
    EXPECT_TRUE(good.steps[i] == bad.steps[i]) << "already at operation " << i;
  if (info.evidence == Evidence::Trace) {
    EXPECT_FALSE(good.steps.back() == bad.steps.back());
  } else {
    EXPECT_TRUE(good.steps.back() == bad.steps.back());
    EXPECT_GT(bad.residue, 0U);
  }
}

/// Moving the storage takes a user before and a user after, so those programs are longer.
TEST_P(MutantProgram, IsShort) {
  const MutantInfo& info = GetParam();
  // Two fences, a container of them and a look at what became of it take as long; so do two buffers in a queue.
  const bool contained = info.mutant == Mutant::MergeKeepsSignalled || info.mutant == Mutant::DqbufNewestFirst;
  const std::size_t limit = info.exporter == "migrating" || info.exporter == "dynamic" ? 8 : contained ? 7 : 6;
  EXPECT_LE(programs().at(info.mutant).size(), limit);
}

INSTANTIATE_TEST_SUITE_P(All, MutantProgram, testing::ValuesIn(mutants().begin(), mutants().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace dmabuf::reference
