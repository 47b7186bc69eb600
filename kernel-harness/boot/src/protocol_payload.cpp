// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "dmabuf/boot/protocol.hpp"

namespace dmabuf::protocol {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t id_limit = 100;
constexpr std::size_t data_limit = 180;
constexpr std::size_t head_size = 8;

std::string little_endian(std::uint32_t value) {
  std::string bytes;
  for (unsigned shift = 0; shift < 32; shift += 8)
    bytes.push_back(static_cast<char>((value >> shift) & 0xffU));
  return bytes;
}

std::uint32_t from_little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= id_limit && id.find(marker) == std::string_view::npos &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c <= 0x7e; });
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text.push_back(alphabet[(bits >> (count - 6)) & 63U]);
    bits &= 0xffU;
  }
  if (count > 0) text.push_back(alphabet[(bits << (6 - count)) & 63U]);
  return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char letter : text) {
    const std::size_t value = alphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xffU));
      bits &= (1U << count) - 1U;
    }
  }
  if (bits != 0) return std::nullopt;  // left-over bits must be zero: one text for one payload
  return bytes;
}

std::vector<std::string> chunk_payload(std::string_view id, std::string_view payload) {
  if (!is_id(id)) throw std::invalid_argument("not a payload id: " + std::string(id));
  const std::string text =
      base64url_encode(little_endian(static_cast<std::uint32_t>(payload.size())) +
                       little_endian(crc32(payload)) + std::string(payload));

  // The longest head any chunk can have: seq of ten digits, "i/n" of as many as there could be.
  const std::size_t digits = std::to_string(text.size()).size();
  const std::size_t used =
      marker.size() + 1 + 1 + 1 + 10 + 1 + id.size() + 1 + 2 * digits + 1 + 1 + 7;
  const std::size_t each = std::min(data_limit, line_limit - used);
  const std::size_t total = (text.size() + each - 1) / each;

  std::vector<std::string> chunks;
  chunks.reserve(total);
  for (std::size_t i = 0; i < total; ++i)
    chunks.push_back(std::string(id) + " " + std::to_string(i + 1) + "/" + std::to_string(total) +
                     " " + text.substr(i * each, each));
  return chunks;
}

std::optional<Payload> Reassembler::reject(std::string_view id) {
  ++rejected_;
  if (const auto found = drafts_.find(id); found != drafts_.end()) drafts_.erase(found);
  return std::nullopt;
}

std::optional<Payload> Reassembler::add(const Record& record) {
  if (record.verb != verb::chunk) return std::nullopt;
  const std::vector<std::string_view> words = record.words();
  if (words.size() != 3) return reject("");
  const std::string_view id = words[0];
  const std::size_t slash = words[1].find('/');
  if (slash == std::string_view::npos) return reject(id);
  const std::optional<std::size_t> index = number(words[1].substr(0, slash));
  const std::optional<std::size_t> total = number(words[1].substr(slash + 1));
  if (!index || !total || *index < 1 || *index > *total) return reject(id);

  auto draft = drafts_.find(id);
  if (draft != drafts_.end() && draft->second.total != *total) {
    drafts_.erase(draft);  // the sender began again with another payload
    ++rejected_;
    draft = drafts_.end();
  }
  if (draft == drafts_.end())
    draft =
        drafts_.emplace(std::string(id), Draft{.total = *total, .bytes = 0, .chunks = {}}).first;
  Draft& parts = draft->second;
  std::string& part = parts.chunks[*index];
  parts.bytes = parts.bytes - part.size() + words[2].size();
  part = words[2];
  if (parts.bytes > limit_ / 3 * 4 + head_size * 2) return reject(id);
  if (parts.chunks.size() < parts.total) return std::nullopt;

  std::string text;
  for (const auto& [number_in_order, data] : parts.chunks) text += data;
  const std::optional<std::string> framed = base64url_decode(text);
  if (!framed || framed->size() < head_size) return reject(id);
  std::string bytes = framed->substr(head_size);
  if (from_little_endian(*framed) != bytes.size() ||
      from_little_endian(std::string_view(*framed).substr(4)) != crc32(bytes))
    return reject(id);
  Payload whole{.id = std::string(id), .bytes = std::move(bytes)};
  drafts_.erase(draft);
  return whole;
}

std::vector<std::string> Reassembler::incomplete() const {
  std::vector<std::string> ids;
  for (const auto& [id, draft] : drafts_) ids.push_back(id);
  return ids;
}

}  // namespace dmabuf::protocol
