// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <iterator>

#include "console_patterns.hpp"
#include "expression.hpp"

namespace dmabuf::boot {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t title_limit = 300;

// Functions that only carry the news. By how they begin.
constexpr std::string_view carriers[] = {
    // reporting
    "dump_stack",
    "__dump_stack",
    "show_stack",
    "print_",
    "printk",
    "_printk",
    "vprintk",
    "panic",
    "__warn",
    "warn_slowpath",
    "report_bug",
    "handle_bug",
    "exc_",
    "asm_exc_",
    "asm_sysvec",
    "sysvec_",
    "die",
    "__die",
    "oops_",
    "page_fault_oops",
    "kernelmode_fixup",
    "bad_area",
    "__bad_area",
    "do_user_addr_fault",
    "do_kern_addr_fault",
    "do_error_trap",
    "check_panic_on_warn",
    "sched_show_task",
    "nmi_",
    "arch_trigger",
    "trigger_",
    "lockdep_",
    "debug_",
    "check_noncircular",
    "validate_chain",
    "mark_lock",
    "__lock_acquire",
    "lock_acquire",
    "lock_release",
    "__lock_release",
    "bad_page",
    "free_page_is_bad",
    "check_preemption",
    "__might_",
    "might_",
    "__schedule_bug",
    "add_taint",
    // sanitizers
    "kasan_",
    "__kasan",
    "__asan",
    "check_memory_region",
    "kfence_",
    "__kfence",
    "kcsan_",
    "__tsan",
    "ubsan_",
    "__ubsan",
    "check_region_inline",
    "refcount_",
    "__refcount",
    "__list_",
    "kmemleak_",
    "memcpy",
    "memset",
    "memmove",
    "__mem",
    "string_nocheck",
    // allocators
    "kmalloc",
    "__kmalloc",
    "__do_kmalloc",
    "kzalloc",
    "kvmalloc",
    "__kvmalloc",
    "kmem_cache_",
    "kmemdup",
    "kstrdup",
    "kfree",
    "__kmem",
    "slab_",
    "__slab",
    "___slab",
    "__alloc_pages",
    "alloc_pages",
    "get_page_from_freelist",
    "free_unref",
    "free_pages",
    "__free_pages",
    "vmalloc",
    "__vmalloc",
    "vfree",
    // locks and waiting
    "_raw_",
    "__raw_",
    "do_raw_",
    "queued_",
    "native_",
    "mutex_",
    "__mutex",
    "rwsem_",
    "down_",
    "up_",
    "__down_",
    "ww_mutex",
    "__ww_mutex",
    "schedule",
    "__schedule",
    "io_schedule",
    "preempt_",
    "rcu_",
    "__rcu",
    "wait_for_common",
    "__wait_for_common",
    "_copy_",
};

bool carries(std::string_view function) {
  return std::any_of(
      std::begin(carriers), std::end(carriers),
      [function](std::string_view beginning) { return function.starts_with(beginning); });
}

/// "func" of the first "func+0x1/0x2" at or after `from`; empty for none.
std::string function_in(std::string_view line, std::size_t from = 0) {
  for (std::size_t plus = line.find("+0x", from); plus != std::string_view::npos;
       plus = line.find("+0x", plus + 1)) {
    if (line.find("/0x", plus) == std::string_view::npos) return {};
    std::size_t start = plus;
    while (start > from && (std::isalnum(static_cast<unsigned char>(line[start - 1])) != 0 ||
                            line[start - 1] == '_' || line[start - 1] == '.'))
      --start;
    if (start < plus) return normalize_title(line.substr(start, plus - start));
  }
  return {};
}

/// The function behind `mark` in any line: "RIP: 0010:dma_buf_poll+0x1d8/0x208".
std::string function_behind(const Lines& lines, std::string_view mark) {
  for (const std::string& line : lines)
    if (const std::size_t at = line.find(mark); at != std::string::npos)
      if (std::string function = function_in(line, at + mark.size()); !function.empty())
        return function;
  return {};
}

/// The first frame of a trace that does more than carry the news.
std::string blamed_frame(const Lines& lines) {
  bool in_trace = false;
  for (const std::string& line : lines) {
    if (line.find("Call Trace:") != std::string::npos ||
        line.find("backtrace") != std::string::npos ||
        line.find("Call trace:") != std::string::npos) {
      in_trace = true;
      continue;
    }
    if (!in_trace || line.find("? ") != std::string::npos)
      continue;  // "?": a guess of the unwinder
    const std::string function = function_in(line);
    if (!function.empty() && !carries(function)) return function;
  }
  return {};
}

/// The named function if it is one to blame, else the first such frame.
std::string blamed(std::string function, const Lines& lines) {
  if (!function.empty() && !carries(function)) return function;
  std::string frame = blamed_frame(lines);
  return frame.empty() ? function : frame;
}

std::string in(std::string what, const std::string& function) {
  if (!function.empty()) what += " in " + function;
  return what;
}

/// "Read" or "Write" from the line below a KASAN headline.
std::string access(const Lines& lines) {
  for (const std::string& line : lines) {
    if (line.starts_with("Read of size")) return " Read";
    if (line.starts_with("Write of size")) return " Write";
  }
  return {};
}

/// Words of the headline up to `end`, normalised.
std::string words_before(std::string_view headline, std::string_view end) {
  return normalize_title(headline.substr(0, headline.find(end)));
}

std::string_view from(std::string_view headline, std::string_view words) {
  const std::size_t at = headline.find(words);
  return at == std::string_view::npos ? headline : headline.substr(at);
}

std::string_view after(std::string_view headline, std::string_view words) {
  const std::size_t at = headline.find(words);
  return at == std::string_view::npos ? headline : headline.substr(at + words.size());
}

/// "BUG: KASAN: slab-use-after-free in f+0x1/0x2" and its kin.
std::string sanitizer_title(std::string_view headline, const Lines& lines) {
  const std::string_view text = after(headline, "BUG: ");
  const std::size_t at = text.rfind(" in ");
  const std::string what = normalize_title(text.substr(0, at));
  return in(what + access(lines),
            blamed(at == std::string_view::npos ? "" : function_in(text, at), lines));
}

}  // namespace

std::string normalize_title(std::string_view text) {
  static const Expression removed(
      "\\+0x[0-9a-f]+(/0x[0-9a-f]+)?"                          // offset/size
      "|\\.(isra|constprop|cold|part|llvm)(\\.[0-9]+)*"        // the compiler's copies
      "|\\b0x[0-9a-f]+\\b|\\b[0-9a-f]{12,16}\\b"               // addresses
      "|\\bCPUs?[:#]? ?[0-9]+|\\bon cpu [0-9]+"                // processors
      "|\\bPID:? ?[0-9]+|\\bpid[ =:]+[0-9]+|\\bpfn:[0-9a-f]+"  // whose
      "|\\[[a-z][a-z0-9_]*\\]$"                                // the module behind a function
      "|[:/][0-9]+\\b"                                         // file:line, task/pid
      "|#[0-9]+\\b|\\b[0-9]+s?\\b",
      REG_ICASE);
  std::string title = removed.removed_from(std::string(text.substr(0, title_limit)));
  const auto doubled = [](char a, char b) { return a == ' ' && b == ' '; };
  title.erase(std::unique(title.begin(), title.end(), doubled), title.end());
  while (!title.empty() &&
         std::string_view(" .,:;!-[](=").find(title.back()) != std::string_view::npos)
    title.pop_back();
  title.erase(0, std::min(title.find_first_not_of(' '), title.size()));
  return title;
}

std::string report_title(ReportKind kind, const Lines& lines) {
  if (lines.empty()) return {};
  // What stands above the headline came with "cut here"; the headline is the first that begins one.
  const auto head = std::find_if(lines.begin(), lines.end(), [kind](const std::string& line) {
    return report_beginning(line) == kind;
  });
  const std::string_view headline = head == lines.end() ? lines.front() : *head;
  switch (kind) {
    case ReportKind::Panic:
      return "panic: " + normalize_title(after(headline, "not syncing: "));
    case ReportKind::Oops:
      if (headline.find("NULL pointer") != std::string_view::npos)
        return in("BUG: kernel NULL pointer dereference",
                  blamed(function_behind(lines, "RIP: "), lines));
      if (headline.find("page fault") != std::string_view::npos)
        return in("BUG: unable to handle page fault",
                  blamed(function_behind(lines, "RIP: "), lines));
      return in(words_before(headline, " [#"), blamed(function_behind(lines, "RIP: "), lines));
    case ReportKind::GeneralProtection:
      return in("general protection fault", blamed(function_behind(lines, "RIP: "), lines));
    case ReportKind::Bug:
      if (headline.find("kernel BUG at ") != std::string_view::npos)
        return in("kernel BUG", blamed(function_behind(lines, "RIP: "), lines));
      return in(normalize_title(from(headline, "BUG: ")), blamed_frame(lines));
    case ReportKind::Warning: {
      if (headline.find(" at ") == std::string_view::npos)
        return in(normalize_title(headline), blamed_frame(lines));
      const std::string function = blamed(function_in(headline), lines);
      if (!function.empty()) return in("WARNING", function);
      return "WARNING at " + normalize_title(after(headline, " at "));
    }
    case ReportKind::Kasan:
    case ReportKind::Kfence:
    case ReportKind::Kcsan:
      return sanitizer_title(headline, lines);
    case ReportKind::SleepingFunction:
      return in(words_before(from(headline, "BUG: "), " at "), blamed_frame(lines));
    case ReportKind::BadPage:
      return in(words_before(words_before(from(headline, "BUG: "), " in process"), " mm:"),
                blamed_frame(lines));
    case ReportKind::Lockdep: {
      const std::string function = function_behind(lines, "at: ");
      return in(normalize_title(after(after(headline, "WARNING: "), "BUG: ")),
                blamed(function, lines));
    }
    case ReportKind::RcuStall:
      return in("RCU stall", blamed(function_behind(lines, "RIP: "), lines));
    case ReportKind::Lockup:
      return in(headline.find("hard") != std::string_view::npos ? "hard lockup" : "soft lockup",
                blamed(function_behind(lines, "RIP: "), lines));
    case ReportKind::HungTask:
      return in("hung task", blamed_frame(lines));
    case ReportKind::Ubsan:
      return in(words_before(headline, " in "), blamed_frame(lines));
    case ReportKind::ListCorruption:
      return in(words_before(from(headline, "list_"), "."), blamed_frame(lines));
    case ReportKind::Refcount:
      return in(normalize_title(from(headline, "refcount_t: ")), blamed_frame(lines));
    case ReportKind::MemoryLeak:
      return in("memory leak", blamed_frame(lines));
    case ReportKind::FileCount:
      return "VFS: Close: file count is 0";
    case ReportKind::BusyInodes:
      return words_before(words_before(from(headline, "VFS: "), " ("), ". ");
  }
  return normalize_title(headline);
}

}  // namespace dmabuf::boot
