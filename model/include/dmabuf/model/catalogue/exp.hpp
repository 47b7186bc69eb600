// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// EXP: dma_buf_export.
inline constexpr Requirement exp[] = {
    {.id = "EXP-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "An export without priv, ops, map_dma_buf, unmap_dma_buf or release fails with "
             "-EINVAL and one warning.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"},
     .observed = true},
    {.id = "EXP-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "pin without unpin, or unpin without pin, fails the export with -EINVAL and a "
             "warning, though the header calls unpin optional.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"},
     .observed = true},
    {.id = "EXP-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "cache_sgt_mapping together with pin or unpin fails the export with -EINVAL and a "
             "warning.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"},
     .versions = {"5.10", "6.12"},
     .observed = true},
    {.id = "EXP-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "An owner module that is being unloaded fails the export with -ENOENT, silently "
             "and without effect.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"}},
    {.id = "EXP-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "A failed export runs no callback, ops.release included, drops its hold on the "
             "owner module and leaves priv to the exporter.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"}},
    {.id = "EXP-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "A successful export runs no callback and makes no fd; the buffer has count 1, no "
             "attachment, no name and vmap count 0.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"},
     .observed = true},
    {.id = "EXP-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "The access mode is flags & O_ACCMODE; besides it only O_NONBLOCK is kept, and "
             "all else, O_CLOEXEC too, is ignored.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_getfile"},
     .observed = true},
    {.id = "EXP-008",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness),
     .text = "The size is not validated; 0 and sizes that are no multiple of a page are "
             "accepted.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"},
     .observed = true},
    {.id = "EXP-009",
     .bearer = Bearer::Exporter,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "The size does not change for the life of the buffer.",
     .source = {"include/linux/dma-buf.h", "dma_buf.size"}},
    {.id = "EXP-010",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "Without a reservation the buffer gets its own, destroyed at release; one given "
             "by the exporter is used and must outlive the buffer.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export, dma_buf_release"}},
    {.id = "EXP-011",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "The owner module's use count is up by one for the life of the buffer, until "
             "after ops.release.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export, dma_buf_release"},
     .observed = true},
    {.id = "EXP-012",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "Inode numbers come from a private counter that starts at 1 each boot and never "
             "repeats; up to 5.10 the counter is shared and numbers are not unique.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_getfile"},
     .versions = {"5.15", ""},
     .observed = true},
    {.id = "EXP-013",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "New buffers go to the head of the global list, so bufinfo prints the newest "
             "first.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"},
     .observed = true},
    {.id = "EXP-014",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Two exports of the same memory are two buffers with inode, fences, name and "
             "count of their own, unless the exporter caches, as DRM does and V4L2 does not.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export"},
     .observed = true},
};

}  // namespace dmabuf::model::area
