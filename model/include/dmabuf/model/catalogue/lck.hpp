// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// LCK: the reservation lock in callbacks.
inline constexpr Requirement lck[] = {
    {.id = "LCK-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "The lock is free in attach, detach, begin, end and release and held in pin, "
             "unpin and move_notify. map and unmap hold it with a dynamic exporter or "
             "_unlocked, from 6.2 always; vmap and vunmap from 6.2; mmap in 6.2 to 6.5 only.",
     .source = {"drivers/dma-buf/dma-buf.c", "locking convention"},
     .observed = true},
    {.id = "LCK-002",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::KernelLog),
     .text = "A lock not held as required is reported only where lockdep is built in.",
     .source = {"include/linux/dma-resv.h", "dma_resv_assert_held"}},
    {.id = "LCK-003",
     .bearer = Bearer::Importer,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "attach, detach, get, put, fd, mmap, begin and end are called without the "
             "reservation lock.",
     .source = {"drivers/dma-buf/dma-buf.c", "locking convention"}},
    {.id = "LCK-004",
     .bearer = Bearer::Importer,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "Locks of several buffers are taken in one acquire context: -EDEADLK means back "
             "off, -EALREADY the same lock twice. Without a context two of them may deadlock.",
     .source = {"include/linux/dma-resv.h", "dma_resv_lock"}},
};

}  // namespace dmabuf::model::area
