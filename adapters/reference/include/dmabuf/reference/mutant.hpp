// SPDX-License-Identifier: MIT
/// Bugs that can be switched on: each makes the reference break the contract in one way that a real
/// driver or kernel has broken it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dmabuf::reference {

/// Which bug. Named for what goes wrong; the table in mutants.cpp says what each imitates.
enum class Mutant : std::uint8_t {
  None,
  // export and create
  ExportCountsTwice,
  ExportIgnoresAccess,
  SizeOnePageMore,
  SizeOnePageLess,
  StorageNotZeroed,
  CreateLosesCloexec,
  CreateIgnoresFlags,
  CreateRefusesUnknownFlags,
  RefusedCreateWrongErrno,
  RefusedCreateLeaks,
  HandleHoldsOneReference,
  HandleCloseDropsOneTooFew,
  HandleCloseDropsOneTooMany,
  HandleClosesTwice,
  // fds
  InstallTakesReference,
  InstallLosesCloexec,
  InstallSetsCloexec,
  InstallTakesHighestFd,
  DupNotCounted,
  DupCountsTwice,
  DupLosesCloexec,
  DupInheritsCloexec,
  DupLandsInOtherProcess,
  CloseKeepsReference,
  CloseClosesPeer,
  // messages
  SendNotCounted,
  ReceiveCountsTwice,
  ReceiveLosesCloexec,
  ReceiveSetsCloexec,
  ReceiveLandsAtSender,
  DiscardLeaks,
  // get, put, release
  GetBadFdWrongErrno,
  GetForeignWrongErrno,
  GetForeignSucceeds,
  GetForeignLeaks,
  GetNotCounted,
  GetCountsTwice,
  PutDropsNothing,
  PutDropsTwice,
  PutWhileAttached,
  ReleaseNeverRuns,
  ReleaseRunsTwice,
  ReleaseAtLastFd,
  ReleasedStaysListed,
  // attach and detach
  AttachCountsReference,
  AttachCallsTwice,
  AttachOncePerDevice,
  RefusedAttachStaysListed,
  RefusedAttachCallsTwice,
  RefusedAttachCallsDetach,
  RefusedAttachPuts,
  RefusedAttachLeaks,
  RefusedAttachWrongErrno,
  AttachAfterMapAccepted,
  DetachCallbackSkipped,
  DetachStaysListed,
  DetachPuts,
  DetachForgetsCachedMapping,
  DetachWhileMapped,
  // map and unmap
  MapCountsReference,
  MapCallsTwice,
  MapWrongDirection,
  UnmapCallbackSkipped,
  UnmapWrongDirection,
  CacheIgnoresDirection,
  CacheNeverHits,
  CacheUnmapsAtOnce,
  CacheRefusesBidirectional,
  MapWrongErrno,
  SgTableLacksLastPage,
  RemapTakesNewStorage,
  DeviceWriteLost,
  // migration
  MigrationLosesContents,
  MigrationLosesLastPage,
  MigrationInSpiteOfMappings,
  MigrationHandsOutOldPages,
  MigrationLeavesVmaBehind,
  MigrationLeaksReference,
  MigrationForgetsUnmap,
  // CPU access
  BeginCallbackSkipped,
  EndCallbackSkipped,
  BeginWrongDirection,
  SyncSwapsStartAndEnd,
  SyncSwapsDirections,
  SyncRefusesBoth,
  SyncChecksAccess,
  NestedBeginRefused,
  UnbalancedEndRefused,
  EndAcceptedFirst,
  EndForgetsBegin,
  SyncBadPointerWrongErrno,
  SyncAcceptsUnknownBit,
  SyncAcceptsHighBits,
  SyncAcceptsNoDirection,
  // mmap
  MmapNotCounted,
  MunmapLeaks,
  MmapOffsetIgnored,
  MmapPastEnd,
  MmapOffsetUnchecked,
  MmapPrivateAccepted,
  MmapReadOnlyWritable,
  MmapWriteOnlyReadable,
  FailedMmapLeaks,
  FailedMmapPutsTwice,
  MmapWithoutOpWrongErrno,
  MmapWithoutOpAccepted,
  StoreLost,
  // names
  FailedNameClears,
  TooLongNameReplaces,
  LongestNameRefused,
  TooLongNameTruncated,
  NameCutAtSpace,
  NameAliased,
  NameBadPointerWrongErrno,
  EmptyNameIgnored,
  NameRefusedWhileAttached,
  // seek
  SeekEndInPages,
  SeekAcceptsOffset,
  SeekMovesPosition,
  SeekDataAccepted,
  // fences, poll, sync_file
  PollInWaitsForReaders,
  PollOutIgnoresReaders,
  PollCountsBookkeeping,
  PollTakesNoReference,
  PollLeaksReference,
  ReleaseWhileArmed,
  PollBusySlotReady,
  PollFailedPending,
  ReadReplacesWrite,
  WriteNeverReplaces,
  ExportIgnoresReaders,
  ExportFollowsBuffer,
  ExportFlagsUnchecked,
  ExportFaultLeaksFd,
  SyncFileWithoutCloexec,
  ImportWriteAsRead,
  ImportIgnoresContainers,
  ImportFlagsUnchecked,
  ImportBadFdWrongErrno,
  MergeDropsContext,
  MergeKeepsSignalled,
  MergeBadFdWrongErrno,
  SignalledStaysPending,
  SyncFilePollsOut,
  // the life of CPU mappings
  MprotectIgnoresReadOnly,
  MprotectKeepsWrite,
  StoreIgnoresProtection,
  RefusedStoreLands,
  SplitForgetsReference,
  SplitDropsReference,
  SplitStartsAnew,
  EdgeUnmapDropsReference,
  EdgeUnmapKeepsOffset,
  MremapZeroAccepted,
  ShrinkDropsReference,
  GrowthAccepted,
  MoveLosesOffset,
  MoveLeaks,
  // a child
  ForkForgetsFds,
  ForkForgetsMappings,
  ForkCopiesMemory,
  ExecKeepsCloseOnExec,
  ExecClosesAll,
  ExecKeepsMappings,
  ExitLeaksMappings,
  ExitLeaksFds,
  KillLeaksFds,
  // kernel mappings
  VmapMissingWrongErrno,
  VmapCountsReference,
  NestedVmapCallsExporter,
  NestedVmapElsewhere,
  FirstVunmapIsTheLast,
  LastVunmapSkipped,
  VunmapForgetsToCount,
  VmapShowsFirstPageOnly,
  PutWhileVmapped,
  MigrationInSpiteOfVmap,
  // dynamic importers and exporters
  DynamicAttachMapsLate,
  StaticAttachNotPinned,
  DetachForgetsUnpin,
  DetachWhilePinned,
  PinOfStaticAccepted,
  UnpinCallsTwice,
  MapPinsInSpiteOfMoveNotify,
  MoveTellsNobody,
  MoveWhilePinned,
  MoveLosesContents,
  MapAfterMoveIsStale,
  // failures of exporters
  FailedMapForgetsUnpin,
  FailedPinForgetsDetach,
  FailedPinIsSwallowed,
  FailedMapIsCached,
  FailedVmapIsCounted,
  FailedBeginIsCounted,
  // handles and PRIME
  ExportLooksUpFirst,
  ReexportNotCounted,
  ReexportChangesAccess,
  ReexportLosesCloexec,
  ImportForgetsHandle,
  ImportNotCounted,
  ImportForeignWrongErrno,
  ReimportForgetsObject,
  OneHandleClosedForgetsTheBuffer,
  UnsharedObjectLeaks,
  HandleNumbersFromTheTop,
  // udmabuf and its lists
  ListForeignWrongErrno,
  ListBadFdWrongErrno,
  ListTakesWhatMayShrink,
  ListTakesFutureWrite,
  ListTakesEmptyItems,
  ListChecksOffsetOnly,
  ListLooksAtFilesFirst,
  ListStopsAfterTheFirst,
  ListReversed,
  ListCopiesPages,
  RefusedListLeaks,
  // a video queue
  RefusedQbufLeaks,
  RefusedQbufKeepsOld,
  QueueKeepsReplaced,
  RequeueAcquiresAgain,
  QueueSharesReference,
  DqbufReleases,
  StreamOffReleases,
  ReqbufsForgetsLast,
  CloseVideoForgets,
  ReqbufsWhileStreaming,
  QbufBadFdWrongErrno,
  QbufVmapErrnoPassed,
  QbufPreparesAgain,
  DqbufNewestFirst,
  QueueTakesGaps,
  QueueForgetsUnmap,
  // no fd free
  LimitIgnored,
  LimitStays,
  LimitIsEverybodys,
  NoFdWrongErrno,
  NoFdDropsReference,
  NoFdLeaksBuffer,
  NoFdLeaksList,
  NoFdBeforeList,
  NoFdExportLeaks,
  ExportReservesFdFirst,
  NoFdKeepsMessage,
  NoFdKeepsFile,
  RefusedDupCounted,
  NoFdLeaksSyncFile,
  MergeReservesFdLast,
};

/// Where the bug comes to light.
enum class Evidence : std::uint8_t {
  Trace,    ///< an outcome or an observation of some trace
  Residue,  ///< only what is left over after the case
};

struct MutantInfo {
  Mutant mutant = Mutant::None;
  std::string_view name;      ///< "dup_not_counted"
  std::string_view exporter;  ///< the configuration it is run with by default
  std::string_view imitates;  ///< the mistake, in words
  std::array<std::string_view, 3> requirements = {};  ///< ids it breaks, unused ones empty
  Evidence evidence = Evidence::Trace;

  constexpr std::span<const std::string_view> requirement_ids() const {
    std::size_t count = 0;
    while (count < requirements.size() && !requirements[count].empty()) ++count;
    return {requirements.data(), count};
  }
};

/// Every mutant but None, in the order of the enumeration.
std::span<const MutantInfo> mutants();
/// nullptr if there is none of that name.
const MutantInfo* find_mutant(std::string_view name);

}  // namespace dmabuf::reference
