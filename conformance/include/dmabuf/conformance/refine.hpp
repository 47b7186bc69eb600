// SPDX-License-Identifier: MIT
/// System and model explored in lockstep: every operation, from every state, within a bound.
///
/// The abstraction function is explicit. What a system shows of itself, its observation, is compared with what the
/// model's world says must be seen; so are outcomes; and what is left after letting everything go must be nothing.
/// A system whose future is decided by its model's world *refines* the model if none of these differs in any pair of
/// states. For a system that keeps more to itself, such as a mutant, pairs are told apart by its own state too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/oracle.hpp"
#include "dmabuf/model/pack.hpp"

namespace dmabuf::conformance {

struct Refinement {
  std::uint64_t states = 0;       ///< pairs of worlds and systems
  std::uint64_t transitions = 0;  ///< operations carried out by both
  unsigned depth = 0;             ///< every program of so many operations was looked at
  bool complete = false;          ///< all there is within the bound
  /// The shortest program that ends in a divergence, and which: empty if there is none.
  std::vector<model::Operation> trace;
  std::string divergence;
};

struct RefineOptions {
  bool by_world = false;  ///< pairs with equal worlds are one: for a system that keeps nothing to itself
  unsigned most_depth = 64;
  std::uint64_t most_states = 2'000'000;
};

/// System: a trivially copyable value with apply(), observe(), let_go() and leftover(), which is {} if clean.
template <class System>
requires std::is_trivially_copyable_v<System>
Refinement refine(const System& start, const model::Profile& profile, std::span<const model::Operation> operations,
                  const RefineOptions& options = {}) {
  struct Pair {
    System system;
    model::World world;
    std::uint32_t parent;
    std::uint16_t operation;
  };
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.first; }
  };
  const auto key = [&](const System& system, const model::World& world) {
    std::string bytes = model::without_counters(world);
    if (!options.by_world) bytes.append(reinterpret_cast<const char*>(&system), sizeof system);
    Key hash{0xcbf29ce484222325ULL, 0x9e3779b97f4a7c15ULL};
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
      hash.first = (hash.first ^ word) * 0x9fb21c651e98df25ULL;
      hash.first ^= hash.first >> 32;
      hash.second = (hash.second + word) * 0xd6e8feb86659fd93ULL;
      hash.second ^= hash.second >> 29;
    }
    return hash;
  };

  Refinement result;
  std::vector<Pair> pairs;
  std::unordered_set<Key, KeyHash> known;
  const auto trace_to = [&](std::size_t at, std::size_t last) {
    std::vector<model::Operation> trace = {operations[last]};
    for (; at != 0; at = pairs[at].parent) trace.insert(trace.begin(), operations[pairs[at].operation]);
    return trace;
  };
  const auto unclean = [](System system) {
    system.let_go();
    return !(system.leftover() == decltype(system.leftover()){});
  };

  model::Oracle oracle(profile);
  model::Observation seen;
  pairs.push_back({start, model::World{}, 0, 0});
  known.insert(key(start, model::World{}));
  std::size_t level_end = 1;
  for (std::size_t at = 0; at < pairs.size(); ++at) {
    if (at == level_end) {
      ++result.depth;
      level_end = pairs.size();
    }
    if (result.depth >= options.most_depth || pairs.size() > options.most_states) {
      result.states = pairs.size();
      return result;
    }
    for (std::size_t o = 0; o < operations.size(); ++o) {
      oracle.start_from(pairs[at].world);
      if (!oracle.enabled(operations[o])) continue;
      System system = pairs[at].system;
      const model::Outcome outcome = system.apply(operations[o]);
      ++result.transitions;
      const auto diverges = [&](std::string what) {
        result.trace = trace_to(at, o);
        result.divergence = std::move(what);
        result.states = pairs.size();
      };
      if (const auto wrong = oracle.judge(operations[o], outcome)) {
        diverges(wrong->aspect + ": expected " + wrong->expected + ", observed " + wrong->observed);
        return result;
      }
      system.observe(seen);
      if (const auto wrong = oracle.judge(seen, &operations[o])) {
        diverges(wrong->aspect + " of " + wrong->slot + ": expected " + wrong->expected + ", observed " + wrong->observed);
        return result;
      }
      if (oracle.worlds() != 1) throw std::logic_error("a system that leaves a choice open cannot be followed");
      if (!known.insert(key(system, oracle.world())).second) continue;
      if (unclean(system)) {
        diverges("residue: something is left after letting everything go");
        return result;
      }
      pairs.push_back({system, oracle.world(), static_cast<std::uint32_t>(at), static_cast<std::uint16_t>(o)});
    }
  }
  result.states = pairs.size();
  result.complete = true;
  return result;
}

}  // namespace dmabuf::conformance
