// SPDX-License-Identifier: MIT
#include "drm.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace dmabuf::checks::drm {
namespace {

std::vector<std::string> nodes(std::string_view kind) {
  std::vector<std::string> paths;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/dri", ignored))
    if (entry.path().filename().string().starts_with(kind)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::string driver_of(int fd) {
  std::array<char, 64> name{};
  drm_version version{};
  version.name = name.data();
  version.name_len = name.size() - 1;
  return ::ioctl(fd, DRM_IOCTL_VERSION, &version) == 0 ? std::string(name.data()) : std::string();
}

adapters::UniqueFd open_node(std::string_view driver, std::string_view kind) {
  for (const std::string& path : nodes(kind)) {
    adapters::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd || driver_of(fd.get()) != driver) continue;
    (void)::ioctl(fd.get(), DRM_IOCTL_DROP_MASTER, nullptr);
    return fd;
  }
  return {};
}

std::vector<std::string> drivers() {
  std::vector<std::string> found;
  for (const std::string& path : nodes("card")) {
    const adapters::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (fd) found.push_back(driver_of(fd.get()));
  }
  return found;
}

}  // namespace dmabuf::checks::drm
