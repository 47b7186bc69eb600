// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// INV: invariants, to hold after every step.
inline constexpr Requirement inv[] = {
    {.id = "INV-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness, Route::Debug, Route::Reference),
     .text = "While no other thread is in the kernel on it, a buffer's count is the sum of its "
             "holders: fds, queued SCM_RIGHTS messages, VMAs, kernel references, armed poll "
             "slots.",
     .source = {"include/linux/fs.h", "file_count"}},
    {.id = "INV-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Debug, Route::Reference),
     .text = "A buffer is listed exactly while its count is above 0; until then ops.release "
             "never runs, and afterwards once, delayed at most as REL-006 to REL-008 say.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_file_release, dma_buf_release"}},
    {.id = "INV-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Debug, Route::Reference),
     .text = "Listed attachments are successful attaches less detaches.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_dynamic_attach, dma_buf_detach"}},
    {.id = "INV-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Reference),
     .text = "Over an attachment's life the exporter's callbacks balance: attach and detach, "
             "map and unmap, pin and unpin. At any time maps less unmaps are the live "
             "mappings, a cached one counting once.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_map_attachment, dma_buf_detach"}},
    {.id = "INV-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::Reference),
     .text = "vmap callbacks less vunmap callbacks is 1 while the vmap count is above 0, and 0 "
             "otherwise.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_vmap, dma_buf_vunmap"}},
    {.id = "INV-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness, Route::Debug, Route::Reference),
     .text = "A failing operation changes nothing observable; known exceptions are PRM-019, "
             "CPU-004, HEP-010, SHR-008, UDM-021, VBT-011 and a QBUF that fails after the old "
             "buffer of its index was released.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_ioctl"}},
    {.id = "INV-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "Size, inode number, access mode and exporter name never change.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_getfile"}},
    {.id = "INV-008",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "All fds of a buffer give the same inode number, size, name, poll result and "
             "EXPORT_SYNC_FILE result.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fops"}},
    {.id = "INV-009",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "While fences rest, poll IN is ready exactly if EXPORT READ is signalled and "
             "START READ would not block, and likewise OUT with WRITE; OUT ready implies IN "
             "ready.",
     .source = {"drivers/dma-buf/dma-buf.c",
                "dma_buf_poll, dma_buf_export_sync_file, __dma_buf_begin_cpu_access"}},
    {.id = "INV-010",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "A fence goes from pending to signalled and never back.",
     .source = {"drivers/dma-buf/dma-fence.c", "dma_fence_signal_timestamp_locked"}},
    {.id = "INV-011",
     .bearer = Bearer::Exporter,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Bytes written through one view are read through every other view of the same "
             "memory, after SYNC; MMU-008 is the known exception.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_mmap_internal"}},
    {.id = "INV-012",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "Once all is closed, signalled and quiet, nothing made by the test remains: "
             "bufinfo, module use counts and fd numbers are what they were.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_release"}},
    {.id = "INV-013",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness, Route::Reference),
     .text = "Of an exporter that is told to fail the n-th call of a callback fails from then on, once, and "
             "before it does anything; nothing else does.",
     .source = {"kernel-harness/include/uapi/dmabuf_harness.h", "DBH_IOC_INJECT"}},
};

}  // namespace dmabuf::model::area
