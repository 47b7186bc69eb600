// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// VGP: virtio-gpu.
inline constexpr Requirement vgp[] = {
    {.id = "VGP-001",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Exports behave as generic PRIME under the name virtio_gpu, and ask for a device "
             "UUID when the host offers it.",
     .source = {"drivers/gpu/drm/virtio/virtgpu_prime.c", "virtgpu_gem_prime_export"}},
    {.id = "VGP-002",
     .bearer = Bearer::Importer,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A self import gives the same object, as PRM-005 and PRM-006 say.",
     .source = {"drivers/gpu/drm/virtio/virtgpu_prime.c", "virtgpu_gem_prime_import"}},
    {.id = "VGP-003",
     .bearer = Bearer::Importer,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "A foreign import is attached, mapped, perhaps unmapped, and detached; user space "
             "gets -ENODEV and counts are as before.",
     .source = {"drivers/gpu/drm/virtio/virtgpu_prime.c", "virtgpu_gem_prime_import_sg_table"},
     .versions = {"6.1", "6.1"}},
    {.id = "VGP-004",
     .bearer = Bearer::Importer,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "Foreign import works with blob resources and without 3D: a dynamic attachment "
             "with move_notify, pinned during setup.",
     .source = {"drivers/gpu/drm/virtio/virtgpu_prime.c", "virtgpu_gem_prime_import"},
     .versions = {"6.17", ""}},
};

}  // namespace dmabuf::model::area
