// SPDX-License-Identifier: MIT
/// Files that nobody is to find later.
#pragma once

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace dmabuf::app {

/// Removes its files, those that are there, however the scope is left.
class TemporaryFiles {
 public:
  explicit TemporaryFiles(std::vector<std::filesystem::path> files) : files_(std::move(files)) {}
  ~TemporaryFiles() {
    std::error_code ignored;
    for (const std::filesystem::path& file : files_) std::filesystem::remove(file, ignored);
  }
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;

 private:
  std::vector<std::filesystem::path> files_;
};

}  // namespace dmabuf::app
