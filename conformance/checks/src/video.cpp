// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "dmabuf/adapters/kernel_file.hpp"
#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/adapters/proc_text.hpp"
#include "dmabuf/checks/context.hpp"
#include "dmabuf/checks/source.hpp"
#include "v4l2.hpp"

namespace dmabuf::checks {

using adapters::UniqueFd;

bool Video::set_format() {
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  format.fmt.pix.width = 320;
  format.fmt.pix.height = 180;
  format.fmt.pix.pixelformat = V4L2_PIX_FMT_GREY;
  format.fmt.pix.field = V4L2_FIELD_ANY;
  if (::ioctl(fd(), VIDIOC_S_FMT, &format) != 0) return false;
  image_ = format.fmt.pix.sizeimage;
  return true;
}

long Video::reqbufs(std::uint32_t count, std::uint32_t memory, std::uint32_t type) const {
  v4l2_requestbuffers request{};
  request.count = count;
  request.type = type;
  request.memory = memory;
  return ::ioctl(fd(), VIDIOC_REQBUFS, &request);
}

long Video::expbuf(std::uint32_t index, std::uint32_t flags, int& out, std::uint32_t type,
                   std::uint32_t plane) const {
  v4l2_exportbuffer request{};
  request.type = type;
  request.index = index;
  request.plane = plane;
  request.flags = flags;
  request.fd = -1;
  const int result = ::ioctl(fd(), VIDIOC_EXPBUF, &request);
  out = request.fd;
  return result;
}

long Video::qbuf(std::uint32_t index, int buffer, std::uint32_t length, std::uint32_t memory,
                 std::uint32_t type) const {
  v4l2_buffer request{};
  request.index = index;
  request.type = type;
  request.memory = memory;
  request.m.fd = buffer;
  request.length = length;
  return ::ioctl(fd(), VIDIOC_QBUF, &request);
}

long Video::dqbuf(std::uint32_t& index, std::uint32_t memory) const {
  v4l2_buffer request{};
  request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  request.memory = memory;
  const int result = ::ioctl(fd(), VIDIOC_DQBUF, &request);
  index = request.index;
  return result;
}

long Video::stream(bool on) const {
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  return ::ioctl(fd(), on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

std::uint32_t Video::length_of(std::uint32_t index) const {
  v4l2_buffer request{};
  request.index = index;
  request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  request.memory = V4L2_MEMORY_MMAP;
  return ::ioctl(fd(), VIDIOC_QUERYBUF, &request) == 0 ? request.length : 0;
}

Video open_video(const std::string& node) {
  Video video(UniqueFd(::open(node.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)));
  v4l2_capability capability{};
  if (video.fd() < 0 || ::ioctl(video.fd(), VIDIOC_QUERYCAP, &capability) != 0 ||
      std::string_view(reinterpret_cast<const char*>(capability.driver)) != "vivid" ||
      (capability.device_caps & V4L2_CAP_VIDEO_CAPTURE) == 0 || !video.set_format())
    return Video(UniqueFd());
  return video;
}

std::vector<std::string> vivid_nodes(std::string_view allocator) {
  std::vector<std::string> nodes, found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored))
    if (entry.path().filename().string().starts_with("video"))
      nodes.push_back(entry.path().string());
  std::sort(nodes.begin(), nodes.end());
  for (const std::string& node : nodes) {
    const Video video = open_video(node);
    if (video.fd() < 0 || video.reqbufs(1) != 0) continue;
    int out = -1;
    if (video.expbuf(0, O_RDWR | O_CLOEXEC, out) != 0) continue;
    const UniqueFd buffer(out);
    const std::string text = Context::fdinfo(buffer.get());
    const auto info = adapters::parse_fdinfo(text);
    if (info && info->exporter == "videobuf2_" + std::string(allocator)) found.push_back(node);
  }
  return found;
}

namespace {

class V4l2Source final : public Source {
 public:
  V4l2Source(Video video, std::string module)
      : video_(std::move(video)), module_(std::move(module)) {}

  adapters::Expected<Buffer> make(const Wanted& wanted) override {
    constexpr std::uint32_t kBuffers = 8;
    if (next_ == 0 && video_.reqbufs(kBuffers) != 0) return tl::unexpected(model::Errno{errno});
    if (next_ == kBuffers)
      throw conformance::HarnessError("a check asked for more buffers than the queue was given");
    const int mode = wanted.access == model::Access::ReadWrite   ? O_RDWR
                     : wanted.access == model::Access::WriteOnly ? O_WRONLY
                                                                 : O_RDONLY;
    int out = -1;
    if (video_.expbuf(next_,
                      static_cast<std::uint32_t>(
                          mode | (wanted.cloexec == model::CloseOnExec::Yes ? O_CLOEXEC : 0)),
                      out) != 0)
      return tl::unexpected(model::Errno{errno});
    const std::size_t length = video_.length_of(next_++);
    Buffer buffer;
    buffer.fd = UniqueFd(out);
    buffer.size = (length + adapters::kPageSize - 1) / adapters::kPageSize * adapters::kPageSize;
    return buffer;
  }
  void let_go() override {
    (void)video_.reqbufs(0);
    next_ = 0;
  }
  std::string module() const override { return module_; }

 private:
  Video video_;
  std::string module_;
  std::uint32_t next_ = 0;
};

}  // namespace

OpenedSource open_v4l2(std::string_view allocator) {
  const std::vector<std::string> nodes = vivid_nodes(allocator);
  if (nodes.empty())
    return {nullptr, "no vivid capture device with allocator " + std::string(allocator),
            "as root: modprobe vivid n_devs=3 node_types=0x1,0x1,0x1 allocators=0,1,1"};
  return {std::make_unique<V4l2Source>(open_video(nodes.front()),
                                       "videobuf2_" + std::string(allocator)),
          {},
          {}};
}

std::vector<std::string> v4l2_targets() {
  return {"v4l2:vmalloc", "v4l2:dma_contig"};
}

}  // namespace dmabuf::checks
