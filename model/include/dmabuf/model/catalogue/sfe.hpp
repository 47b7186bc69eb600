// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// SFE: EXPORT_SYNC_FILE.
inline constexpr Requirement sfe[] = {
    {.id = "SFE-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "EXPORT checks copy-in (-EFAULT), unknown and missing flags (-EINVAL), fd "
             "(-EMFILE), memory (-ENOMEM) and copy-out (-EFAULT, no fd installed), in that "
             "order.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export_sync_file"},
     .observed = true},
    {.id = "SFE-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "The returned fd is always close-on-exec.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export_sync_file"}},
    {.id = "SFE-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "READ alone takes the pending KERNEL and WRITE fences; WRITE, with or without "
             "READ, takes the READ fences too.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export_sync_file"},
     .observed = true},
    {.id = "SFE-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "The sync_file is a snapshot: fences added later are not in it.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export_sync_file"}},
    {.id = "SFE-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "With no fence pending the sync_file has one stub fence, already signalled.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export_sync_file"},
     .observed = true},
    {.id = "SFE-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "One pending fence is handed out itself; several come in an unordered container "
             "of all, each listed by FILE_INFO.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_get_singleton"},
     .observed = true},
    {.id = "SFE-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "EXPORT changes neither the buffer's fences nor its count, and the sync_file "
             "outlives the buffer.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export_sync_file"},
     .observed = true},
    {.id = "SFE-008",
     .bearer = Bearer::Core,
     .strength = Strength::Documented,
     .routes = via(Route::Userspace),
     .text = "For the fences of the snapshot, waiting on a READ export equals poll for IN, on "
             "a WRITE export poll for OUT.",
     .source = {"include/uapi/linux/dma-buf.h", "struct dma_buf_export_sync_file"},
     .observed = true},
};

}  // namespace dmabuf::model::area
