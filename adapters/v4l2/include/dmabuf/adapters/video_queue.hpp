// SPDX-License-Identifier: MIT
/// A capture queue of vivid as an importer, from user space.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::adapters {

class VideoQueue {
 public:
  /// One whose buffers come from the allocator "vmalloc" or "dma_contig". Nothing, and why, if there is none.
  struct Opened {
    std::unique_ptr<VideoQueue> queue;
    std::string reason;
    std::string remedy;
  };
  static Opened open(std::string_view allocator);

  model::Outcome reqbufs(const model::op::Reqbufs& op);
  /// QBUF, or PREPARE_BUF, of what is open at `dmabuf` in this process.
  model::Outcome put_in(bool prepare, std::uint8_t index, int dmabuf, model::VideoLength length, model::VideoMemory memory,
                        model::VideoFile file);
  model::Outcome dqbuf(model::VideoFile file);
  model::Outcome stream(bool on, model::VideoFile file);
  model::Outcome close(model::VideoFile file);
  /// Closes both files.
  void reset();

 private:
  explicit VideoQueue(std::string node) : node_(std::move(node)) {}
  int file(model::VideoFile which);
  bool has_queued(int fd) const;

  std::string node_;
  std::array<UniqueFd, 2> files_;
};

}  // namespace dmabuf::adapters
