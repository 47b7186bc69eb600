// SPDX-License-Identifier: MIT
/// Storage that is taken once and stays where it is.
#include <cerrno>

#include "exporter_ops.hpp"

namespace dmabuf::reference {

namespace {
constexpr std::uint64_t kDirt = 0xa5a5a5a5a5a5a5a5ULL;    ///< what the memory held before
constexpr std::uint64_t kPoison = 0x6b6b6b6b6b6b6b6bULL;  ///< freed: a read of it is a torn page
}  // namespace

void take_storage(Core& core, DmaBuf& buffer, Place place) {
  buffer.place = place;
  buffer.allocated = true;
  for (std::size_t page = 0; page < buffer.pages && !buffer.from_memfds; ++page)
    core.memory.frames[buffer.frame(place, page)].fill(
        core.is(Mutant::StorageNotZeroed) ? kDirt : 0);
}

void ensure_storage(Core& core, DmaBuf& buffer) {
  if (!buffer.allocated && !buffer.released) buffer.exporter->ops->allocate(core, buffer);
}

void hand_out(DmaBuf& buffer, Place place, SgTable& table) {
  for (std::size_t page = 0; page < buffer.pages; ++page)
    table.pages[page] = buffer.frame(place, page);
  table.count = buffer.pages;
  buffer.was_mapped = true;
  ++buffer.outstanding;
}

void allocate_anywhere(Core& core, DmaBuf& buffer) {
  take_storage(core, buffer, {});
}

int plain_map(Core& core, DmaBuf& buffer, model::DeviceId, model::Direction, SgTable& table) {
  if (core.is(Mutant::RemapTakesNewStorage)) buffer.allocated = false;
  ensure_storage(core, buffer);
  hand_out(buffer, buffer.place, table);
  return 0;
}

void plain_unmap(Core&, DmaBuf& buffer, const SgTable&) {
  if (buffer.outstanding > 0) --buffer.outstanding;
}

void plain_release(Core& core, DmaBuf& buffer) {
  if (buffer.allocated && !buffer.from_memfds)  // a memfd's pages are its own
    for (std::size_t page = 0; page < buffer.pages; ++page)
      core.memory.frames[buffer.frame(buffer.place, page)].fill(kPoison);
  buffer.allocated = false;
}

int shared_mmap(Core& core, DmaBuf&, model::Sharing sharing) {
  if (sharing == model::Sharing::Private && !core.is(Mutant::MmapPrivateAccepted)) return EINVAL;
  return 0;
}

int plain_begin(Core& core, DmaBuf& buffer, model::Direction) {
  ensure_storage(core, buffer);
  return 0;
}

int plain_end(Core&, DmaBuf&, model::Direction) { return 0; }

int plain_vmap(Core& core, DmaBuf& buffer, Place& at) {
  ensure_storage(core, buffer);
  at = buffer.place;
  buffer.vmapped = true;
  return 0;
}

void plain_vunmap(Core&, DmaBuf& buffer) { buffer.vmapped = false; }

constinit const DmaBufOps kNoMmapOps = plain_but([](DmaBufOps& ops) { ops.mmap = nullptr; });
constinit const DmaBufOps kNoVmapOps = plain_but([](DmaBufOps& ops) { ops.vmap = nullptr, ops.vunmap = nullptr; });

}  // namespace dmabuf::reference
