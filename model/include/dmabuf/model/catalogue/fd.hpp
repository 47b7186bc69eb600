// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// FD: fd, get, put.
inline constexpr Requirement fd[] = {
    {.id = "FD-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "An fd asked for a NULL buffer, or one without a file, fails with -EINVAL and no "
             "warning.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fd"},
     .observed = true},
    {.id = "FD-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "Without a free descriptor dma_buf_fd fails with -EMFILE or -ENOMEM; the caller "
             "keeps its reference and must put it.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fd"},
     .observed = true},
    {.id = "FD-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "dma_buf_fd returns the lowest free descriptor and consumes the caller's "
             "reference: the count stays.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fd"}},
    {.id = "FD-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Of the flags of dma_buf_fd only O_CLOEXEC has an effect; the access mode cannot "
             "be set here.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fd"},
     .observed = true},
    {.id = "FD-005",
     .bearer = Bearer::Exporter,
     .strength = Strength::Documented,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "One reference is made into one fd. A second dma_buf_fd shares it, the second "
             "close is use after free, and the core does not notice.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fd"}},
    {.id = "FD-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "dma_buf_get of an fd that is not open, or is O_PATH, fails with -EBADF.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_get"},
     .observed = true},
    {.id = "FD-007",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Harness),
     .text = "dma_buf_get of a file that is not a dma-buf fails with -EINVAL and leaves that "
             "file's count alone.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_get"},
     .observed = true},
    {.id = "FD-008",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "dma_buf_get gives the same buffer for each of its fds, and adds 1 to the count.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_get"},
     .observed = true},
    {.id = "FD-009",
     .bearer = Bearer::Importer,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "get_dma_buf adds exactly 1; the caller owns a reference already, since a dying "
             "buffer cannot be revived.",
     .source = {"include/linux/dma-buf.h", "get_dma_buf"},
     .observed = true},
    {.id = "FD-010",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness, Route::KernelLog),
     .text = "dma_buf_put of NULL warns and returns.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_put"},
     .observed = true},
    {.id = "FD-011",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Harness),
     .text = "dma_buf_put takes exactly 1 off; the one that reaches zero schedules release.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_put"}},
    {.id = "FD-012",
     .bearer = Bearer::Exporter,
     .strength = Strength::Implementation,
     .routes = via(Route::Harness),
     .text = "dma_buf_fd_install publishes a descriptor reserved before, cannot fail and "
             "consumes the reference, so it comes last. Only in recent 6.1 stable and 7.x "
             "trees: probe for it.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fd_install"}},
};

}  // namespace dmabuf::model::area
