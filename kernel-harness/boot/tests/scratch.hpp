// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace dmabuf::boot::testing {

/// A directory of one test's own, gone with it.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dmabuf-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The cache in a directory of the test's own while it lives.
class PrivateCache {
 public:
  explicit PrivateCache(const std::filesystem::path& directory) {
    const char* before = std::getenv("XDG_CACHE_HOME");
    if (before != nullptr) before_ = before;
    had_ = before != nullptr;
    ::setenv("XDG_CACHE_HOME", directory.c_str(), 1);
  }
  ~PrivateCache() {
    if (had_)
      ::setenv("XDG_CACHE_HOME", before_.c_str(), 1);
    else
      ::unsetenv("XDG_CACHE_HOME");
  }
  PrivateCache(const PrivateCache&) = delete;
  PrivateCache& operator=(const PrivateCache&) = delete;

 private:
  std::string before_;
  bool had_ = false;
};

}  // namespace dmabuf::boot::testing
