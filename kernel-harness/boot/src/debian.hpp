// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dmabuf::boot {

/// What apt knows, without changing the machine: nothing is installed, no list is touched.
class Apt {
 public:
  /// The machine's own sources.
  Apt() = default;

  /// Another distribution's, through a private source list under the cache, refreshed when it is
  /// older than a day. Throws Error when it cannot be had.
  static Apt of_suite(std::string_view suite);

  /// Names of packages that match the POSIX extended expression.
  [[nodiscard]] std::vector<std::string> names(const std::string& expression) const;

  /// Direct dependencies by name, alternatives included.
  [[nodiscard]] std::vector<std::string> dependencies(const std::string& package) const;

  /// Downloads the packages and unpacks them into `root`. Throws Error.
  void unpack(const std::vector<std::string>& packages, const std::filesystem::path& root) const;

 private:
  [[nodiscard]] std::vector<std::string> with_options(std::vector<std::string> argv) const;

  std::vector<std::string> options_;
};

/// Orders versions: runs of digits by their value, all else by character.
bool version_less(std::string_view left, std::string_view right);

}  // namespace dmabuf::boot
