// SPDX-License-Identifier: MIT
/// Fences made by vgem, for any buffer.
#pragma once

#include <cstdint>
#include <memory>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::adapters {

/// A device node of vgem's, of its own: fence ids belong to the open file (DBUF-VGM-010). A fence ends
/// by itself after ten seconds (DBUF-VGM-009), which no case takes.
class VgemFences {
 public:
  /// How a fence gets into the reservation of a buffer.
  enum class Way {
    Attached,  ///< FENCE_ATTACH, for vgem's own: refuses what stands in the way of another (DBUF-VGM-006)
    Imported,  ///< attached to a buffer made for it, and brought over by IMPORT_SYNC_FILE
  };
  /// nullptr if no vgem is there.
  static std::unique_ptr<VgemFences> open(Way way);

  VgemFences(UniqueFd card, Way way) : card_(std::move(card)), way_(way) {}

  /// A new fence, pending, in the reservation behind `dmabuf`: its id.
  Expected<std::uint32_t> add(int dmabuf, model::Usage usage);
  model::Outcome signal(std::uint32_t id);

 private:
  Expected<std::uint32_t> attach(std::uint32_t handle, bool write);
  Expected<std::uint32_t> import(int dmabuf, bool write);

  UniqueFd card_;
  Way way_;
};

}  // namespace dmabuf::adapters
