// SPDX-License-Identifier: MIT
/// PRIME as checks use it: files of a card, with calls that are written down.
#pragma once

#include <fmt/format.h>
#include <sys/ioctl.h>

#include "drm.hpp"
#include "support.hpp"

namespace dmabuf::checks {

inline std::string_view driver_name(const std::string& exporter) {
  return exporter == "vgem" ? std::string_view("vgem")
                            : std::string_view(exporter).substr(exporter.find(':') + 1);
}

/// One open file of a card.
class Card {
 public:
  Card(Context& context, std::string_view driver, std::string label = "card")
      : c_(context), label_(std::move(label)), fd_(drm::open_node(driver)) {
    if (!fd_)
      throw NotApplicable{fmt::format("no DRM device of driver {}", driver),
                          fmt::format("as root: modprobe {}", driver)};
  }
  int fd() const { return fd_.get(); }
  const std::string& label() const { return label_; }
  void close() {
    c_.call(fmt::format("close({})", label_), [] { return 0; });
    fd_.reset();
  }

  /// A dumb buffer of so many pages.
  __u32 dumb(unsigned pages = 4) {
    drm_mode_create_dumb dumb{};
    dumb.width = kPageSize / 4;
    dumb.bpp = 32;
    dumb.height = pages;
    c_.ours(fmt::format("ioctl({}, MODE_CREATE_DUMB, {} pages)", label_, pages),
            [&] { return ::ioctl(fd(), DRM_IOCTL_MODE_CREATE_DUMB, &dumb); });
    return dumb.handle;
  }
  /// The handle's buffer as an fd; -1 and errno.
  long to_fd(__u32 handle, __u32 flags, int& out) {
    drm_prime_handle request{.handle = handle, .flags = flags, .fd = -1};
    const int result = ::ioctl(fd(), DRM_IOCTL_PRIME_HANDLE_TO_FD, &request);
    out = request.fd;
    return result;
  }
  long to_handle(int buffer, __u32& out) {
    drm_prime_handle request{.handle = 0, .flags = 0, .fd = buffer};
    const int result = ::ioctl(fd(), DRM_IOCTL_PRIME_FD_TO_HANDLE, &request);
    out = request.handle;
    return result;
  }
  long gem_close(__u32 handle) {
    drm_gem_close request{.handle = handle, .pad = 0};
    return ::ioctl(fd(), DRM_IOCTL_GEM_CLOSE, &request);
  }
  long attach_fence(__u32 handle, __u32 flags, __u32& out, __u32 pad = 0) {
    drm_vgem_fence_attach request{.handle = handle, .flags = flags, .out_fence = 0, .pad = pad};
    const int result = ::ioctl(fd(), DRM_IOCTL_VGEM_FENCE_ATTACH, &request);
    out = request.out_fence;
    return result;
  }
  long signal_fence(__u32 fence, __u32 flags = 0) {
    drm_vgem_fence_signal request{.fence = fence, .flags = flags};
    return ::ioctl(fd(), DRM_IOCTL_VGEM_FENCE_SIGNAL, &request);
  }

  /// The same, in words, where they have to work.
  UniqueFd exported(__u32 handle, __u32 flags = O_RDWR | O_CLOEXEC) {
    int out = -1;
    c_.ours(fmt::format("ioctl({}, PRIME_HANDLE_TO_FD, {}, flags {:#x})", label_, handle, flags),
            [&] { return to_fd(handle, flags, out); });
    return UniqueFd(out);
  }
  __u32 imported(int buffer) {
    __u32 out = 0;
    c_.ours(fmt::format("ioctl({}, PRIME_FD_TO_HANDLE, fd)", label_),
            [&] { return to_handle(buffer, out); });
    return out;
  }
  void let_go(__u32 handle) {
    c_.ours(fmt::format("ioctl({}, GEM_CLOSE, {})", label_, handle),
            [&] { return gem_close(handle); });
  }
  __u32 fence(__u32 handle, __u32 flags) {
    __u32 out = 0;
    c_.ours(fmt::format("ioctl({}, VGEM_FENCE_ATTACH, {}, {})", label_, handle,
                        flags != 0 ? "write" : "read"),
            [&] { return attach_fence(handle, flags, out); });
    return out;
  }
  void signal(__u32 fence_id) {
    c_.ours(fmt::format("ioctl({}, VGEM_FENCE_SIGNAL, {})", label_, fence_id),
            [&] { return signal_fence(fence_id); });
  }

 private:
  Context& c_;
  std::string label_;
  UniqueFd fd_;
};

}  // namespace dmabuf::checks
