// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

namespace dmabuf::app {

/// `model diagram`: machines as graphviz text, with what a run has gone through if one is named.
void add_model_diagram(CLI::App& model, int& status);

}  // namespace dmabuf::app
