// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// MMP: mmap redirected by an importer.
inline constexpr Requirement mmp[] = {
    {.id = "MMP-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "dma_buf_mmap checks NULL (warning, -EINVAL), ops.mmap present (-EINVAL), offset "
             "overflow (-EOVERFLOW) and the end against the size (-EINVAL), in that order.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap"}},
    {.id = "MMP-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Debug),
     .text = "The VMA then holds the dma-buf, though user space mapped the importer's fd.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap"}},
    {.id = "MMP-003",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness),
     .text = "ops.mmap runs without the reservation lock, except in 6.2 to 6.5, where it runs "
             "locked.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap"}},
};

}  // namespace dmabuf::model::area
