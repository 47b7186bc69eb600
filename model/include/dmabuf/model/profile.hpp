// SPDX-License-Identifier: MIT
/// Kernel versions and exporters' habits, as data: what the contract leaves to the implementation.
/// The oracle reads these; no code anywhere branches on a version or an exporter's name.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dmabuf/model/operation.hpp"

namespace dmabuf::model {

/// Maybe: the contract leaves it open and we do not know, so the oracle keeps both worlds until an
/// observation decides.
enum class Answer : std::uint8_t { No, Yes, Maybe };

/// What becomes of a stricter device when the storage does not suit it (DBUF-MIG-002..006).
enum class Constraints : std::uint8_t {
  Ignored,          ///< the exporter asks nobody
  RefusedAtAttach,  ///< attach fails with -EBUSY (DBUF-ATT-006)
  RefusedAtMap,     ///< map fails
  Migrates,         ///< a map moves the storage when nobody else keeps it in place, else -EBUSY
};

/// Which device of user space makes the buffers, and so checks what it was asked for.
enum class Interface : std::uint8_t {
  Unread,   ///< nobody has read what it checks; nothing wrong is asked of it
  Udmabuf,  ///< UDMABUF_CREATE (DBUF-UDM-001, DBUF-UDM-007)
  Heap,     ///< DMA_HEAP_IOCTL_ALLOC (DBUF-HEP-001)
  Prime,    ///< MODE_CREATE_DUMB and PRIME_HANDLE_TO_FD (DBUF-VGM-002, DBUF-PRM-001)
};

/// May mremap make a mapping longer (DBUF-MMU-012)?
enum class Growth : std::uint8_t {
  Refused,   ///< -EFAULT: the mapping may not expand
  Faulting,  ///< pages are faulted in one by one: where KernelProfile::faulting_mappings_grow
  Unread,    ///< nobody has read how the exporter maps
};

struct KernelProfile {
  std::string_view name;          ///< "6.1"
  bool rename_while_attached = true;  ///< DBUF-NAM-006: -EBUSY up to 5.15
  bool caches_mappings = true;    ///< DBUF-MAP-007/011: `cache_sgt_mapping` exists (up to 6.12)
  bool faulting_mappings_grow = true;  ///< DBUF-MMU-012: udmabuf's, before 6.12; beyond the end is SIGBUS
  bool empty_list_items = true;   ///< DBUF-UDM-009: an item of no pages is taken, before 6.12
  bool future_write_refused = true;  ///< DBUF-UDM-003: F_SEAL_FUTURE_WRITE, by udmabuf
  bool memfd_may_go_while_mapped = true;  ///< DBUF-UDM-013: else udmabuf's mappings want their memfd, before 6.8
  std::string_view source;        ///< where these were read or seen
  bool export_reserves_fd_first = false;  ///< DBUF-PRM-019: HANDLE_TO_FD, from 6.12; before, the buffer is made first
  bool has_sync_file = true;      ///< DBUF-IOC-004: EXPORT_SYNC_FILE and IMPORT_SYNC_FILE, 6.0
  /// DBUF-ATT-010, 012, 014: where one side is dynamic and the other is not, attach maps and pins, and the
  /// table is cached (up to 6.12); else each map of a static importer pins.
  bool maps_at_attach = true;
  bool move_notify = false;       ///< DBUF-DYN-007: CONFIG_DMABUF_MOVE_NOTIFY; else a dynamic importer's map pins, too
  bool poll_holds_file = true;    ///< DBUF-POL-006: an armed poll slot counts as a reference, 5.15.223
  bool fd_flags = true;           ///< `dma_buf_fd` can be told to set FD_CLOEXEC
  /// Kinds of operations that there is a call for; empty: all. No program asks for another.
  std::span<const std::size_t> calls = {};

  constexpr bool has(std::size_t kind) const {
    if (calls.empty()) return true;
    for (const std::size_t known : calls)
      if (known == kind) return true;
    return false;
  }
  /// Of these, those that there is a call for.
  std::bitset<kOperationKinds> among(std::bitset<kOperationKinds> kinds) const {
    for (std::size_t kind = 0; kind < kOperationKinds; ++kind)
      if (!has(kind)) kinds.reset(kind);
    return kinds;
  }
};

struct ExporterProfile {
  std::string_view name;                    ///< "vgem"
  bool in_kernel = false;                   ///< Export + InstallFd (true) or Create (false)
  Interface interface = Interface::Unread;  ///< of Create; means nothing if in_kernel
  std::uint8_t own_references = 0;          ///< DBUF-PRM-009: kept while the handle is open
  Answer caches_mapping = Answer::No;       ///< sets `cache_sgt_mapping`
  Answer allocates_at_export = Answer::Maybe;
  Answer refuses_attach_after_map = Answer::No;   ///< DBUF-MIG-003, -EBUSY
  Answer refuses_attach = Answer::No;       ///< any attach, with any errno: nobody has read why (DBUF-ATT-015)
  Constraints constraints = Constraints::Ignored;
  bool single_page_suits = false;           ///< one page suits the strict device wherever it is
  bool concurrent_maps = true;              ///< several mappings of one attachment (DBUF-MAP-003, DBUF-HEP-009)
  bool has_mmap = true;                     ///< else -EINVAL (DBUF-MMU-001)
  Answer private_mmap = Answer::No;         ///< MAP_PRIVATE accepted (DBUF-MMU-006)
  bool private_single_page = false;         ///< MAP_PRIVATE of one page is accepted, of more never (DBUF-HEP-008)
  Growth growth = Growth::Refused;          ///< mremap to more pages (DBUF-MMU-012)
  bool end_needs_begin = false;             ///< DBUF-UDM-020
  bool chooses_access = true;               ///< honours the access asked for; else always read-write
  bool write_only = true;                   ///< can be asked for a write-only buffer
  bool zeroed = true;                       ///< a new buffer reads as zeroes
  bool dynamic = false;                     ///< has pin and unpin: moves its storage, and says so (DBUF-MIG-007)
  bool fails = false;                       ///< its callbacks can be told to fail
  bool vmap_fails = false;                  ///< its vmap, too (the core would warn, DBUF-VMP-004)
  Answer has_vmap = Answer::Yes;            ///< else -EINVAL (DBUF-VMP-002)
  Answer scattered = Answer::Maybe;         ///< several pages have gaps between them, where a device looks (DBUF-VBT-022)
  bool device_data = true;                  ///< DeviceRead/DeviceWrite can see the pages
  std::string_view source;
};

struct ImporterProfile {
  std::string_view name;       ///< "harness"; "" when there is none
  /// Refuses what would be misuse of the kernel: to use a reference, an attachment or a mapping that is
  /// not there (-ENOENT), to detach while mapped, and to put or install the last reference while attached
  /// (-EBUSY).
  bool guards_misuse = true;
};

/// Who makes the fences of a program, and what can be asked of it.
struct FenceProfile {
  std::string_view name;            ///< "vgem"; "" when there is nobody
  bool timelines = false;           ///< several fences of one context
  bool kernel_usages = false;       ///< KERNEL and BOOKKEEP, not only what user space has ways to add
  bool errors = false;              ///< can signal with an error
  bool refuses_conflicts = false;   ///< DBUF-VGM-006: -EBUSY where a pending fence stands in the way
  std::string_view source = {};
};

/// How a video queue gets at the buffers it imports: `vb2_mem_ops`.
enum class Allocator : std::uint8_t {
  Vmalloc,    ///< a kernel mapping, and no attachment (DBUF-VBT-017)
  Contiguous, ///< an attachment, mapped, and no gaps (DBUF-VBT-010)
};

struct QueueProfile {
  std::string_view name;   ///< "vmalloc"; "" when there is no queue
  Allocator allocator = Allocator::Vmalloc;
  std::uint8_t least = 1;  ///< REQBUFS of fewer gives so many
  std::string_view source = {};

  constexpr bool there() const { return !name.empty(); }
};

struct Profile {
  KernelProfile kernel;
  ExporterProfile exporter;
  ImporterProfile importer;
  FenceProfile fences = {};
  QueueProfile queue = {};
};

std::span<const FenceProfile> fence_profiles();
const FenceProfile* find_fence_profile(std::string_view name);
/// Who makes the fences of programs on this exporter: the reference of its own, vgem on its own buffers, else vgem
/// through sync_files.
const FenceProfile& fences_beside(std::string_view exporter);
std::span<const QueueProfile> queue_profiles();
const QueueProfile* find_queue_profile(std::string_view name);
/// Of a target's exporter: the reference's own, or vivid's where "+v4l2" is said; else there is none.
QueueProfile queue_beside(std::string_view exporter);
std::span<const KernelProfile> kernel_profiles();
std::span<const ExporterProfile> exporter_profiles();
/// nullptr if there is none of that name.
const KernelProfile* find_kernel_profile(std::string_view name);
const ExporterProfile* find_exporter_profile(std::string_view name);

}  // namespace dmabuf::model
