// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dmabuf/boot/kernel_source.hpp"

namespace dmabuf::boot {

/// A file of the host that the guest shall have.
struct ExtraFile {
  std::filesystem::path from;
  std::string to;  ///< path in the guest, "/etc/plan"
};

/// What a guest starts from. No shell, no libraries: /init is a static binary.
struct Initramfs {
  std::filesystem::path init;
  std::vector<std::string> modules = {};  ///< by name, dependencies come along
  /// Optional modules: left out, not an error, where the kernel has none of that name.
  std::vector<std::string> wanted_modules = {};
  std::vector<std::filesystem::path> module_files = {};  ///< our own .ko, loaded last
  std::vector<std::string> module_parameters = {};       ///< "dmabuf_harness seeded_bugs=1"
  std::vector<ExtraFile> files = {};
};

/// Makes the archive and gives its path, in the cache, named by its contents.
///
/// Modules are in /modules as plain .ko, and /modules/load-order names them line by line, first to
/// load first, parameters after the name. What is built into the kernel is left out silently.
/// Throws Error for a module the kernel lacks and for an /init that is not statically linked.
std::filesystem::path make_initramfs(const Initramfs& description, const Kernel& kernel);

/// True for an ELF executable that needs no dynamic loader. Throws Error if it is no ELF file.
bool is_static_binary(const std::filesystem::path& file);

}  // namespace dmabuf::boot
