// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/video_queue.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::adapters {
namespace {

using model::Outcome;
using model::VideoFile;
using model::VideoLength;
using model::VideoMemory;

constexpr std::uint32_t kCapture = V4L2_BUF_TYPE_VIDEO_CAPTURE;
constexpr std::uint32_t kWidth = 64, kHeight = 16, kImage = kWidth * kHeight;
constexpr std::uint32_t kUnknownMemory = 77;
constexpr int kPatience = 10'000;  ///< ms; vivid makes sixty images a second

/// vivid's HDMI input takes any size; its others do not.
bool set_format(int fd) {
  constexpr int kHdmi = 3;
  int input = kHdmi;
  if (::ioctl(fd, VIDIOC_S_INPUT, &input) != 0) return false;
  v4l2_format format{};
  format.type = kCapture;
  format.fmt.pix.width = kWidth;
  format.fmt.pix.height = kHeight;
  format.fmt.pix.pixelformat = V4L2_PIX_FMT_GREY;
  format.fmt.pix.field = V4L2_FIELD_ANY;
  return ::ioctl(fd, VIDIOC_S_FMT, &format) == 0 && format.fmt.pix.sizeimage == kImage;
}

UniqueFd open_node(const std::string& node) { return UniqueFd(::open(node.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)); }

bool is_vivid(int fd) {
  v4l2_capability capability{};
  return ::ioctl(fd, VIDIOC_QUERYCAP, &capability) == 0 &&
         std::string_view(reinterpret_cast<const char*>(capability.driver)) == "vivid" &&
         (capability.device_caps & V4L2_CAP_VIDEO_CAPTURE) != 0;
}

/// What exports the queue's own buffers is what imports those of others.
bool has_allocator(int fd, std::string_view allocator) {
  v4l2_requestbuffers request{};
  request.count = 1;
  request.type = kCapture;
  request.memory = V4L2_MEMORY_MMAP;
  if (::ioctl(fd, VIDIOC_REQBUFS, &request) != 0) return false;
  v4l2_exportbuffer exported{};
  exported.type = kCapture;
  exported.flags = O_RDWR | O_CLOEXEC;
  if (::ioctl(fd, VIDIOC_EXPBUF, &exported) != 0) return false;
  const UniqueFd buffer(exported.fd);
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(buffer.get()));
  const std::string text(std::istreambuf_iterator<char>(info), {});
  return text.find("exp_name:\tvideobuf2_" + std::string(allocator) + "\n") != std::string::npos;
}

std::uint32_t number(VideoLength length, int dmabuf) {
  switch (length) {
    case VideoLength::Whole: return 0;
    case VideoLength::Image: return kImage;
    case VideoLength::Short: return kImage - 1;
    case VideoLength::Long: break;
  }
  const off_t size = ::lseek(dmabuf, 0, SEEK_END);
  return static_cast<std::uint32_t>(std::max<off_t>(size, 0) + static_cast<off_t>(kPageSize));
}

std::uint32_t number(VideoMemory memory) { return memory == VideoMemory::DmaBuf ? std::uint32_t{V4L2_MEMORY_DMABUF} : kUnknownMemory; }

}  // namespace

VideoQueue::Opened VideoQueue::open(std::string_view allocator) {
  std::vector<std::string> nodes;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored))
    if (entry.path().filename().string().starts_with("video")) nodes.push_back(entry.path().string());
  std::ranges::sort(nodes);
  for (const std::string& node : nodes) {
    const UniqueFd file = open_node(node);
    if (file.get() < 0 || !is_vivid(file.get()) || !has_allocator(file.get(), allocator)) continue;
    v4l2_requestbuffers none{};
    none.type = kCapture;
    none.memory = V4L2_MEMORY_MMAP;
    if (::ioctl(file.get(), VIDIOC_REQBUFS, &none) != 0 || !set_format(file.get())) continue;
    return {std::unique_ptr<VideoQueue>(new VideoQueue(node)), {}, {}};
  }
  return {nullptr, "no capture queue of vivid with the allocator " + std::string(allocator) + " that makes images of 1024 bytes",
          "as root: modprobe vivid n_devs=3 node_types=0x1,0x1,0x1 allocators=0,1,1"};
}

/// The format is the device's, and stays when files come and go.
int VideoQueue::file(VideoFile which) {
  UniqueFd& fd = files_[static_cast<std::size_t>(which)];
  if (fd.get() < 0) fd = open_node(node_);
  if (fd.get() < 0) harness_failure("cannot open " + node_, errno);
  return fd.get();
}

Outcome VideoQueue::reqbufs(const model::op::Reqbufs& op) {
  v4l2_requestbuffers request{};
  request.count = op.count;
  request.type = kCapture;
  request.memory = number(op.memory);
  const Outcome outcome = call(file(op.file), VIDIOC_REQBUFS, request);
  if (!outcome) return outcome;
  return model::Reply{request.count};
}

Outcome VideoQueue::put_in(bool prepare, std::uint8_t index, int dmabuf, VideoLength length, VideoMemory memory, VideoFile which) {
  v4l2_buffer request{};
  request.index = index;
  request.type = kCapture;
  request.memory = number(memory);
  request.m.fd = dmabuf;
  request.length = number(length, dmabuf);
  const Outcome outcome = call(file(which), prepare ? VIDIOC_PREPARE_BUF : VIDIOC_QBUF, request);
  if (!outcome) return outcome;
  return model::done();
}

bool VideoQueue::has_queued(int fd) const {
  for (std::uint32_t index = 0; index < model::kMaxIndices; ++index) {
    v4l2_buffer asked{};
    asked.index = index;
    asked.type = kCapture;
    if (::ioctl(fd, VIDIOC_QUERYBUF, &asked) == 0 && (asked.flags & (V4L2_BUF_FLAG_QUEUED | V4L2_BUF_FLAG_DONE)) != 0) return true;
  }
  return false;
}

/// Waits as long as the device has something to give back: not a retry, the first answer is the answer to another question.
Outcome VideoQueue::dqbuf(VideoFile which) {
  const int fd = file(which);
  for (;;) {
    const bool queued = has_queued(fd);
    v4l2_buffer request{};
    request.type = kCapture;
    request.memory = V4L2_MEMORY_DMABUF;
    const Outcome outcome = call(fd, VIDIOC_DQBUF, request);
    if (outcome) return model::Reply{request.index};
    if (outcome.error().value != EAGAIN || !queued) return outcome;
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, kPatience) == 0) throw conformance::HarnessError(node_ + " does not give back what is queued");
  }
}

Outcome VideoQueue::stream(bool on, VideoFile which) {
  int type = kCapture;
  return call(file(which), on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, type);
}

Outcome VideoQueue::close(VideoFile which) {
  files_[static_cast<std::size_t>(which)] = UniqueFd();
  return model::done();
}

void VideoQueue::reset() {
  for (UniqueFd& fd : files_) fd = UniqueFd();
}

}  // namespace dmabuf::adapters
