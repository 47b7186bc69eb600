// SPDX-License-Identifier: MIT
/// Symbolic handles. A trace names slots (`b0`, `f3`), never kernel numbers: a slot keeps its meaning
/// when other operations are deleted from the trace, which is what makes shrinking and replay work.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace dmabuf::model {

template <class Tag>
struct StrongId {
  std::uint8_t value = 0;
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

using BufferId = StrongId<struct BufferTag>;          ///< b: one `struct dma_buf`
using FdId = StrongId<struct FdTag>;                  ///< f: one entry of a process's fd table
using ReferenceId = StrongId<struct ReferenceTag>;    ///< r: one in-kernel reference (`dma_buf_get`)
using AttachmentId = StrongId<struct AttachmentTag>;  ///< a: one `struct dma_buf_attachment`
using MappingId = StrongId<struct MappingTag>;        ///< m: one handed-out `struct sg_table`
using VmaId = StrongId<struct VmaTag>;                ///< v: one CPU mapping of a process
using MessageId = StrongId<struct MessageTag>;        ///< s: one SCM_RIGHTS message in flight
using ProcessId = StrongId<struct ProcessTag>;        ///< p: p0 runs the test, p1 is its peer
using DeviceId = StrongId<struct DeviceTag>;          ///< d: an importing device
using FenceId = StrongId<struct FenceTag>;            ///< c: one `struct dma_fence`
using SyncFileId = StrongId<struct SyncFileTag>;      ///< y: one fd of p0 that is a sync_file
using MemfdId = StrongId<struct MemfdTag>;            ///< n: one memfd of p0, whose pages a udmabuf may have
using ChildId = StrongId<struct ChildTag>;            ///< k: a child forked by p0
using VmapId = StrongId<struct VmapTag>;              ///< w: one `dma_buf_vmap` not yet undone

/// Room for slots in every world. A bounded world (Bounds) uses a part of it.
inline constexpr std::size_t kMaxBuffers = 3;
inline constexpr std::size_t kMaxFds = 6;
inline constexpr std::size_t kMaxReferences = 4;
inline constexpr std::size_t kMaxAttachments = 4;
inline constexpr std::size_t kMaxMappings = 4;
inline constexpr std::size_t kMaxVmas = 3;
inline constexpr std::size_t kMaxMessages = 2;
inline constexpr std::size_t kProcesses = 2;
inline constexpr std::size_t kDevices = 2;
inline constexpr std::size_t kDrmFiles = 2;  ///< open files of one DRM device
inline constexpr std::size_t kMaxMemfds = 2;
inline constexpr std::size_t kMaxIndices = 2;  ///< buffers of a video queue
inline constexpr std::size_t kMaxFences = 4;
inline constexpr std::size_t kMaxSyncFiles = 3;
inline constexpr std::size_t kMaxEntries = 6;  ///< of one reservation, or one sync_file
inline constexpr std::size_t kMaxChildren = 1;
inline constexpr std::size_t kMaxVmaps = 3;
inline constexpr std::size_t kMaxNth = 3;   ///< call of a callback that can be told to fail
inline constexpr std::size_t kMaxPins = 2;  ///< that an importer has of one attachment
inline constexpr std::size_t kMaxPages = 4;  ///< largest buffer of a trace, in pages

/// Two fd names that are always there: a number no file is open at, and an open file that is no
/// dma-buf. Invalid calls name them (`get bad r0`, `get foreign r0`).
inline constexpr FdId kBadFd{14};
inline constexpr FdId kForeignFd{15};

/// The same two among the sync_files: a number no file is open at, and an open file that is none. Where
/// a dma-buf is named too, that is the other file (`import_sync_file f0 foreign read`).
inline constexpr SyncFileId kBadSyncFile{14};
inline constexpr SyncFileId kForeignSyncFile{15};

/// And among the memfds: a number no file is open at, and an open file that is on no shmem.
inline constexpr MemfdId kBadMemfd{14};
inline constexpr MemfdId kForeignMemfd{15};

/// Device d0 accepts any storage; d1 is stricter and needs confined storage (DBUF-MIG-002).
inline constexpr DeviceId kLaxDevice{0};
inline constexpr DeviceId kStrictDevice{1};

}  // namespace dmabuf::model
