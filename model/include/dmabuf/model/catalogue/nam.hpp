// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// NAM: DMA_BUF_SET_NAME.
inline constexpr Requirement nam[] = {
    {.id = "NAM-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A NULL or unreadable name fails with -EFAULT; the old name stays.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"},
     .observed = true},
    {.id = "NAM-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A name longer than 31 characters fails with -EINVAL and the old one stays; "
             "exactly 31 are accepted.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"},
     .observed = true},
    {.id = "NAM-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Setting a name returns 0 and replaces it at once: readers see the old or the "
             "new, never a mix.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"}},
    {.id = "NAM-004",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "The empty string is a name: fdinfo prints an empty name line, bufinfo an empty "
             "column. A name cannot be unset.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"},
     .observed = true},
    {.id = "NAM-005",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "No character is filtered: spaces, tabs and newlines reach fdinfo, maps and "
             "bufinfo, where only maps escapes the newline.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"},
     .observed = true},
    {.id = "NAM-006",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Renaming while devices are attached is allowed from 5.19, whatever the comment "
             "says; from 5.4 to 5.15 it fails with -EBUSY.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"},
     .observed = true},
    {.id = "NAM-007",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Any holder of any fd may rename; neither privilege nor access mode is checked.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"}},
    {.id = "NAM-008",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "The name is the buffer's, not the fd's, and shows through every fd and mapping.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_set_name"},
     .observed = true},
};

}  // namespace dmabuf::model::area
