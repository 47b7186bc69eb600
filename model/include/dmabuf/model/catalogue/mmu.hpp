// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// MMU: mmap of a dma-buf fd.
inline constexpr Requirement mmu[] = {
    {.id = "MMU-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "mmap of a buffer whose exporter has no mmap fails with -EINVAL. 3.3 gave "
             "-ENODEV; 4.4 and 4.15 demanded the op at export.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap_internal"}},
    {.id = "MMU-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A mapping that ends beyond the buffer's last page fails with -EINVAL; one that "
             "ends there is allowed.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap_internal"},
     .observed = true},
    {.id = "MMU-003",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "The limit rounds the size down to pages: a tail shorter than a page cannot be "
             "mapped.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap_internal"}},
    {.id = "MMU-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A buffer exported read-only refuses a shared writable mapping, and mprotect to "
             "one, with -EACCES; reading works.",
     .source = {"mm/mmap.c", "do_mmap"},
     .observed = true},
    {.id = "MMU-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A buffer without read mode refuses every mmap with -EACCES.",
     .source = {"mm/mmap.c", "do_mmap"},
     .observed = true},
    {.id = "MMU-006",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "MAP_PRIVATE is the exporter's choice: vgem of 6.x, udmabuf and the CMA heap "
             "refuse with -EINVAL, vb2 and vgem of 5.10 accept, the system heap accepts "
             "exactly one page.",
     .source = {"drivers/gpu/drm/drm_gem_shmem_helper.c", "drm_gem_shmem_mmap"},
     .observed = true},
    {.id = "MMU-007",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "PROT_EXEC is allowed up to 6.18 and fails with -EPERM from 7.0; PROT_NONE is "
             "allowed.",
     .source = {"fs/libfs.c", "init_pseudo"},
     .observed = true},
    {.id = "MMU-008",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Userspace),
     .text = "A mapping at an offset shows the buffer from that offset. Known defect: vgem of "
             "6.1 to 6.18 and vb2-vmalloc map from byte 0 always.",
     .source = {"drivers/gpu/drm/drm_gem_shmem_helper.c", "drm_gem_shmem_fault"},
     .observed = true},
    {.id = "MMU-009",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "A mapping adds 1 to the count and shows in /proc/<pid>/maps, for vgem at a large "
             "fake offset.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap_internal"},
     .observed = true},
    {.id = "MMU-010",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "Unmapping the middle splits the mapping and adds 1; unmapping every piece takes "
             "all off again.",
     .source = {"mm/mmap.c", "__split_vma"},
     .observed = true},
    {.id = "MMU-011",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "fork adds 1 for each mapping the child inherits; MADV_DONTFORK prevents it.",
     .source = {"kernel/fork.c", "dup_mmap"},
     .observed = true},
    {.id = "MMU-012",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "mremap growth fails with -EFAULT for vgem, system heap, vb2, and udmabuf from "
             "6.12; on 6.1 udmabuf and CMA heap grow, and touching the rest raises SIGBUS. "
             "Shrinking always works.",
     .source = {"mm/mremap.c", "vma_to_resize"},
     .observed = true},
    {.id = "MMU-013",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A mapping stays valid after every fd is closed.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap_internal"},
     .observed = true},
    {.id = "MMU-014",
     .bearer = Bearer::Userspace,
     .strength = Strength::Documented,
     .routes = via(Route::Userspace),
     .text = "CPU access through a mapping is bracketed by SYNC; the kernel does not enforce "
             "it.",
     .source = {"include/uapi/linux/dma-buf.h", "struct dma_buf_sync"}},
    {.id = "MMU-015",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Read-only is no security boundary: imported elsewhere the buffer can be mapped "
             "writable, and V4L2 capture writes into it.",
     .source = {"drivers/gpu/drm/drm_gem.c", "drm_gem_mmap_obj"},
     .observed = true},
    {.id = "MMU-016",
     .bearer = Bearer::Exporter,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Two mappings of one buffer, in whatever process and through whatever fd or "
             "import, show the same memory.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap_internal"},
     .observed = true},
};

}  // namespace dmabuf::model::area
