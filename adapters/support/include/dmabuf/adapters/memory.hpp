// SPDX-License-Identifier: MIT
/// Memory that tests hand to the kernel.
#pragma once

#include <cstddef>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::adapters {

/// Traces count in pages of this size; machines with another are refused when an adapter opens.
inline constexpr std::size_t kPageSize = 4096;

/// Anonymous memory that can no longer shrink (DBUF-UDM-002).
Expected<UniqueFd> sealed_memory(std::size_t bytes);

/// An address at which nothing can be read or written. Reserved for good, so that no later mapping
/// of anybody's can come to lie there.
void* unmapped_page();

}  // namespace dmabuf::adapters
