// SPDX-License-Identifier: MIT
/// Properties a user can name, and the table of requirements, as told on the command line.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "program.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string word_after(const std::string& text, const std::string& before) {
  const auto at = text.find(before);
  if (at == std::string::npos) return "";
  const auto begin = at + before.size();
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

TEST(ModelProve, ProvesWhatHolds) {
  const Answer answer = run({"model", "prove", "--configuration", "importers-eager", "always a0 of b0 implies b0 is Live"});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, ContainsRegex("holds +always a0 of b0 implies b0 is Live +importers-eager"));
}

/// What it prints against a property is a program, and the reference walks it.
TEST(ModelProve, ReplaysItsCounterexampleOnTheReference) {
  const Answer answer = run({"model", "prove", "--configuration", "importers-eager", "always mappings b0 <= 1"});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("FAILS"));
  EXPECT_THAT(answer.out, HasSubstr("  map a0 m1 "));
  const std::string token = word_after(answer.out, "--target reference:eager ");
  ASSERT_THAT(token, ::testing::StartsWith("dbt1:"));
  EXPECT_EQ(run({"replay", "--target", "reference:eager", token}).status, kConforms);
}

TEST(ModelProve, ShowsTheWitnessOfWhatSometimesHolds) {
  const Answer answer = run({"model", "prove", "mapping-outlives-fds"});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, ContainsRegex("  mmap f0 v0 [^\n]*\n  close f0\n"));
}

TEST(ModelProve, ReadsPropertiesFromAFile) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "mine.properties";
  std::ofstream(path) << "# mine\n\nlive | importers-eager | DBUF-INV-002 | always b0 is Live implies references b0 >= 1\n"
                         "moved | importers-eager | | sometimes storage b0 is Confined  # never: it asks nobody\n";
  const Answer answer = run({"model", "prove", "--file", path.string()});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, ContainsRegex("holds +live "));
  EXPECT_THAT(answer.out, ContainsRegex("FAILS +moved "));
  EXPECT_THAT(answer.out, HasSubstr("no reachable state shows it"));
  std::ofstream(path) << "live | importers-eager | DBUF-NOP-001 | always nothing\n";
  EXPECT_THAT(run({"model", "prove", "--file", path.string()}).err, HasSubstr("no DBUF-NOP-001"));
  std::ofstream(path) << "live | always nothing\n";
  EXPECT_THAT(run({"model", "prove", "--file", path.string()}).err, HasSubstr(":1: not NAME"));
}

TEST(ModelProve, SaysWhatItDoesNotKnow) {
  EXPECT_THAT(run({"model", "prove", "nosuch"}).err, HasSubstr("--list"));
  const Answer wrong = run({"model", "prove", "--configuration", "sharing", "always b0 is Alive"});
  EXPECT_EQ(wrong.status, kUsage);
  EXPECT_THAT(wrong.err, HasSubstr("it has Absent Live"));
  EXPECT_EQ(run({"model", "prove", "--configuration", "nosuch", "always nothing"}).status, kUsage);
  EXPECT_EQ(run({"model", "prove", "--file", "nosuch"}).status, kUsage);
  const Answer given_up = run({"model", "prove", "--configuration", "sharing", "--limit", "50", "eventually nothing"});
  EXPECT_EQ(given_up.status, kInconclusive) << given_up.story();
  EXPECT_THAT(given_up.out, HasSubstr("GAVE UP"));
  const Answer unseen = run({"model", "prove", "--configuration", "poll", "--limit", "200", "sometimes r* is Held"});
  EXPECT_EQ(unseen.status, kInconclusive) << unseen.story();
  EXPECT_THAT(unseen.out, Not(HasSubstr("no reachable state")));
}

TEST(ModelProve, SaysWhenNothingIsClaimed) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "empty.properties";
  std::ofstream(path) << "# nothing yet\n";
  EXPECT_EQ(run({"model", "prove", "--file", path.string()}).status, kUsage);
  EXPECT_EQ(run({"model", "prove", "--file", ::testing::TempDir()}).status, kUsage);
  const Answer vacuous = run({"model", "prove", "--configuration", "poll", "eventually b0 is Released from a0 is Mapped"});
  EXPECT_EQ(vacuous.status, kConforms) << vacuous.story();
  EXPECT_THAT(vacuous.out, HasSubstr("of no state at all"));
  EXPECT_THAT(run({"model", "prove", "--configuration", "poll", "eventually b0 is Released from b0 is Live"}).out,
              Not(HasSubstr("of no state at all")));
  EXPECT_THAT(run({"model", "prove", "--configuration", "sharing", "sometimes nothing"}).out, HasSubstr("in the empty world already"));
}

TEST(ListRequirements, SaysWhatLooksAtEach) {
  const Answer answer = run({"list", "requirements", "--format", "json"});
  EXPECT_EQ(answer.status, kConforms) << answer.err;
  const auto all = nlohmann::json::parse(answer.out);
  std::ostringstream page;
  page << std::ifstream(DMABUF_SOURCE_DIR "/docs/reference/generated/requirements.md").rdbuf();
  EXPECT_THAT(page.str(), HasSubstr(fmt::format("\n{} requirements: ", all.size())));
  std::size_t rows = 0, checks = 0, reasons = 0;
  for (const auto& one : all) {
    EXPECT_NE(one.at("looked_at").get<bool>(), !one.at("reason").get<std::string>().empty()) << one.at("id");
    rows += one.at("rows").empty() ? 0U : 1U;
    checks += one.at("checks").empty() ? 0U : 1U;
    reasons += one.at("reason").get<std::string>().empty() ? 0U : 1U;
    if (one.at("id") == "DBUF-ATT-018") {
      EXPECT_EQ(one.at("rows").size(), 2U);
      EXPECT_FALSE(one.at("worlds").empty());
    }
  }
  EXPECT_GT(rows, 100U);
  EXPECT_GT(checks, 150U);
  EXPECT_GT(reasons, 0U);
}

TEST(ListRequirements, WritesPagesOnlyOfRequirements) {
  EXPECT_EQ(run({"list", "mutants", "--pages", ::testing::TempDir()}).status, kUsage);
}

}  // namespace
}  // namespace dmabuf::app::testing
