// SPDX-License-Identifier: MIT
#include "shape.hpp"

#include <array>
#include <charconv>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace dmabuf::conformance::shape {
namespace {

using namespace model;

// --- from a member to a field --------------------------------------------------------------------

template <class>
struct MemberOf;
template <class Op, class T>
struct MemberOf<T Op::*> {
  using Owner = Op;
  using Type = T;
};

template <class T>
constexpr Domain domain_of() {
  if constexpr (std::is_same_v<T, BufferId>) return Domain::Buffer;
  else if constexpr (std::is_same_v<T, FdId>) return Domain::Fd;
  else if constexpr (std::is_same_v<T, ReferenceId>) return Domain::Reference;
  else if constexpr (std::is_same_v<T, AttachmentId>) return Domain::Attachment;
  else if constexpr (std::is_same_v<T, MappingId>) return Domain::Mapping;
  else if constexpr (std::is_same_v<T, VmaId>) return Domain::Vma;
  else if constexpr (std::is_same_v<T, MessageId>) return Domain::Message;
  else if constexpr (std::is_same_v<T, DeviceId>) return Domain::Device;
  else if constexpr (std::is_same_v<T, FenceId>) return Domain::Fence;
  else if constexpr (std::is_same_v<T, SyncFileId>) return Domain::SyncFile;
  else if constexpr (std::is_same_v<T, Usage>) return Domain::Usage;
  else if constexpr (std::is_same_v<T, Timeline>) return Domain::Timeline;
  else if constexpr (std::is_same_v<T, FenceResult>) return Domain::FenceResult;
  else if constexpr (std::is_same_v<T, Events>) return Domain::Events;
  else if constexpr (std::is_same_v<T, FenceFlags>) return Domain::FenceFlags;
  else if constexpr (std::is_same_v<T, OutArgument>) return Domain::OutArgument;
  else if constexpr (std::is_same_v<T, MergeForm>) return Domain::MergeForm;
  else if constexpr (std::is_same_v<T, InfoForm>) return Domain::InfoForm;
  else if constexpr (std::is_same_v<T, Access>) return Domain::Access;
  else if constexpr (std::is_same_v<T, CloseOnExec>) return Domain::CloseOnExec;
  else if constexpr (std::is_same_v<T, Direction>) return Domain::Direction;
  else if constexpr (std::is_same_v<T, Protection>) return Domain::Protection;
  else if constexpr (std::is_same_v<T, Sharing>) return Domain::Sharing;
  else if constexpr (std::is_same_v<T, Argument>) return Domain::Argument;
  else if constexpr (std::is_same_v<T, Whence>) return Domain::Whence;
  else if constexpr (std::is_same_v<T, SyncFlags>) return Domain::SyncFlags;
  else if constexpr (std::is_same_v<T, NameId>) return Domain::Name;
  else if constexpr (std::is_same_v<T, CreationFlags>) return Domain::CreationFlags;
  else if constexpr (std::is_same_v<T, ChildId>) return Domain::Child;
  else if constexpr (std::is_same_v<T, VmapId>) return Domain::Vmap;
  else if constexpr (std::is_same_v<T, Callback>) return Domain::Callback;
  else if constexpr (std::is_same_v<T, Failure>) return Domain::Failure;
  else if constexpr (std::is_same_v<T, Ending>) return Domain::Ending;
  else if constexpr (std::is_same_v<T, MemfdId>) return Domain::Memfd;
  else if constexpr (std::is_same_v<T, ProcessId>) return Domain::Process;
  else if constexpr (std::is_same_v<T, Seals>) return Domain::Seals;
  else if constexpr (std::is_same_v<T, ListForm>) return Domain::ListForm;
  else if constexpr (std::is_same_v<T, DrmFile>) return Domain::DrmFile;
  else if constexpr (std::is_same_v<T, VideoFile>) return Domain::VideoFile;
  else if constexpr (std::is_same_v<T, VideoMemory>) return Domain::VideoMemory;
  else if constexpr (std::is_same_v<T, VideoLength>) return Domain::VideoLength;
  else if constexpr (std::is_same_v<T, Tag>) return Domain::Tag;
  else {
    static_assert(std::is_same_v<T, std::int16_t>, "a field of an unknown type");
    return Domain::SeekOffset;
  }
}

template <auto Member>
std::uint32_t load(const Operation& operation) {
  using M = MemberOf<decltype(Member)>;
  const auto& value = std::get_if<typename M::Owner>(&operation)->*Member;
  if constexpr (requires { value.value; })
    return value.value;
  else if constexpr (std::is_same_v<typename M::Type, std::int16_t>)
    return static_cast<std::uint16_t>(value);
  else
    return static_cast<std::uint32_t>(value);
}

template <auto Member>
void store(Operation& operation, std::uint32_t raw) {
  using M = MemberOf<decltype(Member)>;
  auto& value = std::get_if<typename M::Owner>(&operation)->*Member;
  if constexpr (requires { value.value; })
    value.value = static_cast<std::uint8_t>(raw);
  else
    value = static_cast<typename M::Type>(raw);
}

template <auto Member>
constexpr Field field(Domain domain, Style style, Role role, std::string_view key = {}) {
  return {domain, style, role, key, &load<Member>, &store<Member>};
}
template <auto Member>
constexpr Field uses() {
  return field<Member>(domain_of<typename MemberOf<decltype(Member)>::Type>(), Style::Word, Role::Uses);
}
template <auto Member>
constexpr Field fills() {
  return field<Member>(domain_of<typename MemberOf<decltype(Member)>::Type>(), Style::Word, Role::Fills);
}
template <auto Member>
constexpr Field word() {
  return field<Member>(domain_of<typename MemberOf<decltype(Member)>::Type>(), Style::Word, Role::None);
}
template <auto Member>
constexpr Field keyed(std::string_view key) {
  return field<Member>(domain_of<typename MemberOf<decltype(Member)>::Type>(), Style::Keyed, Role::None,
                       key);
}
template <auto Member>
constexpr Field number(Domain domain, std::string_view key) {
  return field<Member>(domain, Style::Keyed, Role::None, key);
}
template <auto Member>
constexpr Field optional(std::string_view key = {}) {
  return field<Member>(domain_of<typename MemberOf<decltype(Member)>::Type>(), Style::Optional,
                       Role::None, key);
}

/// Of a later format than the first: a token that has no use for it is written in the earlier one.
constexpr Field since(std::uint8_t format, Field field) {
  field.since = format;
  return field;
}

// --- the table -----------------------------------------------------------------------------------

template <class Op>
inline constexpr std::array<Field, 0> kFields{};

template <>
inline constexpr std::array kFields<op::Export>{
    fills<&op::Export::buffer>(), fills<&op::Export::reference>(),
    number<&op::Export::pages>(Domain::Pages, "pages"), keyed<&op::Export::access>("access")};
template <>
inline constexpr std::array kFields<op::Create>{
    fills<&op::Create::buffer>(), fills<&op::Create::fd>(),
    number<&op::Create::pages>(Domain::Pages, "pages"), keyed<&op::Create::access>("access"),
    optional<&op::Create::cloexec>(), since(2, optional<&op::Create::flags>("flags"))};
template <>
inline constexpr std::array kFields<op::CloseHandle>{uses<&op::CloseHandle::buffer>(),
                                                     since(3, optional<&op::CloseHandle::file>())};
template <>
inline constexpr std::array kFields<op::InstallFd>{
    uses<&op::InstallFd::reference>(), fills<&op::InstallFd::fd>(), optional<&op::InstallFd::cloexec>()};
template <>
inline constexpr std::array kFields<op::Dup>{uses<&op::Dup::from>(), fills<&op::Dup::to>(),
                                             optional<&op::Dup::cloexec>()};
template <>
inline constexpr std::array kFields<op::Close>{uses<&op::Close::fd>()};
template <>
inline constexpr std::array kFields<op::Send>{uses<&op::Send::fd>(), fills<&op::Send::message>()};
template <>
inline constexpr std::array kFields<op::Receive>{
    uses<&op::Receive::message>(), fills<&op::Receive::fd>(), optional<&op::Receive::cloexec>()};
template <>
inline constexpr std::array kFields<op::Discard>{uses<&op::Discard::message>()};
template <>
inline constexpr std::array kFields<op::Get>{uses<&op::Get::fd>(), fills<&op::Get::reference>()};
template <>
inline constexpr std::array kFields<op::Put>{uses<&op::Put::reference>()};
template <>
inline constexpr std::array kFields<op::Attach>{
    uses<&op::Attach::reference>(), word<&op::Attach::device>(), fills<&op::Attach::attachment>()};
template <>
inline constexpr std::array kFields<op::Detach>{uses<&op::Detach::attachment>()};
template <>
inline constexpr std::array kFields<op::Map>{
    uses<&op::Map::attachment>(), fills<&op::Map::mapping>(), word<&op::Map::direction>()};
template <>
inline constexpr std::array kFields<op::Unmap>{uses<&op::Unmap::mapping>()};
template <>
inline constexpr std::array kFields<op::DeviceRead>{
    uses<&op::DeviceRead::mapping>(), number<&op::DeviceRead::page>(Domain::Page, "page")};
template <>
inline constexpr std::array kFields<op::DeviceWrite>{
    uses<&op::DeviceWrite::mapping>(), number<&op::DeviceWrite::page>(Domain::Page, "page"),
    keyed<&op::DeviceWrite::tag>("tag")};
template <>
inline constexpr std::array kFields<op::BeginCpuAccess>{uses<&op::BeginCpuAccess::reference>(),
                                                        word<&op::BeginCpuAccess::direction>()};
template <>
inline constexpr std::array kFields<op::EndCpuAccess>{uses<&op::EndCpuAccess::reference>(),
                                                      word<&op::EndCpuAccess::direction>()};
template <>
inline constexpr std::array kFields<op::Sync>{
    uses<&op::Sync::fd>(), word<&op::Sync::flags>(), optional<&op::Sync::argument>("argument")};
template <>
inline constexpr std::array kFields<op::Mmap>{
    uses<&op::Mmap::fd>(), fills<&op::Mmap::vma>(),
    number<&op::Mmap::offset>(Domain::Extent, "offset"),
    number<&op::Mmap::length>(Domain::Extent, "length"), word<&op::Mmap::protection>(),
    word<&op::Mmap::sharing>()};
template <>
inline constexpr std::array kFields<op::Munmap>{uses<&op::Munmap::vma>()};
template <>
inline constexpr std::array kFields<op::Store>{
    uses<&op::Store::vma>(), number<&op::Store::page>(Domain::Page, "page"),
    keyed<&op::Store::tag>("tag")};
template <>
inline constexpr std::array kFields<op::Load>{uses<&op::Load::vma>(),
                                              number<&op::Load::page>(Domain::Page, "page")};
template <>
inline constexpr std::array kFields<op::Seek>{uses<&op::Seek::fd>(), word<&op::Seek::whence>(),
                                              word<&op::Seek::offset>()};
template <>
inline constexpr std::array kFields<op::SetName>{
    uses<&op::SetName::fd>(), word<&op::SetName::name>(), optional<&op::SetName::argument>("argument")};

template <>
inline constexpr std::array kFields<op::AddFence>{
    uses<&op::AddFence::fd>(), fills<&op::AddFence::fence>(), word<&op::AddFence::usage>(),
    optional<&op::AddFence::timeline>("timeline")};
template <>
inline constexpr std::array kFields<op::SignalFence>{uses<&op::SignalFence::fence>(),
                                                     optional<&op::SignalFence::result>()};
template <>
inline constexpr std::array kFields<op::Poll>{uses<&op::Poll::fd>(), word<&op::Poll::events>()};
template <>
inline constexpr std::array kFields<op::ExportSyncFile>{
    uses<&op::ExportSyncFile::fd>(), fills<&op::ExportSyncFile::sync_file>(), word<&op::ExportSyncFile::flags>(),
    optional<&op::ExportSyncFile::argument>("argument")};
template <>
inline constexpr std::array kFields<op::ImportSyncFile>{
    uses<&op::ImportSyncFile::fd>(), uses<&op::ImportSyncFile::sync_file>(), word<&op::ImportSyncFile::flags>(),
    optional<&op::ImportSyncFile::argument>("argument")};
template <>
inline constexpr std::array kFields<op::MergeSyncFiles>{
    uses<&op::MergeSyncFiles::first>(), uses<&op::MergeSyncFiles::second>(), fills<&op::MergeSyncFiles::into>(),
    optional<&op::MergeSyncFiles::form>("set"), optional<&op::MergeSyncFiles::argument>("argument")};
template <>
inline constexpr std::array kFields<op::FileInfo>{uses<&op::FileInfo::sync_file>(), word<&op::FileInfo::form>(),
                                                  optional<&op::FileInfo::argument>("argument")};
template <>
inline constexpr std::array kFields<op::PollSyncFile>{uses<&op::PollSyncFile::sync_file>(),
                                                      word<&op::PollSyncFile::events>()};
template <>
inline constexpr std::array kFields<op::CloseSyncFile>{uses<&op::CloseSyncFile::sync_file>()};
template <>
inline constexpr std::array kFields<op::Mprotect>{uses<&op::Mprotect::vma>(), word<&op::Mprotect::protection>()};
template <>
inline constexpr std::array kFields<op::MunmapPage>{
    uses<&op::MunmapPage::vma>(), fills<&op::MunmapPage::into>(),
    number<&op::MunmapPage::page>(Domain::Page, "page")};
template <>
inline constexpr std::array kFields<op::Mremap>{uses<&op::Mremap::vma>(),
                                                number<&op::Mremap::length>(Domain::Extent, "length")};
template <>
inline constexpr std::array kFields<op::Move>{uses<&op::Move::vma>()};
template <>
inline constexpr std::array kFields<op::Fork>{fills<&op::Fork::child>()};
template <>
inline constexpr std::array kFields<op::ChildLoad>{
    uses<&op::ChildLoad::child>(), uses<&op::ChildLoad::vma>(),
    number<&op::ChildLoad::page>(Domain::Page, "page")};
template <>
inline constexpr std::array kFields<op::Exec>{uses<&op::Exec::child>()};
template <>
inline constexpr std::array kFields<op::Exit>{uses<&op::Exit::child>(), optional<&op::Exit::ending>()};
template <>
inline constexpr std::array kFields<op::Vmap>{uses<&op::Vmap::reference>(), fills<&op::Vmap::vmap>()};
template <>
inline constexpr std::array kFields<op::Vunmap>{uses<&op::Vunmap::vmap>()};
template <>
inline constexpr std::array kFields<op::VmapRead>{
    uses<&op::VmapRead::vmap>(), number<&op::VmapRead::page>(Domain::Page, "page")};
template <>
inline constexpr std::array kFields<op::VmapWrite>{
    uses<&op::VmapWrite::vmap>(), number<&op::VmapWrite::page>(Domain::Page, "page"),
    keyed<&op::VmapWrite::tag>("tag")};
template <>
inline constexpr std::array kFields<op::AttachDynamic>{
    uses<&op::AttachDynamic::reference>(), word<&op::AttachDynamic::device>(), fills<&op::AttachDynamic::attachment>()};
template <>
inline constexpr std::array kFields<op::Pin>{uses<&op::Pin::attachment>()};
template <>
inline constexpr std::array kFields<op::Unpin>{uses<&op::Unpin::attachment>()};
template <>
inline constexpr std::array kFields<op::Migrate>{uses<&op::Migrate::reference>()};
template <>
inline constexpr std::array kFields<op::Fail>{
    uses<&op::Fail::buffer>(), word<&op::Fail::callback>(), number<&op::Fail::nth>(Domain::Nth, "nth"),
    keyed<&op::Fail::error>("error")};

template <>
inline constexpr std::array kFields<op::CreateDumb>{fills<&op::CreateDumb::buffer>(),
                                                    number<&op::CreateDumb::pages>(Domain::Pages, "pages")};
template <>
inline constexpr std::array kFields<op::HandleToFd>{
    uses<&op::HandleToFd::buffer>(), fills<&op::HandleToFd::fd>(), keyed<&op::HandleToFd::access>("access"),
    optional<&op::HandleToFd::cloexec>(), optional<&op::HandleToFd::file>(), optional<&op::HandleToFd::flags>("flags")};
template <>
inline constexpr std::array kFields<op::FdToHandle>{uses<&op::FdToHandle::fd>(), optional<&op::FdToHandle::file>()};

template <>
inline constexpr std::array kFields<op::Memfd>{fills<&op::Memfd::memfd>(), number<&op::Memfd::pages>(Domain::Pages, "pages"),
                                               keyed<&op::Memfd::seals>("seals")};
template <>
inline constexpr std::array kFields<op::CloseMemfd>{uses<&op::CloseMemfd::memfd>()};
template <>
inline constexpr std::array kFields<op::WriteMemfd>{uses<&op::WriteMemfd::memfd>(),
                                                    number<&op::WriteMemfd::page>(Domain::Page, "page"),
                                                    keyed<&op::WriteMemfd::tag>("tag")};
template <>
inline constexpr std::array kFields<op::ReadMemfd>{uses<&op::ReadMemfd::memfd>(),
                                                   number<&op::ReadMemfd::page>(Domain::Page, "page")};
template <>
inline constexpr std::array kFields<op::CreateList>{
    fills<&op::CreateList::buffer>(), fills<&op::CreateList::fd>(), uses<&op::CreateList::first>(),
    number<&op::CreateList::start>(Domain::Page, "from"), number<&op::CreateList::pages>(Domain::Pages, "pages"),
    uses<&op::CreateList::second>(), number<&op::CreateList::start2>(Domain::Page, "from2"),
    number<&op::CreateList::pages2>(Domain::Pages, "pages2"), word<&op::CreateList::form>(),
    optional<&op::CreateList::cloexec>()};
template <>
inline constexpr std::array kFields<op::FillFds>{word<&op::FillFds::process>()};
template <>
inline constexpr std::array kFields<op::FreeFds>{word<&op::FreeFds::process>()};

template <>
inline constexpr std::array kFields<op::Reqbufs>{number<&op::Reqbufs::count>(Domain::Count, "count"),
                                                 optional<&op::Reqbufs::memory>("memory"), optional<&op::Reqbufs::file>()};
template <>
inline constexpr std::array kFields<op::Qbuf>{number<&op::Qbuf::index>(Domain::Index, "index"), uses<&op::Qbuf::fd>(),
                                              optional<&op::Qbuf::length>("length"), optional<&op::Qbuf::memory>("memory"),
                                              optional<&op::Qbuf::file>()};
template <>
inline constexpr std::array kFields<op::PrepareBuf>{
    number<&op::PrepareBuf::index>(Domain::Index, "index"), uses<&op::PrepareBuf::fd>(),
    optional<&op::PrepareBuf::length>("length"), optional<&op::PrepareBuf::memory>("memory"), optional<&op::PrepareBuf::file>()};
template <>
inline constexpr std::array kFields<op::Dqbuf>{optional<&op::Dqbuf::file>()};
template <>
inline constexpr std::array kFields<op::StreamOn>{optional<&op::StreamOn::file>()};
template <>
inline constexpr std::array kFields<op::StreamOff>{optional<&op::StreamOff::file>()};
template <>
inline constexpr std::array kFields<op::CloseVideo>{optional<&op::CloseVideo::file>()};

/// A kind whose fields were forgotten does not compile; no kind is without fields.
template <class Op>
constexpr std::span<const Field> checked() {
  static_assert(kFields<Op>.size() > 0, "an operation without a line in the table");
  static_assert(kFields<Op>.size() <= kMostFields);
  return kFields<Op>;
}

constexpr auto kTable = []<class... Ops>(std::type_identity<std::variant<Ops...>>) {
  return std::array<std::span<const Field>, sizeof...(Ops)>{checked<Ops>()...};
}(std::type_identity<Operation>{});

constexpr auto kBlank = []<class... Ops>(std::type_identity<std::variant<Ops...>>) {
  return std::array<Operation, sizeof...(Ops)>{Operation{Ops{}}...};
}(std::type_identity<Operation>{});

// --- words ---------------------------------------------------------------------------------------

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 3> kAccess = {"ro", "wo", "rw"};
constexpr std::array<std::string_view, 2> kCloseOnExec = {"", "cloexec"};
constexpr std::array<std::string_view, 4> kDirection = {"bidirectional", "to_device", "from_device",
                                                        "none"};
constexpr std::array<std::string_view, 2> kProtection = {"ro", "rw"};
constexpr std::array<std::string_view, 2> kSharing = {"shared", "private"};
constexpr std::array<std::string_view, 2> kArgument = {"good", "unmapped"};
constexpr std::array<std::string_view, 4> kCreationFlags = {"known", "unknown", "heap", "answer"};
constexpr std::array<std::string_view, 2> kEnding = {"exited", "killed"};
constexpr std::array<std::string_view, 5> kSeals = {"shrink", "none", "shrink|write", "shrink|future_write",
                                                   "not_for_sealing"};
constexpr std::array<std::string_view, 9> kListForm = {"single", "list", "odd", "empty", "too_many", "too_large", "odd_offset",
                                                      "odd_size", "unmapped"};
constexpr std::array<std::string_view, 2> kVideoFile = {"first", "second"};
constexpr std::array<std::string_view, 2> kVideoMemory = {"dmabuf", "unknown"};
constexpr std::array<std::string_view, 4> kVideoLength = {"whole", "image", "short", "long"};
constexpr std::array<std::string_view, 2> kDrmFile = {"first", "second"};
constexpr std::array<std::string_view, 6> kWhence = {"set", "cur", "end", "data", "hole", "bogus"};
constexpr std::array<std::string_view, 10> kSyncFlags = {
    "start|read", "start|write", "start|read|write", "end|read", "end|write", "end|read|write",
    "start",      "end",         "start|read|0x8",   "start|read|0x100000000"};

constexpr std::array<std::string_view, 7> kCallback = {"attach", "map", "pin", "vmap", "begin_cpu_access",
                                                       "end_cpu_access", "mmap"};
constexpr std::array<std::string_view, 3> kFailure = {"ENOMEM", "EIO", "ENOSPC"};
constexpr std::array<std::string_view, 4> kUsage = {"kernel", "write", "read", "bookkeep"};
constexpr std::array<std::string_view, 3> kTimeline = {"own", "t0", "t1"};
constexpr std::array<std::string_view, 2> kFenceResult = {"", "error"};
constexpr std::array<std::string_view, 5> kEvents = {"in", "out", "in|out", "nothing", "other"};
constexpr std::array<std::string_view, 5> kFenceFlags = {"read", "write", "read|write", "neither", "read|0x4"};
constexpr std::array<std::string_view, 3> kOutArgument = {"good", "unmapped", "readonly"};
constexpr std::array<std::string_view, 3> kMergeForm = {"nothing", "flags", "pad"};
constexpr std::array<std::string_view, 6> kInfoForm = {"count", "records", "one_record", "flags", "pad",
                                                       "unmapped_records"};

Words words(Domain domain) {
  switch (domain) {
    case Domain::Callback: return kCallback;
    case Domain::Failure: return kFailure;
    case Domain::Usage: return kUsage;
    case Domain::Timeline: return kTimeline;
    case Domain::FenceResult: return kFenceResult;
    case Domain::Events: return kEvents;
    case Domain::FenceFlags: return kFenceFlags;
    case Domain::OutArgument: return kOutArgument;
    case Domain::MergeForm: return kMergeForm;
    case Domain::InfoForm: return kInfoForm;
    case Domain::Access: return kAccess;
    case Domain::CloseOnExec: return kCloseOnExec;
    case Domain::Direction: return kDirection;
    case Domain::Protection: return kProtection;
    case Domain::Sharing: return kSharing;
    case Domain::Argument: return kArgument;
    case Domain::Whence: return kWhence;
    case Domain::SyncFlags: return kSyncFlags;
    case Domain::Name: return kNames;
    case Domain::CreationFlags: return kCreationFlags;
    case Domain::Ending: return kEnding;
    case Domain::DrmFile: return kDrmFile;
    case Domain::VideoFile: return kVideoFile;
    case Domain::VideoMemory: return kVideoMemory;
    case Domain::VideoLength: return kVideoLength;
    case Domain::Seals: return kSeals;
    case Domain::ListForm: return kListForm;
    case Domain::Buffer: case Domain::Fd: case Domain::Reference: case Domain::Attachment:
    case Domain::Mapping: case Domain::Vma: case Domain::Message: case Domain::Device:
    case Domain::Fence: case Domain::SyncFile: case Domain::Child: case Domain::Vmap: case Domain::Memfd: case Domain::Process: case Domain::Nth: case Domain::Pages: case Domain::Page: case Domain::Extent: case Domain::Tag:
    case Domain::Index: case Domain::Count: case Domain::SeekOffset: return {};
  }
  return {};
}

struct SlotInfo {
  char letter;
  std::uint32_t count;
  std::string_view noun;
};
constexpr std::array<SlotInfo, kSlotDomains> kSlots = {{
    {'b', kMaxBuffers, "buffer"}, {'f', kMaxFds, "fd"}, {'r', kMaxReferences, "reference"},
    {'a', kMaxAttachments, "attachment"}, {'m', kMaxMappings, "mapping"}, {'v', kMaxVmas, "vma"},
    {'s', kMaxMessages, "message"}, {'d', kDevices, "device"}, {'c', kMaxFences, "fence"},
    {'y', kMaxSyncFiles, "sync_file"}, {'k', kMaxChildren, "child"},
    {'w', kMaxVmaps, "kernel mapping"}, {'n', kMaxMemfds, "memfd"}, {'p', kProcesses, "process"}}};

/// Files have two names beside their slots, of the same numbers.
static_assert(kBadFd.value == kBadSyncFile.value && kForeignFd.value == kForeignSyncFile.value);
static_assert(kBadFd.value == kBadMemfd.value && kForeignFd.value == kForeignMemfd.value);
constexpr bool has_special(Domain domain) { return domain == Domain::Fd || domain == Domain::SyncFile || domain == Domain::Memfd; }

const SlotInfo& slot(Domain domain) { return kSlots[static_cast<std::size_t>(domain)]; }

/// Decimal, or hexadecimal after 0x; the whole of the text.
std::optional<std::int64_t> integer(std::string_view text) {
  bool negative = false;
  if (text.starts_with('-')) {
    negative = true;
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  }
  if (text.empty() || text.front() == '-') return {};
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return negative ? -value : value;
}

}  // namespace

std::span<const Field> fields(std::size_t kind) { return kTable[kind]; }

Operation blank(std::size_t kind) { return kBlank[kind]; }

std::uint32_t count(Domain domain) {
  if (is_slot(domain)) return slot(domain).count;
  switch (domain) {
    case Domain::Pages: return kMaxPages + 1;
    case Domain::Nth: return kMaxNth + 1;
    case Domain::Index: case Domain::Count: return kMaxIndices + 1;
    case Domain::Page: return kMaxPages;
    case Domain::Extent: return 256;
    case Domain::SeekOffset: return 0x10000;
    case Domain::Tag: return 0;
    case Domain::Access: case Domain::CloseOnExec: case Domain::Direction: case Domain::Protection:
    case Domain::Sharing: case Domain::Argument: case Domain::Whence: case Domain::SyncFlags:
    case Domain::Usage: case Domain::Timeline: case Domain::FenceResult: case Domain::Events: case Domain::FenceFlags:
    case Domain::OutArgument: case Domain::MergeForm: case Domain::InfoForm: case Domain::Callback: case Domain::Failure:
    case Domain::Name: case Domain::CreationFlags: case Domain::Ending: case Domain::DrmFile:
    case Domain::VideoFile: case Domain::VideoMemory: case Domain::VideoLength:
    case Domain::Seals: case Domain::ListForm: return static_cast<std::uint32_t>(words(domain).size());
    case Domain::Buffer: case Domain::Fd: case Domain::Reference: case Domain::Attachment:
    case Domain::Mapping: case Domain::Vma: case Domain::Message: case Domain::Device:
    case Domain::Fence: case Domain::SyncFile: case Domain::Child: case Domain::Vmap: case Domain::Memfd: case Domain::Process: break;
  }
  return 0;
}

bool legal(Domain domain, std::uint32_t value) {
  if (domain == Domain::Tag) return true;
  if (has_special(domain) && (value == kBadFd.value || value == kForeignFd.value)) return true;
  return value < count(domain);
}

bool legal(const Operation& operation) {
  for (const Field& field : fields(operation.index()))
    if (!legal(field.domain, field.load(operation))) return false;
  return true;
}

void print(Domain domain, std::uint32_t value, std::string& out) {
  auto to = std::back_inserter(out);
  if (has_special(domain) && value == kBadFd.value) {
    out += "bad";
  } else if (has_special(domain) && value == kForeignFd.value) {
    out += "foreign";
  } else if (is_slot(domain)) {
    fmt::format_to(to, "{}{}", slot(domain).letter, value);
  } else if (domain == Domain::Tag) {
    fmt::format_to(to, "0x{:x}", value);
  } else if (domain == Domain::SeekOffset) {
    fmt::format_to(to, "{}", static_cast<std::int16_t>(static_cast<std::uint16_t>(value)));
  } else if (domain == Domain::Name && value < kNames.size()) {
    fmt::format_to(to, "\"{}\"", kNames[value]);
  } else if (const Words known = words(domain); value < known.size()) {
    out += known[value];
  } else {
    fmt::format_to(to, "{}", value);
  }
}

std::optional<std::uint32_t> parse(Domain domain, std::string_view text) {
  if (domain == Domain::Name) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return {};
    text = text.substr(1, text.size() - 2);
  }
  if (const Words known = words(domain); !known.empty()) {
    for (std::uint32_t i = 0; i < known.size(); ++i)
      if (known[i] == text) return i;
    return {};
  }
  if (is_slot(domain)) {
    if (has_special(domain) && text == "bad") return kBadFd.value;
    if (has_special(domain) && text == "foreign") return kForeignFd.value;
    // One digit: every kind has fewer than ten slots, and "f01" is a slip of the pen.
    if (text.size() != 2 || text[0] != slot(domain).letter || text[1] < '0' || text[1] > '9') return {};
    const auto value = static_cast<std::uint32_t>(text[1] - '0');
    return value < slot(domain).count ? std::optional(value) : std::nullopt;
  }
  const auto value = integer(text);
  if (!value) return {};
  if (domain == Domain::SeekOffset) {
    if (*value < INT16_MIN || *value > INT16_MAX) return {};
    return static_cast<std::uint16_t>(*value);
  }
  if (*value < 0 || *value > UINT32_MAX || !legal(domain, static_cast<std::uint32_t>(*value))) return {};
  return static_cast<std::uint32_t>(*value);
}

std::string wanted(Domain domain) {
  if (is_slot(domain)) {
    const SlotInfo& info = slot(domain);
    return fmt::format("{} {} slot ({}0 to {}{}{})", info.letter == 'a' || info.letter == 'f' ? "an" : "a", info.noun,
                       info.letter, info.letter, info.count - 1,
                       has_special(domain) ? ", bad or foreign" : "");
  }
  switch (domain) {
    case Domain::Pages: return fmt::format("a number of pages (0 to {})", kMaxPages);
    case Domain::Nth: return fmt::format("which call (0 to {})", kMaxNth);
    case Domain::Index: return fmt::format("an index (0 to {})", kMaxIndices);
    case Domain::Count: return fmt::format("a number of buffers (0 to {})", kMaxIndices);
    case Domain::Page: return fmt::format("a page (0 to {})", kMaxPages - 1);
    case Domain::Extent: return "a number of pages (0 to 255)";
    case Domain::Tag: return "a tag (0x0 to 0xffffffff)";
    case Domain::SeekOffset: return "an offset (-32768 to 32767)";
    case Domain::Access: case Domain::CloseOnExec: case Domain::Direction: case Domain::Protection:
    case Domain::Sharing: case Domain::Argument: case Domain::Whence: case Domain::SyncFlags:
    case Domain::Name: case Domain::CreationFlags: case Domain::Buffer: case Domain::Fd: case Domain::Reference:
    case Domain::Attachment: case Domain::Mapping: case Domain::Vma: case Domain::Message:
    case Domain::Usage: case Domain::Timeline: case Domain::FenceResult: case Domain::Events: case Domain::FenceFlags:
    case Domain::OutArgument: case Domain::MergeForm: case Domain::InfoForm:
    case Domain::Device: case Domain::Fence: case Domain::SyncFile: case Domain::Child: case Domain::Vmap: case Domain::Callback: case Domain::Failure: case Domain::Ending: case Domain::DrmFile:
    case Domain::VideoFile: case Domain::VideoMemory: case Domain::VideoLength:
    case Domain::Memfd: case Domain::Process: case Domain::Seals: case Domain::ListForm: break;
  }
  std::string text = "one of";
  for (std::string_view word : words(domain)) {
    if (word.empty() && domain != Domain::Name) continue;
    text += domain == Domain::Name ? fmt::format(" \"{}\"", word) : fmt::format(" {}", word);
  }
  return text;
}

}  // namespace dmabuf::conformance::shape
