// SPDX-License-Identifier: MIT
/// A video queue that imports, as videobuf2 does it: one plane an index. It has no thread: what is queued while it
/// streams is done when somebody asks for it.
#include <algorithm>
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::Direction;
using model::done;
using model::Outcome;
using model::refused;
using model::VideoFile;
using model::VideoLength;
using model::VideoMemory;

namespace {

constexpr std::uint64_t kImage = 1024;  ///< bytes; less than a page

std::uint64_t asked(VideoLength length, std::uint64_t size) {
  switch (length) {
    case VideoLength::Whole: return size;
    case VideoLength::Image: return kImage;
    case VideoLength::Short: return kImage - 1;
    case VideoLength::Long: return size + kReportedPageSize;
  }
  return 0;
}

/// In a buffer's list of attachments, behind those of programs.
std::uint8_t number_of(std::uint8_t index) { return static_cast<std::uint8_t>(model::kMaxAttachments + index); }

}  // namespace

int System::busy(VideoFile file) const { return file == VideoFile::Second && queue_.count > 0 ? EBUSY : 0; }

Outcome System::run(const model::op::Reqbufs& op) {
  if (exporter_->queue == Importing::No || op.count > model::kMaxIndices) return refused(ENOENT);
  if (op.memory != VideoMemory::DmaBuf) return refused(EINVAL);
  if (const int error = busy(op.file)) return refused(error);
  if (queue_.streaming && !is(Mutant::ReqbufsWhileStreaming)) return refused(EBUSY);
  if (op.count == 0 && is(Mutant::ReqbufsForgetsLast) && queue_.count == model::kMaxIndices)
    queue_.buffers[model::kMaxIndices - 1] = {};
  free_queue();
  queue_.count = op.count;
  return model::Reply{op.count};
}

int System::queue_or_prepare(std::uint8_t index, model::FdId fd, VideoLength length, VideoMemory memory, VideoFile file,
                             bool prepare) {
  if (exporter_->queue == Importing::No) return ENOENT;
  if (const int error = busy(file)) return error;
  if (index >= queue_.count || memory != VideoMemory::DmaBuf) return EINVAL;
  VideoBuffer& video = queue_.buffers[index];
  if (video.queued || (prepare && video.prepared)) return EINVAL;
  if (!video.prepared || is(Mutant::QbufPreparesAgain))
    if (const int error = acquire(index, fd, length)) return error;
  video.prepared = true;
  if (!prepare) {
    video.queued = true;
    video.turn = queue_.turns++;
  }
  return 0;
}

/// What has failed has let go of what the index had before, too.
int System::acquire(std::uint8_t index, model::FdId fd, VideoLength asked_length) {
  VideoBuffer& plane = queue_.buffers[index];
  const FdEntry* const found = fd == model::kForeignFd ? nullptr : entry(fd);
  const auto give_up = [&](int error) {
    if (!is(Mutant::RefusedQbufKeepsOld)) put_plane(index);
    return error;
  };
  if (found == nullptr) return give_up(is(Mutant::QbufBadFdWrongErrno) ? EBADF : EINVAL);
  const std::int8_t buffer = found->buffer;
  get_file(buffer_of(buffer));
  const std::uint64_t length = asked(asked_length, buffer_of(buffer).size);
  const bool same = buffer == plane.attachment.buffer && length == plane.length;
  if (length < kImage || (same && !is(Mutant::RequeueAcquiresAgain))) {
    put_file(buffer_of(buffer));
    return length < kImage ? give_up(EINVAL) : 0;
  }
  if (is(Mutant::QueueKeepsReplaced)) plane = {};
  else put_plane(index);
  if (const int error = attach_plane(index, buffer, length)) {
    if (!is(Mutant::RefusedQbufLeaks)) put_file(buffer_of(buffer));
    return error;
  }
  if (is(Mutant::QueueSharesReference))
    for (std::uint8_t other = 0; other < queue_.count; ++other)
      plane.shares = plane.shares || (other != index && queue_.buffers[other].attachment.buffer == buffer);
  if (plane.shares) put_file(buffer_of(buffer));
  const int error = map_plane(plane);
  if (error != 0) put_plane(index);
  return error;
}

int System::attach_plane(std::uint8_t index, std::int8_t number, std::uint64_t length) {
  DmaBuf& buffer = buffer_of(number);
  if (length > buffer.size) return EFAULT;
  if (exporter_->queue == Importing::Contiguous) {
    const DmaBufOps& ops = *buffer.exporter->ops;
    int error = told_to_fail(buffer, model::Callback::Attach);
    if (error == 0 && ops.attach != nullptr) error = ops.attach(core_, buffer, model::kLaxDevice);
    if (error != 0) {
      ++buffer.attach_refused;
      return error;
    }
    buffer.count(Callback::Attach);
    buffer.attachments.insert(number_of(index), model::kLaxDevice.value);
  }
  VideoBuffer& plane = queue_.buffers[index];
  plane.attachment = {};
  plane.attachment.buffer = number;
  plane.length = length;
  return 0;
}

int System::map_plane(VideoBuffer& plane) {
  DmaBuf& buffer = buffer_of(plane.attachment.buffer);
  if (exporter_->queue == Importing::Vmalloc) {
    if (const int error = vmap(buffer)) return is(Mutant::QbufVmapErrnoPassed) ? error : EFAULT;
    plane.mapped = true;
    return 0;
  }
  if (map(plane.attachment, buffer, Direction::FromDevice, plane.table) != 0) return EINVAL;
  plane.mapped = true;
  ++buffer.live_mappings;
  const std::uint64_t together = exporter_->scattered ? kReportedPageSize : buffer.size;
  return plane.length > together && !is(Mutant::QueueTakesGaps) ? EFAULT : 0;
}

void System::put_plane(std::uint8_t index) {
  VideoBuffer& plane = queue_.buffers[index];
  if (plane.attachment.buffer == kNobody) return;
  DmaBuf& buffer = buffer_of(plane.attachment.buffer);
  if (exporter_->queue == Importing::Vmalloc && plane.mapped) vunmap(buffer);
  if (exporter_->queue == Importing::Contiguous) {
    if (plane.mapped) {
      --buffer.live_mappings;
      if (!is(Mutant::QueueForgetsUnmap)) unmap(buffer, plane.table, Direction::FromDevice);
    }
    detach(buffer, number_of(index));
  }
  if (!plane.shares) put_file(buffer);
  const VideoBuffer before = plane;
  plane = {};
  plane.prepared = before.prepared;
  plane.queued = before.queued;
  plane.turn = before.turn;
}

Outcome System::run(const model::op::Qbuf& op) {
  if (const int error = queue_or_prepare(op.index, op.fd, op.length, op.memory, op.file, false)) return refused(error);
  return done();
}

Outcome System::run(const model::op::PrepareBuf& op) {
  if (const int error = queue_or_prepare(op.index, op.fd, op.length, op.memory, op.file, true)) return refused(error);
  return done();
}

Outcome System::run(const model::op::Dqbuf& op) {
  if (exporter_->queue == Importing::No) return refused(ENOENT);
  if (const int error = busy(op.file)) return refused(error);
  if (!queue_.streaming) return refused(EINVAL);
  VideoBuffer* oldest = nullptr;
  for (VideoBuffer& video : queue_.buffers) {
    if (!video.queued) continue;
    const bool earlier = oldest == nullptr || (video.turn < oldest->turn) != is(Mutant::DqbufNewestFirst);
    if (earlier) oldest = &video;
  }
  if (oldest == nullptr) return refused(EAGAIN);
  oldest->queued = oldest->prepared = false;
  const auto index = static_cast<std::uint8_t>(oldest - queue_.buffers.data());
  if (is(Mutant::DqbufReleases)) put_plane(index);
  return model::Reply{index};
}

Outcome System::run(const model::op::StreamOn& op) {
  if (exporter_->queue == Importing::No) return refused(ENOENT);
  if (const int error = busy(op.file)) return refused(error);
  if (queue_.count == 0) return refused(EINVAL);
  queue_.streaming = true;
  return done();
}

void System::cancel() {
  queue_.streaming = false;
  for (VideoBuffer& video : queue_.buffers) video.queued = video.prepared = false;
}

Outcome System::run(const model::op::StreamOff& op) {
  if (exporter_->queue == Importing::No) return refused(ENOENT);
  if (const int error = busy(op.file)) return refused(error);
  cancel();
  if (is(Mutant::StreamOffReleases))
    for (std::uint8_t index = 0; index < queue_.count; ++index) put_plane(index);
  return done();
}

void System::free_queue() {
  cancel();
  for (std::uint8_t index = 0; index < queue_.count; ++index) put_plane(index);
  queue_.count = 0;
}

Outcome System::run(const model::op::CloseVideo& op) {
  if (exporter_->queue == Importing::No) return refused(ENOENT);
  if (busy(op.file) == 0 && !is(Mutant::CloseVideoForgets)) free_queue();
  else if (busy(op.file) == 0) queue_ = {};
  return done();
}

}  // namespace dmabuf::reference
