// SPDX-License-Identifier: MIT
/// What is refused, with which errno, in which order, and that a refusal changes nothing.
#include "shorthand.hpp"

namespace dmabuf::reference {
namespace {

using namespace shorthand;

constexpr auto kUnmapped = Argument::Unmapped;

struct Refusal {
  Program before;
  Operation operation;
  int error;
  std::string_view exporter = "prime";
};

const std::vector<Refusal>& refusals() {
  const Program none = {};
  const Program one = {create(0, 0)};
  const Program two = {create(0, 0, 2)};
  const Program closed = {create(0, 0), dup_fd(0, 1), close_fd(1)};
  const Program read_only = {create(0, 0, 1, Access::ReadOnly)};
  const Program write_only = {export_buffer(0, 0, 1, Access::WriteOnly), install(0, 0)};
  const auto private_map = [](Slot offset, Slot length, Protection protection) {
    return mmap_fd(0, 0, offset, length, protection, Sharing::Private);
  };
  static const std::vector<Refusal> all = {
      // No file is open there.
      {none, dup_fd(kBad, 1), EBADF},
      {none, close_fd(kBad), EBADF},
      {none, send_fd(kBad, 0), EBADF},
      {none, get(kBad, 0), EBADF},
      {none, sync_fd(kBad, SyncFlags::StartRead), EBADF},
      {none, mmap_fd(kBad, 0, 0, 1), EBADF},
      {none, seek(kBad, Whence::End), EBADF},
      {none, set_name(kBad, NameId::Short), EBADF},
      {closed, dup_fd(1, 2), EBADF},
      {closed, close_fd(1), EBADF},
      {closed, send_fd(1, 0), EBADF},
      {closed, get(1, 0), EBADF},
      {closed, sync_fd(1, SyncFlags::StartRead), EBADF},
      {closed, mmap_fd(1, 0, 0, 1), EBADF},
      {closed, seek(1, Whence::End), EBADF},
      {closed, set_name(1, NameId::Short), EBADF},
      // No number is free, and what comes before the number.
      {{create(0, 0), fill_fds()}, dup_fd(0, 1), EMFILE},
      {{fill_fds()}, create(0, 0), EMFILE},
      {{fill_fds()}, create(0, 0, 0), EINVAL},
      {{create_dumb(0), handle_to_fd(0, 0), fill_fds()}, handle_to_fd(0, 1), EMFILE},
      {{fill_fds()}, handle_to_fd(0, 1), ENOENT},
      {{export_buffer(0, 0), fill_fds()}, install(0, 0), EMFILE, "eager"},
      {{fill_fds()}, install(0, 0), ENOENT, "eager"},
      {{fill_fds()}, memfd(0), EMFILE, "udmabuf"},
      {{memfd(0), fill_fds()}, list(0, 0, {0}, {0}), EMFILE, "udmabuf"},
      {{memfd(0), fill_fds()}, list(0, 0, {0}, {kBadN}), EBADFD, "udmabuf"},
      {{create(0, 0), fill_fds()}, export_sync_file(0, 0, model::FenceFlags::Read), EMFILE},
      {{create(0, 0), fill_fds()}, export_sync_file(0, 0, model::FenceFlags::None), EINVAL},
      {{create(0, 0), fill_fds()}, export_sync_file(0, 0, model::FenceFlags::Read, model::OutArgument::ReadOnly), EMFILE},
      {{create(0, 0), export_sync_file(0, 0, model::FenceFlags::Read), fill_fds()}, merge(0, kBad, 1), EMFILE},
      {{fill_fds()}, merge(0, 0, 1), EBADF},
      // The fd comes before everything else.
      {none, sync_fd(kBad, SyncFlags::UnknownBit, kUnmapped), EBADF},
      {none, set_name(kBad, NameId::TooLong, kUnmapped), EBADF},
      {none, mmap_fd(kBad, 0, 0, 0), EBADF},
      {none, seek(kBad, Whence::Bogus), EBADF},
      // A file, but no dma-buf.
      {none, get(kForeign, 0), EINVAL},
      {none, sync_fd(kForeign, SyncFlags::StartRead), ENOTTY},
      {none, sync_fd(kForeign, SyncFlags::UnknownBit, kUnmapped), ENOTTY},
      {none, set_name(kForeign, NameId::Short), ENOTTY},
      {none, set_name(kForeign, NameId::TooLong, kUnmapped), ENOTTY},
      // Sync.
      {one, sync_fd(0, SyncFlags::StartRead, kUnmapped), EFAULT},
      {one, sync_fd(0, SyncFlags::UnknownBit, kUnmapped), EFAULT},
      {one, sync_fd(0, SyncFlags::NoDirection, kUnmapped), EFAULT},
      {one, sync_fd(0, SyncFlags::UnknownBit), EINVAL},
      {one, sync_fd(0, SyncFlags::UnknownHighBit), EINVAL},
      {one, sync_fd(0, SyncFlags::NoDirection), EINVAL},
      {one, sync_fd(0, SyncFlags::EndNoDirection), EINVAL},
      // Names.
      {one, set_name(0, NameId::Short, kUnmapped), EFAULT},
      {one, set_name(0, NameId::TooLong, kUnmapped), EFAULT},
      {one, set_name(0, NameId::TooLong), EINVAL},
      // Seek.
      {one, seek(0, Whence::End, 1), EINVAL},
      {one, seek(0, Whence::End, -1), EINVAL},
      {one, seek(0, Whence::Set, 1), EINVAL},
      {one, seek(0, Whence::Set, -1), EINVAL},
      {one, seek(0, Whence::Cur), EINVAL},
      {one, seek(0, Whence::Cur, 1), EINVAL},
      {one, seek(0, Whence::Data), EINVAL},
      {one, seek(0, Whence::Hole), EINVAL},
      {one, seek(0, Whence::Bogus), EINVAL},
      // Mmap: length, then access, then the exporter's capability, then the range, then sharing.
      {one, mmap_fd(0, 0, 0, 0), EINVAL},
      {read_only, mmap_fd(0, 0, 0, 0), EINVAL},
      {write_only, mmap_fd(0, 0, 0, 0, Protection::Read), EINVAL, "eager"},
      {read_only, mmap_fd(0, 0, 0, 1), EACCES},
      {read_only, mmap_fd(0, 0, 0, 9), EACCES},
      {write_only, mmap_fd(0, 0, 0, 1), EACCES, "eager"},
      {write_only, mmap_fd(0, 0, 0, 1, Protection::Read), EACCES, "eager"},
      {write_only, mmap_fd(0, 0, 0, 9, Protection::Read), EACCES, "eager"},
      {write_only, private_map(0, 1, Protection::Read), EACCES, "eager"},
      {one, mmap_fd(0, 0, 0, 2), EINVAL},
      {one, mmap_fd(0, 0, 1, 1), EINVAL},
      {two, mmap_fd(0, 0, 1, 2), EINVAL},
      {two, mmap_fd(0, 0, 255, 255), EINVAL},
      {one, private_map(0, 1, Protection::Read), EINVAL},
      {read_only, private_map(0, 1, Protection::ReadWrite), EINVAL},
      {{export_buffer(0, 0, 1, Access::ReadOnly), install(0, 0)},
       mmap_fd(0, 0, 0, 1),
       EACCES,
       "nommap"},
      // DRM knows read-only and read-write.
      {none, create(0, 0, 1, Access::WriteOnly), EINVAL},
      // The exporter's handle.
      {none, close_handle(0), EINVAL},
      {{create(0, 0)}, close_handle(0), EINVAL, "udmabuf"},
  };
  return all;
}

TEST(Refusals, GiveTheirErrnoAndChangeNothing) {
  int number = 0;
  for (const Refusal& refusal : refusals()) {
    SCOPED_TRACE("refusal " + std::to_string(number++) + ", " +
                 std::string(model::name_of(refusal.operation)));
    Subject run(refusal.exporter);
    run.all(refusal.before);
    model::Observation before;
    model::Observation after;
    run.system().observe(before);
    EXPECT_EQ(run(refusal.operation), refusal.error);
    run.system().observe(after);
    EXPECT_TRUE(same(before, after));
    EXPECT_EQ(run.system().leftover().foreign_references, 0);
  }
}

/// A slot that is taken is not taken twice; the references stay as they are.
TEST(Refusals, KeepTakenSlots) {
  Subject run("prime");
  run.all(
      {create(0, 0), get(0, 0), attach(0, kLax, 0), map(0, 0), mmap_fd(0, 0, 0, 1), send_fd(0, 0)});
  const std::int64_t before = run.references();
  for (const Operation& operation :
       {create(0, 1), create(1, 0), get(0, 0), dup_fd(0, 0), get(0, 0), attach(0, kLax, 0),
        map(0, 0), mmap_fd(0, 0, 0, 1), send_fd(0, 0), receive(0, 0)})
    EXPECT_EQ(run(operation), EEXIST) << model::name_of(operation);
  EXPECT_EQ(run.references(), before);
}

}  // namespace
}  // namespace dmabuf::reference
