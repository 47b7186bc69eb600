// SPDX-License-Identifier: MIT
/// How large a world may grow. Generators draw only slots below the bounds; the explorer enumerates
/// everything below them.
#pragma once

#include <bitset>
#include <cstdint>
#include <vector>

#include "dmabuf/model/operation.hpp"

namespace dmabuf::model {

struct Bounds {
  std::uint8_t buffers = kMaxBuffers;
  std::uint8_t fds = kMaxFds;
  std::uint8_t references = kMaxReferences;
  std::uint8_t attachments = kMaxAttachments;
  std::uint8_t mappings = kMaxMappings;
  std::uint8_t vmas = kMaxVmas;
  std::uint8_t messages = kMaxMessages;
  std::uint8_t devices = kDevices;
  std::uint8_t pages = kMaxPages;  ///< largest buffer
  std::uint8_t fences = kMaxFences;
  std::uint8_t sync_files = kMaxSyncFiles;
  std::uint8_t children = kMaxChildren;
  std::uint8_t vmaps = kMaxVmaps;
  std::uint8_t memfds = kMaxMemfds;
  std::uint8_t indices = 0;  ///< of a video queue, where there is one
  /// Kinds of operations allowed (indices of Operation); all by default.
  std::bitset<kOperationKinds> kinds = std::bitset<kOperationKinds>{}.set();
};

/// The set of the named operations: `kinds<op::Attach, op::Detach>()`.
template <class... Ops>
std::bitset<kOperationKinds> kinds() {
  std::bitset<kOperationKinds> set;
  (set.set(kind_of<Ops>()), ...);
  return set;
}

/// Every operation within the bounds, invalid calls included, with one representative for arguments
/// that the machines do not tell apart (tags, names of equal class). The explorer's alphabet.
std::vector<Operation> all_operations(const Bounds& bounds);

}  // namespace dmabuf::model
