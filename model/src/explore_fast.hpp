// SPDX-License-Identifier: MIT
/// The explorer for when all is well: as fast as it gets, and without a memory of how it got anywhere.
#pragma once

#include <optional>
#include <stdexcept>

#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

/// It caught itself at a step that the model does not take.
class WrongStep : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Nothing if the configuration is not for it, or if any invariant fails: then explore slowly, which finds the
/// shortest trace. Throws WrongStep.
std::optional<Exploration> explore_fast(const Configuration& configuration, const ProgressCallback& progress);

}  // namespace dmabuf::model
