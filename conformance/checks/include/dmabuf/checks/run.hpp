// SPDX-License-Identifier: MIT
/// Running a check: in a child, with a time limit, watched for what it leaves behind.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dmabuf/checks/check.hpp"
#include "dmabuf/checks/result.hpp"
#include "dmabuf/checks/source.hpp"

namespace dmabuf::checks {

/// Where a check runs.
struct Environment {
  std::string exporter;  ///< "udmabuf"
  std::string kernel;    ///< uname -r
  /// Opens the exporter; called in the child, and only if the check asks for a buffer.
  std::function<OpenedSource()> open;
  /// A program that keeps running until its stdin ends; for exec. Empty: there is none.
  std::vector<std::string> waiter;
  bool watch_log = false;  ///< read the kernel's log before and after; needs /dev/kmsg
  std::chrono::milliseconds limit = std::chrono::seconds(20);
  std::uint64_t log_from =
      0;  ///< filled in by run(): the first record of the log that is the check's
};

/// Runs it to its end. Never throws for what the check does.
Result run(const Check& check, const Environment& environment);

}  // namespace dmabuf::checks
