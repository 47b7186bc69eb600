// SPDX-License-Identifier: MIT
/// The explorer's traces as programs that replay.
#pragma once

#include <span>
#include <string>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/profile.hpp"

namespace dmabuf::app {

/// A step a line, as in a .dbt file, and the command that replays it on the reference, if the profile is one of its
/// exporters'.
std::string replayable(std::span<const model::Step> trace, const model::Profile& profile);
/// The invariant's sentence and its trace.
std::string described(const model::Violation& violation, const model::Profile& profile);

}  // namespace dmabuf::app
