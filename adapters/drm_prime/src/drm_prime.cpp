// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/drm_prime.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "dmabuf/adapters/drm_uapi.hpp"
#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::adapters {
namespace {

constexpr std::string_view kDirectory = "/dev/dri";

std::string driver_of(int card) {
  std::array<char, 64> name{};
  drm_version version{};
  version.name = name.data();
  version.name_len = name.size() - 1;
  if (!call(card, DRM_IOCTL_VERSION, version)) return {};
  return std::string(name.data(), std::min(version.name_len, name.size() - 1));
}

__u64 capability(int card, __u64 which) {
  drm_get_cap cap{.capability = which, .value = 0};
  return call(card, DRM_IOCTL_GET_CAP, cap) ? cap.value : 0;
}

/// The module behind a card. Most are named after the driver. Where one is not, sysfs knows; but of
/// a virtio device it names the driver of the PCI function in front.
std::string module_of(const std::string& path, const std::string& driver) {
  std::string module = driver;
  std::replace(module.begin(), module.end(), '-', '_');
  std::error_code ignored;
  if (std::filesystem::exists("/sys/module/" + module, ignored)) return module;
  const std::string link = "/sys/class/drm/" + std::filesystem::path(path).filename().string() +
                           "/device/driver/module";
  std::array<char, PATH_MAX> real{};
  if (::realpath(link.c_str(), real.data()) != nullptr)
    return std::filesystem::path(real.data()).filename().string();
  return module;
}

class DrmPrime final : public ExporterBackend {
 public:
  DrmPrime(std::string name, std::string module, UniqueFd card)
      : name_(std::move(name)), module_(std::move(module)), card_(std::move(card)) {}
  ~DrmPrime() override { close_handles(); }

  std::string_view name() const override { return name_; }
  std::string_view module() const override { return module_; }
  bool has_handles() const override { return true; }

  Expected<int> create(const model::op::Create& wanted) override {
    const auto dumb = create_dumb(wanted.pages);
    if (!dumb) return tl::unexpected(dumb.error());
    drm_prime_handle prime{.handle = dumb->handle, .flags = flags(wanted), .fd = -1};
    if (const auto shared = call(card_.get(), DRM_IOCTL_PRIME_HANDLE_TO_FD, prime); !shared) {
      (void)close_gem(dumb->handle);
      return tl::unexpected(shared.error());
    }
    auto& handle = handles_.at(wanted.buffer.value);
    if (handle) lost_.push_back(*handle);  // an earlier buffer of this slot was never let go
    handle = dumb->handle;
    return prime.fd;
  }

  model::Outcome close_handle(model::BufferId buffer) override {
    auto& handle = handles_.at(buffer.value);
    const auto outcome = close_gem(handle.value_or(0));
    if (outcome) handle.reset();
    return outcome;
  }

  void reset() override { close_handles(); }

  /// Why its buffers cannot be used, or nothing.
  std::string unsuitable() {
    for (unsigned pages = 1; pages <= model::kMaxPages; ++pages) {
      const auto dumb = create_dumb(pages);
      if (!dumb) return "cannot make a dumb buffer: " + std::string(errno_text(dumb.error().value));
      (void)close_gem(dumb->handle);
      if (dumb->size != pages * kPageSize)
        return "its dumb buffers are not of the size asked for";
    }
    return {};
  }

 private:
  static __u32 flags(const model::op::Create& wanted) {
    // O_WRONLY is no flag that DRM knows; it is passed on all the same, for the kernel to refuse.
    const int mode = wanted.access == model::Access::ReadWrite   ? O_RDWR
                     : wanted.access == model::Access::WriteOnly ? O_WRONLY
                                                          : O_RDONLY;
    return static_cast<__u32>(mode | (wanted.cloexec == model::CloseOnExec::Yes ? O_CLOEXEC : 0)) |
           (wanted.flags == model::CreationFlags::Unknown ? kUnknownFlag : 0U);
  }

  Expected<drm_mode_create_dumb> create_dumb(unsigned pages) {
    drm_mode_create_dumb dumb{};
    dumb.width = kPageSize / 4;  // of 32 bits: a line is a page, whatever lines are aligned to
    dumb.bpp = 32;
    dumb.height = pages;
    return call(card_.get(), DRM_IOCTL_MODE_CREATE_DUMB, dumb).map([&](auto) { return dumb; });
  }

  model::Outcome close_gem(__u32 handle) {
    drm_gem_close request{.handle = handle, .pad = 0};
    return call(card_.get(), DRM_IOCTL_GEM_CLOSE, request);
  }

  void close_handles() {
    for (auto& handle : handles_) {
      if (handle) (void)close_gem(*handle);
      handle.reset();
    }
    for (const __u32 handle : lost_) (void)close_gem(handle);
    lost_.clear();
  }

  std::string name_;
  std::string module_;
  UniqueFd card_;
  std::array<std::optional<__u32>, model::kMaxBuffers> handles_;
  std::vector<__u32> lost_;
};

}  // namespace

std::vector<DrmCard> drm_cards() {
  std::vector<DrmCard> cards;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory, ignored)) {
    const std::string path = entry.path().string();
    if (!entry.path().filename().string().starts_with("card")) continue;
    const UniqueFd card(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!card) continue;
    // Whether it has dumb buffers is for CREATE_DUMB to say: drivers without a display, such as
    // vgem, are not asked for that capability (drm_ioctl.c: drm_getcap).
    const bool usable = (capability(card.get(), DRM_CAP_PRIME) & DRM_PRIME_CAP_EXPORT) != 0;
    cards.push_back({.path = path, .driver = driver_of(card.get()), .usable = usable});
  }
  std::sort(cards.begin(), cards.end(), [](const DrmCard& a, const DrmCard& b) {
    return std::pair(a.path.size(), a.path) < std::pair(b.path.size(), b.path);
  });
  return cards;
}

OpenedBackend open_drm_prime(std::string_view driver) {
  const std::string wanted(driver);
  for (const DrmCard& card : drm_cards()) {
    if (card.driver != wanted) continue;
    if (!card.usable)
      return {nullptr, card.path + " (" + wanted + ") cannot export buffers",
              "choose another DRM device"};
    UniqueFd fd(::open(card.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return {nullptr, card.path + " went away", "try again"};
    (void)::ioctl(fd.get(), DRM_IOCTL_DROP_MASTER, nullptr);  // we need no display, others may
    const std::string name = wanted == "vgem" ? wanted : "drm:" + wanted;
    auto backend = std::make_unique<DrmPrime>(name, module_of(card.path, wanted), std::move(fd));
    if (std::string why = backend->unsuitable(); !why.empty())
      return {nullptr, card.path + " (" + wanted + "): " + why, "choose another DRM device"};
    return {std::move(backend), {}, {}};
  }
  std::string module = wanted == "bochs-drm" ? "bochs" : wanted;
  return {nullptr, "no DRM device of driver " + wanted + " that can be opened",
          "as root: modprobe " + module + "; the node must be in /dev/dri (devtmpfs)"};
}

}  // namespace dmabuf::adapters
