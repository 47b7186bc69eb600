// SPDX-License-Identifier: MIT
/// Parts that reproducers are put together from. Each is there only if the program uses it, so that
/// what is mailed is short and compiles without warnings.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace dmabuf::reports::reproducer {

/// Names of parts; what a part needs itself is added by `program_parts`.
using Parts = std::set<std::string_view>;

/// Headers and functions of these parts, in the order in which C wants them.
std::string program_parts(Parts parts);

}  // namespace dmabuf::reports::reproducer
