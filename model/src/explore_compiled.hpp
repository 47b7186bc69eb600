// SPDX-License-Identifier: MIT
/// The successor function of one configuration, compiled while it is used.
///
/// Nothing here knows the contract. A step is carried out once, by the same transactions as ever, in the
/// first state that needs it, and written down as a number to add to the packed state. States that look the same
/// to a step share what was written down. What a step looks at: the slot it acts through, the record of the
/// buffer behind that slot, how many of some kinds that buffer has, and which other slots are empty. That it looks
/// at nothing else is a claim about transaction.cpp; Memo::audit() holds it against a state, and tests hold it
/// against every state of the standard configurations.
///
/// The invariants of a step are checked when it is written down, in the whole world. Those of a state are sums
/// over its slots, which are checked in every state, by adding up a few table entries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <bitset>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "dmabuf/model/explore.hpp"
#include "explore_successors.hpp"

namespace dmabuf::model {

/// How states are laid out, cut into neighbourhoods and checked. Immutable, shared by all threads.
///
/// Its states are the packed ones with the bits of redundant counts moved to the top, so that the low key_bits()
/// alone tell lawful states apart.
class Compiled {
 public:
  /// `records`: all that a buffer's record can be, counts aside, if that is known; each then gets a short number.
  Compiled(const Configuration& configuration, std::span<const Operation> operations, const Packing& packing,
           std::vector<std::uint64_t> records = {});

  bool usable() const { return usable_; }  ///< false: the neighbourhoods do not fit, explore slowly
  unsigned bits() const { return bits_; }
  unsigned key_bits() const { return key_bits_; }
  std::uint64_t key(std::uint64_t state) const { return state & key_mask_; }
  /// kUnforeseen if a record is none of those foreseen.
  std::uint64_t from_packed(std::uint64_t packed) const;
  static constexpr std::uint64_t kUnforeseen = ~std::uint64_t{0};
  std::uint64_t to_packed(std::uint64_t state) const;

  /// Behind one state; Memo throws std::length_error if there are more.
  std::size_t most_successors() const { return 2 * operations_.size() + 16; }

  std::size_t buffers() const { return buffers_; }
  /// The first buffer's record, counts aside, as Packing has it.
  std::uint64_t record(std::uint64_t packed) const { return packed & record_mask_; }

  /// Steps fall into groups: those nobody's slot is good for, those of a buffer itself, those through a slot.
  std::size_t groups() const { return 1 + buffers_ + slots_.size(); }
  /// Calls visit(group, neighbourhood) for each group that has steps here.
  template <class Visit>
  void neighbourhoods(std::uint64_t state, Visit&& visit) const {
    alignas(64) std::array<std::uint64_t, kLanes> lanes{};
    for (const Chunk& chunk : chunks_) {
      const Row& row = rows_[chunk.base + ((state >> chunk.shift) & chunk.mask)];
      for (std::size_t i = 0; i < kLanes; ++i) lanes[i] += row[i];
    }
    const std::uint64_t filled = lanes[0];
    visit(std::size_t{0}, filled);
    for (std::size_t b = 0; b < buffers_; ++b)
      visit(1 + b, (lanes[1 + b] & born_.record) | ((filled & born_.filled) << kFilledAt));
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      const std::uint64_t code = (state >> slot.shift) & slot.mask;
      const std::uint64_t around = (filled & slot.looks.filled) | (lanes[slot.lane] & slot.lane_mask);
      // An empty slot has no steps, whatever is around it. No branch: nobody could foretell it.
      const std::uint64_t is_filled = std::uint64_t{0} - static_cast<std::uint64_t>(code != 0);
      visit(1 + buffers_ + i, ((lanes[1U + slot.owners[code]] & slot.looks.record) | (around << kFilledAt) |
                               (code << kCodeAt)) & is_filled);
    }
  }
  /// True if all counts of the state agree with its slots, as check_state() asks.
  bool balanced(std::uint64_t state) const {
    std::uint64_t first = 0, second = 0;
    for (const Chunk& chunk : chunks_) {
      const Sums& sums = sums_[chunk.base + ((state >> chunk.shift) & chunk.mask)];
      first += sums[0];
      second += sums[1];
    }
    return (first | second) == 0;
  }

  /// The group this operation belongs to in this world.
  std::size_t group_of(const World& world, const Operation& operation) const;
  std::size_t group_of_release(std::uint8_t buffer) const { return 1U + buffer; }

  const Configuration& configuration() const { return c_; }
  std::span<const Operation> operations() const { return operations_; }
  const Packing& packing() const { return packing_; }

 private:
  /// Lane 0: which slots are filled. Then a lane for each buffer, its record; and for each attachment, what is
  /// mapped through it.
  static constexpr std::size_t kLanes = 8;
  static constexpr unsigned kFilledAt = 26, kCodeAt = 49;
  /// What a step looks at, as bits of a buffer's lane and of lane 0.
  struct Looks {
    std::uint64_t record = 0, filled = 0;
  };
  struct Slot {
    Field::Part part{};
    std::uint8_t index = 0, shift = 0, lane = 0;
    std::uint64_t mask = 0, lane_mask = 0;
    Looks looks;
    const std::uint8_t* owners = nullptr;  ///< by code, into owners_
  };
  struct Chunk {
    std::uint8_t shift = 0;
    std::uint64_t mask = 0;
    std::size_t base = 0;
  };
  struct Moved : Field {
    std::uint8_t to = 0;
    bool record = false;  ///< all parts of a record that are not redundant, as a number into records_
  };
  using Sums = std::array<std::uint64_t, 2>;
  using Row = std::array<std::uint64_t, kLanes>;

  void lay_out();
  void look_around();
  void cut();
  std::uint64_t record_part(const Field& field, std::uint64_t value) const;
  void add_to(Row& row, const Field& field, std::uint64_t value) const;
  Sums sums(const Field& field, std::uint64_t value) const;
  /// Calls action(field, value) for what a value of a moved field says in terms of the packing's.
  template <class Action>
  void each_part(const Moved& field, std::uint64_t value, Action&& action) const;

  const Configuration& c_;
  std::span<const Operation> operations_;
  const Packing& packing_;
  bool usable_ = true;
  unsigned bits_ = 0, key_bits_ = 0;
  std::uint64_t key_mask_ = 0;
  std::size_t buffers_ = 0, attachments_ = 0;
  std::vector<Field> packed_fields_;
  std::vector<Moved> fields_;  ///< by Moved::to
  std::vector<std::uint64_t> records_;
  std::vector<std::uint32_t> record_numbers_;  ///< by record; ~0 if there is none
  std::uint64_t record_mask_ = 0;
  std::array<std::uint8_t, 16> record_at_{};  ///< by Part: where in a buffer's lane
  std::array<std::uint8_t, 3> counts_at_{};   ///< references held, strict attachments, cached ones
  std::vector<std::uint8_t> filled_at_;       ///< by field: which bit of lane 0
  Looks born_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<std::uint8_t[]>> owners_;
  std::vector<Chunk> chunks_;
  std::vector<Row> rows_;
  std::vector<Sums> sums_;
};

/// What is known of the steps of each neighbourhood met so far. One for each thread.
class Memo {
 public:
  explicit Memo(const Compiled& compiled);

  /// Writes the states behind this one, but for itself, some perhaps twice, and returns the end of what it wrote:
  /// at most most_successors(). nullptr if an invariant fails here; then only the slow explorer can say which.
  std::uint64_t* successors(std::uint64_t state, std::uint64_t* out);
  /// Is what the memo says of this state what the transactions say?
  bool audit(std::uint64_t state);

  /// Sums over all calls of successors(), into counts and coverage.
  void add_to(Exploration& result) const;
  bool descended() const { return descended_; }  ///< did the last state have a step that is nearer to nothing?
  std::size_t bytes() const;

 private:
  struct alignas(32) Slot {
    std::uint64_t code = 0;
    std::uint64_t hits = 0;
    std::uint32_t first = 0;  ///< into deltas_
    std::uint16_t count = 0;
    bool used = false;
    bool descends = false;
    std::uint32_t entry = 0;  ///< into entries_
  };
  struct Entry {
    std::uint16_t transitions = 0, releases = 0, refusals = 0, forbidden = 0, unspecified = 0, choices = 0;
    std::bitset<kMaxRows> rows;
  };
  struct Table {
    std::vector<Slot> slots = std::vector<Slot>(256);
    std::size_t used = 0;
    unsigned shift = 64 - 8;

    Slot& find(std::uint64_t code) {
      const std::size_t mask = slots.size() - 1;
      for (std::size_t at = static_cast<std::size_t>((code * 0x9e3779b97f4a7c15ULL) >> shift);; at = (at + 1) & mask)
        if (slots[at].code == code || !slots[at].used) return slots[at];
    }
    void grow();
  };
  struct Draft {
    Entry entry;
    std::vector<std::uint64_t> deltas;
    bool descends = false;
  };

  /// The steps of the groups in `wanted`, a bit each, into drafts_.
  bool carry_out(std::uint64_t state, std::uint64_t wanted);
  bool learn(std::uint64_t state, std::uint64_t wanted);

  const Compiled& compiled_;
  Successors successors_;
  std::vector<Table> tables_;  ///< by group
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> deltas_;
  std::map<std::vector<std::uint64_t>, std::uint32_t> first_;  ///< where a list is in deltas_
  std::vector<Draft> drafts_;  ///< by group
  std::vector<std::uint8_t> groups_;  ///< by operation, in the world at hand
  std::array<Slot*, 64> slots_{};  ///< of the state at hand
  static constexpr std::size_t kStride = 4;  ///< deltas are copied so many at a time, unneeded ones too
  bool descended_ = false;
};

}  // namespace dmabuf::model
