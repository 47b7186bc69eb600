// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace dmabuf::app {

/// Explores the standard configurations (or the one named), or with `profiles` those of every kernel and exporter that
/// has a profile; prints counts and violations.
int check_model(const std::string& configuration, bool profiles);

}  // namespace dmabuf::app
