// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// VMP: vmap and vunmap.
inline constexpr Requirement vmp[] = {
    {.id = "VMP-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "vmap of a NULL buffer clears the output map, warns and fails with -EINVAL.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap"}},
    {.id = "VMP-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "vmap without ops.vmap clears the output map and fails with -EINVAL, silently.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap"},
     .observed = true},
    {.id = "VMP-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "The first vmap calls ops.vmap; later ones only count, and give the same address.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap"},
     .observed = true},
    {.id = "VMP-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "A failure of ops.vmap warns once per boot and is returned; the vmap count stays "
             "0.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap"}},
    {.id = "VMP-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "vunmap counts down, and only at 0 calls the optional ops.vunmap and clears the "
             "pointer.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vunmap"},
     .observed = true},
    {.id = "VMP-006",
     .bearer = Bearer::Importer,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "vunmap is of the current address with a count above 0; otherwise it is a kernel "
             "BUG. A NULL buffer warns and returns.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vunmap"}},
    {.id = "VMP-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "vmap is serialised by the buffer's own mutex in 6.1, with the reservation lock "
             "free in the callback; from 6.2 by the reservation lock, held by the caller or "
             "taken by the _unlocked variant.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap"},
     .observed = true},
    {.id = "VMP-008",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "vmap takes no reference on the buffer; the last put with the count above 0 is "
             "REL-013.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap"}},
    {.id = "VMP-009",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness),
     .text = "vmap returns a pointer or NULL, with neither errno nor map struct.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap"},
     .versions = {"", "5.10"}},
};

}  // namespace dmabuf::model::area
