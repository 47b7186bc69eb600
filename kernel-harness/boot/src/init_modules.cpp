// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "dmabuf/boot/init.hpp"

namespace dmabuf::guest {
namespace {

int load(const std::string& file, const std::string& parameters) {
  const boot::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno;
  if (::syscall(SYS_finit_module, fd.get(), parameters.c_str(), 0) == 0) return 0;
  return errno == EEXIST ? 0 : errno;
}

}  // namespace

std::vector<ModuleLoad> load_modules(const char* list) {
  const std::string path = list;
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  std::vector<ModuleLoad> loads;
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    const std::size_t space = line.find(' ');
    const std::string file = line.substr(0, space);
    const std::string parameters = space == std::string::npos ? "" : line.substr(space + 1);
    std::string name = file.substr(0, file.rfind(".ko"));
    const int error = load(directory + file, parameters);
    loads.push_back(ModuleLoad{.name = std::move(name), .error = error});
  }
  return loads;
}

bool load_modules(Link& link, const char* list) {
  bool all = true;
  for (const ModuleLoad& each : load_modules(list)) {
    all = all && each.error == 0;
    if (each.error == 0)
      link.send(protocol::verb::capability, "module." + each.name + "=loaded");
    else
      link.send(protocol::verb::warning,
                "module " + each.name + ": " + strerrorname_np(each.error));
  }
  return all;
}

bool module_present(std::string_view name) {
  return ::access(("/sys/module/" + std::string(name)).c_str(), F_OK) == 0;
}

}  // namespace dmabuf::guest
