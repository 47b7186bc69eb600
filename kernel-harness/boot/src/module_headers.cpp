// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <string_view>
#include <system_error>

#include "debian.hpp"
#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/module_build.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view installed_headers = "/usr/src/";

/// The packages' Makefile includes the common one by its installed path.
void point_into(const fs::path& root, const fs::path& makefile) {
  std::string text = read_file(makefile);
  const std::string ours = (root / "usr/src").string() + "/";
  for (std::size_t at = text.find(installed_headers); at != std::string::npos;
       at = text.find(installed_headers, at + ours.size()))
    text.replace(at, installed_headers.size(), ours);
  write_file(makefile, text);
}

std::vector<std::string> headers_packages(const Apt& apt, const std::string& headers) {
  std::vector<std::string> packages = {headers};
  for (const std::string& each : apt.dependencies(headers))
    if (each.starts_with("linux-kbuild-") ||
        (each.starts_with("linux-headers-") && each.find("-common") != std::string::npos))
      packages.push_back(each);
  return packages;
}

bool complete(const fs::path& headers) {
  std::error_code error;
  return fs::exists(headers / "Makefile", error) && fs::exists(headers / "Module.symvers", error) &&
         fs::exists(headers / "scripts/mod/modpost", error);
}

}  // namespace

fs::path ensure_headers(const Kernel& kernel) {
  if (kernel.headers_package.empty()) {
    const fs::path build = kernel.modules / "build";
    if (!kernel.modules.empty() && complete(build)) return fs::canonical(build);
    throw Error(
        fmt::format("no headers for {}: {} does not lead to a prepared kernel tree", kernel.spec,
                    build.string()),
        "build the kernel with `make modules_prepare modules`, and make_install its modules "
        "so that their `build` link points to the tree");
  }

  const fs::path target = cache_directory() / "headers" / kernel.release;
  const fs::path relative = fs::path("usr/src") / kernel.headers_package;
  try {
    const fs::path root = cached_directory(target, [&](const fs::path& draft) {
      const Apt apt = kernel.spec == "debian:sid" ? Apt::of_suite("sid") : Apt();
      apt.unpack(headers_packages(apt, kernel.headers_package), draft);
      point_into(target, draft / relative / "Makefile");
      if (!complete(draft / relative))
        throw Error(fmt::format("{} is not what was expected", kernel.headers_package),
                    "install it, its installed tree will be used then");
    });
    return root / relative;
  } catch (const Error&) {
    for (const fs::path& installed : {fs::path("/lib/modules") / kernel.release / "build",
                                      fs::path(installed_headers) / kernel.headers_package})
      if (complete(installed)) return installed;
    throw;
  }
}

}  // namespace dmabuf::boot
