// SPDX-License-Identifier: MIT
/// A process that has no fd free, as far as a trace is concerned.
///
/// Whoever carries out a trace opens files of its own: sockets, procfs, a journal. So the limit is lowered around the one
/// system call under test, and is what it was before and after; what a trace has filled is remembered in between.
#pragma once

#include <sys/resource.h>

namespace dmabuf::adapters {

/// From now on, and not any more: is the fd table of this process full?
void fill_fds();
void free_fds();
bool fds_filled();

/// While it lives the soft RLIMIT_NOFILE is the lowest number that is not in use, if this process's fds are filled.
/// For one system call: nothing else in this process can open anything, either. Throws HarnessError.
class FdLimit {
 public:
  FdLimit();
  ~FdLimit();
  FdLimit(const FdLimit&) = delete;
  FdLimit& operator=(const FdLimit&) = delete;

 private:
  rlimit before_{};
  bool lowered_ = false;
};

}  // namespace dmabuf::adapters
