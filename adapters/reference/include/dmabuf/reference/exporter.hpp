// SPDX-License-Identifier: MIT
/// What an exporter brings: a table of callbacks, as `struct dma_buf_ops`, and a few habits that
/// its own user interface or the core acts on.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dmabuf/reference/dma_buf.hpp"

namespace dmabuf::reference {

/// Callbacks return 0 or a positive errno. Those that may be nullptr say so.
struct DmaBufOps {
  /// Optional: everybody may attach.
  int (*attach)(Core&, DmaBuf&, model::DeviceId) = nullptr;
  /// Optional.
  void (*detach)(Core&, DmaBuf&) = nullptr;
  int (*map)(Core&, DmaBuf&, model::DeviceId, model::Direction, SgTable&) = nullptr;
  void (*unmap)(Core&, DmaBuf&, const SgTable&) = nullptr;
  void (*release)(Core&, DmaBuf&) = nullptr;
  /// Optional: no CPU mappings.
  int (*mmap)(Core&, DmaBuf&, model::Sharing) = nullptr;
  int (*begin_cpu_access)(Core&, DmaBuf&, model::Direction) = nullptr;
  int (*end_cpu_access)(Core&, DmaBuf&, model::Direction) = nullptr;
  /// Optional: no kernel mappings. The address is the place's.
  int (*vmap)(Core&, DmaBuf&, Place&) = nullptr;
  void (*vunmap)(Core&, DmaBuf&) = nullptr;
  /// Optional, both or neither: who has them is dynamic, and moves its storage.
  int (*pin)(Core&, DmaBuf&, model::DeviceId) = nullptr;
  void (*unpin)(Core&, DmaBuf&) = nullptr;
  /// Not of the kernel's table, but the exporter's own doing: moves the storage elsewhere. Only with pin.
  int (*migrate)(Core&, DmaBuf&) = nullptr;
  /// Not of the kernel's table: gives a buffer its storage, at export or at first use.
  void (*allocate)(Core&, DmaBuf&) = nullptr;
};

/// Is there a video queue beside the exporter, and what does it do with what it imports?
enum class Importing : std::uint8_t { No, Vmalloc, Contiguous };

struct ExporterConfig {
  std::string_view name;
  const DmaBufOps* ops = nullptr;
  bool in_kernel = true;  ///< exported by a kernel caller; else created through a device
  bool allocates_at_export = false;
  bool caches_mappings = false;     ///< `cache_sgt_mapping`
  bool chooses_access = true;       ///< honours the access asked for; else always read-write
  bool grows = false;               ///< mremap may make a mapping longer; pages are faulted in
  bool write_only = true;           ///< has a way to ask for it; else -EINVAL
  bool takes_lists = false;         ///< of memfds and their pages
  bool checks_flags = false;        ///< -EINVAL for flags it does not know; else they are ignored
  std::uint8_t own_references = 0;  ///< beside the fd's, while the handle is open
  Importing queue = Importing::No;
  bool scattered = false;           ///< its pages lie apart

  bool dynamic() const { return ops->pin != nullptr; }
};

/// The names open_reference() takes.
std::span<const std::string_view> reference_exporters();
/// nullptr if there is none of that name.
const ExporterConfig* find_exporter(std::string_view name);

}  // namespace dmabuf::reference
