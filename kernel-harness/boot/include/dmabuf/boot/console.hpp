// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dmabuf::boot {

/// What a kernel complained about.
enum class ReportKind {
  Panic,
  Oops,  ///< also page faults, "Internal error:", "Unable to handle kernel"
  Bug,   ///< "kernel BUG at", and every BUG: that is none of the others
  Warning,
  Kasan,
  Kfence,
  Kcsan,
  SleepingFunction,
  BadPage,  ///< bad page state, bad page cache, bad rss-counter, bad page map
  Lockdep,
  RcuStall,
  Lockup,  ///< soft and hard
  HungTask,
  GeneralProtection,
  Ubsan,
  ListCorruption,
  Refcount,
  MemoryLeak,  ///< kmemleak's "unreferenced object"
  FileCount,   ///< "VFS: Close: file count is 0"
  BusyInodes,
};

std::string_view name(ReportKind kind);

/// One complaint of the kernel, whole.
struct KernelReport {
  ReportKind kind;
  /// The first line without what differs from run to run, with the function that is to blame:
  /// "KASAN: slab-use-after-free Read in dma_buf_poll".
  std::string title;
  std::string text;      ///< the lines as they came
  std::size_t line = 0;  ///< number of the first, from 1
  bool fatal = false;    ///< the kernel went down with it
  std::uint64_t mark = 0;  ///< the last mark before its first line, 0 if there was none
};

/// Reads a console line by line and takes the kernel's reports out of it.
class ConsoleScanner {
 public:
  /// Bytes as they come; an unfinished line waits for the rest.
  void bytes(std::string_view piece);
  void line(std::string_view text);

  /// Ends a report that is still open: no more will come.
  void finish();

  /// Reports ended since the last call.
  std::vector<KernelReport> take();

  /// True while a report is open.
  [[nodiscard]] bool in_report() const { return open_.has_value(); }

  /// The number of the last mark (see protocol::log_mark), 0 before the first.
  [[nodiscard]] std::uint64_t mark() const { return mark_; }

  /// True if every report that began before this mark has been read to its end.
  [[nodiscard]] bool complete_to(std::uint64_t mark) const {
    return mark_ >= mark && (!open_ || open_->report.mark >= mark);
  }

  /// How often a kernel began to boot ("Linux version"): more than once is a reboot.
  [[nodiscard]] std::size_t boots() const { return boots_; }

 private:
  struct Open {
    explicit Open(ReportKind kind);

    KernelReport report;
    std::vector<std::string> lines;  ///< without time stamps
    std::size_t keep_lines = 0;      ///< up to the last that belongs to it for certain
    std::size_t keep_bytes = 0;
    std::size_t quiet = 0;
    bool ended = false;  ///< end trace seen; only a panic may still belong to it
  };
  void pass_mark(std::uint64_t number);
  void begin(ReportKind kind, std::string_view raw, std::string_view text);
  void begin_prologue(std::string_view raw);
  void append(std::string_view raw, std::string_view text, bool counts);
  void close();

  std::string pending_;
  std::vector<std::string> prologue_;  ///< lines since "cut here"
  std::size_t prologue_line_ = 0;      ///< the number of the first
  std::uint64_t prologue_mark_ = 0;    ///< the last mark before it
  std::uint64_t mark_ = 0;
  std::size_t line_number_ = 0;
  std::size_t boots_ = 0;
  std::optional<Open> open_;
  std::vector<KernelReport> done_;
};

/// All reports of a finished log.
std::vector<KernelReport> scan_console(std::string_view log);

/// A console line without time stamp, level and caller: "[  1.5][ T1] x" becomes "x".
std::string_view without_timestamp(std::string_view line);

/// Text without addresses, offsets, sizes, pids, processors and compiler suffixes.
std::string normalize_title(std::string_view text);

}  // namespace dmabuf::boot
