// SPDX-License-Identifier: MIT
/// When two divergences are the same. Classes, not values: neither position, seed, slot nor board is
/// in a signature, so that the same bug has the same name on every night and every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/oracle.hpp"

namespace dmabuf::conformance {

inline constexpr std::uint32_t kSignatureVersion = 1;

/// "div:get:outcome:errno:EINVAL->ok:eager", "div:attach:references:n->more:vgem".
std::string divergence_signature(const model::Divergence& divergence, const model::Operation& operation,
                                 std::string_view exporter);

/// "leak:attachment:detach:eager": what remains, and the operation after which it does so for good.
std::string leak_signature(std::string_view object, const model::Operation& operation,
                           std::string_view exporter);

/// First 12 hex digits of the signature's SHA-256.
std::string signature_id(std::string_view signature);

}  // namespace dmabuf::conformance
