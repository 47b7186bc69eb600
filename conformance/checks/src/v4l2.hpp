// SPDX-License-Identifier: MIT
/// vivid's capture devices, by the ioctls that are about buffers.
#pragma once

#include <linux/videodev2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::checks {

/// One open file of a capture device, set to a small format.
class Video {
 public:
  explicit Video(adapters::UniqueFd fd) : fd_(std::move(fd)) {}
  int fd() const { return fd_.get(); }
  /// False if the device has no such format.
  bool set_format();
  /// What an image takes, in bytes.
  std::uint32_t image() const { return image_; }

  long reqbufs(std::uint32_t count, std::uint32_t memory = V4L2_MEMORY_MMAP,
               std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE) const;
  long expbuf(std::uint32_t index, std::uint32_t flags, int& out,
              std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE, std::uint32_t plane = 0) const;
  long qbuf(std::uint32_t index, int buffer, std::uint32_t length = 0,
            std::uint32_t memory = V4L2_MEMORY_DMABUF,
            std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE) const;
  long dqbuf(std::uint32_t& index, std::uint32_t memory = V4L2_MEMORY_DMABUF) const;
  long stream(bool on) const;
  /// Of a buffer in MMAP mode; 0 if there is none.
  std::uint32_t length_of(std::uint32_t index) const;

 private:
  adapters::UniqueFd fd_;
  std::uint32_t image_ = 0;
};

/// Nodes of vivid capture devices with that allocator, in order.
std::vector<std::string> vivid_nodes(std::string_view allocator);
/// Opens it, and sets the format; an invalid fd if it cannot.
Video open_video(const std::string& node);

}  // namespace dmabuf::checks
