// SPDX-License-Identifier: MIT
/// Buffers of the dma-heaps under /dev/dma_heap.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/exporter_backend.hpp"

namespace dmabuf::adapters {

/// The heaps there are, sorted: "system", "default_cma_region", ...
std::vector<std::string> dma_heaps();

OpenedBackend open_dma_heap(std::string_view heap);

}  // namespace dmabuf::adapters
