// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/dma_heap.hpp"

#include <fcntl.h>
#include <linux/dma-heap.h>

#include <algorithm>
#include <filesystem>

#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::adapters {
namespace {

constexpr std::string_view kDirectory = "/dev/dma_heap";

class DmaHeap final : public ExporterBackend {
 public:
  DmaHeap(std::string_view heap, UniqueFd device)
      : name_("heap:" + std::string(heap)), device_(std::move(device)) {}

  std::string_view name() const override { return name_; }

  Expected<int> create(const model::op::Create& wanted) override {
    dma_heap_allocation_data request{};
    request.len = wanted.pages * kPageSize;
    request.fd_flags = flags(wanted);
    request.heap_flags = wanted.flags == model::CreationFlags::HeapFlags ? 1 : 0;
    request.fd = wanted.flags == model::CreationFlags::Answer ? 1 : 0;
    return call_for_fd(device_.get(), DMA_HEAP_IOCTL_ALLOC, request).map([&](auto) {
      return static_cast<int>(request.fd);
    });
  }

  void reset() override {}

 private:
  static __u32 flags(const model::op::Create& wanted) {
    const int mode = wanted.access == model::Access::ReadOnly    ? O_RDONLY
                     : wanted.access == model::Access::WriteOnly ? O_WRONLY
                                                          : O_RDWR;
    return static_cast<__u32>(mode | (wanted.cloexec == model::CloseOnExec::Yes ? O_CLOEXEC : 0)) |
           (wanted.flags == model::CreationFlags::Unknown ? kUnknownFlag : 0U);
  }

  std::string name_;
  UniqueFd device_;
};

}  // namespace

std::vector<std::string> dma_heaps() {
  std::vector<std::string> heaps;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory, ignored))
    heaps.push_back(entry.path().filename().string());
  std::sort(heaps.begin(), heaps.end());
  return heaps;
}

OpenedBackend open_dma_heap(std::string_view heap) {
  const std::string path = std::string(kDirectory) + "/" + std::string(heap);
  UniqueFd device(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (device) return {std::make_unique<DmaHeap>(heap, std::move(device)), {}, {}};
  if (errno == EACCES) return {nullptr, path + " may not be opened", "run as root"};
  return {nullptr, "no " + path,
          "boot a kernel with CONFIG_DMABUF_HEAPS_SYSTEM=y (Debian's 6.12 and newer have it) or "
          "with the heap in question"};
}

}  // namespace dmabuf::adapters
