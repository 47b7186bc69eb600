// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace dmabuf::boot {

/// A failure of ours or of the machine: never a finding about the kernel under test.
///
/// The text names the file or program concerned and, after "Remedy:", what to do about it.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what) : std::runtime_error(what) {}
  Error(std::string_view what, std::string_view remedy)
      : std::runtime_error(std::string(what) + "\nRemedy: " + std::string(remedy)) {}
};

}  // namespace dmabuf::boot
