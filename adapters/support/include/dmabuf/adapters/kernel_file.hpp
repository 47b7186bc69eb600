// SPDX-License-Identifier: MIT
/// A file of procfs or debugfs that is read again and again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::adapters {

/// Stays open: a read is one pread, and the kernel prints the file anew for each.
class KernelFile {
 public:
  KernelFile() = default;
  /// `is_open()` says whether it worked, `error()` why not.
  explicit KernelFile(const std::string& path);

  bool is_open() const { return static_cast<bool>(fd_); }
  int error() const { return error_; }
  /// The whole text, valid until the next read; empty if it cannot be read (`error()` says why).
  std::string_view read();

 private:
  UniqueFd fd_;
  int error_ = 0;
  std::vector<char> buffer_;
};

/// debugfs `dma_buf/bufinfo` where debugfs is mounted, mounting nothing.
KernelFile open_bufinfo();
/// A module's use count; not open for what is built in, and where modules are never unloaded.
KernelFile open_module_use_count(std::string_view module);

}  // namespace dmabuf::adapters
