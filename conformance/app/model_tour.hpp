// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

namespace dmabuf::app {

/// `model tour`: plans the walks of the certification sequence.
void add_model_tour(CLI::App& model, int& status);

}  // namespace dmabuf::app
