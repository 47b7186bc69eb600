// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// SYF: sync_file.
inline constexpr Requirement syf[] = {
    {.id = "SYF-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A sync_file polls POLLIN once all its fences have signalled, and POLLOUT never.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_file_poll"},
     .observed = true},
    {.id = "SYF-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "FILE_INFO: -EFAULT for a bad struct or array, -EINVAL for flags, pad or too few "
             "records; num_fences 0 asks for number, status and name only.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_file_ioctl_fence_info"},
     .observed = true},
    {.id = "SYF-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Status is 0 pending, 1 signalled, negative errno in error; with records the "
             "overall one is the first that is not positive, else 1.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_file_ioctl_fence_info"},
     .observed = true},
    {.id = "SYF-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A timestamp is 0 while pending, then the CLOCK_MONOTONIC nanoseconds of "
             "signalling.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_fill_fence_info"},
     .observed = true},
    {.id = "SYF-005",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "The default name is driver-timelineCONTEXT-SEQNO, as in vgem-unbound1-1, "
             "dma_fence_array-unbound6-1 or stub-stub0-0.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_file_get_name"},
     .observed = true},
    {.id = "SYF-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "MERGE checks fd (-EMFILE), copy-in (-EFAULT), flags and pad (-EINVAL), fd2 "
             "(-ENOENT, not -EBADF), memory, copy-out. The result is close-on-exec, its name "
             "cut to 31; the inputs stay valid.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_file_ioctl_merge"},
     .observed = true},
    {.id = "SYF-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "MERGE keeps pending fences only, and the latest of each context; if all have "
             "signalled, a signalled stub with the latest timestamp. Older trees: 5.15 keeps a "
             "signalled input, 5.19 a stub without timestamp.",
     .source = {"drivers/dma-buf/dma-fence-unwrap.c", "__dma_fence_unwrap_merge"}},
    {.id = "SYF-008",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "A signalled fence is reported as detached-driver and signaled-timeline: names do "
             "not compare after signalling.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_fill_fence_info"},
     .versions = {"6.17", ""},
     .observed = true},
    {.id = "SYF-009",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A sync_file is no dma-buf: dma_buf_get fails with -EINVAL, dma-buf ioctls with "
             "-ENOTTY.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_file_ioctl"}},
    {.id = "SYF-010",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "SET_DEADLINE fails with -ENOTTY up to 6.5 and is there from 6.8, where pad must "
             "be 0.",
     .source = {"drivers/dma-buf/sync_file.c", "sync_file_ioctl_set_deadline"}},
};

}  // namespace dmabuf::model::area
