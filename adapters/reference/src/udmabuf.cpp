// SPDX-License-Identifier: MIT
/// Memfds, and udmabuf's list of their pages. As udmabuf.c has it: the whole list is checked for what its numbers say,
/// then item by item the file, its seals, and the pages.
#include <algorithm>
#include <cerrno>
#include <vector>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::ListForm;
using model::Outcome;
using model::refused;
using model::Seals;

namespace {

// fcntl.h's.
constexpr std::uint8_t kSealSeal = 1, kSealShrink = 2, kSealWrite = 8, kSealFutureWrite = 16;

constexpr std::uint64_t kSizeLimit = 64 << 20;
constexpr std::size_t kListLimit = 1024;

std::uint8_t seals_of(Seals seals) {
  switch (seals) {
    case Seals::Shrink: return kSealShrink;
    case Seals::None: return 0;
    case Seals::Write: return kSealShrink | kSealWrite;
    case Seals::FutureWrite: return kSealShrink | kSealFutureWrite;
    case Seals::NotForSealing: return kSealSeal;
  }
  return 0;
}

}  // namespace

const System::Memfd* System::memfd(model::MemfdId id) const {
  return id.value < memfds_.size() && memfds_[id.value].open ? &memfds_[id.value] : nullptr;
}

Outcome System::run(const model::op::Memfd& op) {
  if (!exporter_->takes_lists || op.memfd.value >= memfds_.size()) return refused(ENOENT);
  if (op.pages == 0 || op.pages > model::kMaxPages) return refused(EINVAL);
  if (memfd(op.memfd) != nullptr) return refused(EEXIST);
  for (const DmaBuf& buffer : buffers_) {  // its frames are those of the one before it
    const PageIndex first = Memory::of_memfd(op.memfd.value, 0);
    const auto of_this = [first](PageIndex page) { return page >= first && page < first + model::kMaxPages; };
    if (buffer.alive() && buffer.from_memfds && std::any_of(buffer.memfd_pages.begin(), buffer.memfd_pages.begin() + buffer.pages, of_this))
      return refused(EEXIST);
  }
  if (none_free(0)) return refused(no_fd());
  memfds_[op.memfd.value] = {.open = true, .pages = op.pages, .seals = seals_of(op.seals)};
  for (std::size_t page = 0; page < op.pages; ++page) core_.memory.frames[Memory::of_memfd(op.memfd.value, page)].fill(0);
  return done();
}

Outcome System::run(const model::op::CloseMemfd& op) {
  if (memfd(op.memfd) == nullptr) return refused(EBADF);
  memfds_[op.memfd.value] = {};
  return done();
}

Outcome System::run(const model::op::WriteMemfd& op) {
  const Memfd* const file = memfd(op.memfd);
  if (file == nullptr) return refused(EBADF);
  if (op.page >= file->pages) return refused(ERANGE);
  if ((file->seals & (kSealWrite | kSealFutureWrite)) != 0) return refused(EPERM);
  core_.memory.fill(Memory::of_memfd(op.memfd.value, op.page), op.tag);
  return done();
}

Outcome System::run(const model::op::ReadMemfd& op) {
  const Memfd* const file = memfd(op.memfd);
  if (file == nullptr) return refused(EBADF);
  if (op.page >= file->pages) return refused(ERANGE);
  return done(core_.memory.tag(Memory::of_memfd(op.memfd.value, op.page)));
}

int System::check_list(std::span<const ListItem> items) const {
  if (items.size() > kListLimit) return EINVAL;
  std::uint64_t total = 0;
  for (const ListItem& item : items) {
    if (item.offset % kReportedPageSize != 0 || item.size % kReportedPageSize != 0) return EINVAL;
    total += item.size;
    if (total > kSizeLimit) return EINVAL;
  }
  return total == 0 ? EINVAL : 0;
}

int System::pin(const ListItem& item, DmaBuf& into) const {
  if (item.memfd == model::kForeignMemfd) return is(Mutant::ListForeignWrongErrno) ? EINVAL : EBADFD;
  const Memfd* const file = memfd(item.memfd);
  if (file == nullptr) return is(Mutant::ListBadFdWrongErrno) ? EBADF : EBADFD;
  if ((file->seals & kSealShrink) == 0 && !is(Mutant::ListTakesWhatMayShrink)) return EINVAL;
  const std::uint8_t denied = kSealWrite | (is(Mutant::ListTakesFutureWrite) ? 0U : kSealFutureWrite);
  if ((file->seals & denied) != 0) return EINVAL;
  if (item.size == 0 && !is(Mutant::ListTakesEmptyItems)) return EINVAL;
  const std::uint64_t end = file->pages * kReportedPageSize;
  const bool beyond = item.offset + item.size > end;
  if (beyond && !(is(Mutant::ListChecksOffsetOnly) && item.offset < end)) return EINVAL;
  for (std::uint64_t page = item.offset / kReportedPageSize; page < (item.offset + item.size) / kReportedPageSize; ++page) {
    if (into.pages >= model::kMaxPages) return EINVAL;
    into.memfd_pages[into.pages++] = Memory::of_memfd(item.memfd.value, std::min<std::uint64_t>(page, model::kMaxPages - 1));
  }
  return 0;
}

Outcome System::run(const model::op::CreateList& op) {
  if (!exporter_->takes_lists || op.buffer.value >= model::kMaxBuffers) return refused(ENOENT);
  if (buffers_[op.buffer.value].alive() || occupied(op.fd)) return refused(EEXIST);
  if (op.form == ListForm::Unmapped) return refused(EFAULT);

  const ListItem first{op.first, op.start * kReportedPageSize, op.pages * kReportedPageSize};
  ListItem second{op.second, op.start2 * kReportedPageSize, op.pages2 * kReportedPageSize};
  if (op.form == ListForm::OddOffset) ++second.offset;
  if (op.form == ListForm::OddSize) ++second.size;
  std::vector<ListItem> items;
  if (op.form != ListForm::Empty) items.push_back(first);
  if (op.form != ListForm::Empty && op.form != ListForm::Single) items.push_back(second);
  if (op.form == ListForm::TooLarge) items.push_back({op.first, 0, kSizeLimit + kReportedPageSize});
  if (op.form == ListForm::TooMany) items.assign(kListLimit + 1, first);
  if (none_free(0) && is(Mutant::NoFdBeforeList)) return refused(no_fd());
  if (is(Mutant::ListReversed)) std::reverse(items.begin(), items.end());

  DmaBuf pages;  // what it is to have
  const bool early = is(Mutant::ListLooksAtFilesFirst);
  if (const int error = early ? 0 : check_list(items)) return refused(error);
  for (const ListItem& item : items) {
    if (const int error = pin(item, pages)) {
      // What was pinned for the items before it is nobody's by now.
      if (is(Mutant::RefusedListLeaks) && pages.pages > 0) new_buffer(op.buffer, pages.pages, model::Access::ReadWrite);
      return refused(error);
    }
    if (is(Mutant::ListStopsAfterTheFirst)) break;
  }
  if (const int error = check_list(items)) return refused(error);
  if (none_free(0)) {
    if (is(Mutant::NoFdLeaksList)) new_buffer(op.buffer, pages.pages, model::Access::ReadWrite);
    return refused(no_fd());
  }

  DmaBuf& buffer = new_buffer(op.buffer, pages.pages, model::Access::ReadWrite);
  buffer.memfd_pages = pages.memfd_pages;
  buffer.from_memfds = !is(Mutant::ListCopiesPages);
  if (!buffer.from_memfds)
    for (std::size_t page = 0; page < buffer.pages; ++page)
      core_.memory.frames[buffer.frame(buffer.place, page)] = core_.memory.frames[pages.memfd_pages[page]];
  const bool close_on_exec = op.cloexec == model::CloseOnExec::Yes;
  const int error = install(0, op.fd, static_cast<std::int8_t>(op.buffer.value), close_on_exec);
  if (error == 0) return done();
  put_file(buffer);
  return refused(error);
}

}  // namespace dmabuf::reference
