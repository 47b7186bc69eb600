// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/proc_text.hpp"

#include <charconv>

namespace dmabuf::adapters {
namespace {

template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Cuts `text` after the first `separator`; what was before it, or nothing if there is none.
std::optional<std::string_view> cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at + 1);
  return head;
}

/// What follows `key` if the line has it.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  return line;
}

constexpr std::size_t kWidth = 8;  // of every number in a row, at least

/// A row's numbers and exporter; `text` is left at the name.
std::optional<BufInfo> row_head(std::string_view& text) {
  BufInfo row;
  std::string_view rest = text;
  const auto field = [&rest]() -> std::optional<std::string_view> {
    // A name that holds a newline can put anything at the start of a line, but not this much.
    const auto head = cut(rest, '\t');
    if (!head || head->size() < kWidth || head->find('\n') != std::string_view::npos)
      return std::nullopt;
    return head;
  };
  const auto take = [&field]<class T>(T& into, int base) {
    const auto text_of = field();
    const auto value = text_of ? number<T>(*text_of, base) : std::nullopt;
    if (value) into = *value;
    return value.has_value();
  };
  if (!take(row.size, 10) || !take(row.flags, 16) || !take(row.mode, 16) || !take(row.count, 10))
    return std::nullopt;
  const auto exporter = cut(rest, '\t');
  if (!exporter || exporter->find('\n') != std::string_view::npos) return std::nullopt;
  row.exporter = *exporter;
  if (!take(row.ino, 10)) return std::nullopt;
  text = rest;
  return row;
}

/// Where the next line begins that is a row; npos if there is none.
std::size_t find_row(std::string_view text, std::size_t from) {
  while (from < text.size()) {
    if (text[from] >= '0' && text[from] <= '9') {
      std::string_view at = text.substr(from);
      if (row_head(at)) return from;
    }
    from = text.find('\n', from);
    if (from == std::string_view::npos) break;
    ++from;
  }
  return std::string_view::npos;
}

/// What stands between the inode number and the fences and devices. The true list of devices is
/// the last: it is printed after the name.
std::string_view name_in(std::string_view block) {
  const std::size_t devices = block.rfind("\n\tAttached Devices:\n");
  if (devices != std::string_view::npos) block = block.substr(0, devices);
  for (;;) {  // fences, from the last to the first
    const std::size_t line = block.rfind('\n');
    if (line == std::string_view::npos) break;
    const std::string_view last = block.substr(line + 1);
    if (!last.starts_with('\t') || last.find(" fence:") == std::string_view::npos) break;
    block = block.substr(0, line);
  }
  return block == "<none>" ? std::string_view{} : block;
}

std::int64_t attachments_in(std::string_view block) {
  std::int64_t result = 0;
  while (!block.empty()) {
    const std::size_t end = block.find('\n');
    std::string_view line = block.substr(0, end);
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + 1);
    constexpr std::string_view kTail = " devices attached";
    if (const auto value = value_of(line, "Total "); value && value->ends_with(kTail))
      if (const auto total = number<std::int64_t>(value->substr(0, value->size() - kTail.size())))
        result = *total;
  }
  return result;
}

}  // namespace

std::optional<FdInfo> parse_fdinfo(std::string_view text) {
  FdInfo info;
  bool size = false;
  bool count = false;
  bool exporter = false;
  while (!text.empty()) {
    // The name is printed last and ends the text; it may have lines of its own.
    if (const auto name = value_of(text, "name:\t")) {
      info.name = *name;
      if (info.name.ends_with('\n')) info.name.remove_suffix(1);
      break;
    }
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (const auto flags = value_of(line, "flags:\t"))
      info.flags = number<unsigned long>(*flags, 8).value_or(0);
    else if (const auto ino = value_of(line, "ino:\t"))
      info.ino = number<std::uint64_t>(*ino);
    else if (const auto bytes = value_of(line, "size:\t")) {
      const auto value = number<std::uint64_t>(*bytes);
      size = value.has_value();
      info.size = value.value_or(0);
    } else if (const auto references = value_of(line, "count:\t")) {
      const auto value = number<std::int64_t>(*references);
      count = value.has_value();
      info.count = value.value_or(0);
    } else if (const auto name = value_of(line, "exp_name:\t")) {
      exporter = true;
      info.exporter = *name;
    }
  }
  if (!size || !count || !exporter) return std::nullopt;
  return info;
}

std::optional<BufInfo> BufInfoReader::next() {
  const std::size_t start = find_row(rest_, 0);
  if (start == std::string_view::npos) {
    rest_ = {};
    return std::nullopt;
  }
  rest_.remove_prefix(start);
  const auto row = row_head(rest_);
  // The name's first line is not the start of a line: no row can be there.
  const std::size_t line = rest_.find('\n');
  const std::size_t end = line == std::string_view::npos ? line : find_row(rest_, line + 1);
  const std::string_view block = rest_.substr(0, end);
  rest_.remove_prefix(block.size());
  BufInfo result = *row;
  result.name = name_in(block);
  result.attachments = attachments_in(block);
  return result;
}

std::optional<BufInfo> find_by_ino(std::string_view bufinfo, std::uint64_t ino) {
  BufInfoReader reader(bufinfo);
  while (const auto row = reader.next())
    if (row->ino == ino) return row;
  return std::nullopt;
}

long count_buffers(std::string_view bufinfo) {
  BufInfoReader reader(bufinfo);
  long count = 0;
  while (reader.next()) ++count;
  return count;
}

std::optional<long> module_use_count(std::string_view refcnt) {
  const auto line = cut(refcnt, '\n');
  return line ? number<long>(*line) : std::nullopt;
}

}  // namespace dmabuf::adapters
