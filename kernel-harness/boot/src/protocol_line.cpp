// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "dmabuf/boot/protocol.hpp"

namespace dmabuf::protocol {
namespace {

constexpr std::size_t verb_limit = 8;
constexpr std::size_t tail = 7;                   // " ;" four digits, newline
constexpr std::size_t pending_limit = 64 * 1024;  // a wire without newlines must not eat our memory

bool is_printable(char c) { return c >= 0x20 && c <= 0x7e; }

bool is_verb(std::string_view verb) {
  return !verb.empty() && verb.size() <= verb_limit &&
         std::all_of(verb.begin(), verb.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string hex4(std::uint16_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(4, '0');
  for (std::size_t i = 0; i < 4; ++i) text[i] = digits[(value >> (12 - 4 * i)) & 0xfU];
  return text;
}

std::optional<std::uint32_t> number(std::string_view text, int base) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes "@DBC1 verb seq args " apart; the caller has checked the crc.
std::optional<Record> parse(std::string_view body) {
  const auto next_word = [&body]() -> std::string_view {
    const std::size_t space = body.find(' ');
    const std::string_view word = body.substr(0, space);
    body.remove_prefix(space == std::string_view::npos ? body.size() : space + 1);
    return word;
  };
  if (next_word() != marker) return std::nullopt;
  const std::string_view verb = next_word();
  const std::optional<std::uint32_t> seq = number(next_word(), 10);
  if (!is_verb(verb) || !seq) return std::nullopt;
  if (!body.empty() && body.back() == ' ') body.remove_suffix(1);
  return Record{.verb = std::string(verb), .seq = *seq, .args = std::string(body)};
}

/// The record at the start of `text`, which has the marker only there.
std::optional<Record> record_at_start(std::string_view text) {
  // Args may hold " ;" themselves: the crc says which is ours.
  for (std::size_t at = text.find(" ;"); at != std::string_view::npos;
       at = text.find(" ;", at + 1)) {
    if (at + tail > line_limit || at + 6 > text.size()) break;
    const std::string_view body = text.substr(0, at + 1);
    const std::optional<std::uint32_t> crc = number(text.substr(at + 2, 4), 16);
    if (crc && *crc == crc16_ccitt(body)) return parse(body);
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string_view> Record::words() const {
  std::vector<std::string_view> found;
  std::string_view rest = args;
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    if (space != 0) found.push_back(rest.substr(0, space));
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  return found;
}

std::optional<std::string_view> Record::value(std::string_view key) const {
  for (const std::string_view word : words())
    if (word.size() > key.size() && word.substr(0, key.size()) == key && word[key.size()] == '=')
      return word.substr(key.size() + 1);
  return std::nullopt;
}

std::size_t Encoder::room(std::string_view verb) const {
  const std::size_t head =
      marker.size() + 1 + verb.size() + 1 + std::to_string(seq_ + 1).size() + 1;
  return line_limit - head - tail;
}

std::string Encoder::encode(std::string_view verb, std::string_view args) {
  if (!is_verb(verb)) throw std::invalid_argument("not a verb: " + std::string(verb));
  if (args.size() > room(verb))
    throw std::invalid_argument("args too long for a line of 240 bytes");
  if (!std::all_of(args.begin(), args.end(), is_printable))
    throw std::invalid_argument("args are not printable ASCII");
  if (args.find(marker) != std::string_view::npos)
    throw std::invalid_argument("args hold the marker @DBC1");

  std::string line;
  line.reserve(line_limit);
  line.append(marker)
      .append(" ")
      .append(verb)
      .append(" ")
      .append(std::to_string(++seq_))
      .append(" ");
  if (!args.empty()) line.append(args).append(" ");
  const std::string crc = hex4(crc16_ccitt(line));
  return line.append(";").append(crc).append("\n");
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string clean(text.substr(0, limit));
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return !is_printable(c); }, '?');
  for (std::size_t at = clean.find(marker); at != std::string::npos; at = clean.find(marker, at))
    clean[at] = '?';
  return clean;
}

std::vector<Record> Decoder::line(std::string_view text) {
  std::vector<Record> found;
  take(text, found);
  return found;
}

std::vector<Record> Decoder::bytes(std::string_view piece) {
  std::vector<Record> found;
  pending_.append(piece);
  std::size_t start = 0;
  for (std::size_t end = pending_.find('\n'); end != std::string::npos;
       end = pending_.find('\n', start)) {
    take(std::string_view(pending_).substr(start, end - start), found);
    start = end + 1;
  }
  pending_.erase(0, start);
  if (pending_.size() > pending_limit) pending_.erase(0, pending_.size() - line_limit);
  return found;
}

void Decoder::take(std::string_view text, std::vector<Record>& out) {
  for (std::size_t at = text.find(marker); at != std::string_view::npos;) {
    const std::size_t next = text.find(marker, at + marker.size());
    const std::string_view part =
        text.substr(at, next == std::string_view::npos ? next : next - at);
    if (std::optional<Record> record = record_at_start(part)) {
      if (in_sequence(*record)) {
        ++stats_.records;
        out.push_back(std::move(*record));
      }
    } else {
      ++stats_.damaged;
    }
    at = next;
  }
}

bool Decoder::in_sequence(const Record& record) {
  const std::uint32_t expected = last_seq_.value_or(0) + 1;
  if (last_seq_ && record.seq == *last_seq_) {
    ++stats_.duplicates;
    return false;
  }
  if (record.seq > expected)
    stats_.missing += record.seq - expected;
  else if (record.seq < expected)
    ++stats_.restarts;
  last_seq_ = record.seq;
  return true;
}

}  // namespace dmabuf::protocol
