// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

namespace dmabuf::app {

/// `model diff`: what tells two profiles apart.
void add_model_diff(CLI::App& model, int& status);

}  // namespace dmabuf::app
