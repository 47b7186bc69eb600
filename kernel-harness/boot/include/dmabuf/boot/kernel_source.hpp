// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dmabuf::boot {

/// A kernel that can be booted.
struct Kernel {
  std::string spec;               ///< as asked for: "debian:6.1"
  std::string release;            ///< what uname -r will say in it
  std::filesystem::path image;    ///< vmlinuz or bzImage
  std::filesystem::path modules;  ///< .../lib/modules/<release>; empty: none
  std::string headers_package;    ///< Debian's; empty for a user's own kernel
};

/// Finds, and if need be downloads, the kernel that `spec` names:
///
/// - `debian:6.1`, `debian:6.12`: the newest point release that apt knows of that series. Never
///   installed: the package is unpacked under the cache.
/// - `debian:sid`: the newest of Debian unstable, by way of a private source list.
/// - `file:/path/bzImage[,modules=DIR]`: the user's. DIR is `/lib/modules/<release>` of it, or a
///   root that holds such a directory.
///
/// Throws Error with the remedy.
Kernel resolve_kernel(std::string_view spec);

/// The newest of these Debian package names by Debian's order of versions; empty for none.
/// Real-time, cloud, debug and unsigned flavours are left out.
std::string newest_image_package(std::string_view series, const std::vector<std::string>& packages);

/// What `uname -r` of a bzImage will say, read from its setup header. Throws Error.
std::string release_of_image(const std::filesystem::path& image);

}  // namespace dmabuf::boot
