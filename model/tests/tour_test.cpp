// SPDX-License-Identifier: MIT
#include "dmabuf/model/tour.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <tuple>

#include "dmabuf/model/pack.hpp"

namespace dmabuf::model {
namespace {

Profile profile(std::string_view exporter) {
  return {*find_kernel_profile("reference"), *find_exporter_profile(exporter), {.name = "harness", .guards_misuse = true},
          fences_beside(exporter)};
}

class Tours : public ::testing::TestWithParam<std::tuple<std::string_view, bool>> {};

/// Walks the pieces through the model and counts for itself.
TEST_P(Tours, TakeEveryStepInFewOperationsAndLeaveNothing) {
  const auto& [exporter, pairs] = GetParam();
  for (const Configuration& c : tour_configurations(profile(exporter))) {
    SCOPED_TRACE(c.name);
    // Of these there are more pairs than a test of every build should walk; the program's own tests take the reference's.
    static const std::set<std::string> large = {"cpu", "reshaping", "children", "fences", "sync-files"};
    if (pairs && large.contains(c.name)) continue;
    const Tour tour = plan_tour(c, {.longest = 200, .pairs = pairs});
    EXPECT_EQ(tour.covered, tour.transitions);
    // Of pairs some lie far from home: a little more for those.
    EXPECT_LE(static_cast<double>(tour.operations), (pairs ? 2.5 : 2.0) * static_cast<double>(tour.transitions));
    std::set<std::tuple<std::string, std::string, std::string>> steps;
    std::uint64_t operations = 0;
    Alternatives ways;
    for (const std::vector<Operation>& piece : tour.pieces) {
      EXPECT_LE(piece.size(), 200U);
      operations += piece.size();
      World world;
      std::string before_key, before;
      for (const Operation& operation : piece) {
        const std::string key = without_counters(world);
        alternatives(world, c.profile, operation, ways);
        ASSERT_EQ(ways.size(), 1U);
        ASSERT_TRUE(ways[0].allowance == Allowance::Permitted || ways[0].allowance == Allowance::Refused);
        const std::string word = describe(Step{operation, 0});
        steps.emplace(pairs ? before_key : key, pairs ? before : "", word);
        before_key = key;
        before = word;
        world = ways[0].next;
        settle(world, c.profile);
        world = without_data(world);
      }
      EXPECT_TRUE(world.empty()) << "a piece ends with everything released";
    }
    EXPECT_EQ(operations, tour.operations);
    EXPECT_GE(steps.size(), tour.transitions);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Tours,
                         ::testing::Combine(::testing::Values("reference:eager", "reference:caching", "reference:udmabuf", "vgem"),
                                            ::testing::Bool()));

TEST(Tours, AreNotPlannedWhereNobodyKnowsTheWay) {
  EXPECT_THROW(
      for (const Configuration& c : tour_configurations(profile("unknown"))) plan_tour(c), std::invalid_argument);
}

TEST(Tours, SayWhatLiesTooFarAway) {
  const Configuration c = tour_configurations(profile("reference:eager")).at(1);
  const Tour tour = plan_tour(c, {.longest = 8, .pairs = false});
  EXPECT_LT(tour.covered, tour.transitions);
  EXPECT_GT(tour.covered, 0U);
}

}  // namespace
}  // namespace dmabuf::model
