// SPDX-License-Identifier: MIT
/// results.json, schema dmabuf-conform.results/1.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

/// One run. Cases stand one on a line, by id, so that `diff` works.
std::string results_json(const record::Run& run);

/// One run as above; several as an object that has their common verdict and each run's results.
std::string results_json(const std::vector<record::Run>& runs);

}  // namespace dmabuf::reports
