// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// BUF: debugfs bufinfo.
inline constexpr Requirement buf[] = {
    {.id = "BUF-001",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "bufinfo prints, per buffer: size, flags, mode, count, exporter, inode, name or "
             "<none>; then its fences, its attached devices and their total; at the end all "
             "objects and bytes.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"},
     .observed = true},
    {.id = "BUF-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "The count in bufinfo is the raw file count: nothing is subtracted, and printing "
             "takes no reference.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"},
     .observed = true},
    {.id = "BUF-003",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "Signalled fences stay listed, as signalled, until their slot is used again.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_describe"},
     .observed = true},
    {.id = "BUF-004",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "A fence of usage BOOKKEEP does not appear.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_describe"}},
    {.id = "BUF-005",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "The low mode bits are 1 read, 2 write, 4 seekable. Higher bits differ between "
             "releases; only bits 0-2 compare.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"},
     .observed = true},
    {.id = "BUF-006",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "An unnamed buffer prints <none> from 6.1, nothing up to 5.19; up to 5.15 fences "
             "print as exclusive or shared.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"},
     .observed = true},
    {.id = "BUF-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "At the end stand how many buffers were listed and how large they are together.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"},
     .observed = true},
    {.id = "BUF-008",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "An attached device prints as its dev_name: vgem for vgem imports, vivid.0 for "
             "dma-contig imports of every vivid instance.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"},
     .observed = true},
};

}  // namespace dmabuf::model::area
