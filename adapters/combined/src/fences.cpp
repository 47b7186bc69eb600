// SPDX-License-Identifier: MIT
#include "fences.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/fd_table.hpp"
#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/model/reply.hpp"

namespace dmabuf::adapters {

using model::Outcome;
using model::OutArgument;

namespace {

/// A page of our own whose protection follows the argument.
class Page {
 public:
  Page()
      : at_(::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (at_ == MAP_FAILED) harness_failure("no page for an argument", errno);
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  ~Page() { (void)::munmap(at_, kPageSize); }

  void protect(int protection) {
    if (::mprotect(at_, kPageSize, protection) != 0) harness_failure("cannot protect an argument", errno);
  }
  void* get() const { return at_; }

 private:
  void* at_;
};

/// One ioctl whose argument lies in memory as asked for; what was written comes back in `argument`.
template <class Argument>
Outcome call_at(int fd, unsigned long request, Argument& argument, OutArgument where) {
  if (where == OutArgument::Good) return call(fd, request, argument);
  static Page page;
  page.protect(PROT_READ | PROT_WRITE);
  std::memcpy(page.get(), &argument, sizeof argument);
  page.protect(where == OutArgument::ReadOnly ? PROT_READ : PROT_NONE);
  return outcome_of(::ioctl(fd, request, page.get()));
}

void* unmapped() {
  static Page page;
  page.protect(PROT_NONE);
  return page.get();
}

__u32 bits_of(model::FenceFlags flags) {
  switch (flags) {
    case model::FenceFlags::Read: return DMA_BUF_SYNC_READ;
    case model::FenceFlags::Write: return DMA_BUF_SYNC_WRITE;
    case model::FenceFlags::Both: return DMA_BUF_SYNC_RW;
    case model::FenceFlags::None: return 0;
    case model::FenceFlags::Unknown: return DMA_BUF_SYNC_READ | 4;
  }
  return 0;
}

short bits_of(model::Events events) {
  switch (events) {
    case model::Events::In: return POLLIN;
    case model::Events::Out: return POLLOUT;
    case model::Events::Both: return POLLIN | POLLOUT;
    case model::Events::None: return 0;
    case model::Events::Other: return POLLPRI | POLLRDNORM | POLLWRNORM;
  }
  return 0;
}

Outcome without_value(const Outcome& result) {
  if (!result) return result;
  return model::done();
}

}  // namespace

KernelFences::KernelFences(std::unique_ptr<VgemFences> source)
    : source_(std::move(source)), foreign_(::eventfd(0, EFD_CLOEXEC)) {
  if (!foreign_) harness_failure("cannot make an eventfd", errno);
}

int KernelFences::number(model::SyncFileId id) const {
  if (id == model::kForeignSyncFile) return foreign_.get();
  if (id.value < sync_files_.size() && sync_files_[id.value]) return sync_files_[id.value].get();
  return kClosedNumber;
}

Outcome KernelFences::run(const model::op::AddFence& op, int fd) {
  if (!source_) throw conformance::HarnessError("there is nobody who makes fences");
  auto& fence = fences_.at(op.fence.value);
  const auto id = source_->add(fd, op.usage);
  if (!id) return tl::unexpected(id.error());
  fence = *id;
  return model::done();
}

Outcome KernelFences::run(const model::op::SignalFence& op) {
  if (!source_) throw conformance::HarnessError("there is nobody who makes fences");
  return without_value(source_->signal(fences_.at(op.fence.value).value_or(0)));
}

Outcome KernelFences::poll(int fd, model::Events events) {
  pollfd request{.fd = fd, .events = bits_of(events), .revents = 0};
  const Outcome outcome = outcome_of(::poll(&request, 1, 0));
  if (!outcome) return outcome;
  if ((request.revents & POLLNVAL) != 0) return model::refused(EBADF);
  constexpr int kKnown = POLLIN | POLLOUT;
  std::uint64_t value = (request.revents & POLLIN) != 0 ? model::kPollIn : 0;
  if ((request.revents & POLLOUT) != 0) value |= model::kPollOut;
  value |= static_cast<std::uint64_t>(request.revents & ~kKnown) << 8;  // what nobody expects
  return model::done(value);
}

Outcome KernelFences::run(const model::op::Poll& op, int fd) { return poll(fd, op.events); }

Outcome KernelFences::run(const model::op::ExportSyncFile& op, int fd) {
  asked_ = true;
  auto& slot = sync_files_.at(op.sync_file.value);
  dma_buf_export_sync_file request{.flags = bits_of(op.flags), .fd = -1};
  const Outcome outcome = [&] {
    const FdLimit limit;
    return call_at(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, request, op.argument);
  }();
  if (outcome) slot.reset(request.fd);
  return without_value(outcome);
}

Outcome KernelFences::run(const model::op::ImportSyncFile& op, int fd) {
  // No sync_file but a dma-buf: the one that it would be imported into.
  const int source = op.sync_file == model::kForeignSyncFile ? fd : number(op.sync_file);
  dma_buf_import_sync_file request{.flags = bits_of(op.flags), .fd = source};
  const bool bad = op.argument == model::Argument::Unmapped;
  return without_value(
      call_at(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, request, bad ? OutArgument::Unmapped : OutArgument::Good));
}

Outcome KernelFences::run(const model::op::MergeSyncFiles& op) {
  asked_ = true;
  auto& slot = sync_files_.at(op.into.value);
  sync_merge_data request{};
  std::strcpy(request.name, "merged");
  request.fd2 = number(op.second);
  request.fence = -1;
  request.flags = op.form == model::MergeForm::Flags ? 1 : 0;
  request.pad = op.form == model::MergeForm::Pad ? 1 : 0;
  const Outcome outcome = [&] {
    const FdLimit limit;
    return call_at(number(op.first), SYNC_IOC_MERGE, request, op.argument);
  }();
  if (outcome) slot.reset(request.fence);
  return without_value(outcome);
}

Outcome KernelFences::run(const model::op::FileInfo& op) {
  using model::InfoForm;
  std::array<sync_fence_info, 4 * model::kMaxEntries> records{};
  sync_file_info request{};
  switch (op.form) {
    case InfoForm::Count: break;
    case InfoForm::Records:
    case InfoForm::UnmappedRecords: request.num_fences = records.size(); break;
    case InfoForm::OneRecord: request.num_fences = 1; break;
    case InfoForm::Flags: request.flags = 1; break;
    case InfoForm::Pad: request.pad = 1; break;
  }
  request.sync_fence_info =
      reinterpret_cast<std::uintptr_t>(op.form == InfoForm::UnmappedRecords ? unmapped() : records.data());
  const bool listed = request.num_fences > 0;
  const Outcome outcome = call_at(number(op.sync_file), SYNC_IOC_FILE_INFO, request, op.argument);
  if (!outcome) return outcome;
  const auto status = [](int value) {
    return value > 0    ? model::FenceInfo::Status::Ok
           : value == 0 ? model::FenceInfo::Status::Pending
                        : model::FenceInfo::Status::Failed;
  };
  model::FenceInfo info{.status = status(request.status), .fences = static_cast<std::uint8_t>(request.num_fences)};
  info.records = listed;
  for (std::size_t i = 0; listed && i < std::min<std::size_t>(request.num_fences, records.size()); ++i) {
    if (records[i].status == 0) ++info.pending;
    if (records[i].status < 0) ++info.failed;
  }
  return model::done(info.reply());
}

Outcome KernelFences::run(const model::op::PollSyncFile& op) { return poll(number(op.sync_file), op.events); }

Outcome KernelFences::run(const model::op::CloseSyncFile& op) {
  const int fd = number(op.sync_file);
  if (op.sync_file.value < sync_files_.size()) (void)sync_files_[op.sync_file.value].release();
  return without_value(outcome_of(::close(fd)));
}

void KernelFences::observe(model::Observation& seen) const {
  for (std::size_t i = 0; i < sync_files_.size(); ++i) {
    model::FdSeen& it = seen.sync_files[i];
    it.seen = true;
    const int flags = sync_files_[i] ? ::fcntl(sync_files_[i].get(), F_GETFD) : -1;
    it.open = flags >= 0;
    it.close_on_exec = flags >= 0 && (flags & FD_CLOEXEC) != 0;
  }
}

void KernelFences::reset() {
  for (auto& fence : fences_) {
    if (fence && source_) (void)source_->signal(*fence);
    fence.reset();
  }
  for (UniqueFd& file : sync_files_) file.reset();
}

long KernelFences::sync_files_in_process() {
  if (!asked_) return counted_;
  DIR* const fds = ::opendir("/proc/self/fd");
  if (fds == nullptr) return counted_;
  long count = 0;
  std::array<char, 64> target{};
  while (const dirent* entry = ::readdir(fds)) {
    const ssize_t length = ::readlinkat(::dirfd(fds), entry->d_name, target.data(), target.size());
    if (length > 0 && std::string_view(target.data(), static_cast<std::size_t>(length)).find("sync_file") !=
                          std::string_view::npos)
      ++count;
  }
  ::closedir(fds);
  asked_ = false;
  return counted_ = count;
}

}  // namespace dmabuf::adapters
