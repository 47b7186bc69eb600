// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// MIG: deferred allocation and migration.
inline constexpr Requirement mig[] = {
    {.id = "MIG-001",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "A buffer may have no storage until its first map, pin, vmap, CPU access or "
             "fault; export, fd, get and attach work without.",
     .source = {"Documentation/dma-buf-sharing.txt", "dma_buf operations for device dma only"}},
    {.id = "MIG-002",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "The first map may look at all attachments so far; the storage then suits every "
             "attached device, or the map fails.",
     .source = {"include/linux/dma-buf.h", "dma_buf_ops.map_dma_buf"}},
    {.id = "MIG-003",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "An attach after allocation is admitted or refused with an errno, best -EBUSY; "
             "refusal leaves those attached before undisturbed.",
     .source = {"Documentation/dma-buf-sharing.txt", "Notes: migration of backing storage"}},
    {.id = "MIG-004",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "Storage does not change while a static mapping or a pin is outstanding.",
     .source = {"Documentation/dma-buf-sharing.txt", "Notes: migration of backing storage"}},
    {.id = "MIG-005",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "A map that must migrate may block until all mappings are gone, interruptibly "
             "unless documented otherwise; if its own importer holds one, it fails rather than "
             "deadlock (the last is this project's demand).",
     .source = {"Documentation/dma-buf-sharing.txt", "Notes: migration of backing storage"}},
    {.id = "MIG-006",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "Migration keeps the contents, and every later map gives the new storage, through "
             "old attachments too.",
     .source = {"Documentation/dma-buf-sharing.txt", "Notes: migration of backing storage"}},
    {.id = "MIG-007",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "A dynamic migration calls move_notify on every dynamic attachment, locked, "
             "before storage changes, and covers an asynchronous copy with a KERNEL fence, "
             "which static maps wait for.",
     .source = {"include/linux/dma-resv.h", "enum dma_resv_usage"}},
    {.id = "MIG-008",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "CPU mappings are torn down before storage moves and fault in again afterwards.",
     .source = {"include/linux/dma-buf.h", "dma_buf_ops.mmap"}},
    {.id = "MIG-009",
     .bearer = Bearer::Exporter,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Reference),
     .text = "Migration changes neither size, inode number, count, attachments nor the fences "
             "already there.",
     .source = {"include/linux/dma-buf.h", "dma_buf"}},
    {.id = "MIG-010",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Reference),
     .text = "An attach refused for its constraints is refused again in the same state (this "
             "project's demand, from ATT-005).",
     .source = {"include/linux/dma-buf.h", "dma_buf_ops.attach"}},
};

}  // namespace dmabuf::model::area
