// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dmabuf::boot {

/// The modules of one kernel and what each needs, from `modules.dep` and `modules.builtin`.
class ModuleTree {
 public:
  /// Runs depmod if the tree has no modules.dep yet. Throws Error.
  explicit ModuleTree(std::filesystem::path directory);

  /// Files to load, in an order in which each finds what it needs; each once. What is built into
  /// the kernel needs no file. Throws Error that names a module the kernel lacks.
  [[nodiscard]] std::vector<std::filesystem::path> load_order(
      const std::vector<std::string>& names) const;

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] bool is_builtin(std::string_view name) const;
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  std::map<std::string, std::string, std::less<>> files_;               ///< name -> path
  std::map<std::string, std::vector<std::string>, std::less<>> needs_;  ///< path -> paths
  std::set<std::string, std::less<>> builtin_;
};

/// The contents of modules.dep for a directory of modules, found out by depmod. Changes nothing
/// there. Throws Error.
std::string list_dependencies(const std::filesystem::path& directory);

/// The name the kernel knows a module by: "drm_kms_helper" for "a/b/drm-kms-helper.ko.xz".
std::string module_name(std::string_view file);

/// A module's bytes, unpacked if the file ends in .xz, .zst or .gz.
std::string module_bytes(const std::filesystem::path& file);

}  // namespace dmabuf::boot
