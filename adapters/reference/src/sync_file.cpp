// SPDX-License-Identifier: MIT
/// sync_files: the ioctls of a dma-buf that make and take them, and their own.
#include <algorithm>
#include <cerrno>
#include <vector>

#include "dmabuf/model/reply.hpp"
#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Events;
using model::FenceFlags;
using model::FenceInfo;
using model::InfoForm;
using model::OutArgument;
using model::Outcome;
using model::refused;
using model::Usage;

namespace {

constexpr unsigned kRead = 1;
constexpr unsigned kWrite = 2;

constexpr unsigned bits_of(FenceFlags flags) {
  switch (flags) {
    case FenceFlags::Read:
      return kRead;
    case FenceFlags::Write:
      return kWrite;
    case FenceFlags::Both:
      return kRead | kWrite;
    case FenceFlags::None:
      return 0;
    case FenceFlags::Unknown:
      return kRead | 4;
  }
  return 0;
}

}  // namespace

SyncFile* System::sync_file(model::SyncFileId id) {
  if (id.value >= sync_files_.size() || !sync_files_[id.value].open) return nullptr;
  return &sync_files_[id.value];
}

void System::collect(const DmaBuf& buffer, Usage usage, SyncFile& into) const {
  into.count = 0;
  for (std::uint8_t i = 0; i < buffer.reservation.count; ++i) {
    const Reservation::Entry& entry = buffer.reservation.entries[i];
    if (entry.usage <= usage && !over(entry.fence)) into.add(entry.fence);
  }
  if (into.count == 0) into.add(kStubFence);
}

/// What is in the file now.
SyncFile System::contents(const SyncFile& file) const {
  SyncFile now = file;
  if (is(Mutant::ExportFollowsBuffer) && file.follows >= 0 &&
      buffers_[static_cast<std::size_t>(file.follows)].alive())
    collect(buffers_[static_cast<std::size_t>(file.follows)], file.usage, now);
  return now;
}

Outcome System::run(const model::op::ExportSyncFile& op) {
  if (op.fd == model::kForeignFd) return refused(ENOTTY);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  if (op.argument == OutArgument::Unmapped) return refused(EFAULT);
  unsigned bits = bits_of(op.flags);
  if (is(Mutant::ExportFlagsUnchecked)) bits &= kRead | kWrite;
  if ((bits & ~(kRead | kWrite)) != 0) return refused(EINVAL);
  if (bits == 0) return refused(EINVAL);
  if (none_free(0)) {
    if (is(Mutant::NoFdLeaksSyncFile)) ++leaked_sync_files_;
    return refused(no_fd());
  }
  if (op.sync_file.value >= sync_files_.size() || sync_files_[op.sync_file.value].open) return refused(EEXIST);
  SyncFile made{.open = true, .close_on_exec = !is(Mutant::SyncFileWithoutCloexec)};
  made.usage = (bits & kWrite) != 0 && !is(Mutant::ExportIgnoresReaders) ? Usage::Read : Usage::Write;
  made.follows = found->buffer;
  collect(buffer_of(found->buffer), made.usage, made);
  if (op.argument == OutArgument::ReadOnly) {
    if (is(Mutant::ExportFaultLeaksFd)) ++leaked_sync_files_;
    return refused(EFAULT);
  }
  sync_files_[op.sync_file.value] = made;
  return done();
}

Outcome System::run(const model::op::ImportSyncFile& op) {
  if (op.fd == model::kForeignFd) return refused(ENOTTY);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  if (op.argument == model::Argument::Unmapped) return refused(EFAULT);
  unsigned bits = bits_of(op.flags);
  if ((bits & ~(kRead | kWrite)) != 0) return refused(EINVAL);
  if (bits == 0 && !is(Mutant::ImportFlagsUnchecked)) return refused(EINVAL);
  const SyncFile* file = sync_file(op.sync_file);
  if (file == nullptr) {
    const bool closed = op.sync_file != model::kForeignSyncFile;
    return refused(closed && is(Mutant::ImportBadFdWrongErrno) ? EBADF : EINVAL);
  }
  DmaBuf& buffer = buffer_of(found->buffer);
  const bool write = (bits & kWrite) != 0 && !is(Mutant::ImportWriteAsRead);
  const SyncFile fences = contents(*file);
  reserve(buffer.reservation, fences.count);
  if (fences.count > 1 && is(Mutant::ImportIgnoresContainers)) return done();
  for (std::uint8_t i = 0; i < fences.count; ++i)
    add_fence(buffer, fences.fences[i], write ? Usage::Write : Usage::Read);
  return done();
}

Outcome System::run(const model::op::MergeSyncFiles& op) {
  const SyncFile* first = sync_file(op.first);
  if (first == nullptr) return refused(EBADF);
  if (none_free(0) && !is(Mutant::MergeReservesFdLast)) return refused(no_fd());
  if (op.argument == OutArgument::Unmapped) return refused(EFAULT);
  if (op.form != model::MergeForm::Good) return refused(EINVAL);
  const SyncFile* second = sync_file(op.second);
  if (second == nullptr) return refused(is(Mutant::MergeBadFdWrongErrno) ? EBADF : ENOENT);
  if (op.into.value >= sync_files_.size() || sync_files_[op.into.value].open) return refused(EEXIST);
  if (op.argument == OutArgument::ReadOnly) return refused(EFAULT);
  if (none_free(0)) return refused(no_fd());

  std::vector<FenceIndex> kept;
  for (const SyncFile& file : {contents(*first), contents(*second)})
    for (std::uint8_t i = 0; i < file.count; ++i)
      if (!over(file.fences[i]) || (is(Mutant::MergeKeepsSignalled) && file.fences[i] != kStubFence))
        kept.push_back(file.fences[i]);
  // By context; of each, the latest comes first, and stays.
  std::sort(kept.begin(), kept.end(), [this](FenceIndex a, FenceIndex b) {
    if (fence(a).context != fence(b).context) return fence(a).context < fence(b).context;
    return fence(a).seqno > fence(b).seqno;
  });
  kept.erase(std::unique(kept.begin(), kept.end(),
                         [this](FenceIndex a, FenceIndex b) {
                           return fence(a).context == fence(b).context || is(Mutant::MergeDropsContext);
                         }),
             kept.end());
  SyncFile made{.open = true, .close_on_exec = !is(Mutant::SyncFileWithoutCloexec)};
  for (const FenceIndex index : kept) made.add(index);
  if (made.count == 0) made.add(kStubFence);
  sync_files_[op.into.value] = made;
  return done();
}

Outcome System::run(const model::op::FileInfo& op) {
  const SyncFile* file = sync_file(op.sync_file);
  if (file == nullptr) return refused(EBADF);
  if (op.argument == OutArgument::Unmapped) return refused(EFAULT);
  if (op.form == InfoForm::Flags || op.form == InfoForm::Pad) return refused(EINVAL);
  const SyncFile now = contents(*file);
  if (op.form == InfoForm::OneRecord && now.count > 1) return refused(EINVAL);
  if (op.form == InfoForm::UnmappedRecords || op.argument == OutArgument::ReadOnly) return refused(EFAULT);

  const auto status_of = [this](FenceIndex index) {
    if (index == kStubFence) return 1;
    if (!over(index) || is(Mutant::SignalledStaysPending)) return 0;
    return fence(index).failed ? -EIO : 1;
  };
  FenceInfo info;
  info.fences = now.count;
  info.records = op.form != InfoForm::Count;
  int overall = 1;
  bool any_pending = false;
  for (std::uint8_t i = 0; i < now.count; ++i) {
    const int status = status_of(now.fences[i]);
    any_pending = any_pending || status == 0;
    if (info.records) {
      info.pending = static_cast<std::uint8_t>(info.pending + (status == 0 ? 1 : 0));
      info.failed = static_cast<std::uint8_t>(info.failed + (status < 0 ? 1 : 0));
    }
    if (overall > 0) overall = status;
  }
  if (!info.records && any_pending) overall = 0;  // a container is over when all of it is
  info.status = overall > 0 ? FenceInfo::Status::Ok : overall == 0 ? FenceInfo::Status::Pending : FenceInfo::Status::Failed;
  return done(info.reply());
}

Outcome System::run(const model::op::PollSyncFile& op) {
  const SyncFile* file = sync_file(op.sync_file);
  if (file == nullptr) return refused(EBADF);
  const SyncFile now = contents(*file);
  const bool ready = std::all_of(now.fences.begin(), now.fences.begin() + now.count,
                                 [this](FenceIndex index) { return over(index); });
  const bool in = op.events == Events::In || op.events == Events::Both;
  const bool out = op.events == Events::Out || op.events == Events::Both;
  std::uint64_t events = ready && in ? model::kPollIn : 0;
  if (ready && out && is(Mutant::SyncFilePollsOut)) events |= model::kPollOut;
  return done(events);
}

Outcome System::run(const model::op::CloseSyncFile& op) {
  SyncFile* file = sync_file(op.sync_file);
  if (file == nullptr) return refused(EBADF);
  *file = {};
  return done();
}

}  // namespace dmabuf::reference
