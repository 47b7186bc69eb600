// SPDX-License-Identifier: MIT
/// Which number in which process an fd slot of a trace stands for.
#pragma once

#include <array>
#include <optional>

#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/model/ids.hpp"

namespace dmabuf::adapters {

struct FdPlace {
  model::ProcessId process;
  int number = -1;
  std::optional<model::BufferId> buffer;  ///< none: not one of the trace's buffers

  friend bool operator==(const FdPlace& a, const FdPlace& b) {
    return a.process == b.process && a.number == b.number;
  }
};

/// A number at which no file is ever open: far above any limit a process can have.
inline constexpr int kClosedNumber = 0x3fffffff;

/// The numbers are known here and owned by the process they belong to.
class FdTable {
 public:
  /// Throws HarnessError if there is no eventfd to be had for kForeignFd.
  FdTable();

  /// Where to go for an operation on `fd`: kBadFd and empty slots lead to kClosedNumber of p0,
  /// kForeignFd to an eventfd of p0.
  FdPlace at(model::FdId fd) const;
  bool holds(model::FdId fd) const;
  /// Throws HarnessError if the slot is taken or no slot: ask before the operation is made.
  void expect_free(model::FdId fd) const;
  void put(model::FdId fd, FdPlace place);
  /// After a successful close. The eventfd of kForeignFd is made anew.
  void erase(model::FdId fd);
  /// Forgets all slots; closes nothing but the eventfd's old self.
  void clear();

  /// The last place of a slot that is empty now, unless another slot has come to live there or it
  /// was seen to be closed.
  std::optional<FdPlace> left(model::FdId fd) const;
  /// `left(fd)` was looked at and is closed: it cannot be open again without an operation.
  void seen_closed(model::FdId fd);
  bool was_seen_closed(model::FdId fd) const;

 private:
  void renew_foreign();
  std::array<std::optional<FdPlace>, model::kMaxFds> places_;
  std::array<std::optional<FdPlace>, model::kMaxFds> left_;
  std::array<bool, model::kMaxFds> closed_{};
  UniqueFd foreign_;
};

}  // namespace dmabuf::adapters
