// SPDX-License-Identifier: MIT
/// SHA-256 (FIPS 180-4), for the short ids of signatures: a finding must have the same id in every
/// tool that reads it, and `sha256sum` is the one everybody has. Fifty lines with the standard's own
/// vectors in a test are less to carry into a guest than five megabytes of a cryptographic library.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace dmabuf::conformance {

std::array<std::uint8_t, 32> sha256(std::string_view text);
std::string sha256_hex(std::string_view text);

}  // namespace dmabuf::conformance
