// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "dmabuf/boot/console.hpp"

namespace dmabuf::boot {

/// Reports that may have been read before the record that says which case they are of.
///
/// The console may be ahead of the link. A report after mark n is of the case that begins behind the
/// record with mark=n, so it waits for that record and for the begin; without marks nothing waits.
class HeldReports {
 public:
  /// `marked`: the console has had a mark.
  void add(std::vector<KernelReport> reports, bool marked) {
    marked_ = marked;
    for (KernelReport& each : reports) held_.push_back(std::move(each));
  }

  /// A begin record has been handled.
  void begun() { in_case_ = true; }

  /// A record with this mark is being handled: what came before it is known.
  void settled(std::uint64_t mark) {
    settled_ = std::max(settled_, mark);
    in_case_ = false;
  }

  /// Nothing is known of marks, or will be: all may go.
  void release() { released_ = held_.size(); }

  /// The next report whose place among the records has come.
  std::optional<KernelReport> next() {
    if (held_.empty() || !(released_ > 0 || may_go(held_.front()))) return std::nullopt;
    if (released_ > 0) --released_;
    KernelReport first = std::move(held_.front());
    held_.pop_front();
    return first;
  }

 private:
  [[nodiscard]] bool may_go(const KernelReport& report) const {
    return !marked_ || report.mark < settled_ || (report.mark == settled_ && in_case_);
  }

  std::deque<KernelReport> held_;
  std::size_t released_ = 0;
  std::uint64_t settled_ = 0;
  bool in_case_ = false;
  bool marked_ = false;
};

}  // namespace dmabuf::boot
