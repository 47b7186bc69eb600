// SPDX-License-Identifier: MIT
/// DRM's user interface: libdrm's headers, and include/uapi/drm/vgem_drm.h (Linux 4.9), which they lack.
#pragma once

#include <libdrm/drm.h>

struct drm_vgem_fence_attach {
  __u32 handle;
  __u32 flags;
  __u32 out_fence;
  __u32 pad;
};
struct drm_vgem_fence_signal {
  __u32 fence;
  __u32 flags;
};

#define VGEM_FENCE_WRITE 0x1U
#define DRM_IOCTL_VGEM_FENCE_ATTACH DRM_IOWR(DRM_COMMAND_BASE + 0x1, struct drm_vgem_fence_attach)
#define DRM_IOCTL_VGEM_FENCE_SIGNAL DRM_IOW(DRM_COMMAND_BASE + 0x2, struct drm_vgem_fence_signal)

static_assert(DRM_IOCTL_VGEM_FENCE_ATTACH == 0xc0106441 && DRM_IOCTL_VGEM_FENCE_SIGNAL == 0x40086442);
