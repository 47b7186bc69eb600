// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// IOC: ioctl dispatch.
inline constexpr Requirement ioc[] = {
    {.id = "IOC-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "Every command the dma-buf ABI does not define fails with -ENOTTY, FIONREAD, "
             "TCGETS and a SYNC of another size included.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_ioctl"},
     .observed = true},
    {.id = "IOC-002",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "No dma-buf ioctl looks at the access mode: all work on read-only and write-only "
             "buffers.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_ioctl"}},
    {.id = "IOC-003",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "On an O_PATH fd every ioctl fails with -EBADF.",
     .source = {"fs/ioctl.c", "SYSCALL_DEFINE3(ioctl)"},
     .observed = true},
    {.id = "IOC-004",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "EXPORT_SYNC_FILE and IMPORT_SYNC_FILE fail with -ENOTTY without CONFIG_SYNC_FILE "
             "and up to 5.19.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_ioctl"},
     .observed = true},
    {.id = "IOC-005",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "SET_NAME fails with -ENOTTY; up to 4.4 every ioctl does.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_ioctl"},
     .versions = {"", "4.15"}},
    {.id = "IOC-006",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Userspace),
     .text = "32-bit callers use the same command numbers, SET_NAME apart, whose two forms are "
             "accepted everywhere.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_fops"}},
};

}  // namespace dmabuf::model::area
