// SPDX-License-Identifier: MIT
// Which contract a kernel is held against.
#include "../registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dmabuf::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(KernelProfileOf, TakesTheNewestThatIsNotNewer) {
  EXPECT_EQ(kernel_profile("6.1.0-56-amd64").name, "6.1");
  EXPECT_EQ(kernel_profile("6.12.117+deb12-amd64").name, "6.12");
  EXPECT_EQ(kernel_profile("6.8.1").name, "6.6");
  EXPECT_EQ(kernel_profile("7.0").name, "6.18");
  EXPECT_EQ(kernel_profile("99.1").name, "7.2");
}

/// 3.3 and 2011 are for models.
TEST(KernelProfileOf, KnowsNoneBefore54) {
  EXPECT_EQ(kernel_profile("4.19.0").name, "5.4");
  EXPECT_EQ(kernel_profile("2.6.39").name, "5.4");
  EXPECT_EQ(kernel_profile("mainline").name, "6.1");
}

TEST(KernelHabits, CountMoreThanTheVersion) {
  model::KernelProfile profile = kernel_profile("6.1");
  ASSERT_TRUE(profile.has_sync_file && profile.caches_mappings && !profile.move_notify);
  const auto said = correct_by({.has_sync_file = false, .caches_mappings = true, .move_notify = true}, profile);
  EXPECT_THAT(said, ElementsAre(HasSubstr("EXPORT_SYNC_FILE and IMPORT_SYNC_FILE: no"), HasSubstr("DMABUF_MOVE_NOTIFY: yes")));
  EXPECT_FALSE(profile.has_sync_file);
  EXPECT_TRUE(profile.caches_mappings);
  EXPECT_TRUE(profile.move_notify);
}

/// What keeps no table in the attachment maps nothing at attach, either.
TEST(KernelHabits, GoTogetherWhereOneCameWithTheOther) {
  model::KernelProfile profile = kernel_profile("6.12");
  ASSERT_TRUE(profile.caches_mappings && profile.maps_at_attach);
  correct_by({.has_sync_file = {}, .caches_mappings = false, .move_notify = {}}, profile);
  EXPECT_FALSE(profile.caches_mappings);
  EXPECT_FALSE(profile.maps_at_attach);
}

TEST(KernelHabits, ThatNobodyCouldAskForChangeNothing) {
  model::KernelProfile profile = kernel_profile("6.1");
  EXPECT_THAT(correct_by({}, profile), IsEmpty());
  EXPECT_TRUE(profile.has_sync_file && profile.caches_mappings && !profile.move_notify);
}

}  // namespace
}  // namespace dmabuf::app
