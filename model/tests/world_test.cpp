// SPDX-License-Identifier: MIT
#include "dmabuf/model/world.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace dmabuf::model {
namespace {

Profile profile_of(std::string_view exporter, std::string_view kernel = "reference") {
  return {*find_kernel_profile(kernel), *find_exporter_profile(exporter), {.name = "harness", .guards_misuse = true}};
}

class WorldTest : public ::testing::Test {
 protected:
  explicit WorldTest(std::string_view exporter = "reference:eager") : profile(profile_of(exporter)) {}

  /// Carries the operation out; it must have exactly one way to come out.
  Alternative step(const Operation& operation) {
    Alternatives ways;
    alternatives(world, profile, operation, ways);
    EXPECT_EQ(ways.size(), 1U);
    world = ways.front().next;
    settle(world, profile);
    return ways.front();
  }
  void ok(const Operation& operation) { EXPECT_EQ(step(operation).allowance, Allowance::Permitted) << name_of(operation); }
  void refuses(const Operation& operation, int error) {
    const World before = world;
    const Alternative way = step(operation);
    EXPECT_EQ(way.allowance, Allowance::Refused) << name_of(operation);
    EXPECT_TRUE(way.errnos.contains(Errno{error})) << name_of(operation);
    EXPECT_EQ(world, before) << "a refusal changes nothing";
  }
  unsigned references(std::uint8_t b = 0) const { return world.buffers[b].references; }

  Profile profile;
  World world;
};

constexpr BufferId b0{0};
constexpr FdId f0{0}, f1{1}, f2{2};
constexpr ReferenceId r0{0}, r1{1};
constexpr AttachmentId a0{0}, a1{1};
constexpr MappingId m0{0}, m1{1};
constexpr VmaId v0{0};
constexpr VmapId w0{0}, w1{1};
constexpr MessageId s0{0};
constexpr DeviceId d0{0};
constexpr auto kNo = CloseOnExec::No;

TEST_F(WorldTest, ReleasesOnceAtTheLastPut) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  EXPECT_EQ(references(), 1U);
  ok(op::Dup{f0, f1, kNo});
  ok(op::Get{f1, r0});
  EXPECT_EQ(references(), 3U);
  ok(op::Close{f0});
  ok(op::Close{f1});
  EXPECT_TRUE(world.live(b0));
  ok(op::Put{r0});
  EXPECT_FALSE(world.live(b0));
  EXPECT_EQ(world.buffers[0].callbacks.release, 1);
  EXPECT_TRUE(world.empty());
}

TEST_F(WorldTest, CountsWhatTheLedgerCounts) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Get{f0, r1});
  ok(op::Send{f0, s0});
  ok(op::Mmap{f0, v0, 0, 1, Protection::Read, Sharing::Shared});
  EXPECT_EQ(references(), 4U);
  EXPECT_EQ(world.ledger(b0, profile), 4U);
  ok(op::Receive{s0, f2, kNo});
  EXPECT_EQ(world.fds[2].process, 1);
  EXPECT_EQ(world.ledger(b0, profile), references());
}

TEST_F(WorldTest, RefusesWhatIsNoDmaBuf) {
  refuses(op::Get{kBadFd, r0}, EBADF);
  refuses(op::Get{kForeignFd, r0}, EINVAL);
  refuses(op::Sync{kForeignFd, SyncFlags::StartRead, Argument::Good}, ENOTTY);
}

TEST_F(WorldTest, GuardsMapWithoutAttachmentAndDetachWhileMapped) {
  refuses(op::Map{a0, m0, Direction::ToDevice}, ENOENT);
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::Attach{r0, d0, a0});
  EXPECT_EQ(references(), 1U) << "attach takes no reference (DBUF-ATT-007)";
  ok(op::Map{a0, m0, Direction::ToDevice});
  refuses(op::Detach{a0}, EBUSY);
  refuses(op::Put{r0}, EBUSY);
  ok(op::Unmap{m0});
  ok(op::Detach{a0});
  ok(op::Put{r0});
  EXPECT_TRUE(world.empty());
}

TEST_F(WorldTest, ReturnsTheSizeAtTheEnd) {
  ok(op::Export{b0, r0, 3, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  EXPECT_EQ(step(op::Seek{f0, Whence::End, 0}).value, 3U * 4096U);
  refuses(op::Seek{f0, Whence::End, 1}, EINVAL);
  refuses(op::Seek{f0, Whence::Cur, 0}, EINVAL);
}

TEST_F(WorldTest, LeavesTheReferenceWithItsCallerWhereNoFdIsFree) {
  const ProcessId p0{0}, p1{1};
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::FillFds{p0});
  refuses(op::InstallFd{r0, f0, kNo}, EMFILE);
  ok(op::FillFds{p0});
  ok(op::FreeFds{p0});
  ok(op::FillFds{p1});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Send{f0, s0});
  ok(op::FillFds{p0});
  refuses(op::Dup{f0, f1, kNo}, EMFILE);
  refuses(op::Dup{f2, f1, kNo}, EBADF);
  EXPECT_FALSE(world.empty());
}

TEST_F(WorldTest, DropsTheFileOfAMessageWithoutRoom) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Send{f0, s0});
  ok(op::Close{f0});
  ok(op::FillFds{ProcessId{1}});
  const Alternative way = step(op::Receive{s0, f1, kNo});
  EXPECT_EQ(way.allowance, Allowance::Refused);
  EXPECT_TRUE(way.errnos.contains(Errno{EMFILE}));
  EXPECT_EQ(way.reason->requirement, "SHR-008");
  EXPECT_EQ(world.buffers[0].callbacks.release, 1) << "nobody has it any more";
  for (const Operation& operation : teardown(world, profile)) ok(operation);
  EXPECT_TRUE(world.empty());
}

/// What HANDLE_TO_FD leaves behind where there is no number for the fd (DBUF-PRM-019).
class WorldOfHandles : public WorldTest {
 protected:
  explicit WorldOfHandles(std::string_view kernel = "6.1") : WorldTest("reference:prime") {
    profile = profile_of("reference:prime", kernel);
  }
};

TEST_F(WorldOfHandles, KeepsTheBufferOfAFailedExportWithItsAccessMode) {
  ok(op::CreateDumb{b0, 2});
  ok(op::FillFds{ProcessId{0}});
  EXPECT_EQ(step(op::HandleToFd{b0, f0, Access::ReadOnly, kNo}).allowance, Allowance::Refused);
  EXPECT_TRUE(world.live(b0));
  EXPECT_EQ(references(), 2U) << "the file's and the object's";
  refuses(op::HandleToFd{b0, f0, Access::ReadWrite, kNo}, EMFILE);
  ok(op::FreeFds{ProcessId{0}});
  ok(op::HandleToFd{b0, f0, Access::ReadWrite, kNo});
  EXPECT_EQ(world.buffers[0].access, Access::ReadOnly);
  EXPECT_EQ(references(), 3U);
}

TEST_F(WorldOfHandles, LooksForANumberFirstFrom612) {
  profile = profile_of("reference:prime", "6.12");
  refuses(op::HandleToFd{b0, f0, Access::ReadWrite, kNo}, ENOENT);
  ok(op::CreateDumb{b0, 2});
  ok(op::FillFds{ProcessId{0}});
  refuses(op::HandleToFd{b0, f0, Access::ReadOnly, kNo}, EMFILE);
  refuses(op::HandleToFd{BufferId{1}, f0, Access::ReadOnly, kNo}, EMFILE);
  refuses(op::HandleToFd{b0, f0, Access::WriteOnly, kNo}, EINVAL);
  EXPECT_FALSE(world.live(b0));
}

/// A buffer larger than there is room for here is nothing the model speaks of, whatever else is true by then.
TEST_F(WorldTest, SaysNothingOfListsOfMorePagesThanABufferHasHere) {
  profile = profile_of("reference:udmabuf");
  ok(op::Memfd{MemfdId{0}, kMaxPages, Seals::Shrink});
  const op::CreateList list{b0, f0, MemfdId{0}, 0, 1, MemfdId{0}, 0, kMaxPages, ListForm::List, kNo};
  Alternatives ways;
  for (const bool full : {false, true}) {
    if (full) ok(op::FillFds{ProcessId{0}});
    alternatives(world, profile, list, ways);
    ASSERT_EQ(ways.size(), 1U);
    EXPECT_EQ(ways.front().allowance, Allowance::Malformed) << (full ? "no fd free" : "fds free");
  }
}

/// Two buffers of one memfd, and a device that writes to one of them: nobody knows what the other has (DBUF-VBT-020).
TEST_F(WorldTest, KnowsNothingOfPagesThatADeviceSharesThroughAnotherBuffer) {
  profile = profile_of("reference:udmabuf");
  profile.queue = *find_queue_profile("vmalloc");
  const BufferId other{1};
  ok(op::Memfd{MemfdId{0}, 2, Seals::Shrink});
  ok(op::CreateList{b0, f0, MemfdId{0}, 0, 1, MemfdId{0}, 0, 0, ListForm::Single, kNo});
  ok(op::CreateList{other, f1, MemfdId{0}, 0, 2, MemfdId{0}, 0, 0, ListForm::Single, kNo});
  ok(op::Mmap{f1, v0, 0, 2, Protection::ReadWrite, Sharing::Shared});
  ok(op::Store{v0, 0, 0x11});
  ok(op::Store{v0, 1, 0x12});
  ok(op::Reqbufs{1});
  ok(op::Qbuf{0, f0});
  EXPECT_EQ(step(op::Load{v0, 0}).value, 0x11U) << "the device does nothing yet";
  ok(op::StreamOn{});
  EXPECT_EQ(step(op::Load{v0, 0}).value, kUnknownTag);
  EXPECT_EQ(step(op::Load{v0, 1}).value, 0x12U) << "a page that it does not share";
}

TEST_F(WorldTest, CarriesBytesFromViewToView) {
  ok(op::Export{b0, r0, 3, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Mmap{f0, v0, 1, 2, Protection::ReadWrite, Sharing::Shared});
  ok(op::Store{v0, 1, 0x11});
  ok(op::Get{f0, r0});
  ok(op::Attach{r0, d0, a0});
  ok(op::Map{a0, m0, Direction::ToDevice});
  EXPECT_EQ(step(op::DeviceRead{m0, 2}).value, 0x11U);
  EXPECT_EQ(step(op::DeviceRead{m0, 0}).value, 0U) << "a new buffer is zeroed";
}

TEST_F(WorldTest, ChecksMmapInTheKernelsOrder) {
  ok(op::Export{b0, r0, 2, Access::ReadOnly});
  ok(op::InstallFd{r0, f0, kNo});
  refuses(op::Mmap{f0, v0, 0, 3, Protection::ReadWrite, Sharing::Shared}, EACCES);
  refuses(op::Mmap{f0, v0, 0, 3, Protection::Read, Sharing::Shared}, EINVAL);
  refuses(op::Mmap{f0, v0, 0, 0, Protection::ReadWrite, Sharing::Shared}, EINVAL);
  ok(op::Mmap{f0, v0, 0, 2, Protection::Read, Sharing::Shared});
  refuses(op::Store{v0, 0, 1}, EFAULT);
}

TEST_F(WorldTest, CutsMappingsToPieces) {
  const VmaId v1{1};
  ok(op::Export{b0, r0, 4, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Mmap{f0, v0, 0, 4, Protection::ReadWrite, Sharing::Shared});
  for (std::uint8_t page = 0; page < 4; ++page) ok(op::Store{v0, page, page + 1U});
  ok(op::MunmapPage{v0, v1, 1});
  EXPECT_EQ(world.buffers[0].references, 3U) << "an fd and two mappings";
  EXPECT_EQ(step(op::Load{v0, 0}).value, 1U);
  EXPECT_EQ(step(op::Load{v0, 1}).allowance, Allowance::Malformed);
  EXPECT_EQ(step(op::Load{v1, 1}).value, 4U);
  ok(op::MunmapPage{v1, VmaId{2}, 0});
  EXPECT_EQ(step(op::Load{v1, 0}).value, 4U);
  ok(op::Move{v1});
  EXPECT_EQ(step(op::Load{v1, 0}).value, 4U);
  EXPECT_EQ(world.buffers[0].references, 3U);
  refuses(op::Mremap{v1, 0}, EINVAL);
  refuses(op::Mremap{v1, 2}, EFAULT);
  ok(op::MunmapPage{v1, VmaId{2}, 0});
  EXPECT_EQ(world.buffers[0].references, 2U) << "its only page was its last";
}

TEST_F(WorldTest, ProtectsMappings) {
  ok(op::Export{b0, r0, 1, Access::ReadOnly});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Mmap{f0, v0, 0, 1, Protection::Read, Sharing::Shared});
  refuses(op::Mprotect{v0, Protection::ReadWrite}, EACCES);
  ok(op::Mprotect{v0, Protection::Read});
  refuses(op::Store{v0, 0, 1}, EFAULT);
}

TEST_F(WorldTest, LetsAChildInherit) {
  const ChildId k0{0};
  ok(op::Export{b0, r0, 1, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, CloseOnExec::Yes});
  ok(op::Mmap{f0, v0, 0, 1, Protection::ReadWrite, Sharing::Shared});
  ok(op::Fork{k0});
  EXPECT_EQ(world.buffers[0].references, 4U);
  ok(op::Store{v0, 0, 7});
  ok(op::Munmap{v0});
  ok(op::Close{f0});
  EXPECT_EQ(step(op::ChildLoad{k0, v0, 0}).value, 7U) << "its own mapping, of the same memory";
  EXPECT_TRUE(world.live(b0));
  ok(op::Exec{k0});
  EXPECT_FALSE(world.live(b0)) << "neither the mapping nor the fd, which was close-on-exec, is left";
  EXPECT_EQ(step(op::ChildLoad{k0, v0, 0}).allowance, Allowance::Malformed);
  ok(op::Exit{k0});
}

TEST_F(WorldTest, TearsDownFromAnywhere) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::Attach{r0, d0, a0});
  ok(op::Map{a0, m0, Direction::ToDevice});
  ok(op::Attach{r0, d0, a1});
  for (const Operation& operation : teardown(world, profile)) ok(operation);
  EXPECT_TRUE(world.empty());
}

class CachingWorldTest : public WorldTest {
 protected:
  CachingWorldTest() : WorldTest("reference:caching") {}
};

TEST_F(CachingWorldTest, KeepsTheMappingUntilDetach) {
  ok(op::Export{b0, r0, 1, Access::ReadWrite});
  ok(op::Attach{r0, d0, a0});
  ok(op::Map{a0, m0, Direction::ToDevice});
  ok(op::Map{a0, m1, Direction::ToDevice});
  EXPECT_EQ(world.buffers[0].callbacks.map, 1);
  EXPECT_EQ(world.buffers[0].callbacks.maps.of(Direction::ToDevice), 1);
  ok(op::Unmap{m0});
  refuses(op::Map{a0, m0, Direction::Bidirectional}, EBUSY);
  ok(op::Unmap{m1});
  EXPECT_EQ(world.buffers[0].callbacks.unmap, 0);
  ok(op::Detach{a0});
  EXPECT_EQ(world.buffers[0].callbacks.unmap, 1);
  EXPECT_EQ(world.buffers[0].callbacks.unmaps.of(Direction::ToDevice), 1);
}

class MigratingWorldTest : public WorldTest {
 protected:
  MigratingWorldTest() : WorldTest("reference:migrating") {}
};

TEST_F(MigratingWorldTest, MovesOnlyWhenNobodyElseHasItMapped) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::Attach{r0, d0, a0});
  ok(op::Map{a0, m0, Direction::Bidirectional});
  ok(op::Attach{r0, kStrictDevice, a1});
  refuses(op::Map{a1, m1, Direction::Bidirectional}, EBUSY);
  ok(op::Unmap{m0});
  ok(op::Map{a1, m1, Direction::Bidirectional});
  ok(op::Map{a0, m0, Direction::Bidirectional});
}

TEST_F(MigratingWorldTest, StaysUnderAKernelMapping) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  EXPECT_EQ(step(op::Vmap{r0, w0}).value, 1U);
  EXPECT_EQ(world.buffers[0].storage, 1) << "a vmap gives it storage, where it likes";
  ok(op::Attach{r0, kStrictDevice, a0});
  refuses(op::Map{a0, m0, Direction::Bidirectional}, EBUSY);
  ok(op::Vunmap{w0});
  ok(op::Map{a0, m0, Direction::Bidirectional});
  EXPECT_EQ(world.buffers[0].storage, 2);
}

TEST_F(WorldTest, KernelMappingsOfABufferAreOne) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Get{f0, r0});
  ok(op::Get{f0, r1});
  EXPECT_EQ(step(op::Vmap{r0, w0}).value, 1U);
  EXPECT_EQ(step(op::Vmap{r1, w1}).value, 2U);
  EXPECT_EQ(references(), 3U) << "a kernel mapping is no reference";
  EXPECT_EQ(world.buffers[0].callbacks.vmap, 1);
  ok(op::VmapWrite{w0, 1, 7});
  EXPECT_EQ(step(op::VmapRead{w1, 1}).value, 7U);
  EXPECT_EQ(step(op::VmapRead{w1, 0}).value, 0U);
  ok(op::Put{r0});
  refuses(op::Put{r1}, EBUSY);
  ok(op::Vunmap{w0});
  EXPECT_EQ(world.buffers[0].callbacks.vunmap, 0);
  ok(op::Vunmap{w1});
  EXPECT_EQ(world.buffers[0].callbacks.vunmap, 1);
  refuses(op::Vunmap{w1}, ENOENT);
  ok(op::Put{r1});
}

class DynamicWorldTest : public WorldTest {
 protected:
  DynamicWorldTest() : WorldTest("reference:dynamic") { profile.exporter.fails = profile.exporter.vmap_fails = true; }
  const Callbacks& calls() const { return world.buffers[0].callbacks; }
  /// Refused, with things left behind.
  void fails(const Operation& operation, int error) {
    const Alternative way = step(operation);
    EXPECT_EQ(way.allowance, Allowance::Refused) << name_of(operation);
    EXPECT_TRUE(way.errnos.size == 1 && way.errnos.contains(Errno{error})) << name_of(operation);
  }
};

TEST_F(DynamicWorldTest, StaticImportersAreMappedAndPinnedFromTheAttachOn) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::Attach{r0, d0, a0});
  EXPECT_EQ(calls().pin, 1);
  EXPECT_EQ(calls().map, 1);
  EXPECT_EQ(world.buffers[0].mappings, 0);
  refuses(op::Migrate{r0}, EBUSY);
  refuses(op::Pin{a0}, EPERM);
  ok(op::Map{a0, m0, Direction::ToDevice});
  ok(op::Unmap{m0});
  ok(op::Detach{a0});
  EXPECT_EQ(calls().map, 1);
  EXPECT_EQ(calls().unpin, 1);
  ok(op::Migrate{r0});
  EXPECT_EQ(calls().move_notifies, 0) << "nobody to tell";
}

TEST_F(DynamicWorldTest, From617OnTheMapPins) {
  profile.kernel = *find_kernel_profile("6.18");
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::Attach{r0, d0, a0});
  EXPECT_EQ(calls().pin + calls().map, 0);
  ok(op::Map{a0, m0, Direction::ToDevice});
  EXPECT_EQ(calls().pin, 1);
  refuses(op::Migrate{r0}, EBUSY);
  ok(op::Unmap{m0});
  EXPECT_EQ(calls().unpin, 1);
  ok(op::Migrate{r0});
}

TEST_F(DynamicWorldTest, WithoutMoveNotifyADynamicImportersMapPinsToo) {
  profile.kernel.move_notify = false;
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::AttachDynamic{r0, d0, a0});
  ok(op::Map{a0, m0, Direction::ToDevice});
  EXPECT_EQ(calls().pin, 1);
  refuses(op::Migrate{r0}, EBUSY);
}

TEST_F(DynamicWorldTest, DynamicImportersAreToldAndMapAgain) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::AttachDynamic{r0, d0, a0});
  ok(op::AttachDynamic{r0, d0, a1});
  ok(op::Map{a0, m0, Direction::Bidirectional});
  EXPECT_EQ(calls().pin, 0);
  ok(op::DeviceWrite{m0, 1, 7});
  ok(op::Migrate{r0});
  EXPECT_EQ(calls().move_notifies, 2);
  EXPECT_EQ(allowance(world, profile, op::DeviceRead{m0, 1}), Allowance::Forbidden);
  ok(op::Map{a0, m1, Direction::Bidirectional});
  EXPECT_EQ(step(op::DeviceRead{m1, 1}).value, 7U);
  ok(op::Unmap{m0});
}

TEST_F(DynamicWorldTest, AnAttachThatCannotBePinnedHasBeenAccepted) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::AttachDynamic{r0, d0, a0});
  ok(op::Pin{a0});
  ok(op::Pin{a0});
  fails(op::Attach{r0, kStrictDevice, a1}, EBUSY);
  EXPECT_EQ(calls().attach, 2);
  EXPECT_EQ(calls().detach, 1);
  EXPECT_EQ(calls().pin, 2);
  EXPECT_EQ(world.buffers[0].attachments, 1);
  ok(op::Unpin{a0});
  refuses(op::Detach{a0}, EBUSY);
  ok(op::Unpin{a0});
  refuses(op::Unpin{a0}, ENOENT);
  ok(op::Attach{r0, kStrictDevice, a1});
  EXPECT_EQ(calls().move_notifies, 1) << "moved for the strict device, and told the lax one";
}

TEST_F(DynamicWorldTest, AFailureOfTheMapAtAttachUndoesWhatCameBefore) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::Fail{b0, Callback::Map, 1, Failure::NoSpace});
  fails(op::Attach{r0, d0, a0}, ENOSPC);
  EXPECT_EQ(calls().attach, 1);
  EXPECT_EQ(calls().pin, 1);
  EXPECT_EQ(calls().unpin, 1);
  EXPECT_EQ(calls().detach, 1);
  EXPECT_EQ(calls().map + calls().attach_refused, 0);
  EXPECT_EQ(calls().failures, 1);
  EXPECT_EQ(world.buffers[0].storage, 1) << "the pin had made it";
  EXPECT_EQ(world.buffers[0].failure, FailureState{});
  ok(op::Attach{r0, d0, a0});
}

TEST_F(DynamicWorldTest, FailuresAreOfTheNthCallOfOneCallback) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::Fail{b0, Callback::Begin, 2, Failure::Io});
  ok(op::BeginCpuAccess{r0, Direction::ToDevice});
  ok(op::EndCpuAccess{r0, Direction::ToDevice});
  fails(op::BeginCpuAccess{r0, Direction::ToDevice}, EIO);
  EXPECT_EQ(calls().begin, 1);
  ok(op::Fail{b0, Callback::Attach, 1, Failure::NoMemory});
  fails(op::AttachDynamic{r0, d0, a0}, ENOMEM);
  EXPECT_EQ(calls().attach_refused, 1);
  ok(op::Fail{b0, Callback::Vmap, 1, Failure::NoMemory});
  fails(op::Vmap{r0, w0}, ENOMEM);
  EXPECT_EQ(world.buffers[0].vmaps, 0);
  ok(op::Fail{b0, Callback::Vmap, 1, Failure::NoMemory});
  ok(op::Fail{b0, Callback::Vmap, 0, Failure::NoMemory});
  ok(op::Vmap{r0, w0});
}

TEST_F(DynamicWorldTest, AFailingMmapGivesTheFileBack) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::InstallFd{r0, f0, kNo});
  ok(op::Fail{b0, Callback::Mmap, 1, Failure::NoMemory});
  refuses(op::Mmap{f0, v0, 1, 2, Protection::Read, Sharing::Shared}, EINVAL);  // the core's own check comes first
  fails(op::Mmap{f0, v0, 0, 2, Protection::Read, Sharing::Private}, ENOMEM);
  EXPECT_EQ(references(), 1U);
  refuses(op::Mmap{f0, v0, 0, 2, Protection::Read, Sharing::Private}, EINVAL);
}

TEST_F(WorldTest, DynamicImportersOfStaticExportersAreMappedAtAttach) {
  ok(op::Export{b0, r0, 2, Access::ReadWrite});
  ok(op::AttachDynamic{r0, d0, a0});
  EXPECT_EQ(world.buffers[0].callbacks.map, 1);
  EXPECT_EQ(world.buffers[0].callbacks.pin, 0);
  ok(op::Pin{a0});
  EXPECT_EQ(world.buffers[0].callbacks.pin, 0) << "nobody to call";
  ok(op::Unpin{a0});
  ok(op::Detach{a0});
  EXPECT_EQ(world.buffers[0].callbacks.unmap, 1);
}

class PrimeWorldTest : public WorldTest {
 protected:
  explicit PrimeWorldTest(std::string_view exporter = "reference:prime") : WorldTest(exporter) {}
  static op::Create create(std::uint8_t pages, Access access = Access::ReadWrite,
                           CreationFlags flags = CreationFlags::Known) {
    return {b0, f0, pages, access, kNo, flags};
  }
  std::string_view reason(const Operation& operation) {
    Alternatives ways;
    alternatives(world, profile, operation, ways);
    return ways.front().reason == nullptr ? "" : ways.front().reason->requirement;
  }
};

TEST_F(PrimeWorldTest, RefusesToMakeWhatItHasNoWordFor) {
  refuses(create(0), EINVAL);
  refuses(create(1, Access::WriteOnly), EINVAL);
  refuses(create(1, Access::ReadWrite, CreationFlags::Unknown), EINVAL);
  EXPECT_EQ(reason(create(0, Access::ReadWrite, CreationFlags::Unknown)), "VGM-002") << "the dumb buffer comes first";
  EXPECT_EQ(reason(create(1, Access::ReadWrite, CreationFlags::Unknown)), "PRM-001");
  ok(create(1));
  EXPECT_EQ(step(op::Create{BufferId{1}, f0, 0, Access::ReadWrite, kNo}).allowance, Allowance::Malformed)
      << "a slot that is in use makes no program, however wrong the rest is";
  EXPECT_EQ(step(op::Create{b0, f1, 0, Access::ReadWrite, kNo}).allowance, Allowance::Malformed);
}

class UdmabufWorldTest : public PrimeWorldTest {
 protected:
  UdmabufWorldTest() : PrimeWorldTest("reference:udmabuf") {}
};

TEST_F(UdmabufWorldTest, IgnoresFlagsAndAccessButNotTheSize) {
  refuses(create(0), EINVAL);
  refuses(create(0, Access::ReadWrite, CreationFlags::Unknown), EINVAL);
  EXPECT_EQ(reason(create(1, Access::WriteOnly, CreationFlags::Unknown)), "UDM-007");
  ok(create(1, Access::WriteOnly, CreationFlags::Unknown));
  EXPECT_EQ(world.buffers[0].access, Access::ReadWrite);
}

class HeapWorldTest : public PrimeWorldTest {
 protected:
  HeapWorldTest() : PrimeWorldTest("heap:system") {}
};

TEST_F(HeapWorldTest, ChecksFlagsAndSize) {
  refuses(create(0), EINVAL);
  refuses(create(2, Access::ReadOnly, CreationFlags::Unknown), EINVAL);
  ok(create(2, Access::WriteOnly));
}

TEST_F(HeapWorldTest, MapsOnePagePrivatelyAndNoMore) {
  ok(create(2));
  refuses(op::Mmap{f0, v0, 0, 2, Protection::Read, Sharing::Private}, EINVAL);
  ok(op::Mmap{f0, v0, 1, 1, Protection::Read, Sharing::Private});
}

TEST(Unread, IsNotAskedForWhatNobodyKnowsTheAnswerOf) {
  const Profile profile = profile_of("unknown");
  for (const op::Create& odd : {op::Create{b0, f0, 0, Access::ReadWrite, kNo},
                                op::Create{b0, f0, 1, Access::ReadWrite, kNo, CreationFlags::Unknown}})
    EXPECT_EQ(allowance(World{}, profile, odd), Allowance::Unspecified);
}

TEST(Choice, KeepsBothWorldsWhereTheContractLeavesItOpen) {
  const Profile open = profile_of("unknown");
  World world;
  Alternatives ways;
  alternatives(world, open, op::Create{b0, f0, 1, Access::ReadWrite, kNo}, ways);
  EXPECT_EQ(ways.size(), 2U) << "storage allocated at once, or later";
}

}  // namespace
}  // namespace dmabuf::model
