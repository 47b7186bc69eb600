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

/// Every kernel profile is told from every other in words, and those that differ in what programs see by a program.
TEST(Diff, TellsWhatEachFieldOfAKernelIsAbout) {
  const auto shown = [](std::string_view one, std::string_view other, std::string_view exporter) {
    const ProfileDiff diff = distinguish(profile(exporter, one), profile(exporter, other), diff_bounds(), 200);
    return diff.distinction ? words(diff.distinction->a).back() + ": " + diff.distinction->allowed_a.front() + " / " + diff.distinction->allowed_b.front()
                            : std::string("nothing");
  };
  EXPECT_THAT(shown("5.15", "6.1", "udmabuf"), HasSubstr("import_sync_file"));
  EXPECT_THAT(shown("6.1", "6.6", "udmabuf"), HasSubstr("mremap v0"));
  EXPECT_THAT(shown("6.6", "6.12", "udmabuf"), HasSubstr("create_list b0"));
  EXPECT_EQ(shown("6.18", "7.2", "udmabuf"), "nothing");
  EXPECT_THAT(differences(*find_exporter_profile("udmabuf"), *find_exporter_profile("heap:system")),
              testing::AllOf(Contains(testing::Field(&FieldDifference::field, "growth")), Contains(testing::Field(&FieldDifference::field, "interface"))));
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

/// What was merged of the proposal had no mmap, and since then calls have come.
TEST(Diff, TellsOldKernelsByTheCallsTheyLack) {
  const auto on = [](std::string_view kernel) {
    Profile p = profile("reference:migrating");
    p.kernel = *find_kernel_profile(kernel);
    return p;
  };
  const ProfileDiff merged = distinguish(on("2011"), on("3.3"));
  ASSERT_TRUE(merged.distinction);
  EXPECT_EQ(merged.distinction->where, "a call");
  ASSERT_EQ(merged.distinction->a.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<op::Mmap>(merged.distinction->a.back()));
  EXPECT_THAT(merged.distinction->allowed_a, ElementsAre("ok"));
  EXPECT_THAT(merged.distinction->allowed_b, ElementsAre("there is no such call"));
  const ProfileDiff today = distinguish(on("3.3"), on("6.12"));
  ASSERT_TRUE(today.distinction);
  EXPECT_EQ(today.distinction->where, "a call");
  EXPECT_THAT(today.distinction->allowed_a, ElementsAre("there is no such call"));
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
