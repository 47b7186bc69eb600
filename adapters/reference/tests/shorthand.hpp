// SPDX-License-Identifier: MIT
/// Programs that read like traces, and a way to run them.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dmabuf/model/observation.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/outcome.hpp"
#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference::shorthand {

namespace op = model::op;
using model::Access;
using model::Argument;
using model::Aspect;
using model::CloseOnExec;
using model::CreationFlags;
using model::Direction;
using model::NameId;
using model::Operation;
using model::Protection;
using model::Sharing;
using model::SyncFlags;
using model::Whence;

using Slot = std::uint8_t;
using Program = std::vector<Operation>;

inline constexpr auto kCloexec = CloseOnExec::Yes;
inline constexpr Slot kBad = model::kBadFd.value;
inline constexpr Slot kForeign = model::kForeignFd.value;
inline constexpr Slot kLax = model::kLaxDevice.value;
inline constexpr Slot kStrict = model::kStrictDevice.value;

inline Operation export_buffer(Slot b, Slot r, Slot pages = 1, Access access = Access::ReadWrite) {
  return op::Export{{b}, {r}, pages, access};
}
inline Operation create(Slot b, Slot f, Slot pages = 1, Access access = Access::ReadWrite,
                        CloseOnExec cloexec = CloseOnExec::No,
                        CreationFlags flags = CreationFlags::Known) {
  return op::Create{{b}, {f}, pages, access, cloexec, flags};
}
using model::DrmFile;
using model::ListForm;
using model::Seals;
inline constexpr Slot kBadN = model::kBadMemfd.value;
inline constexpr Slot kForeignN = model::kForeignMemfd.value;
inline Operation memfd(Slot n, Slot pages = 2, Seals seals = Seals::Shrink) { return op::Memfd{{n}, pages, seals}; }
inline Operation close_memfd(Slot n) { return op::CloseMemfd{{n}}; }
inline Operation write_memfd(Slot n, model::Tag tag, Slot page = 0) { return op::WriteMemfd{{n}, page, tag}; }
inline Operation read_memfd(Slot n, Slot page = 0) { return op::ReadMemfd{{n}, page}; }
/// An item of one page.
struct Item {
  Slot memfd, from = 0, pages = 1;
};
inline Operation list(Slot b, Slot f, Item first, Item second, ListForm form = ListForm::List,
                      CloseOnExec cloexec = CloseOnExec::No) {
  return op::CreateList{{b}, {f}, {first.memfd}, first.from, first.pages, {second.memfd}, second.from, second.pages, form, cloexec};
}
using model::VideoFile;
using model::VideoLength;
using model::VideoMemory;
inline Operation reqbufs(Slot count = 2, VideoMemory memory = VideoMemory::DmaBuf, VideoFile file = VideoFile::First) {
  return op::Reqbufs{count, memory, file};
}
inline Operation qbuf(Slot index, Slot f, VideoLength length = VideoLength::Whole, VideoMemory memory = VideoMemory::DmaBuf,
                      VideoFile file = VideoFile::First) {
  return op::Qbuf{index, {f}, length, memory, file};
}
inline Operation prepare_buf(Slot index, Slot f, VideoLength length = VideoLength::Whole,
                             VideoMemory memory = VideoMemory::DmaBuf, VideoFile file = VideoFile::First) {
  return op::PrepareBuf{index, {f}, length, memory, file};
}
inline Operation dqbuf(VideoFile file = VideoFile::First) { return op::Dqbuf{file}; }
inline Operation streamon(VideoFile file = VideoFile::First) { return op::StreamOn{file}; }
inline Operation streamoff(VideoFile file = VideoFile::First) { return op::StreamOff{file}; }
inline Operation close_video(VideoFile file = VideoFile::First) { return op::CloseVideo{file}; }
inline Operation close_handle(Slot b, DrmFile file = DrmFile::First) { return op::CloseHandle{{b}, file}; }
inline Operation create_dumb(Slot b, Slot pages = 1) { return op::CreateDumb{{b}, pages}; }
inline Operation handle_to_fd(Slot b, Slot f, Access access = Access::ReadWrite, DrmFile file = DrmFile::First,
                              CloseOnExec cloexec = CloseOnExec::No, CreationFlags flags = CreationFlags::Known) {
  return op::HandleToFd{{b}, {f}, access, cloexec, file, flags};
}
inline Operation fd_to_handle(Slot f, DrmFile file = DrmFile::First) { return op::FdToHandle{{f}, file}; }
inline Operation install(Slot r, Slot f, CloseOnExec cloexec = CloseOnExec::No) {
  return op::InstallFd{{r}, {f}, cloexec};
}
inline Operation dup_fd(Slot from, Slot to, CloseOnExec cloexec = CloseOnExec::No) {
  return op::Dup{{from}, {to}, cloexec};
}
inline Operation close_fd(Slot f) { return op::Close{{f}}; }
inline Operation send_fd(Slot f, Slot s) { return op::Send{{f}, {s}}; }
inline Operation receive(Slot s, Slot f, CloseOnExec cloexec = CloseOnExec::No) {
  return op::Receive{{s}, {f}, cloexec};
}
inline Operation discard(Slot s) { return op::Discard{{s}}; }
inline Operation get(Slot f, Slot r) { return op::Get{{f}, {r}}; }
inline Operation put(Slot r) { return op::Put{{r}}; }
inline Operation attach(Slot r, Slot d, Slot a) { return op::Attach{{r}, {d}, {a}}; }
inline Operation detach(Slot a) { return op::Detach{{a}}; }
inline Operation map(Slot a, Slot m, Direction direction = Direction::Bidirectional) {
  return op::Map{{a}, {m}, direction};
}
inline Operation unmap(Slot m) { return op::Unmap{{m}}; }
inline Operation device_read(Slot m, Slot page = 0) { return op::DeviceRead{{m}, page}; }
inline Operation device_write(Slot m, model::Tag tag, Slot page = 0) {
  return op::DeviceWrite{{m}, page, tag};
}
inline Operation begin(Slot r, Direction direction = Direction::FromDevice) {
  return op::BeginCpuAccess{{r}, direction};
}
inline Operation end(Slot r, Direction direction = Direction::FromDevice) {
  return op::EndCpuAccess{{r}, direction};
}
inline Operation sync_fd(Slot f, SyncFlags flags, Argument argument = Argument::Good) {
  return op::Sync{{f}, flags, argument};
}
inline Operation mmap_fd(Slot f, Slot v, Slot offset, Slot length,
                         Protection protection = Protection::ReadWrite,
                         Sharing sharing = Sharing::Shared) {
  return op::Mmap{{f}, {v}, offset, length, protection, sharing};
}
inline Operation munmap_vma(Slot v) { return op::Munmap{{v}}; }
inline Operation store(Slot v, model::Tag tag, Slot page = 0) { return op::Store{{v}, page, tag}; }
inline Operation load(Slot v, Slot page = 0) { return op::Load{{v}, page}; }
inline Operation seek(Slot f, Whence whence, std::int16_t offset = 0) {
  return op::Seek{{f}, whence, offset};
}
inline Operation set_name(Slot f, NameId name, Argument argument = Argument::Good) {
  return op::SetName{{f}, name, argument};
}

inline Operation add_fence(Slot f, Slot c, model::Usage usage, model::Timeline timeline = model::Timeline::Own) {
  return op::AddFence{{f}, {c}, usage, timeline};
}
inline Operation signal_fence(Slot c, model::FenceResult result = model::FenceResult::Ok) {
  return op::SignalFence{{c}, result};
}
inline Operation poll_fd(Slot f, model::Events events) { return op::Poll{{f}, events}; }
inline Operation export_sync_file(Slot f, Slot y, model::FenceFlags flags,
                                  model::OutArgument argument = model::OutArgument::Good) {
  return op::ExportSyncFile{{f}, {y}, flags, argument};
}
inline Operation import_sync_file(Slot f, Slot y, model::FenceFlags flags) {
  return op::ImportSyncFile{{f}, {y}, flags, Argument::Good};
}
inline Operation merge(Slot a, Slot b, Slot into) {
  return op::MergeSyncFiles{{a}, {b}, {into}, model::MergeForm::Good, model::OutArgument::Good};
}
inline Operation file_info(Slot y) { return op::FileInfo{{y}, model::InfoForm::Count, model::OutArgument::Good}; }
inline Operation poll_sync_file(Slot y, model::Events events) { return op::PollSyncFile{{y}, events}; }
inline Operation protect(Slot v, Protection protection) { return op::Mprotect{{v}, protection}; }
inline Operation munmap_page(Slot v, Slot into, Slot page) { return op::MunmapPage{{v}, {into}, page}; }
inline Operation mremap_vma(Slot v, Slot length) { return op::Mremap{{v}, length}; }
inline Operation move_vma(Slot v) { return op::Move{{v}}; }
inline Operation vmap(Slot r, Slot w) { return op::Vmap{{r}, {w}}; }
inline Operation vunmap(Slot w) { return op::Vunmap{{w}}; }
inline Operation vmap_read(Slot w, Slot page = 0) { return op::VmapRead{{w}, page}; }
inline Operation vmap_write(Slot w, Slot page, model::Tag tag) { return op::VmapWrite{{w}, page, tag}; }
inline Operation attach_dynamic(Slot r, Slot d, Slot a) { return op::AttachDynamic{{r}, {d}, {a}}; }
inline Operation pin(Slot a) { return op::Pin{{a}}; }
inline Operation unpin(Slot a) { return op::Unpin{{a}}; }
inline Operation migrate(Slot r) { return op::Migrate{{r}}; }
inline Operation fail(Slot b, model::Callback callback, Slot nth = 1, model::Failure error = model::Failure::Io) {
  return op::Fail{{b}, callback, nth, error};
}
inline Operation fill_fds(Slot p = 0) { return op::FillFds{{p}}; }
inline Operation free_fds(Slot p = 0) { return op::FreeFds{{p}}; }
inline Operation fork_child(Slot k = 0) { return op::Fork{{k}}; }
inline Operation child_load(Slot v, Slot page = 0, Slot k = 0) { return op::ChildLoad{{k}, {v}, page}; }
inline Operation exec_child(Slot k = 0) { return op::Exec{{k}}; }
inline Operation exit_child(model::Ending ending = model::Ending::Exited, Slot k = 0) {
  return op::Exit{{k}, ending};
}

/// A system that is told what to do and asked what it looks like.
class Subject {
 public:
  explicit Subject(std::string_view exporter, Mutant mutant = Mutant::None)
      : system_(*find_exporter(exporter), mutant) {}

  /// 0, or the errno it was refused with.
  int operator()(const Operation& operation) {
    const model::Outcome outcome = system_.apply(operation);
    return outcome ? 0 : outcome.error().value;
  }
  /// What it replied; the test fails if it was refused.
  std::uint64_t value(const Operation& operation) {
    const model::Outcome outcome = system_.apply(operation);
    EXPECT_TRUE(outcome.has_value()) << model::name_of(operation);
    return outcome ? outcome->value : ~std::uint64_t{0};
  }
  void all(const Program& program) {
    for (const Operation& operation : program)
      ASSERT_EQ((*this)(operation), 0) << model::name_of(operation);
  }
  model::BufferSeen buffer(Slot b = 0) const { return seen().buffers[b]; }
  model::FdSeen fd(Slot f) const { return seen().fds[f]; }
  std::int64_t references(Slot b = 0) const { return buffer(b)[Aspect::References]; }
  bool released(Slot b = 0) const {
    return buffer(b)[Aspect::Listed] == 0 && buffer(b)[Aspect::ReleaseCalls] == 1;
  }
  System& system() { return system_; }

 private:
  model::Observation seen() const {
    model::Observation result;
    system_.observe(result);
    return result;
  }
  System system_;
};

inline bool same(const model::Observation& a, const model::Observation& b) {
  for (std::size_t i = 0; i < a.buffers.size(); ++i) {
    const model::BufferSeen& x = a.buffers[i];
    const model::BufferSeen& y = b.buffers[i];
    if (x.seen != y.seen || x.values != y.values || !(x.name == y.name)) return false;
  }
  for (std::size_t i = 0; i < a.fds.size(); ++i)
    if (a.fds[i].seen != b.fds[i].seen || a.fds[i].open != b.fds[i].open ||
        a.fds[i].close_on_exec != b.fds[i].close_on_exec ||
        a.fds[i].process != b.fds[i].process || a.fds[i].lowest != b.fds[i].lowest)
      return false;
  for (std::size_t i = 0; i < a.sync_files.size(); ++i)
    if (a.sync_files[i].seen != b.sync_files[i].seen || a.sync_files[i].open != b.sync_files[i].open ||
        a.sync_files[i].close_on_exec != b.sync_files[i].close_on_exec)
      return false;
  return true;
}

}  // namespace dmabuf::reference::shorthand
