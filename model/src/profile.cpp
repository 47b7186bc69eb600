// SPDX-License-Identifier: MIT
#include "dmabuf/model/profile.hpp"

#include <algorithm>
#include <array>

namespace dmabuf::model {
namespace {

/// Export, fds, importers, and what processes do with fds. `get_scatterlist` and `put_scatterlist` are Map and Unmap.
constexpr std::array kCallsOf33 = {
    kind_of<op::Export>(), kind_of<op::InstallFd>(), kind_of<op::Dup>(), kind_of<op::Close>(), kind_of<op::Send>(),
    kind_of<op::Receive>(), kind_of<op::Discard>(), kind_of<op::Get>(), kind_of<op::Put>(), kind_of<op::Attach>(),
    kind_of<op::Detach>(), kind_of<op::Map>(), kind_of<op::Unmap>(), kind_of<op::DeviceRead>(), kind_of<op::DeviceWrite>(),
    kind_of<op::Fork>(), kind_of<op::Exec>(), kind_of<op::Exit>(),
};
/// The proposal gave the file an mmap that the merged code did not have.
constexpr auto kCallsOf2011 = [] {
  constexpr std::array mappings = {kind_of<op::Mmap>(), kind_of<op::Munmap>(), kind_of<op::Store>(), kind_of<op::Load>(),
                                   kind_of<op::Mprotect>(), kind_of<op::MunmapPage>(), kind_of<op::Mremap>(), kind_of<op::Move>(),
                                   kind_of<op::ChildLoad>()};
  std::array<std::size_t, kCallsOf33.size() + mappings.size()> all{};
  std::ranges::copy(mappings, std::ranges::copy(kCallsOf33, all.begin()).out);
  return all;
}();

template <std::size_t N>
constexpr auto all_but(const std::array<std::size_t, N>& missing) {
  std::array<std::size_t, kOperationKinds - N> all{};
  std::size_t filled = 0;
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind)
    if (std::ranges::find(missing, kind) == missing.end()) all[filled++] = kind;
  return all;
}
/// Dynamic importers came with 5.7.
constexpr auto kCallsOf54 = all_but(std::array{kind_of<op::AttachDynamic>(), kind_of<op::Pin>(), kind_of<op::Unpin>()});

constexpr std::array kKernels = {
    KernelProfile{.name = "reference", .empty_list_items = false,
                  .source = "adapters/reference keeps to the contract as of 6.1, with DMABUF_MOVE_NOTIFY",
                  .move_notify = true},
    KernelProfile{.name = "2011", .rename_while_attached = false, .caches_mappings = false,
                  .source = "the proposal of Documentation/dma-buf-sharing.txt, October 2011",
                  .has_sync_file = false, .fd_flags = false, .calls = kCallsOf2011},
    KernelProfile{.name = "3.3", .rename_while_attached = false, .caches_mappings = false,
                  .source = "drivers/base/dma-buf.c of 3.3", .has_sync_file = false, .fd_flags = false, .calls = kCallsOf33},
    KernelProfile{.name = "5.4", .rename_while_attached = false, .future_write_refused = false, .memfd_may_go_while_mapped = false,
                  .source = "drivers/dma-buf/dma-buf.c of 5.4.291: dma_buf_set_name, dma_buf_poll; importers are static",
                  .has_sync_file = false, .poll_holds_file = false, .calls = kCallsOf54},
    KernelProfile{.name = "5.10", .rename_while_attached = false, .future_write_refused = false,
                  .memfd_may_go_while_mapped = false,
                  .source = "drivers/dma-buf/dma-buf.c of 5.10.223: dma_buf_set_name, dma_buf_poll",
                  .has_sync_file = false, .poll_holds_file = false},
    KernelProfile{.name = "5.15", .rename_while_attached = false, .future_write_refused = false,
                  .memfd_may_go_while_mapped = false,
                  .source = "drivers/dma-buf/dma-buf.c of 5.15.223: dma_buf_set_name; dma_buf_poll takes a reference",
                  .has_sync_file = false},
    KernelProfile{.name = "6.1", .memfd_may_go_while_mapped = false,
                  .source = "drivers/dma-buf/dma-buf.c of 6.1.192"},
    KernelProfile{.name = "6.6", .faulting_mappings_grow = false, .memfd_may_go_while_mapped = false,
                  .source = "drivers/dma-buf/dma-buf.c of 6.6; udmabuf.c of 6.6.y: mmap_udmabuf sets VM_DONTEXPAND since a "
                            "backport, before it a mapping could grow"},
    KernelProfile{.name = "6.12", .faulting_mappings_grow = false, .empty_list_items = false,
                  .source = "drivers/dma-buf/dma-buf.c of 6.12.117; udmabuf.c: mmap_udmabuf sets VM_DONTEXPAND", .export_reserves_fd_first = true},
    KernelProfile{.name = "6.18", .caches_mappings = false, .faulting_mappings_grow = false, .empty_list_items = false,
                  .source = "drivers/dma-buf/dma-buf.c of 6.18: cache_sgt_mapping is gone, dma_buf_pin_on_map is new", .export_reserves_fd_first = true,
                  .maps_at_attach = false},
    KernelProfile{.name = "7.2", .caches_mappings = false, .faulting_mappings_grow = false, .empty_list_items = false,
                  .source = "drivers/dma-buf/dma-buf.c of 7.2.13: there is no kernel without DMABUF_MOVE_NOTIFY any more", .export_reserves_fd_first = true,
                  .maps_at_attach = false, .move_notify = true},
};

constexpr std::array kExporters = {
    // The reference's exporters, one habit each.
    ExporterProfile{.name = "reference:eager", .in_kernel = true, .allocates_at_export = Answer::Yes,
                    .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:deferred", .in_kernel = true, .allocates_at_export = Answer::No,
                    .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:caching", .in_kernel = true, .caches_mapping = Answer::Yes,
                    .allocates_at_export = Answer::Yes, .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:refusing", .in_kernel = true, .allocates_at_export = Answer::No,
                    .refuses_attach_after_map = Answer::Yes, .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:migrating", .in_kernel = true, .allocates_at_export = Answer::No,
                    .constraints = Constraints::Migrates, .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:nommap", .in_kernel = true, .allocates_at_export = Answer::Yes,
                    .has_mmap = false, .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:novmap", .in_kernel = true, .allocates_at_export = Answer::Yes,
                    .fails = true, .has_vmap = Answer::No, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:dynamic", .in_kernel = true, .allocates_at_export = Answer::No,
                    .constraints = Constraints::Migrates, .dynamic = true, .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:prime", .interface = Interface::Prime, .own_references = 2, .caches_mapping = Answer::Yes,
                    .allocates_at_export = Answer::No, .write_only = false, .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:udmabuf", .interface = Interface::Udmabuf, .allocates_at_export = Answer::Yes, .growth = Growth::Faulting,
                    .end_needs_begin = true, .chooses_access = false, .fails = true, .vmap_fails = true, .scattered = Answer::Yes,
                    .source = "adapters/reference"},
    // With a video queue beside it.
    ExporterProfile{.name = "reference:queues", .in_kernel = true, .allocates_at_export = Answer::Yes,
                    .fails = true, .vmap_fails = true, .source = "adapters/reference"},
    ExporterProfile{.name = "reference:contiguous", .in_kernel = true, .allocates_at_export = Answer::No,
                    .fails = true, .vmap_fails = true, .scattered = Answer::Yes, .source = "adapters/reference"},
    // Exporters of kernels.
    ExporterProfile{.name = "vgem", .interface = Interface::Prime, .own_references = 2, .caches_mapping = Answer::Yes,
                    .allocates_at_export = Answer::No, .write_only = false,
                    .source = "drivers/gpu/drm/drm_prime.c: drm_gem_prime_dmabuf_ops; "
                              "drm_gem_shmem_helper.c; seen on 6.1 and 6.12"},
    // Any other DRM driver with dumb buffers; found by the part of the name before the colon.
    ExporterProfile{.name = "drm", .interface = Interface::Prime, .own_references = 2, .caches_mapping = Answer::Maybe,
                    .allocates_at_export = Answer::Maybe, .refuses_attach = Answer::Maybe,
                    .private_mmap = Answer::Maybe, .growth = Growth::Unread, .write_only = false,
                    .has_vmap = Answer::Maybe,
                    .source = "drivers/gpu/drm/drm_prime.c: the references of PRIME; the rest is the driver's"},
    ExporterProfile{.name = "drm:virtio_gpu", .interface = Interface::Prime, .own_references = 2, .caches_mapping = Answer::Yes,
                    .allocates_at_export = Answer::Yes, .write_only = false,
                    .source = "drivers/gpu/drm/virtio/virtgpu_prime.c: virtgpu_dmabuf_ops"},
    ExporterProfile{.name = "udmabuf", .interface = Interface::Udmabuf, .caches_mapping = Answer::Yes, .allocates_at_export = Answer::Yes,
                    .growth = Growth::Faulting, .end_needs_begin = true, .chooses_access = false,
                    .source = "drivers/dma-buf/udmabuf.c: udmabuf_ops, udmabuf_create; seen on 6.12"},
    ExporterProfile{.name = "heap:system", .interface = Interface::Heap, .allocates_at_export = Answer::Yes, .concurrent_maps = false,
                    .private_single_page = true,
                    .source = "drivers/dma-buf/heaps/system_heap.c: system_heap_buf_ops; seen on 6.12"},
    ExporterProfile{.name = "harness:eager", .in_kernel = true, .allocates_at_export = Answer::Yes,
                    .constraints = Constraints::RefusedAtAttach, .single_page_suits = true,
                    .fails = true, .source = "kernel-harness/module"},
    ExporterProfile{.name = "harness:deferred", .in_kernel = true, .allocates_at_export = Answer::No,
                    .constraints = Constraints::RefusedAtAttach, .single_page_suits = true,
                    .fails = true, .source = "kernel-harness/module"},
    ExporterProfile{.name = "harness:refusing", .in_kernel = true, .allocates_at_export = Answer::No,
                    .refuses_attach_after_map = Answer::Yes, .constraints = Constraints::RefusedAtAttach,
                    .single_page_suits = true, .fails = true, .source = "kernel-harness/module"},
    ExporterProfile{.name = "harness:caching", .in_kernel = true, .caches_mapping = Answer::Yes,
                    .allocates_at_export = Answer::Yes, .constraints = Constraints::RefusedAtAttach,
                    .single_page_suits = true, .fails = true, .source = "kernel-harness/module"},
    ExporterProfile{.name = "harness:migrating", .in_kernel = true, .allocates_at_export = Answer::No,
                    .constraints = Constraints::Migrates, .single_page_suits = true,
                    .fails = true, .source = "kernel-harness/module"},
    ExporterProfile{.name = "harness:novmap", .in_kernel = true, .allocates_at_export = Answer::Yes,
                    .constraints = Constraints::RefusedAtAttach, .single_page_suits = true, .fails = true, .has_vmap = Answer::No,
                    .source = "kernel-harness/module"},
    ExporterProfile{.name = "harness:dynamic", .in_kernel = true, .allocates_at_export = Answer::No,
                    .constraints = Constraints::Migrates, .single_page_suits = true, .dynamic = true,
                    .fails = true, .source = "kernel-harness/module"},
    // Nothing is known of it beyond the contract.
    ExporterProfile{.name = "unknown", .caches_mapping = Answer::Maybe,
                    .refuses_attach = Answer::Maybe, .concurrent_maps = false,
                    .private_mmap = Answer::Maybe, .growth = Growth::Unread, .zeroed = false,
                    .has_vmap = Answer::Maybe, .source = "the contract alone"},
};

constexpr std::array kFences = {
    FenceProfile{.name = "reference", .timelines = true, .kernel_usages = true, .errors = true,
                 .source = "adapters/reference"},
    FenceProfile{.name = "vgem", .refuses_conflicts = true,
                 .source = "drivers/gpu/drm/vgem/vgem_fence.c: FENCE_ATTACH to a buffer of vgem's own"},
    FenceProfile{.name = "imported",
                 .source = "FENCE_ATTACH to a buffer of vgem's, which IMPORT_SYNC_FILE brings to another's"},
};

constexpr std::array kQueues = {
    QueueProfile{.name = "vmalloc", .source = "adapters/reference"},
    QueueProfile{.name = "contiguous", .allocator = Allocator::Contiguous, .source = "adapters/reference"},
    QueueProfile{.name = "vivid", .least = 2,
                 .source = "vivid-core.c: vivid_create_queue; videobuf2-vmalloc.c of 6.1.192 and 6.12.117"},
};

template <class Range>
auto find_by_name(const Range& range, std::string_view name) {
  const auto it = std::ranges::find(range, name, [](const auto& profile) { return profile.name; });
  return it == std::end(range) ? nullptr : &*it;
}

}  // namespace

std::span<const FenceProfile> fence_profiles() { return kFences; }
const FenceProfile* find_fence_profile(std::string_view name) { return find_by_name(kFences, name); }
const FenceProfile& fences_beside(std::string_view exporter) {
  return *find_fence_profile(exporter.starts_with("reference") ? "reference" : exporter == "vgem" ? "vgem" : "imported");
}
std::span<const QueueProfile> queue_profiles() { return kQueues; }
QueueProfile queue_beside(std::string_view exporter) {
  if (exporter == "reference:queues") return *find_queue_profile("vmalloc");
  if (exporter == "reference:contiguous") return *find_queue_profile("contiguous");
  if (exporter.ends_with("+v4l2")) return *find_queue_profile("vivid");
  return {};
}
const QueueProfile* find_queue_profile(std::string_view name) { return find_by_name(kQueues, name); }
std::span<const KernelProfile> kernel_profiles() { return kKernels; }
std::span<const ExporterProfile> exporter_profiles() { return kExporters; }
const KernelProfile* find_kernel_profile(std::string_view name) { return find_by_name(kKernels, name); }
const ExporterProfile* find_exporter_profile(std::string_view name) { return find_by_name(kExporters, name); }

}  // namespace dmabuf::model
