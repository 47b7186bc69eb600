// SPDX-License-Identifier: MIT
/// Properties that a user can name, held against every state a world can reach.
///
///     always P              P holds in every reachable state; else the shortest trace to one where it does not
///     sometimes P           P holds in some reachable state, and the shortest trace shows one
///     eventually P          from every reachable state the caller can bring about P, whatever the exporter
///                           chooses; else the shortest trace to a state of no return
///     eventually P from Q   the same from every reachable state in which Q holds
///
/// P and Q are predicates (predicate.hpp). Slots are told apart: symmetric worlds are explored one by one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/predicate.hpp"

namespace dmabuf::model {

struct Property {
  enum class Kind : std::uint8_t { Always, Sometimes, Eventually };
  Kind kind{};
  Predicate predicate;
  std::optional<Predicate> from;  ///< of Eventually
  std::string text;
};
/// Throws PredicateError.
Property parse_property(std::string_view text);

/// A property by name: what it says, in which world, and under which clause.
struct NamedProperty {
  std::string_view name;         ///< "mapping-outlives-fds"
  std::string_view world;        ///< of standard_configurations()
  std::string_view requirement;  ///< catalogue id
  std::string_view property;
};
std::span<const NamedProperty> named_properties();

struct Proof {
  enum class Verdict : std::uint8_t { Holds, Fails, Unknown };  ///< Unknown: too many states
  Verdict verdict{};
  std::uint64_t states = 0;
  std::uint64_t matching = 0;  ///< states in which the predicate holds
  std::uint64_t asked = 0;     ///< states of which something is claimed; of Eventually those in which `from` holds
  double seconds = 0;
  /// Of minimal length. Always and Eventually: to the state that breaks it. Sometimes: to the one that shows it.
  std::vector<Step> trace;
};
Proof prove(const Property& property, const Configuration& configuration, const ProgressCallback& progress = {});

}  // namespace dmabuf::model
