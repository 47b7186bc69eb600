// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The line protocol between guest and host, on any wire that carries text:
///
///     @DBC1 <verb> <seq> <args…> ;<crc>\n
///
/// At most 240 bytes of printable ASCII, one write(2) each. The crc is four hex digits of
/// CRC-16/CCITT (polynomial 0x1021, first value 0xffff) over everything from '@' to before ';'.
namespace dmabuf::protocol {

inline constexpr std::string_view marker = "@DBC1";
inline constexpr std::size_t line_limit = 240;

/// Begins a line of the kernel's log that the guest wrote, a number behind it: a mark. A record with
/// the word mark=<number> was sent after that line, so what the log has before it came before.
inline constexpr std::string_view log_mark = "dbc: mark ";

namespace verb {
inline constexpr std::string_view hello = "H";  ///< run=… tool=… shard=… cases=… seed=… sut=…
inline constexpr std::string_view capability = "C";  ///< <key>=<value>
inline constexpr std::string_view begin = "B";       ///< <case> k=… seed=… try=…
inline constexpr std::string_view operation = "O";   ///< <index> <operation>
inline constexpr std::string_view result = "R";      ///< <case> <outcome> ms=… [sig=…] [op=…]
inline constexpr std::string_view chunk = "X";       ///< <id> <i>/<n> <base64url>
inline constexpr std::string_view warning = "W";     ///< <kind> <text>
inline constexpr std::string_view end = "E";         ///< pass=… fail=… skip=… error=…
inline constexpr std::string_view go = "G";          ///< host to guest: a command of the caller's
}  // namespace verb

/// One line, taken apart. Verbs are one to eight capital letters.
struct Record {
  std::string verb;
  std::uint32_t seq = 0;
  std::string args;

  /// The args split at spaces.
  [[nodiscard]] std::vector<std::string_view> words() const;
  /// The value of the first word `key=value`, if any.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view key) const;

  friend bool operator==(const Record&, const Record&) = default;
};

std::uint16_t crc16_ccitt(std::string_view bytes);
std::uint32_t crc32(std::string_view bytes);

/// Makes lines, and counts them: seq starts at 1 and grows by one.
class Encoder {
 public:
  /// A whole line with its newline. Throws std::invalid_argument for args that are not printable
  /// ASCII, that have the marker in them, or that are longer than `room(verb)`.
  std::string encode(std::string_view verb, std::string_view args);

  /// How many bytes of args fit into the next line.
  [[nodiscard]] std::size_t room(std::string_view verb) const;

  [[nodiscard]] std::uint32_t last_seq() const { return seq_; }

 private:
  std::uint32_t seq_ = 0;
};

/// `text` made fit for args: what cannot be printed becomes '?', the marker is broken, and it is
/// cut to `limit` bytes.
std::string printable(std::string_view text, std::size_t limit);

/// What a wire did to the lines.
struct LinkStats {
  std::uint64_t records = 0;
  std::uint64_t damaged = 0;     ///< marker seen, crc or form wrong
  std::uint64_t missing = 0;     ///< gaps in seq
  std::uint64_t duplicates = 0;  ///< the same seq again; not given to the caller
  std::uint64_t restarts = 0;    ///< seq began again: the sender was started anew

  friend bool operator==(const LinkStats&, const LinkStats&) = default;
};

/// Finds records in lines that may have anything before, between and after them: kernel time
/// stamps, a LAVA prefix, a carriage return, a line cut short by another.
class Decoder {
 public:
  /// The records in one line; mostly none or one.
  std::vector<Record> line(std::string_view text);

  /// The same for bytes that come in pieces. An unfinished line waits for the rest.
  std::vector<Record> bytes(std::string_view piece);

  [[nodiscard]] const LinkStats& stats() const { return stats_; }

 private:
  void take(std::string_view text, std::vector<Record>& out);
  bool in_sequence(const Record& record);

  std::string pending_;
  std::optional<std::uint32_t> last_seq_;
  LinkStats stats_;
};

std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

/// Args of the X lines that carry `payload` under `id`, a word without spaces of at most 100 bytes.
///
/// What is chunked is the payload behind a head of 8 bytes: its length and its CRC-32, both little
/// endian. An empty payload is one chunk. Throws std::invalid_argument for a bad id.
std::vector<std::string> chunk_payload(std::string_view id, std::string_view payload);

/// A payload that arrived whole.
struct Payload {
  std::string id;
  std::string bytes;
};

/// Puts payloads together from X records, in any order; chunks that come twice do no harm.
class Reassembler {
 public:
  explicit Reassembler(std::size_t payload_limit = std::size_t{64} << 20) : limit_(payload_limit) {}

  /// The payload that this record completes, if it does. Records of other verbs are ignored.
  std::optional<Payload> add(const Record& record);

  /// Payloads that did not check, or records that made no sense.
  [[nodiscard]] std::uint64_t rejected() const { return rejected_; }
  /// Ids of which chunks came but not all.
  [[nodiscard]] std::vector<std::string> incomplete() const;

 private:
  struct Draft {
    std::size_t total = 0;
    std::size_t bytes = 0;
    std::map<std::size_t, std::string> chunks;
  };
  std::optional<Payload> reject(std::string_view id);

  std::size_t limit_;
  std::map<std::string, Draft, std::less<>> drafts_;
  std::uint64_t rejected_ = 0;
};

}  // namespace dmabuf::protocol
