// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// SFI: IMPORT_SYNC_FILE.
inline constexpr Requirement sfi[] = {
    {.id = "SFI-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "IMPORT checks copy-in (-EFAULT), unknown and missing flags (-EINVAL), the "
             "sync_file (-EINVAL, for a closed fd too) and slots (-ENOMEM), in that order.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_import_sync_file"},
     .observed = true},
    {.id = "SFI-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "WRITE, with or without READ, adds every contained fence as WRITE; READ alone "
             "adds them as READ.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_import_sync_file"},
     .observed = true},
    {.id = "SFI-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "Containers are taken apart: each member becomes an entry of its own.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_import_sync_file"},
     .observed = true},
    {.id = "SFI-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Importing a signalled fence succeeds, and neither poll nor SYNC shows it.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_import_sync_file"}},
    {.id = "SFI-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "Fences already there stay, but for those that FEN-004 replaces.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_add_fence"},
     .observed = true},
    {.id = "SFI-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "The sync_file may be closed right after the import.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_import_sync_file"}},
    {.id = "SFI-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "IMPORT waits for no fence, only, and uninterruptibly, for the reservation lock.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_import_sync_file"}},
};

}  // namespace dmabuf::model::area
