// SPDX-License-Identifier: MIT
/// The callback tables, one for each way of being an exporter: the plain one, and what the others do differently.
#pragma once

#include "dmabuf/reference/exporter.hpp"

namespace dmabuf::reference {

extern const DmaBufOps kNoMmapOps;
extern const DmaBufOps kNoVmapOps;
extern const DmaBufOps kRefusingOps;
extern const DmaBufOps kMigratingOps;
extern const DmaBufOps kDynamicOps;
extern const DmaBufOps kPrimeOps;
extern const DmaBufOps kUdmabufOps;

/// Storage without contents, in a place; the callbacks of every exporter are made of these.
void take_storage(Core& core, DmaBuf& buffer, Place place);
void ensure_storage(Core& core, DmaBuf& buffer);
void hand_out(DmaBuf& buffer, Place place, SgTable& table);
/// Everybody attached so far is suited.
void allocate_for_attached(Core&, DmaBuf&);
/// The contents go along, and CPU mappings find them again. Who may have the old pages is not asked.
void move_storage(Core&, DmaBuf&, Place to);

// The callbacks of an exporter without peculiarities.
int plain_map(Core&, DmaBuf&, model::DeviceId, model::Direction, SgTable&);
void plain_unmap(Core&, DmaBuf&, const SgTable&);
void plain_release(Core&, DmaBuf&);
int shared_mmap(Core&, DmaBuf&, model::Sharing);
int plain_begin(Core&, DmaBuf&, model::Direction);
int plain_end(Core&, DmaBuf&, model::Direction);
int plain_vmap(Core&, DmaBuf&, Place&);
void plain_vunmap(Core&, DmaBuf&);
void allocate_anywhere(Core&, DmaBuf&);

inline constexpr DmaBufOps kPlainOps = {
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

/// The plain table, but for what `change` does to a copy of it.
template <class Change>
constexpr DmaBufOps plain_but(Change change) {
  DmaBufOps ops = kPlainOps;
  change(ops);
  return ops;
}

}  // namespace dmabuf::reference
