// SPDX-License-Identifier: MIT
#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(Userspace);

struct NewFd {
  FdId fd;
  CloseOnExec cloexec;
};
std::optional<NewFd> new_fd(const Operation& operation) {
  if (const auto* made = std::get_if<op::Create>(&operation)) return NewFd{made->fd, made->cloexec};
  if (const auto* made = std::get_if<op::InstallFd>(&operation)) return NewFd{made->fd, made->cloexec};
  if (const auto* made = std::get_if<op::Dup>(&operation)) return NewFd{made->to, made->cloexec};
  if (const auto* made = std::get_if<op::Receive>(&operation)) return NewFd{made->fd, made->cloexec};
  if (const auto* made = std::get_if<op::HandleToFd>(&operation)) return NewFd{made->fd, made->cloexec};
  if (const auto* made = std::get_if<op::CreateList>(&operation)) return NewFd{made->fd, made->cloexec};
  return {};
}

const Law close_on_exec_as_asked = [](const Moment& moment) -> std::string {
  const auto made = new_fd(moment.operation);
  if (!made || !moment.outcome) return {};
  const FdSeen& seen = moment.seen.fds[made->fd.value];
  if (!seen.seen) return {};
  if (!seen.open) return "the new fd is not open";
  return seen.close_on_exec == (made->cloexec == CloseOnExec::Yes) ? "" : "close-on-exec is not as asked";
};

/// Each new fd is closed on exec exactly if that was asked for, whatever the fd it came from.
TEST_P(Userspace, NewFdsHaveTheCloseOnExecFlagAskedFor) {
  verifies<"FD-004">();
  for_all_traces(GetParam(), close_on_exec_as_asked);
}
TEST(UserspaceBites, NewFdsHaveTheCloseOnExecFlagAskedFor) {
  bites(close_on_exec_as_asked,
        {"create_loses_cloexec", "install_loses_cloexec", "install_sets_cloexec", "dup_loses_cloexec",
         "dup_inherits_cloexec", "receive_loses_cloexec", "receive_sets_cloexec"});
}

const Law reads_what_was_written = [](const Moment& moment) -> std::string {
  if (!moment.outcome) return {};
  const auto wrong = [&](std::uint8_t buffer, std::size_t page) -> std::string {
    const std::uint64_t want = moment.before.page(buffer, page);
    if (want == kUnknownTag || want == moment.outcome->value) return {};
    return "page " + std::to_string(page) + " of b" + std::to_string(buffer) + " should hold tag " +
           std::to_string(want) + ", holds " + std::to_string(moment.outcome->value);
  };
  if (const auto* load = std::get_if<op::Load>(&moment.operation)) {
    const VmaState& vma = moment.before.vmas[load->vma.value];
    return wrong(vma.buffer, std::size_t{vma.offset} + load->page);
  }
  if (const auto* read = std::get_if<op::DeviceRead>(&moment.operation)) {
    const MappingState& mapping = moment.before.mappings[read->mapping.value];
    return wrong(moment.before.attachments[mapping.attachment].buffer, read->page);
  }
  return {};
};

/// What was written through one view of a page is read through every other.
TEST_P(Userspace, ReadsWhatWasWritten) {
  verifies<"INV-011", "MMU-016">();
  for_all_traces(GetParam(), reads_what_was_written);
}
TEST(UserspaceBites, ReadsWhatWasWritten) {
  bites(reads_what_was_written,
        {"store_lost", "device_write_lost", "mmap_offset_ignored", "storage_not_zeroed",
         "migration_loses_contents", "migration_loses_last_page", "remap_takes_new_storage"});
}

const Law name_as_set = [](const Moment& moment) -> std::string {
  for (std::size_t b = 0; b < kMaxBuffers; ++b) {
    const BufferSeen& seen = moment.seen.buffers[b];
    if (seen.has(Aspect::Name) && seen.name.view() != name_text(moment.world.buffers[b].name))
      return "b" + std::to_string(b) + " is called \"" + std::string(seen.name.view()) + "\"";
  }
  return {};
};

/// A buffer is called what it was last successfully named, to the byte.
TEST_P(Userspace, NamesBuffersToTheByte) {
  verifies<"NAM-003">();
  for_all_traces(GetParam(), name_as_set);
}
TEST(UserspaceBites, NamesBuffersToTheByte) {
  bites(name_as_set, {"name_cut_at_space", "name_aliased", "empty_name_ignored", "failed_name_clears"});
}

const Law seek_end_is_the_size = [](const Moment& moment) -> std::string {
  const auto* seek = std::get_if<op::Seek>(&moment.operation);
  if (seek == nullptr || !moment.outcome || seek->whence != Whence::End) return {};
  const std::uint8_t buffer = moment.before.buffer_of(seek->fd);
  if (buffer == kNone) return {};
  const std::uint64_t size = std::uint64_t{moment.before.buffers[buffer].pages} * 4096;
  return moment.outcome->value == size ? "" : "lseek to the end gives " + std::to_string(moment.outcome->value);
};

/// lseek(fd, 0, SEEK_END) tells the size in bytes.
TEST_P(Userspace, LearnsTheSizeBySeekingToTheEnd) {
  verifies<"LSK-001">();
  for_all_traces(GetParam(), seek_end_is_the_size);
}
TEST(UserspaceBites, LearnsTheSizeBySeekingToTheEnd) { bites(seek_end_is_the_size, {"seek_end_in_pages"}); }

}  // namespace
}  // namespace dmabuf::conformance::properties
