// SPDX-License-Identifier: MIT
#include "habits.hpp"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::adapters {
namespace {

std::optional<bool> asked_of_backend(ExporterBackend& backend) {
  const Expected<int> made = backend.create({.buffer = {0}, .fd = {0}, .pages = 1, .access = model::Access::ReadWrite,
                                             .cloexec = model::CloseOnExec::Yes});
  if (!made) return std::nullopt;
  const std::optional<bool> known = [&] {
    const UniqueFd dmabuf(*made);
    return knows_sync_files(dmabuf.get());
  }();
  backend.reset();
  return known;
}

std::optional<bool> asked_of_harness(Harness& harness) {
  const auto made = harness.export_buffer(1, model::Access::ReadWrite, 0, DBH_DEFECT_NONE);
  if (!made) return std::nullopt;
  std::optional<bool> known;
  if (const Expected<int> installed = harness.install(made->reference, model::CloseOnExec::Yes)) {
    const UniqueFd dmabuf(*installed);
    known = knows_sync_files(dmabuf.get());
  }
  harness.reset();
  return known;
}

}  // namespace

std::optional<bool> knows_sync_files(int dmabuf) {
  // Neither READ nor WRITE: refused with -EINVAL before anything is made (dma_buf_export_sync_file).
  struct dma_buf_export_sync_file nothing {};
  nothing.fd = -1;
  if (::ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &nothing) == 0) return std::nullopt;
  if (errno == ENOTTY) return false;
  return errno == EINVAL ? std::optional(true) : std::nullopt;
}

KernelHabits habits_of(Harness* harness, ExporterBackend* backend) {
  KernelHabits habits;
  if (backend != nullptr) habits.has_sync_file = asked_of_backend(*backend);
  if (!habits.has_sync_file && harness != nullptr)
    habits.has_sync_file = asked_of_harness(*harness);
  if (harness != nullptr) {
    habits.caches_mappings = harness->has(DBH_FEATURE_CACHING);
    habits.move_notify = harness->has(DBH_FEATURE_MOVE_NOTIFY);
  }
  return habits;
}

}  // namespace dmabuf::adapters
