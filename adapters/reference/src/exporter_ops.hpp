// SPDX-License-Identifier: MIT
/// The callback tables, one for each way of being an exporter.
#pragma once

#include "dmabuf/reference/exporter.hpp"

namespace dmabuf::reference {

extern const DmaBufOps kPlainOps;
extern const DmaBufOps kNoMmapOps;
extern const DmaBufOps kNoVmapOps;
extern const DmaBufOps kRefusingOps;
extern const DmaBufOps kMigratingOps;
extern const DmaBufOps kPrimeOps;
extern const DmaBufOps kUdmabufOps;

/// Storage without contents, in a place; the callbacks of every exporter are made of these.
void take_storage(Core& core, DmaBuf& buffer, Placement placement);
void ensure_storage(Core& core, DmaBuf& buffer);
void hand_out(DmaBuf& buffer, Placement placement, SgTable& table);

// The callbacks of an exporter without peculiarities.
int plain_map(Core&, DmaBuf&, model::DeviceId, model::Direction, SgTable&);
void plain_unmap(Core&, DmaBuf&, const SgTable&);
void plain_release(Core&, DmaBuf&);
int shared_mmap(Core&, DmaBuf&, model::Sharing);
int plain_begin(Core&, DmaBuf&, model::Direction);
int plain_end(Core&, DmaBuf&, model::Direction);
int plain_vmap(Core&, DmaBuf&, Placement&);
void plain_vunmap(Core&, DmaBuf&);
void allocate_anywhere(Core&, DmaBuf&);

}  // namespace dmabuf::reference
