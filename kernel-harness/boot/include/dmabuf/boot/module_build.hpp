// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dmabuf/boot/kernel_source.hpp"

namespace dmabuf::boot {

/// A directory for `make -C`, with which modules for that release can be built.
///
/// For a Debian kernel the headers' packages are unpacked under the cache, nothing is installed;
/// where they cannot be had, an installed tree (/lib/modules/<release>/build, /usr/src) serves. For
/// a user's kernel the `build` link of its module tree is followed. Throws Error with the remedy.
std::filesystem::path ensure_headers(const Kernel& kernel);

/// What to build: a directory with a Kbuild file or Makefile.
struct ModuleSource {
  std::filesystem::path directory;
  /// Other directories the sources include from, relative to `directory`, and copied along at the
  /// same relative place: {"../include"}.
  std::vector<std::filesystem::path> alongside = {};
  std::vector<std::string> make_arguments = {};  ///< "KCFLAGS=-g"
};

/// Builds the module for the kernel and gives the .ko.
///
/// The sources are copied to the cache, in a directory named by their contents and the release, and
/// built there at most once. Throws Error; for a compile error its text has the compiler's first
/// complaints and the path of the log.
std::filesystem::path build_module(const ModuleSource& source, const Kernel& kernel);

}  // namespace dmabuf::boot
