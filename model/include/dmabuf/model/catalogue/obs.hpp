// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// OBS: observation and its pitfalls.
inline constexpr Requirement obs[] = {
    {.id = "OBS-001",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "fdinfo's count includes armed polls and PRIME's references, and for a moment "
             "other threads in a syscall on the fd. Sample until it is stable.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_show_fdinfo"}},
    {.id = "OBS-002",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "bufinfo's count is raw, hence equal to fdinfo's while nobody reads fdinfo; it "
             "takes debugfs and root.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"}},
    {.id = "OBS-003",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "Absence from bufinfo does not prove that memory was freed. Reading takes every "
             "reservation lock and hangs behind a stuck one: use a timeout, and filter by "
             "inode number.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"}},
    {.id = "OBS-004",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "Attached devices in bufinfo are the live attachments; vmalloc importers never "
             "show, and several instances may share a name.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"}},
    {.id = "OBS-005",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "The sysfs entry lasts until just before ops.release, only with "
             "DMABUF_SYSFS_STATS; the path is /sys/kernel/dmabuf, and it has neither count nor "
             "attachments.",
     .source = {"drivers/dma-buf/dma-buf-sysfs-stats.c", "dma_buf_stats_setup"},
     .versions = {"5.15", "6.18"}},
    {.id = "OBS-006",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "Module use counts drop only after ops.release, the best proof of release; they "
             "count open device files too, and built-in exporters have none.",
     .source = {"kernel/module/procfs.c", "m_show"}},
    {.id = "OBS-007",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "meminfo is noisy by megabytes and late by up to a second: use buffers of 16 MiB "
             "and more, MemFree for the system heap, Shmem for vgem and udmabuf.",
     .source = {"fs/proc/meminfo.c", "meminfo_proc_show"}},
    {.id = "OBS-008",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "Slab counts of buffers, attachments and tables drown in the kmalloc caches; "
             "those of filp, dentry and inode are late by an RCU grace period.",
     .source = {"mm/slab_common.c", "slab_show"}},
    {.id = "OBS-009",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "kmemleak takes two scans, and does not see a leaked reference, since the buffer "
             "is still on the global list.",
     .source = {"mm/kmemleak.c", "kmemleak_scan"}},
    {.id = "OBS-010",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "file-nr is approximate, good for a trend only.",
     .source = {"fs/file_table.c", "proc_nr_files"}},
    {.id = "OBS-011",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "maps shows mappings by inode number and path; vgem's offset is a fake, names may "
             "hold spaces, and permissions apply.",
     .source = {"fs/proc/task_mmu.c", "show_map_vma"}},
    {.id = "OBS-012",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::KernelLog),
     .text = "Some warnings come once per boot and lines move: match by function name, and "
             "mark the start of each test in /dev/kmsg.",
     .source = {"kernel/panic.c", "__warn"}},
    {.id = "OBS-013",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness),
     .text = "The harness exporter's own counters are the ground truth for callbacks; but a "
             "locked reservation is locked by somebody, not by the caller, so compare in a "
             "single thread.",
     .source = {"include/linux/dma-resv.h", "dma_resv_is_locked"}},
    {.id = "OBS-014",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "poll as a probe changes what it probes, arming a slot and raising the count; "
             "EXPORT_SYNC_FILE with FILE_INFO does not.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_poll"}},
    {.id = "OBS-015",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness),
     .text = "After a put by a harness ioctl, release runs once the ioctl has returned: read "
             "results with a second call, and from a kernel thread call flush_delayed_fput "
             "first.",
     .source = {"fs/file_table.c", "fput"}},
    {.id = "OBS-016",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "A slow run may lose a pending vgem fence after 10 s: attach fresh fences at each "
             "step, and look for -ETIMEDOUT when signalling.",
     .source = {"drivers/gpu/drm/vgem/vgem_fence.c", "vgem_fence_timeout"}},
    {.id = "OBS-017",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "A killed child's references are gone after waitpid, a thread's only once it has "
             "left the kernel.",
     .source = {"kernel/exit.c", "do_exit"}},
    {.id = "OBS-018",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Sockets in flight in a cycle are collected at some later time: make no cycles.",
     .source = {"net/unix/garbage.c", "unix_gc"}},
    {.id = "OBS-019",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "Inode numbers identify a buffer within one boot, never across boots.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_getfile"},
     .versions = {"5.15", ""}},
    {.id = "OBS-020",
     .bearer = Bearer::Tester,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "rmmod failing after a test is a robust leak detector for vgem, the vb2 "
             "allocators and the harness.",
     .source = {"kernel/module/main.c", "SYSCALL_DEFINE2(delete_module)"}},
};

}  // namespace dmabuf::model::area
