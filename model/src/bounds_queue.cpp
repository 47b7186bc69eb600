// SPDX-License-Identifier: MIT
/// What may be asked of a video queue.
#include "dmabuf/model/bounds.hpp"

namespace dmabuf::model {

void add_queue_operations(const Bounds& bounds, std::vector<Operation>& all);

void add_queue_operations(const Bounds& bounds, std::vector<Operation>& all) {
  if (bounds.indices == 0) return;
  const auto add = [&](const auto& o) {
    if (bounds.kinds.test(kind_of<std::remove_cvref_t<decltype(o)>>())) all.push_back(o);
  };
  static constexpr VideoMemory kKnown = VideoMemory::DmaBuf, kUnknown = VideoMemory::Unknown;
  for (std::uint8_t count = 0; count <= bounds.indices; ++count) add(op::Reqbufs{count});
  add(op::Reqbufs{bounds.indices, kUnknown});
  add(op::Reqbufs{bounds.indices, kKnown, VideoFile::Second});
  add(op::Reqbufs{0, kUnknown, VideoFile::Second});
  const auto both = [&](std::uint8_t i, FdId f, VideoLength length = VideoLength::Whole, VideoMemory memory = VideoMemory::DmaBuf,
                        VideoFile file = VideoFile::First) {
    add(op::Qbuf{i, f, length, memory, file});
    add(op::PrepareBuf{i, f, length, memory, file});
  };
  for (std::uint8_t i = 0; i < bounds.indices; ++i) {
    for (std::uint8_t f = 0; f < bounds.fds; ++f)
      for (const VideoLength length : {VideoLength::Whole, VideoLength::Image, VideoLength::Short, VideoLength::Long})
        both(i, FdId{f}, length);
    both(i, kBadFd);
    both(i, kForeignFd, VideoLength::Long);
  }
  both(0, FdId{0}, VideoLength::Whole, kUnknown);
  both(0, FdId{0}, VideoLength::Whole, kKnown, VideoFile::Second);
  both(0, FdId{0}, VideoLength::Whole, kUnknown, VideoFile::Second);
  both(kMaxIndices, FdId{0});
  for (const VideoFile file : {VideoFile::First, VideoFile::Second}) {
    add(op::Dqbuf{file});
    add(op::StreamOn{file});
    add(op::StreamOff{file});
    add(op::CloseVideo{file});
  }
}

}  // namespace dmabuf::model
