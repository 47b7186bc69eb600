// SPDX-License-Identifier: MIT
/// The reference as the tests see it: an adapter, and the profile that describes it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/reference/adapter.hpp"

namespace dmabuf::conformance {

inline model::Profile reference_profile(std::string_view exporter) {
  const std::string name = "reference:" + std::string(exporter);
  const model::ExporterProfile* found = model::find_exporter_profile(name);
  if (found == nullptr) throw HarnessError("no profile for " + name);
  return {*model::find_kernel_profile("reference"), *found, {"reference", true}, *model::find_fence_profile("reference"),
          model::queue_beside(name)};
}

}  // namespace dmabuf::conformance
