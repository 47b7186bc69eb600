// SPDX-License-Identifier: MIT
/// Chooses storage for those who were there at the first map, and lets nobody in afterwards.
#include <cerrno>

#include "exporter_ops.hpp"

namespace dmabuf::reference {

namespace {

int attach_before_map(Core& core, DmaBuf& buffer, model::DeviceId) {
  return buffer.was_mapped && !core.is(Mutant::AttachAfterMapAccepted) ? EBUSY : 0;
}

}  // namespace

const DmaBufOps kRefusingOps = {
    .attach = attach_before_map,
    .map = plain_map,
    .unmap = plain_unmap,
    .release = plain_release,
    .mmap = shared_mmap,
    .begin_cpu_access = plain_begin,
    .end_cpu_access = plain_end,
    .vmap = plain_vmap,
    .vunmap = plain_vunmap,
    .allocate = allocate_anywhere,
};

}  // namespace dmabuf::reference
