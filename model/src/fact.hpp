// SPDX-License-Identifier: MIT
/// What guards may ask. A fact is a yes or no about the world, the operation's arguments or the
/// profile at the moment of an event; world.cpp answers it, the machines decide by it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

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
};
inline constexpr std::size_t kFacts = 37;

using FactSet = std::uint64_t;
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
    "private mmap accepted", "has a handle", "rename while attached", "mapped writable"};
constexpr std::string_view name_of(Fact fact) { return kFactNames[static_cast<std::size_t>(fact)]; }

}  // namespace dmabuf::model
