// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// FEN: fences in a reservation.
inline constexpr Requirement fen[] = {
    {.id = "FEN-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "Fences are added under the lock and after reserving slots: without a slot it is "
             "a BUG, without the lock a lockdep report.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_add_fence, dma_resv_reset_max_fences"}},
    {.id = "FEN-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "A failed reservation of slots is -ENOMEM and changes nothing.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_reserve_fences"}},
    {.id = "FEN-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "A reservation holds one reference for each fence in it.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_add_fence"}},
    {.id = "FEN-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Debug),
     .text = "A new fence overwrites the first slot whose fence has signalled, or is of the "
             "same context, of equal or weaker usage and not later; with no such slot it is "
             "appended.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_add_fence"},
     .observed = true},
    {.id = "FEN-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Debug),
     .text = "Hence WRITE replaces an older READ or WRITE of its context, and READ never "
             "replaces a pending WRITE.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_add_fence"}},
    {.id = "FEN-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "Adding a container fence warns; containers are to be taken apart first.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_add_fence"}},
    {.id = "FEN-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "A wait with a usage returns once every pending fence of that or a stronger usage "
             "has signalled; interrupted it gives -ERESTARTSYS; fence errors are ignored.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_wait_timeout"}},
    {.id = "FEN-008",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "A fence signals once, never becomes pending again, and runs each callback "
             "exactly once.",
     .source = {"drivers/dma-buf/dma-fence.c", "dma_fence_signal_timestamp_locked"}},
    {.id = "FEN-009",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "Dropping the last reference of a pending fence that has callbacks warns and "
             "signals it with -EDEADLK.",
     .source = {"drivers/dma-buf/dma-fence.c", "dma_fence_release"}},
    {.id = "FEN-010",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness, Route::Debug),
     .text = "A reservation has one exclusive fence and a list of shared ones; setting the "
             "exclusive fence drops the shared list.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_add_excl_fence, dma_resv_add_shared_fence"},
     .versions = {"", "5.15"}},
    {.id = "FEN-011",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::Reference),
     .text = "Fences of one context signal in the order of their seqnos: who signals a fence has "
             "signalled the earlier ones.",
     .source = {"include/linux/dma-fence.h", "struct dma_fence, dma_fence_is_later"}},
    {.id = "FEN-012",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness, Route::Reference),
     .text = "Reserving slots may drop entries whose fences have signalled: it does when the table "
             "has to grow.",
     .source = {"drivers/dma-buf/dma-resv.c", "dma_resv_reserve_fences"}},
};

}  // namespace dmabuf::model::area
