// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// CPU: kernel CPU access.
inline constexpr Requirement cpu[] = {
    {.id = "CPU-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "begin on NULL warns and fails with -EINVAL; end on NULL warns and then "
             "dereferences it.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_begin_cpu_access, dma_buf_end_cpu_access"}},
    {.id = "CPU-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "begin first calls the optional ops.begin_cpu_access with the direction; non-zero "
             "is returned at once, and no fence is waited for.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_begin_cpu_access"}},
    {.id = "CPU-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "begin then waits, interruptibly and without limit: FROM_DEVICE for KERNEL and "
             "WRITE fences, TO_DEVICE and BIDIRECTIONAL for READ fences too, never for "
             "BOOKKEEP.",
     .source = {"drivers/dma-buf/dma-buf.c", "__dma_buf_begin_cpu_access"},
     .observed = true},
    {.id = "CPU-004",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness),
     .text = "When that wait is interrupted, begin fails although ops.begin_cpu_access "
             "succeeded, and the core does not call ops.end_cpu_access.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_begin_cpu_access"}},
    {.id = "CPU-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "end forwards to the optional ops.end_cpu_access and returns its result; it never "
             "waits.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_end_cpu_access"},
     .observed = true},
    {.id = "CPU-006",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "The core keeps no begin/end state: nested, unbalanced, concurrent calls and "
             "other directions are all accepted.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_begin_cpu_access, dma_buf_end_cpu_access"},
     .observed = true},
    {.id = "CPU-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "Both callbacks run without the reservation lock, and the caller must not hold "
             "it.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_begin_cpu_access, dma_buf_end_cpu_access"},
     .observed = true},
    {.id = "CPU-008",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness),
     .text = "Memory is coherent for the CPU only between begin and end, for the declared "
             "direction.",
     .source = {"drivers/dma-buf/dma-buf.c", "cpu access"}},
    {.id = "CPU-009",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A fence signalled with an error counts as signalled: begin returns 0.",
     .source = {"drivers/dma-buf/dma-buf.c", "__dma_buf_begin_cpu_access"},
     .observed = true},
};

}  // namespace dmabuf::model::area
