// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// HEP: dma-heaps.
inline constexpr Requirement hep[] = {
    {.id = "HEP-001",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "ALLOC checks command (-EINVAL), struct (-EFAULT), fd, fd_flags, heap_flags and "
             "length (-EINVAL), then memory (-ENOMEM), fd (-EMFILE) and copy-out (-EFAULT), in "
             "that order.",
     .source = {"drivers/dma-buf/dma-heap.c", "dma_heap_ioctl, dma_heap_ioctl_allocate"},
     .observed = true},
    {.id = "HEP-002",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "An unknown command fails with -EINVAL, not -ENOTTY.",
     .source = {"drivers/dma-buf/dma-heap.c", "dma_heap_ioctl"},
     .observed = true},
    {.id = "HEP-003",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "The length is rounded up to pages, and size, lseek and fdinfo report the rounded "
             "value.",
     .source = {"drivers/dma-buf/dma-heap.c", "dma_heap_buffer_alloc"},
     .observed = true},
    {.id = "HEP-004",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "The access mode in fd_flags becomes the buffer's: O_RDONLY cannot be mapped "
             "writable (-EACCES), O_WRONLY and 3 not at all.",
     .source = {"drivers/dma-buf/dma-heap.c", "dma_heap_buffer_alloc"},
     .observed = true},
    {.id = "HEP-005",
     .bearer = Bearer::Exporter,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A program never sees what memory held before: the heap clears it first.",
     .source = {"drivers/dma-buf/heaps/system_heap.c",
                "system_heap_allocate; cma_heap.c: cma_heap_allocate"}},
    {.id = "HEP-006",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "The count is 1 right after allocation, and closing the fd frees the memory; "
             "nothing is cached.",
     .source = {"drivers/dma-buf/heaps/system_heap.c", "system_heap_dma_buf_release"},
     .observed = true},
    {.id = "HEP-007",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "SYNC END without START returns 0; begin and end sync every attachment that is "
             "mapped.",
     .source = {"drivers/dma-buf/heaps/system_heap.c",
                "system_heap_dma_buf_begin_cpu_access, system_heap_dma_buf_end_cpu_access"},
     .observed = true},
    {.id = "HEP-008",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "The system heap maps all pages at mmap, honours the offset, takes MAP_PRIVATE "
             "for one-page VMAs only and refuses growth with -EFAULT; the CMA heap faults and "
             "refuses MAP_PRIVATE with -EINVAL.",
     .source = {"drivers/dma-buf/heaps/system_heap.c",
                "system_heap_mmap; cma_heap.c: cma_heap_mmap"},
     .observed = true},
    {.id = "HEP-009",
     .bearer = Bearer::Importer,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "An attachment to a heap buffer is mapped once at a time: every map hands out the "
             "same table, and a second one maps it twice unnoticed.",
     .source = {"drivers/dma-buf/heaps/system_heap.c", "system_heap_map_dma_buf"}},
    {.id = "HEP-010",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "When copy-out fails, 6.1.192, 6.12.117 and 7.2 undo everything; older trees, "
             "6.17 and 6.18 return -EFAULT with the fd installed and lost.",
     .source = {"drivers/dma-buf/dma-heap.c", "dma_heap_ioctl"}},
    {.id = "HEP-011",
     .bearer = Bearer::Userspace,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "fd is not relied upon after a failed ALLOC; older trees copy the struct back all "
             "the same.",
     .source = {"drivers/dma-buf/dma-heap.c", "dma_heap_ioctl"}},
    {.id = "HEP-012",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::KernelLog),
     .text = "A vmap left at release makes the CMA heap warn that the buffer is still mapped "
             "in the kernel.",
     .source = {"drivers/dma-buf/heaps/cma_heap.c", "cma_heap_dma_buf_release"}},
    {.id = "HEP-013",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "System heap pages return to MemFree only at release, and are in neither Shmem "
             "nor Mapped.",
     .source = {"drivers/dma-buf/heaps/system_heap.c", "alloc_largest_available"}},
    {.id = "HEP-014",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "Registering a heap under a name in use fails with -EINVAL; there are at most 128 "
             "heaps.",
     .source = {"drivers/dma-buf/dma-heap.c", "dma_heap_add"}},
};

}  // namespace dmabuf::model::area
