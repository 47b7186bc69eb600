// SPDX-License-Identifier: MIT
#include "dmabuf/model/prove.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "explore_successors.hpp"

namespace dmabuf::model {
namespace {

using Clock = std::chrono::steady_clock;

constexpr NamedProperty kNamed[] = {
    // What must hold of every state.
    {"live-is-referenced", "sharing", "INV-002", "always b0 is Live implies references b0 >= 1"},
    {"released-is-unused", "sharing", "REL-002", "always f0 of b0 implies b0 is Live"},
    {"attached-is-live", "importers-eager", "REL-012", "always a0 of b0 implies b0 is Live"},
    {"mapped-is-attached", "importers-eager", "MAP-001", "always m0 of a0 implies a0 is Mapped and mappings a0 >= 1"},
    {"eager-has-storage", "importers-eager", "MIG-001", "always b0 is Live implies not storage b0 is Unallocated"},
    {"nothing-cached-from-6.17", "importers-caching-6.18", "MAP-011", "always not a* is Cached"},
    {"refused-stays-out", "importers-refusing", "MIG-003", "always mappings b0 == 0 or attachments b0 >= 1"},
    // What must be reached, or the world is too small to say anything.
    {"importer-outlives-fds", "importers-eager", "REL-003", "sometimes a0 is Mapped and not f* is Open"},
    {"message-outlives-fds", "sharing", "SHR-004", "sometimes s0 of b0 and not f* of b0"},
    {"mapping-outlives-fds", "cpu-mappings", "MMU-013", "sometimes v0 is Mapped and not f* is Open and not r* is Held"},
    {"poll-outlives-fds", "poll", "POL-007", "sometimes b0 is Live and not f* of b0 and not handle b0 is Shared"},
    {"other-file-outlives-fds", "handles-prime", "PRM-010",
     "sometimes b0 is Live and not f* is Open and not handle b0 is Shared and second_handle b0 is Shared"},
    {"child-outlives-parent", "children", "SHR-002", "sometimes k0 is Forked and b0 is Live and not f* is Open and not v* is Mapped"},
    {"cached-without-mapping", "importers-caching", "MAP-009", "sometimes a0 is Cached and mappings a0 == 0"},
    {"attached-without-storage", "importers-deferred", "MIG-001", "sometimes a0 is Attached and storage b0 is Unallocated"},
    {"two-mappings", "importers-eager", "MAP-003", "sometimes m0 of a0 and m1 of a0"},
    // What must always remain possible.
    {"all-can-be-released", "handles", "INV-012", "eventually nothing"},
    {"moves-for-stricter", "importers-migrating", "MIG-005", "eventually storage b0 is Confined from b0 is Live"},
    {"name-of-a-child-ends", "children", "SHR-002", "eventually not k* is Forked"},
    {"poll-is-let-go", "poll", "POL-007", "eventually b0 is Released from b0 is Live"},
    {"mapped-again", "importers-refusing", "MIG-003", "eventually a0 is Mapped from a0 is Attached"},
};

/// Every reachable state with the way to it, one level after the other.
class Prover {
 public:
  Prover(const Property& property, const Configuration& configuration)
      : property_(property), c_(configuration), operations_(c_.operations.empty() ? all_operations(c_.bounds) : c_.operations),
        fails_(std::ranges::any_of(operations_, [](const Operation& o) { return std::holds_alternative<op::Fail>(o); })),
        successors_(c_.profile, operations_, c_.bounds.buffers), packing_(c_.profile, operations_) {}

  Proof run(const ProgressCallback& progress) {
    const auto start = Clock::now();
    const bool all = explore(progress, start);
    proof_.states = states_.size();
    if (!found_ && property_.kind == Property::Kind::Eventually && all) found_ = first_of_no_return();
    const bool shows = property_.kind == Property::Kind::Sometimes;
    if (found_) {
      proof_.verdict = shows ? Proof::Verdict::Holds : Proof::Verdict::Fails;
      proof_.trace = way_to(*found_);
    } else {
      proof_.verdict = !all ? Proof::Verdict::Unknown : shows ? Proof::Verdict::Fails : Proof::Verdict::Holds;
    }
    proof_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return std::move(proof_);
  }

 private:
  using Way = Successors::Way;

  /// A refusal leads on where an exporter was told to fail: that it has done so is over.
  bool goes_on(const Way& way) const {
    return way.result.allowance == Allowance::Permitted || (way.result.allowance == Allowance::Refused && fails_);
  }

  void add(std::uint64_t packed, std::uint32_t parent) {
    if (!numbers_.emplace(packed, static_cast<std::uint32_t>(states_.size())).second) return;
    states_.push_back(packed);
    parents_.push_back(parent);
    const World world = packing_.unpack(packed);
    const bool holds = property_.predicate(world);
    proof_.matching += holds ? 1U : 0U;
    proof_.asked += !property_.from || (*property_.from)(world) ? 1U : 0U;
    if (found_) return;
    if ((property_.kind == Property::Kind::Always && !holds) || (property_.kind == Property::Kind::Sometimes && holds))
      found_ = states_.size() - 1;
  }

  /// False if there are more states than wanted, or one that cannot be written down.
  bool explore(const ProgressCallback& progress, Clock::time_point start) {
    add(*packing_.pack(World{}), 0);
    std::uint32_t depth = 0;
    std::size_t level_end = 1;
    std::vector<std::uint64_t> next;
    for (std::size_t at = 0; at < states_.size(); ++at) {
      if (found_) return true;  // breadth first: nothing shorter is to come
      if (states_.size() > c_.max_states) return false;
      if (at == level_end) {
        ++depth;
        level_end = states_.size();
      }
      next.clear();
      bool unpackable = false;
      successors_(packing_.unpack(states_[at]), [&](const Way& way) {
        if (!goes_on(way)) return;
        if (const auto packed = packing_.pack(way.next))
          next.push_back(*packed);
        else
          unpackable = true;
      });
      if (unpackable) return false;
      for (const std::uint64_t packed : next) add(packed, static_cast<std::uint32_t>(at));
      if (progress && (at & 0xfff) == 0) {
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        progress({states_.size(), states_.size() - at, depth, seconds,
                  seconds > 0 ? static_cast<double>(states_.size()) / seconds : 0, states_.size() * 40});
      }
    }
    return true;
  }

  /// Backward from the states in which the predicate holds. A step counts if each way in which the exporter may
  /// let it come out leads on; the release of a dying buffer is nobody's choice and comes by itself.
  std::optional<std::size_t> first_of_no_return() {
    std::vector<bool> can(states_.size(), false);
    for (std::size_t i = 0; i < states_.size(); ++i) can[i] = property_.predicate(packing_.unpack(states_[i]));
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = states_.size(); i-- > 0;) {
        if (can[i]) continue;
        bool reaches = false, every = true;
        successors_(packing_.unpack(states_[i]), [&](const Way& way) {
          const bool permitted = way.result.allowance == Allowance::Permitted;
          every = every && permitted && can[numbers_.at(*packing_.pack(way.next))];
          if (!way.last) return;
          reaches = reaches || every;
          every = true;
        });
        if (reaches) changed = can[i] = true;
      }
    }
    for (std::size_t i = 0; i < states_.size(); ++i)
      if (!can[i] && (!property_.from || (*property_.from)(packing_.unpack(states_[i])))) return i;
    return std::nullopt;
  }

  std::vector<Step> way_to(std::size_t state) {
    std::vector<std::size_t> path;
    for (std::size_t i = state; i != 0; i = parents_[i]) path.push_back(i);
    std::ranges::reverse(path);
    std::vector<Step> steps;
    std::size_t from = 0;
    for (const std::size_t to : path) {
      bool arrived = false;
      successors_(packing_.unpack(states_[from]), [&](const Way& way) {
        if (arrived || !goes_on(way) || packing_.pack(way.next) != states_[to]) return;
        arrived = true;
        if (way.operation == Successors::kRelease)
          steps.push_back({Released{BufferId{way.buffer}}, 0});
        else
          steps.push_back({operations_[way.operation], way.alternative});
      });
      from = to;
    }
    return steps;
  }

  const Property& property_;
  const Configuration& c_;
  std::vector<Operation> operations_;
  bool fails_;
  Successors successors_;
  Packing packing_;
  std::vector<std::uint64_t> states_;  // in the order in which they were found
  std::vector<std::uint32_t> parents_;
  std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
  std::optional<std::size_t> found_;
  Proof proof_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::span<const NamedProperty> named_properties() { return kNamed; }

Property parse_property(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '\t', ' ');
  const std::string_view all = trimmed(plain);
  const auto rest_of = [&](std::string_view word) -> std::optional<std::string_view> {
    if (!all.starts_with(word) || all.size() <= word.size() || all[word.size()] != ' ') return std::nullopt;
    return trimmed(all.substr(word.size()));
  };
  if (const auto rest = rest_of("always")) return {Property::Kind::Always, Predicate(*rest), std::nullopt, std::string(all)};
  if (const auto rest = rest_of("sometimes")) return {Property::Kind::Sometimes, Predicate(*rest), std::nullopt, std::string(all)};
  if (const auto rest = rest_of("eventually")) {
    const auto from = rest->find(" from ");
    if (from == std::string_view::npos) return {Property::Kind::Eventually, Predicate(*rest), std::nullopt, std::string(all)};
    return {Property::Kind::Eventually, Predicate(rest->substr(0, from)), Predicate(rest->substr(from + 6)), std::string(all)};
  }
  throw PredicateError("'" + std::string(all) + "' begins with neither always, sometimes nor eventually");
}

Proof prove(const Property& property, const Configuration& configuration, const ProgressCallback& progress) {
  Configuration plain = configuration;
  plain.symmetry = Symmetry::Ignored;
  return Prover(property, plain).run(progress);
}

}  // namespace dmabuf::model
