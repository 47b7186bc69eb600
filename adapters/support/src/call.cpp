// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/call.hpp"

#include <cstring>

#include "dmabuf/adapters/exporter_backend.hpp"

namespace dmabuf::adapters {

const char* errno_text(int error) {
  const char* const name = ::strerrorname_np(error);
  return name != nullptr ? name : "E?";
}

void harness_failure(const std::string& what, int error) {
  throw conformance::HarnessError(what + ": " + errno_text(error));
}

model::Outcome ExporterBackend::close_handle(model::BufferId) {
  throw conformance::HarnessError(std::string(name()) + " has no handles to close");
}

}  // namespace dmabuf::adapters
