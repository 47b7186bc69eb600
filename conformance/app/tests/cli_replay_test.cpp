// SPDX-License-Identifier: MIT
// A finding is worth what its replay is worth.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kBisectSkip = 125;

/// A run that found something, shrunk or not.
class Replay : public ::testing::Test {
 protected:
  static constexpr const char* kTarget = "reference:eager!dup_not_counted";

  record::Finding find(const std::string& name, const std::string& shrink_time) const {
    const Answer answer =
        run({"run", "--target", kTarget, "--cases", "30", "--traces", "", "--seed", "7",
             "--shrink-time", shrink_time, "--out", scratch_.at(name)});
    EXPECT_EQ(answer.status, kFindings) << answer.story();
    const record::Run done = only_run_of(scratch_ / name);
    return done.findings.empty() ? record::Finding{} : done.findings.front();
  }

  Answer replay(std::vector<std::string> more, const char* target = kTarget) const {
    more.insert(more.begin(), {"replay", "--target", target});
    return run(std::move(more));
  }

  const Scratch scratch_;
};

TEST_F(Replay, OfATokenFindsTheSameAgain) {
  const record::Finding finding = find("run", "60s");
  ASSERT_THAT(finding.token, ::testing::StartsWith("dbt1:"));
  const Answer answer = replay({finding.token});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr(finding.id)) << "the same signature has the same id";
}

TEST_F(Replay, OfTheTraceFileFindsTheSameAgain) {
  const record::Finding finding = find("run", "60s");
  const Answer answer = replay({scratch_.at("run/findings/" + finding.id + "/repro.dbt")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr(finding.id));
}

TEST_F(Replay, OfTheCommandAsPrintedFindsTheSameAgain) {
  const record::Finding finding = find("run", "60s");
  const Answer answer = run_shell(finding.replay);
  EXPECT_EQ(answer.status, kFindings) << finding.replay << "\n" << answer.story();
  EXPECT_THAT(answer.out, HasSubstr(finding.id));
}

TEST_F(Replay, OfTheCommandSurvivesAnInteractiveShell) {
  const record::Finding finding = find("run", "60s");
  // There '!' is history expansion, but for single quotes.
  EXPECT_THAT(finding.replay, ContainsRegex("'[^']*![^']*'")) << finding.replay;
}

TEST_F(Replay, OnWhatHasNotTheBugConforms) {
  const record::Finding finding = find("run", "60s");
  const Answer answer = replay({finding.token}, "reference:eager");
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("conforms"));
}

TEST_F(Replay, OnWhatIsNotThereIsSkipped) {
  if (std::filesystem::exists("/dev/udmabuf"))
    GTEST_SKIP() << "SKIPPED: this machine has a /dev/udmabuf. Remedy: a machine without";
  const record::Finding finding = find("run", "60s");
  const Answer answer = replay({finding.token}, "native:udmabuf");
  EXPECT_EQ(answer.status, kNotApplicable) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("remedy:"));
}

TEST_F(Replay, OfATraceEditedByHandIsFine) {
  write_file(scratch_ / "mine.dbt",
             "\n# a comment\n  export b0 r0 pages=1 access=rw   # and one behind\n\n"
             "install_fd r0 f0 -> ok\ndup f0 f1\r\nclose f1\n");
  EXPECT_EQ(replay({scratch_.at("mine.dbt")}, "reference:eager").status, kConforms);
  EXPECT_EQ(replay({scratch_.at("mine.dbt")}).status, kFindings);
}

TEST_F(Replay, OfABrokenTraceNamesLineAndColumn) {
  write_file(scratch_ / "bad.dbt", "export b0 r0 pages=1 access=rw\ninstall_fd q0 f0\n");
  const Answer answer = replay({scratch_.at("bad.dbt")});
  EXPECT_EQ(answer.status, kUsage) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("bad.dbt")) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("line 2, column 12")) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("q0")) << answer.story();
}

TEST_F(Replay, OfNoFileNamesIt) {
  const Answer answer = replay({scratch_.at("none.dbt")});
  EXPECT_EQ(answer.status, kUsage) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("none.dbt"));
}

TEST_F(Replay, OfACorruptTokenSaysSo) {
  const std::string token = find("run", "60s").token;
  ASSERT_GT(token.size(), 20U);
  const Answer none = replay({"dbt1:"});
  EXPECT_EQ(none.status, kUsage) << none.story();
  for (const std::string& bad :
       {token.substr(0, token.size() - 1), token.substr(0, token.size() / 2), token + "AAAA",
        token + "!", std::string("dbt1:====")}) {
    const Answer answer = replay({bad});
    EXPECT_EQ(answer.status, kUsage) << bad << answer.story();
    EXPECT_THAT(answer.err, HasSubstr("token")) << answer.story();
  }
  for (std::size_t at = 5; at < token.size(); at += 3) {
    std::string bad = token;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    const Answer answer = replay({bad});
    // The last character may hold bits that nobody reads.
    if (at + 1 < token.size()) {
      EXPECT_EQ(answer.status, kUsage) << bad << answer.story();
    }
    EXPECT_THAT(answer.status, AnyOf(kUsage, kFindings)) << bad << answer.story();
  }
}

TEST_F(Replay, AsBisectWantsIt) {
  const std::string token = find("run", "60s").token;
  EXPECT_EQ(replay({"--bisect", token}, "reference:eager").status, kConforms);
  EXPECT_EQ(replay({"--bisect", token}).status, kFindings);
  write_file(scratch_ / "bad.dbt", "garbage\n");
  EXPECT_EQ(replay({"--bisect", scratch_.at("bad.dbt")}).status, kBisectSkip);
  EXPECT_EQ(replay({"--bisect", "dbt1:garbage"}).status, kBisectSkip);
  EXPECT_EQ(replay({"--bisect", scratch_.at("none.dbt")}).status, kBisectSkip);
  EXPECT_EQ(replay({"--bisect", token}, "nosuch").status, kBisectSkip);
  if (!std::filesystem::exists("/dev/udmabuf")) {
    EXPECT_EQ(replay({"--bisect", token}, "native:udmabuf").status, kBisectSkip);
  }
}

TEST_F(Replay, WithoutShrinkingIsKeptWhole) {
  const record::Finding finding = find("whole", "0");
  EXPECT_GT(finding.trace.size(), 3U) << "seed 7 finds it late in a long case";
  const Answer answer = replay({scratch_.at("whole/findings/" + finding.id + "/repro.dbt")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr(finding.id));
}

TEST_F(Replay, ShrinksToTheSameFindingAndNothingBesides) {
  const record::Finding whole = find("whole", "0");
  const record::Finding small = find("small", "60s");
  ASSERT_EQ(whole.id, small.id);
  ASSERT_LT(small.trace.size(), whole.trace.size());
  const Answer answer = run({"shrink", "--target", kTarget,
                             scratch_.at("whole/findings/" + whole.id + "/repro.dbt")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr(whole.id));
  EXPECT_THAT(answer.out, HasSubstr(small.token)) << "1-minimal, and then the same";
}

TEST_F(Replay, OfWhatConformsShrinksToNothing) {
  write_file(scratch_ / "good.dbt", "export b0 r0 pages=1 access=rw\nput r0\n");
  const Answer answer =
      run({"shrink", "--target", "reference:eager", scratch_.at("good.dbt")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
}

TEST_F(Replay, TellsNoTalesOfCasesThatWereNone) {
  const record::Finding finding = find("run", "60s");
  const Answer answer = replay({finding.token});
  EXPECT_THAT(answer.out, Not(HasSubstr("case seed 0x0"))) << answer.story();
}

}  // namespace
}  // namespace dmabuf::app::testing
