// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/vgem_fences.hpp"

#include <fcntl.h>
#include <linux/dma-buf.h>

#include "dmabuf/adapters/drm_prime.hpp"
#include "dmabuf/adapters/drm_uapi.hpp"
#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::adapters {
namespace {

/// A handle that goes with its scope.
class Handle {
 public:
  Handle(int card, __u32 handle) : card_(card), handle_(handle) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    drm_gem_close request{.handle = handle_, .pad = 0};
    (void)call(card_, DRM_IOCTL_GEM_CLOSE, request);
  }
  __u32 get() const { return handle_; }

 private:
  int card_;
  __u32 handle_;
};

}  // namespace

std::unique_ptr<VgemFences> VgemFences::open(Way way) {
  for (const DrmCard& card : drm_cards()) {
    if (card.driver != "vgem") continue;
    UniqueFd fd(::open(card.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) continue;
    (void)::ioctl(fd.get(), DRM_IOCTL_DROP_MASTER, nullptr);
    return std::make_unique<VgemFences>(std::move(fd), way);
  }
  return nullptr;
}

Expected<std::uint32_t> VgemFences::attach(std::uint32_t handle, bool write) {
  drm_vgem_fence_attach request{.handle = handle, .flags = write ? VGEM_FENCE_WRITE : 0U, .out_fence = 0, .pad = 0};
  const auto done = call(card_.get(), DRM_IOCTL_VGEM_FENCE_ATTACH, request);
  if (!done) return tl::unexpected(done.error());
  return request.out_fence;
}

Expected<std::uint32_t> VgemFences::import(int dmabuf, bool write) {
  // A buffer for this one fence: where nothing else is, nothing stands in its way, and the sync_file of
  // it alone is that very fence (DBUF-SFE-006).
  drm_mode_create_dumb dumb{};
  dumb.width = kPageSize / 4;
  dumb.bpp = 32;
  dumb.height = 1;
  if (const auto made = call(card_.get(), DRM_IOCTL_MODE_CREATE_DUMB, dumb); !made)
    harness_failure("vgem makes no buffer for a fence", made.error().value);
  const Handle handle(card_.get(), dumb.handle);
  drm_prime_handle prime{.handle = handle.get(), .flags = O_CLOEXEC, .fd = -1};
  if (const auto shared = call(card_.get(), DRM_IOCTL_PRIME_HANDLE_TO_FD, prime); !shared)
    harness_failure("vgem shares no buffer for a fence", shared.error().value);
  const UniqueFd own(prime.fd);
  const auto id = attach(handle.get(), true);
  if (!id) harness_failure("vgem makes no fence", id.error().value);
  dma_buf_export_sync_file exported{.flags = DMA_BUF_SYNC_READ, .fd = -1};
  if (const auto done = call(own.get(), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, exported); !done)
    harness_failure("a fence cannot be exported", done.error().value);
  const UniqueFd fence(exported.fd);
  dma_buf_import_sync_file imported{.flags = static_cast<__u32>(write ? DMA_BUF_SYNC_WRITE : DMA_BUF_SYNC_READ),
                                    .fd = fence.get()};
  const auto done = call(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, imported);
  if (done) return *id;
  (void)signal(*id);
  return tl::unexpected(done.error());
}

Expected<std::uint32_t> VgemFences::add(int dmabuf, model::Usage usage) {
  const bool write = usage == model::Usage::Write;
  if (!write && usage != model::Usage::Read) throw conformance::HarnessError("vgem's fences are READ or WRITE");
  if (way_ == Way::Imported) return import(dmabuf, write);
  drm_prime_handle prime{.handle = 0, .flags = 0, .fd = dmabuf};
  if (const auto found = call(card_.get(), DRM_IOCTL_PRIME_FD_TO_HANDLE, prime); !found)
    harness_failure("vgem does not know a buffer of its own", found.error().value);
  const Handle handle(card_.get(), prime.handle);
  return attach(handle.get(), write);
}

model::Outcome VgemFences::signal(std::uint32_t id) {
  drm_vgem_fence_signal request{.fence = id, .flags = 0};
  return call(card_.get(), DRM_IOCTL_VGEM_FENCE_SIGNAL, request);
}

}  // namespace dmabuf::adapters
