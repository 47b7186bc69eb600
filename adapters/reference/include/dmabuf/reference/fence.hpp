// SPDX-License-Identifier: MIT
/// Fences, and what holds them: the reservation of a buffer, and sync_files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dmabuf/model/ids.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::reference {

using FenceIndex = std::int8_t;
inline constexpr FenceIndex kNoFence = -1;
/// Signalled from the start: what stands for any fence that is over and forgotten.
inline constexpr FenceIndex kStubFence = model::kMaxFences;

struct Fence {
  bool made = false;
  bool signalled = false;
  bool failed = false;
  std::uint32_t context = 0;
  std::uint32_t seqno = 0;
};

/// `struct dma_resv_list`: grows like the kernel's, and forgets what is over only when it does.
struct Reservation {
  struct Entry {
    FenceIndex fence = kNoFence;
    model::Usage usage = model::Usage::Kernel;
  };
  static constexpr std::uint8_t kFirstRoom = 5;  // what the kernel's first allocation has
  std::array<Entry, 16> entries{};
  std::uint8_t count = 0;
  std::uint8_t room = 0;
};

struct SyncFile {
  bool open = false;
  bool close_on_exec = true;
  std::uint8_t count = 0;
  std::array<FenceIndex, 16> fences{};
  std::int8_t follows = -1;  ///< the buffer it still looks at; kept for ExportFollowsBuffer only
  model::Usage usage = model::Usage::Kernel;  ///< likewise

  void add(FenceIndex fence) {
    if (count < fences.size()) fences[count++] = fence;
  }
};

}  // namespace dmabuf::reference
