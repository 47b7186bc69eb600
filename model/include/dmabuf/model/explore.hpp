// SPDX-License-Identifier: MIT
/// Proves the invariants of the contract on bounded worlds, by visiting every world that can be reached.
///
/// Breadth first over packed states (pack.hpp), stepping through the same machines and the same
/// transactions as the oracle, so that a violation comes with the shortest trace that shows it.
///
/// What is counted, for every state visited (with symmetry: for the one that stands for its class):
///   - a *transition* is an operation of the alphabet in one of its alternatives, if Permitted, or the
///     release of one dying buffer, which is the only step nobody asks for. Steps that lead back to the
///     same state count;
///   - a *refusal* is an operation in one of its alternatives, if Refused; it leads nowhere;
///   - forbidden and unspecified ones are counted, and not followed: nothing is promised beyond them;
///   - malformed ones are no programs, and not counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dmabuf/model/bounds.hpp"
#include "dmabuf/model/pack.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// What must hold, of every state or of every step.
enum class Invariant : std::uint8_t {
  LedgerBalances,
  LiveWhileReferenced,
  AttachmentsCounted,
  MappingsCounted,
  MappedThroughAttachment,
  NothingOutlivesTheFile,
  CountsInRange,
  ReferencesMoveAsSaid,
  CallbacksBalance,
  ReleasedOnceAndLast,
  StorageStaysUnderMappings,
  StrangersUntouched,
  OneVerdict,
  AllCanBeReleased,
  TeardownWorks,
  FencesKnown,
  FencesMonotone,
  WitnessesAgree,
  ChildrenHoldTheirOwn,
  VmapsCounted,
  MovesAreTold,
  PlanesHeld,
};
inline constexpr std::size_t kInvariants = 22;

struct InvariantInfo {
  Invariant invariant;
  std::string_view name;         ///< "ledger-balances"
  std::string_view requirement;  ///< catalogue id
  std::string_view text;         ///< one sentence
};
/// In the order of the enumeration.
std::span<const InvariantInfo> invariants();
const InvariantInfo& info(Invariant invariant);

/// A released file's `release` runs: the internal step.
struct Released {
  BufferId buffer;
  friend bool operator==(const Released&, const Released&) = default;
};

struct Step {
  std::variant<Operation, Released> what;
  std::uint8_t alternative = 0;  ///< which one, where the profile leaves a choice
  friend bool operator==(const Step&, const Step&) = default;
};
/// "dup f0 f1", "(release b0)"; slots and arguments in the order of the operation's fields.
std::string describe(const Step& step);

struct Violation {
  Invariant invariant{};
  std::vector<Step> trace;  ///< from the empty world; no shorter one shows it
};
/// The invariant's sentence and the trace, a step a line.
std::string describe(const Violation& violation);

struct Configuration {
  std::string name;
  Bounds bounds;
  Profile profile;
  Symmetry symmetry = Symmetry::Ignored;
  std::vector<Operation> operations;  ///< the alphabet; empty: all_operations(bounds)
  /// Carry out teardown() in every state. That everything *can* be released is proved in any case.
  bool teardown = true;
  std::uint64_t max_states = std::uint64_t{1} << 26;  ///< gives up beyond, and says so
  unsigned threads = 1;
};

struct Progress {
  std::uint64_t states = 0;    ///< found
  std::uint64_t frontier = 0;  ///< of these, not yet expanded
  std::uint32_t depth = 0;
  double seconds = 0;
  double states_per_second = 0;
  std::size_t bytes = 0;  ///< held by the explorer
};

struct Exploration {
  std::string name;
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;  ///< permitted, releases included
  std::uint64_t releases = 0;
  std::uint64_t refusals = 0;
  std::uint64_t forbidden = 0;
  std::uint64_t unspecified = 0;
  std::uint64_t choices = 0;  ///< operations in a state that may come out in more than one way
  std::uint32_t depth = 0;    ///< of the state farthest from the empty world
  unsigned bits = 0;          ///< of a packed state
  bool complete = false;      ///< every reachable state was visited
  double seconds = 0;
  double cpu_seconds = 0;
  std::size_t bytes = 0;  ///< peak memory of the explorer
  Coverage coverage;      ///< rows that fired, those that refused or forbade included
  std::vector<Violation> violations;  ///< none, or the first found, of minimal length

  double states_per_second() const { return seconds > 0 ? static_cast<double>(states) / seconds : 0; }
};

/// Called about twice a second, and once at the end.
using ProgressCallback = std::function<void(const Progress&)>;

/// Takes the fast way where there is one, and the slow one for a violation's trace and for symmetric worlds.
Exploration explore(const Configuration& configuration, const ProgressCallback& progress = {});
/// One transaction after the other, each state with the way to it: what the fast way is held against.
Exploration explore_slowly(const Configuration& configuration, const ProgressCallback& progress = {});

/// Changes how many slots the world of this name has, before its alphabet is made.
using Resize = std::function<void(std::string_view name, Bounds& bounds)>;
/// Small worlds, one feature each, and one that has everything: what the proofs run on.
std::vector<Configuration> standard_configurations(const Resize& resize = {});

/// Small worlds of each exporter that has a profile, on each kernel that has one and the calls for it (kernels that
/// differ in nothing but fences count once); of one kernel alone if it is named.
std::vector<Configuration> profile_configurations(std::string_view kernel = {});
/// Rows that fired in that world although reachable_rows() does not count them.
std::vector<std::string> uncounted_rows(const Configuration& configuration, const Coverage& fired);

/// A row that fires in no standard configuration, and why that is right.
struct UnreachedRow {
  std::string_view machine, source, event;
  std::string_view requirement;
  std::string_view why;
};
/// Reviewed. Only cells outside the tables: each row that permits or refuses something fires somewhere.
std::span<const UnreachedRow> unreached_rows();
/// Rows that did not fire, lack an entry among unreached_rows(), or have one although they did fire.
std::vector<std::string> unexplained_rows(const Coverage& fired);

}  // namespace dmabuf::model
