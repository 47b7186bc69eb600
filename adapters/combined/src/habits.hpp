// SPDX-License-Identifier: MIT
/// Asks the running kernel for its habits.
#pragma once

#include "dmabuf/adapters/exporter_backend.hpp"
#include "dmabuf/adapters/harness.hpp"
#include "dmabuf/adapters/kernel_adapter.hpp"

namespace dmabuf::adapters {

/// Of a file descriptor of a dma-buf: is EXPORT_SYNC_FILE a call? Nothing if the answer is none of those two.
std::optional<bool> knows_sync_files(int dmabuf);

/// Either may be missing. A buffer is made to ask with, and let go; if none can be had, what it would tell stays open.
KernelHabits habits_of(Harness* harness, ExporterBackend* backend);

}  // namespace dmabuf::adapters
