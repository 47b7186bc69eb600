// SPDX-License-Identifier: MIT
/// Dumb buffers of a DRM device, shared by PRIME.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/exporter_backend.hpp"

namespace dmabuf::adapters {

struct DrmCard {
  std::string path;    ///< "/dev/dri/card0"
  std::string driver;  ///< "vgem", "virtio_gpu", "bochs-drm"
  bool usable = false; ///< can export (DBUF-PRM-023)
};

/// The cards that can be opened, in the order of their numbers.
std::vector<DrmCard> drm_cards();

/// The first card of that driver, opened twice: handles belong to the open file. A buffer is a dumb object of one page
/// a line; its GEM handle stays open until close_handle, and with it the references of PRIME's own (DBUF-PRM-009).
OpenedBackend open_drm_prime(std::string_view driver);

}  // namespace dmabuf::adapters
