// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace dmabuf::reports {

/// A report could not be written. The message names the file, the reason and the remedy.
class WriteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Writes beside the file and renames: whoever looks sees the old text or the new, never half of
/// it.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace dmabuf::reports
