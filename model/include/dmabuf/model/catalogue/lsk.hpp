// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// LSK: lseek.
inline constexpr Requirement lsk[] = {
    {.id = "LSK-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "SEEK_END with offset 0 returns the size, SEEK_SET with offset 0 returns 0.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_llseek"},
     .observed = true},
    {.id = "LSK-002",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Any other offset with SEEK_END or SEEK_SET fails with -EINVAL.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_llseek"},
     .observed = true},
    {.id = "LSK-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "SEEK_CUR, SEEK_DATA, SEEK_HOLE and unknown origins fail with -EINVAL, offset 0 "
             "included.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_llseek"},
     .observed = true},
    {.id = "LSK-004",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace, Route::Debug),
     .text = "The file position stays 0, and fds do not influence each other.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_llseek"},
     .observed = true},
    {.id = "LSK-005",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "lseek fails with -ESPIPE.",
     .source = {"Documentation/driver-api/dma-buf.rst", "Userspace Interface Notes"},
     .versions = {"", "3.11"}},
    {.id = "LSK-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "lseek on an O_PATH fd fails with -EBADF; fstat still gives the size.",
     .source = {"fs/read_write.c", "ksys_lseek"},
     .observed = true},
};

}  // namespace dmabuf::model::area
