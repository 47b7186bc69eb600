// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>

namespace dmabuf::adapters {

Expected<UniqueFd> sealed_memory(std::size_t bytes) {
  UniqueFd memory(::memfd_create("dmabuf-conform", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0)
    return tl::unexpected(model::Errno{errno});
  return memory;
}

void* unmapped_page() {
  static void* const page = [] {
    void* const address =
        ::mmap(nullptr, kPageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) harness_failure("cannot reserve a page", errno);
    return address;
  }();
  return page;
}

}  // namespace dmabuf::adapters
