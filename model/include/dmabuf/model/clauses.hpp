// SPDX-License-Identifier: MIT
/// Which clauses a wrong reading breaks, whatever the operation before it was.
#pragma once

#include <span>
#include <string_view>

#include "dmabuf/model/observation.hpp"

namespace dmabuf::model {

/// Catalogue ids, most specific first.
std::span<const std::string_view> clauses_of(Aspect aspect);

}  // namespace dmabuf::model
