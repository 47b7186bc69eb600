// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// INF: fdinfo, paths, stat.
inline constexpr Requirement inf[] = {
    {.id = "INF-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "fdinfo has pos, flags, mnt_id, ino, size, count, exp_name and, only if set, "
             "name, in that order.",
     .source = {"fs/proc/fd.c", "seq_show; dma-buf.c: dma_buf_show_fdinfo"},
     .versions = {"6.1", ""},
     .observed = true},
    {.id = "INF-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "count in fdinfo is the file count without the reader's own temporary reference.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_show_fdinfo"},
     .observed = true},
    {.id = "INF-003",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "size, count and exp_name are there from 5.4; ino from about 5.14, absent on "
             "5.10.",
     .source = {"fs/proc/fd.c", "seq_show; dma-buf.c: dma_buf_show_fdinfo"},
     .observed = true},
    {.id = "INF-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "Reading another process's fdinfo takes permission to ptrace it; otherwise "
             "-EACCES.",
     .source = {"fs/proc/fd.c", "proc_fdinfo_access_allowed"}},
    {.id = "INF-005",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "The link in /proc/<pid>/fd reads /dmabuf: and the name if one is set; before 5.4 "
             "it names a shared anonymous inode.",
     .source = {"drivers/dma-buf/dma-buf.c", "dmabuffs_dname"},
     .versions = {"5.4", ""},
     .observed = true},
    {.id = "INF-006",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "maps shows the same path, s for shared, device major 0 and the buffer's inode "
             "number.",
     .source = {"fs/proc/task_mmu.c", "show_map_vma"},
     .observed = true},
    {.id = "INF-007",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "fstat gives mode 0600 without a file type, the size, size/512 blocks, block size "
             "4096, one link, and the fsuid of who exported.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_getfile"},
     .observed = true},
    {.id = "INF-008",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "fstatfs gives type 0x444D4142, the best test for a dma-buf from user space.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fs_init_context"},
     .versions = {"5.4", ""},
     .observed = true},
    {.id = "INF-009",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Device and inode number are equal for two fds exactly if they are the same "
             "buffer; up to 5.10 numbers may repeat.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_getfile"},
     .versions = {"5.15", ""},
     .observed = true},
    {.id = "INF-010",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "exp_name is drm for generic PRIME, udmabuf, the heap's name, videobuf2_vmalloc, "
             "videobuf2_dma_contig or videobuf2_dma_sg for EXPBUF, and virtio_gpu.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_show_fdinfo"},
     .observed = true},
};

}  // namespace dmabuf::model::area
