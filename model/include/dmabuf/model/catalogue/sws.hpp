// SPDX-License-Identifier: MIT
#pragma once

#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model::area {

/// SWS: sw_sync timelines.
inline constexpr Requirement sws[] = {
    {.id = "SWS-001",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "Each open makes a timeline named after the task, at value 0, with a context of "
             "its own.",
     .source = {"drivers/dma-buf/sw_sync.c", "sw_sync_debugfs_open"},
     .observed = true},
    {.id = "SWS-002",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "A fence is pending until the timeline reaches its value, signalled if it has "
             "already; a pending value asked for again is the same fence. Its fd is "
             "close-on-exec.",
     .source = {"drivers/dma-buf/sw_sync.c", "sync_pt_create"},
     .observed = true},
    {.id = "SWS-003",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "INC advances the timeline and signals the fences reached, in order; values wrap "
             "at 2^32.",
     .source = {"drivers/dma-buf/sw_sync.c", "sync_timeline_signal"},
     .observed = true},
    {.id = "SWS-004",
     .bearer = Bearer::Core,
     .strength = Strength::Implementation,
     .routes = via(Route::Userspace),
     .text = "When a timeline is closed, what is pending on it signals with error -ENOENT.",
     .source = {"drivers/dma-buf/sw_sync.c", "sw_sync_debugfs_release"},
     .observed = true},
};

}  // namespace dmabuf::model::area
