// SPDX-License-Identifier: MIT
#include "scopes.hpp"

#include <bitset>
#include <utility>

#include "dmabuf/model/bounds.hpp"

namespace dmabuf::conformance {

using namespace model;

namespace {

std::vector<Operation> alphabet(const reference::ExporterConfig& e, Bounds bounds, std::bitset<kOperationKinds> more) {
  bounds.kinds = more | (e.in_kernel ? kinds<op::Export, op::InstallFd>() : kinds<op::Create>());
  if (e.own_references > 0) bounds.kinds |= kinds<op::CloseHandle>();
  return all_operations(bounds);
}

/// Every way of making what has an access mode or a close-on-exec flag.
std::vector<Operation> with_flags(std::vector<Operation> all) {
  for (const Operation& o : std::vector<Operation>(all)) {
    if (const auto* x = std::get_if<op::Export>(&o))
      for (const Access access : {Access::ReadOnly, Access::WriteOnly}) all.push_back(op::Export{x->buffer, x->reference, x->pages, access});
    if (const auto* x = std::get_if<op::Create>(&o)) {
      for (const Access access : {Access::ReadOnly, Access::WriteOnly}) all.push_back(op::Create{x->buffer, x->fd, x->pages, access, x->cloexec});
      all.push_back(op::Create{x->buffer, x->fd, x->pages, x->access, CloseOnExec::Yes});
    }
    if (const auto* x = std::get_if<op::InstallFd>(&o)) all.push_back(op::InstallFd{x->reference, x->fd, CloseOnExec::Yes});
    if (const auto* x = std::get_if<op::Dup>(&o)) all.push_back(op::Dup{x->from, x->to, CloseOnExec::Yes});
    if (const auto* x = std::get_if<op::Receive>(&o)) all.push_back(op::Receive{x->message, x->fd, CloseOnExec::Yes});
    if (const auto* x = std::get_if<op::SetName>(&o); x != nullptr && x->name == NameId::Short && x->argument == Argument::Good)
      for (const NameId name : {NameId::Other, NameId::Spaced, NameId::Longest}) all.push_back(op::SetName{x->fd, name, Argument::Good});
  }
  return all;
}

}  // namespace

std::vector<Scope> scopes(const reference::ExporterConfig& e) {
  const auto slots = [](unsigned buffers, unsigned fds, unsigned references, unsigned attachments, unsigned mappings,
                        unsigned vmas, unsigned messages) {
    const auto u8 = [](unsigned n) { return static_cast<std::uint8_t>(n); };
    Bounds b;
    b.buffers = u8(buffers);
    b.fds = u8(fds);
    b.references = u8(references);
    b.attachments = u8(attachments);
    b.mappings = u8(mappings);
    b.vmas = u8(vmas);
    b.messages = u8(messages);
    b.pages = 2;
    return b;
  };
  std::vector<Scope> all;
  all.push_back({"sharing", "1 buffer, 2 fds, 1 reference, 1 message; flags and access modes",
                 with_flags(alphabet(e, slots(1, 2, 1, 0, 0, 0, 1),
                                     kinds<op::Dup, op::Close, op::Send, op::Receive, op::Discard, op::Get, op::Put, op::Seek>()))});
  all.push_back({"names", "1 buffer, 1 fd, 1 attachment; every class of name",
                 with_flags(alphabet(e, slots(1, 1, 1, 1, 0, 0, 0),
                                     kinds<op::Close, op::Get, op::Put, op::SetName, op::Attach, op::Detach, op::Seek>()))});
  all.push_back({"two", "2 buffers, 2 fds, 2 references",
                 alphabet(e, slots(2, 2, 2, 0, 0, 0, 0), kinds<op::Dup, op::Close, op::Get, op::Put>())});
  all.push_back({"importing", "1 buffer, 1 fd, 2 references, 2 attachments, 2 mappings, 2 devices",
                 alphabet(e, slots(1, 1, 2, 2, 2, 0, 0),
                          kinds<op::Close, op::Get, op::Put, op::Attach, op::Detach, op::Map, op::Unmap>())});
  std::vector<Operation> data =
      alphabet(e, slots(1, 1, 1, 1, 1, 1, 0),
               kinds<op::Close, op::Get, op::Attach, op::Detach, op::Map, op::Unmap, op::DeviceRead, op::DeviceWrite,
                     op::Mmap, op::Munmap, op::Store, op::Load>());
  data.push_back(op::DeviceRead{MappingId{0}, 1});
  data.push_back(op::DeviceWrite{MappingId{0}, 1, 2});
  data.push_back(op::Mmap{FdId{0}, VmaId{0}, 1, 1, Protection::ReadWrite, Sharing::Shared});
  data.push_back(op::Load{VmaId{0}, 1});
  data.push_back(op::Store{VmaId{0}, 1, 2});
  for (const Access access : {Access::ReadOnly, Access::WriteOnly}) {
    if (e.in_kernel) data.push_back(op::Export{BufferId{0}, ReferenceId{0}, 2, access});
    else data.push_back(op::Create{BufferId{0}, FdId{0}, 2, access, CloseOnExec::No});
  }
  all.push_back({"data", "1 buffer of 2 pages, 1 attachment, 1 mapping, 1 CPU mapping; what the pages hold", std::move(data)});
  all.push_back({"access", "1 buffer, 1 fd, 1 reference, 1 attachment, 1 mapping; access modes, SYNC and its kernel calls",
                 with_flags(alphabet(e, slots(1, 1, 1, 1, 1, 0, 0),
                                     kinds<op::Close, op::Get, op::Put, op::Attach, op::Detach, op::Map, op::Unmap, op::Sync,
                                           op::BeginCpuAccess, op::EndCpuAccess>()))});
  if (!e.in_kernel) {
    std::vector<Operation> making = alphabet(e, slots(1, 1, 0, 0, 0, 0, 0), kinds<op::Close>());
    for (const CreationFlags flags : {CreationFlags::Known, CreationFlags::Unknown})
      for (const std::uint8_t pages : {std::uint8_t{0}, std::uint8_t{2}})
        for (const Access access : {Access::ReadWrite, Access::WriteOnly})
          making.push_back(op::Create{BufferId{0}, FdId{0}, pages, access, CloseOnExec::No, flags});
    all.push_back({"making", "1 buffer, 1 fd; creations that are refused", std::move(making)});
  }
  if (e.own_references > 0) {
    std::vector<Operation> handles =
        alphabet(e, slots(2, 2, 0, 0, 0, 0, 0), kinds<op::Close, op::CreateDumb, op::HandleToFd, op::FdToHandle>());
    for (const Operation& o : std::vector<Operation>(handles)) {
      const auto* x = std::get_if<op::HandleToFd>(&o);
      if (x == nullptr || x->buffer.value > 0) continue;
      for (const Access access : {Access::ReadOnly, Access::WriteOnly})
        handles.push_back(op::HandleToFd{x->buffer, x->fd, access, x->cloexec, x->file});
      handles.push_back(op::HandleToFd{x->buffer, x->fd, x->access, CloseOnExec::Yes, x->file});
      handles.push_back(op::HandleToFd{x->buffer, x->fd, x->access, x->cloexec, x->file, CreationFlags::Unknown});
    }
    handles.push_back(op::CreateDumb{BufferId{0}, 0});
    all.push_back({"handles", "2 buffers, 2 fds, handles on 2 DRM files; PRIME", std::move(handles)});
  }
  if (e.takes_lists) {
    Bounds bounds = slots(1, 1, 0, 0, 0, 0, 0);
    bounds.memfds = 1;
    std::vector<Operation> lists =
        alphabet(e, bounds, kinds<op::Close, op::Memfd, op::CloseMemfd, op::CreateList>());
    std::erase_if(lists, [](const Operation& o) { return std::holds_alternative<op::Create>(o); });
    all.push_back({"lists", "1 buffer, 1 fd, 1 memfd of every seal; UDMABUF_CREATE_LIST", std::move(lists)});
    const auto item = [](std::uint8_t n, std::uint8_t from, std::uint8_t n2, std::uint8_t from2) {
      return op::CreateList{BufferId{0}, FdId{0}, MemfdId{n}, from, 1, MemfdId{n2}, from2, 1, ListForm::List, CloseOnExec::No};
    };
    const VmaId v0{0};
    all.push_back({"pages", "1 buffer, 1 fd, 2 memfds, 1 CPU mapping; what the pages of a list hold",
                   {op::Memfd{MemfdId{0}, 2, Seals::Shrink}, op::Memfd{MemfdId{1}, 2, Seals::Shrink}, item(0, 0, 1, 1),
                    item(0, 1, 0, 1), item(1, 0, 0, 0), op::Mmap{FdId{0}, v0, 0, 2, Protection::ReadWrite, Sharing::Shared},
                    op::Munmap{v0}, op::Close{FdId{0}}, op::Store{v0, 0, 1}, op::Load{v0, 0}, op::Load{v0, 1},
                    op::WriteMemfd{MemfdId{0}, 0, 1}, op::ReadMemfd{MemfdId{0}, 0}, op::CloseMemfd{MemfdId{0}}}});
  }
  if (e.queue != reference::Importing::No) {
    Bounds bounds = slots(2, 2, 1, 0, 0, 0, 0);
    bounds.indices = kMaxIndices;
    const auto asked = kinds<op::Close, op::Reqbufs, op::Qbuf, op::PrepareBuf, op::Dqbuf, op::StreamOn, op::StreamOff, op::CloseVideo>();
    all.push_back({"queues", "2 buffers, 2 fds, a video queue of 2", alphabet(e, bounds, asked)});
    bounds.buffers = bounds.fds = 1;
    bounds.vmaps = 1;
    std::vector<Operation> failing = alphabet(e, bounds, asked | kinds<op::Get, op::Put, op::Vmap, op::Vunmap, op::Fail>());
    std::erase_if(failing, [](const Operation& o) {
      const auto* fail = std::get_if<op::Fail>(&o);
      return fail != nullptr && (fail->nth > 1 || fail->callback == Callback::Pin || fail->callback > Callback::Vmap);
    });
    all.push_back({"queues_failing", "1 buffer, 1 fd, a video queue of 2, 1 kernel mapping; an exporter that fails", std::move(failing)});
  }
  {
    const auto filling = kinds<op::FillFds, op::FreeFds, op::Dup, op::Close, op::Send, op::Receive, op::Get, op::Put>();
    all.push_back({"full", "1 buffer, 2 fds, 1 reference, 1 message; processes without a free fd",
                   alphabet(e, slots(1, 2, 1, 0, 0, 0, 1), filling)});
    if (e.own_references > 0)
      all.push_back({"full-handles", "1 buffer, 1 fd, a handle; no fd free for PRIME",
                     alphabet(e, slots(1, 1, 0, 0, 0, 0, 0), kinds<op::FillFds, op::FreeFds, op::Close, op::CreateDumb, op::HandleToFd>())});
    if (e.takes_lists)
      all.push_back({"full-lists", "1 buffer, 1 fd, 1 memfd; no fd free for either",
                     {op::FillFds{}, op::FreeFds{}, op::Memfd{MemfdId{0}, 2, Seals::Shrink}, op::CloseMemfd{MemfdId{0}}, op::Close{FdId{0}},
                      op::CreateList{BufferId{0}, FdId{0}, MemfdId{0}, 0, 2, MemfdId{0}, 0, 0, ListForm::Single, CloseOnExec::No},
                      op::CreateList{BufferId{0}, FdId{0}, kBadMemfd, 0, 2, MemfdId{0}, 0, 0, ListForm::Single, CloseOnExec::No}}});
    Bounds files = slots(1, 1, e.in_kernel ? 1 : 0, 0, 0, 0, 0);
    files.sync_files = 2;
    all.push_back({"full-sync-files", "1 buffer, 1 fd, 2 sync_files; no fd free for what they would make",
                   alphabet(e, files, kinds<op::FillFds, op::FreeFds, op::ExportSyncFile, op::MergeSyncFiles, op::CloseSyncFile>())});
  }
  // What takes many steps gets few kinds of them.
  const auto few = [&](std::vector<Operation> operations) {
    if (e.in_kernel) {
      operations.insert(operations.begin(), {op::Export{BufferId{0}, ReferenceId{0}, 2, Access::ReadWrite}});
    } else {
      operations.insert(operations.begin(), {op::Create{BufferId{0}, FdId{0}, 2, Access::ReadWrite, CloseOnExec::No},
                                             op::Get{FdId{0}, ReferenceId{0}}});
    }
    return operations;
  };
  const ReferenceId r0{0};
  const AttachmentId a0{0}, a1{1};
  const MappingId m0{0};
  all.push_back({"coherence", "1 buffer, 1 attachment, 1 mapping; a device writes, the CPU looks",
                 few({op::Attach{r0, kLaxDevice, a0}, op::Map{a0, m0, Direction::Bidirectional}, op::Unmap{m0},
                      op::DeviceWrite{m0, 0, 1}, op::DeviceRead{m0, 0}, op::BeginCpuAccess{r0, Direction::FromDevice},
                      op::EndCpuAccess{r0, Direction::FromDevice}, op::BeginCpuAccess{r0, Direction::ToDevice}})});
  all.push_back({"moving", "1 buffer, a lax and a strict attachment, 1 mapping; what the pages hold",
                 few({op::Attach{r0, kLaxDevice, a0}, op::Attach{r0, kStrictDevice, a1}, op::Map{a0, m0, Direction::Bidirectional},
                      op::Map{a1, m0, Direction::Bidirectional}, op::Unmap{m0}, op::DeviceWrite{m0, 0, 1}, op::DeviceRead{m0, 0}})});
  {
    Bounds b = slots(1, 1, 2, 0, 0, 0, 0);
    b.vmaps = 2;
    all.push_back({"vmaps", "1 buffer, 1 fd, 2 references, 2 kernel mappings",
                   alphabet(e, b, kinds<op::Close, op::Get, op::Put, op::Vmap, op::Vunmap>())});
    const VmapId w0{0};
    all.push_back({"vmapped", "1 buffer, a lax and a strict attachment, 1 mapping, 1 kernel mapping; what the pages hold",
                   few({op::Vmap{r0, w0}, op::Vunmap{w0}, op::VmapWrite{w0, 0, 1}, op::VmapWrite{w0, 1, 2}, op::VmapRead{w0, 0},
                        op::VmapRead{w0, 1}, op::Attach{r0, kLaxDevice, a0}, op::Attach{r0, kStrictDevice, a1},
                        op::Map{a0, m0, Direction::Bidirectional}, op::Map{a1, m0, Direction::Bidirectional}, op::Unmap{m0},
                        op::DeviceWrite{m0, 1, 3}, op::DeviceRead{m0, 1}})});
  }
  {
    Bounds b = slots(1, 1, 1, 2, 1, 0, 0);
    b.fds = 0;
    std::bitset<kOperationKinds> kinds_of_it = kinds<op::Put, op::Attach, op::AttachDynamic, op::Detach, op::Map, op::Unmap, op::Pin, op::Unpin>();
    if (e.ops->migrate != nullptr) kinds_of_it.set(kind_of<op::Migrate>());
    if (!e.in_kernel) kinds_of_it |= kinds<op::Get>(), b.fds = 1;
    std::vector<Operation> dynamic = alphabet(e, b, kinds_of_it);
    std::erase_if(dynamic, [](const Operation& o) {
      const auto* m = std::get_if<op::Map>(&o);
      return m != nullptr && m->direction == Direction::FromDevice;
    });
    all.push_back({"dynamic", "1 buffer, 1 reference, 2 attachments of either sort, 1 mapping; pins, and moves where there are any", std::move(dynamic)});
    std::vector<Operation> moved =
        few({op::AttachDynamic{r0, kLaxDevice, a0}, op::AttachDynamic{r0, kStrictDevice, a1}, op::Map{a0, m0, Direction::Bidirectional},
             op::Map{a1, m0, Direction::Bidirectional}, op::Unmap{m0}, op::DeviceWrite{m0, 0, 1}, op::DeviceRead{m0, 0},
             op::Pin{a0}, op::Unpin{a0}, op::Vmap{r0, VmapId{0}}, op::Vunmap{VmapId{0}}, op::VmapRead{VmapId{0}, 0}, op::VmapWrite{VmapId{0}, 0, 2}});
    if (e.ops->migrate != nullptr) moved.push_back(op::Migrate{r0});
    all.push_back({"moved", "1 buffer, a lax and a strict dynamic attachment, 1 mapping, 1 kernel mapping; what the pages hold", std::move(moved)});
  }
  {
    std::vector<Operation> failing =
        few({op::Attach{r0, kLaxDevice, a0}, op::AttachDynamic{r0, kStrictDevice, a1}, op::Detach{a0}, op::Detach{a1},
             op::Map{a0, m0, Direction::Bidirectional}, op::Map{a1, m0, Direction::Bidirectional}, op::Unmap{m0}, op::Pin{a1}, op::Unpin{a1},
             op::Vmap{r0, VmapId{0}}, op::Vunmap{VmapId{0}}, op::BeginCpuAccess{r0, Direction::ToDevice},
             op::EndCpuAccess{r0, Direction::ToDevice}});
    if (e.ops->migrate != nullptr) failing.push_back(op::Migrate{r0});
    for (const Callback callback : {Callback::Attach, Callback::Map, Callback::Pin, Callback::Begin, Callback::End})
      failing.push_back(op::Fail{BufferId{0}, callback, 1, Failure::Io});
    if (e.ops->vmap != nullptr) failing.push_back(op::Fail{BufferId{0}, Callback::Vmap, 1, Failure::NoMemory});
    failing.push_back(op::Fail{BufferId{0}, Callback::Map, 2, Failure::NoSpace});
    failing.push_back(op::Fail{BufferId{0}, Callback::Map, 0, Failure::NoSpace});
    all.push_back({"failing", "1 buffer, 2 attachments, 1 mapping, 1 kernel mapping; callbacks that fail", std::move(failing)});
  }
  // An fd from either kind of exporter.
  const auto with_fd = [&](std::vector<Operation> operations, std::uint8_t pages = 2) {
    for (const Access access : {Access::ReadWrite, Access::ReadOnly}) {
      if (e.in_kernel) operations.push_back(op::Export{BufferId{0}, ReferenceId{0}, pages, access});
      else operations.push_back(op::Create{BufferId{0}, FdId{0}, pages, access, CloseOnExec::No});
    }
    if (e.in_kernel) operations.push_back(op::InstallFd{ReferenceId{0}, FdId{0}, CloseOnExec::No});
    operations.push_back(op::Close{FdId{0}});
    return operations;
  };
  const FdId f0{0};
  const FenceId c0{0}, c1{1};
  const SyncFileId y0{0}, y1{1}, y2{2};
  std::vector<Operation> polls = {op::SignalFence{c0, FenceResult::Ok}, op::SignalFence{c0, FenceResult::Error},
                                  op::SignalFence{c1, FenceResult::Ok}};
  for (const Usage usage : {Usage::Kernel, Usage::Write, Usage::Read, Usage::Bookkeep})
    for (const Timeline timeline : {Timeline::Own, Timeline::First})
      for (const FenceId c : {c0, c1}) polls.push_back(op::AddFence{f0, c, usage, timeline});
  for (const Events events : {Events::In, Events::Out, Events::Both, Events::None, Events::Other})
    polls.push_back(op::Poll{f0, events});
  all.push_back({"polls", "1 buffer, 1 fd, 2 fences of every usage; polls", with_fd(polls)});
  std::vector<Operation> files = {op::AddFence{f0, c0, Usage::Write, Timeline::Own}, op::AddFence{f0, c1, Usage::Read, Timeline::Own},
                                  op::SignalFence{c0, FenceResult::Ok}, op::SignalFence{c1, FenceResult::Error},
                                  op::Poll{f0, Events::In}, op::Poll{f0, Events::Out}};
  for (const FenceFlags flags : {FenceFlags::Read, FenceFlags::Write, FenceFlags::Both, FenceFlags::None, FenceFlags::Unknown})
    files.push_back(op::ExportSyncFile{f0, y0, flags, OutArgument::Good});
  files.push_back(op::ExportSyncFile{f0, y1, FenceFlags::Read, OutArgument::Good});
  for (const OutArgument argument : {OutArgument::Unmapped, OutArgument::ReadOnly})
    files.push_back(op::ExportSyncFile{f0, y0, FenceFlags::Read, argument});
  for (const SyncFileId y : {y0, y1}) {
    files.push_back(op::FileInfo{y, InfoForm::Records, OutArgument::Good});
    files.push_back(op::PollSyncFile{y, Events::Both});
    files.push_back(op::CloseSyncFile{y});
  }
  all.push_back({"sync_files", "1 buffer, 1 fd, 2 fences, 2 sync_files; EXPORT and what it gives", with_fd(files)});
  // Few entries at a time: a table that has grown is the allocator's business (DBUF-FEN-012).
  const op::AddFence write{f0, c0, Usage::Write, Timeline::Own}, read{f0, c1, Usage::Read, Timeline::Own};
  const op::ExportSyncFile reads{f0, y0, FenceFlags::Read, OutArgument::Good}, writes{f0, y1, FenceFlags::Write, OutArgument::Good};
  const op::MergeSyncFiles both{y0, y1, y2, MergeForm::Good, OutArgument::Good};
  const op::FileInfo info{y2, InfoForm::Records, OutArgument::Good};
  all.push_back({"merging", "1 buffer, 1 fd, 2 fences, 3 sync_files; MERGE",
                 with_fd({write, read, op::SignalFence{c0, FenceResult::Ok}, reads, writes, both, info,
                          op::MergeSyncFiles{y0, kBadSyncFile, y2, MergeForm::Good, OutArgument::Good}})});
  std::vector<Operation> imports = {write, op::SignalFence{c0, FenceResult::Ok}, reads, op::Poll{f0, Events::In}, op::Poll{f0, Events::Out}};
  for (const SyncFileId y : {y0, kBadSyncFile, kForeignSyncFile})
    for (const FenceFlags flags : {FenceFlags::Read, FenceFlags::Write, FenceFlags::None, FenceFlags::Unknown})
      imports.push_back(op::ImportSyncFile{f0, y, flags, Argument::Good});
  all.push_back({"handing on", "1 buffer, 1 fd, 1 fence, 1 sync_file; IMPORT", with_fd(std::move(imports))});
  all.push_back({"containers", "2 buffers, 2 fds, 2 fences, 3 sync_files; a merged one is imported elsewhere",
                 with_fd({e.in_kernel ? Operation{op::Export{BufferId{1}, ReferenceId{1}, 2, Access::ReadWrite}}
                                      : Operation{op::Create{BufferId{1}, FdId{1}, 2, Access::ReadWrite, CloseOnExec::No}},
                          e.in_kernel ? Operation{op::InstallFd{ReferenceId{1}, FdId{1}, CloseOnExec::No}} : Operation{op::Close{FdId{1}}},
                          write, read, reads, writes, both,
                          op::ImportSyncFile{FdId{1}, y1, FenceFlags::Write, Argument::Good}, op::Poll{FdId{1}, Events::In},
                          op::Poll{FdId{1}, Events::Out}})});
  if (e.ops->mmap != nullptr) {
    const VmaId v0{0}, v1{1};
    // A mapping that grows at its end and is cut at its head wanders through its file for ever: one of the two at a time.
    const auto shapes = [&](bool heads, bool growth) {
      std::vector<Operation> operations = {op::Munmap{v0}, op::Munmap{v1}, op::Move{v0}, op::Store{v0, 0, 1}, op::Store{v0, 1, 2},
                                           op::Load{v1, 0}};
      for (const Protection protection : {Protection::Read, Protection::ReadWrite}) {
        operations.push_back(op::Mmap{f0, v0, 0, 3, protection, Sharing::Shared});
        operations.push_back(op::Mprotect{v0, protection});
      }
      for (const std::uint8_t page : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
        if (page != 0 || heads) operations.push_back(op::MunmapPage{v0, v1, page});
        operations.push_back(op::Load{v0, page});
      }
      operations.push_back(op::Mremap{v0, 0});
      if (!growth) operations.push_back(op::Mremap{v0, 1});
      else for (const std::uint8_t length : {std::uint8_t{2}, std::uint8_t{4}}) operations.push_back(op::Mremap{v0, length});
      return with_fd(std::move(operations), 3);
    };
    all.push_back({"shapes", "1 buffer of 3 pages, 1 fd, 2 CPU mappings; mprotect, munmap of pages, mremap", shapes(!e.grows, true)});
    if (e.grows) all.push_back({"heads", "the same; munmap of the first page, and no growth", shapes(true, false)});
    const ChildId k0{0};
    all.push_back({"children", "1 buffer, 2 fds, 1 CPU mapping, a child",
                   with_fd({op::Dup{f0, FdId{1}, CloseOnExec::Yes}, op::Dup{f0, FdId{1}, CloseOnExec::No}, op::Close{FdId{1}},
                            op::Mmap{f0, v0, 0, 2, Protection::ReadWrite, Sharing::Shared}, op::Munmap{v0}, op::Store{v0, 0, 1},
                            op::Fork{k0}, op::ChildLoad{k0, v0, 0}, op::Exec{k0}, op::Exit{k0}, op::Exit{k0, Ending::Killed}})});
  }
  return all;
}

}  // namespace dmabuf::conformance
