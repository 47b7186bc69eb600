// SPDX-License-Identifier: MIT
// The table of checks, as a table.
#include "dmabuf/checks/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "dmabuf/checks/context.hpp"

namespace dmabuf::checks {
namespace {

TEST(CheckTable, HasNamesThatAreOneOfAKindAndBeginWithAnArea) {
  std::set<std::string_view> names;
  for (const Check& check : all()) {
    EXPECT_TRUE(names.insert(check.name).second) << check.name;
    const auto dot = check.name.find('.');
    ASSERT_NE(dot, std::string_view::npos) << check.name;
    std::string area(check.name.substr(0, dot));
    std::ranges::transform(area, area.begin(),
                           [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    EXPECT_FALSE(model::in_area(area).empty()) << check.name;
    EXPECT_NE(check.run, nullptr) << check.name;
    EXPECT_FALSE(check.text.empty()) << check.name;
  }
}

TEST(CheckTable, EndsWithThoseInReserve) {
  EXPECT_TRUE(
      std::ranges::is_sorted(all(), {}, [](const Check& check) { return check.needs.reserve; }));
  EXPECT_EQ(all().back().needs.reserve, Reserve::Dangerous);
}

TEST(CheckTable, IsSearchedByNameAreaAndPattern) {
  const Check* const check = find_check("udm.create-order");
  ASSERT_NE(check, nullptr);
  for (const char* const pattern : {"udm.create-order", "udm", "udm.*", "*order", "*"})
    EXPECT_TRUE(matches(*check, pattern)) << pattern;
  for (const char* const pattern : {"udm.create", "hep", "", "ud", "order", "hep.*"})
    EXPECT_FALSE(matches(*check, pattern)) << pattern;
  EXPECT_EQ(find_check("udm"), nullptr);
}

TEST(CheckTable, KnowsWhoItIsAbout) {
  constexpr Ids kIds = {"FOP-001"};
  const Check any{.name = "a.b", .text = "", .requirements = kIds};
  const Check some{
      .name = "a.b", .text = "", .requirements = kIds, .needs = {.exporters = "vgem heap:"}};
  EXPECT_TRUE(is_about(any, "udmabuf"));
  EXPECT_TRUE(is_about(some, "vgem"));
  EXPECT_TRUE(is_about(some, "heap:system"));
  EXPECT_FALSE(is_about(some, "heap"));
  EXPECT_FALSE(is_about(some, "udmabuf"));
}

TEST(CheckVersions, CompareAsManyNumbersAsTheBoundHas) {
  EXPECT_TRUE(within("6.1.192-2-amd64", {"6.1", "6.1"}));
  EXPECT_TRUE(within("6.12.117+deb12-amd64", {"6.12", ""}));
  EXPECT_FALSE(within("6.1.0-56-amd64", {"6.12", ""}));
  EXPECT_FALSE(within("6.12.1", {"", "6.8"}));
  EXPECT_FALSE(within("6.1.150", {"6.1.192", ""}));
  EXPECT_TRUE(within("6.10.0", {"6.9", "6.11"}));
  EXPECT_TRUE(within("7.0-rc1", {"6.12", ""}));
  EXPECT_TRUE(within("", {"6.12", ""})) << "a kernel that does not say is not excluded";
}

TEST(CheckExpectation, AllowsWhatItSays) {
  EXPECT_TRUE(succeeds().allows(3, 0));
  EXPECT_FALSE(succeeds().allows(-1, EINVAL));
  EXPECT_TRUE(returns(3).allows(3, 0));
  EXPECT_FALSE(returns(3).allows(4, 0));
  EXPECT_TRUE(fails(EINVAL, ENOENT).allows(-1, ENOENT));
  EXPECT_FALSE(fails(EINVAL).allows(-1, ENOENT));
  EXPECT_FALSE(fails(EINVAL).allows(0, EINVAL)) << "a stale errno is no failure";
  EXPECT_EQ(fails(EINVAL, ENOENT).text(), "EINVAL or ENOENT");
}

}  // namespace
}  // namespace dmabuf::checks
