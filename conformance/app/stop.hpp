// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

namespace dmabuf::app {

/// Set by the first SIGINT or SIGTERM; the second one exits at once.
const std::atomic<bool>& stop_requested();
void handle_stop_signals();

}  // namespace dmabuf::app
