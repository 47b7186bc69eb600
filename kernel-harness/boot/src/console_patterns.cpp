// SPDX-License-Identifier: MIT
#include "console_patterns.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace dmabuf::boot {
namespace {

/// Where in the line the words must be.
enum class At { Start, NearStart };

struct Pattern {
  At at;
  std::string_view words;
  ReportKind kind;
};

// Ordered: the first that fits decides, so the special ones come before the general.
constexpr Pattern patterns[] = {
    {At::NearStart, "Kernel panic - not syncing", ReportKind::Panic},
    {At::NearStart, "BUG: KASAN: ", ReportKind::Kasan},
    {At::NearStart, "BUG: KFENCE: ", ReportKind::Kfence},
    {At::NearStart, "BUG: KCSAN: ", ReportKind::Kcsan},
    {At::NearStart, "BUG: sleeping function called from invalid context",
     ReportKind::SleepingFunction},
    {At::NearStart, "BUG: scheduling while atomic", ReportKind::SleepingFunction},
    {At::NearStart, "BUG: Bad page ", ReportKind::BadPage},
    {At::NearStart, "BUG: Bad rss-counter", ReportKind::BadPage},
    {At::NearStart, "BUG: soft lockup", ReportKind::Lockup},
    {At::NearStart, "BUG: workqueue lockup", ReportKind::Lockup},
    {At::NearStart, "atchdog detected hard LOCKUP", ReportKind::Lockup},
    {At::NearStart, "BUG: Invalid wait context", ReportKind::Lockdep},
    {At::NearStart, "BUG: MAX_LOCK", ReportKind::Lockdep},
    {At::NearStart, "BUG: kernel NULL pointer dereference", ReportKind::Oops},
    {At::NearStart, "BUG: unable to handle ", ReportKind::Oops},
    {At::NearStart, "Unable to handle kernel ", ReportKind::Oops},
    {At::NearStart, "Internal error: ", ReportKind::Oops},
    {At::NearStart, "general protection fault", ReportKind::GeneralProtection},
    {At::Start, "Oops: general protection fault", ReportKind::GeneralProtection},
    {At::Start, "Oops", ReportKind::Oops},
    {At::Start, "double fault: ", ReportKind::Oops},
    {At::Start, "divide error: ", ReportKind::Oops},
    {At::Start, "invalid opcode: ", ReportKind::Oops},
    {At::Start, "stack segment: ", ReportKind::Oops},
    {At::Start, "traps: PANIC: double fault", ReportKind::Oops},
    {At::NearStart, "kernel BUG at ", ReportKind::Bug},
    {At::NearStart, "WARNING: possible circular locking", ReportKind::Lockdep},
    {At::NearStart, "WARNING: possible recursive locking", ReportKind::Lockdep},
    {At::NearStart, "WARNING: possible irq lock inversion", ReportKind::Lockdep},
    {At::NearStart, "WARNING: inconsistent lock state", ReportKind::Lockdep},
    {At::NearStart, "WARNING: HARDIRQ-safe", ReportKind::Lockdep},
    {At::NearStart, "WARNING: SOFTIRQ-safe", ReportKind::Lockdep},
    {At::NearStart, "WARNING: bad unlock balance", ReportKind::Lockdep},
    {At::NearStart, "WARNING: held lock freed", ReportKind::Lockdep},
    {At::NearStart, "WARNING: lock held when returning", ReportKind::Lockdep},
    {At::NearStart, "WARNING: Nested lock was not taken", ReportKind::Lockdep},
    {At::NearStart, "WARNING: suspicious RCU usage", ReportKind::Lockdep},
    {At::NearStart, "INFO: trying to register non-static key", ReportKind::Lockdep},
    {At::NearStart, "INFO: rcu", ReportKind::RcuStall},
    {At::NearStart, "detected stalls on CPUs/tasks", ReportKind::RcuStall},
    {At::Start, "WARNING: ", ReportKind::Warning},
    {At::Start, "UBSAN: ", ReportKind::Ubsan},
    {At::NearStart, "list_add corruption", ReportKind::ListCorruption},
    {At::NearStart, "list_del corruption", ReportKind::ListCorruption},
    {At::NearStart, "refcount_t: ", ReportKind::Refcount},
    {At::Start, "unreferenced object 0x", ReportKind::MemoryLeak},
    {At::NearStart, "VFS: Close: file count is 0", ReportKind::FileCount},
    {At::NearStart, "VFS: Busy inodes", ReportKind::BusyInodes},
    {At::Start, "BUG: ", ReportKind::Bug},
    {At::Start, "[ BUG: ", ReportKind::Bug},
};

constexpr std::size_t near_start = 24;  // "NMI watchdog: W", "rcu: ", "watchdog: "

bool fits(const Pattern& pattern, std::string_view text) {
  const std::size_t found = text.find(pattern.words);
  if (found == std::string_view::npos) return false;
  switch (pattern.at) {
    case At::Start:
      return found == 0;
    case At::NearStart:
      return found <= near_start;
  }
  return false;
}

bool has(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

/// "INFO: task init:1 blocked for more than 120 seconds."
bool is_hung_task(std::string_view text) {
  return has(text, "INFO: task ") && has(text, "blocked") && has(text, "for more than");
}

/// "invalid opcode: 0000 [#1] PREEMPT SMP": the die counter.
bool has_die_counter(std::string_view text) {
  const std::size_t at = text.find(" [#");
  return at != std::string_view::npos && at + 3 < text.size() &&
         std::isdigit(static_cast<unsigned char>(text[at + 3])) != 0;
}

bool is_rule(std::string_view text) {
  return text.size() >= 20 && text.find_first_not_of('=') == std::string_view::npos;
}

bool is_oops(ReportKind kind) {
  return kind == ReportKind::Oops || kind == ReportKind::GeneralProtection;
}

}  // namespace

std::optional<ReportKind> report_beginning(std::string_view text) {
  if (has(text, "@DBC1") || has(text, "ommand line: ")) return std::nullopt;
  if (is_hung_task(text)) return ReportKind::HungTask;
  for (const Pattern& pattern : patterns)
    if (fits(pattern, text)) return pattern.kind;
  if (has_die_counter(text)) return ReportKind::Oops;
  return std::nullopt;
}

bool goes_on(const KernelReport& open, bool ended, ReportKind next, std::string_view text) {
  if (next == ReportKind::Panic) {
    if (!ended) return true;
    // Said by whoever died just before; any other panic is a report of its own.
    constexpr std::array<std::string_view, 6> consequences = {"Fatal exception", "panic_on_warn",
                                                              "hung_task",       "softlockup",
                                                              "RCU Stall",       "Fatal hardware"};
    return std::any_of(consequences.begin(), consequences.end(),
                       [text](std::string_view words) { return has(text, words); });
  }
  if (ended) return false;
  if (is_oops(next))
    return is_oops(open.kind) || open.kind == ReportKind::Bug || open.kind == ReportKind::Kasan ||
           open.kind == ReportKind::ListCorruption;
  if (next == ReportKind::Warning || next == ReportKind::Bug)
    return open.kind == ReportKind::Refcount || open.kind == ReportKind::ListCorruption;
  if (next == ReportKind::RcuStall) return open.kind == ReportKind::RcuStall;
  return false;
}

bool ends_report(ReportKind kind, std::size_t lines_so_far, std::string_view text) {
  if (has(text, "---[ end trace") || has(text, "---[ end Kernel panic")) return true;
  const bool framed = kind == ReportKind::Kasan || kind == ReportKind::Kfence ||
                      kind == ReportKind::Kcsan || kind == ReportKind::Ubsan;
  return framed && lines_so_far > 2 && is_rule(text);
}

bool has_end(ReportKind kind) {
  switch (kind) {
    case ReportKind::Panic:
    case ReportKind::Oops:
    case ReportKind::Bug:
    case ReportKind::Warning:
    case ReportKind::Kasan:
    case ReportKind::Kfence:
    case ReportKind::Kcsan:
    case ReportKind::GeneralProtection:
    case ReportKind::Ubsan:
    case ReportKind::ListCorruption:
    case ReportKind::Refcount:
      return true;
    default:
      return false;
  }
}

bool looks_like_report(std::string_view text) {
  if (has(text, "+0x") && has(text, "/0x")) return true;
  constexpr std::array<std::string_view, 29> words = {"Call Trace:",
                                                      "<TASK>",
                                                      "</TASK>",
                                                      "<IRQ>",
                                                      "</IRQ>",
                                                      "RIP: ",
                                                      "RSP: ",
                                                      "RAX: ",
                                                      "RDX: ",
                                                      "RBP: ",
                                                      "R10: ",
                                                      "R13: ",
                                                      "FS:  ",
                                                      "CS:  ",
                                                      "CR2: ",
                                                      "DR0: ",
                                                      "DR3: ",
                                                      "PKRU: ",
                                                      "Code: ",
                                                      "Modules linked in:",
                                                      "Hardware name:",
                                                      "Tainted",
                                                      "CPU: ",
                                                      "Kernel Offset",
                                                      "backtrace",
                                                      "hex dump",
                                                      "Allocated by",
                                                      "Freed by",
                                                      "Memory state around"};
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view each) { return has(text, each); });
}

}  // namespace dmabuf::boot
