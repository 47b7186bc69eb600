// SPDX-License-Identifier: MIT
/// The objects of the framework: memory, sg tables, attachments, the buffer itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dmabuf/model/ids.hpp"
#include "dmabuf/model/observation.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/pattern.hpp"
#include "dmabuf/reference/fence.hpp"
#include "dmabuf/reference/mutant.hpp"

namespace dmabuf::reference {

/// Pages are small so that a whole system is cheap to copy; sizes are reported as if they were
/// real.
inline constexpr std::size_t kReferencePageSize = 64;
inline constexpr std::size_t kReportedPageSize = 4096;

inline constexpr std::int8_t kNobody = -1;  ///< no buffer, no fd number, no owner

/// Where backing storage lies. A strict device reaches confined pages only.
enum class Placement : std::uint8_t { Anywhere, Confined };

struct Place {
  Placement placement = Placement::Anywhere;
  std::uint8_t bank = 0;  ///< 0 or 1
  friend bool operator==(const Place&, const Place&) = default;
};

using Page = std::array<std::uint64_t, kReferencePageSize / sizeof(std::uint64_t)>;
using PageIndex = std::uint8_t;

/// Physical memory: each buffer slot has its page frames in either place, twice, so that storage can move
/// to another place of the same kind; and each memfd has some.
struct Memory {
  static constexpr std::size_t kOfBuffers = model::kMaxBuffers * 4 * model::kMaxPages;
  static constexpr std::size_t kFrames = kOfBuffers + model::kMaxMemfds * model::kMaxPages;
  std::array<Page, kFrames> frames{};

  void fill(PageIndex index, std::uint64_t tag) {
    model::fill_page(std::as_writable_bytes(std::span(frames[index])), tag);
  }
  std::uint64_t tag(PageIndex index) const {
    return model::page_tag(std::as_bytes(std::span(frames[index])));
  }

  static constexpr PageIndex of_memfd(std::uint8_t memfd, std::size_t page) {
    return static_cast<PageIndex>(kOfBuffers + memfd * model::kMaxPages + page);
  }
  static constexpr PageIndex frame(std::uint8_t buffer, Place place, std::size_t page) {
    return static_cast<PageIndex>(
        ((buffer * 2U + static_cast<unsigned>(place.placement)) * 2U + place.bank) * model::kMaxPages + page);
  }
};

/// One handed-out scatter list: the frames a device sees, in order.
struct SgTable {
  std::array<PageIndex, model::kMaxPages> pages{};
  std::uint8_t count = 0;
};

/// What is shared by everyone who runs in the reference.
struct Core {
  Memory memory;
  Mutant mutant = Mutant::None;

  bool is(Mutant m) const { return mutant == m; }
};

/// The buffer's list of attachments, newest first.
struct AttachmentList {
  struct Entry {
    std::uint8_t attachment = 0;
    std::uint8_t device = 0;
    bool dynamic = false;  ///< has importer ops
  };
  std::array<Entry, 2 * model::kMaxAttachments> entries{};
  std::uint8_t count = 0;

  void insert(std::uint8_t attachment, std::uint8_t device, bool dynamic = false);
  void remove(std::uint8_t attachment);
  bool has_device(model::DeviceId device) const;
};

enum class Callback : std::uint8_t { Attach, Detach, Map, Unmap, Begin, End, Release, Vmap, Vunmap, Pin, Unpin };
inline constexpr std::size_t kCallbacks = 11;
model::Aspect aspect_of(Callback callback);

struct ExporterConfig;
struct DmaBuf;
/// dma_buf_move_notify, for exporters: importers that want to know are told that the storage moves.
void move_notify(DmaBuf& buffer);

/// `struct dma_buf`, with what its exporter keeps beside it.
struct DmaBuf {
  const ExporterConfig* exporter = nullptr;  ///< nullptr: nothing was ever exported here
  std::int32_t file_count = 0;
  std::uint8_t id = 0;
  std::uint8_t pages = 0;
  std::uint8_t live_mappings = 0;   ///< as importers count them
  bool listed = false;
  bool released = false;
  model::Access access = model::Access::ReadWrite;
  std::uint64_t size = 0;
  model::NameText name;
  AttachmentList attachments;
  std::array<std::uint16_t, kCallbacks> calls{};  ///< granted ones
  std::uint16_t attach_refused = 0;               ///< attach callbacks that were not
  model::Directions maps, unmaps, begins, ends;   ///< what the granted ones were given

  Reservation reservation;
  FenceIndex poll_in = kNoFence;   ///< the fence its callback waits for
  FenceIndex poll_out = kNoFence;

  std::uint8_t vmapping_counter = 0;
  Place vmap_at;  ///< what the address means, while the counter is above zero
  std::uint16_t move_notifies = 0;  ///< importers told, each time
  struct Failing {
    model::Callback callback{};
    std::uint8_t nth = 0;  ///< 0: none
    int error = 0;
  };
  Failing failing;             ///< as it was told
  std::uint16_t failures = 0;  ///< as it was told, so far

  // The exporter's own.
  std::array<PageIndex, model::kMaxPages> memfd_pages{};  ///< if it was made of some
  bool from_memfds = false;
  Place place;
  bool allocated = false;
  bool was_mapped = false;
  bool cpu_access_begun = false;
  std::uint8_t outstanding = 0;   ///< maps not yet unmapped
  bool vmapped = false;
  std::uint8_t pins = 0;  ///< not yet undone
  std::uint8_t generation = 0;    ///< times the storage has moved
  std::uint8_t device_dirty = 0;  ///< pages a device has written; kept for BeginWrongDirection only
  std::uint16_t position = 0;     ///< in pages; kept for SeekMovesPosition only

  PageIndex frame(Place where, std::size_t page) const {
    return from_memfds ? memfd_pages[page] : Memory::frame(id, where, page);
  }
  bool alive() const { return exporter != nullptr && !released; }
  void count(Callback callback) { ++calls[static_cast<std::size_t>(callback)]; }
  std::uint16_t called(Callback callback) const {
    return calls[static_cast<std::size_t>(callback)];
  }
};

}  // namespace dmabuf::reference
