// SPDX-License-Identifier: MIT
/// A program as one word that survives mail, chat and a shell: what `replay` takes.
///
/// `dbt1:` + base64url(zlib(body) + crc32), where body is a format byte, the model's hash, the number
/// of operations and then each as its kind and its fields. The bytes of an operation follow the order
/// of model::Operation, which only grows at its end.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "dmabuf/conformance/program.hpp"

namespace dmabuf::conformance {

inline constexpr std::string_view kTokenPrefix = "dbt1:";
inline constexpr std::size_t kMaxToken = 4096;  ///< longer ones are files: name a `.dbt` instead

struct TokenContent {
  std::string model;  ///< hash of the model it was made under
  Program program;
};

/// Fails, with the reason in words, if the token would be longer than kMaxToken.
tl::expected<std::string, std::string> encode_token(const Program& program, std::string_view model);

/// Any text gives a program of legal operations or the reason why not. Memory is bounded whatever the
/// text claims.
tl::expected<TokenContent, std::string> decode_token(std::string_view token);

inline bool looks_like_token(std::string_view text) { return text.starts_with(kTokenPrefix); }

}  // namespace dmabuf::conformance
