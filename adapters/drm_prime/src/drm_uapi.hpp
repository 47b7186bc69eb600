// SPDX-License-Identifier: MIT
/// The few requests of include/uapi/drm/drm.h and drm_mode.h (Linux 6.1) that are used here. Debian
/// ships those headers only with libdrm-dev, which is not needed for anything else.
#pragma once

#include <linux/ioctl.h>
#include <linux/types.h>

#include <cstddef>

namespace dmabuf::adapters::drm {

struct Version {  // struct drm_version
  int major;
  int minor;
  int patch;
  std::size_t name_len;
  char* name;
  std::size_t date_len;
  char* date;
  std::size_t desc_len;
  char* desc;
};

struct GetCap {  // struct drm_get_cap
  __u64 capability;
  __u64 value;
};
inline constexpr __u64 kCapPrime = 0x5;
inline constexpr __u64 kPrimeCapExport = 0x2;

struct GemClose {  // struct drm_gem_close
  __u32 handle;
  __u32 pad;
};

struct PrimeHandle {  // struct drm_prime_handle; flags are O_CLOEXEC and O_RDWR
  __u32 handle;
  __u32 flags;
  __s32 fd;
};

struct CreateDumb {  // struct drm_mode_create_dumb
  __u32 height;
  __u32 width;
  __u32 bpp;
  __u32 flags;
  __u32 handle;
  __u32 pitch;
  __u64 size;
};

inline constexpr unsigned long kVersion = _IOWR('d', 0x00, Version);
inline constexpr unsigned long kGemClose = _IOW('d', 0x09, GemClose);
inline constexpr unsigned long kGetCap = _IOWR('d', 0x0c, GetCap);
inline constexpr unsigned long kDropMaster = _IO('d', 0x1f);
inline constexpr unsigned long kPrimeHandleToFd = _IOWR('d', 0x2d, PrimeHandle);
inline constexpr unsigned long kModeCreateDumb = _IOWR('d', 0xb2, CreateDumb);

static_assert(kGemClose == 0x40086409 && kGetCap == 0xc010640c && kPrimeHandleToFd == 0xc00c642d &&
              kModeCreateDumb == 0xc02064b2);

}  // namespace dmabuf::adapters::drm
