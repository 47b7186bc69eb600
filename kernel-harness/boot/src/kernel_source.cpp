// SPDX-License-Identifier: MIT
#include "dmabuf/boot/kernel_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "debian.hpp"
#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/module_tree.hpp"
#include "expression.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view image_prefix = "linux-image-";

std::string escaped(std::string_view text) {
  std::string expression;
  for (const char c : text) {
    if (c == '.' || c == '+') expression += '\\';
    expression += c;
  }
  return expression;
}

/// The module directory of an unpacked or installed root; merged-/usr packages have it in usr/lib.
fs::path modules_in(const fs::path& root, const std::string& release) {
  for (const char* library : {"lib/modules", "usr/lib/modules"})
    if (fs::is_directory(root / library / release)) return root / library / release;
  return {};
}

/// A kernel in a directory that has its files as the package lays them out; nothing if incomplete.
std::optional<Kernel> kernel_in(const fs::path& root, std::string_view spec,
                                const std::string& release) {
  std::error_code error;
  Kernel kernel{.spec = std::string(spec),
                .release = release,
                .image = root / "boot" / ("vmlinuz-" + release),
                .modules = modules_in(root, release),
                .headers_package = "linux-headers-" + release};
  // Debian has moved the image: from 7.x on it lies with its modules.
  if (!fs::exists(kernel.image, error)) kernel.image = kernel.modules / "vmlinuz";
  const bool complete = fs::is_regular_file(kernel.image, error) && !kernel.modules.empty() &&
                        fs::is_directory(kernel.modules / "kernel", error);
  return complete ? std::optional(kernel) : std::nullopt;
}

fs::path kernels_directory() { return cache_directory() / "kernels"; }

/// The newest kernel of the series that is in the cache already.
std::optional<Kernel> cached_kernel(std::string_view spec, std::string_view series) {
  if (!fs::is_directory(kernels_directory())) return std::nullopt;
  std::vector<std::string> packages;
  for (const fs::directory_entry& each : fs::directory_iterator(kernels_directory()))
    if (each.is_directory())
      packages.push_back(std::string(image_prefix) + each.path().filename().string());
  const std::string newest = newest_image_package(series, packages);
  if (newest.empty()) return std::nullopt;
  const std::string release = newest.substr(image_prefix.size());
  return kernel_in(kernels_directory() / release, spec, release);
}

/// Packages that together have image and modules: newer Debian has split them.
std::vector<std::string> image_packages(const Apt& apt, const std::string& image) {
  std::vector<std::string> packages = {image};
  for (const std::string& each : apt.dependencies(image))
    if (each.starts_with("linux-binary-") || each.starts_with("linux-modules-"))
      packages.push_back(each);
  return packages;
}

Kernel fetch(const Apt& apt, std::string_view spec, const std::string& package) {
  const std::string release = package.substr(image_prefix.size());
  const fs::path root = cached_directory(kernels_directory() / release, [&](const fs::path& draft) {
    apt.unpack(image_packages(apt, package), draft);
    const std::optional<Kernel> kernel = kernel_in(draft, spec, release);
    if (!kernel)
      throw Error(fmt::format("{} has no image of {} with its modules", package, release),
                  "the packaging has changed: give the kernel as file:/path/vmlinuz,modules=DIR");
    // The package's installation would have made it; once here saves seconds at every boot.
    if (const fs::path list = kernel->modules / "modules.dep"; !fs::exists(list))
      write_file(list, list_dependencies(kernel->modules));
  });
  if (std::optional<Kernel> kernel = kernel_in(root, spec, release)) return *kernel;
  throw Error(fmt::format("{} is damaged", root.string()), "delete it and try again");
}

Kernel debian_kernel(std::string_view spec, std::string_view series) {
  const Apt apt;
  const std::string package =
      newest_image_package(series, apt.names("^linux-image-" + escaped(series) + "\\..*amd64$"));
  if (package.empty()) {
    if (std::optional<Kernel> kernel = cached_kernel(spec, series)) return *kernel;
    throw Error(fmt::format("{}: apt knows no linux-image-{}.*-amd64", spec, series),
                "run apt-get update; bookworm with bookworm-security has 6.1 and 6.12");
  }
  try {
    return fetch(apt, spec, package);
  } catch (const Error&) {
    // No network, but perhaps what is needed is here: installed, or an older point release.
    const std::string release = package.substr(image_prefix.size());
    if (std::optional<Kernel> kernel = kernel_in("/", spec, release)) return *kernel;
    if (std::optional<Kernel> kernel = cached_kernel(spec, series)) return *kernel;
    throw;
  }
}

Kernel sid_kernel(std::string_view spec) {
  const Apt apt = Apt::of_suite("sid");
  const std::string package = newest_image_package("", apt.names("^linux-image-[0-9].*amd64$"));
  if (package.empty())
    throw Error(fmt::format("{}: Debian unstable has no linux-image-*-amd64", spec),
                "give the kernel as file:/path/vmlinuz,modules=DIR");
  return fetch(apt, spec, package);
}

/// DIR of `modules=DIR`, which may be the release's own or a root above it.
fs::path user_modules(const fs::path& given, const std::string& release) {
  std::error_code error;
  for (const fs::path& candidate : {modules_in(given, release), given / release, given})
    if (!candidate.empty() && (fs::is_directory(candidate / "kernel", error) ||
                               fs::exists(candidate / "modules.dep", error) ||
                               fs::exists(candidate / "modules.order", error)))
      return fs::absolute(candidate);
  throw Error(fmt::format("no modules of {} in {}", release, given.string()),
              "make modules_install INSTALL_MOD_PATH=DIR, and give that DIR");
}

Kernel file_kernel(std::string_view spec, std::string_view rest) {
  constexpr std::string_view option = ",modules=";
  const std::size_t comma = rest.find(option);
  const fs::path image = fs::path(rest.substr(0, comma));
  if (!fs::is_regular_file(image))
    throw Error(fmt::format("{}: no such file", image.string()), "give the path of a bzImage");
  Kernel kernel{.spec = std::string(spec),
                .release = release_of_image(image),
                .image = fs::absolute(image),
                .modules = {},
                .headers_package = {}};
  if (comma != std::string_view::npos)
    kernel.modules = user_modules(fs::path(rest.substr(comma + option.size())), kernel.release);
  return kernel;
}

}  // namespace

std::string newest_image_package(std::string_view series,
                                 const std::vector<std::string>& packages) {
  const std::string version = series.empty() ? "[0-9]+\\.[0-9]+" : escaped(series);
  const Expression wanted("^linux-image-" + version + "\\.[0-9]+([-+][a-z0-9.~]+)?-amd64$");
  std::string newest;
  for (const std::string& package : packages)
    if (wanted.found_in(package) && version_less(newest, package)) newest = package;
  return newest;
}

std::string release_of_image(const fs::path& image) {
  // Documentation/arch/x86/boot.rst: magic at 0x202, offset of the version string at 0x20e.
  const std::string bytes = read_file(image);
  const auto byte = [&bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (bytes.size() < 0x400 || bytes.compare(0x202, 4, "HdrS") != 0)
    throw Error(fmt::format("{} is no x86 bzImage", image.string()),
                "give arch/x86/boot/bzImage or /boot/vmlinuz-*, not vmlinux");
  const std::size_t at = 0x200U + byte(0x20e) + 256U * byte(0x20f);
  if (at >= bytes.size()) throw Error(fmt::format("{} has a damaged header", image.string()));
  const std::string version = bytes.substr(at, bytes.find('\0', at) - at);
  return version.substr(0, version.find(' '));
}

Kernel resolve_kernel(std::string_view spec) {
  if (spec.starts_with("file:")) return file_kernel(spec, spec.substr(5));
  if (spec == "debian:sid") return sid_kernel(spec);
  constexpr std::string_view debian = "debian:";
  static const Expression series("^[0-9]+\\.[0-9]+$");
  if (spec.starts_with(debian)) {
    const std::string wanted(spec.substr(debian.size()));
    if (series.found_in(wanted)) return debian_kernel(spec, wanted);
  }
  throw Error(fmt::format("no such kernel: {}", spec),
              "debian:6.1, debian:6.12, debian:sid, or file:/path/bzImage[,modules=DIR]");
}

}  // namespace dmabuf::boot
