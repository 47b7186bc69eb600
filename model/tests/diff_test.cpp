// SPDX-License-Identifier: MIT
#include "dmabuf/model/diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::model {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Profile profile(std::string_view exporter, std::string_view kernel = "reference") {
  return {*find_kernel_profile(kernel), *find_exporter_profile(exporter), {.name = "harness", .guards_misuse = true}};
}

std::vector<std::string> words(const std::vector<Operation>& operations) {
  std::vector<std::string> all;
  for (const Operation& operation : operations) all.push_back(describe(Step{operation, 0}));
  return all;
}

TEST(Diff, FindsTheShortestProgramByHand) {
  const ProfileDiff diff = distinguish(profile("reference:eager"), profile("reference:nommap"));
  ASSERT_TRUE(diff.distinction);
  EXPECT_THAT(words(diff.distinction->a), ElementsAre("export b0 r0 2 rw", "install_fd r0 f0", HasSubstr("mmap f0 v0")));
  EXPECT_EQ(diff.distinction->where, "outcome");
  EXPECT_THAT(diff.distinction->allowed_a, ElementsAre("ok"));
  EXPECT_THAT(diff.distinction->allowed_b, ElementsAre("EINVAL"));
}

TEST(Diff, SeesCallbacksToo) {
  const Profile older = profile("reference:caching", "6.12"), newer = profile("reference:caching", "6.18");
  ProfileDiff diff = distinguish(older, newer);
  ASSERT_TRUE(diff.distinction);
  EXPECT_EQ(diff.distinction->where, "map_calls of b0");
  EXPECT_THAT(words(diff.distinction->a), ElementsAre("export b0 r0 2 rw", "attach_dynamic r0 d0 a0")) << "mapped at once";
  Bounds bounds = diff_bounds();
  bounds.kinds.reset(kind_of<op::AttachDynamic>());
  diff = distinguish(older, newer, bounds);
  ASSERT_TRUE(diff.distinction);
  EXPECT_EQ(diff.distinction->where, "map_calls of b0") << "the second map takes the cached one";
  EXPECT_EQ(diff.distinction->a, diff.distinction->b);
  EXPECT_EQ(diff.distinction->a.size(), 4U);
}

TEST(Diff, ComparesExportersThatAreAskedInDifferentWays) {
  const ProfileDiff diff = distinguish(profile("reference:eager"), profile("reference:prime"));
  ASSERT_TRUE(diff.distinction);
  EXPECT_EQ(diff.distinction->where, "references of b0");
  EXPECT_EQ(diff.distinction->a.size(), 2U);
  EXPECT_EQ(diff.distinction->b.size(), 1U);
}

TEST(Diff, KnowsWhatTheReferenceDoesOtherwiseThan61) {
  std::vector<std::string_view> fields;
  for (const FieldDifference& one : differences(*find_kernel_profile("reference"), *find_kernel_profile("6.1")))
    fields.push_back(one.field);
  EXPECT_THAT(fields, ElementsAre("move_notify", "empty_list_items", "memfd_may_go_while_mapped"));
}

TEST(Diff, TellsNobodyFromHimself) {
  EXPECT_THAT(differences(*find_kernel_profile("6.1"), *find_kernel_profile("6.1")), IsEmpty());
  EXPECT_THAT(differences(*find_exporter_profile("vgem"), *find_exporter_profile("vgem")), IsEmpty());
  const ProfileDiff diff = distinguish(profile("vgem"), profile("vgem"), diff_bounds(), 300);
  EXPECT_FALSE(diff.distinction);
  EXPECT_FALSE(diff.complete);
  EXPECT_EQ(diff.searched, 300U);
  Bounds small;
  small.buffers = small.fds = 1;
  small.references = small.attachments = small.mappings = small.vmas = small.messages = 0;
  small.fences = small.sync_files = small.children = 0;
  EXPECT_TRUE(distinguish(profile("vgem"), profile("vgem"), small, 1'000'000).complete);
}

/// Walks the program under both and finds them alike up to its end: it is a trace of both.
TEST(Diff, ProgramsArePermittedOrRefusedUnderBoth) {
  for (const ExporterProfile& one : exporter_profiles())
    for (const ExporterProfile& other : exporter_profiles()) {
      if (differences(one, other).empty()) continue;
      const ProfileDiff diff = distinguish(profile(one.name), profile(other.name), diff_bounds(), 100);
      if (!diff.distinction) continue;
      World world;
      Alternatives ways;
      const Profile p = profile(one.name);
      for (const Operation& operation : diff.distinction->a) {
        alternatives(world, p, operation, ways);
        if (!diff.distinction->where.empty()) {
          EXPECT_THAT((std::array{Allowance::Permitted, Allowance::Refused}), Contains(ways.front().allowance));
        }
        world = ways.front().next;
        settle(world, p);
      }
    }
}

TEST(Diff, IsAntisymmetric) {
  for (const char* exporter : {"vgem", "udmabuf", "heap:system", "harness:eager"}) {
    const ProfileDiff there = distinguish(profile("reference:eager"), profile(exporter), diff_bounds(), 200);
    const ProfileDiff back = distinguish(profile(exporter), profile("reference:eager"), diff_bounds(), 200);
    ASSERT_EQ(there.distinction.has_value(), back.distinction.has_value()) << exporter;
    if (!there.distinction) continue;
    EXPECT_EQ(there.distinction->a, back.distinction->b) << exporter;
    EXPECT_EQ(there.distinction->allowed_a, back.distinction->allowed_b) << exporter;
  }
}

}  // namespace
}  // namespace dmabuf::model
