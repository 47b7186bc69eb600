// SPDX-License-Identifier: MIT
#include "dmabuf/model/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/clauses.hpp"
#include "dmabuf/model/reply.hpp"
#include "machine_id.hpp"

namespace dmabuf::model {
namespace {

std::string errnos_text(const ErrnoSet& set) { return set.text(" or "); }

bool returns_tag(const Operation& operation) {
  return std::holds_alternative<op::Load>(operation) || std::holds_alternative<op::DeviceRead>(operation) ||
         std::holds_alternative<op::ChildLoad>(operation) || std::holds_alternative<op::VmapRead>(operation) ||
         std::holds_alternative<op::ReadMemfd>(operation);
}

/// A number that says something whatever it is.
bool returns_number(const Operation& operation) {
  return std::holds_alternative<op::Seek>(operation) || std::holds_alternative<op::Vmap>(operation) ||
         std::holds_alternative<op::Reqbufs>(operation) || std::holds_alternative<op::Dqbuf>(operation);
}

std::string value_text(const Operation& operation, std::uint64_t value) {
  if (replies_in_words(operation)) return reply_text(operation, value);
  if (!returns_tag(operation)) return fmt::format("{}", value);
  if ((value & kTorn) != 0) return "no page of ours (torn, or never written)";
  return value == 0 ? std::string("a page of zeroes") : fmt::format("tag {:#x}", value);
}

std::string alternative_text(const Operation& operation, const Alternative& a) {
  std::string text;
  switch (a.allowance) {
    case Allowance::Permitted:
      text = a.value == kUnknownTag || (!returns_tag(operation) && a.value == 0 &&
                                        !returns_number(operation) && !replies_in_words(operation))
                 ? "ok"
                 : fmt::format("ok, returning {}", value_text(operation, a.value));
      break;
    case Allowance::Refused: text = errnos_text(a.errnos); break;
    case Allowance::Forbidden:
    case Allowance::Unspecified:
    case Allowance::Malformed: text = to_string(a.allowance); break;
  }
  if (a.reason != nullptr) text += fmt::format(" [{}]", full_id(a.reason->requirement));
  return text;
}

std::string outcome_text(const Operation& operation, const Outcome& outcome) {
  if (!outcome) return std::string(errno_name(outcome.error()));
  if (returns_tag(operation) || returns_number(operation) || replies_in_words(operation))
    return "ok, returning " + value_text(operation, outcome->value);
  return "ok";
}

bool explains(const Alternative& a, const Outcome& outcome) {
  switch (a.allowance) {
    case Allowance::Permitted: return outcome && (a.value == kUnknownTag || a.value == outcome->value);
    case Allowance::Refused: return !outcome && a.errnos.contains(outcome.error());
    case Allowance::Forbidden:
    case Allowance::Unspecified: return true;  // nothing is promised
    case Allowance::Malformed: return false;
  }
  return false;
}

/// Is the buffer whose contents the operation reads mapped anywhere at an offset?
bool seen_at_offset(const World& world, const Operation& operation) {
  std::uint8_t b = kNone;
  if (const auto* load = std::get_if<op::Load>(&operation))
    b = world.vmas[load->vma.value].buffer;
  else if (const auto* child = std::get_if<op::ChildLoad>(&operation))
    b = world.children[child->child.value].vmas[child->vma.value].buffer;
  else if (const auto* read = std::get_if<op::DeviceRead>(&operation))
    if (const std::uint8_t a = world.mappings[read->mapping.value].attachment; a != kNone)
      b = world.attachments[a].buffer;
  if (const auto* read = std::get_if<op::VmapRead>(&operation)) b = world.vmaps[read->vmap.value].buffer;
  const auto at_offset = [&](const VmaState& v) { return v.state == state::kFilled && v.buffer == b && v.offset > 0; };
  return std::ranges::any_of(world.vmas, at_offset) || std::ranges::any_of(world.children, [&](const ChildState& c) {
           return std::ranges::any_of(c.vmas, at_offset);
         });
}

void add_unique(std::vector<World>& worlds, const World& world) {
  if (std::ranges::find(worlds, world) == worlds.end()) worlds.push_back(world);
}

void add_requirement(Divergence& d, std::string_view id) {
  if (id.empty() || find(id) == nullptr) return;
  if (std::ranges::find(d.requirements, id) == d.requirements.end()) d.requirements.emplace_back(id);
}

/// The clause a wrong reading breaks, most specific first.
void name_clauses(Divergence& d, Aspect aspect, const RowInfo* after) {
  if (after != nullptr && after->kind == RowKind::Refused) add_requirement(d, "INV-006");
  if (after != nullptr) add_requirement(d, after->requirement);
  for (const std::string_view id : clauses_of(aspect)) add_requirement(d, id);
}

std::string reading_text(Aspect aspect, std::int64_t value) {
  if (aspect == Aspect::Listed) return value != 0 ? "listed" : "not listed";
  if (aspect == Aspect::AccessMode) {
    constexpr std::array<std::string_view, 3> modes = {"read-only", "write-only", "read-write"};
    return value >= 0 && value < 3 ? std::string(modes[static_cast<std::size_t>(value)]) : "no access mode";
  }
  if (counts_directions(aspect))
    return fmt::format("bidirectional {}, to_device {}, from_device {}",
                       Directions::of(Direction::Bidirectional, value), Directions::of(Direction::ToDevice, value),
                       Directions::of(Direction::FromDevice, value));
  return fmt::format("{}", value);
}

/// Does the row have anything to do with what was read?
bool concerns(const RowInfo& row, Aspect aspect) {
  const auto has = [&](std::string_view word) {
    return std::ranges::any_of(row.effects, [&](std::string_view effect) { return effect.find(word) != effect.npos; });
  };
  switch (aspect) {
    case Aspect::References: return has("reference");
    case Aspect::MapCalls:
    case Aspect::MapDirections: return has("call map");
    case Aspect::UnmapCalls:
    case Aspect::UnmapDirections: return has("call unmap");
    case Aspect::AttachCalls:
    case Aspect::AttachRefused: return has("call attach");
    case Aspect::DetachCalls: return has("call detach");
    case Aspect::BeginCalls:
    case Aspect::BeginDirections: return has("call begin");
    case Aspect::EndCalls:
    case Aspect::EndDirections: return has("call end");
    case Aspect::ReleaseCalls: return has("call release");
    case Aspect::VmapCalls: return has("call vmap");
    case Aspect::VunmapCalls: return has("call vunmap");
    case Aspect::PinCalls: return has("call pin");
    case Aspect::UnpinCalls: return has("call unpin");
    case Aspect::MoveNotifies: return has("migrate");
    case Aspect::Name: return has("rename");
    case Aspect::Listed:
    case Aspect::Attachments:
    case Aspect::Mappings:
    case Aspect::Size:
    case Aspect::AccessMode:
    case Aspect::Vmaps:
    case Aspect::Failures: return false;
  }
  return false;
}

/// First reading that the world does not explain.
std::optional<Divergence> first_difference(const Observation& expected, const Observation& seen,
                                           const RowInfo* after, std::span<const RowId> fired) {
  for (std::size_t i = 0; i < kMaxBuffers; ++i) {
    const BufferSeen& e = expected.buffers[i];
    const BufferSeen& s = seen.buffers[i];
    const std::uint32_t both = e.seen & s.seen;
    if (both == 0) continue;
    for (std::size_t k = 0; k < kAspects; ++k) {
      if (((both >> k) & 1U) == 0) continue;
      const auto aspect = static_cast<Aspect>(k);
      const bool is_name = aspect == Aspect::Name;
      if (is_name ? e.name == s.name : e.values[k] == s.values[k]) continue;
      Divergence d;
      d.aspect = aspect_name(aspect);
      d.slot = fmt::format("b{}", i);
      if (is_name) {
        d.expected = fmt::format("\"{}\"", e.name.view());
        d.observed = fmt::format("\"{}\"", s.name.view());
        d.expected_class = "name";
        d.observed_class = "other-name";
      } else {
        d.expected = reading_text(aspect, e.values[k]);
        d.observed = reading_text(aspect, s.values[k]);
        if (counts_directions(aspect)) {
          d.expected_class = "directions";
          d.observed_class = "other-directions";
        } else {
          d.expected_class = aspect == Aspect::Listed || aspect == Aspect::AccessMode ? d.expected : "n";
          d.observed_class = aspect == Aspect::Listed || aspect == Aspect::AccessMode
                                 ? d.observed
                                 : (s.values[k] > e.values[k] ? "more" : "less");
        }
      }
      if (after == nullptr || after->kind != RowKind::Refused)
        for (RowId id : fired)
          if (concerns(rows()[id], aspect)) add_requirement(d, rows()[id].requirement);
      name_clauses(d, aspect, after);
      return d;
    }
  }
  for (std::size_t i = 0; i < kMaxFds; ++i) {
    const FdSeen& e = expected.fds[i];
    const FdSeen& s = seen.fds[i];
    if (!s.seen || !e.seen) continue;
    const bool astray = s.process && s.process != e.process;
    const bool high = s.lowest && s.lowest != e.lowest;
    if (e.open == s.open && (!e.open || (e.close_on_exec == s.close_on_exec && !astray && !high))) continue;
    Divergence d;
    d.slot = fmt::format("f{}", i);
    if (e.open != s.open) {
      d.aspect = "fd";
      d.expected_class = d.expected = e.open ? "open" : "closed";
      d.observed_class = d.observed = s.open ? "open" : "closed";
    } else if (astray) {
      d.aspect = "process";
      d.expected_class = d.expected = fmt::format("p{}", *e.process);
      d.observed_class = d.observed = fmt::format("p{}", *s.process);
    } else if (high) {
      d.aspect = "fd_number";
      d.expected_class = d.expected = "the lowest free";
      d.observed_class = d.observed = "another";
      add_requirement(d, "FD-003");
    } else {
      d.aspect = "close_on_exec";
      d.expected_class = d.expected = e.close_on_exec ? "set" : "not set";
      d.observed_class = d.observed = s.close_on_exec ? "set" : "not set";
      add_requirement(d, "FD-004");
      add_requirement(d, "VFS-005");
    }
    if (after != nullptr && after->kind == RowKind::Refused) add_requirement(d, "INV-006");
    if (after != nullptr) add_requirement(d, after->requirement);
    return d;
  }
  for (std::size_t i = 0; i < kMaxSyncFiles; ++i) {
    const FdSeen& e = expected.sync_files[i];
    const FdSeen& s = seen.sync_files[i];
    if (!s.seen || !e.seen || (e.open == s.open && (!e.open || e.close_on_exec == s.close_on_exec))) continue;
    Divergence d;
    d.slot = fmt::format("y{}", i);
    if (e.open != s.open) {
      d.aspect = "fd";
      d.expected_class = d.expected = e.open ? "open" : "closed";
      d.observed_class = d.observed = s.open ? "open" : "closed";
    } else {
      d.aspect = "close_on_exec";
      d.expected_class = d.expected = "set";
      d.observed_class = d.observed = "not set";
      add_requirement(d, "SFE-002");
      add_requirement(d, "SYF-006");
    }
    if (after != nullptr && after->kind == RowKind::Refused) add_requirement(d, "INV-006");
    if (after != nullptr) add_requirement(d, after->requirement);
    return d;
  }
  return std::nullopt;
}

}  // namespace

std::span<const std::string_view> clauses_of(Aspect aspect) {
  using Ids = std::array<std::string_view, 2>;
  static constexpr Ids listed = {"REL-002", "INV-002"}, references = {"INV-001"}, attachments = {"INV-003"}, mappings = {"INV-004"},
                       size = {"EXP-009", "INV-007"}, name = {"NAM-003", "NAM-008"}, access = {"EXP-007", "INV-007"},
                       attach = {"ATT-004", "INV-004"}, detach = {"ATT-017", "INV-004"}, refused = {"ATT-004", "ATT-005"},
                       map = {"MAP-002", "INV-004"}, directions = {"MAP-002"}, begin = {"CPU-002"}, end = {"CPU-005"},
                       release = {"REL-001", "INV-002"}, vmap = {"VMP-003"}, vunmap = {"VMP-005"},
                       vmaps = {"VMP-003", "VMP-005"}, pin = {"DYN-007", "ATT-010"}, unpin = {"DYN-006"},
                       failures = {"INV-013"}, moves = {"DYN-009", "MIG-007"};
  const auto used = [](const Ids& ids) { return std::span(ids).first(ids[1].empty() ? 1 : 2); };
  switch (aspect) {
    case Aspect::Listed: return used(listed);
    case Aspect::References: return used(references);
    case Aspect::Attachments: return used(attachments);
    case Aspect::Mappings: return used(mappings);
    case Aspect::Size: return used(size);
    case Aspect::Name: return used(name);
    case Aspect::AccessMode: return used(access);
    case Aspect::AttachCalls: return used(attach);
    case Aspect::DetachCalls: return used(detach);
    case Aspect::AttachRefused: return used(refused);
    case Aspect::MapCalls:
    case Aspect::UnmapCalls: return used(map);
    case Aspect::MapDirections:
    case Aspect::UnmapDirections: return used(directions);
    case Aspect::BeginCalls:
    case Aspect::BeginDirections: return used(begin);
    case Aspect::EndCalls:
    case Aspect::EndDirections: return used(end);
    case Aspect::ReleaseCalls: return used(release);
    case Aspect::VmapCalls: return used(vmap);
    case Aspect::VunmapCalls: return used(vunmap);
    case Aspect::Vmaps: return used(vmaps);
    case Aspect::PinCalls: return used(pin);
    case Aspect::UnpinCalls: return used(unpin);
    case Aspect::Failures: return used(failures);
    case Aspect::MoveNotifies: return used(moves);
  }
  return {};
}

Oracle::Oracle(const Profile& profile, const Bounds& bounds) : profile_(profile), bounds_(bounds) { reset(); }

void Oracle::reset() {
  worlds_.assign(1, World{});
  last_reason_ = nullptr;
  last_fired_.clear();
}

void Oracle::start_from(const World& world) {
  reset();
  worlds_.front() = world;
}

bool Oracle::enabled(const Operation& operation) const {
  for (const World& world : worlds_) {
    alternatives(world, profile_, operation, alternatives_);
    for (const Alternative& a : alternatives_)
      if (a.allowance != Allowance::Permitted && a.allowance != Allowance::Refused) return false;
  }
  return true;
}

Allowance Oracle::allowance(const Operation& operation) const {
  return model::allowance(worlds_.front(), profile_, operation);
}

std::optional<Divergence> Oracle::judge(const Operation& operation, const Outcome& outcome) {
  next_.clear();
  const RowInfo* reason = nullptr;
  for (const World& world : worlds_) {
    alternatives(world, profile_, operation, alternatives_);
    for (const Alternative& a : alternatives_) {
      if (!explains(a, outcome)) continue;
      for (std::uint8_t i = 0; i < a.fired_count; ++i) coverage_.hit(a.fired[i]);
      if (reason == nullptr) {
        reason = a.reason;
        last_fired_.assign(a.fired.begin(), a.fired.begin() + a.fired_count);
      }
      add_unique(next_, a.next);
    }
  }
  if (!next_.empty()) {
    worlds_.swap(next_);
    last_reason_ = reason;
    return std::nullopt;
  }

  Divergence d;
  d.aspect = "outcome";
  d.allowed = allowed(operation);
  d.observed = outcome_text(operation, outcome);
  d.observed_class = outcome ? "ok" : fmt::format("errno:{}", errno_name(outcome.error()));
  for (const World& world : worlds_) {
    alternatives(world, profile_, operation, alternatives_);
    for (const Alternative& a : alternatives_) {
      if (a.reason != nullptr) add_requirement(d, a.reason->requirement);
      if (d.expected.empty()) {
        d.expected = alternative_text(operation, a);
        d.expected = d.expected.substr(0, d.expected.find(" ["));
        d.expected_class = a.allowance == Allowance::Refused ? "errno:" + errnos_text(a.errnos)
                                                             : std::string("ok");
      }
      if (a.allowance == Allowance::Permitted && outcome) {  // it may succeed, but not return this
        d.aspect = "value";
        const bool data = returns_tag(operation);
        const std::string number = std::holds_alternative<op::Seek>(operation) ? "position" : "number";
        d.expected_class = data ? "data" : number;
        d.observed_class = data ? "data-mismatch" : "other-" + number;
        d.recoverable = data;
        if (replies_in_words(operation)) {
          d.expected_class = reply_class(operation, a.value);
          d.observed_class = reply_class(operation, outcome->value);
          if (d.expected_class == d.observed_class) d.observed_class = "other-" + d.observed_class;
        }
      }
    }
  }
  if (d.aspect == "value" && returns_tag(operation)) {
    // A view that begins inside the buffer is under suspicion first, whichever view shows it.
    add_requirement(d, "INV-011");
    if (seen_at_offset(worlds_.front(), operation))
      add_requirement(d, "MMU-008");
    else
      std::erase(d.requirements, "MMU-008");
  }
  if (!outcome) add_requirement(d, "INV-006");
  return d;
}

std::optional<Divergence> Oracle::judge(const Observation& seen, const Operation*) {
  // A single-threaded caller sees a settled world: what was released has run its release.
  std::optional<Divergence> first;
  next_.clear();
  for (World world : worlds_) {
    settle(world, profile_, &coverage_);
    const auto difference = first_difference(expected_observation(world, profile_), seen, last_reason_, last_fired_);
    if (!difference)
      add_unique(next_, world);
    else if (!first)
      first = difference;
  }
  if (next_.empty()) return first;
  worlds_.swap(next_);
  return std::nullopt;
}

bool Oracle::adopt(const Operation& operation, const Outcome& outcome) {
  if (!outcome) return false;
  const auto* load = std::get_if<op::Load>(&operation);
  const auto* read = std::get_if<op::DeviceRead>(&operation);
  const auto* child = std::get_if<op::ChildLoad>(&operation);
  const auto* vmap = std::get_if<op::VmapRead>(&operation);
  if (load == nullptr && read == nullptr && child == nullptr && vmap == nullptr) return false;
  for (World& world : worlds_) {
    std::uint8_t b = kNone;
    if (vmap != nullptr) {
      b = world.vmaps[vmap->vmap.value].buffer;
    } else if (read == nullptr) {
      VmaState& vma = load != nullptr ? world.vmas[load->vma.value]
                                      : world.children[child->child.value].vmas[child->vma.value];
      const std::uint8_t page = load != nullptr ? load->page : child->page;
      b = vma.buffer;
      // A view that ignores its offset explains itself: it shows the buffer from the start. If nothing
      // can have been written through it, all else is as it was, and goes on being judged.
      const bool from_start = vma.offset > 0 && page < kMaxPages && world.page(b, page) == outcome->value;
      if (from_start && !vma.written) {
        vma.offset = 0;
        continue;
      }
      vma.suspect = true;
    } else {
      b = world.attachments[world.mappings[read->mapping.value].attachment].buffer;
    }
    // Otherwise nobody knows which bytes are wrong: no contents of this buffer are judged until they
    // are written again.
    world.forget(b);
  }
  return true;
}

std::vector<std::string> Oracle::allowed(const Operation& operation) const {
  std::vector<std::string> texts;
  for (const World& world : worlds_) {
    alternatives(world, profile_, operation, alternatives_);
    for (const Alternative& a : alternatives_) {
      std::string text = alternative_text(operation, a);
      if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
    }
  }
  return texts;
}

}  // namespace dmabuf::model
