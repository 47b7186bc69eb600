// SPDX-License-Identifier: MIT
/// The bounds within which the reference is explored beside the model.
#pragma once

#include <string_view>
#include <vector>

#include "dmabuf/model/operation.hpp"
#include "reference_target.hpp"

namespace dmabuf::conformance {

/// A bound: one feature each, as for the explorer.
struct Scope {
  std::string_view name;
  std::string_view text;
  std::vector<model::Operation> operations;
};

std::vector<Scope> scopes(const reference::ExporterConfig& exporter);

}  // namespace dmabuf::conformance
