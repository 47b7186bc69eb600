// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::checks {

/// The kernel's log from some record on.
class KernelLog {
 public:
  /// From the record of that number on; 0: from what is logged after this moment.
  explicit KernelLog(std::uint64_t from);
  bool readable() const { return static_cast<bool>(fd_); }
  /// Message texts, in order.
  std::vector<std::string> lines() const;

  /// The number that the next record will have; 0 if the log cannot be read.
  static std::uint64_t next();

 private:
  adapters::UniqueFd fd_;
  std::uint64_t from_;
};

/// Those lines with which the kernel complains: warnings, oopses, bad pages, refcounts.
std::vector<std::string> complaints(const std::vector<std::string>& lines);

}  // namespace dmabuf::checks
