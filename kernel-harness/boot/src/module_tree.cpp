// SPDX-License-Identifier: MIT
#include "dmabuf/boot/module_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <system_error>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/process.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

/// A directory that is gone with its owner.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (fs::temp_directory_path() / "dmabuf-depmod-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw Error(fmt::format("cannot make {}", pattern));
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

constexpr std::string_view dependency_ending = ".ko";

}  // namespace

std::string list_dependencies(const fs::path& directory) {
  // depmod wants <base>/lib/modules/<release>; a link gives any directory that shape, and a dry run
  // writes nothing into a tree that is not ours.
  const TemporaryDirectory base;
  const std::string release = directory.filename().string();
  fs::create_directories(base.path() / "lib/modules");
  fs::create_directory_symlink(fs::absolute(directory), base.path() / "lib/modules" / release);
  if (!program_exists("depmod"))
    throw Error(fmt::format("{} has no modules.dep, and depmod is not found", directory.string()),
                "apt-get install kmod");
  const CommandResult depmod = run_command({"depmod", "-n", "-b", base.path().string(), release});
  if (!depmod.ok())
    throw Error(fmt::format("depmod of {} failed: {}", directory.string(), depmod.output));

  std::string dependencies;
  std::istringstream lines(depmod.output);
  for (std::string line; std::getline(lines, line);) {
    const std::string file = line.substr(0, line.find(':'));
    if (file.size() < line.size() && file.find(dependency_ending) != std::string::npos &&
        file.find(' ') == std::string::npos)
      dependencies += line + "\n";  // the rest of a dry run are aliases and symbols
  }
  return dependencies;
}

std::string module_name(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  std::string name(file.substr(0, file.find(dependency_ending)));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string module_bytes(const fs::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".ko") return read_file(file);
  const std::string program = ending == ".xz" ? "xz" : ending == ".zst" ? "zstd" : "gzip";
  if (!program_exists(program))
    throw Error(fmt::format("{} not found, {} cannot be unpacked", program, file.string()),
                fmt::format("apt-get install {}", program == "xz" ? "xz-utils" : program));
  CommandResult unpacked = run_command({program, "-dc", file.string()});
  if (!unpacked.ok()) throw Error(fmt::format("{} is damaged: {}", file.string(), unpacked.output));
  return std::move(unpacked.output);
}

ModuleTree::ModuleTree(fs::path directory) : directory_(std::move(directory)) {
  if (!fs::is_directory(directory_))
    throw Error(fmt::format("{}: no such directory of modules", directory_.string()));
  const fs::path written = directory_ / "modules.dep";
  std::istringstream dependencies(fs::exists(written) ? read_file(written)
                                                      : list_dependencies(directory_));
  for (std::string line; std::getline(dependencies, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string file = line.substr(0, colon);
    std::istringstream others(line.substr(colon + 1));
    files_[module_name(file)] = file;
    std::vector<std::string>& needs = needs_[file];
    for (std::string other; others >> other;) needs.push_back(other);
  }
  if (const fs::path list = directory_ / "modules.builtin"; fs::exists(list)) {
    std::istringstream lines(read_file(list));
    for (std::string line; std::getline(lines, line);) builtin_.insert(module_name(line));
  }
}

bool ModuleTree::has(std::string_view name) const {
  return is_builtin(name) || files_.count(module_name(name)) > 0;
}

bool ModuleTree::is_builtin(std::string_view name) const {
  return builtin_.count(module_name(name)) > 0;
}

std::vector<fs::path> ModuleTree::load_order(const std::vector<std::string>& names) const {
  std::vector<fs::path> order;
  std::set<std::string> visited;
  const std::function<void(const std::string&)> visit = [&](const std::string& file) {
    if (!visited.insert(file).second) return;
    if (const auto needs = needs_.find(file); needs != needs_.end())
      for (auto each = needs->second.rbegin(); each != needs->second.rend(); ++each) visit(*each);
    order.push_back(directory_ / file);
  };
  for (const std::string& name : names) {
    const std::string wanted = module_name(name);
    if (const auto file = files_.find(wanted); file != files_.end())
      visit(file->second);
    else if (!is_builtin(wanted))
      throw Error(fmt::format("the kernel of {} has no module {}", directory_.string(), name),
                  "choose a kernel that has it, or ask for it as an optional one");
  }
  return order;
}

}  // namespace dmabuf::boot
