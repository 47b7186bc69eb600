// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

namespace dmabuf::app {

void add_model_prove(CLI::App& model, int& status);

}  // namespace dmabuf::app
