// SPDX-License-Identifier: MIT
#include "dmabuf/model/oracle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace dmabuf::model {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr BufferId b0{0};
constexpr FdId f0{0};
constexpr ReferenceId r0{0};

Profile profile_of(std::string_view exporter) {
  return {*find_kernel_profile("reference"), *find_exporter_profile(exporter), {.name = "harness", .guards_misuse = true}};
}

class OracleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    EXPECT_FALSE(oracle.judge(op::Export{b0, r0, 2, Access::ReadWrite}, done()));
    EXPECT_FALSE(oracle.judge(op::InstallFd{r0, f0, CloseOnExec::Yes}, done()));
  }
  Oracle oracle{profile_of("reference:eager")};
};

TEST_F(OracleTest, SaysWhatWasAllowedAndWhy) {
  const auto divergence = oracle.judge(op::Get{kForeignFd, r0}, done());
  ASSERT_TRUE(divergence);
  EXPECT_EQ(divergence->aspect, "outcome");
  EXPECT_EQ(divergence->expected, "EINVAL");
  EXPECT_EQ(divergence->observed, "ok");
  EXPECT_THAT(divergence->requirements, Contains("FD-007"));
  EXPECT_THAT(divergence->allowed, Contains(HasSubstr("DBUF-FD-007")));
}

TEST_F(OracleTest, NoticesAWrongErrno) {
  const auto divergence = oracle.judge(op::Get{kBadFd, r0}, refused(EINVAL));
  ASSERT_TRUE(divergence);
  EXPECT_EQ(divergence->expected_class, "errno:EBADF");
  EXPECT_EQ(divergence->observed_class, "errno:EINVAL");
}

TEST_F(OracleTest, NoticesAReferenceTooMany) {
  Observation seen;
  seen.buffers[0].set(Aspect::References, 2);
  const auto divergence = oracle.judge(seen);
  ASSERT_TRUE(divergence);
  EXPECT_EQ(divergence->aspect, "references");
  EXPECT_EQ(divergence->slot, "b0");
  EXPECT_THAT(divergence->requirements, Contains("INV-001"));
}

TEST_F(OracleTest, NoticesALostCloseOnExec) {
  Observation seen;
  seen.fds[0] = {true, true, false};
  const auto divergence = oracle.judge(seen);
  ASSERT_TRUE(divergence);
  EXPECT_EQ(divergence->aspect, "close_on_exec");
}

TEST_F(OracleTest, NoticesAnFdThatWentAstray) {
  Observation seen;
  seen.fds[0] = {true, true, true, 0, true};
  EXPECT_FALSE(oracle.judge(seen));
  seen.fds[0].lowest = false;
  const auto high = oracle.judge(seen);
  ASSERT_TRUE(high);
  EXPECT_EQ(high->aspect, "fd_number");
  EXPECT_THAT(high->requirements, Contains("FD-003"));
  seen.fds[0].process = 1;
  const auto astray = oracle.judge(seen);
  ASSERT_TRUE(astray);
  EXPECT_EQ(astray->aspect, "process");
  EXPECT_EQ(astray->expected, "p0");
  EXPECT_EQ(astray->observed, "p1");
}

TEST_F(OracleTest, NoticesAnotherDirection) {
  EXPECT_FALSE(oracle.judge(op::Sync{f0, SyncFlags::StartRead, Argument::Good}, done()));
  Observation seen;
  seen.buffers[0].set(Aspect::BeginCalls, 1);
  seen.buffers[0].set(Aspect::BeginDirections, Directions::reading(0, 0, 1));
  EXPECT_FALSE(oracle.judge(seen));
  seen.buffers[0].set(Aspect::BeginDirections, Directions::reading(0, 1, 0));
  const auto divergence = oracle.judge(seen);
  ASSERT_TRUE(divergence);
  EXPECT_EQ(divergence->aspect, "begin_directions");
  EXPECT_EQ(divergence->expected, "bidirectional 0, to_device 0, from_device 1");
  EXPECT_EQ(divergence->observed, "bidirectional 0, to_device 1, from_device 0");
  EXPECT_THAT(divergence->requirements, Contains("SYN-004"));
}

TEST_F(OracleTest, TakesUnseenForUnseen) { EXPECT_FALSE(oracle.judge(Observation{})); }

TEST_F(OracleTest, GoesOnAfterWrongBytes) {
  const VmaId v0{0};
  EXPECT_FALSE(oracle.judge(op::Mmap{f0, v0, 1, 1, Protection::ReadWrite, Sharing::Shared}, done()));
  EXPECT_FALSE(oracle.judge(op::Store{v0, 0, 7}, done()));
  const Operation load = op::Load{v0, 0};
  const auto divergence = oracle.judge(load, done(8));
  ASSERT_TRUE(divergence);
  EXPECT_TRUE(divergence->recoverable);
  EXPECT_TRUE(oracle.adopt(load, done(8)));
  EXPECT_FALSE(oracle.judge(load, done(9))) << "nothing is promised of it any more";
}

TEST(OracleWithChoices, DecidesByWhatIsSeen) {
  Oracle oracle{profile_of("unknown")};
  const AttachmentId a0{0};
  const MappingId m0{0}, m1{1};
  EXPECT_FALSE(oracle.judge(op::Create{b0, f0, 1, Access::ReadWrite, CloseOnExec::No}, done()));
  EXPECT_EQ(oracle.worlds(), 2U);
  EXPECT_FALSE(oracle.judge(op::Get{f0, r0}, done()));
  EXPECT_FALSE(oracle.judge(op::Attach{r0, kLaxDevice, a0}, done()));
  EXPECT_FALSE(oracle.judge(op::Map{a0, m0, Direction::ToDevice}, done()));
  EXPECT_FALSE(oracle.judge(op::Unmap{m0}, done()));
  EXPECT_GT(oracle.worlds(), 1U) << "cached or not: nobody knows yet";
  EXPECT_FALSE(oracle.judge(op::Map{a0, m1, Direction::Bidirectional}, refused(EBUSY)));
  EXPECT_EQ(oracle.worlds(), 1U) << "only a caching exporter refuses that";
}

TEST(OracleWithChoices, TakesAnyErrnoOfAnAttachFromAnExporterNobodyHasRead) {
  const AttachmentId a0{0};
  const MappingId m0{0};
  for (const std::string_view exporter : {"unknown", "drm"})
    for (const int error : {EBUSY, EIO, ENOSYS, EOPNOTSUPP}) {
      Oracle oracle(profile_of(exporter));
      EXPECT_FALSE(oracle.judge(op::Create{b0, f0, 1, Access::ReadWrite, CloseOnExec::No}, done()));
      EXPECT_FALSE(oracle.judge(op::Get{f0, r0}, done()));
      EXPECT_FALSE(oracle.judge(op::Attach{r0, kLaxDevice, a0}, refused(error)));
      EXPECT_FALSE(oracle.judge(op::Map{a0, m0, Direction::ToDevice}, refused(ENOENT))) << "it is not attached";
      Observation seen;
      seen.buffers[0].set(Aspect::Attachments, 1);
      EXPECT_TRUE(oracle.judge(seen)) << "a refused attach leaves nothing behind";
    }
  Oracle oracle(profile_of("vgem"));
  EXPECT_FALSE(oracle.judge(op::Create{b0, f0, 1, Access::ReadWrite, CloseOnExec::No}, done()));
  EXPECT_FALSE(oracle.judge(op::Get{f0, r0}, done()));
  EXPECT_TRUE(oracle.judge(op::Attach{r0, kLaxDevice, a0}, refused(EIO))) << "of vgem it is known that it does not";
}

}  // namespace
}  // namespace dmabuf::model
