// SPDX-License-Identifier: MIT
/// What can be seen of a system from outside, between two operations. An adapter fills in what its
/// routes show and leaves the rest unseen; the oracle compares only what was seen.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dmabuf/model/ids.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::model {

/// One thing that can be seen of a buffer. Each has a bit in BufferSeen::seen.
enum class Aspect : std::uint8_t {
  Listed,       ///< in the kernel's list of buffers (debugfs bufinfo)
  References,   ///< `f_count` (fdinfo, bufinfo, the harness), own temporary references subtracted
  Attachments,  ///< length of the attachment list
  Mappings,     ///< live mappings of in-kernel importers, as the importer counts them
  Size,         ///< bytes
  Name,         ///< SET_NAME's text; "" also when none was set
  AccessMode,
  AttachCalls, DetachCalls, MapCalls, UnmapCalls, BeginCalls, EndCalls, ReleaseCalls,  ///< exporter callbacks
  AttachRefused,  ///< attach callbacks that said no; AttachCalls has those that said yes
  MapDirections, UnmapDirections, BeginDirections, EndDirections,  ///< of the same callbacks: see Directions
  VmapCalls, VunmapCalls,  ///< exporter callbacks
  Vmaps,  ///< the buffer's counter of kernel mappings
  PinCalls, UnpinCalls,  ///< exporter callbacks
  MoveNotifies,  ///< what importers were told of moves, each time
  Failures,      ///< callbacks that failed because they were told to
};
inline constexpr std::size_t kAspects = 26;
/// "references", "attach_calls", … : the word reports and signatures use.
std::string_view aspect_name(Aspect aspect);

/// How many callbacks came with each direction. One reading holds all three.
struct Directions {
  std::array<std::uint16_t, 3> counts{};  ///< by Direction

  constexpr void count(Direction direction) {
    if (direction != Direction::None) ++counts[static_cast<std::size_t>(direction)];
  }
  constexpr std::uint16_t of(Direction direction) const { return counts[static_cast<std::size_t>(direction)]; }
  /// The value of an aspect, with kBits for each.
  constexpr std::int64_t reading() const { return reading(counts[0], counts[1], counts[2]); }
  static constexpr std::int64_t reading(std::int64_t bidirectional, std::int64_t to_device, std::int64_t from_device) {
    return bidirectional | to_device << kBits | from_device << 2 * kBits;
  }
  static constexpr std::int64_t of(Direction direction, std::int64_t reading) {
    return reading >> kBits * static_cast<unsigned>(direction) & ((std::int64_t{1} << kBits) - 1);
  }
  static constexpr unsigned kBits = 20;
  friend bool operator==(const Directions&, const Directions&) = default;
};
constexpr bool counts_directions(Aspect aspect) {
  return aspect >= Aspect::MapDirections && aspect <= Aspect::EndDirections;
}

/// Up to 31 bytes of name, no allocation.
struct NameText {
  std::array<char, 32> bytes{};
  std::uint8_t length = 0;
  constexpr NameText() = default;
  constexpr explicit NameText(std::string_view text) {
    for (char c : text.substr(0, 31)) bytes[length++] = c;
  }
  constexpr std::string_view view() const { return {bytes.data(), length}; }
  friend bool operator==(const NameText& a, const NameText& b) { return a.view() == b.view(); }
};

struct BufferSeen {
  std::uint32_t seen = 0;                        ///< bit set of Aspect
  std::array<std::int64_t, kAspects> values{};   ///< by Aspect; Name is in `name`
  NameText name;

  constexpr bool has(Aspect a) const { return (seen >> static_cast<unsigned>(a)) & 1U; }
  constexpr std::int64_t operator[](Aspect a) const { return values[static_cast<std::size_t>(a)]; }
  constexpr void set(Aspect a, std::int64_t value) {
    seen |= 1U << static_cast<unsigned>(a);
    values[static_cast<std::size_t>(a)] = value;
  }
  constexpr void set_name(std::string_view text) {
    seen |= 1U << static_cast<unsigned>(Aspect::Name);
    name = NameText(text);
  }
};

struct FdSeen {
  bool seen = false;  ///< the adapter looked at all
  bool open = false;
  bool close_on_exec = false;
  std::optional<std::uint8_t> process = {};  ///< who has it, if that was seen
  std::optional<bool> lowest = {};  ///< was its number the lowest free one when it was made? If that was seen
};

/// Indexed by slot. A buffer slot that holds no buffer, or one already released, may still be seen
/// (Listed = 0, ReleaseCalls = 1).
struct Observation {
  std::array<BufferSeen, kMaxBuffers> buffers{};
  std::array<FdSeen, kMaxFds> fds{};
  std::array<FdSeen, kMaxSyncFiles> sync_files{};
};

}  // namespace dmabuf::model
