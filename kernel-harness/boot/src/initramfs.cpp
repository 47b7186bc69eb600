// SPDX-License-Identifier: MIT
#include "dmabuf/boot/initramfs.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/cpio.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/module_tree.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

bool is_static(const std::string& bytes, const fs::path& file) {
  Elf64_Ehdr head;
  if (bytes.size() < sizeof head || bytes.compare(0, SELFMAG, ELFMAG) != 0 ||
      bytes[EI_CLASS] != ELFCLASS64)
    throw Error(fmt::format("{} is no 64-bit ELF program", file.string()));
  std::memcpy(&head, bytes.data(), sizeof head);
  for (std::size_t i = 0; i < head.e_phnum; ++i) {
    const std::size_t at = head.e_phoff + i * sizeof(Elf64_Phdr);
    if (at + sizeof(Elf64_Phdr) > bytes.size())
      throw Error(fmt::format("{} is cut off", file.string()));
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return false;
  }
  return true;
}

/// What a module says it needs: `depends=a,b` in its .modinfo.
std::vector<std::string> declared_needs(const std::string& module) {
  constexpr std::string_view key("\0depends=", 9);
  const std::size_t at = module.find(key);
  std::vector<std::string> names;
  if (at == std::string::npos) return names;
  std::istringstream list(std::string(module.c_str() + at + key.size()));
  for (std::string name; std::getline(list, name, ',');)
    if (!name.empty()) names.push_back(name);
  return names;
}

/// Modules in the order of loading, as they go into the archive.
class ModuleSet {
 public:
  void add(const fs::path& file) { add(file, module_bytes(file)); }

  void add(const fs::path& file, std::string bytes) {
    std::string name = module_name(file.filename().string());
    if (!names_.insert(name).second) return;
    modules_.emplace_back(std::move(name), std::move(bytes));
  }

  void write(CpioWriter& archive, const std::vector<std::string>& parameters) const {
    std::string order;
    for (const auto& [name, bytes] : modules_) {
      archive.file(fmt::format("modules/{}.ko", name), bytes);
      order += name + ".ko";
      for (const std::string& each : parameters)
        if (each.size() > name.size() && module_name(each.substr(0, each.find(' '))) == name)
          order += each.substr(std::min(each.find(' '), each.size()));
      order += '\n';
    }
    archive.file("modules/load-order", order);
  }

 private:
  std::set<std::string> names_;
  std::vector<std::pair<std::string, std::string>> modules_;
};

/// Modules by name, with all that they and our own files need.
ModuleSet collect(const Initramfs& description, const Kernel& kernel) {
  std::vector<std::pair<fs::path, std::string>> own;
  for (const fs::path& file : description.module_files) own.emplace_back(file, module_bytes(file));

  std::set<std::string> own_names;
  for (const auto& [file, bytes] : own) own_names.insert(module_name(file.filename().string()));
  std::vector<std::string> names = description.modules;
  for (const auto& [file, bytes] : own)
    for (const std::string& need : declared_needs(bytes))
      if (own_names.count(module_name(need)) == 0) names.push_back(need);

  ModuleSet modules;
  if (!kernel.modules.empty()) {
    const ModuleTree tree(kernel.modules);
    for (const std::string& wanted : description.wanted_modules)
      if (tree.has(wanted)) names.push_back(wanted);
    for (const fs::path& file : tree.load_order(names)) modules.add(file);
  } else if (!names.empty()) {
    throw Error(fmt::format("module {} asked for, but {} comes without modules", names.front(),
                            kernel.spec),
                "give them: file:/path/bzImage,modules=DIR");
  }
  for (auto& [file, bytes] : own) modules.add(file, std::move(bytes));
  return modules;
}

/// Directories above a path, outermost first.
void make_parents(CpioWriter& archive, std::set<std::string>& made, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    if (made.insert(path.substr(0, slash)).second) archive.directory(path.substr(0, slash));
}

}  // namespace

bool is_static_binary(const fs::path& file) { return is_static(read_file(file), file); }

fs::path make_initramfs(const Initramfs& description, const Kernel& kernel) {
  const std::string init = read_file(description.init);
  if (!is_static(init, description.init))
    throw Error(
        fmt::format("{} needs shared libraries, which a guest has not", description.init.string()),
        "link it with -static");

  CpioWriter archive;
  std::set<std::string> made;
  for (const char* each : {"/dev", "/proc", "/sys", "/tmp", "/run", "/modules"}) {
    archive.directory(each);
    made.insert(each);
  }
  archive.character_device("dev/console", 5, 1);  // the kernel opens it before /init mounts /dev
  archive.character_device("dev/null", 1, 3, 0666);
  collect(description, kernel).write(archive, description.module_parameters);
  for (const ExtraFile& each : description.files) {
    const std::string to = each.to.starts_with('/') ? each.to : "/" + each.to;
    make_parents(archive, made, to);
    const auto permissions = fs::status(each.from).permissions() & fs::perms::mask;
    archive.file(to, read_file(each.from), static_cast<std::uint32_t>(permissions));
  }
  archive.file("init", init, 0755);

  const std::string bytes = archive.finish();
  const fs::path target =
      cache_directory() / "initramfs" / (ContentHash().add(bytes).hex() + ".cpio");
  if (!fs::exists(target)) write_file(target, bytes);
  return target;
}

}  // namespace dmabuf::boot
