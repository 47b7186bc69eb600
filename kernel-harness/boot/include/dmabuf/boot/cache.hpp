// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace dmabuf::boot {

/// $XDG_CACHE_HOME/dmabuf-conform, or ~/.cache/dmabuf-conform. Everything in it can be made again.
std::filesystem::path cache_directory();

/// The entry at `target`, made by `fill` if it is not there yet.
///
/// `fill` works in a directory beside the target, which is renamed when it is complete: a killed
/// process leaves no half entry, and two processes do not disturb each other (a lock file is held).
std::filesystem::path cached_directory(
    const std::filesystem::path& target,
    const std::function<void(const std::filesystem::path& draft)>& fill);

/// The whole file as bytes. Throws Error with the path.
std::string read_file(const std::filesystem::path& path);

/// Replaces the file in one step: readers see the old or the new contents, never a part.
void write_file(const std::filesystem::path& path, std::string_view contents);

/// FNV-1a, 64 bits, as 16 hex digits; for cache keys only. Feed parts with their lengths.
class ContentHash {
 public:
  ContentHash& add(std::string_view part);
  [[nodiscard]] std::string hex() const;

 private:
  void mix(std::string_view bytes);
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

}  // namespace dmabuf::boot
