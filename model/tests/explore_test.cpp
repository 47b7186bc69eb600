// SPDX-License-Identifier: MIT
#include "dmabuf/model/diff.hpp"
#include "dmabuf/model/explore.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <sstream>
#include <unordered_map>

#include "../src/machine_id.hpp"
#include "dmabuf/model/catalogue.hpp"

namespace dmabuf::model {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Configuration standard(std::string_view name) {
  for (Configuration& c : standard_configurations())
    if (c.name == name) return std::move(c);
  throw std::invalid_argument(std::string(name));
}

Profile profile_of(std::string_view exporter) {
  return {*find_kernel_profile("reference"), *find_exporter_profile(exporter), {.name = "harness", .guards_misuse = true}};
}

std::string told(const Exploration& e) {
  std::string text;
  for (const Violation& v : e.violations) text += describe(v);
  return text;
}

// --- by hand -------------------------------------------------------------------------------------

TEST(Explorer, CountsAWorldSmallEnoughToCountByHand) {
  Configuration c;
  c.profile = profile_of("reference:udmabuf");
  c.operations = {op::Create{BufferId{0}, FdId{0}, 1, Access::ReadWrite, CloseOnExec::No}, op::Close{FdId{0}},
                  op::Close{kBadFd}, op::Close{kForeignFd}};
  const Exploration e = explore(c);
  EXPECT_EQ(e.states, 4U) << "absent, live, dying, released";
  EXPECT_EQ(e.transitions, 4U) << "create, close, release, create again";
  EXPECT_EQ(e.releases, 1U);
  EXPECT_EQ(e.refusals, 7U) << "close f0 and close bad everywhere, but for close f0 while it is open";
  EXPECT_EQ(e.unspecified, 4U) << "close foreign";
  EXPECT_EQ(e.depth, 3U);
  EXPECT_TRUE(e.complete);
  EXPECT_THAT(e.violations, IsEmpty()) << told(e);
}

TEST(Explorer, CountsAnImporterByHand) {
  const ReferenceId r0{0};
  const AttachmentId a0{0};
  const MappingId m0{0};
  Configuration c;
  c.profile = profile_of("reference:eager");
  c.operations = {op::Export{BufferId{0}, r0, 1, Access::ReadWrite}, op::Put{r0},
                  op::Attach{r0, kLaxDevice, a0}, op::Detach{a0}, op::Map{a0, m0, Direction::ToDevice}, op::Unmap{m0}};
  const Exploration e = explore(c);
  // Absent, released; and, before anything was ever handed out and after: held, attached, dying; mapped.
  EXPECT_EQ(e.states, 9U);
  // Two exports; put, attach, detach and map before and after; unmap; two releases.
  EXPECT_EQ(e.transitions, 2U + 8U + 1U + 2U);
  EXPECT_THAT(e.violations, IsEmpty()) << told(e);
}

// --- by another program --------------------------------------------------------------------------

/// A hash of what decides a world's future; nothing of the packing is in it.
struct WorldHash {
  std::size_t operator()(const World& w) const {
    std::uint64_t h = 0xcbf29ce484222325ULL;
    const auto add = [&](std::uint64_t v) { h = (h ^ v) * 0x100000001b3ULL; };
    for (const auto& b : w.buffers) add(b.lifecycle), add(b.storage), add(b.references), add(b.attachments), add(b.mappings);
    for (const auto& s : w.fds) add(s.buffer), add(s.process);
    for (const auto& s : w.references) add(s.buffer);
    for (const auto& s : w.attachments) add(s.buffer), add(s.device), add(s.state), add(s.cached);
    for (const auto& s : w.mappings) add(s.attachment), add(s.direction);
    for (const auto& s : w.vmas) add(s.buffer), add(s.process), add(s.offset), add(static_cast<std::uint64_t>(s.protection));
    for (const auto& s : w.messages) add(s.buffer), add(s.process);
    for (const auto& k : w.children) {
      add(k.state);
      for (const auto& s : k.fds) add(s.buffer), add(static_cast<std::uint64_t>(s.cloexec));
      for (const auto& s : k.vmas) add(s.buffer), add(s.offset), add(s.length);
    }
    return h;
  }
};

/// The same question, asked naively: whole worlds in a set, the public alternatives(), every edge kept.
struct Naive {
  std::vector<World> worlds;
  std::unordered_map<World, std::size_t, WorldHash> numbers;
  std::vector<std::vector<std::size_t>> predecessors;
  std::uint64_t transitions = 0, refusals = 0, forbidden = 0, unspecified = 0, changed_by_refusal = 0, mixed = 0;

  std::size_t number(const World& world) {
    const auto [at, is_new] = numbers.emplace(world, worlds.size());
    if (is_new) {
      worlds.push_back(world);
      predecessors.emplace_back();
    }
    return at->second;
  }
  void edge(std::size_t from, const World& to) {
    ++transitions;
    predecessors[number(without_data(to, keep))].push_back(from);
  }

  bool keep;  ///< close-on-exec

  explicit Naive(const Configuration& c) : keep(Packing(c.profile, c.operations).keeps_close_on_exec()) {
    number(World{});
    Alternatives ways;
    for (std::size_t i = 0; i < worlds.size(); ++i) {
      const World here = worlds[i];
      for (const Operation& operation : c.operations) {
        alternatives(here, c.profile, operation, ways);
        for (const Alternative& way : ways) {
          mixed += (way.allowance == Allowance::Forbidden) != (ways.front().allowance == Allowance::Forbidden);
          switch (way.allowance) {
            case Allowance::Permitted: edge(i, way.next); break;
            case Allowance::Refused: ++refusals, changed_by_refusal += without_data(way.next, keep) != here; break;
            case Allowance::Forbidden: ++forbidden; break;
            case Allowance::Unspecified: ++unspecified; break;
            case Allowance::Malformed: break;
          }
        }
      }
      // internal_step() releases the first dying buffer; to see each go first, hide the others.
      for (std::size_t b = 0; b < kMaxBuffers; ++b) {
        if (here.buffers[b].lifecycle != state::kDying) continue;
        World next = here;
        for (std::size_t other = 0; other < kMaxBuffers; ++other)
          if (other != b && next.buffers[other].lifecycle == state::kDying) next.buffers[other].lifecycle = state::kReleased;
        EXPECT_TRUE(internal_step(next, c.profile));
        for (std::size_t other = 0; other < kMaxBuffers; ++other)
          if (other != b) next.buffers[other].lifecycle = here.buffers[other].lifecycle;
        edge(i, next);
      }
    }
  }

  /// How many worlds have a way to one in which nothing is left.
  std::size_t can_end() const {
    std::vector<bool> ends(worlds.size());
    std::deque<std::size_t> queue;
    for (std::size_t i = 0; i < worlds.size(); ++i)
      if (worlds[i].empty()) ends[i] = true, queue.push_back(i);
    std::size_t count = queue.size();
    for (; !queue.empty(); queue.pop_front())
      for (const std::size_t from : predecessors[queue.front()])
        if (!ends[from]) ends[from] = true, ++count, queue.push_back(from);
    return count;
  }
};

class NaiveTwin : public ::testing::TestWithParam<std::string_view> {};

TEST_P(NaiveTwin, FindsTheSameStatesAndTransitions) {
  const Configuration c = standard(GetParam());
  ASSERT_EQ(c.symmetry, Symmetry::Ignored);
  const Naive naive(c);
  const Exploration e = explore(c);
  EXPECT_EQ(e.states, naive.worlds.size());
  EXPECT_EQ(e.transitions, naive.transitions);
  EXPECT_EQ(e.refusals, naive.refusals);
  EXPECT_EQ(e.forbidden, naive.forbidden);
  EXPECT_EQ(e.unspecified, naive.unspecified);
  EXPECT_EQ(naive.changed_by_refusal, 0U);
  EXPECT_EQ(naive.mixed, 0U);
  EXPECT_EQ(naive.can_end(), naive.worlds.size());
}

TEST_P(NaiveTwin, FindsWorldsThatSurvivePacking) {
  const Configuration c = standard(GetParam());
  const Packing packing(c.profile, c.operations);
  std::set<std::uint64_t> packed;
  const Naive naive(c);
  for (const World& world : naive.worlds) {
    const auto key = packing.pack(world);
    ASSERT_TRUE(key);
    ASSERT_EQ(packing.unpack(*key), world);
    packed.insert(*key);
  }
  EXPECT_EQ(packed.size(), naive.worlds.size());
}

INSTANTIATE_TEST_SUITE_P(Standard, NaiveTwin,
                         ::testing::Values("sharing-created", "handles", "importers-eager", "importers-caching",
                                           "importers-migrating", "importers-heap", "importers-unknown",
                                           "importers-unguarded", "cpu-access", "cpu-access-udmabuf", "cpu-mappings",
                                           "cpu-mappings-private", "cpu-mappings-unknown", "cpu-mappings-migrating", "calls-5.10",
                                           "creations-heap", "creations-unknown", "fences-mapped", "poll-vgem",
                                           "poll-5.10", "sync-files-shared", "reshaped", "reshaped-growing", "reshaped-private",
                                           "reshaped-unknown", "children-sharing", "children-prime", "vmaps", "vmaps-unknown",
                                           "vmaps-migrating", "dynamic-6.12", "dynamic-importers-unknown", "dynamic-unguarded"),
                         [](const auto& param) {
                           std::string name(param.param);
                           std::erase_if(name, [](char ch) { return ch == '-' || ch == '.'; });
                           return name;
                         });

// --- symmetry ------------------------------------------------------------------------------------

/// The world with its slots renamed.
World renamed(const World& w, std::mt19937& random, const Configuration& c) {
  const auto order = [&](std::size_t used, std::size_t all) {
    std::vector<std::uint8_t> to(all);
    for (std::size_t i = 0; i < all; ++i) to[i] = static_cast<std::uint8_t>(i);
    std::shuffle(to.begin(), to.begin() + static_cast<std::ptrdiff_t>(used), random);
    return to;
  };
  const auto buffers = order(c.bounds.buffers, kMaxBuffers);
  const auto attachments = order(c.bounds.attachments, kMaxAttachments);
  World next;
  const auto move = [](const auto& from, auto& to, const auto& where) {
    for (std::size_t i = 0; i < from.size(); ++i) to[where[i]] = from[i];
  };
  move(w.buffers, next.buffers, buffers);
  move(w.fds, next.fds, order(c.bounds.fds, kMaxFds));
  move(w.references, next.references, order(c.bounds.references, kMaxReferences));
  move(w.attachments, next.attachments, attachments);
  move(w.mappings, next.mappings, order(c.bounds.mappings, kMaxMappings));
  move(w.vmas, next.vmas, order(c.bounds.vmas, kMaxVmas));
  move(w.messages, next.messages, order(c.bounds.messages, kMaxMessages));
  const auto rename = [&](auto& slots) {
    for (auto& s : slots)
      if (s.buffer != kNone) s.buffer = buffers[s.buffer];
  };
  next.children = w.children;
  for (auto& child : next.children) {
    move(ChildState(child).fds, child.fds, order(c.bounds.fds, kMaxFds));
    move(ChildState(child).vmas, child.vmas, order(c.bounds.vmas, kMaxVmas));
    rename(child.fds), rename(child.vmas);
  }
  rename(next.fds), rename(next.references), rename(next.attachments), rename(next.vmas), rename(next.messages);
  for (auto& m : next.mappings)
    if (m.attachment != kNone) m.attachment = attachments[m.attachment];
  return next;
}

class SymmetricTwin : public ::testing::TestWithParam<std::string_view> {};

TEST_P(SymmetricTwin, KeepsOneWorldOfEachClass) {
  Configuration c = standard(GetParam());
  c.symmetry = Symmetry::Ignored;
  const Naive naive(c);
  const Packing packing(c.profile, c.operations);
  std::mt19937 random(1);
  std::set<std::uint64_t> classes;
  for (const World& world : naive.worlds) {
    const auto canonical = packing.pack(world, Symmetry::Reduced);
    ASSERT_TRUE(canonical);
    classes.insert(*canonical);
    for (int i = 0; i < 4; ++i) ASSERT_EQ(packing.pack(renamed(world, random, c), Symmetry::Reduced), canonical);
    const World representative = packing.unpack(*canonical);
    ASSERT_TRUE(naive.numbers.contains(representative)) << "it can be reached itself";
    ASSERT_EQ(packing.pack(representative, Symmetry::Reduced), canonical);
    ASSERT_EQ(packing.pack(representative), canonical);
  }
  c.symmetry = Symmetry::Reduced;
  const Exploration e = explore(c);
  EXPECT_EQ(e.states, classes.size());
  EXPECT_LT(e.states, naive.worlds.size());
  EXPECT_THAT(e.violations, IsEmpty()) << told(e);
}

INSTANTIATE_TEST_SUITE_P(Standard, SymmetricTwin,
                         ::testing::Values("sharing-created", "handles", "importers-caching", "cpu-mappings", "children-sharing"),
                         [](const auto& param) {
                           std::string name(param.param);
                           std::erase(name, '-');
                           return name;
                         });

// --- the proofs ----------------------------------------------------------------------------------

struct Pinned {
  std::string_view name;
  std::uint64_t states, transitions, refusals;
  std::uint32_t depth;
};
/// A change of the model shows here. Before pinning new numbers, know why they are what they are.
constexpr Pinned kPinned[] = {
    {"sharing", 6925, 63860, 48194, 16},
    {"sharing-created", 2455, 17370, 13262, 13},
    {"handles", 1744, 10000, 9612, 14},
    {"handles-prime", 2816, 20320, 43520, 15},
    {"handles-mapped", 2244, 22906, 48514, 11},
    {"importers-eager", 1626, 10626, 13028, 9},
    {"importers-deferred", 1626, 10626, 13028, 9},
    {"importers-caching", 6282, 40018, 51268, 13},
    {"importers-caching-6.18", 1626, 10626, 13028, 9},
    {"importers-refusing", 1626, 9570, 14084, 9},
    {"importers-migrating", 2330, 15307, 18948, 11},
    {"importers-strict", 522, 3230, 5016, 9},
    {"importers-strict-refusing", 1826, 10531, 16836, 10},
    {"importers-vgem", 12562, 82116, 100374, 13},
    {"importers-heap", 978, 5508, 7876, 8},
    {"importers-unknown", 9506, 56707, 72512, 12},
    {"importers-unguarded", 1626, 10626, 5172, 9},
    {"importers-refused-at-map", 2330, 15091, 19164, 11},
    {"importers-three", 54450, 643028, 358044, 10},
    {"cpu-access", 358, 4679, 12896, 10},
    {"cpu-access-unguarded", 18, 190, 626, 6},
    {"cpu-access-udmabuf", 176, 2028, 8348, 7},
    {"cpu-mappings", 1730, 11745, 20694, 11},
    {"cpu-mappings-two", 10105, 77638, 70434, 15},
    {"cpu-mappings-none", 5, 5, 72, 4},
    {"cpu-mappings-private", 50, 253, 706, 4},
    {"cpu-mappings-unknown", 98, 506, 1198, 4},
    {"cpu-mappings-migrating", 176, 856, 1774, 10},
    {"history-2011", 4922, 42519, 74332, 11},
    {"history-3.3", 1562, 9437, 14352, 10},
    {"reshaped", 696, 9224, 7022, 9},
    {"reshaped-growing", 7048, 131732, 65115, 11},
    {"reshaped-private", 226, 2716, 2134, 6},
    {"reshaped-unknown", 38, 262, 190, 5},
    {"children", 15469, 120258, 120061, 13},
    {"children-sharing", 10726, 90086, 57488, 20},
    {"children-importers", 1572, 10976, 15654, 16},
    {"children-prime", 374, 2072, 3062, 9},
    {"calls", 18, 212, 1496, 5},
    {"calls-attached", 18, 116, 1106, 6},
    {"calls-5.10", 18, 108, 1114, 6},
    {"calls-prime", 6, 11, 108, 4},
    {"creations-prime", 6, 7, 22, 4},
    {"creations-udmabuf", 4, 8, 11, 3},
    {"creations-heap", 6, 8, 20, 3},
    {"creations-unknown", 10, 16, 16, 3},
    {"lists", 196, 1418, 4105, 7},
    {"lists-6.1", 56, 268, 855, 5},
    {"lists-5.10", 56, 276, 847, 5},
    {"full", 224, 1820, 1568, 10},
    {"full-prime", 328, 2928, 7736, 8},
    {"full-prime-6.12", 328, 2928, 7736, 8},
    {"full-lists", 56, 294, 992, 6},
    {"everything", 317865, 4682667, 3262128, 27},
    {"fences", 6258, 50725, 251449, 10},
    {"fences-mapped", 1630, 17354, 23478, 15},
    {"poll", 29287, 308418, 451101, 14},
    {"poll-vgem", 5263, 38707, 66187, 14},
    {"poll-5.10", 17, 65, 875, 7},
    {"sync-files", 28687, 414850, 2349510, 37},
    {"sync-files-shared", 1641, 16906, 74736, 15},
    {"sync-files-merged", 8161, 109395, 376005, 16},
    {"full-sync-files", 206, 1103, 5109, 10},
    {"vmaps", 800, 7140, 5604, 12},
    {"vmaps-unguarded", 28, 162, 105, 7},
    {"vmaps-none", 6, 9, 52, 3},
    {"vmaps-unknown", 36, 185, 309, 6},
    {"vmaps-prime", 70, 396, 558, 7},
    {"vmaps-migrating", 2226, 22809, 22718, 13},
    {"dynamic", 1756, 10406, 13032, 12},
    {"dynamic-6.12", 1180, 6438, 9248, 12},
    {"dynamic-6.18", 1382, 7959, 10806, 13},
    {"dynamic-mapped", 13194, 126651, 82664, 13},
    {"dynamic-mapped-6.12", 432, 2062, 2924, 10},
    {"dynamic-unguarded", 198, 733, 449, 10},
    {"dynamic-importers", 762, 3840, 5080, 10},
    {"dynamic-importers-6.18", 958, 4695, 7182, 11},
    {"dynamic-importers-unguarded", 116, 374, 196, 9},
    {"failing", 3266, 76784, 26522, 13},
    {"failing-6.12", 2132, 51221, 16152, 11},
    {"failing-static", 23642, 631798, 172618, 12},
    {"failing-access", 542, 13652, 20956, 7},
    {"dynamic-importers-unknown", 118, 386, 721, 7},
    {"queues", 4251, 65277, 213777, 10},
    {"queues-vivid", 220, 2396, 8169, 7},
    {"queues-contiguous", 2080, 27752, 108856, 10},
    {"queues-unknown", 272, 2862, 10653, 7},
    {"queues-novmap", 25, 170, 1045, 6},
    {"queues-failing", 1038, 16828, 38972, 9},
    {"queues-failing-contiguous", 1038, 16372, 39692, 9},
};

TEST(Contract, HoldsInEveryStateOfEveryStandardConfiguration) {
  Coverage fired;
  std::size_t at = 0;
  for (const Configuration& c : standard_configurations()) {
    SCOPED_TRACE(c.name);
    const Exploration e = explore(c);
    EXPECT_TRUE(e.complete);
    EXPECT_THAT(e.violations, IsEmpty()) << told(e);
    fired.rows |= e.coverage.rows;
    ASSERT_LT(at, std::size(kPinned));
    const Pinned& pinned = kPinned[at++];
    EXPECT_EQ(pinned.name, c.name);
    EXPECT_EQ(fmt::format("{{\"{}\", {}, {}, {}, {}}}", c.name, e.states, e.transitions, e.refusals, e.depth),
              fmt::format("{{\"{}\", {}, {}, {}, {}}}", pinned.name, pinned.states, pinned.transitions,
                          pinned.refusals, pinned.depth));
  }
  EXPECT_EQ(at, std::size(kPinned));
  EXPECT_THAT(unexplained_rows(fired), IsEmpty()) << "each row of each machine fires somewhere, or it is said why not";
}

/// Of one kernel; of all of them by `model check --profiles`, without sanitizers.
TEST(Contract, HoldsForEveryExporterThatHasAProfile) {
  const std::vector<Configuration> worlds = profile_configurations("6.12");
  EXPECT_GT(worlds.size(), 3 * exporter_profiles().size());
  for (const Configuration& c : worlds) {
    SCOPED_TRACE(c.name);
    const Exploration e = explore(c);
    EXPECT_TRUE(e.complete);
    EXPECT_THAT(e.violations, IsEmpty()) << told(e);
    EXPECT_GT(e.states, c.bounds.attachments == 2 ? 100U : 9U);
    EXPECT_THAT(uncounted_rows(c, e.coverage), IsEmpty());
  }
}

TEST(Contract, IsAskedOfEveryKernelThatHasAProfile) {
  std::set<std::string_view> kernels, exporters;
  for (const Configuration& c : profile_configurations()) {
    kernels.insert(c.profile.kernel.name);
    exporters.insert(c.profile.exporter.name);
  }
  EXPECT_EQ(exporters.size(), exporter_profiles().size());
  for (const std::string_view old : {"2011", "3.3", "5.10", "6.1", "6.12"}) EXPECT_TRUE(kernels.contains(old)) << old;
}

/// The second opinion bites: a row that fires where coverage takes it for unreachable is named.
TEST(Contract, NamesRowsThatCoverageDoesNotCount) {
  const Configuration c = profile_configurations("2011").front();
  Coverage all;
  all.rows.set();
  EXPECT_THAT(uncounted_rows(c, all), Not(IsEmpty()));
}

TEST(Contract, ExplainsUnreachedRowsOfTheRightKindOnly) {
  for (const UnreachedRow& u : unreached_rows()) {
    EXPECT_FALSE(u.why.empty());
    EXPECT_TRUE(std::ranges::any_of(rows(), [&](const RowInfo& row) {
      return row.machine == u.machine && row.source == u.source && row.event == u.event &&
             row.requirement == u.requirement && row.kind != RowKind::Permitted && row.kind != RowKind::Refused;
    })) << u.machine << " " << u.source << " " << u.event;
  }
  EXPECT_FALSE(unexplained_rows(Coverage{}).empty());
}

TEST(Invariants, AreNamedInOrder) {
  for (std::size_t i = 0; i < kInvariants; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(invariants()[i].invariant), i);
    EXPECT_NE(find(invariants()[i].requirement), nullptr) << invariants()[i].name;
  }
}

// --- negative controls ---------------------------------------------------------------------------

/// A copy of the tables to be spoilt.
class Spoilt {
 public:
  Tables tables = model::tables();

  RowId row(std::string_view machine, std::string_view source, std::string_view event, std::size_t nth = 0) const {
    for (const RowInfo& r : tables.rows)
      if (r.machine == machine && r.source == source && r.event == event && nth-- == 0) return r.id;
    throw std::invalid_argument(fmt::format("no row {} {} {}", machine, source, event));
  }
  void effects(RowId id, std::initializer_list<Effect> list) {
    EffectList& effects = tables.effects.at(id);
    effects.size = 0;
    for (Effect e : list) effects.list[effects.size++] = e;
  }
  /// Replaces every cell that a row decides.
  void replace(MachineId machine, RowId row, const std::function<void(Cell&)>& change) {
    for (Cell& cell : tables.flat[static_cast<std::size_t>(machine)].cells)
      if (cell.row == row) change(cell);
  }
  /// What one row decides, another decides from now on.
  void decide(MachineId machine, RowId row, RowId instead) {
    Cell other{};
    for (const Cell& cell : tables.flat[static_cast<std::size_t>(machine)].cells)
      if (cell.row == instead) other = cell;
    replace(machine, row, [&](Cell& cell) { cell = other; });
  }
};

struct Mutant {
  std::string_view name;
  std::string_view what;  ///< "close keeps the reference"
  std::string_view configuration;
  std::function<void(Spoilt&)> spoil;
  Invariant invariant;
  std::vector<std::string> trace;
};

void PrintTo(const Mutant& mutant, std::ostream* out) { *out << mutant.name; }

std::vector<Mutant> mutants() {
  using enum Invariant;
  return {
      {"CloseKeepsTheReference", "an effect dropped: close drops no reference", "sharing-created",
       [](Spoilt& s) { s.effects(s.row("fd", "Open", "close"), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "close f0"}},
      {"DupTakesTwoReferences", "an effect doubled: dup takes two references", "sharing-created",
       [](Spoilt& s) { s.effects(s.row("fd", "Open", "dup"), {Effect::TakeReference, Effect::TakeReference}); },
       ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "dup f0 f1"}},
      {"DiscardKeepsTheReference", "an effect dropped: discard drops no reference", "sharing-created",
       [](Spoilt& s) { s.effects(s.row("message", "InFlight", "discard"), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "send f0 s0", "discard s0"}},
      {"HandleKeepsItsReferences", "an effect dropped: close_handle drops none of the exporter's references", "handles",
       [](Spoilt& s) { s.effects(s.row("handle", "Shared", "close_handle", 1), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "close_handle b0"}},
      {"ImportTakesTheObjectsReferenceAgain", "a guard dropped: fd_to_handle does not ask for another file's handle",
       "handles-prime",
       [](Spoilt& s) {
         s.decide(MachineId::Handle, s.row("handle", "None", "fd_to_handle", 0), s.row("handle", "None", "fd_to_handle", 1));
       },
       ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "fd_to_handle f0 second"}},
      {"OneHandleClosedClosesTheObject", "a guard dropped: close_handle does not ask for another file's handle",
       "handles-prime",
       [](Spoilt& s) {
         s.decide(MachineId::Handle, s.row("handle", "Shared", "close_handle", 0),
                  s.row("handle", "Shared", "close_handle", 1));
       },
       ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "fd_to_handle f0 second", "close_handle b0"}},
      {"ReceiveDropsToo", "an effect added: receive drops a reference", "sharing-created",
       [](Spoilt& s) { s.effects(s.row("message", "InFlight", "receive"), {Effect::DropReference}); },
       ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "send f0 s0", "receive s0 f1"}},
      {"PutForgetsAttachments", "guards dropped: put asks for no attachments, nor does the buffer", "importers-eager",
       [](Spoilt& s) {
         s.decide(MachineId::Reference, s.row("reference", "Held", "put", 1), s.row("reference", "Held", "put"));
         s.decide(MachineId::Buffer, s.row("buffer", "Live", "drop", 2), s.row("buffer", "Live", "drop", 1));
       },
       NothingOutlivesTheFile,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "put r0"}},
      {"DetachesWhileMapped", "a refusal made a permission: detach while mapped", "importers-eager",
       [](Spoilt& s) {
         s.decide(MachineId::Attachment, s.row("attachment", "Mapped", "detach"), s.row("attachment", "Attached", "detach"));
       },
       CallbacksBalance,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "map a0 m0 bidirectional", "detach a0"}},
      {"FirstUnmapIsTheLast", "a guard dropped: unmap asks not whether there are more mappings", "importers-eager",
       [](Spoilt& s) {
         s.decide(MachineId::AttachmentTable, s.row("attachment_table", "Mapped", "unmap"), s.row("attachment_table", "Mapped", "unmap", 1));
       },
       MappedThroughAttachment,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "map a0 m0 bidirectional", "map a0 m1 bidirectional", "unmap m0"}},
      {"DetachLeaksTheCachedMapping", "an effect dropped: detach keeps the cached mapping", "importers-caching",
       [](Spoilt& s) { s.effects(s.row("attachment", "Cached", "detach"), {Effect::CallDetach}); }, CallbacksBalance,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "map a0 m0 bidirectional", "unmap m0", "detach a0"}},
      {"ReleasesWithoutRelease", "a target swapped: the last drop leads to Released", "sharing",
       [](Spoilt& s) {
         s.replace(MachineId::Buffer, s.row("buffer", "Live", "drop", 1), [](Cell& c) { c.next = state::kReleased; });
       },
       ReleasedOnceAndLast,
       {"export b0 r0 2 rw", "put r0"}},
      {"ReleasesAgain", "a target swapped: release leads to Dying", "sharing",
       [](Spoilt& s) {
         s.replace(MachineId::Buffer, s.row("buffer", "Dying", "release"), [](Cell& c) { c.next = state::kDying; });
       },
       ReleasedOnceAndLast,
       {"export b0 r0 2 rw", "put r0", "(release b0)"}},
      {"ReleasesEarly", "a guard dropped: any drop is the last", "sharing",
       [](Spoilt& s) { s.decide(MachineId::Buffer, s.row("buffer", "Live", "drop"), s.row("buffer", "Live", "drop", 1)); },
       ReleasedOnceAndLast,
       {"export b0 r0 2 rw", "install_fd r0 f0", "dup f0 f1", "close f0"}},
      {"ExportsOverALiveBuffer", "a cell swapped: a live buffer is born again", "sharing",
       [](Spoilt& s) { s.decide(MachineId::Buffer, s.row("buffer", "Live", "born"), s.row("buffer", "Absent", "born")); },
       ReferencesMoveAsSaid,
       {"export b0 r0 2 rw", "export b0 r1 2 rw"}},
      {"MigratesUnderAMapping", "a guard dropped: storage moves although somebody has it mapped", "importers-migrating",
       [](Spoilt& s) { s.decide(MachineId::Storage, s.row("storage", "Anywhere", "map", 2), s.row("storage", "Anywhere", "map", 1)); },
       StorageStaysUnderMappings,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "map a0 m0 bidirectional", "attach r0 d1 a1", "map a1 m1 bidirectional"}},
      {"AttachForgetsThePin", "an effect dropped: a static importer's attach maps without a pin", "dynamic",
       [](Spoilt& s) { s.effects(s.row("attachment", "Detached", "attach", 1), {Effect::CallAttach, Effect::CallMap}); },
       CallbacksBalance,
       {"export b0 r0 2 rw", "attach r0 d0 a0"}},
      {"DetachForgetsTheUnpin", "an effect dropped: detach keeps the pin of the attach", "dynamic",
       [](Spoilt& s) { s.effects(s.row("attachment", "Cached", "detach", 1), {Effect::CallUnmap, Effect::CallDetach}); },
       CallbacksBalance,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "detach a0"}},
      {"UnpinTellsNobody", "an effect dropped: unpin calls nobody", "dynamic",
       [](Spoilt& s) { s.effects(s.row("pinning", "Pinned", "unpin", 1), {}); }, CallbacksBalance,
       {"export b0 r0 2 rw", "attach_dynamic r0 d0 a0", "pin a0", "unpin a0"}},
      {"MovesWhilePinned", "a refusal made a permission: storage moves in spite of a pin", "dynamic",
       [](Spoilt& s) {
         s.decide(MachineId::Relocation, s.row("relocation", "Anywhere", "migrate", 1), s.row("relocation", "Anywhere", "migrate"));
       },
       StorageStaysUnderMappings,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "attach_dynamic r0 d0 a1", "migrate r0"}},
      {"NestedVmapCallsTheExporter", "an effect added: every vmap calls the exporter", "vmaps",
       [](Spoilt& s) { s.effects(s.row("vmapping", "Mapped", "vmap_once"), {Effect::CallVmap}); }, CallbacksBalance,
       {"export b0 r0 2 rw", "vmap r0 w0", "vmap r0 w1"}},
      {"FirstVunmapIsTheLastOne", "a guard dropped: vunmap asks not whether there are more kernel mappings", "vmaps",
       [](Spoilt& s) {
         s.decide(MachineId::Vmapping, s.row("vmapping", "Mapped", "vunmap_once"), s.row("vmapping", "Mapped", "vunmap_once", 1));
       },
       VmapsCounted,
       {"export b0 r0 2 rw", "vmap r0 w0", "vmap r0 w1", "vunmap w0"}},
      {"PutForgetsKernelMappings", "guards dropped: put asks for no kernel mapping, nor does the buffer", "vmaps",
       [](Spoilt& s) {
         s.decide(MachineId::Reference, s.row("reference", "Held", "put", 2), s.row("reference", "Held", "put"));
         s.decide(MachineId::Buffer, s.row("buffer", "Live", "drop", 3), s.row("buffer", "Live", "drop", 1));
       },
       NothingOutlivesTheFile,
       {"export b0 r0 2 rw", "vmap r0 w0", "put r0"}},
      {"SplitForgetsTheReference", "an effect dropped: a split takes no reference", "reshaped",
       [](Spoilt& s) { s.effects(s.row("vma", "Unmapped", "split"), {}); }, ReferencesMoveAsSaid,
       {"export b0 r0 3 rw", "install_fd r0 f0", "mmap f0 v0 0 3 ro shared", "munmap_page v0 v1 1"}},
      {"ForkForgetsMappings", "an effect dropped: fork counts no mapping", "children-importers",
       [](Spoilt& s) { s.effects(s.row("child_vma", "Unmapped", "fork"), {}); }, ReferencesMoveAsSaid,
       {"export b0 r0 2 rw", "install_fd r0 f0", "mmap f0 v0 0 2 ro shared", "fork k0"}},
      {"ExecKeepsCloseOnExec", "a permission swapped: exec keeps an fd that is close-on-exec", "children",
       [](Spoilt& s) {
         s.decide(MachineId::ChildFd, s.row("child_fd", "Open", "exec"), s.row("child_fd", "Open", "exec", 1));
       },
       ReferencesMoveAsSaid,
       {"create b0 f0 2 rw cloexec", "fork k0", "exec k0"}},
      {"ExecDropsButKeeps", "a target swapped: exec drops the reference and leaves the fd open", "children",
       [](Spoilt& s) {
         s.replace(MachineId::ChildFd, s.row("child_fd", "Open", "exec"), [](Cell& c) { c.next = state::kFdOpen; });
       },
       ChildrenHoldTheirOwn,
       {"create b0 f0 2 rw cloexec", "fork k0", "exec k0"}},
      {"ExitKeepsMappings", "an effect dropped: exit keeps the references of mappings", "children-importers",
       [](Spoilt& s) { s.effects(s.row("child_vma", "Mapped", "exit"), {}); }, ReferencesMoveAsSaid,
       {"export b0 r0 2 rw", "install_fd r0 f0", "mmap f0 v0 0 2 ro shared", "fork k0", "exit k0"}},
      {"PollTakesNoReference", "an effect dropped: poll takes no reference while armed", "poll-vgem",
       [](Spoilt& s) { s.effects(s.row("poll_slot", "Idle", "poll", 1), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "add_fence f0 c0 write", "poll f0 in"}},
      {"SignalKeepsTheReference", "an effect dropped: signal drops no armed reference", "poll-vgem",
       [](Spoilt& s) { s.effects(s.row("poll_slot", "Armed", "signalled"), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "add_fence f0 c0 write", "poll f0 in", "signal c0"}},
      {"SignalKeepsTheSlot", "a target swapped: signal leaves the slot armed", "poll-vgem",
       [](Spoilt& s) {
         s.replace(MachineId::PollSlot, s.row("poll_slot", "Armed", "signalled"), [](Cell& c) { c.next = state::kArmed; });
       },
       CountsInRange,
       {"create b0 f0 2 rw", "add_fence f0 c0 write", "poll f0 in", "signal c0"}},
      {"ReleasesWhileArmed", "a guard dropped: release asks not whether a slot is armed", "poll-5.10",
       [](Spoilt& s) { s.decide(MachineId::Buffer, s.row("buffer", "Live", "drop", 4), s.row("buffer", "Live", "drop", 1)); },
       ReleasedOnceAndLast,
       {"create b0 f0 2 rw", "add_fence f0 c0 write", "poll f0 in", "close f0", "signal c0"}},
      {"SignalUndoesItself", "a target swapped: signal leads to Pending", "poll-vgem",
       [](Spoilt& s) {
         s.replace(MachineId::Fence, s.row("fence", "Pending", "signal"), [](Cell& c) { c.next = state::kPending; });
       },
       FencesMonotone,
       {"create b0 f0 2 rw", "add_fence f0 c0 write", "signal c0"}},
      {"StartWaitsForNobody", "a refusal made a permission: START waits for no fence", "sync-files",
       [](Spoilt& s) { s.decide(MachineId::Reservation, s.row("reservation", "Ready", "await", 1), s.row("reservation", "Ready", "await")); },
       WitnessesAgree,
       {"create b0 f0 2 rw", "add_fence f0 c0 read"}},
      {"ForbidsWhatItPermits", "a kind swapped for one choice: map is forbidden if the exporter caches", "importers-unknown",
       [](Spoilt& s) {
         // Only if the exporter caches: a choice that the contract leaves open.
         FlatMachine& flat = s.tables.flat[static_cast<std::size_t>(MachineId::AttachmentTable)];
         const auto caches = std::ranges::find(flat.facts, Fact::Caches) - flat.facts.begin();
         const RowId map = s.row("attachment_table", "Attached", "map");
         for (std::size_t i = 0; i < flat.cells.size(); ++i)
           if (flat.cells[i].row == map && ((i >> caches) & 1U) != 0) flat.cells[i].kind = RowKind::Forbidden;
       },
       OneVerdict,
       {"create b0 f0 2 rw", "get f0 r0", "attach r0 d0 a0", "map a0 m0 bidirectional (alternative 2)"}},
      {"SendTakesNoReference", "an effect dropped: send takes no reference", "sharing-created",
       [](Spoilt& s) { s.effects(s.row("fd", "Open", "send"), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "send f0 s0"}},
      {"GetTakesNoReference", "an effect dropped: get takes no reference", "sharing-created",
       [](Spoilt& s) { s.effects(s.row("fd", "Open", "get"), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "get f0 r0"}},
      {"PutKeepsTheReference", "an effect dropped: put drops no reference", "sharing",
       [](Spoilt& s) { s.effects(s.row("reference", "Held", "put"), {}); }, ReferencesMoveAsSaid,
       {"export b0 r0 2 rw", "put r0"}},
      {"MmapTakesNoReference", "an effect dropped: mmap takes no reference", "cpu-mappings",
       [](Spoilt& s) { s.effects(s.row("vma", "Unmapped", "mmap"), {}); }, ReferencesMoveAsSaid,
       {"export b0 r0 2 rw", "install_fd r0 f0", "mmap f0 v0 0 2 ro shared"}},
      {"MunmapKeepsTheReference", "an effect dropped: munmap drops no reference", "cpu-mappings",
       [](Spoilt& s) { s.effects(s.row("vma", "Mapped", "munmap"), {}); }, ReferencesMoveAsSaid,
       {"export b0 r0 2 rw", "install_fd r0 f0", "mmap f0 v0 0 2 ro shared", "munmap v0"}},
      {"HandleTakesNoReferences", "an effect dropped: an open handle holds nothing", "handles",
       [](Spoilt& s) { s.effects(s.row("handle", "None", "born"), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw"}},
      {"AttachAsksNobody", "an effect dropped: attach does not call the exporter", "importers-eager",
       [](Spoilt& s) { s.effects(s.row("attachment", "Detached", "attach"), {}); }, CallbacksBalance,
       {"export b0 r0 2 rw", "attach r0 d0 a0"}},
      {"LastUnmapTellsNobody", "an effect dropped: the last unmap does not call the exporter", "importers-eager",
       [](Spoilt& s) { s.effects(s.row("attachment_table", "Mapped", "unmap", 1), {}); }, CallbacksBalance,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "map a0 m0 bidirectional", "unmap m0"}},
      {"SecondMapMapsTwice", "an effect doubled: a second map calls the exporter twice", "importers-eager",
       [](Spoilt& s) { s.effects(s.row("attachment_table", "Mapped", "map"), {Effect::CallMap, Effect::CallMap}); },
       CallbacksBalance,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "map a0 m0 bidirectional", "map a0 m1 bidirectional"}},
      {"UnmapKeepsTheState", "a target swapped: the last unmap leaves the attachment Mapped", "importers-eager",
       [](Spoilt& s) {
         s.replace(MachineId::AttachmentTable, s.row("attachment_table", "Mapped", "unmap", 1), [](Cell& c) { c.next = state::kMapped; });
       },
       MappingsCounted,
       {"export b0 r0 2 rw", "attach r0 d0 a0", "map a0 m0 bidirectional", "unmap m0"}},
      {"NothingDetaches", "a permission made a refusal: an attachment, once made, stays", "importers-eager",
       [](Spoilt& s) {
         s.decide(MachineId::Attachment, s.row("attachment", "Attached", "detach"), s.row("attachment", "Mapped", "detach"));
       },
       TeardownWorks,
       {"export b0 r0 2 rw", "attach r0 d0 a0"}},
      {"FreedIndexKeepsItsReference", "an effect dropped: what an index lets go of is not put", "queues",
       [](Spoilt& s) { s.effects(s.row("plane", "Mapped", "let_go", 0), {}); }, ReferencesMoveAsSaid,
       {"create b0 f0 2 rw", "reqbufs 1", "qbuf 0 f0", "reqbufs 0"}},
      {"StreamOffForgetsWhatItHolds", "a target swapped: a queued buffer that is cancelled is Vacant", "queues",
       [](Spoilt& s) {
         s.replace(MachineId::QueueSlot, s.row("queue_slot", "Queued", "cancel"), [](Cell& c) { c.next = state::kVacant; });
       },
       PlanesHeld,
       {"create b0 f0 2 rw", "reqbufs 1", "qbuf 0 f0", "streamoff"}},
  };
}

class NegativeControl : public ::testing::TestWithParam<Mutant> {};

TEST_P(NegativeControl, IsCaughtWithTheShortestTrace) {
  const Mutant& mutant = GetParam();
  Spoilt spoilt;
  mutant.spoil(spoilt);
  const ScopedTables scope(spoilt.tables);
  const Exploration e = explore(standard(mutant.configuration));
  ASSERT_EQ(e.violations.size(), 1U);
  EXPECT_FALSE(e.complete);
  const Violation& violation = e.violations.front();
  std::vector<std::string> trace;
  for (const Step& step : violation.trace) trace.push_back(describe(step));
  EXPECT_EQ(violation.invariant, mutant.invariant) << describe(violation);
  EXPECT_THAT(describe(violation), HasSubstr(std::string(info(mutant.invariant).requirement)));
  EXPECT_EQ(trace, mutant.trace);
}

INSTANTIATE_TEST_SUITE_P(Tables, NegativeControl, ::testing::ValuesIn(mutants()),
                         [](const auto& param) { return std::string(param.param.name); });

/// The table for people; written anew if DMABUF_UPDATE_GOLDEN is set.
TEST(NegativeControls, AreInTheTable) {
  std::string text =
      "<!-- Written by model-explore-test with DMABUF_UPDATE_GOLDEN=1; do not edit. -->\n# Mutants of the model\n\n"
      "The tables with an error put in, and what `model check` says of each: the invariant that fails, and the shortest\n"
      "trace that shows it. That each is caught in just this way is a test.\n\n"
      "| mutant | error | world | violates | shortest trace |\n| --- | --- | --- | --- | --- |\n";
  EXPECT_GE(mutants().size(), 20U);
  for (const Mutant& m : mutants()) {
    std::string trace;
    for (const std::string& step : m.trace) trace += fmt::format("{}`{}`", trace.empty() ? "" : "<br>", step);
    text += fmt::format("| {} | {} | {} | {} | {} |\n", m.name, m.what, m.configuration, info(m.invariant).name, trace);
  }
  const std::string path = DMABUF_SOURCE_DIR "/docs/reference/model-mutants.md";
  if (std::getenv("DMABUF_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::stringstream committed;
  committed << std::ifstream(path).rdbuf();
  EXPECT_EQ(committed.str(), text);
}

TEST(Explorer, NoticesWhatCanNeverBeReleased) {
  Spoilt spoilt;  // an attachment, once made, stays
  spoilt.decide(MachineId::Attachment, spoilt.row("attachment", "Attached", "detach"),
                spoilt.row("attachment", "Mapped", "detach"));
  const ScopedTables scope(spoilt.tables);
  Configuration c = standard("importers-eager");
  EXPECT_EQ(explore(c).violations.at(0).invariant, Invariant::TeardownWorks);
  c.teardown = false;
  const Exploration e = explore(c);
  ASSERT_EQ(e.violations.size(), 1U);
  EXPECT_EQ(e.violations.front().invariant, Invariant::AllCanBeReleased);
  EXPECT_EQ(e.violations.front().trace.size(), 2U) << told(e);
}

TEST(Explorer, FindsTheLongWayDownToo) {
  Spoilt spoilt;  // no put: a reference goes only by way of an fd
  spoilt.decide(MachineId::Reference, spoilt.row("reference", "Held", "put"), spoilt.row("reference", "Held", "put", 1));
  const ScopedTables scope(spoilt.tables);
  Configuration c = standard("sharing");
  c.teardown = false;
  const Exploration e = explore(c);
  EXPECT_THAT(e.violations, IsEmpty()) << told(e);
}

TEST(Explorer, TellsTracesOfSymmetricWorldsAsProgramsWouldRunThem) {
  Spoilt spoilt;
  spoilt.effects(spoilt.row("attachment", "Cached", "detach"), {Effect::CallDetach});
  const ScopedTables scope(spoilt.tables);
  Configuration c = standard("importers-caching");
  c.symmetry = Symmetry::Reduced;
  const Exploration e = explore(c);
  ASSERT_EQ(e.violations.size(), 1U);
  World world;
  Alternatives ways;
  EXPECT_EQ(e.violations.front().trace.size(), 5U) << told(e);
  for (const Step& step : e.violations.front().trace) {
    alternatives(world, c.profile, std::get<Operation>(step.what), ways);
    ASSERT_GT(ways.size(), step.alternative);
    ASSERT_EQ(ways[step.alternative].allowance, Allowance::Permitted) << describe(step);
    world = ways[step.alternative].next;
  }
  EXPECT_NE(world.buffers[0].callbacks.map, world.buffers[0].callbacks.unmap);
}

// --- limits --------------------------------------------------------------------------------------

TEST(Packing, SaysWhatDoesNotFit) {
  try {
    const Packing packing(profile_of("reference:caching"), all_operations(Bounds{}));
    FAIL() << packing.bits();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("64"));
    EXPECT_THAT(error.what(), HasSubstr("attachments 4 x"));
  }
}

TEST(Packing, RejectsWorldsThatNoCorrectModelReaches) {
  const Configuration c = standard("importers-eager");
  const Packing packing(c.profile, c.operations);
  World world;
  world.buffers[0].references = 255;  // one put too many
  EXPECT_FALSE(packing.pack(world));
  EXPECT_FALSE(packing.pack(world, Symmetry::Reduced));
  world = World{};
  world.references[0].buffer = 0;  // empty, and yet it stands for something
  EXPECT_FALSE(packing.pack(world));
  world = World{};
  world.mappings[1] = {state::kFilled, 3, 0};
  EXPECT_FALSE(packing.pack(world));
  EXPECT_FALSE(packing.pack(world, Symmetry::Reduced));
}

TEST(Explorer, SaysWhenItGaveUp) {
  Configuration c = standard("sharing-created");
  c.max_states = 100;
  const Exploration e = explore(c);
  EXPECT_FALSE(e.complete);
  EXPECT_GT(e.states, 100U);
  EXPECT_LT(e.states, 200U);
}

TEST(Explorer, ReportsHowFarItIs) {
  Progress last;
  int calls = 0;
  const Exploration e = explore(standard("handles"), [&](const Progress& p) { last = p, ++calls; });
  EXPECT_GE(calls, 1);
  EXPECT_EQ(last.states, e.states);
  EXPECT_EQ(last.frontier, 0U);
  EXPECT_EQ(last.depth, e.depth);
  EXPECT_GT(last.bytes, 0U);
}

}  // namespace
}  // namespace dmabuf::model
