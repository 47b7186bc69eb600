// SPDX-License-Identifier: MIT
// The adapter's book-keeping, on an exporter whose buffers are memfds: everything but dma-buf
// itself is real. What a kernel answers is seen by kernel_smoke in a guest.
#include "kernel_adapter.hpp"

#include "habits.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>

#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::adapters {
namespace {

using namespace model;

constexpr BufferId b0{0}, b1{1};
constexpr FdId f0{0}, f1{1}, f2{2}, f3{3};
constexpr VmaId v0{0}, v1{1};
constexpr MessageId s0{0}, s1{1};

class Memfds final : public ExporterBackend {
 public:
  explicit Memfds(bool handles) : handles_(handles) {}
  std::string_view name() const override { return "memfd"; }
  Expected<int> create(const op::Create& wanted) override {
    if (wanted.pages == 0) return tl::unexpected(Errno{EINVAL});
    const unsigned flags = wanted.cloexec == CloseOnExec::Yes ? MFD_CLOEXEC : 0U;
    const int fd = ::memfd_create("buffer", flags);
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(wanted.pages * kPageSize)) != 0)
      return tl::unexpected(Errno{errno});
    return fd;
  }
  bool has_handles() const override { return handles_; }
  Outcome close_handle(const op::CloseHandle&) override { return done(); }
  void reset() override {}

 private:
  bool handles_;
};

KernelAdapter::Parts parts(bool handles = false) {
  KernelAdapter::Parts result;
  result.name = "memfd";
  result.backend = std::make_unique<Memfds>(handles);
  return result;
}

class KernelAdapterTest : public ::testing::Test {
 protected:
  KernelAdapterTest() : adapter_(parts()) {}
  Outcome apply(const Operation& operation) { return adapter_.apply(operation); }
  int error(const Operation& operation) {
    const Outcome outcome = apply(operation);
    return outcome ? 0 : outcome.error().value;
  }
  Observation look() {
    Observation seen;
    adapter_.observe(seen);
    return seen;
  }
  void create(CloseOnExec cloexec = CloseOnExec::Yes) {
    ASSERT_EQ(apply(op::Create{b0, f0, 2, Access::ReadWrite, cloexec}), done());
  }

  KernelAdapter adapter_;
};

TEST_F(KernelAdapterTest, ClaimsWhatItsPartsCanDo) {
  const auto alphabet = adapter_.alphabet();
  EXPECT_TRUE(alphabet[kind_of<op::Create>()]);
  EXPECT_TRUE(alphabet[kind_of<op::Send>()]);
  for (const std::size_t kind :
       {kind_of<op::Export>(), kind_of<op::CloseHandle>(), kind_of<op::Get>(), kind_of<op::Map>(),
        kind_of<op::InstallFd>(), kind_of<op::BeginCpuAccess>()})
    EXPECT_FALSE(alphabet[kind]) << kOperationNames[kind];
  EXPECT_THROW((void)apply(op::Get{f0, ReferenceId{0}}), conformance::HarnessError);
  EXPECT_TRUE(KernelAdapter(parts(true)).alphabet()[kind_of<op::CloseHandle>()]);
}

TEST_F(KernelAdapterTest, FollowsFdsFromProcessToProcess) {
  create();
  ASSERT_EQ(apply(op::Dup{f0, f1, CloseOnExec::No}), done());
  ASSERT_EQ(apply(op::Send{f1, s0}), done());
  ASSERT_EQ(apply(op::Close{f1}), done());
  ASSERT_EQ(apply(op::Receive{s0, f2, CloseOnExec::Yes}), done());
  ASSERT_EQ(apply(op::Mmap{f0, v0, 0, 2, Protection::ReadWrite, Sharing::Shared}), done());
  ASSERT_EQ(apply(op::Mmap{f2, v1, 1, 1, Protection::Read, Sharing::Shared}), done());
  EXPECT_EQ(apply(op::Store{v0, 1, 42}), done());
  EXPECT_EQ(apply(op::Load{v1, 0}), done(42));
  EXPECT_EQ(error(op::Store{v1, 0, 43}), EFAULT);
  EXPECT_EQ(error(op::Load{v1, 1}), EFAULT) << "beyond the mapping";
  EXPECT_EQ(apply(op::Seek{f2, Whence::End, 0}), done(2 * kPageSize));

  const Observation seen = look();
  EXPECT_TRUE(seen.fds[0].seen && seen.fds[0].open && seen.fds[0].close_on_exec);
  EXPECT_TRUE(seen.fds[1].seen && !seen.fds[1].open);
  EXPECT_TRUE(seen.fds[2].seen && seen.fds[2].open && seen.fds[2].close_on_exec);
  EXPECT_FALSE(seen.fds[3].seen);
  EXPECT_EQ(seen.fds[0].process, 0);
  EXPECT_EQ(seen.fds[2].process, 1);

  // And back again.
  ASSERT_EQ(apply(op::Send{f2, s1}), done());
  ASSERT_EQ(apply(op::Receive{s1, f3, CloseOnExec::No}), done());
  EXPECT_EQ(apply(op::Close{f0}), done());
  EXPECT_EQ(apply(op::Close{f2}), done());
  EXPECT_TRUE(look().fds[3].open);
  EXPECT_FALSE(look().fds[3].close_on_exec);
}

TEST_F(KernelAdapterTest, PassesOnWhatIsRefused) {
  EXPECT_EQ(error(op::Create{b0, f0, 0, Access::ReadWrite, CloseOnExec::No}), EINVAL);
  EXPECT_EQ(error(op::Close{kBadFd}), EBADF);
  EXPECT_EQ(error(op::Close{f3}), EBADF) << "an empty slot is no file";
  EXPECT_EQ(error(op::Dup{kBadFd, f1, CloseOnExec::No}), EBADF);
  EXPECT_EQ(error(op::Send{kBadFd, s0}), EBADF);
  EXPECT_EQ(error(op::Seek{kBadFd, Whence::End, 0}), EBADF);
  EXPECT_EQ(error(op::Mmap{kForeignFd, v0, 0, 1, Protection::Read, Sharing::Shared}), ENODEV);
  EXPECT_EQ(error(op::Mmap{kBadFd, v0, 0, 1, Protection::Read, Sharing::Shared}), EBADF);
  EXPECT_EQ(error(op::Sync{kForeignFd, SyncFlags::StartBoth, Argument::Good}), ENOTTY);
}

TEST_F(KernelAdapterTest, CarriesForeignFilesToo) {
  EXPECT_EQ(apply(op::Dup{kForeignFd, f0, CloseOnExec::Yes}), done());
  EXPECT_EQ(apply(op::Send{kForeignFd, s0}), done());
  EXPECT_EQ(apply(op::Receive{s0, f1, CloseOnExec::No}), done());
  EXPECT_TRUE(look().fds[1].open);
  EXPECT_EQ(apply(op::Close{kForeignFd}), done());
  EXPECT_EQ(apply(op::Dup{kForeignFd, f2, CloseOnExec::Yes}), done()) << "it is always there";
}

TEST_F(KernelAdapterTest, RefusesToBeAskedNonsense) {
  create();
  EXPECT_THROW((void)apply(op::Dup{f0, f0, CloseOnExec::No}), conformance::HarnessError);
  EXPECT_THROW((void)apply(op::Receive{s0, f1, CloseOnExec::No}), conformance::HarnessError);
  EXPECT_THROW((void)apply(op::Discard{s0}), conformance::HarnessError);
  EXPECT_THROW((void)apply(op::Load{v0, 0}), conformance::HarnessError);
  EXPECT_THROW((void)apply(op::Munmap{v0}), conformance::HarnessError);
  EXPECT_THROW((void)apply(op::Munmap{VmaId{200}}), conformance::HarnessError);
  EXPECT_THROW((void)apply(op::Send{f0, MessageId{200}}), conformance::HarnessError);
  ASSERT_TRUE(apply(op::Send{f0, s0}));
  EXPECT_THROW((void)apply(op::Send{f0, s0}), conformance::HarnessError);
}

TEST_F(KernelAdapterTest, ResetsToNothing) {
  const long before = count_fds(0);
  for (int round = 0; round < 20; ++round) {
    create();
    ASSERT_EQ(apply(op::Create{b1, f3, 1, Access::ReadWrite, CloseOnExec::No}), done());
    ASSERT_EQ(apply(op::Send{f0, s0}), done());
    ASSERT_EQ(apply(op::Receive{s0, f1, CloseOnExec::No}), done());
    ASSERT_EQ(apply(op::Mmap{f1, v0, 0, 1, Protection::ReadWrite, Sharing::Shared}), done());
    ASSERT_EQ(apply(op::Mmap{f0, v1, 0, 1, Protection::ReadWrite, Sharing::Shared}), done());
    ASSERT_EQ(apply(op::Send{f1, s0}), done());
    ASSERT_EQ(apply(op::Send{f3, s1}), done());
    if (round % 2 == 0) {
      ASSERT_EQ(apply(op::Discard{s1}), done());
    }
    (void)look();
    adapter_.reset();
    for (const auto& fd : look().fds) EXPECT_FALSE(fd.open);
    for (const auto& left : adapter_.residue()) ADD_FAILURE() << left.count << " " << left.what;
  }
  // What is kept open is one fdinfo for each number that was looked at in the peer.
  EXPECT_LE(count_fds(0), before + static_cast<long>(2 * kMaxFds));
}

TEST_F(KernelAdapterTest, ReportsWhatIsLeftBehind) {
  adapter_.reset();
  EXPECT_TRUE(adapter_.residue().empty());
}

TEST(Opening, SaysWhyThereIsNoTarget) {
  for (const Offer& offer : probe().targets) {
    if (offer.available) continue;
    EXPECT_FALSE(offer.reason.empty()) << offer.target;
    EXPECT_FALSE(offer.remedy.empty()) << offer.target;
    const Opened opened = open_kernel_adapter({.exporter = offer.target});
    EXPECT_FALSE(opened.adapter) << offer.target;
    EXPECT_EQ(opened.reason, offer.reason);
    EXPECT_EQ(opened.remedy, offer.remedy);
  }
}

TEST(Opening, RefusesUnknownWords) {
  for (const char* name : {"", "nonsense", "heap:", "drm:nothing", "heap:no-such-heap"}) {
    const Opened opened = open_kernel_adapter({.exporter = name});
    EXPECT_FALSE(opened.adapter) << name;
    EXPECT_FALSE(opened.reason.empty() || opened.remedy.empty()) << name;
  }
  EXPECT_FALSE(open_kernel_adapter({.exporter = "udmabuf", .policy = "eager"}).adapter);
  EXPECT_FALSE(open_kernel_adapter({.exporter = "vgem", .defect = "leak-mapping"}).adapter);
}

TEST(Opening, FindsTheUsualTargetsOrSaysNo) {
  const Machine machine = probe();
  for (const char* usual : {"vgem", "udmabuf", "harness:eager", "harness:deferred",
                            "harness:refusing", "harness:caching", "harness:migrating",
                            "harness:novmap", "harness:dynamic"})
    EXPECT_TRUE(std::any_of(machine.targets.begin(), machine.targets.end(),
                            [&](const Offer& offer) { return offer.target == usual; }))
        << usual;
  for (const Lack& lack : machine.lacks) EXPECT_FALSE(lack.what.empty() || lack.remedy.empty());
}

TEST(Opening, KnowsItsWords) {
  const auto policies = policy_names();
  EXPECT_NE(std::find(policies.begin(), policies.end(), "migrating"), policies.end());
  const auto defects = defect_names();
  EXPECT_NE(std::find(defects.begin(), defects.end(), "leak-mapping"), defects.end());
  EXPECT_EQ(defects.front(), "none");
}

// --- what the kernel is asked ---------------------------------------------------------------------

TEST(KernelHabits, AFileThatKnowsNoSyncFilesSaysSo) {
  Memfds memfds(false);
  const KernelHabits habits = habits_of(nullptr, &memfds);
  EXPECT_EQ(habits.has_sync_file, std::optional(false));
  EXPECT_EQ(habits.caches_mappings, std::nullopt);
  EXPECT_EQ(habits.move_notify, std::nullopt);
}

TEST(KernelHabits, NobodyToAskSaysNothing) {
  EXPECT_EQ(habits_of(nullptr, nullptr).has_sync_file, std::nullopt);
  EXPECT_EQ(knows_sync_files(-1), std::nullopt);
}

}  // namespace
}  // namespace dmabuf::adapters
