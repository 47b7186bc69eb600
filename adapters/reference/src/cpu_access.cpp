// SPDX-License-Identifier: MIT
/// dma_buf_begin_cpu_access and dma_buf_end_cpu_access, for the kernel and for DMA_BUF_IOCTL_SYNC.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::Direction;
using model::done;
using model::Outcome;
using model::refused;
using model::SyncFlags;

namespace {

// DMA_BUF_SYNC_*
constexpr std::uint64_t kRead = 1;
constexpr std::uint64_t kWrite = 2;
constexpr std::uint64_t kEnd = 4;

constexpr std::uint64_t bits_of(SyncFlags flags) {
  switch (flags) {
    case SyncFlags::StartRead:
      return kRead;
    case SyncFlags::StartWrite:
      return kWrite;
    case SyncFlags::StartBoth:
      return kRead | kWrite;
    case SyncFlags::EndRead:
      return kEnd | kRead;
    case SyncFlags::EndWrite:
      return kEnd | kWrite;
    case SyncFlags::EndBoth:
      return kEnd | kRead | kWrite;
    case SyncFlags::NoDirection:
      return 0;
    case SyncFlags::EndNoDirection:
      return kEnd;
    case SyncFlags::UnknownBit:
      return kRead | 8;
    case SyncFlags::UnknownHighBit:
      return kRead | std::uint64_t{1} << 32;
  }
  return 0;
}

constexpr std::uint64_t with_read_and_write_swapped(std::uint64_t bits) {
  return (bits & kEnd) | (bits & kRead) << 1 | (bits & kWrite) >> 1;
}

constexpr Direction direction_of(std::uint64_t bits) {
  switch (bits & (kRead | kWrite)) {
    case kRead:
      return Direction::FromDevice;
    case kWrite:
      return Direction::ToDevice;
    default:
      return Direction::Bidirectional;
  }
}

}  // namespace

int System::begin_cpu_access(DmaBuf& buffer, Direction direction) {
  if (is(Mutant::BeginCallbackSkipped)) return 0;
  if (is(Mutant::NestedBeginRefused) &&
      buffer.called(Callback::Begin) > buffer.called(Callback::End))
    return EBUSY;
  int error = told_to_fail(buffer, model::Callback::Begin);
  if (error != 0 && is(Mutant::FailedBeginIsCounted)) buffer.count(Callback::Begin);
  if (error == 0) error = buffer.exporter->ops->begin_cpu_access(core_, buffer, direction);
  if (error != 0) return error;
  buffer.count(Callback::Begin);
  buffer.begins.count(direction);
  if (is(Mutant::BeginWrongDirection) && direction == Direction::FromDevice) {
    // Cleaned instead of invalidated: the CPU's stale lines go over what the device wrote.
    for (std::size_t page = 0; page < buffer.pages; ++page)
      if ((buffer.device_dirty >> page & 1U) != 0)
        core_.memory.fill(buffer.frame(buffer.place, page), 0);
    buffer.device_dirty = 0;
  }
  return 0;
}

int System::end_cpu_access(DmaBuf& buffer, Direction direction) {
  if (is(Mutant::EndCallbackSkipped)) return 0;
  if (is(Mutant::UnbalancedEndRefused) &&
      buffer.called(Callback::Begin) <= buffer.called(Callback::End))
    return EINVAL;
  int error = told_to_fail(buffer, model::Callback::End);
  if (error == 0) error = buffer.exporter->ops->end_cpu_access(core_, buffer, direction);
  if (error != 0) return error;
  buffer.count(Callback::End);
  buffer.ends.count(direction);
  return 0;
}

Outcome System::run(const model::op::BeginCpuAccess& op) {
  if (op.reference.value >= model::kMaxReferences) return refused(ENOENT);
  const std::int8_t index = references_[op.reference.value];
  if (index == kNobody) return refused(ENOENT);
  const int error = begin_cpu_access(buffer_of(index), op.direction);
  return error != 0 ? refused(error) : done();
}

Outcome System::run(const model::op::EndCpuAccess& op) {
  if (op.reference.value >= model::kMaxReferences) return refused(ENOENT);
  const std::int8_t index = references_[op.reference.value];
  if (index == kNobody) return refused(ENOENT);
  const int error = end_cpu_access(buffer_of(index), op.direction);
  return error != 0 ? refused(error) : done();
}

Outcome System::run(const model::op::Sync& op) {
  if (op.fd == model::kForeignFd) return refused(ENOTTY);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  if (op.argument == model::Argument::Unmapped)
    return refused(is(Mutant::SyncBadPointerWrongErrno) ? EINVAL : EFAULT);

  std::uint64_t bits = bits_of(op.flags);
  if (is(Mutant::SyncAcceptsUnknownBit)) bits &= ~std::uint64_t{8};
  if (is(Mutant::SyncAcceptsHighBits)) bits &= UINT32_MAX;
  if ((bits & ~(kRead | kWrite | kEnd)) != 0) return refused(EINVAL);
  if ((bits & (kRead | kWrite)) == 0 && !is(Mutant::SyncAcceptsNoDirection)) return refused(EINVAL);
  if (is(Mutant::SyncRefusesBoth) && (bits & kRead) != 0 && (bits & kWrite) != 0)
    return refused(EINVAL);

  DmaBuf& buffer = buffer_of(found->buffer);
  if (is(Mutant::SyncChecksAccess) && (bits & kWrite) != 0 &&
      buffer.access == model::Access::ReadOnly)
    return refused(EACCES);
  if (is(Mutant::SyncSwapsStartAndEnd)) bits ^= kEnd;
  if (is(Mutant::SyncSwapsDirections)) bits = with_read_and_write_swapped(bits);
  const Direction direction = direction_of(bits);
  const int error =
      (bits & kEnd) != 0 ? end_cpu_access(buffer, direction) : begin_cpu_access(buffer, direction);
  return error != 0 ? refused(error) : done();
}

}  // namespace dmabuf::reference
