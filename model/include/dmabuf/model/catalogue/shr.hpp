// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// SHR: sharing between fds and processes.
inline constexpr Requirement shr[] = {
    {.id = "SHR-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A duplicated fd is the same buffer and adds 1; close-on-exec is each fd's own, "
             "status flags are shared.",
     .source = {"fs/file.c", "do_dup2, f_dupfd"},
     .observed = true},
    {.id = "SHR-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "fork adds 1 for each inherited fd, and the child's exit takes it off.",
     .source = {"fs/file.c", "dup_fd"},
     .observed = true},
    {.id = "SHR-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "exec closes the fds that are close-on-exec; the new image keeps using the rest.",
     .source = {"fs/file.c", "do_close_on_exec"},
     .observed = true},
    {.id = "SHR-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Sending by SCM_RIGHTS adds 1; the received fd takes that reference, and closing "
             "the sockets drops one never received.",
     .source = {"net/core/scm.c", "scm_fp_copy, scm_detach_fds"},
     .observed = true},
    {.id = "SHR-005",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "A received fd is close-on-exec if MSG_CMSG_CLOEXEC asked for it, and not "
             "otherwise.",
     .source = {"net/core/scm.c", "scm_detach_fds"},
     .observed = true},
    {.id = "SHR-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "Size, name, fences, memory and attachments are shared by every fd and process.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fops"},
     .observed = true},
    {.id = "SHR-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "pidfd_getfd and io_uring fixed files hold the buffer like any other reference.",
     .source = {"kernel/pid.c", "pidfd_getfd; io_uring/rsrc.c"}},
    {.id = "SHR-008",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Reference),
     .text = "Where the receiver has no free descriptor recvmsg takes the message, sets MSG_CTRUNC and gives no fd: the "
             "reference that was in flight is dropped.",
     .source = {"net/core/scm.c", "scm_detach_fds; fs/file.c: receive_fd"},
     .observed = true},
};

}  // namespace dmabuf::model::area
