// SPDX-License-Identifier: MIT
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "dmabuf/boot/init.hpp"

namespace dmabuf::guest {
namespace {

struct Mount {
  const char* type;
  const char* where;
};

// Ordered: what is mounted on must be there.
constexpr Mount mounts[] = {
    {"proc", "/proc"},     {"sysfs", "/sys"},
    {"devtmpfs", "/dev"},  {"debugfs", "/sys/kernel/debug"},
    {"tmpfs", "/dev/shm"}, {"tmpfs", "/tmp"},
    {"tmpfs", "/run"},
};

}  // namespace

std::vector<std::string> mount_filesystems() {
  std::vector<std::string> failures;
  for (const Mount& each : mounts) {
    ::mkdir(each.where, 0755);  // sysfs makes its own; the mount will say what is wrong
    if (::mount(each.type, each.where, each.type, 0, nullptr) != 0 && errno != EBUSY)
      failures.push_back(std::string("cannot mount ") + each.type + " on " + each.where + ": " +
                         strerrorname_np(errno));
  }
  return failures;
}

}  // namespace dmabuf::guest
