// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dmabuf/adapters/exporter_backend.hpp"
#include "dmabuf/adapters/fd_table.hpp"
#include "dmabuf/adapters/harness.hpp"
#include "dmabuf/adapters/kernel_file.hpp"
#include "dmabuf/adapters/proc_text.hpp"
#include "dmabuf/adapters/process.hpp"
#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/adapters/video_queue.hpp"
#include "fences.hpp"

namespace dmabuf::adapters {

/// What the harness module's exporter is asked for.
struct HarnessExporter {
  std::uint32_t policy = 0;
  std::uint32_t defect = 0;
};

/// Slots of a trace that stand for handles of the module, and the buffer behind each.
template <class Id, std::size_t Size>
class HandleTable {
 public:
  struct Entry {
    Handle handle = kNoHandle;
    std::optional<model::BufferId> buffer;
  };
  /// kNoHandle for an empty slot.
  Entry at(Id id) const { return id.value < Size ? entries_[id.value] : Entry{}; }
  /// Throws HarnessError if the slot is taken or no slot: ask before the operation is made.
  void expect_free(Id id) const {
    if (id.value >= Size || entries_[id.value].handle != kNoHandle)
      throw conformance::HarnessError("a slot that was to be filled is not free");
  }
  void put(Id id, Entry entry) {
    expect_free(id);
    entries_[id.value] = entry;
  }
  void erase(Id id) {
    if (id.value < Size) entries_[id.value] = {};
  }
  void clear() { entries_ = {}; }
  const std::array<Entry, Size>& entries() const { return entries_; }

 private:
  std::array<Entry, Size> entries_{};
};

class KernelAdapter final : public conformance::AdapterOf<KernelAdapter> {
 public:
  struct Parts {
    std::string name;
    std::unique_ptr<ExporterBackend> backend;        ///< none: the harness module exports
    std::optional<HarnessExporter> harness_exporter;
    std::unique_ptr<Harness> harness;                ///< none: no importers
    std::unique_ptr<VideoQueue> queue;               ///< none: no video device imports
    std::unique_ptr<VgemFences> fences;              ///< none: nobody makes any
    bool alone = true;
  };
  explicit KernelAdapter(Parts parts);
  ~KernelAdapter() override;

  std::string_view name() const override { return parts_.name; }
  conformance::Alphabet alphabet() const override;
  model::Outcome apply(const model::Operation& operation) override;
  void observe(model::Observation& seen) override;
  void reset() override;
  std::vector<conformance::Residue> residue() override;

  model::Outcome run(const model::op::Export&);
  model::Outcome run(const model::op::Create&);
  model::Outcome run(const model::op::CloseHandle&);
  model::Outcome run(const model::op::CreateDumb&);
  model::Outcome run(const model::op::HandleToFd&);
  model::Outcome run(const model::op::FdToHandle&);
  model::Outcome run(const model::op::Memfd&);
  model::Outcome run(const model::op::CloseMemfd&);
  model::Outcome run(const model::op::WriteMemfd&);
  model::Outcome run(const model::op::ReadMemfd&);
  model::Outcome run(const model::op::CreateList&);
  model::Outcome run(const model::op::Reqbufs&);
  model::Outcome run(const model::op::Qbuf&);
  model::Outcome run(const model::op::PrepareBuf&);
  model::Outcome run(const model::op::Dqbuf&);
  model::Outcome run(const model::op::StreamOn&);
  model::Outcome run(const model::op::StreamOff&);
  model::Outcome run(const model::op::CloseVideo&);
  model::Outcome run(const model::op::FillFds&);
  model::Outcome run(const model::op::FreeFds&);
  model::Outcome run(const model::op::InstallFd&);
  model::Outcome run(const model::op::Dup&);
  model::Outcome run(const model::op::Close&);
  model::Outcome run(const model::op::Send&);
  model::Outcome run(const model::op::Receive&);
  model::Outcome run(const model::op::Discard&);
  model::Outcome run(const model::op::Get&);
  model::Outcome run(const model::op::Put&);
  model::Outcome run(const model::op::Attach&);
  model::Outcome run(const model::op::Detach&);
  model::Outcome run(const model::op::Map&);
  model::Outcome run(const model::op::Unmap&);
  model::Outcome run(const model::op::DeviceRead&);
  model::Outcome run(const model::op::DeviceWrite&);
  model::Outcome run(const model::op::BeginCpuAccess&);
  model::Outcome run(const model::op::EndCpuAccess&);
  model::Outcome run(const model::op::Sync&);
  model::Outcome run(const model::op::Mmap&);
  model::Outcome run(const model::op::Munmap&);
  model::Outcome run(const model::op::Store&);
  model::Outcome run(const model::op::Load&);
  model::Outcome run(const model::op::Seek&);
  model::Outcome run(const model::op::SetName&);
  model::Outcome run(const model::op::AddFence&);
  model::Outcome run(const model::op::SignalFence&);
  model::Outcome run(const model::op::Poll&);
  model::Outcome run(const model::op::ExportSyncFile&);
  model::Outcome run(const model::op::ImportSyncFile&);
  model::Outcome run(const model::op::MergeSyncFiles&);
  model::Outcome run(const model::op::FileInfo&);
  model::Outcome run(const model::op::PollSyncFile&);
  model::Outcome run(const model::op::CloseSyncFile&);
  model::Outcome run(const model::op::Mprotect&);
  model::Outcome run(const model::op::MunmapPage&);
  model::Outcome run(const model::op::Mremap&);
  model::Outcome run(const model::op::Move&);
  model::Outcome run(const model::op::Fork&);
  model::Outcome run(const model::op::ChildLoad&);
  model::Outcome run(const model::op::Exec&);
  model::Outcome run(const model::op::Exit&);
  model::Outcome run(const model::op::Vmap&);
  model::Outcome run(const model::op::Vunmap&);
  model::Outcome run(const model::op::VmapRead&);
  model::Outcome run(const model::op::VmapWrite&);
  model::Outcome run(const model::op::AttachDynamic&);
  model::Outcome run(const model::op::Pin&);
  model::Outcome run(const model::op::Unpin&);
  model::Outcome run(const model::op::Migrate&);
  model::Outcome run(const model::op::Fail&);

  /// Whether debugfs's list of buffers can be read.
  bool sees_bufinfo() const { return bufinfo_.is_open(); }

 private:
  /// A buffer of the case, alive or not. It is known by its inode number, which no other buffer of
  /// this boot will have (DBUF-EXP-012).
  struct Buffer {
    std::uint64_t ino = 0;
    std::uint64_t serial = 0;  ///< of the module's counters; 0: exported by somebody else
    bool listed = false;       ///< seen in bufinfo
    bool unlisted = false;     ///< seen to be gone from bufinfo; it cannot come back
    std::optional<std::uint32_t> told_to_fail = {};  ///< DBH_CALLBACK_*: a trace knows one at a time
  };
  struct Vma {
    model::ProcessId process;
    std::uint64_t address = 0;
    unsigned pages = 0;
  };
  /// A child of this process, and where it has the mappings it inherited.
  struct Child {
    std::unique_ptr<PeerProcess> process;
    std::array<std::optional<Vma>, model::kMaxVmas> vmas;
  };
  struct Message {
    model::ProcessId sender;
    std::optional<model::BufferId> buffer;
  };
  /// Counts of things that others may have too, taken when the adapter was opened.
  struct Baseline {
    long buffers = 0;
    long dmabuf_fds = 0;
    long peer_fds = 0;
    long sync_files = 0;
    dbh_global global{};
    std::optional<long> exporter_uses;
    std::optional<long> harness_uses;
  };

  Process& process(model::ProcessId id);
  Harness& harness();
  model::Outcome attach(model::ReferenceId, model::DeviceId, model::AttachmentId, bool dynamic);
  Vma& vma(model::VmaId id);
  Child& child(model::ChildId id);
  void start_peer();
  ExporterBackend& backend();  ///< throws HarnessError if the target has none
  VideoQueue& queue();         ///< likewise
  /// The number in this process; an fd of the other one is no operation.
  int own_number(model::FdId fd) const;
  /// A new fd of what the backend made. Of the first one the buffer is told; a later one is of it, or shows that not.
  void put_made(model::FdId fd, int number, model::BufferId buffer, bool first);
  /// The slot's buffer from now on is the one of that inode number.
  void adopt(model::BufferId id, std::uint64_t ino, std::uint64_t serial);
  void open_channel(model::MessageId id);
  bool still_listed(std::uint64_t ino);
  long listed_now();
  Baseline take_stock();

  /// A slot's number, or the one it had, and what was found there.
  struct Look {
    model::FdId fd;
    FdPlace place;
    FdState state;
  };
  /// Where there is something to look at.
  std::span<Look> places(std::span<Look> into) const;
  /// Fills in what there is to see at these places, and of all buffers: one ioctl.
  void look_by_survey(std::span<Look> looks);
  /// The places alone, without the module.
  void look_by_hand(std::span<Look> looks);
  void look_at(model::ProcessId id, std::span<FdState> states);
  void observe_fds(std::span<const Look> looks, model::Observation& seen);
  bool observe_by_fd(model::BufferId id, model::BufferSeen& seen);
  KernelFile& fdinfo(pid_t pid, int number);

  Parts parts_;
  ThisProcess self_;
  std::unique_ptr<PeerProcess> peer_;
  KernelFile bufinfo_;
  KernelFile exporter_uses_;
  KernelFile harness_uses_;
  Baseline baseline_;

  std::uint64_t dmabuf_device_ = 0;  ///< st_dev of all dma-bufs: inode numbers are theirs alone

  FdTable fds_;
  KernelFences fences_;
  HandleTable<model::ReferenceId, model::kMaxReferences> references_;
  HandleTable<model::AttachmentId, model::kMaxAttachments> attachments_;
  HandleTable<model::MappingId, model::kMaxMappings> mappings_;
  HandleTable<model::VmapId, model::kMaxVmaps> vmaps_;
  std::array<std::optional<Buffer>, model::kMaxBuffers> buffers_;
  std::array<std::optional<Vma>, model::kMaxVmas> vmas_;
  std::array<Child, model::kMaxChildren> children_;
  std::array<std::optional<Message>, model::kMaxMessages> messages_;
  std::array<bool, model::kMaxMessages> channels_{};

  std::array<dbh_buffer_seen, model::kMaxBuffers> survey_{};  ///< without gaps, as it travels
  std::array<const dbh_buffer_seen*, model::kMaxBuffers> surveyed_{};  ///< by slot
  std::vector<std::uint64_t> created_;    ///< inode numbers of the case, not seen to be gone
  std::vector<std::uint64_t> lingering_;  ///< of earlier cases, still listed after their reset
  /// Kept open: fdinfo is printed anew for whatever is open at the number.
  std::map<std::pair<pid_t, int>, KernelFile> fdinfo_;
};

}  // namespace dmabuf::adapters
