// SPDX-License-Identifier: MIT
/// What every operation is made of, as data: one table that text codec, token codec, generator of
/// refusals and shrinker walk, so that none of them can forget a field.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dmabuf/model/operation.hpp"

namespace dmabuf::conformance::shape {

/// The set of values a field may have.
enum class Domain : std::uint8_t {
  Buffer, Fd, Reference, Attachment, Mapping, Vma, Message, Device, Fence, SyncFile, Child,
  Vmap, Memfd, Process,  // slots, so far
  Pages,   ///< 0 ... kMaxPages
  Page,    ///< 0 ... kMaxPages - 1
  Extent,  ///< offset or length of an mmap in pages, also past the end: 0 ... 255
  Nth,     ///< 0 ... kMaxNth
  Tag, SeekOffset,
  Access, CloseOnExec, Direction, Protection, Sharing, Argument, Whence, SyncFlags, Name,
  CreationFlags, Ending, DrmFile, Seals, ListForm, Index, Count, VideoFile, VideoMemory, VideoLength,
  Usage, Timeline, FenceResult, Events, FenceFlags, OutArgument, MergeForm, InfoForm,
  Callback, Failure,
};
inline constexpr std::size_t kSlotDomains = 14;  ///< the first so many are slots
inline constexpr std::size_t kMostFields = 10;   ///< of an operation

constexpr bool is_slot(Domain domain) { return static_cast<std::size_t>(domain) < kSlotDomains; }

/// How a field is written.
enum class Style : std::uint8_t {
  Word,      ///< by its position: `b0`, `to_device`
  Keyed,     ///< `pages=2`; where it stands does not matter
  Optional,  ///< left out when it has its first value: `cloexec`, `argument=unmapped`
};

/// Does the operation fill the slot, or use what is in it?
enum class Role : std::uint8_t { None, Fills, Uses };

/// One field of one kind of operation. Values travel as integers; signed ones as two's complement.
struct Field {
  Domain domain;
  Style style;
  Role role;
  std::string_view key;  ///< of Keyed, and of Optional with a value
  std::uint32_t (*load)(const model::Operation&);
  void (*store)(model::Operation&, std::uint32_t);
  std::uint8_t since = 1;  ///< first format of tokens that has the field
};

/// Fields of the operations of a kind, in the order in which they are written.
std::span<const Field> fields(std::size_t kind);

/// The operation of a kind with all fields zero.
model::Operation blank(std::size_t kind);

bool legal(Domain domain, std::uint32_t value);
/// Number of legal values; 0 if they do not fit (tags).
std::uint32_t count(Domain domain);
void print(Domain domain, std::uint32_t value, std::string& out);
std::optional<std::uint32_t> parse(Domain domain, std::string_view text);
/// "a buffer slot (b0 to b2)": what an error message asks for.
std::string wanted(Domain domain);

/// All fields legal?
bool legal(const model::Operation& operation);

}  // namespace dmabuf::conformance::shape
