// SPDX-License-Identifier: MIT
/// Fences, polls and sync_files of a trace, on a running kernel. All of it in this process.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/adapters/vgem_fences.hpp"
#include "dmabuf/model/observation.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/outcome.hpp"

namespace dmabuf::adapters {

class KernelFences {
 public:
  /// Without a source there are no fences, and sync_files of none.
  explicit KernelFences(std::unique_ptr<VgemFences> source);

  bool has_source() const { return source_ != nullptr; }

  /// `fd` is the number that the operation's fd slot stands for.
  model::Outcome run(const model::op::AddFence& op, int fd);
  model::Outcome run(const model::op::SignalFence& op);
  model::Outcome run(const model::op::Poll& op, int fd);
  model::Outcome run(const model::op::ExportSyncFile& op, int fd);
  model::Outcome run(const model::op::ImportSyncFile& op, int fd);
  model::Outcome run(const model::op::MergeSyncFiles& op);
  model::Outcome run(const model::op::FileInfo& op);
  model::Outcome run(const model::op::PollSyncFile& op);
  model::Outcome run(const model::op::CloseSyncFile& op);

  void observe(model::Observation& seen) const;
  /// Signals what is pending, closes what is open.
  void reset();
  /// How many fds of this process are sync_files. Counted anew only if one was asked for since.
  long sync_files_in_process();

 private:
  int number(model::SyncFileId id) const;
  model::Outcome poll(int fd, model::Events events);

  std::unique_ptr<VgemFences> source_;
  std::array<std::optional<std::uint32_t>, model::kMaxFences> fences_;
  std::array<UniqueFd, model::kMaxSyncFiles> sync_files_;
  UniqueFd foreign_;
  long counted_ = 0;
  bool asked_ = true;  ///< for a sync_file, since the last count
};

}  // namespace dmabuf::adapters
