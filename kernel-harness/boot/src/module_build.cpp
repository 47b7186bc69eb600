// SPDX-License-Identifier: MIT
#include "dmabuf/boot/module_build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/process.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

constexpr auto build_limit = std::chrono::minutes(20);

/// What a build reads. Not what one in the source directory itself may have left there.
bool is_source(const fs::path& file) {
  constexpr std::array<std::string_view, 4> endings = {".c", ".h", ".S", ".lds"};
  constexpr std::array<std::string_view, 3> names = {"Kbuild", "Makefile", "Kconfig"};
  const std::string name = file.filename().string();
  if (name.ends_with(".mod.c")) return false;
  return std::find(names.begin(), names.end(), name) != names.end() ||
         std::any_of(endings.begin(), endings.end(),
                     [&name](std::string_view ending) { return name.ends_with(ending); });
}

/// Files below a directory, in an order that is the same on every machine.
std::vector<fs::path> sources_in(const fs::path& directory) {
  if (!fs::is_directory(directory))
    throw Error(fmt::format("{}: no such directory of module sources", directory.string()));
  std::vector<fs::path> files;
  for (const fs::directory_entry& each : fs::recursive_directory_iterator(directory))
    if (each.is_regular_file() && is_source(each.path()))
      files.push_back(each.path().lexically_relative(directory));
  std::sort(files.begin(), files.end());
  return files;
}

void copy_sources(const fs::path& from, const fs::path& to) {
  for (const fs::path& file : sources_in(from)) {
    fs::create_directories((to / file).parent_path());
    fs::copy_file(from / file, to / file);
  }
}

void add_sources(ContentHash& hash, const fs::path& directory) {
  for (const fs::path& file : sources_in(directory))
    hash.add(file.string()).add(read_file(directory / file));
}

/// What stands beside the source directory: "../include" is "include".
fs::path beside(const fs::path& alongside) {
  const fs::path name = alongside.lexically_normal().lexically_relative("..");
  if (name.empty() || *name.begin() == "..")
    throw Error(fmt::format("{}: what is copied along must be beside the module's directory",
                            alongside.string()));
  return name;
}

/// Debian's headers name the compiler that the kernel was built with: "gcc-12".
void require_compiler(const fs::path& headers, const Kernel& kernel) {
  constexpr std::string_view mark = "$(CROSS_COMPILE)";
  const fs::path variables = headers / ".kernelvariables";
  std::string compiler = "gcc";
  if (fs::exists(variables)) {
    const std::string text = read_file(variables);
    if (const std::size_t at = text.find(mark); at != std::string::npos)
      compiler = text.substr(at + mark.size(), text.find_first_of(" \n", at) - at - mark.size());
  }
  for (const std::string& program : {std::string("make"), compiler})
    if (!program_exists(program))
      throw Error(
          fmt::format("{} not found: modules for {} cannot be built", program, kernel.release),
          fmt::format("apt-get install make {} libelf1; where this Debian has no such "
                      "compiler, choose debian:6.1 or debian:6.12",
                      compiler));
}

std::string first_complaints(const std::string& log) {
  std::string found;
  std::istringstream lines(log);
  int left = 6;
  for (std::string line; left > 0 && std::getline(lines, line);)
    if (line.find("error") != std::string::npos || line.find("ERROR") != std::string::npos ||
        line.find("***") != std::string::npos || line.find("not found") != std::string::npos) {
      found += "\n  " + line;
      --left;
    }
  return found;
}

fs::path module_in(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& each : fs::directory_iterator(directory))
    if (each.path().extension() == ".ko") found.push_back(each.path());
  if (found.size() != 1)
    throw Error(fmt::format("{}: {} .ko files instead of one", directory.string(), found.size()));
  return found.front();
}

}  // namespace

fs::path build_module(const ModuleSource& source, const Kernel& kernel) {
  const fs::path directory = fs::weakly_canonical(source.directory);
  const std::string name = directory.filename().string();
  ContentHash hash;
  hash.add(kernel.release).add(kernel.headers_package.empty() ? kernel.image.string() : "");
  add_sources(hash, directory);
  for (const fs::path& each : source.alongside) {
    hash.add(each.string());
    add_sources(hash, directory / each);
  }
  for (const std::string& each : source.make_arguments) hash.add(each);

  const fs::path target =
      cache_directory() / "modules" / fmt::format("{}-{}-{}", name, kernel.release, hash.hex());
  const fs::path root = cached_directory(target, [&](const fs::path& draft) {
    const fs::path headers = ensure_headers(kernel);
    require_compiler(headers, kernel);
    copy_sources(directory, draft / name);
    for (const fs::path& each : source.alongside)
      copy_sources(directory / each, draft / beside(each));

    std::vector<std::string> make = {
        "make", "-j2", "-C", headers.string(), "M=" + (draft / name).string(),
        // Type information for BPF would need pahole, and nobody reads it here.
        "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"};
    make.insert(make.end(), source.make_arguments.begin(), source.make_arguments.end());
    const CommandResult build = run_command(make, draft, build_limit);
    const fs::path log = target.string() + ".log";
    write_file(log, fmt::format("{}\n{}", fmt::join(make, " "), build.output));
    if (!build.ok())
      throw Error(
          fmt::format("module {} does not build for {} (make status {}):{}\nLog: {}", name,
                      kernel.release, build.status, first_complaints(build.output), log.string()),
          "read the log; Debian's kernels want gcc-12, make and libelf1");
    module_in(draft / name);
  });
  return module_in(root / name);
}

}  // namespace dmabuf::boot
