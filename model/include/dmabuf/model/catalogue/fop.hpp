// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// FOP: other system calls on a dma-buf fd.
inline constexpr Requirement fop[] = {
    {.id = "FOP-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "read and write fail with -EINVAL where the access mode allows them and with "
             "-EBADF where it does not.",
     .source = {"fs/read_write.c", "vfs_read, vfs_write"},
     .observed = true},
    {.id = "FOP-002",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "pread and pwrite fail with -ESPIPE; sendfile and splice from a dma-buf fail with "
             "-EINVAL.",
     .source = {"fs/read_write.c", "ksys_pread64, ksys_pwrite64, do_sendfile"},
     .observed = true},
    {.id = "FOP-003",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "ftruncate, fsync and fdatasync fail with -EINVAL, fallocate with -ENODEV.",
     .source = {"fs/open.c", "do_sys_ftruncate, vfs_fallocate; fs/sync.c:vfs_fsync_range"},
     .observed = true},
    {.id = "FOP-004",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Seal commands fail with -EINVAL; F_SETFL takes O_NONBLOCK, O_APPEND and O_ASYNC, "
             "refuses O_DIRECT with -EINVAL, and never changes the access mode.",
     .source = {"fs/fcntl.c", "setfl, do_fcntl"},
     .observed = true},
    {.id = "FOP-005",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Opening /proc/self/fd/N anew fails with -ENXIO; with O_PATH it succeeds.",
     .source = {"fs/open.c", "do_dentry_open; fs/inode.c: no_open"},
     .observed = true},
    {.id = "FOP-006",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "msync and madvise(DONTNEED, REMOVE) on a vgem mapping fail with -EINVAL or "
             "-ENODEV; on 5.10 they succeed.",
     .source = {"drivers/gpu/drm/drm_gem_shmem_helper.c", "drm_gem_shmem_mmap"},
     .observed = true},
    {.id = "FOP-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "O_NONBLOCK on the fd makes neither SYNC START nor poll non-blocking.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_ioctl, dma_buf_poll"}},
};

}  // namespace dmabuf::model::area
