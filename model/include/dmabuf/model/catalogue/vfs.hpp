// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// VFS: what the kernel around dma-buf promises of any file, as far as traces lean on it.
inline constexpr Requirement vfs[] = {
    {.id = "VFS-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "A system call on a number no file is open at fails with -EBADF and changes nothing.",
     .source = {"fs/file.c", "__fget_light"}},
    {.id = "VFS-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "A file that is no dma-buf answers dma-buf ioctls with -ENOTTY.",
     .source = {"fs/ioctl.c", "vfs_ioctl"}},
    {.id = "VFS-003",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "A trace fills only slots that are empty and uses only CPU mappings, messages and "
             "buffers that are there; anything else is no program, and nothing is asked of a "
             "system. An fd slot or an importer's handle may be empty: the answer is an errno.",
     .source = {"model/src/contract.hpp", "Malformed"}},
    {.id = "VFS-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "mmap of length 0 fails with -EINVAL once the descriptor has been found open.",
     .source = {"mm/mmap.c", "do_mmap"}},
    {.id = "VFS-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "Close-on-exec belongs to the descriptor: a new one has it if and only if it was "
             "asked for.",
     .source = {"fs/file.c", "alloc_fd"}},
    {.id = "VFS-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "mremap to length 0 fails with -EINVAL and changes nothing.",
     .source = {"mm/mremap.c", "SYSCALL_DEFINE5(mremap)"},
     .observed = true},
    {.id = "VFS-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "exec and exit take every CPU mapping of the process away, and the reference of each "
             "with it: when exec has returned, or the process has been waited for, they are gone.",
     .source = {"fs/exec.c", "exec_mmap; kernel/exit.c: do_exit"},
     .observed = true},
    {.id = "VFS-008",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "A CPU mapping that mremap moves shows the same bytes at its new address, and holds "
             "the file once, as before.",
     .source = {"mm/mremap.c", "move_vma"},
     .observed = true},
    {.id = "VFS-009",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "A memfd reads as zeroes, and as what was written last; seals can be added if it was made for that.",
     .source = {"mm/memfd.c", "memfd_create, memfd_add_seals"}},
    {.id = "VFS-010",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "write(2) to a memfd sealed with F_SEAL_WRITE or F_SEAL_FUTURE_WRITE fails with -EPERM.",
     .source = {"mm/shmem.c", "shmem_write_begin"}},
    {.id = "VFS-011",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "RLIMIT_NOFILE bounds the numbers of new descriptors. Lowered to one below which all are taken, it leaves "
             "those there are as they are; raised again, there is room as before. Each process has its own.",
     .source = {"fs/file.c", "alloc_fd; kernel/sys.c: do_prlimit"},
     .observed = true},
    {.id = "VFS-012",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "Without a free descriptor fcntl(F_DUPFD) of one that is open, and memfd_create, fail with -EMFILE and change "
             "nothing.",
     .source = {"fs/file.c", "f_dupfd, alloc_fd; mm/memfd.c: memfd_create"},
     .observed = true},
};

}  // namespace dmabuf::model::area
