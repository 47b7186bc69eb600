// SPDX-License-Identifier: MIT
/// What guards may ask. A fact is a yes or no about the world, the operation's arguments or the
/// profile at the moment of an event; world.cpp answers it, the machines decide by it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dmabuf/model/table.hpp"

namespace dmabuf::model {

enum class Fact : std::uint8_t {
  // arguments
  ArgumentUnmapped, UnknownFlags, NoDirection, Ends, NameTooLong, SeekToEdge, LengthZero, PastEnd,
  WritesShared, PrivateMapping, SizeZero, AccessOffered,
  // the buffer
  LastReference, HasAttachments, Readable, Writable,
  // attachments and mappings
  CacheFits, MoreMappings, Outstanding, NeedsConfined, RefusesAttach, RefusesLate, RefusesStrict, DeviceReads, DeviceWrites,
  // profile
  Guarded, LastHolder, Caches, ConcurrentMaps, Eager, Migrates, EndNeedsBegin, HasMmap, PrivateAllowed,
  HasHandle, RenameWhileAttached, VmaWritable,
  // fences
  FencePending, SeveralPending, ForWriting, EntrySignalled, EntrySuperseded, EarlierPending, FenceHeld, SetsError,
  Conflicts, PollArmed, PollHoldsFile, HasSyncFile, ArgumentReadOnly, FieldsSet, TooFewRecords, RecordsUnmapped,
  // the life of CPU mappings and of processes
  AsksWrite, MayWrite, Grows, MayGrow, VmaCopies, PastBuffer, Splits, OnlyPage, ClosesOnExec,
  // kernel mappings
  HasVmap, MoreVmaps, LastVmapper, HasVmaps,
  // dynamic importers and exporters
  MapsAtAttach, PinsAtMap, ExporterPins, Attached, ImporterDynamic, Pinned, MorePins, Stale,
  // failures
  FailsNow, Disarms,
  // handles
  OtherHandle,
  // udmabuf
  TooManyItems, Unaligned, TooLarge, MayShrink, WriteSealed, EmptyItemsTaken, KeepsMapped,
  // video queues
  OtherFile, UnknownMemory, NoneWanted, NoneQueued, NoDmaBuf, TooShort, TooLong, SamePlane, MapsPlanes, CannotMap, Scattered,
};
inline constexpr std::size_t kFacts = 95;
static_assert(kFacts <= 8 * sizeof(FactSet));

constexpr FactSet bit(Fact fact) { return FactSet{1} << static_cast<unsigned>(fact); }
constexpr FactSet when(bool holds, Fact fact) { return holds ? bit(fact) : 0; }

inline constexpr std::array<std::string_view, kFacts> kFactNames = {
    "argument unmapped", "unknown flags", "no direction", "ends access", "name too long",
    "offset 0 from start or end", "length 0", "past the end", "shared and writable", "private",
    "size 0", "access mode offered", "last reference", "has attachments", "readable", "writable",
    "cached direction fits", "more mappings", "other mappings outstanding", "needs confined storage",
    "refuses attach", "refuses attach after map", "refuses stricter device", "device may read", "device may write",
    "importer guards misuse", "importer's last reference while attached", "exporter caches mappings",
    "concurrent maps", "allocates at export", "migrates", "end needs a begin", "has mmap",
    "private mmap accepted", "has a handle", "rename while attached", "mapped writable",
    "a fence that matters is pending", "several fences are", "for writing", "an entry has signalled",
    "an older fence of its context has an entry", "an earlier fence of its context is pending", "in a sync_file",
    "with an error", "conflicting fence pending", "poll slot armed without a reference",
    "poll slot holds a reference", "kernel has sync_file ioctls", "argument read-only", "flags or pad set",
    "too few records", "records unmapped",
    "asks to write", "may be made writable", "longer than before", "may grow", "writes to copies",
    "past the buffer", "page in the middle", "only page", "close-on-exec",
    "has vmap", "more kernel mappings", "importer's last reference under a kernel mapping",
    "has kernel mappings", "mapped at attach", "map pins", "exporter has pin", "attached", "importer is dynamic",
    "pinned", "more pins", "storage has moved since", "fails now", "tells to fail no more",
    "handle on another file",
    "too many items", "not page-aligned", "too large", "may shrink", "sealed against writes", "empty items taken",
    "mapped, and the memfd must stay",
    "through another file", "memory unknown", "none wanted", "none queued", "no dma-buf", "shorter than an image",
    "longer than the dma-buf", "same dma-buf and length", "planes are attached", "cannot be mapped", "has gaps"};
constexpr std::string_view name_of(Fact fact) { return kFactNames[static_cast<std::size_t>(fact)]; }

}  // namespace dmabuf::model
