// SPDX-License-Identifier: MIT
#include "dmabuf/model/explore.hpp"

#include <fmt/format.h>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "explore_checks.hpp"
#include "explore_fast.hpp"
#include "explore_fence.hpp"
#include "explore_successors.hpp"
#include "explore_visited.hpp"
#include "machine_id.hpp"

namespace dmabuf::model {
namespace {

using Clock = std::chrono::steady_clock;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

constexpr std::array<InvariantInfo, kInvariants> kInvariantInfo = {{
    {Invariant::LedgerBalances, "ledger-balances", "INV-001",
     "f_count is the sum of what holds the buffer: fds, references, CPU mappings, messages, what children "
     "inherited, the exporter's own, armed poll slots."},
    {Invariant::LiveWhileReferenced, "live-while-referenced", "INV-002",
     "A buffer is live if and only if its f_count is above zero."},
    {Invariant::AttachmentsCounted, "attachments-counted", "INV-003",
     "A buffer counts as many attachments as there are."},
    {Invariant::MappingsCounted, "mappings-counted", "INV-004",
     "Buffer and attachment count as many mappings as there are."},
    {Invariant::MappedThroughAttachment, "mapped-through-attachment", "MAP-001",
     "A mapping exists only through an attachment that knows of it."},
    {Invariant::NothingOutlivesTheFile, "nothing-outlives-the-file", "REL-012",
     "No attachment, no mapping and no kernel mapping is left on a buffer that is not live."},
    {Invariant::CountsInRange, "counts-in-range", "INV-001",
     "No count falls below zero or rises above what its slots allow, and no empty slot refers to anything."},
    {Invariant::ReferencesMoveAsSaid, "references-move-as-said", "INV-001",
     "A step changes f_count by exactly what its operation says, and a refused one not at all."},
    {Invariant::CallbacksBalance, "callbacks-balance", "INV-004",
     "Each attach, map, vmap and pin callback that succeeded is paired with its detach, unmap, vunmap and unpin once its "
     "object is gone."},
    {Invariant::ReleasedOnceAndLast, "released-once-and-last", "REL-001",
     "The exporter's release runs once in a buffer's life, after the last put, and nothing else runs it."},
    {Invariant::StorageStaysUnderMappings, "storage-stays-under-mappings", "MIG-004",
     "Backing storage that somebody has pinned, or mapped without being told of moves, does not move."},
    {Invariant::StrangersUntouched, "strangers-untouched", "INV-006",
     "A step touches no other buffer, and nothing that stands for another buffer."},
    {Invariant::OneVerdict, "one-verdict", "INV-006",
     "No operation is promised to work and promised nothing at once: alternatives are permitted or refused."},
    {Invariant::AllCanBeReleased, "all-can-be-released", "INV-012",
     "From every state the caller can bring everything down, whatever the exporter chooses."},
    {Invariant::TeardownWorks, "teardown-works", "INV-012", "The model's own teardown leaves nothing behind."},
    {Invariant::FencesKnown, "fences-known", "FEN-003",
     "Entries of reservations and armed poll slots stand for pending fences, sync_files for fences there are."},
    {Invariant::FencesMonotone, "fences-monotone", "INV-010",
     "A fence is pending until it is signalled, and then never again."},
    {Invariant::WitnessesAgree, "witnesses-agree", "INV-009",
     "poll, an exported sync_file and START agree on who may read and write, and who may write may read."},

    {Invariant::ChildrenHoldTheirOwn, "children-hold-their-own", "SHR-003",
     "A child that is not there holds nothing, and one that runs another program neither a CPU mapping nor an fd "
     "that is close-on-exec."},
    {Invariant::VmapsCounted, "vmaps-counted", "INV-005",
     "A buffer counts as many kernel mappings as there are, and the exporter has made one if there are any."},
    {Invariant::MovesAreTold, "moves-are-told", "DYN-009",
     "Only a dynamic importer has mappings of a place that the storage has left, and all of those were told."},
    {Invariant::PlanesHeld, "planes-held", "VBT-014",
     "An index of a video queue holds a dma-buf from when it is queued or prepared until it is replaced or freed, and the "
     "next to be dequeued is the one queued first."},
}};

class Explorer {
 public:
  explicit Explorer(const Configuration& configuration)
      : c_(configuration),
        operations_(c_.operations.empty() ? all_operations(c_.bounds) : c_.operations),
        successors_(c_.profile, operations_, c_.bounds.buffers),
        packing_(c_.profile, operations_),
        visited_(packing_.bits()) {
    if (c_.bounds.buffers > kMaxBuffers || operations_.size() > UINT16_MAX)
      throw std::invalid_argument("the bounds are larger than a world");
    for (const Operation& o : operations_) kinds_.set(o.index());
    fences_ = asks<op::AddFence>() || asks<op::ExportSyncFile>();
  }

  Exploration run(const ProgressCallback& progress);

 private:
  using Way = Successors::Way;
  static constexpr std::size_t kRelease = Successors::kRelease;

  /// What is known against a state, or against a step out of it.
  struct Suspicion {
    Invariant invariant;
    std::size_t state;
    bool step;  ///< not the state itself, but a step out of it
  };

  template <class Visit>
  void successors(const World& world, Visit&& visit) {
    successors_(world, std::forward<Visit>(visit));
  }

  void expand(std::size_t index);
  void found(std::uint64_t packed, std::size_t parent);
  Found check(const World& world, const Way& way) const;
  Found check_refused(const World& world, const Way& way) const;
  template <class Op>
  bool asks() const {
    return kinds_[kind_of<Op>()];
  }
  std::optional<std::size_t> first_that_cannot_end();
  Violation violation(const Suspicion& suspicion);
  Step step_of(const Way& way) const;
  void suspect(Invariant invariant, std::size_t state, bool step) {
    if (!suspicion_) suspicion_ = Suspicion{invariant, state, step};
  }
  std::size_t bytes() const {
    return visited_.bytes() + states_.bytes() + parents_.bytes() + stragglers_.capacity() * sizeof(std::uint32_t);
  }

  const Configuration& c_;
  std::vector<Operation> operations_;
  Successors successors_;
  std::bitset<kOperationKinds> kinds_;
  bool fences_ = false;  // there are any, or sync_files
  Packing packing_;
  Visited visited_;
  Chunks<std::uint64_t> states_;   // in the order in which they were found: queue and record in one
  Chunks<std::uint32_t> parents_;
  std::vector<std::uint64_t> pending_;
  std::vector<std::uint32_t> stragglers_;  // states without a step that is nearer to nothing
  std::array<bool, kMaxRows> fired_{};
  std::optional<Suspicion> suspicion_;
  std::optional<std::size_t> no_teardown_;  // a state; told only if no step is found that says more
  Exploration result_;
};

Found Explorer::check(const World& world, const Way& way) const {
  const bool release = way.operation == kRelease;
  if (!release)
    if (const auto changes = changes_of_child(world, operations_[way.operation]))
      return check_child_step(world, way.next, c_.profile, *changes, c_.bounds.buffers);
  if (!release)
    if (const auto changes = changes_of_queue(world, operations_[way.operation], false))
      return check_queue_step(world, way.next, c_.profile, *changes, c_.bounds.buffers);
  if (!release && fences_) {
    const Operation& operation = operations_[way.operation];
    if (!fences_monotone(world, way.next, operation)) return Invariant::FencesMonotone;
    if (beyond_one_buffer(operation)) {
      const std::array<int, kMaxBuffers> change = said_of_fences(world, c_.profile, operation);
      World others = way.next;  // but for buffers, fences and sync_files, all is as it was
      others.buffers = world.buffers;
      others.fences = world.fences;
      others.sync_files = world.sync_files;
      if (others != world) return Invariant::StrangersUntouched;
      for (std::uint8_t b = 0; b < c_.bounds.buffers; ++b) {
        World one = world;
        one.buffers[b] = way.next.buffers[b];
        // A file that is gone has its reservation until it is released; nobody can look at it.
        if (world.buffers[b].lifecycle == state::kDying) one.buffers[b].entries = world.buffers[b].entries;
        if (one.buffers[b] == world.buffers[b] && change[b] == 0) continue;
        if (const Found wrong = check_step(world, one, c_.profile, {b, change[b]}, false, c_.bounds.buffers)) return wrong;
      }
      return std::nullopt;
    }
  }
  const Said said = release ? Said{way.buffer, 0} : what_is_said(world, c_.profile, operations_[way.operation]);
  return check_step(world, way.next, c_.profile, said, release, c_.bounds.buffers);
}

/// As a step that was to change no count; or, where all but the fd is there, one less than with it.
Found Explorer::check_refused(const World& world, const Way& way) const {
  const Operation& operation = operations_[way.operation];
  if (const auto changes = changes_of_queue(world, operation, true))
    return check_queue_step(world, way.next, c_.profile, *changes, c_.bounds.buffers);
  Said said = what_is_said(world, c_.profile, operation);
  if (way.next == world || said.buffer >= kMaxBuffers) return std::nullopt;
  const bool no_fd = std::holds_alternative<op::Receive>(operation) || std::holds_alternative<op::HandleToFd>(operation);
  said.change = no_fd ? said.change - 1 : 0;
  return check_step(world, way.next, c_.profile, said, false, c_.bounds.buffers);
}

void Explorer::found(std::uint64_t packed, std::size_t parent) {
  if (!visited_.insert(packed)) return;
  states_.push_back(packed);
  parents_.push_back(static_cast<std::uint32_t>(parent));
  const World world = packing_.unpack(packed);
  if (const Found wrong = check_state(world, c_.profile, c_.bounds.buffers))
    suspect(*wrong, states_.size() - 1, false);
  else if (fences_ && !fences_known(world))
    suspect(Invariant::FencesKnown, states_.size() - 1, false);
  else if (fences_ && !witnesses_agree(world, c_.profile, asks<op::Poll>(), asks<op::ExportSyncFile>(), asks<op::Sync>()))
    suspect(Invariant::WitnessesAgree, states_.size() - 1, false);
  else if (c_.teardown && !no_teardown_ && !teardown_works(world, c_.profile))
    no_teardown_ = states_.size() - 1;
}

void Explorer::expand(std::size_t index) {
  const World world = packing_.unpack(states_[index]);
  const unsigned here = weight(world);
  bool descends = here == 0;
  bool all_down = true;
  unsigned allowances = 0;
  pending_.clear();
  successors(world, [&](const Way& way) {
    for (std::uint8_t i = 0; i < way.result.fired_count; ++i) fired_[way.result.fired[i]] = true;
    allowances |= 1U << static_cast<unsigned>(way.result.allowance);
    switch (way.result.allowance) {
      case Allowance::Permitted: {
        ++result_.transitions;
        if (way.operation == kRelease) ++result_.releases;
        if (const Found wrong = check(world, way)) suspect(*wrong, index, true);
        const auto packed = packing_.pack(way.next, c_.symmetry);
        if (!packed) {
          suspect(Invariant::CountsInRange, index, true);
          break;
        }
        if (!descends) all_down = all_down && weight(way.next) < here;
        if (*packed == states_[index]) break;
        visited_.prefetch(*packed);
        pending_.push_back(*packed);
        break;
      }
      case Allowance::Refused: {
        ++result_.refusals, all_down = false;
        if (!asks<op::Fail>() && !asks<op::Qbuf>() && !asks<op::FillFds>()) break;
        // The exporter was asked, and has failed as it was told: that is over. Or an index holds nothing any more; or no
        // fd was free for what is there by now.
        if (const Found wrong = check_refused(world, way)) suspect(*wrong, index, true);
        const auto packed = packing_.pack(way.next, c_.symmetry);
        if (packed && *packed != states_[index]) pending_.push_back(*packed);
        if (!packed) suspect(Invariant::CountsInRange, index, true);
        break;
      }
      case Allowance::Forbidden: ++result_.forbidden, all_down = false; break;
      case Allowance::Unspecified: ++result_.unspecified, all_down = false; break;
      case Allowance::Malformed: all_down = false; break;
    }
    if (!way.last) return;
    descends = descends || all_down;
    if (way.alternative > 0) {
      ++result_.choices;
      if (mixed(allowances)) suspect(Invariant::OneVerdict, index, true);
    }
    all_down = true;
    allowances = 0;
  });
  if (!descends) stragglers_.push_back(static_cast<std::uint32_t>(index));
  for (const std::uint64_t packed : pending_) found(packed, index);
}

Exploration Explorer::run(const ProgressCallback& progress) {
  const auto start = Clock::now();
  const double cpu = thread_seconds();
  auto reported = start;
  const auto seconds_since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  std::size_t next = 0;
  const auto report = [&] {
    const double seconds = seconds_since(start);
    progress({states_.size(), states_.size() - next, result_.depth, seconds,
              seconds > 0 ? static_cast<double>(states_.size()) / seconds : 0, bytes()});
  };

  found(*packing_.pack(World{}, c_.symmetry), 0);
  std::size_t level_end = 1;
  for (; next < states_.size() && !suspicion_ && states_.size() <= c_.max_states; ++next) {
    if (next == level_end) {
      ++result_.depth;
      level_end = states_.size();
    }
    expand(next);
    if (progress && (next & 0x3ff) == 0 && seconds_since(reported) >= 0.5) {
      reported = Clock::now();
      report();
    }
  }
  if (no_teardown_) suspect(Invariant::TeardownWorks, *no_teardown_, false);
  result_.complete = next == states_.size() && !suspicion_;
  if (result_.complete && !stragglers_.empty())
    if (const auto stuck = first_that_cannot_end()) suspect(Invariant::AllCanBeReleased, *stuck, false);

  result_.name = c_.name;
  result_.states = states_.size();
  result_.bits = packing_.bits();
  result_.bytes = bytes();
  for (RowId id = 0; id < kMaxRows; ++id)
    if (fired_[id]) result_.coverage.hit(id);
  if (suspicion_) result_.violations.push_back(violation(*suspicion_));
  result_.seconds = seconds_since(start);
  result_.cpu_seconds = thread_seconds() - cpu;
  if (progress) report();
  return std::move(result_);
}

/// Backward reachability from the states in which nothing is left, by repeated sweeps. Needed only if
/// some state has no step that brings it nearer to nothing; otherwise the steps that do are the proof.
std::optional<std::size_t> Explorer::first_that_cannot_end() {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> index;
  index.reserve(states_.size());
  for (std::uint32_t i = 0; i < states_.size(); ++i) index.emplace_back(states_[i], i);
  std::ranges::sort(index);
  const auto find = [&](std::uint64_t packed) {
    return std::ranges::lower_bound(index, packed, {}, [](const auto& entry) { return entry.first; })->second;
  };
  std::vector<bool> ends(states_.size(), false);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = states_.size(); i-- > 0;) {
      if (ends[i]) continue;
      const World world = packing_.unpack(states_[i]);
      bool can = weight(world) == 0;
      bool all = true;
      successors(world, [&](const Way& way) {
        const auto packed = way.result.allowance == Allowance::Permitted
                                ? packing_.pack(way.next, c_.symmetry)
                                : std::optional<std::uint64_t>{};
        all = all && packed && ends[find(*packed)];
        if (!way.last) return;
        can = can || all;
        all = true;
      });
      if (can) changed = ends[i] = true;
    }
  }
  const auto stuck = std::ranges::find(ends, false);
  if (stuck == ends.end()) return std::nullopt;
  return static_cast<std::size_t>(stuck - ends.begin());
}

Step Explorer::step_of(const Way& way) const {
  if (way.operation == kRelease) return {Released{BufferId{way.buffer}}, 0};
  return {operations_[way.operation], way.alternative};
}

/// Walks the way to a state once more. With symmetry the record holds one state for many, so the walk
/// is among worlds that stand for the recorded ones, and its slots are those a program would use.
Violation Explorer::violation(const Suspicion& suspicion) {
  std::vector<std::uint64_t> way_there;
  for (std::size_t i = suspicion.state; i != 0; i = parents_[i]) way_there.push_back(states_[i]);
  std::ranges::reverse(way_there);

  Violation result{suspicion.invariant, {}};
  World world;
  for (const std::uint64_t target : way_there) {
    bool arrived = false;
    World after;
    successors(world, [&](const Way& way) {
      if (arrived || way.result.allowance != Allowance::Permitted) return;
      if (packing_.pack(way.next, c_.symmetry) != target) return;
      arrived = true;
      after = without_data(way.next, packing_.keeps_close_on_exec());
      result.trace.push_back(step_of(way));
    });
    world = after;
  }
  if (!suspicion.step) return result;

  bool seen = false;
  unsigned allowances = 0;
  successors(world, [&](const Way& way) {
    allowances |= 1U << static_cast<unsigned>(way.result.allowance);
    Found wrong;
    if (way.result.allowance == Allowance::Permitted) {
      wrong = check(world, way);
      if (!wrong && !packing_.pack(way.next, c_.symmetry)) wrong = Invariant::CountsInRange;
    }
    if (way.last && mixed(allowances) && suspicion.invariant == Invariant::OneVerdict)
      wrong = Invariant::OneVerdict;
    if (way.last) allowances = 0;
    if (seen || wrong != suspicion.invariant) return;
    seen = true;
    result.trace.push_back(step_of(way));
  });
  return result;
}

// --- text ----------------------------------------------------------------------------------------

struct Anything {
  template <class T>
  operator T() const;
};
template <class T>
consteval std::size_t members() {
  if constexpr (requires { T{Anything{}, Anything{}, Anything{}, Anything{}, Anything{}, Anything{}, Anything{}, Anything{}, Anything{}, Anything{}}; }) return 10;
  else if constexpr (requires { T{Anything{}, Anything{}, Anything{}, Anything{}, Anything{}, Anything{}}; }) return 6;
  else if constexpr (requires { T{Anything{}, Anything{}, Anything{}, Anything{}, Anything{}}; }) return 5;
  else if constexpr (requires { T{Anything{}, Anything{}, Anything{}, Anything{}}; }) return 4;
  else if constexpr (requires { T{Anything{}, Anything{}, Anything{}}; }) return 3;
  else if constexpr (requires { T{Anything{}, Anything{}}; }) return 2;
  else return 1;
}

template <class Op, class Action>
void each_member(const Op& o, Action&& action) {
  const auto all = [&](const auto&... member) { (action(member), ...); };
  if constexpr (members<Op>() == 10) { const auto& [a, b, c, d, e, f, g, h, i, j] = o; all(a, b, c, d, e, f, g, h, i, j); }
  else if constexpr (members<Op>() == 6) { const auto& [a, b, c, d, e, f] = o; all(a, b, c, d, e, f); }
  else if constexpr (members<Op>() == 5) { const auto& [a, b, c, d, e] = o; all(a, b, c, d, e); }
  else if constexpr (members<Op>() == 4) { const auto& [a, b, c, d] = o; all(a, b, c, d); }
  else if constexpr (members<Op>() == 3) { const auto& [a, b, c] = o; all(a, b, c); }
  else if constexpr (members<Op>() == 2) { const auto& [a, b] = o; all(a, b); }
  else { const auto& [a] = o; all(a); }
}

std::string word(BufferId id) { return fmt::format("b{}", id.value); }
std::string word(FdId id) {
  if (id == kBadFd) return "bad";
  return id == kForeignFd ? "foreign" : fmt::format("f{}", id.value);
}
std::string word(ReferenceId id) { return fmt::format("r{}", id.value); }
std::string word(AttachmentId id) { return fmt::format("a{}", id.value); }
std::string word(MappingId id) { return fmt::format("m{}", id.value); }
std::string word(VmaId id) { return fmt::format("v{}", id.value); }
std::string word(MessageId id) { return fmt::format("s{}", id.value); }
std::string word(DeviceId id) { return fmt::format("d{}", id.value); }
std::string word(FenceId id) { return fmt::format("c{}", id.value); }
std::string word(SyncFileId id) {
  if (id == kBadSyncFile) return "bad";
  return id == kForeignSyncFile ? "foreign" : fmt::format("y{}", id.value);
}
std::string word(ChildId id) { return fmt::format("k{}", id.value); }
std::string word(VmapId id) { return fmt::format("w{}", id.value); }
template <class E>
std::string pick(E value, std::initializer_list<std::string_view> words) {
  return std::string(words.begin()[static_cast<std::size_t>(value)]);
}
std::string word(Access v) { return pick(v, {"ro", "wo", "rw"}); }
std::string word(CloseOnExec v) { return pick(v, {"", "cloexec"}); }
std::string word(CreationFlags v) { return pick(v, {"", "unknown", "heap", "answer"}); }
std::string word(MemfdId id) {
  if (id == kBadMemfd) return "bad";
  return id == kForeignMemfd ? "foreign" : fmt::format("n{}", id.value);
}
std::string word(Seals v) { return pick(v, {"shrink", "none", "shrink|write", "shrink|future_write", "not_for_sealing"}); }
std::string word(ListForm v) {
  return pick(v, {"single", "list", "odd", "empty", "too_many", "too_large", "odd_offset", "odd_size", "unmapped"});
}
std::string word(VideoFile v) { return pick(v, {"", "second"}); }
std::string word(VideoMemory v) { return pick(v, {"", "memory=unknown"}); }
std::string word(VideoLength v) { return pick(v, {"", "image", "short", "long"}); }
std::string word(DrmFile v) { return pick(v, {"", "second"}); }
std::string word(Direction v) { return pick(v, {"bidirectional", "to_device", "from_device", "none"}); }
std::string word(Protection v) { return pick(v, {"ro", "rw"}); }
std::string word(Sharing v) { return pick(v, {"shared", "private"}); }
std::string word(Ending v) { return pick(v, {"", "killed"}); }
std::string word(Argument v) { return pick(v, {"", "unmapped"}); }
std::string word(Whence v) { return pick(v, {"set", "cur", "end", "data", "hole", "bogus"}); }
std::string word(SyncFlags v) {
  return pick(v, {"start|read", "start|write", "start|read|write", "end|read", "end|write", "end|read|write", "start",
                  "end", "start|read|0x8", "start|read|0x100000000"});
}
std::string word(Usage v) { return pick(v, {"kernel", "write", "read", "bookkeep"}); }
std::string word(Timeline v) { return pick(v, {"", "timeline=t0", "timeline=t1"}); }
std::string word(FenceResult v) { return pick(v, {"", "error"}); }
std::string word(Events v) { return pick(v, {"in", "out", "in|out", "nothing", "other"}); }
std::string word(FenceFlags v) { return pick(v, {"read", "write", "read|write", "neither", "read|0x4"}); }
std::string word(OutArgument v) { return pick(v, {"", "argument=unmapped", "argument=readonly"}); }
std::string word(MergeForm v) { return pick(v, {"", "set=flags", "set=pad"}); }
std::string word(InfoForm v) {
  return pick(v, {"count", "records", "one_record", "flags", "pad", "unmapped_records"});
}
std::string word(Callback v) {
  return pick(v, {"attach", "map", "pin", "vmap", "begin_cpu_access", "end_cpu_access", "mmap"});
}
std::string word(ProcessId p) { return fmt::format("p{}", p.value); }
std::string word(Failure v) { return pick(v, {"ENOMEM", "EIO", "ENOSPC"}); }
std::string word(NameId v) { return fmt::format("\"{}\"", name_text(v)); }
std::string word(std::uint8_t v) { return fmt::format("{}", v); }
std::string word(std::int16_t v) { return fmt::format("{}", v); }
std::string word(Tag v) { return fmt::format("{:#x}", v); }

}  // namespace

std::span<const InvariantInfo> invariants() { return kInvariantInfo; }
const InvariantInfo& info(Invariant invariant) { return kInvariantInfo[static_cast<std::size_t>(invariant)]; }

std::string describe(const Step& step) {
  if (const auto* released = std::get_if<Released>(&step.what)) return fmt::format("(release {})", word(released->buffer));
  const auto& operation = std::get<Operation>(step.what);
  std::string text(name_of(operation));
  std::visit(
      [&](const auto& o) {
        each_member(o, [&](const auto& member) {
          if (const std::string w = word(member); !w.empty()) text += " " + w;
        });
      },
      operation);
  if (step.alternative > 0) text += fmt::format(" (alternative {})", step.alternative + 1);
  return text;
}

std::string describe(const Violation& violation) {
  const InvariantInfo& broken = info(violation.invariant);
  std::string text = fmt::format("{} [DBUF-{}]: {}\n", broken.name, broken.requirement, broken.text);
  for (const Step& step : violation.trace) text += fmt::format("  {}\n", describe(step));
  return text;
}

Exploration explore_slowly(const Configuration& configuration, const ProgressCallback& progress) {
  return Explorer(configuration).run(progress);
}

Exploration explore(const Configuration& configuration, const ProgressCallback& progress) {
  try {
    if (std::optional<Exploration> result = explore_fast(configuration, progress)) return std::move(*result);
  } catch (const WrongStep&) {
    // A model that breaks its invariants may well do what nobody foresees. One that keeps them may not.
    Exploration result = explore_slowly(configuration, progress);
    if (result.violations.empty()) throw;
    return result;
  }
  return explore_slowly(configuration, progress);
}

}  // namespace dmabuf::model
