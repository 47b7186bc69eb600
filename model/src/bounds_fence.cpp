// SPDX-License-Identifier: MIT
#include "dmabuf/model/bounds.hpp"

namespace dmabuf::model {

void add_fence_operations(const Bounds& bounds, std::vector<Operation>& all);

/// Every operation on fences within the bounds, at the end of the alphabet.
void add_fence_operations(const Bounds& bounds, std::vector<Operation>& all) {
  const auto add = [&](const auto& o) {
    if (bounds.kinds.test(kind_of<std::remove_cvref_t<decltype(o)>>())) all.push_back(o);
  };
  const auto sync_files = [&](auto&& action) {
    for (std::uint8_t y = 0; y < bounds.sync_files; ++y) action(SyncFileId{y});
    action(kBadSyncFile);
    action(kForeignSyncFile);
  };
  const auto fds = [&](auto&& action) {
    for (std::uint8_t f = 0; f < bounds.fds; ++f) action(FdId{f});
    action(kBadFd);
    action(kForeignFd);
  };
  constexpr std::array kEvents = {Events::In, Events::Out, Events::Both, Events::None, Events::Other};
  constexpr std::array kFlags = {FenceFlags::Read, FenceFlags::Write, FenceFlags::Both, FenceFlags::None,
                                 FenceFlags::Unknown};

  for (std::uint8_t c = 0; c < bounds.fences; ++c) {
    for (std::uint8_t f = 0; f < bounds.fds; ++f)
      for (const Usage usage : {Usage::Kernel, Usage::Write, Usage::Read, Usage::Bookkeep})
        for (const Timeline timeline : {Timeline::Own, Timeline::First})
          add(op::AddFence{FdId{f}, FenceId{c}, usage, timeline});
    add(op::SignalFence{FenceId{c}, FenceResult::Ok});
    add(op::SignalFence{FenceId{c}, FenceResult::Error});
  }
  fds([&](FdId f) {
    for (const Events events : kEvents) add(op::Poll{f, events});
    for (std::uint8_t y = 0; y < bounds.sync_files; ++y) {
      for (const FenceFlags flags : kFlags) add(op::ExportSyncFile{f, SyncFileId{y}, flags, OutArgument::Good});
      add(op::ExportSyncFile{f, SyncFileId{y}, FenceFlags::Read, OutArgument::Unmapped});
      add(op::ExportSyncFile{f, SyncFileId{y}, FenceFlags::Write, OutArgument::ReadOnly});
    }
    sync_files([&](SyncFileId y) { add(op::ImportSyncFile{f, y, FenceFlags::Write, Argument::Good}); });
    if (bounds.sync_files == 0) return;
    for (const FenceFlags flags : {FenceFlags::Read, FenceFlags::None, FenceFlags::Unknown})
      add(op::ImportSyncFile{f, SyncFileId{0}, flags, Argument::Good});
    add(op::ImportSyncFile{f, SyncFileId{0}, FenceFlags::Read, Argument::Unmapped});
  });
  sync_files([&](SyncFileId first) {
    sync_files([&](SyncFileId second) {
      for (std::uint8_t into = 0; into < bounds.sync_files; ++into)
        add(op::MergeSyncFiles{first, second, SyncFileId{into}, MergeForm::Good, OutArgument::Good});
    });
    for (std::uint8_t into = 0; into < bounds.sync_files; ++into) {
      add(op::MergeSyncFiles{first, SyncFileId{0}, SyncFileId{into}, MergeForm::Flags, OutArgument::Good});
      add(op::MergeSyncFiles{first, SyncFileId{0}, SyncFileId{into}, MergeForm::Good, OutArgument::Unmapped});
      add(op::MergeSyncFiles{first, SyncFileId{0}, SyncFileId{into}, MergeForm::Good, OutArgument::ReadOnly});
    }
    for (const InfoForm form : {InfoForm::Count, InfoForm::Records, InfoForm::OneRecord, InfoForm::Flags,
                                InfoForm::UnmappedRecords})
      add(op::FileInfo{first, form, OutArgument::Good});
    add(op::FileInfo{first, InfoForm::Count, OutArgument::Unmapped});
    add(op::FileInfo{first, InfoForm::Count, OutArgument::ReadOnly});
    for (const Events events : kEvents) add(op::PollSyncFile{first, events});
    add(op::CloseSyncFile{first});
  });
}

}  // namespace dmabuf::model
