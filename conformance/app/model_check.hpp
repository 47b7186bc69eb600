// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace dmabuf::app {

/// Explores the standard configurations (or the one named), prints counts and violations.
int check_model(const std::string& configuration);

}  // namespace dmabuf::app
