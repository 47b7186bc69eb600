// SPDX-License-Identifier: MIT
/// Planned walks: programs that together take every step a caller can take in a bounded world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

struct TourOptions {
  std::size_t longest = 200;  ///< operations of a piece, its release included
  bool pairs = false;         ///< every two steps that can follow each other, instead of every step
};

struct Tour {
  std::uint64_t states = 0;       ///< settled worlds
  std::uint64_t transitions = 0;  ///< operations permitted or refused in them, or pairs of these: what is to be covered
  std::uint64_t covered = 0;      ///< of these, by the pieces
  std::uint64_t operations = 0;   ///< of all pieces
  /// Each begins where nothing exists, and ends with everything released.
  std::vector<std::vector<Operation>> pieces;
};

/// A caller sees settled worlds only, so a step is an operation with the releases it leads to. Throws
/// std::invalid_argument if the profile leaves a choice open: then nobody can know where a step leads.
Tour plan_tour(const Configuration& configuration, const TourOptions& options = {});

/// The worlds of the certification tour of an exporter, one feature each, small.
std::vector<Configuration> tour_configurations(const Profile& profile);

}  // namespace dmabuf::model
