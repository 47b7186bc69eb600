// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace dmabuf::record {

/// The text as valid UTF-8. A byte that belongs to no character becomes the four characters `\x9f`,
/// so that nothing is lost to the eye; text that is valid comes back unchanged.
std::string valid_utf8(std::string_view text);

/// Length of the well-formed UTF-8 character that starts at `at`; 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);

}  // namespace dmabuf::record
