// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/boot/console.hpp"

namespace dmabuf::boot::testing {

/// A console as a kernel writes it, and what is to be found there. Made up, not taken from
/// anywhere.
struct Fixture {
  const char* name;
  ReportKind kind;
  const char* title;
  bool fatal;
  const char* last;  ///< the last line that belongs to the report has this
  const char* log;
};

inline constexpr Fixture fixtures[] = {
    {"Panic", ReportKind::Panic, "panic: sysrq triggered crash", true, "end Kernel panic", R"(
[    5.100000] sysrq: Trigger a crash
[    5.100101] Kernel panic - not syncing: sysrq triggered crash
[    5.100202] CPU: 1 PID: 1 Comm: init Not tainted 6.1.0-56-amd64 #1  Debian 6.1.192-2
[    5.100303] Call Trace:
[    5.100404]  <TASK>
[    5.100505]  dump_stack_lvl+0x44/0x5c
[    5.100606]  panic+0x118/0x2ed
[    5.100707]  sysrq_handle_crash+0x16/0x20
[    5.100808]  </TASK>
[    5.100909] Kernel Offset: 0x1be00000 from 0xffffffff81000000
[    5.101010] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---
)"},
    {"NullDereferenceThatKills", ReportKind::Oops,
     "BUG: kernel NULL pointer dereference in dbh_attach", true, "end Kernel panic", R"(
[    6.000001] BUG: kernel NULL pointer dereference, address: 0000000000000018
[    6.000002] #PF: supervisor read access in kernel mode
[    6.000003] #PF: error_code(0x0000) - not-present page
[    6.000004] PGD 0 P4D 0
[    6.000005] Oops: 0000 [#1] PREEMPT SMP NOPTI
[    6.000006] CPU: 0 PID: 88 Comm: init Tainted: G           OE      6.1.0-56-amd64 #1
[    6.000007] RIP: 0010:dbh_attach+0x2c/0x80 [dmabuf_harness]
[    6.000008] Code: 48 8b 47 18 48 85 c0
[    6.000009] RSP: 0018:ffffc90000013e48 EFLAGS: 00010246
[    6.000010] Call Trace:
[    6.000011]  <TASK>
[    6.000012]  dma_buf_dynamic_attach+0x8a/0x250
[    6.000013]  </TASK>
[    6.000014] CR2: 0000000000000018
[    6.000015] ---[ end trace 0000000000000000 ]---
[    6.000016] RIP: 0010:dbh_attach+0x2c/0x80 [dmabuf_harness]
[    6.000017] Kernel panic - not syncing: Fatal exception
[    6.000018] ---[ end Kernel panic - not syncing: Fatal exception ]---
)"},
    {"PageFaultInACarrier", ReportKind::Oops, "BUG: unable to handle page fault in vgem_prime_vmap",
     false, "end trace", R"(
[    6.000001] BUG: unable to handle page fault for address: ffff8880deadb000
[    6.000005] Oops: 0002 [#1] PREEMPT SMP NOPTI
[    6.000007] RIP: 0010:memcpy_erms+0x6/0x10
[    6.000010] Call Trace:
[    6.000011]  ? __die+0x23/0x70
[    6.000012]  vgem_prime_vmap+0x31/0x60 [vgem]
[    6.000015] ---[ end trace 0000000000000000 ]---
[    7.000000] something else
)"},
    {"GeneralProtection", ReportKind::GeneralProtection,
     "general protection fault in dma_resv_fini", false, "end trace", R"(
[    6.000001] general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b6b: 0000 [#1] SMP
[    6.000002] CPU: 1 PID: 3 Comm: kworker/1:0
[    6.000007] RIP: 0010:dma_resv_fini+0x12/0x40
[    6.000010] Call Trace:
[    6.000015] ---[ end trace 0000000000000000 ]---
)"},
    {"GeneralProtectionOfNewKernels", ReportKind::GeneralProtection,
     "general protection fault in dma_fence_put", false, "end trace", R"(
[    6.000001][    T9] Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP
[    6.000007][    T9] RIP: 0010:dma_fence_put.constprop.0+0x12/0x40
[    6.000015][    T9] ---[ end trace 0000000000000000 ]---
)"},
    {"KernelBug", ReportKind::Bug, "kernel BUG in dma_buf_release", false, "end trace", R"(
[    6.000000] ------------[ cut here ]------------
[    6.000001] kernel BUG at drivers/dma-buf/dma-buf.c:74!
[    6.000002] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
[    6.000003] CPU: 0 PID: 1 Comm: init Not tainted
[    6.000004] RIP: 0010:dma_buf_release+0xa5/0xb0
[    6.000005] Call Trace:
[    6.000006]  __dentry_kill+0x112/0x1b0
[    6.000007] ---[ end trace 0000000000000000 ]---
)"},
    {"Warning", ReportKind::Warning, "WARNING in dma_buf_detach", false, "end trace", R"(
[    4.000000] ------------[ cut here ]------------
[    4.000001] WARNING: CPU: 1 PID: 77 at drivers/dma-buf/dma-buf.c:1042 dma_buf_detach+0x8b/0x90
[    4.000002] Modules linked in: vgem dmabuf_harness(OE)
[    4.000003] CPU: 1 PID: 77 Comm: init Tainted: G           OE      6.1.0-56-amd64
[    4.000004] RIP: 0010:dma_buf_detach+0x8b/0x90
[    4.000005] Call Trace:
[    4.000006]  <TASK>
[    4.000007]  dbh_ioctl+0x2c/0x80 [dmabuf_harness]
[    4.000008]  </TASK>
[    4.000009] ---[ end trace 0000000000000000 ]---
[    4.000010] @DBC1 R 7 life.dup pass ms=1 ;0000
)"},
    {"WarningOfNewKernels", ReportKind::Warning, "WARNING in dma_buf_detach", false, "end trace",
     R"(
[    4.000000] ------------[ cut here ]------------
[    4.000001] WARNING: drivers/dma-buf/dma-buf.c:1042 at dma_buf_detach+0x8b/0x90, CPU#1: init/77
[    4.000004] RIP: 0010:dma_buf_detach+0x8b/0x90
[    4.000009] ---[ end trace 0000000000000000 ]---
)"},
    {"Kasan", ReportKind::Kasan, "KASAN: slab-use-after-free Read in dma_buf_poll", false,
     "==================", R"(
[   12.000000] ==================================================================
[   12.000001] BUG: KASAN: slab-use-after-free in dma_buf_poll+0x1d8/0x208
[   12.000002] Read of size 8 at addr ffff888007a1b2c8 by task init/1
[   12.000003]
[   12.000004] CPU: 0 UID: 0 PID: 1 Comm: init Not tainted 6.12.0 #1
[   12.000005] Call Trace:
[   12.000006]  dump_stack_lvl+0x5b/0x90
[   12.000007]  print_report+0xcf/0x670
[   12.000008]  kasan_report+0xc7/0x100
[   12.000009]  dma_buf_poll+0x1d8/0x208
[   12.000010]
[   12.000011] Allocated by task 1:
[   12.000012]  kasan_save_stack+0x30/0x50
[   12.000013] Freed by task 1:
[   12.000014]  kfree+0x104/0x2b0
[   12.000015] Memory state around the buggy address:
[   12.000016]  ffff888007a1b180: fa fb fb fb fb fb fb fb
[   12.000017] >ffff888007a1b280: fb fb fb fb fb fb fb fb
[   12.000018]                                               ^
[   12.000019] ==================================================================
[   12.000020] Disabling lock debugging due to kernel taint
)"},
    {"KasanInACarrier", ReportKind::Kasan, "KASAN: slab-out-of-bounds Write in vb2_dc_vmap", false,
     "==================", R"(
[   12.000000] ==================================================================
[   12.000001] BUG: KASAN: slab-out-of-bounds in memcpy+0x3c/0x60
[   12.000002] Write of size 4096 at addr ffff888007a1b2c8 by task vb2/31
[   12.000005] Call Trace:
[   12.000007]  print_report+0xcf/0x670
[   12.000008]  memcpy+0x3c/0x60
[   12.000009]  vb2_dc_vmap.part.0+0x11/0x20 [videobuf2_dma_contig]
[   12.000019] ==================================================================
)"},
    {"Kfence", ReportKind::Kfence, "KFENCE: use-after-free read in sync_file_poll", false,
     "==================", R"(
[   12.000000] ==================================================================
[   12.000001] BUG: KFENCE: use-after-free read in sync_file_poll+0x1b/0x60
[   12.000002]
[   12.000003] Use-after-free read at 0x00000000c7f1e2d3 (in kfence-#112):
[   12.000004]  sync_file_poll+0x1b/0x60
[   12.000019] ==================================================================
)"},
    {"SleepingFunction", ReportKind::SleepingFunction,
     "BUG: sleeping function called from invalid context in dma_buf_map_attachment", false,
     "dbh_atomic", R"(
[    3.000001] BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580
[    3.000002] in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 44, name: init
[    3.000003] preempt_count: 1, expected: 0
[    3.000004] CPU: 0 PID: 44 Comm: init
[    3.000005] Call Trace:
[    3.000006]  dump_stack_lvl+0x44/0x5c
[    3.000007]  __might_resched.cold+0xd0/0xdd
[    3.000008]  mutex_lock+0x1f/0x40
[    3.000009]  dma_buf_map_attachment+0x33/0x120
[    3.000010]  dbh_atomic+0x12/0x20 [dmabuf_harness]
)"},
    {"BadPageState", ReportKind::BadPage, "BUG: Bad page state in udmabuf_release", false,
     "kmalloc_fake", R"(
[    3.000001] BUG: Bad page state in process init  pfn:07a1b
[    3.000002] page:00000000c7f1e2d3 refcount:0 mapcount:1 mapping:0000000000000000 index:0x0 pfn:0x7a1b
[    3.000005] Call Trace:
[    3.000006]  bad_page.cold+0x7a/0x8b
[    3.000007]  free_unref_page_prepare+0x1a0/0x300
[    3.000008]  udmabuf_release+0x55/0x90
[    3.000009]  kmalloc_fake+0x55/0x90
)"},
    {"BadPageCache", ReportKind::BadPage, "BUG: Bad page cache in shmem_evict", false,
     "shmem_evict", R"(
[    3.000001] BUG: Bad page cache in process init  pfn:07a1b
[    3.000005] Call Trace:
[    3.000008]  shmem_evict+0x55/0x90
)"},
    {"Deadlock", ReportKind::Lockdep,
     "possible circular locking dependency detected in dma_buf_unpin_all", false, "dbh_ioctl", R"(
[    9.000000] ======================================================
[    9.000001] WARNING: possible circular locking dependency detected
[    9.000002] 6.1.0 #1 Not tainted
[    9.000003] ------------------------------------------------------
[    9.000004] init/77 is trying to acquire lock:
[    9.000005] ffff888003c0ffee (reservation_ww_class_mutex){+.+.}-{3:3}, at: dma_buf_unpin_all+0x2a/0x70
[    9.000006]
[    9.000007] but task is already holding lock:
[    9.000008] ffff888003c0ffe0 (&buf->lock){+.+.}-{3:3}, at: dbh_ioctl+0x31/0x90
[    9.000009]
[    9.000010] which lock already depends on the new lock.
[    9.000011] the existing dependency chain (in reverse order) is:
[    9.000012] -> #1 (&buf->lock){+.+.}-{3:3}:
[    9.000013]        __mutex_lock+0x9a/0xc80
[    9.000014] other info that might help us debug this:
[    9.000015]  Possible unsafe locking scenario:
[    9.000016]        CPU0                    CPU1
[    9.000017]   lock(&buf->lock);
[    9.000018] 1 lock held by init/77:
[    9.000019] stack backtrace:
[    9.000020] CPU: 1 PID: 77 Comm: init Not tainted
[    9.000021]  __lock_acquire+0x1400/0x2000
[    9.000022]  dbh_ioctl+0x31/0x90
)"},
    {"InvalidWaitContext", ReportKind::Lockdep, "Invalid wait context in dma_fence_signal", false,
     "dma_fence_signal", R"(
[    9.000000] =============================
[    9.000001] [ BUG: Invalid wait context ]
[    9.000002] 6.1.0 #1 Not tainted
[    9.000020] stack backtrace:
[    9.000021]  dump_stack_lvl+0x44/0x5c
[    9.000022]  dma_fence_signal+0x31/0x90
)"},
    {"SuspiciousRcu", ReportKind::Lockdep, "suspicious RCU usage in dma_resv_iter_next", false,
     "dma_resv_iter_next", R"(
[    9.000000] =============================
[    9.000001] WARNING: suspicious RCU usage
[    9.000003] drivers/dma-buf/dma-resv.c:122 suspicious rcu_dereference_check() usage!
[    9.000020] stack backtrace:
[    9.000021]  dma_resv_iter_next+0x44/0x5c
)"},
    {"RcuStall", ReportKind::RcuStall, "RCU stall in dma_resv_wait", false, "spinning_ioctl", R"(
[   60.000001] rcu: INFO: rcu_preempt self-detected stall on CPU
[   60.000002] rcu: 	0-....: (5249 ticks this GP) idle=1234/1/0x4000000000000000 softirq=12/12 fqs=2600
[   60.000003] 	(t=5250 jiffies g=1 q=2 ncpus=2)
[   60.000004] CPU: 0 PID: 77 Comm: init
[   60.000005] RIP: 0010:dma_resv_wait+0x12/0x40
[   60.000006] Call Trace:
[   60.000007]  spinning_ioctl+0x12/0x40
)"},
    {"SoftLockup", ReportKind::Lockup, "soft lockup in dbh_spin", false, "dbh_spin", R"(
[   60.000001] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [init:77]
[   60.000005] RIP: 0010:native_queued_spin_lock_slowpath+0x60/0x2c0
[   60.000006] Call Trace:
[   60.000007]  _raw_spin_lock+0x12/0x40
[   60.000008]  dbh_spin+0x12/0x40
)"},
    {"HungTask", ReportKind::HungTask, "hung task in dma_buf_begin_cpu_access", false,
     "dma_buf_ioctl", R"(
[  242.000001] INFO: task init:77 blocked for more than 120 seconds.
[  242.000002]       Tainted: G           OE      6.1.0-56-amd64 #1
[  242.000003] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[  242.000004] task:init            state:D stack:0     pid:77    ppid:1      flags:0x00000002
[  242.000005] Call Trace:
[  242.000006]  <TASK>
[  242.000007]  __schedule+0x34d/0x9e0
[  242.000008]  schedule+0x5a/0xd0
[  242.000009]  ww_mutex_lock+0x55/0x90
[  242.000010]  dma_buf_begin_cpu_access+0x55/0x90
[  242.000011]  dma_buf_ioctl+0x55/0x90
)"},
    {"Ubsan", ReportKind::Ubsan, "UBSAN: array-index-out-of-bounds in sg_pick", false,
     "================",
     R"(
[    8.000000] ================================================================================
[    8.000001] UBSAN: array-index-out-of-bounds in drivers/dma-buf/heaps/system_heap.c:312:9
[    8.000002] index 3 is out of range for type 'gfp_t [3]'
[    8.000003] CPU: 0 PID: 7 Comm: init
[    8.000004] Call Trace:
[    8.000005]  __ubsan_handle_out_of_bounds.cold+0x42/0x4e
[    8.000006]  sg_pick+0x10/0x20
[    8.000007] ================================================================================
)"},
    {"ListCorruption", ReportKind::ListCorruption, "list_del corruption in dma_buf_detach", false,
     "end trace", R"(
[    8.000000] list_del corruption. prev->next should be ffff888003c0ffee, but was dead000000000122
[    8.000001] ------------[ cut here ]------------
[    8.000002] kernel BUG at lib/list_debug.c:53!
[    8.000003] invalid opcode: 0000 [#1] PREEMPT SMP
[    8.000004] RIP: 0010:__list_del_entry_valid.cold+0x23/0x6f
[    8.000005] Call Trace:
[    8.000006]  dma_buf_detach+0x3a/0x90
[    8.000007] ---[ end trace 0000000000000000 ]---
)"},
    {"Refcount", ReportKind::Refcount, "refcount_t: underflow; use-after-free in dma_heap_put",
     false, "end trace", R"(
[    8.000000] ------------[ cut here ]------------
[    8.000001] refcount_t: underflow; use-after-free.
[    8.000002] WARNING: CPU: 0 PID: 77 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110
[    8.000003] RIP: 0010:refcount_warn_saturate+0xba/0x110
[    8.000004] Call Trace:
[    8.000005]  dma_heap_put+0x31/0x40
[    8.000006] ---[ end trace 0000000000000000 ]---
)"},
    {"MemoryLeak", ReportKind::MemoryLeak, "memory leak in dma_buf_export", false, "dbh_export", R"(
[   90.000001] unreferenced object 0xffff888003c0ffc0 (size 64):
[   90.000002]   comm "init", pid 77, jiffies 4294900000 (age 12.345s)
[   90.000003]   hex dump (first 32 bytes):
[   90.000004]     00 00 00 00 00 00 00 00  ........
[   90.000005]   backtrace:
[   90.000006]     [<00000000c7f1e2d3>] kmalloc_trace+0x26/0x90
[   90.000007]     [<00000000c7f1e2d4>] dma_buf_export+0x9b/0x300
[   90.000008]     [<00000000c7f1e2d5>] dbh_export+0x9b/0x300
[   90.000009] next line
)"},
    {"FileCount", ReportKind::FileCount, "VFS: Close: file count is 0", false, "file count is 0",
     R"(
[    8.000000] VFS: Close: file count is 0
)"},
    {"BusyInodes", ReportKind::BusyInodes, "VFS: Busy inodes after unmount of dmabuf", false,
     "Busy inodes", R"(
[    8.000000] VFS: Busy inodes after unmount of dmabuf (dmabuf)
)"},
};

}  // namespace dmabuf::boot::testing
