// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/token.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "shape.hpp"

namespace dmabuf::conformance {
namespace {

using Bytes = std::vector<unsigned char>;

/// The newest. A program that needs nothing of it is written in the format before.
constexpr std::uint8_t kFormat = 3;
constexpr std::size_t kMaxHash = 128;
/// Largest body of kMaxProgram operations: a kind and fields of four bytes each.
constexpr std::size_t kMaxBody = 256 + kMaxProgram * (1 + shape::kMostFields * 4);

// --- base64url, without padding ------------------------------------------------------------------

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string base64url(std::span<const unsigned char> bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (unsigned char byte : bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 6; held -= 6) text += kDigits[(bits >> (held - 6)) & 63U];
  }
  if (held > 0) text += kDigits[(bits << (6 - held)) & 63U];
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return {};
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<unsigned char>((bits >> held) & 0xffU));
    }
  }
  // What is left must be filling: a second spelling of the same token is refused.
  if (held >= 6 || (bits & ((1U << held) - 1U)) != 0) return {};
  return bytes;
}

// --- the body ------------------------------------------------------------------------------------

std::size_t width(shape::Domain domain) {
  if (domain == shape::Domain::Tag) return 4;
  return domain == shape::Domain::SeekOffset ? 2 : 1;
}

void put(Bytes& bytes, std::uint32_t value, std::size_t bytes_wide) {
  for (std::size_t i = 0; i < bytes_wide; ++i)
    bytes.push_back(static_cast<unsigned char>((value >> (8 * i)) & 0xffU));
}

/// Reads to the end and then says no.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  std::optional<std::uint32_t> number(std::size_t bytes_wide) {
    if (rest_.size() < bytes_wide) return {};
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes_wide; ++i) value |= std::uint32_t{rest_[i]} << (8 * i);
    rest_ = rest_.subspan(bytes_wide);
    return value;
  }
  std::optional<std::string> text(std::size_t length) {
    if (rest_.size() < length) return {};
    std::string result(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(length));
    rest_ = rest_.subspan(length);
    return result;
  }

 private:
  std::span<const unsigned char> rest_;
};

std::uint8_t format_for(const Program& program) {
  std::uint8_t format = 1;
  for (const model::Operation& operation : program.operations)
    for (const shape::Field& field : shape::fields(operation.index()))
      if (field.load(operation) != 0) format = std::max(format, field.since);
  return format;
}

Bytes body_of(const Program& program, std::string_view model) {
  model = model.substr(0, kMaxHash);
  const std::uint8_t format = format_for(program);
  Bytes body{format, static_cast<unsigned char>(model.size())};
  body.insert(body.end(), model.begin(), model.end());
  put(body, static_cast<std::uint32_t>(program.size()), 2);
  for (const model::Operation& operation : program.operations) {
    put(body, static_cast<std::uint32_t>(operation.index()), 1);
    for (const shape::Field& field : shape::fields(operation.index()))
      if (field.since <= format) put(body, field.load(operation), width(field.domain));
  }
  return body;
}

tl::expected<TokenContent, std::string> content_of(std::span<const unsigned char> body) {
  const auto fail = [](std::string why) { return tl::unexpected(std::move(why)); };
  Reader reader(body);
  const auto format = reader.number(1);
  if (!format) return fail("the token is empty");
  if (*format == 0 || *format > kFormat)
    return fail(fmt::format("the token has format {}; this program reads formats 1 to {}", *format, kFormat));
  const auto hash_length = reader.number(1);
  auto hash = hash_length && *hash_length <= kMaxHash ? reader.text(*hash_length) : std::nullopt;
  const auto count = hash ? reader.number(2) : std::nullopt;
  if (!count || *count > kMaxProgram) return fail("the token's head is damaged");
  TokenContent content{std::move(*hash), {}};
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto kind = reader.number(1);
    if (!kind) return fail("the token ends too early");
    if (*kind >= model::kOperationKinds)
      return fail(fmt::format("operation {} is of a kind this program does not know; it was made under "
                              "model {}", i + 1, content.model));
    model::Operation operation = shape::blank(*kind);
    for (const shape::Field& field : shape::fields(*kind)) {
      if (field.since > *format) continue;
      const auto value = reader.number(width(field.domain));
      if (!value) return fail("the token ends too early");
      if (!shape::legal(field.domain, *value))
        return fail(fmt::format("operation {} ({}): expected {}", i + 1, model::kOperationNames[*kind],
                                shape::wanted(field.domain)));
      field.store(operation, *value);
    }
    content.program.operations.push_back(operation);
  }
  if (!reader.done()) return fail("the token goes on after its last operation");
  return content;
}

}  // namespace

tl::expected<std::string, std::string> encode_token(const Program& program, std::string_view model) {
  if (program.size() > kMaxProgram)
    return tl::unexpected(fmt::format("{} operations are too many for a token", program.size()));
  const Bytes body = body_of(program, model);
  uLongf size = compressBound(static_cast<uLong>(body.size()));
  Bytes packed(size);
  if (compress2(packed.data(), &size, body.data(), static_cast<uLong>(body.size()), 9) != Z_OK)
    return tl::unexpected(std::string("zlib could not pack the program"));
  packed.resize(size);
  const uLong crc = crc32(0, packed.data(), static_cast<uInt>(packed.size()));
  put(packed, static_cast<std::uint32_t>(crc), 4);
  std::string token = std::string(kTokenPrefix) + base64url(packed);
  if (token.size() > kMaxToken)
    return tl::unexpected(fmt::format("a token of {} operations would have {} characters, more than {}",
                                      program.size(), token.size(), kMaxToken));
  return token;
}

tl::expected<TokenContent, std::string> decode_token(std::string_view token) {
  const auto fail = [](std::string why) { return tl::unexpected(std::move(why)); };
  if (!looks_like_token(token)) return fail(fmt::format("a token begins with {}", kTokenPrefix));
  if (token.size() > kMaxToken)
    return fail(fmt::format("a token has at most {} characters, this one {}", kMaxToken, token.size()));
  const auto bytes = from_base64url(token.substr(kTokenPrefix.size()));
  if (!bytes) return fail("the token is not base64url");
  if (bytes->size() < 4) return fail("the token is cut off");
  const std::span<const unsigned char> all(*bytes);
  const auto packed = all.first(all.size() - 4);
  const auto sum = Reader(all.last(4)).number(4);
  if (crc32(0, packed.data(), static_cast<uInt>(packed.size())) != *sum)
    return fail("the token's checksum is wrong: a character was lost or changed");
  Bytes body(kMaxBody);
  uLongf size = kMaxBody;
  if (uncompress(body.data(), &size, packed.data(), static_cast<uLong>(packed.size())) != Z_OK)
    return fail("the token's content is damaged or too long");
  return content_of(std::span<const unsigned char>(body).first(size));
}

}  // namespace dmabuf::conformance
