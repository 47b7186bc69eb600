// SPDX-License-Identifier: MIT
/// The vocabulary: everything a trace can ask of a system. Operations are the events of the model's
/// machines and the requests of an adapter; model and systems under test share this file and
/// outcome.hpp and observation.hpp, and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

#include "dmabuf/model/ids.hpp"

namespace dmabuf::model {

/// `flags & O_ACCMODE` of the buffer's file (DBUF-EXP-007).
enum class Access : std::uint8_t { ReadOnly, WriteOnly, ReadWrite };
enum class CloseOnExec : std::uint8_t { No, Yes };
/// Does a creation also set a flag that nobody has given a meaning? Of a heap, also: a flag of the heap's own, of
/// which there are none, or a number in the field that is for the answer.
enum class CreationFlags : std::uint8_t { Known, Unknown, HeapFlags, Answer };
/// F_ADD_SEALS of a memfd, once it has its size. The last is made without MFD_ALLOW_SEALING.
enum class Seals : std::uint8_t { Shrink, None, Write, FutureWrite, NotForSealing };  // Write, FutureWrite: and Shrink
/// How udmabuf is asked, or what is wrong with the request beside its items.
enum class ListForm : std::uint8_t {
  Single,     ///< UDMABUF_CREATE of the first item
  List,       ///< UDMABUF_CREATE_LIST of both
  Odd,        ///< of both, with unknown flags and something in their padding
  Empty,      ///< of none
  TooMany,    ///< of the first, once more than list_limit
  TooLarge,   ///< of both, and of a third, a page more than size_limit
  OddOffset,  ///< of both, the second one byte further on
  OddSize,    ///< of both, the second one byte longer
  Unmapped,   ///< the argument is no readable memory
};
/// Which open file of the video device asks: the first owns the queue, if anybody does.
enum class VideoFile : std::uint8_t { First, Second };
/// `v4l2_buffer.memory` or `v4l2_requestbuffers.memory`: V4L2_MEMORY_DMABUF, or a number nobody has given a meaning.
enum class VideoMemory : std::uint8_t { DmaBuf, Unknown };
/// `v4l2_buffer.length` of a QBUF.
enum class VideoLength : std::uint8_t {
  Whole,  ///< 0: the dma-buf's size
  Image,  ///< no more than the format needs
  Short,  ///< less than that
  Long,   ///< a page more than the dma-buf has
};
/// Which open file of the exporter's DRM device a handle is one of: handles are per file (DBUF-PRM-007).
enum class DrmFile : std::uint8_t { First, Second };
/// `enum dma_data_direction`, same order as the kernel's.
enum class Direction : std::uint8_t { Bidirectional, ToDevice, FromDevice, None };
enum class Protection : std::uint8_t { Read, ReadWrite };
enum class Sharing : std::uint8_t { Shared, Private };
/// Is the argument of an ioctl readable memory, or a page that is not mapped (-EFAULT)?
enum class Argument : std::uint8_t { Good, Unmapped };
/// How a child ends: by itself, or by SIGKILL.
enum class Ending : std::uint8_t { Exited, Killed };
enum class Whence : std::uint8_t { Set, Cur, End, Data, Hole, Bogus };

/// `struct dma_buf_sync.flags` as the trace spells them; the last four are refused (DBUF-SYN-002/003).
enum class SyncFlags : std::uint8_t {
  StartRead, StartWrite, StartBoth, EndRead, EndWrite, EndBoth,
  NoDirection,     ///< 0: start, but neither read nor write
  EndNoDirection,  ///< 4
  UnknownBit,      ///< read | 8
  UnknownHighBit,  ///< read | 1 << 32
};

/// `enum dma_resv_usage`, same order as the kernel's: a query for one finds those before it, too.
enum class Usage : std::uint8_t { Kernel, Write, Read, Bookkeep };
/// The `context` of a fence: one of its own, or a timeline that it shares with others.
enum class Timeline : std::uint8_t { Own, First, Second };
enum class FenceResult : std::uint8_t { Ok, Error };
/// What a poll asks for. Other: a bit that is neither POLLIN nor POLLOUT.
enum class Events : std::uint8_t { In, Out, Both, None, Other };
/// `flags` of EXPORT_SYNC_FILE and IMPORT_SYNC_FILE. The last two are refused.
enum class FenceFlags : std::uint8_t { Read, Write, Both, None, Unknown };
/// As Argument, for an ioctl that also writes its answer there: may it be written?
enum class OutArgument : std::uint8_t { Good, Unmapped, ReadOnly };
/// `struct sync_merge_data`: as it should be, or with something in a field that must be zero.
enum class MergeForm : std::uint8_t { Good, Flags, Pad };
/// `struct sync_file_info`: how many records there is room for, or what is wrong with it.
enum class InfoForm : std::uint8_t { Count, Records, OneRecord, Flags, Pad, UnmappedRecords };

/// A callback of an exporter that can be told to fail, and the errno it then fails with.
enum class Callback : std::uint8_t { Attach, Map, Pin, Vmap, Begin, End, Mmap };
enum class Failure : std::uint8_t { NoMemory, Io, NoSpace };

/// Names a trace can set. An index, so that operations stay small; `name_text` gives the bytes.
enum class NameId : std::uint8_t { Empty, Short, Other, Spaced, Longest, TooLong };
inline constexpr std::array<std::string_view, 6> kNames = {
    "", "scanout", "camera-0", "two words", "exactly-thirty-one-characters-x",
    "exactly-thirty-two-characters-xx"};
constexpr std::string_view name_text(NameId id) { return kNames[static_cast<std::size_t>(id)]; }
static_assert(name_text(NameId::Longest).size() == 31 && name_text(NameId::TooLong).size() == 32);

/// A page is filled from a tag: all zero for 0, else a pattern that differs in every word
/// (pattern.hpp). Reading a page gives the tag back, or kTorn if it holds no such pattern.
using Tag = std::uint32_t;
inline constexpr std::uint64_t kTorn = std::uint64_t{1} << 63;

namespace op {

// --- exporters -----------------------------------------------------------------------------------
/// In-kernel `dma_buf_export`: buffer b comes to life, the caller owns its one reference r.
struct Export { BufferId buffer; ReferenceId reference; std::uint8_t pages; Access access;
  friend bool operator==(const Export&, const Export&) = default; };
/// The exporter's own device makes a buffer and an fd in one call (udmabuf, heap, PRIME). Most refuse
/// a size of 0 pages and flags they do not know.
struct Create { BufferId buffer; FdId fd; std::uint8_t pages; Access access; CloseOnExec cloexec;
  CreationFlags flags = CreationFlags::Known;
  friend bool operator==(const Create&, const Create&) = default; };
/// A user-space handle goes (GEM_CLOSE), with the references it stood for.
struct CloseHandle { BufferId buffer; DrmFile file = DrmFile::First;
  friend bool operator==(const CloseHandle&, const CloseHandle&) = default; };

// --- fds -----------------------------------------------------------------------------------------
/// `dma_buf_fd`: reference r becomes fd f (the reference is consumed, DBUF-FD-003).
struct InstallFd { ReferenceId reference; FdId fd; CloseOnExec cloexec;
  friend bool operator==(const InstallFd&, const InstallFd&) = default; };
struct Dup { FdId from; FdId to; CloseOnExec cloexec;
  friend bool operator==(const Dup&, const Dup&) = default; };
struct Close { FdId fd; friend bool operator==(const Close&, const Close&) = default; };
/// SCM_RIGHTS from the fd's process to the other one; s is in flight until received or discarded.
struct Send { FdId fd; MessageId message; friend bool operator==(const Send&, const Send&) = default; };
struct Receive { MessageId message; FdId fd; CloseOnExec cloexec;
  friend bool operator==(const Receive&, const Receive&) = default; };
/// Both sockets close while s is unread (DBUF-SHR-004).
struct Discard { MessageId message; friend bool operator==(const Discard&, const Discard&) = default; };

// --- importers in the kernel ---------------------------------------------------------------------
struct Get { FdId fd; ReferenceId reference; friend bool operator==(const Get&, const Get&) = default; };
struct Put { ReferenceId reference; friend bool operator==(const Put&, const Put&) = default; };
struct Attach { ReferenceId reference; DeviceId device; AttachmentId attachment;
  friend bool operator==(const Attach&, const Attach&) = default; };
struct Detach { AttachmentId attachment; friend bool operator==(const Detach&, const Detach&) = default; };
struct Map { AttachmentId attachment; MappingId mapping; Direction direction;
  friend bool operator==(const Map&, const Map&) = default; };
struct Unmap { MappingId mapping; friend bool operator==(const Unmap&, const Unmap&) = default; };
/// The device reads (writes) one page through its sg_table.
struct DeviceRead { MappingId mapping; std::uint8_t page;
  friend bool operator==(const DeviceRead&, const DeviceRead&) = default; };
struct DeviceWrite { MappingId mapping; std::uint8_t page; Tag tag;
  friend bool operator==(const DeviceWrite&, const DeviceWrite&) = default; };
/// `dma_buf_begin_cpu_access` / `dma_buf_end_cpu_access`.
struct BeginCpuAccess { ReferenceId reference; Direction direction;
  friend bool operator==(const BeginCpuAccess&, const BeginCpuAccess&) = default; };
struct EndCpuAccess { ReferenceId reference; Direction direction;
  friend bool operator==(const EndCpuAccess&, const EndCpuAccess&) = default; };

// --- user space on an fd -------------------------------------------------------------------------
struct Sync { FdId fd; SyncFlags flags; Argument argument;
  friend bool operator==(const Sync&, const Sync&) = default; };
/// Offset and length in pages; length 0 and ranges past the end are refused (DBUF-MMU-002).
struct Mmap { FdId fd; VmaId vma; std::uint8_t offset; std::uint8_t length; Protection protection;
  Sharing sharing; friend bool operator==(const Mmap&, const Mmap&) = default; };
struct Munmap { VmaId vma; friend bool operator==(const Munmap&, const Munmap&) = default; };
/// The CPU writes (reads) one page of the mapping; `page` counts from the start of the *mapping*.
struct Store { VmaId vma; std::uint8_t page; Tag tag;
  friend bool operator==(const Store&, const Store&) = default; };
struct Load { VmaId vma; std::uint8_t page; friend bool operator==(const Load&, const Load&) = default; };
struct Seek { FdId fd; Whence whence; std::int16_t offset;
  friend bool operator==(const Seek&, const Seek&) = default; };
struct SetName { FdId fd; NameId name; Argument argument;
  friend bool operator==(const SetName&, const SetName&) = default; };

// --- fences --------------------------------------------------------------------------------------
/// A new fence, pending, joins the reservation of the buffer behind f (`dma_resv_add_fence`).
struct AddFence { FdId fd; FenceId fence; Usage usage; Timeline timeline;
  friend bool operator==(const AddFence&, const AddFence&) = default; };
struct SignalFence { FenceId fence; FenceResult result;
  friend bool operator==(const SignalFence&, const SignalFence&) = default; };
/// poll(2) that does not wait. Returns kPollIn | kPollOut; -EBADF stands for POLLNVAL.
struct Poll { FdId fd; Events events; friend bool operator==(const Poll&, const Poll&) = default; };
struct ExportSyncFile { FdId fd; SyncFileId sync_file; FenceFlags flags; OutArgument argument;
  friend bool operator==(const ExportSyncFile&, const ExportSyncFile&) = default; };
struct ImportSyncFile { FdId fd; SyncFileId sync_file; FenceFlags flags; Argument argument;
  friend bool operator==(const ImportSyncFile&, const ImportSyncFile&) = default; };
struct MergeSyncFiles { SyncFileId first; SyncFileId second; SyncFileId into; MergeForm form; OutArgument argument;
  friend bool operator==(const MergeSyncFiles&, const MergeSyncFiles&) = default; };
/// Returns what reply.hpp calls FenceInfo.
struct FileInfo { SyncFileId sync_file; InfoForm form; OutArgument argument;
  friend bool operator==(const FileInfo&, const FileInfo&) = default; };
struct PollSyncFile { SyncFileId sync_file; Events events;
  friend bool operator==(const PollSyncFile&, const PollSyncFile&) = default; };
struct CloseSyncFile { SyncFileId sync_file;
  friend bool operator==(const CloseSyncFile&, const CloseSyncFile&) = default; };

// --- the life of CPU mappings and of processes ---------------------------------------------------
/// mprotect of the whole mapping.
struct Mprotect { VmaId vma; Protection protection;
  friend bool operator==(const Mprotect&, const Mprotect&) = default; };
/// munmap of one page. At an edge the mapping shrinks; in the middle it splits, and what lies behind
/// the page is the mapping `into`.
struct MunmapPage { VmaId vma; VmaId into; std::uint8_t page;
  friend bool operator==(const MunmapPage&, const MunmapPage&) = default; };
/// mremap to a length in pages, wherever it then lies.
struct Mremap { VmaId vma; std::uint8_t length; friend bool operator==(const Mremap&, const Mremap&) = default; };
/// mremap to another address, same length.
struct Move { VmaId vma; friend bool operator==(const Move&, const Move&) = default; };
/// p0 forks: the child has a copy of each of its fds and CPU mappings, known by the slots they had then.
struct Fork { ChildId child; friend bool operator==(const Fork&, const Fork&) = default; };
/// The child reads a page of the CPU mapping it inherited from slot v.
struct ChildLoad { ChildId child; VmaId vma; std::uint8_t page;
  friend bool operator==(const ChildLoad&, const ChildLoad&) = default; };
/// The child becomes another program: no CPU mapping is left, and no fd that is close-on-exec.
struct Exec { ChildId child; friend bool operator==(const Exec&, const Exec&) = default; };
/// The child ends, and has been waited for.
struct Exit { ChildId child; Ending ending = Ending::Exited;
  friend bool operator==(const Exit&, const Exit&) = default; };

// --- kernel mappings -----------------------------------------------------------------------------
/// `dma_buf_vmap`: an importer's CPU sees the buffer at w. Returns how many of those that are there now,
/// this one included, lie at its address.
struct Vmap { ReferenceId reference; VmapId vmap; friend bool operator==(const Vmap&, const Vmap&) = default; };
struct Vunmap { VmapId vmap; friend bool operator==(const Vunmap&, const Vunmap&) = default; };
/// The CPU reads (writes) one page of it.
struct VmapRead { VmapId vmap; std::uint8_t page; friend bool operator==(const VmapRead&, const VmapRead&) = default; };
struct VmapWrite { VmapId vmap; std::uint8_t page; Tag tag;
  friend bool operator==(const VmapWrite&, const VmapWrite&) = default; };

// --- dynamic importers and exporters -------------------------------------------------------------
/// `dma_buf_dynamic_attach` with an importer that is told of moves.
struct AttachDynamic { ReferenceId reference; DeviceId device; AttachmentId attachment;
  friend bool operator==(const AttachDynamic&, const AttachDynamic&) = default; };
/// `dma_buf_pin` and `dma_buf_unpin`, under the reservation lock.
struct Pin { AttachmentId attachment; friend bool operator==(const Pin&, const Pin&) = default; };
struct Unpin { AttachmentId attachment; friend bool operator==(const Unpin&, const Unpin&) = default; };
/// The exporter of the buffer behind r is asked to move the storage to another place of the same kind.
struct Migrate { ReferenceId reference; friend bool operator==(const Migrate&, const Migrate&) = default; };

// --- failures ------------------------------------------------------------------------------------
/// The exporter of b is told that the nth call of a callback from now on fails, and nothing else. 0: none does.
struct Fail { BufferId buffer; Callback callback; std::uint8_t nth; Failure error;
  friend bool operator==(const Fail&, const Fail&) = default; };

// --- PRIME: handles and fds ----------------------------------------------------------------------
/// MODE_CREATE_DUMB on the first file: a handle to an object that is no buffer yet. `b` is what it will be.
struct CreateDumb { BufferId buffer; std::uint8_t pages;
  friend bool operator==(const CreateDumb&, const CreateDumb&) = default; };
/// PRIME_HANDLE_TO_FD of the file's handle to b: the first time makes the buffer, each time an fd.
struct HandleToFd { BufferId buffer; FdId fd; Access access; CloseOnExec cloexec; DrmFile file = DrmFile::First;
  CreationFlags flags = CreationFlags::Known;
  friend bool operator==(const HandleToFd&, const HandleToFd&) = default; };
/// PRIME_FD_TO_HANDLE. Returns kNewHandle, or which buffer's handle the number is already.
struct FdToHandle { FdId fd; DrmFile file = DrmFile::First;
  friend bool operator==(const FdToHandle&, const FdToHandle&) = default; };

// --- udmabuf -------------------------------------------------------------------------------------
/// memfd_create, ftruncate and the seals.
struct Memfd { MemfdId memfd; std::uint8_t pages; Seals seals;
  friend bool operator==(const Memfd&, const Memfd&) = default; };
struct CloseMemfd { MemfdId memfd; friend bool operator==(const CloseMemfd&, const CloseMemfd&) = default; };
/// One page by write(2); or by read(2), which returns its tag.
struct WriteMemfd { MemfdId memfd; std::uint8_t page; Tag tag;
  friend bool operator==(const WriteMemfd&, const WriteMemfd&) = default; };
struct ReadMemfd { MemfdId memfd; std::uint8_t page; friend bool operator==(const ReadMemfd&, const ReadMemfd&) = default; };
/// A buffer of the pages of memfds: items of so many pages from an offset, in pages.
struct CreateList { BufferId buffer; FdId fd; MemfdId first; std::uint8_t start; std::uint8_t pages; MemfdId second;
  std::uint8_t start2; std::uint8_t pages2; ListForm form; CloseOnExec cloexec;
  friend bool operator==(const CreateList&, const CreateList&) = default; };

// --- V4L2: one queue, which imports ---------------------------------------------------------------
/// REQBUFS of V4L2_MEMORY_DMABUF, which returns how many there are.
struct Reqbufs { std::uint8_t count; VideoMemory memory = VideoMemory::DmaBuf; VideoFile file = VideoFile::First;
  friend bool operator==(const Reqbufs&, const Reqbufs&) = default; };
struct Qbuf { std::uint8_t index; FdId fd; VideoLength length = VideoLength::Whole; VideoMemory memory = VideoMemory::DmaBuf;
  VideoFile file = VideoFile::First; friend bool operator==(const Qbuf&, const Qbuf&) = default; };
struct PrepareBuf { std::uint8_t index; FdId fd; VideoLength length = VideoLength::Whole;
  VideoMemory memory = VideoMemory::DmaBuf; VideoFile file = VideoFile::First;
  friend bool operator==(const PrepareBuf&, const PrepareBuf&) = default; };
/// Waits for the oldest that is queued, if the device has any, and returns its index.
struct Dqbuf { VideoFile file = VideoFile::First; friend bool operator==(const Dqbuf&, const Dqbuf&) = default; };
struct StreamOn { VideoFile file = VideoFile::First; friend bool operator==(const StreamOn&, const StreamOn&) = default; };
struct StreamOff { VideoFile file = VideoFile::First; friend bool operator==(const StreamOff&, const StreamOff&) = default; };
/// The file is opened again when it is needed.
struct CloseVideo { VideoFile file = VideoFile::First; friend bool operator==(const CloseVideo&, const CloseVideo&) = default; };
// --- fd tables -----------------------------------------------------------------------------------
/// The soft RLIMIT_NOFILE of p falls to the lowest number it does not use: whatever makes an fd there finds none free.
struct FillFds { ProcessId process; friend bool operator==(const FillFds&, const FillFds&) = default; };
/// And is what it was before.
struct FreeFds { ProcessId process; friend bool operator==(const FreeFds&, const FreeFds&) = default; };

}  // namespace op

/// One request. Trivially copyable, at most 16 bytes.
using Operation =
    std::variant<op::Export, op::Create, op::CloseHandle, op::InstallFd, op::Dup, op::Close, op::Send,
                 op::Receive, op::Discard, op::Get, op::Put, op::Attach, op::Detach, op::Map,
                 op::Unmap, op::DeviceRead, op::DeviceWrite, op::BeginCpuAccess, op::EndCpuAccess,
                 op::Sync, op::Mmap, op::Munmap, op::Store, op::Load, op::Seek, op::SetName,
                 op::AddFence, op::SignalFence, op::Poll, op::ExportSyncFile, op::ImportSyncFile,
                 op::MergeSyncFiles, op::FileInfo, op::PollSyncFile, op::CloseSyncFile,
                 op::Mprotect, op::MunmapPage, op::Mremap, op::Move, op::Fork, op::ChildLoad, op::Exec,
                 op::Exit, op::Vmap, op::Vunmap, op::VmapRead, op::VmapWrite,
                 op::AttachDynamic, op::Pin, op::Unpin, op::Migrate, op::Fail,
                 op::CreateDumb, op::HandleToFd, op::FdToHandle,
                 op::Memfd, op::CloseMemfd, op::WriteMemfd, op::ReadMemfd, op::CreateList,
                 op::Reqbufs, op::Qbuf, op::PrepareBuf, op::Dqbuf, op::StreamOn, op::StreamOff, op::CloseVideo,
                 op::FillFds, op::FreeFds>;
static_assert(std::is_trivially_copyable_v<Operation> && sizeof(Operation) <= 16);

inline constexpr std::size_t kOperationKinds = std::variant_size_v<Operation>;

/// The word a trace uses, by index of the variant: "export", "close_handle", …
inline constexpr std::array<std::string_view, kOperationKinds> kOperationNames = {
    "export", "create", "close_handle", "install_fd", "dup", "close", "send", "receive", "discard",
    "get", "put", "attach", "detach", "map", "unmap", "device_read", "device_write",
    "begin_cpu_access", "end_cpu_access", "sync", "mmap", "munmap", "store", "load", "seek",
    "set_name", "add_fence", "signal", "poll", "export_sync_file", "import_sync_file", "merge", "file_info",
    "poll_sync_file", "close_sync_file",
    "mprotect", "munmap_page", "mremap", "move", "fork", "child_load", "exec", "exit",
    "vmap", "vunmap", "vmap_read", "vmap_write", "attach_dynamic", "pin", "unpin", "migrate", "fail",
    "create_dumb", "handle_to_fd", "fd_to_handle",
    "memfd", "close_memfd", "write_memfd", "read_memfd", "create_list",
    "reqbufs", "qbuf", "prepare_buf", "dqbuf", "streamon", "streamoff", "close_video", "fill_fds", "free_fds"};

inline std::string_view name_of(const Operation& operation) { return kOperationNames[operation.index()]; }

inline constexpr std::uint64_t kPollIn = 1, kPollOut = 2;

/// What FD_TO_HANDLE replies: a number that was in use for nothing, and the lowest such (DBUF-PRM-007); one that
/// was not the lowest; or the handle that this buffer has on the file already (DBUF-PRM-005).
inline constexpr std::uint64_t kNewHandle = 0, kGappedHandle = 255;
constexpr std::uint64_t handle_of(BufferId buffer) { return std::uint64_t{1} + buffer.value; }

/// The index of an operation type in Operation.
template <class Op>
consteval std::size_t kind_of() {
  return []<class... Ops>(std::type_identity<std::variant<Ops...>>) {
    std::size_t index = 0;
    (void)((std::is_same_v<Op, Ops> ? true : (++index, false)) || ...);
    return index;
  }(std::type_identity<Operation>{});
}

}  // namespace dmabuf::model
