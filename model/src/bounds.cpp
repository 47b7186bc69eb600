// SPDX-License-Identifier: MIT
#include "dmabuf/model/bounds.hpp"

namespace dmabuf::model {

void add_fence_operations(const Bounds& bounds, std::vector<Operation>& all);     // bounds_fence.cpp
void add_importer_operations(const Bounds& bounds, std::vector<Operation>& all);  // bounds_importer.cpp
void add_queue_operations(const Bounds& bounds, std::vector<Operation>& all);     // bounds_queue.cpp

namespace {

template <class Id, class Action>
void up_to(std::uint8_t count, Action&& action) {
  for (std::uint8_t i = 0; i < count; ++i) action(Id{i});
}

}  // namespace

std::vector<Operation> all_operations(const Bounds& bounds) {
  std::vector<Operation> all;
  const auto add = [&](const auto& o) {
    if (bounds.kinds.test(kind_of<std::remove_cvref_t<decltype(o)>>())) all.push_back(o);
  };
  const auto fds = [&](auto&& action) {
    up_to<FdId>(bounds.fds, action);
    action(kBadFd);
    action(kForeignFd);
  };
  constexpr auto kRw = Access::ReadWrite;
  const bool imports = bounds.kinds.test(kind_of<op::FdToHandle>());  // no other way to a handle on the second file
  constexpr std::array kDirections = {Direction::Bidirectional, Direction::ToDevice, Direction::FromDevice};

  up_to<BufferId>(bounds.buffers, [&](BufferId b) {
    up_to<ReferenceId>(bounds.references, [&](ReferenceId r) { add(op::Export{b, r, bounds.pages, kRw}); });
    up_to<FdId>(bounds.fds, [&](FdId f) { add(op::Create{b, f, bounds.pages, kRw, CloseOnExec::No}); });
    add(op::CloseHandle{b});
    add(op::CreateDumb{b, bounds.pages});
    up_to<FdId>(bounds.fds, [&](FdId f) {
      add(op::HandleToFd{b, f, kRw, CloseOnExec::No});
      if (imports) add(op::HandleToFd{b, f, kRw, CloseOnExec::No, DrmFile::Second});
    });
    if (imports) add(op::CloseHandle{b, DrmFile::Second});
  });
  fds([&](FdId f) {
    add(op::Close{f});
    for (const DrmFile file : {DrmFile::First, DrmFile::Second}) add(op::FdToHandle{f, file});
    up_to<FdId>(bounds.fds, [&](FdId to) { add(op::Dup{f, to, CloseOnExec::No}); });
    up_to<MessageId>(bounds.messages, [&](MessageId s) { add(op::Send{f, s}); });
    up_to<ReferenceId>(bounds.references, [&](ReferenceId r) { add(op::Get{f, r}); });
    for (SyncFlags flags : {SyncFlags::StartRead, SyncFlags::StartWrite, SyncFlags::StartBoth,
                            SyncFlags::EndRead, SyncFlags::EndWrite, SyncFlags::EndBoth,
                            SyncFlags::NoDirection, SyncFlags::EndNoDirection, SyncFlags::UnknownBit,
                            SyncFlags::UnknownHighBit})
      add(op::Sync{f, flags, Argument::Good});
    add(op::Sync{f, SyncFlags::StartRead, Argument::Unmapped});
    up_to<VmaId>(bounds.vmas, [&](VmaId v) {
      for (Protection protection : {Protection::Read, Protection::ReadWrite}) {
        add(op::Mmap{f, v, 0, bounds.pages, protection, Sharing::Shared});
        add(op::Mmap{f, v, 1, bounds.pages, protection, Sharing::Shared});
      }
      add(op::Mmap{f, v, 0, 0, Protection::Read, Sharing::Shared});
      add(op::Mmap{f, v, 0, bounds.pages, Protection::Read, Sharing::Private});
    });
    for (Whence whence : {Whence::Set, Whence::Cur, Whence::End, Whence::Data, Whence::Hole, Whence::Bogus})
      add(op::Seek{f, whence, 0});
    add(op::Seek{f, Whence::Set, 1});
    add(op::Seek{f, Whence::End, -1});
    for (NameId name : {NameId::Empty, NameId::Short, NameId::TooLong}) add(op::SetName{f, name, Argument::Good});
    add(op::SetName{f, NameId::Short, Argument::Unmapped});
  });
  up_to<MessageId>(bounds.messages, [&](MessageId s) {
    up_to<FdId>(bounds.fds, [&](FdId f) { add(op::Receive{s, f, CloseOnExec::No}); });
    add(op::Discard{s});
  });
  up_to<ReferenceId>(bounds.references, [&](ReferenceId r) {
    up_to<FdId>(bounds.fds, [&](FdId f) { add(op::InstallFd{r, f, CloseOnExec::No}); });
    add(op::Put{r});
    up_to<DeviceId>(bounds.devices, [&](DeviceId d) {
      up_to<AttachmentId>(bounds.attachments, [&](AttachmentId a) { add(op::Attach{r, d, a}); });
    });
    for (Direction direction : kDirections) {
      add(op::BeginCpuAccess{r, direction});
      add(op::EndCpuAccess{r, direction});
    }
  });
  up_to<AttachmentId>(bounds.attachments, [&](AttachmentId a) {
    add(op::Detach{a});
    up_to<MappingId>(bounds.mappings, [&](MappingId m) {
      for (Direction direction : kDirections) add(op::Map{a, m, direction});
    });
  });
  up_to<MappingId>(bounds.mappings, [&](MappingId m) {
    add(op::Unmap{m});
    add(op::DeviceRead{m, 0});
    add(op::DeviceWrite{m, 0, 1});
  });
  up_to<VmaId>(bounds.vmas, [&](VmaId v) {
    add(op::Munmap{v});
    add(op::Store{v, 0, 1});
    add(op::Load{v, 0});
    for (Protection protection : {Protection::Read, Protection::ReadWrite}) add(op::Mprotect{v, protection});
    up_to<VmaId>(bounds.vmas, [&](VmaId into) {
      if (into == v) return;
      for (std::uint8_t page = 0; page < bounds.pages; ++page) add(op::MunmapPage{v, into, page});
    });
    for (std::uint8_t length = 0; length <= bounds.pages; ++length) add(op::Mremap{v, length});
    add(op::Move{v});
  });
  const auto memfds = [&](auto&& action) {
    up_to<MemfdId>(bounds.memfds, action);
    action(kBadMemfd);
    action(kForeignMemfd);
  };
  up_to<MemfdId>(bounds.memfds, [&](MemfdId n) {
    for (const Seals seals : {Seals::Shrink, Seals::None, Seals::Write, Seals::FutureWrite, Seals::NotForSealing})
      add(op::Memfd{n, bounds.pages, seals});
    add(op::CloseMemfd{n});
    add(op::WriteMemfd{n, 0, 1});
    add(op::ReadMemfd{n, 0});
  });
  if (bounds.memfds > 0)
    up_to<BufferId>(bounds.buffers, [&](BufferId b) {
      up_to<FdId>(bounds.fds, [&](FdId f) {
        const auto ask = [&](MemfdId first, std::uint8_t pages, MemfdId second, std::uint8_t from2, std::uint8_t pages2, ListForm form) {
          add(op::CreateList{b, f, first, 0, pages, second, from2, pages2, form, CloseOnExec::No});
        };
        memfds([&](MemfdId first) {
          ask(first, bounds.pages, MemfdId{0}, 0, 0, ListForm::Single);
          memfds([&](MemfdId second) { ask(first, 1, second, 1, 1, ListForm::List); });
        });
        for (const ListForm form : {ListForm::Single, ListForm::List}) ask(MemfdId{0}, 0, MemfdId{0}, 0, 0, form);
        ask(MemfdId{0}, bounds.pages, MemfdId{0}, 0, 0, ListForm::List);
        // As long as the memfd, from its second page on.
        add(op::CreateList{b, f, MemfdId{0}, 1, bounds.pages, MemfdId{0}, 0, 0, ListForm::Single, CloseOnExec::No});
        for (const ListForm form : {ListForm::Odd, ListForm::Empty, ListForm::TooMany, ListForm::TooLarge, ListForm::OddOffset,
                                    ListForm::OddSize, ListForm::Unmapped})
          for (const MemfdId n : {MemfdId{0}, kBadMemfd}) ask(n, 1, n, 1, 1, form);
      });
    });
  up_to<ChildId>(bounds.children, [&](ChildId k) {
    add(op::Fork{k});
    up_to<VmaId>(bounds.vmas, [&](VmaId v) { add(op::ChildLoad{k, v, 0}); });
    add(op::Exec{k});
    add(op::Exit{k});
  });
  for (std::uint8_t p = 0; p < (bounds.messages > 0 ? kProcesses : 1); ++p) {
    add(op::FillFds{ProcessId{p}});
    add(op::FreeFds{ProcessId{p}});
  }
  add_fence_operations(bounds, all);
  add_importer_operations(bounds, all);
  add_queue_operations(bounds, all);
  return all;
}

}  // namespace dmabuf::model
