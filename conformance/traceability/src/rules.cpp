// SPDX-License-Identifier: MIT
/// What the model says and no row of a machine cites. The world is one in which it makes a difference.
#include "dmabuf/traceability/traceability.hpp"

namespace dmabuf::traceability {
namespace {

constexpr Rule kRules[] = {
    {"ATT-008", "no row of attachment asks whether the device is attached already: each attach fills a slot of its own", "importers-three"},
    {"ATT-011", "an attach that fails after the exporter's attach leaves behind what was undone: calls of detach, and of unpin", "failing"},
    {"ATT-014", "kernels without `maps_at_attach` have attach call the exporter's attach alone, whoever is dynamic", "dynamic-6.18"},
    {"ATT-019", "a detach moves no count (references-move-as-said)", "importers-eager"},
    {"CPU-008", "what a device or a program wrote is read by the other once CPU access has begun: the pages of a world", "cpu-mappings-migrating"},
    {"CPU-009", "a fence that failed is pending no more, so that START does not wait for it", "fences"},
    {"DYN-008", "kernels without `maps_at_attach` pin at each map of a static importer: the rows of DYN-007", "dynamic-6.18"},
    {"FEN-012", "a reservation that has to grow forgets entries whose fences have signalled; how large it was, two worlds keep open", "fences"},
    {"MAP-011", "kernels without `caches_mappings` hand every map and unmap to the exporter", "importers-caching-6.18"},
    {"MAP-013", "the machine storage is allocated, or moved, by a map", "importers-deferred"},
    {"MAP-020", "a map moves no count (references-move-as-said)", "importers-eager"},
    {"MIG-005", "a map that would move storage its own importer has mapped is refused, and works once it is unmapped", "importers-migrating"},
    {"MIG-008", "a CPU mapping shows the same pages before and after the storage has moved", "cpu-mappings-migrating"},
    {"MIG-009", "the step that migrates moves neither count nor attachments, and has no effect on size and fences", "cpu-mappings-migrating"},
    {"MIG-010", "a refused attach leaves its state, in which it is refused again", "importers-refusing"},
    {"PRM-003", "the access mode is given once, where an export makes the buffer; close-on-exec is the new fd's alone", "handles-mapped"},
    {"PRM-004", "a buffer whose first export asked for no more than reading is read-only, whoever maps it", "handles-mapped"},
    {"PRM-007", "fd_to_handle returns `new`, or whose handle the number is: never `new_after_gap`", "handles-prime"},
    {"REL-015", "the release of a buffer does not ask about fences in its reservation", "fences"},
    {"REL-016", "a release calls the exporter's release, the effect of buffer's row of REL-001, and leaves nothing", "sharing"},
    {"VBT-016", "each index has a plane of its own, and each plane that holds a buffer counts in its ledger", "queues"},
    {"VBT-017", "a queue of the allocator vmalloc moves no count of attachments, one that maps its planes does", "queues-contiguous"},
    {"VBT-019", "no row of plane asks about the fd once the buffer is acquired: what a queue holds lives on without any", "queues"},
    {"VFS-005", "close-on-exec of every open fd is compared after every operation with what was asked for", "children"},
    {"VGM-003", "vgem's profile does not allocate at export: its storage is free until the first map or CPU access", "importers-vgem"},
    {"VGM-012", "the rows of mmap, vma and remap, by vgem's fields `private_mmap` and `growth`", "children-prime"},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

}  // namespace dmabuf::traceability
