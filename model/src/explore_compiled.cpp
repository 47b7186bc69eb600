// SPDX-License-Identifier: MIT
#include "explore_compiled.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <tuple>

#include "explore_checks.hpp"

namespace dmabuf::model {
namespace {

using Part = Field::Part;

constexpr bool of_buffer(Part part) { return part <= Part::Mappings; }
/// Counts that the slots imply, wherever the invariants hold.
constexpr bool redundant(Part part) {
  return part == Part::References || part == Part::Attachments || part == Part::Mappings;
}

constexpr unsigned kChunkBits = 11;

std::uint64_t ones(unsigned width) { return width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1; }

}  // namespace

Compiled::Compiled(const Configuration& configuration, std::span<const Operation> operations, const Packing& packing,
                   std::vector<std::uint64_t> records)
    : c_(configuration),
      operations_(operations),
      packing_(packing),
      bits_(packing.bits()),
      packed_fields_(packing.fields()),
      records_(std::move(records)) {
  for (const Operation& operation : operations)
    std::visit(
        [&]<class Op>(const Op&) {
          // What an operation not listed here looks at is not known.
          usable_ = usable_ && []<class... Known>(std::type_identity<std::variant<Known...>>) {
            return (std::is_same_v<Op, Known> || ...);
          }(std::type_identity<std::variant<
                op::Export, op::Create, op::CloseHandle, op::InstallFd, op::Dup, op::Close, op::Send, op::Receive,
                op::Discard, op::Get, op::Put, op::Attach, op::Detach, op::Map, op::Unmap, op::DeviceRead,
                op::DeviceWrite, op::BeginCpuAccess, op::EndCpuAccess, op::Sync, op::Mmap, op::Munmap, op::Store,
                op::Load, op::Seek, op::SetName>>{});
        },
        operation);
  if (!usable_ || c_.profile.exporter.dynamic) usable_ = false;
  if (!usable_) return;
  lay_out();
  if (usable_) look_around();
  if (usable_) cut();
}

/// Redundant counts go to the top; the rest keeps its order.
void Compiled::lay_out() {
  unsigned record_bits = 0;
  for (const Field& field : packed_fields_) {
    if (!of_buffer(field.part)) continue;
    buffers_ = std::max<std::size_t>(buffers_, field.index + 1U);
    if (field.index == 0 && !redundant(field.part)) record_bits += field.width;
  }
  record_mask_ = ones(record_bits);
  if (!records_.empty() && record_bits <= 16) {
    record_numbers_.assign(std::size_t{1} << record_bits, ~std::uint32_t{0});
    for (std::size_t i = 0; i < records_.size(); ++i) record_numbers_.at(records_[i]) = static_cast<std::uint32_t>(i);
  } else {
    records_.clear();
  }
  const auto record_width = static_cast<std::uint8_t>(std::bit_width(records_.size() - (records_.empty() ? 0 : 1)));
  for (const bool top : {false, true})
    for (const Field& field : packed_fields_) {
      if (redundant(field.part) != top) continue;
      Moved moved{field, 0, false};
      if (!records_.empty() && of_buffer(field.part) && !top) {
        if (field.part != Part::Lifecycle) continue;
        moved.record = true;
        moved.width = record_width;
        moved.codes = static_cast<std::uint32_t>(records_.size());
      }
      moved.to = static_cast<std::uint8_t>(fields_.empty() ? 0 : fields_.back().to + fields_.back().width);
      fields_.push_back(moved);
      if (!top) key_bits_ = static_cast<unsigned>(moved.to) + moved.width;
      if (field.part == Part::Attachment) attachments_ = std::max<std::size_t>(attachments_, field.index + 1U);
    }
  key_mask_ = ones(key_bits_);
  usable_ = 1 + buffers_ + attachments_ <= kLanes && key_bits_ <= 56;
}

template <class Action>
void Compiled::each_part(const Moved& field, std::uint64_t value, Action&& action) const {
  if (!field.record) {
    action(static_cast<const Field&>(field), value);
    return;
  }
  for (const Field& part : packed_fields_)
    if (of_buffer(part.part) && !redundant(part.part) && part.index == field.index)
      action(part, (records_[value] >> (part.offset - field.offset)) & ones(part.width));
}

void Compiled::look_around() {
  const std::uint8_t own = c_.profile.exporter.own_references;
  // A buffer's lane: each part of its record once, then three counts.
  unsigned at = 0;
  std::array<std::uint64_t, 16> bits{};
  for (const Field& field : packed_fields_) {
    if (!of_buffer(field.part) || field.index != 0) continue;
    unsigned width = field.width;
    if (field.part == Part::References) width = static_cast<unsigned>(std::bit_width(std::max<unsigned>(own, 1) + 1U));
    if (field.part == Part::Attachments || field.part == Part::Mappings) width = 1;
    record_at_[static_cast<std::size_t>(field.part)] = static_cast<std::uint8_t>(at);
    bits[static_cast<std::size_t>(field.part)] = ones(width) << at;
    at += width;
  }
  std::array<std::uint64_t, 3> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts_at_[i] = static_cast<std::uint8_t>(at);
    counts[i] = ones(3) << at;
    at += 3;
  }
  // Lane 0: mappings first, because what is mapped through an attachment is kept right above.
  std::array<std::uint64_t, 16> filled{};
  filled_at_.resize(fields_.size());
  unsigned bit = 0;
  for (const bool mappings : {true, false})
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (of_buffer(fields_[f].part) || (fields_[f].part == Part::Mapping) != mappings) continue;
      filled_at_[f] = static_cast<std::uint8_t>(bit);
      filled[static_cast<std::size_t>(fields_[f].part)] |= std::uint64_t{1} << bit++;
    }
  usable_ = at <= kFilledAt && bit <= kCodeAt - kFilledAt && kMaxMappings * 4U <= kCodeAt - kFilledAt;
  if (!usable_) return;

  const auto record = [&](std::initializer_list<Part> parts) {
    std::uint64_t mask = 0;
    for (const Part part : parts) mask |= bits[static_cast<std::size_t>(part)];
    return mask;
  };
  const auto empty = [&](std::initializer_list<Part> parts) {
    std::uint64_t mask = 0;
    for (const Part part : parts) mask |= filled[static_cast<std::size_t>(part)];
    return mask;
  };
  using enum Field::Part;
  const std::uint64_t dropping = record({Lifecycle, References, Attachments});
  const std::uint64_t touching = record({Storage, Cpu, Pages}) | counts[1];
  born_ = {ones(at - 9), empty({Fd, Reference})};
  for (const Moved& field : fields_) {
    if (of_buffer(field.part) || field.part == Mapping) continue;
    Slot slot{field.part, field.index, field.to, 0, ones(field.width), 0, {}, nullptr};
    switch (field.part) {
      case Fd:
        slot.looks = {dropping | touching | record({Field::Part::Access}), empty({Fd, Reference, Message, Vma})};
        break;
      case Reference: slot.looks = {dropping | touching | record({HandedOut}) | counts[0], empty({Fd, Attachment})}; break;
      case Attachment:
        slot.looks = {record({Lifecycle, Storage, HandedOut, Pages, Mappings}) | counts[1] | counts[2], empty({Mapping})};
        slot.lane = static_cast<std::uint8_t>(1 + buffers_ + field.index);
        slot.lane_mask = ones(kCodeAt - kFilledAt);
        break;
      case Vma: slot.looks = {dropping | touching, 0}; break;
      case Message: slot.looks = {dropping, empty({Fd})}; break;
      default: break;
    }
    owners_.push_back(std::make_unique<std::uint8_t[]>(std::size_t{1} << field.width));
    slot.owners = owners_.back().get();
    for (std::uint64_t code = 0; code < field.codes; ++code) {
      const World world = packing_.unpack(code << field.offset);
      const auto owner = [&]() -> std::uint8_t {
        switch (field.part) {
          case Fd: return world.fds[field.index].buffer;
          case Reference: return world.references[field.index].buffer;
          case Attachment: return world.attachments[field.index].buffer;
          case Vma: return world.vmas[field.index].buffer;
          default: return world.messages[field.index].buffer;
        }
      }();
      owners_.back()[code] = owner == kNone ? std::uint8_t{0} : owner;
    }
    slots_.push_back(slot);
  }
  usable_ = groups() <= 64;
}

/// Tables over a few fields at a time.
void Compiled::cut() {
  for (std::size_t i = 0; i < fields_.size();) {
    Chunk chunk{fields_[i].to, 0, rows_.size()};
    unsigned width = 0;
    const std::size_t from = i;
    while (i < fields_.size() && (width == 0 || width + fields_[i].width <= kChunkBits)) width += fields_[i++].width;
    chunk.mask = ones(width);
    chunks_.push_back(chunk);
    rows_.resize(rows_.size() + (std::size_t{1} << width));
    sums_.resize(rows_.size());
    for (std::uint64_t value = 0; value <= chunk.mask; ++value)
      for (std::size_t f = from; f < i; ++f) {
        const std::uint64_t code = (value >> (fields_[f].to - chunk.shift)) & ones(fields_[f].width);
        if (code >= fields_[f].codes) continue;
        each_part(fields_[f], code, [&](const Field& field, std::uint64_t raw) {
          const Sums part = sums(field, raw);
          sums_[chunk.base + value][0] += part[0];
          sums_[chunk.base + value][1] += part[1];
          add_to(rows_[chunk.base + value], field, raw);
        });
        if (!of_buffer(fields_[f].part) && code != 0) rows_[chunk.base + value][0] += std::uint64_t{1} << filled_at_[f];
      }
  }
}

/// A part of a record as steps see it: of some counts they only ask whether there is one, or the last.
std::uint64_t Compiled::record_part(const Field& field, std::uint64_t value) const {
  const std::uint64_t own = std::max<std::uint64_t>(c_.profile.exporter.own_references, 1);
  if (field.part == Part::References) value = std::min(value, own + 1);
  if (field.part == Part::Attachments || field.part == Part::Mappings) value = std::min<std::uint64_t>(value, 1);
  return value << record_at_[static_cast<std::size_t>(field.part)];
}

void Compiled::add_to(Row& row, const Field& field, std::uint64_t value) const {
  if (of_buffer(field.part)) {
    row[1U + field.index] += record_part(field, value);
    return;
  }
  if (value == 0) return;
  const World world = packing_.unpack(value << field.offset);
  const auto count = [&](std::uint8_t buffer, std::size_t which) { row[1U + buffer] += std::uint64_t{1} << counts_at_[which]; };
  if (field.part == Part::Reference) {
    count(world.references[field.index].buffer, 0);
  } else if (field.part == Part::Attachment) {
    const AttachmentState& a = world.attachments[field.index];
    if (a.device == kStrictDevice.value) count(a.buffer, 1);
    if (a.state == state::kCached) count(a.buffer, 2);
  } else if (field.part == Part::Mapping) {
    const MappingState& m = world.mappings[field.index];
    row[1U + buffers_ + m.attachment] += std::uint64_t{1U + m.direction} << (kMaxMappings + 3U * field.index);
  }
}

std::uint64_t Compiled::from_packed(std::uint64_t packed) const {
  std::uint64_t state = 0;
  for (const Moved& field : fields_) {
    if (!field.record) {
      state |= ((packed >> field.offset) & ones(field.width)) << field.to;
      continue;
    }
    const std::uint32_t number = record_numbers_[(packed >> field.offset) & record_mask_];
    if (number == ~std::uint32_t{0}) return kUnforeseen;
    state |= std::uint64_t{number} << field.to;
  }
  return state;
}

std::uint64_t Compiled::to_packed(std::uint64_t state) const {
  std::uint64_t packed = 0;
  for (const Moved& field : fields_) {
    const std::uint64_t value = (state >> field.to) & ones(field.width);
    packed |= (field.record ? records_.at(value) : value) << field.offset;
  }
  return packed;
}

/// Each count of a buffer less what its slots say it must be, all in one number: zero only if every one is.
Compiled::Sums Compiled::sums(const Field& field, std::uint64_t value) const {
  const auto lane = [](unsigned index, std::int64_t count) {
    return static_cast<std::uint64_t>(count) << (8 * index);  // carries included, the sum is zero if all are
  };
  constexpr unsigned kAttached = kMaxBuffers, kBad = 2 * kMaxBuffers, kMapped = kMaxAttachments;
  const auto count = static_cast<std::int64_t>(value);
  switch (field.part) {
    case Part::References: return {lane(field.index, count), 0};
    case Part::Attachments: return {lane(kAttached + field.index, count), 0};
    case Part::Mappings: return {0, lane(kMapped + field.index, count)};
    case Part::Handles: return {lane(field.index, -count * c_.profile.exporter.own_references), 0};
    default: break;
  }
  if (of_buffer(field.part) || value == 0) return {};
  const World world = packing_.unpack(value << field.offset);
  switch (field.part) {
    case Part::Fd: return {lane(world.fds[field.index].buffer, -1), 0};
    case Part::Reference: return {lane(world.references[field.index].buffer, -1), 0};
    case Part::Vma: return {lane(world.vmas[field.index].buffer, -1), 0};
    case Part::Message: return {lane(world.messages[field.index].buffer, -1), 0};
    case Part::Mapping: return {0, lane(world.mappings[field.index].attachment, -1)};
    case Part::Attachment: {
      const AttachmentState& a = world.attachments[field.index];
      const bool bad = (a.state == state::kMapped) != (a.mappings > 0) ||
                       (a.state == state::kCached && a.cached == kNone) ||
                       (a.state == state::kAttached && a.cached != kNone);
      return {lane(kAttached + a.buffer, -1) + lane(kBad, bad ? 1 : 0),
              lane(field.index, a.mappings) + lane(kMapped + a.buffer, -std::int64_t{a.mappings})};
    }
    default: return {};
  }
}

std::size_t Compiled::group_of(const World& world, const Operation& operation) const {
  const auto through = [&](Field::Part part, std::size_t index) -> std::size_t {
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].part == part && slots_[i].index == index) return 1 + buffers_ + i;
    return 0;
  };
  const auto fd = [&](FdId f) {
    return f.value < kMaxFds && world.fds[f.value].buffer != kNone ? through(Field::Part::Fd, f.value) : std::size_t{0};
  };
  return std::visit(
      [&]<class Op>(const Op& o) -> std::size_t {
        if constexpr (requires { o.buffer; }) return group_of_release(o.buffer.value);
        else if constexpr (requires { o.from; }) return fd(o.from);
        else if constexpr (requires { o.message; } && !std::is_same_v<Op, op::Send>)
          return world.messages[o.message.value].buffer == kNone ? 0 : through(Field::Part::Message, o.message.value);
        else if constexpr (requires { o.reference; } && !std::is_same_v<Op, op::Get>)
          return world.references[o.reference.value].buffer == kNone ? 0 : through(Field::Part::Reference, o.reference.value);
        else if constexpr (requires { o.attachment; })
          return world.attachments[o.attachment.value].buffer == kNone ? 0 : through(Field::Part::Attachment, o.attachment.value);
        else if constexpr (requires { o.mapping; }) {
          const std::uint8_t a = world.mappings[o.mapping.value].attachment;
          return a == kNone ? 0 : through(Field::Part::Attachment, a);
        } else if constexpr (requires { o.vma; } && !std::is_same_v<Op, op::Mmap>)
          return world.vmas[o.vma.value].buffer == kNone ? 0 : through(Field::Part::Vma, o.vma.value);
        else if constexpr (requires { o.fd; }) return fd(o.fd);
        else return 0;  // not usable(): nobody asks
      },
      operation);
}

// --- memo ----------------------------------------------------------------------------------------

Memo::Memo(const Compiled& compiled)
    : compiled_(compiled),
      successors_(compiled.configuration().profile, compiled.operations(), compiled.configuration().bounds.buffers),
      tables_(compiled.groups()),
      drafts_(compiled.groups()),
      groups_(compiled.operations().size()) {
  deltas_.resize(kStride);  // read, and not used, by groups without steps
  first_[{}] = 0;
}

void Memo::Table::grow() {
  std::vector<Slot> old(slots.size() * 2);
  old.swap(slots);
  --shift;
  for (const Slot& slot : old)
    if (slot.used) find(slot.code) = slot;
}

bool Memo::carry_out(std::uint64_t state, std::uint64_t wanted) {
  const Configuration& c = compiled_.configuration();
  const Packing& packing = compiled_.packing();
  for (Draft& draft : drafts_) {
    draft.entry = {};
    draft.deltas.clear();
    draft.descends = false;
  }
  const World world = packing.unpack(compiled_.to_packed(state));
  if (check_state(world, c.profile, c.bounds.buffers)) return false;
  const unsigned here = weight(world);
  bool good = true, all_down = true;
  unsigned allowances = 0;
  // The group of a release is among them if its buffer's is; the one that is asked for is not told by that.
  const auto is_wanted = [&](std::size_t operation) {
    groups_[operation] = static_cast<std::uint8_t>(compiled_.group_of(world, compiled_.operations()[operation]));
    return (wanted >> groups_[operation] & 1U) != 0;
  };
  successors_(world, is_wanted, [&](const Successors::Way& way) {
    const bool release = way.operation == Successors::kRelease;
    Draft& draft = drafts_[release ? compiled_.group_of_release(way.buffer) : groups_[way.operation]];
    for (std::uint8_t i = 0; i < way.result.fired_count; ++i) draft.entry.rows.set(way.result.fired[i]);
    allowances |= 1U << static_cast<unsigned>(way.result.allowance);
    switch (way.result.allowance) {
      case Allowance::Permitted: {
        ++draft.entry.transitions;
        if (release) ++draft.entry.releases;
        const Said said =
            release ? Said{way.buffer, 0} : what_is_said(world, c.profile, compiled_.operations()[way.operation]);
        const auto packed = packing.pack(way.next);
        if (!packed || check_step(world, way.next, c.profile, said, release, c.bounds.buffers)) {
          good = false;
          break;
        }
        all_down = all_down && weight(way.next) < here;
        const std::uint64_t next = compiled_.from_packed(*packed);
        good = good && next != Compiled::kUnforeseen;
        if (next != state) draft.deltas.push_back(next - state);
        break;
      }
      case Allowance::Refused: ++draft.entry.refusals, all_down = false; break;
      case Allowance::Forbidden: ++draft.entry.forbidden, all_down = false; break;
      case Allowance::Unspecified: ++draft.entry.unspecified, all_down = false; break;
      case Allowance::Malformed: all_down = false; break;
    }
    if (!way.last) return;
    draft.descends = draft.descends || all_down;
    if (way.alternative > 0) {
      ++draft.entry.choices;
      good = good && !mixed(allowances);
    }
    all_down = true;
    allowances = 0;
  });
  for (Draft& draft : drafts_) {
    std::ranges::sort(draft.deltas);
    draft.deltas.erase(std::unique(draft.deltas.begin(), draft.deltas.end()), draft.deltas.end());
  }
  std::size_t all = 0;
  for (const Draft& draft : drafts_) all += draft.deltas.size();
  if (all > compiled_.most_successors()) throw std::length_error("a world has more successors than the explorer foresees");
  return good;
}

bool Memo::learn(std::uint64_t state, std::uint64_t wanted) {
  if (!carry_out(state, wanted)) return false;
  compiled_.neighbourhoods(state, [&](std::size_t g, std::uint64_t code) {
    if ((wanted >> g & 1U) == 0) return;
    if (tables_[g].used * 2 >= tables_[g].slots.size()) tables_[g].grow();
    Slot& slot = tables_[g].find(code);
    if (slot.used) return;
    ++tables_[g].used;
    const Draft& draft = drafts_[g];
    // Many neighbourhoods have the same steps: kept once, they stay near.
    const auto [known, is_new] = first_.try_emplace(draft.deltas, static_cast<std::uint32_t>(deltas_.size()));
    if (is_new) {
      deltas_.resize(known->second + (draft.deltas.size() + kStride - 1) / kStride * kStride);
      std::ranges::copy(draft.deltas, deltas_.begin() + known->second);
    }
    slot = {code, 0, known->second, static_cast<std::uint16_t>(draft.deltas.size()), true, draft.descends,
            static_cast<std::uint32_t>(entries_.size())};
    entries_.push_back(draft.entry);
  });
  return true;
}

std::uint64_t* Memo::successors(std::uint64_t state, std::uint64_t* out) {
  std::size_t groups = 0;
  for (bool learnt = false;; learnt = true) {
    std::uint64_t unknown = 0;
    bool descended = false;
    groups = 0;
    compiled_.neighbourhoods(state, [&](std::size_t g, std::uint64_t code) {
      Slot& slot = tables_[g].find(code);
      slots_[groups++] = &slot;
      unknown |= std::uint64_t{!slot.used} << g;
      descended |= slot.descends;
    });
    descended_ = descended;
    if (unknown == 0) [[likely]] break;
    if (learnt || !learn(state, unknown)) return nullptr;
  }
  for (std::size_t g = 0; g < groups; ++g) {
    Slot& slot = *slots_[g];
    ++slot.hits;
    const std::uint64_t* deltas = deltas_.data() + slot.first;
    std::size_t at = 0;
    do {  // most groups have few: once round, without asking how few
      for (std::size_t i = 0; i < kStride; ++i) out[at + i] = state + deltas[at + i];
      at += kStride;
    } while (at < slot.count);
    out += slot.count;
  }
  return out;
}

bool Memo::audit(std::uint64_t state) {
  if (!carry_out(state, ~std::uint64_t{0})) return false;
  bool agree = true;
  compiled_.neighbourhoods(state, [&](std::size_t g, std::uint64_t code) {
    const Slot& slot = tables_[g].find(code);
    if (!slot.used) return;
    const Draft& draft = drafts_[g];
    const Entry& a = entries_[slot.entry];
    const Entry& b = draft.entry;
    const auto counts = [](const Entry& e) {
      return std::tuple(e.transitions, e.releases, e.refusals, e.forbidden, e.unspecified, e.choices);
    };
    const std::span<const std::uint64_t> deltas(deltas_.data() + slot.first, slot.count);
    agree = agree && counts(a) == counts(b) && a.rows == b.rows && slot.descends == draft.descends &&
            std::ranges::equal(deltas, draft.deltas);
  });
  return agree;
}

void Memo::add_to(Exploration& result) const {
  for (const Table& table : tables_)
    for (const Slot& slot : table.slots) {
      if (slot.hits == 0) continue;
      const Entry& entry = entries_[slot.entry];
      result.transitions += slot.hits * entry.transitions;
      result.releases += slot.hits * entry.releases;
      result.refusals += slot.hits * entry.refusals;
      result.forbidden += slot.hits * entry.forbidden;
      result.unspecified += slot.hits * entry.unspecified;
      result.choices += slot.hits * entry.choices;
      result.coverage.rows |= entry.rows;
    }
}

std::size_t Memo::bytes() const {
  std::size_t sum = entries_.capacity() * sizeof(Entry) + deltas_.capacity() * sizeof(std::uint64_t);
  for (const Table& table : tables_) sum += table.slots.capacity() * sizeof(Slot);
  return sum;
}

}  // namespace dmabuf::model
