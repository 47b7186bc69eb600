// SPDX-License-Identifier: MIT
#include "dmabuf/boot/console.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "console_patterns.hpp"
#include "dmabuf/boot/protocol.hpp"

namespace dmabuf::boot {
namespace {

constexpr std::size_t quiet_limit = 20;
constexpr std::size_t report_line_limit = 1000;  // a trace of every task is not one report for ever
constexpr std::size_t pending_limit = 64 * 1024;
constexpr std::size_t prologue_limit = 8;

/// "12.345678", "T123", "C0": what printk puts in brackets.
bool is_stamp(std::string_view inside) {
  if (inside.empty()) return false;
  if (const std::size_t text = inside.find_first_not_of(' '); text != std::string_view::npos)
    inside.remove_prefix(text);
  if (inside.starts_with('T') || inside.starts_with('C')) inside.remove_prefix(1);
  return !inside.empty() && inside.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_cut_here(std::string_view text) {
  return text.find("------------[ cut here ]------------") != std::string_view::npos;
}

/// The number of a mark, if the line is one.
std::optional<std::uint64_t> mark_number(std::string_view text) {
  if (!text.starts_with(protocol::log_mark)) return std::nullopt;
  text.remove_prefix(protocol::log_mark.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Reports that a panic may still follow after their end trace.
bool may_kill(ReportKind kind) {
  return kind == ReportKind::Oops || kind == ReportKind::GeneralProtection ||
         kind == ReportKind::Bug;
}

}  // namespace

std::string_view name(ReportKind kind) {
  switch (kind) {
    case ReportKind::Panic:
      return "panic";
    case ReportKind::Oops:
      return "oops";
    case ReportKind::Bug:
      return "bug";
    case ReportKind::Warning:
      return "warning";
    case ReportKind::Kasan:
      return "kasan";
    case ReportKind::Kfence:
      return "kfence";
    case ReportKind::Kcsan:
      return "kcsan";
    case ReportKind::SleepingFunction:
      return "sleeping-function";
    case ReportKind::BadPage:
      return "bad-page";
    case ReportKind::Lockdep:
      return "lockdep";
    case ReportKind::RcuStall:
      return "rcu-stall";
    case ReportKind::Lockup:
      return "lockup";
    case ReportKind::HungTask:
      return "hung-task";
    case ReportKind::GeneralProtection:
      return "general-protection";
    case ReportKind::Ubsan:
      return "ubsan";
    case ReportKind::ListCorruption:
      return "list-corruption";
    case ReportKind::Refcount:
      return "refcount";
    case ReportKind::MemoryLeak:
      return "memory-leak";
    case ReportKind::FileCount:
      return "file-count";
    case ReportKind::BusyInodes:
      return "busy-inodes";
  }
  return "?";
}

std::string_view without_timestamp(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  while (line.starts_with('\r')) line.remove_prefix(1);
  if (line.size() > 2 && line[0] == '<' && line.find('>') <= 4)
    line.remove_prefix(line.find('>') + 1);
  while (line.starts_with('[')) {
    const std::size_t end = line.find(']');
    if (end == std::string_view::npos || !is_stamp(line.substr(1, end - 1))) break;
    line.remove_prefix(end + 1);
    if (line.starts_with(" [") &&
        is_stamp(line.substr(2, std::min(line.find(']'), line.size()) - 2)))
      line.remove_prefix(1);
    else if (line.starts_with(' ')) {
      line.remove_prefix(1);
      break;
    }
  }
  return line;
}

ConsoleScanner::Open::Open(ReportKind kind)
    : report{.kind = kind, .title = {}, .text = {}, .fatal = kind == ReportKind::Panic} {}

void ConsoleScanner::bytes(std::string_view piece) {
  pending_.append(piece);
  std::size_t start = 0;
  for (std::size_t end = pending_.find('\n'); end != std::string::npos;
       end = pending_.find('\n', start)) {
    line(std::string_view(pending_).substr(start, end - start));
    start = end + 1;
  }
  pending_.erase(0, start);
  if (pending_.size() > pending_limit) pending_.clear();
}

void ConsoleScanner::line(std::string_view raw) {
  ++line_number_;
  const std::string_view text = without_timestamp(raw);
  if (text.starts_with("Linux version ")) {
    ++boots_;
    close();  // whatever was open, this is another kernel
    mark_ = 0;
  }
  if (const std::optional<std::uint64_t> number = mark_number(text)) return pass_mark(*number);

  if (const std::optional<ReportKind> kind = report_beginning(text)) {
    if (open_ && goes_on(open_->report, open_->ended, *kind, text)) {
      append(raw, text, true);
      if (*kind == ReportKind::Panic) open_->report.fatal = true;
      return;
    }
    begin(*kind, raw, text);
    return;
  }

  if (!open_) {
    // WARN() with a message prints it above its headline: keep what follows "cut here".
    if (is_cut_here(text))
      begin_prologue(raw);
    else if (prologue_.size() >= prologue_limit)
      prologue_.clear();
    else if (!prologue_.empty())
      prologue_.emplace_back(raw);
    return;
  }

  const bool ends = ends_report(open_->report.kind, open_->lines.size(), text);
  if (is_cut_here(text) && open_->lines.size() > 2) {
    close();
    begin_prologue(raw);
    return;
  }
  if (open_->report.kind == ReportKind::MemoryLeak && !text.starts_with(' ')) {
    close();  // a leak's lines are all indented
    return;
  }
  append(raw, text, !open_->ended && (ends || looks_like_report(text)));
  if (ends) {
    open_->ended = true;
    const bool last = text.find("end Kernel panic") != std::string_view::npos;
    if (last || !may_kill(open_->report.kind)) close();
  } else if (open_->quiet >= quiet_limit || open_->lines.size() >= report_line_limit) {
    close();
  }
}

/// Nothing of the case before a mark follows it, but for the rest of a report that another context
/// was printing when the mark was written. That is waited for up to the next mark.
void ConsoleScanner::pass_mark(std::uint64_t number) {
  const bool cut_short = open_ && !open_->ended && has_end(open_->report.kind);
  if (!cut_short || open_->report.mark < mark_) close();
  mark_ = number;
}

void ConsoleScanner::begin_prologue(std::string_view raw) {
  prologue_ = {std::string(raw)};
  prologue_line_ = line_number_;
  prologue_mark_ = mark_;
}

void ConsoleScanner::begin(ReportKind kind, std::string_view raw, std::string_view text) {
  close();
  open_.emplace(kind);
  open_->report.line = prologue_.empty() ? line_number_ : prologue_line_;
  open_->report.mark = prologue_.empty() ? mark_ : prologue_mark_;
  for (const std::string& each : prologue_) append(each, without_timestamp(each), true);
  prologue_.clear();
  append(raw, text, true);
}

void ConsoleScanner::append(std::string_view raw, std::string_view text, bool counts) {
  open_->lines.emplace_back(text);
  open_->report.text.append(raw.substr(0, raw.find_last_not_of("\r\n") + 1)).push_back('\n');
  if (counts) {
    open_->quiet = 0;
    open_->keep_lines = open_->lines.size();
    open_->keep_bytes = open_->report.text.size();
  } else {
    ++open_->quiet;
  }
}

void ConsoleScanner::close() {
  if (!open_) return;
  // The quiet lines at the end were only waited for.
  open_->lines.resize(open_->keep_lines);
  open_->report.text.resize(open_->keep_bytes);
  open_->report.title = report_title(open_->report.kind, open_->lines);
  done_.push_back(std::move(open_->report));
  open_.reset();
}

void ConsoleScanner::finish() {
  if (!pending_.empty()) line(std::exchange(pending_, {}));
  close();
}

std::vector<KernelReport> ConsoleScanner::take() { return std::exchange(done_, {}); }

std::vector<KernelReport> scan_console(std::string_view log) {
  ConsoleScanner scanner;
  scanner.bytes(log);
  scanner.finish();
  return scanner.take();
}

}  // namespace dmabuf::boot
