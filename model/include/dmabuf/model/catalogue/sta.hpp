// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// STA: debug list and statistics.
inline constexpr Requirement sta[] = {
    {.id = "STA-001",
     .bearer = Bearer::Core,
     .strength = Strength::Must,
     .routes = via(Route::Debug),
     .text = "bufinfo lists a buffer once export is done and until its file is released, "
             "whether or not it has an fd.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_export, dma_buf_file_release"},
     .observed = true},
    {.id = "STA-002",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "With DMABUF_SYSFS_STATS, /sys/kernel/dmabuf/buffers/<ino> has exporter_name and "
             "size; it appears before the bufinfo entry and goes after it, just before "
             "ops.release.",
     .source = {"drivers/dma-buf/dma-buf-sysfs-stats.c",
                "dma_buf_stats_setup, dma_buf_stats_teardown"},
     .versions = {"5.15", "6.18"}},
    {.id = "STA-003",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "Reading bufinfo takes each reservation lock interruptibly: a stuck one hangs it, "
             "and a signal makes it fail with -EINTR.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_debug_show"}},
    {.id = "STA-004",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Debug),
     .text = "The list exists without debugfs, and kernel code that walks it raises counts for "
             "a moment.",
     .source = {"drivers/dma-buf/dma-buf.c", "dma_buf_iter_begin, dma_buf_iter_next"},
     .versions = {"6.17", ""}},
};

}  // namespace dmabuf::model::area
