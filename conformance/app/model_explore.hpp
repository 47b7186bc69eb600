// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

namespace dmabuf::app {

/// `model explore`: a world of the caller's own size.
void add_model_explore(CLI::App& model, int& status);

}  // namespace dmabuf::app
