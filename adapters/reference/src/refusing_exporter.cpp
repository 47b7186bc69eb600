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

constinit const DmaBufOps kRefusingOps = plain_but([](DmaBufOps& ops) { ops.attach = attach_before_map; });

}  // namespace dmabuf::reference
