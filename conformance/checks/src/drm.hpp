// SPDX-License-Identifier: MIT
/// DRM cards, by the few ioctls that are about buffers. Debian ships drm.h with libdrm-dev only.
#pragma once

#include <linux/ioctl.h>
#include <linux/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::checks::drm {

struct Version {
  int major, minor, patch;
  std::size_t name_len;
  char* name;
  std::size_t date_len;
  char* date;
  std::size_t desc_len;
  char* desc;
};
struct GetCap {
  __u64 capability, value;
};
struct GemClose {
  __u32 handle, pad;
};
struct PrimeHandle {
  __u32 handle, flags;
  __s32 fd;
};
struct CreateDumb {
  __u32 height, width, bpp, flags, handle, pitch;
  __u64 size;
};
struct MapDumb {
  __u32 handle, pad;
  __u64 offset;
};
struct FenceAttach {
  __u32 handle, flags, out_fence, pad;
};
struct FenceSignal {
  __u32 fence, flags;
};

inline constexpr unsigned long kVersion = _IOWR('d', 0x00, Version);
inline constexpr unsigned long kGemClose = _IOW('d', 0x09, GemClose);
inline constexpr unsigned long kGetCap = _IOWR('d', 0x0c, GetCap);
inline constexpr unsigned long kDropMaster = _IO('d', 0x1f);
inline constexpr unsigned long kHandleToFd = _IOWR('d', 0x2d, PrimeHandle);
inline constexpr unsigned long kFdToHandle = _IOWR('d', 0x2e, PrimeHandle);
inline constexpr unsigned long kCreateDumb = _IOWR('d', 0xb2, CreateDumb);
inline constexpr unsigned long kMapDumb = _IOWR('d', 0xb3, MapDumb);
inline constexpr unsigned long kFenceAttach = _IOWR('d', 0x41, FenceAttach);
inline constexpr unsigned long kFenceSignal = _IOW('d', 0x42, FenceSignal);
inline constexpr __u32 kFenceWrite = 1;
inline constexpr __u64 kCapPrime = 5;

static_assert(kHandleToFd == 0xC00C642D && kFdToHandle == 0xC00C642E && kMapDumb == 0xC01064B3 &&
              kFenceAttach == 0xC0106441 && kFenceSignal == 0x40086442);

/// The driver of a node; "" if it is no DRM device.
std::string driver_of(int fd);
/// A fresh open file on the first node of that driver ("card" or "renderD"); nothing if none is
/// there.
adapters::UniqueFd open_node(std::string_view driver, std::string_view kind = "card");
/// Drivers of all cards.
std::vector<std::string> drivers();

}  // namespace dmabuf::checks::drm
