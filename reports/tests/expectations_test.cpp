// SPDX-License-Identifier: MIT
#include "dmabuf/reports/expectations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"

namespace dmabuf::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kToday = "2026-11-20";

std::string error_of(const char* file, const char* text) {
  const auto parsed = parse_expectations(file, text, kToday);
  return parsed ? "none" : parsed.error();
}

TEST(Expectations, AreReadAsDrmCiHasThem) {
  const auto parsed = parse_expectations("rk3588-fails.txt",
                                         "# Bug Report: https://lore.kernel.org/r/1\n"
                                         "# Board Name: rockchip,rk3588*\n"
                                         "# Expires: 2027-02-28\n"
                                         "random.000001\n"
                                         "div:get:*\n"
                                         "\n"
                                         "# Expires: 2026-11-19\n"
                                         "random.000002\n"
                                         "# no date here\n"
                                         "3fd1c09a77be\n",
                                         kToday);
  ASSERT_TRUE(parsed) << parsed.error();
  ASSERT_EQ(parsed->entries.size(), 3U);
  EXPECT_EQ(parsed->entries[1].name, "div:get:*");
  EXPECT_EQ(parsed->entries[1].bug_report, "https://lore.kernel.org/r/1");
  EXPECT_EQ(parsed->entries[2].where, "rk3588-fails.txt:10");
  EXPECT_EQ(parsed->entries[2].bug_report, "");
  EXPECT_THAT(parsed->warnings, ElementsAre("rk3588-fails.txt:8: 'random.000002' expired on 2026-11-19 and counts no more"));
  EXPECT_THAT(parse_expectations("x-fails.txt", "# Expires: 2026-11-20\na", kToday)->warnings, IsEmpty()) << "its last day counts";
}

TEST(Expectations, AreRefusedWithTheLine) {
  EXPECT_THAT(error_of("x-flakes.txt", "\na\n"), HasSubstr("x-flakes.txt:2: a flake needs a line '# Bug Report: URL'"));
  EXPECT_THAT(error_of("x-fails.txt", "# Expires: soon\na"), HasSubstr("x-fails.txt:1: 'soon' is no date"));
  EXPECT_THAT(error_of("x-fails.txt", "a*b"), HasSubstr("trailing *"));
  EXPECT_THAT(error_of("x.txt", "a"), HasSubstr("must end in"));
  EXPECT_THAT(error_of("x-skips.txt", "a"), HasSubstr("cannot be skipped any more"));
  EXPECT_EQ(error_of("x-fails.txt", ""), "none");
}

TEST(Expectations, TellKnownFromNew) {
  auto runs = samples::several_targets();
  runs.resize(1);
  EXPECT_EQ(runs[0].exit_code(), 1);
  const auto one = parse_expectations("x-fails.txt", "3fd1c09a77be\nno-such-case\n", kToday);
  EXPECT_THAT(apply(*one, runs), ElementsAre("x-fails.txt:2: 'no-such-case' matched nothing"));
  EXPECT_EQ(runs[0].exit_code(), 1) << "the leak is not expected";
  const auto other = parse_expectations("x-flakes.txt", "# Bug Report: https://x.org\nleak:*\n", kToday);
  EXPECT_THAT(apply(*other, runs), IsEmpty());
  EXPECT_EQ(runs[0].exit_code(), 0);
}

TEST(Expectations, SayWhatPassesUnexpectedly) {
  auto runs = samples::several_targets();
  const auto passes = parse_expectations("x-fails.txt", "random.000003\n", kToday);
  EXPECT_THAT(apply(*passes, runs), IsEmpty());
  for (const record::Case& one : runs[0].cases)
    if (one.id == "random.000003") {
      EXPECT_EQ(one.mark, "unexpected-pass");
    }
}

}  // namespace
}  // namespace dmabuf::reports
