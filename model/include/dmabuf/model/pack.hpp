// SPDX-License-Identifier: MIT
/// A world as one number of at most 64 bits, for the explorer's set of visited states.
///
/// What decides the future is kept: every machine's state, every count as the model keeps it (f_count
/// is *not* recomputed from the ledger, or a wrong one would go unseen), and what each slot stands for.
/// Data is left out: page contents, names, callback counters, and close-on-exec unless something can
/// exec. So is all that a released buffer once was, because its next life begins afresh.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/bounds.hpp"
#include "dmabuf/model/pack_fence.hpp"
#include "dmabuf/model/pack_importer.hpp"
#include "dmabuf/model/pack_queue.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// The world without what a packed one leaves out; `unpack(pack(w)) == without_data(w)`.
World without_data(const World& world, bool keep_close_on_exec = false);

/// Bytes that are equal if and only if two worlds are, but for their callback counters: of worlds that have been
/// seen to agree so far, those decide nothing.
std::string without_counters(const World& world);

/// Are slots of one kind told apart? Ids are names: renaming them changes nothing in a world's future.
enum class Symmetry : std::uint8_t {
  Ignored,  ///< every world for itself
  Reduced,  ///< one world stands for all that differ only in the numbers of their slots
};

/// One run of bits of a packed world: a part of a buffer's record, or a slot.
struct Field {
  enum class Part : std::uint8_t {
    Lifecycle, Storage, Cpu, Handles, HandedOut, Pages, Access, References, Attachments, Mappings,  // of a buffer
    Fd, Reference, Attachment, Mapping, Vma, Message,                                              // a slot each
  };
  Part part{};
  std::uint8_t index = 0;  ///< which buffer or slot
  std::uint8_t offset = 0, width = 0;
  std::uint32_t codes = 1;  ///< values that mean something: 0 to codes - 1; a slot's 0 is the empty one
};

/// How the worlds of one exploration are packed. Only what its operations can reach gets bits.
class Packing {
 public:
  /// Throws std::invalid_argument, saying which fields take how many bits, if 64 do not suffice.
  Packing(const Profile& profile, std::span<const Operation> operations);

  unsigned bits() const { return bits_; }
  std::vector<Field> fields() const;  ///< by offset, without those of no bits
  bool keeps_close_on_exec() const { return flags_ == 2; }
  std::string layout() const;  ///< "buffer 2 x 11, fd 3 x 2, …": what takes how many bits

  /// Nothing if the world is none that a correct model reaches: a count out of range, or an empty slot
  /// that still refers to something.
  std::optional<std::uint64_t> pack(const World& world, Symmetry symmetry = Symmetry::Ignored) const;
  World unpack(std::uint64_t packed) const;

 private:
  struct Writer;
  using Order = std::array<std::uint8_t, kMaxBuffers>;
  struct VmaClass {
    std::uint8_t offset = 0, length = 0;
    Protection protection{};
    Sharing sharing{};
  };
  template <class State>
  struct Slots {
    std::uint8_t count = 0;
    std::uint8_t width = 0;
    std::vector<State> decode;  ///< by code; 0 is the empty slot
  };
  struct Widths {
    std::uint8_t lifecycle = 2, storage = 0, cpu = 0, handles = 0, handed_out = 0, pages = 0, access = 0,
                 references = 0, attachments = 0, mappings = 0;
  };

  std::uint64_t buffer_code(const BufferState& buffer, bool& bad) const;
  unsigned fd_code(const FdState& fd, const Order& order, bool& bad) const;
  void put_child(const ChildState& child, const Order& order, bool sorted, Writer& writer) const;
  unsigned reference_code(const ReferenceState& reference, const Order& order, bool& bad) const;
  unsigned attachment_code(const AttachmentState& attachment, const Order& order, bool& bad) const;
  unsigned vma_code(const VmaState& vma, const Order& order, bool& bad) const;
  unsigned memfd_code(const MemfdState& memfd, bool& bad) const;
  unsigned message_code(const MessageState& message, const Order& order, bool& bad) const;
  BufferState buffer_of(std::uint64_t code) const;
  void reshape(std::span<const Operation> reshaping);
  std::optional<std::uint64_t> pack_plain(const World& world) const;
  std::optional<std::uint64_t> pack_canonical(const World& world) const;

  unsigned bits_ = 0;
  std::uint8_t processes_ = 1, devices_ = 1, caches_ = 1;
  std::uint8_t flags_ = 1;     ///< values of close-on-exec that are told apart
  bool unshared_ = false;      ///< can there be a handle without a buffer?
  std::uint8_t files_ = 1, handle_width_ = 0;
  std::uint8_t fd_tables_ = 0;  ///< processes that may have no fd free
  std::uint8_t children_ = 0;  ///< what a child has is packed as its parent's slots are
  std::uint8_t buffers_ = 0, buffer_width_ = 0;
  Widths widths_;
  std::vector<std::uint8_t> directions_;
  std::array<std::uint8_t, 4> direction_index_{};
  std::vector<std::uint8_t> pages_;
  std::vector<Access> accesses_;
  std::vector<VmaClass> vma_classes_;
  Slots<FdState> fds_;
  Slots<ReferenceState> references_;
  Slots<AttachmentState> attachments_;
  Slots<MappingState> mappings_;
  Slots<VmaState> vmas_;
  Slots<MessageState> messages_;
  Slots<MemfdState> memfds_;
  FencePacking fences_;
  ImporterPacking importers_;
  QueuePacking queue_;
};

}  // namespace dmabuf::model
