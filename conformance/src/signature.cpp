// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/signature.hpp"

#include <fmt/format.h>

#include "sha256.hpp"

namespace dmabuf::conformance {

std::string divergence_signature(const model::Divergence& divergence, const model::Operation& operation,
                                 std::string_view exporter) {
  return fmt::format("div:{}:{}:{}->{}:{}", model::name_of(operation), divergence.aspect,
                     divergence.expected_class, divergence.observed_class, exporter);
}

std::string leak_signature(std::string_view object, const model::Operation& operation,
                           std::string_view exporter) {
  return fmt::format("leak:{}:{}:{}", object, model::name_of(operation), exporter);
}

std::string signature_id(std::string_view signature) { return sha256_hex(signature).substr(0, 12); }

}  // namespace dmabuf::conformance
