// SPDX-License-Identifier: MIT
// Reports: made from a journal, whatever has become of it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kEscape = "\033";

/// A finished run with a target that conforms and one that does not.
class Report : public ::testing::Test {
 protected:
  void SetUp() override {
    const Answer answer =
        run({"run", "--target", "reference:eager!dup_not_counted", "--target", "reference:udmabuf",
             "--cases", "60", "--seed", "7", "--out", scratch_.at("run")});
    ASSERT_EQ(answer.status, kFindings) << answer.story();
    for (const auto& [target, run] : runs_of(scratch_ / "run"))
      for (const record::Finding& finding : run.findings) finding_ = finding;
    ASSERT_FALSE(finding_.id.empty());
  }

  Answer report(std::vector<std::string> more = {}, const Options& options = {}) const {
    more.insert(more.begin(), {"report", scratch_.at("run")});
    return run(std::move(more), options);
  }

  const Scratch scratch_;
  record::Finding finding_;
};

TEST_F(Report, TellsPeopleWhatWasFoundAndHowToSeeItAgain) {
  const Answer answer = report();
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("DIVERGES"));
  EXPECT_THAT(answer.out, HasSubstr("reference:udmabuf"));
  EXPECT_THAT(answer.out, HasSubstr(finding_.id));
  EXPECT_THAT(answer.out, HasSubstr(finding_.clauses.front().id));
  EXPECT_THAT(answer.out, HasSubstr(finding_.token));
  for (const record::Step& step : finding_.trace)
    EXPECT_THAT(answer.out, HasSubstr(step.operation));
}

TEST_F(Report, TellsProgramsTheSame) {
  const Answer answer = report({"--format", "json"});
  ASSERT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_EQ(nlohmann::json::parse(answer.out),
            nlohmann::json::parse(read_file(scratch_ / "run/results.json")))
      << "made from the journal alone, it comes out the same";
  const auto json = nlohmann::json::parse(answer.out);
  EXPECT_EQ(json.at("schema"), "dmabuf-conform.results/1");
  EXPECT_THAT(answer.out, HasSubstr(finding_.signature));
}

TEST_F(Report, IsOnePageThatNeedsNothingElse) {
  const Answer answer = report({"--format", "html"});
  ASSERT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out.substr(0, 15), ::testing::StrCaseEq("<!doctype html>"));
  EXPECT_THAT(answer.out, HasSubstr("</html>"));
  EXPECT_THAT(answer.out, HasSubstr(finding_.id));
  for (const char* foreign : {"src=\"http", "href=\"http", "@import", "url(http"})
    EXPECT_THAT(answer.out, Not(HasSubstr(foreign))) << "a page that goes to the network";
}

TEST_F(Report, GoesToAFileIfAskedTo) {
  const Answer answer = report({"--format", "html", "-o", scratch_.at("page.html")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, IsEmpty());
  EXPECT_EQ(read_file(scratch_ / "page.html"), report({"--format", "html"}).out);
}

TEST_F(Report, TakesTheJournalItself) {
  EXPECT_EQ(run({"report", scratch_.at("run/journal.ndjson")}).out, report().out);
}

TEST_F(Report, ThatCannotBeWrittenIsInfrastructure) {
  const Answer answer = report({"-o", scratch_.at("none/such/page.txt")});
  EXPECT_EQ(answer.status, kInfrastructure) << answer.story();
}

TEST_F(Report, HasNoColourWhereNobodyWouldSeeIt) {
  EXPECT_THAT(report().out, Not(HasSubstr(kEscape)));
  Options terminal;
  terminal.terminal = Terminal::Yes;
  EXPECT_THAT(report({}, terminal).out, HasSubstr(kEscape)) << "on a terminal";
  terminal.environment = {{"NO_COLOR", "1"}};
  EXPECT_THAT(report({}, terminal).out, Not(HasSubstr(kEscape))) << "with NO_COLOR";
  EXPECT_THAT(report({"-o", scratch_.at("r.txt")}, terminal).out, Not(HasSubstr(kEscape)));
  EXPECT_THAT(read_file(scratch_ / "r.txt"), Not(HasSubstr(kEscape)));
}

TEST(Colour, IsNeverInWhatARunPipes) {
  const Scratch scratch;
  for (const char* target : {"reference:eager", "reference:eager!dup_not_counted"}) {
    const Answer answer =
        run({"run", "--target", target, "--cases", "30", "--out", scratch.at(target)});
    EXPECT_THAT(answer.out, Not(HasSubstr(kEscape)));
    EXPECT_THAT(answer.err, Not(HasSubstr(kEscape)));
    EXPECT_THAT(answer.err, Not(HasSubstr("\r")));
  }
}

TEST_F(Report, RendersWhereverTheJournalBreaksOff) {
  const std::string whole = read_file(scratch_ / "run/journal.ndjson");
  std::filesystem::create_directories(scratch_ / "cut");
  for (unsigned part = 0; part <= 20; ++part) {
    write_file(scratch_ / "cut/journal.ndjson", whole.substr(0, (whole.size() - 1) * part / 20));
    for (const char* format : {"text", "json", "html"}) {
      const Answer answer = run({"report", scratch_.at("cut"), "--format", format});
      EXPECT_EQ(answer.status, kConforms) << part << "/20 as " << format << answer.story();
      EXPECT_THAT(answer.out, Not(IsEmpty())) << part << "/20 as " << format;
      if (std::string_view(format) == "text") {
        EXPECT_THAT(answer.out, Not(StartsWith("CONFORMS"))) << part << "/20 of a run is no pass";
      }
    }
  }
}

TEST_F(Report, RendersWithGarbageInTheJournalAndSaysSo) {
  const std::vector<std::string> lines = lines_of(read_file(scratch_ / "run/journal.ndjson"));
  ASSERT_GT(lines.size(), 5U);
  const std::string bad[] = {"no json at all", "{\"seq\":", "[]", "null", "{\"rec\":\"begin\"}",
                             std::string("\0\xff\xfe{}", 5), std::string(100'000, '['),
                             "{\"seq\":\"x\",\"rec\":7}"};
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += lines[i] + "\n";
    if (i > 0 && i - 1 < std::size(bad)) text += bad[i - 1] + "\n";
  }
  write_file(scratch_ / "run/journal.ndjson", text);
  for (const char* format : {"text", "json", "html"}) {
    const Answer answer = report({"--format", format});
    EXPECT_EQ(answer.status, kConforms) << answer.story();
    EXPECT_THAT(answer.out, HasSubstr(finding_.id)) << format;
    if (std::string_view(format) == "json") {
      EXPECT_THAT(answer.out, Not(ContainsRegex("\"damaged_lines\": *0"))) << "lines were lost";
    } else {
      EXPECT_THAT(answer.out, HasSubstr("could not be read")) << format << ": lines were lost";
    }
  }
}

TEST_F(Report, RendersWithoutItsFirstRecord) {
  const std::string whole = read_file(scratch_ / "run/journal.ndjson");
  write_file(scratch_ / "run/journal.ndjson", whole.substr(whole.find('\n') + 1));
  const Answer answer = report();
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr(finding_.id));
}

TEST_F(Report, RefusesTheJournalOfALaterVersion) {
  std::string text = read_file(scratch_ / "run/journal.ndjson");
  const std::string schema = "dmabuf-conform.journal/1";
  const auto at = text.find(schema);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, schema.size(), "dmabuf-conform.journal/2");
  write_file(scratch_ / "run/journal.ndjson", text);
  const Answer answer = report();
  EXPECT_EQ(answer.status, kInfrastructure) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("dmabuf-conform.journal/2")) << answer.story();
}

TEST(EmptyJournal, IsNoPass) {
  const Scratch scratch;
  write_file(scratch / "journal.ndjson", "");
  const Answer answer = run({"report", scratch.at("journal.ndjson")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, StartsWith("INCONCLUSIVE")) << answer.story();
}

TEST(NoJournal, IsNotReportedOn) {
  const Scratch scratch;
  write_file(scratch / "notes.txt", "to do: milk\nand bread\n");
  const Answer answer = run({"report", scratch.at("notes.txt")});
  EXPECT_EQ(answer.status, kUsage) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("notes.txt")) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("2 damaged lines")) << answer.story();
}

}  // namespace
}  // namespace dmabuf::app::testing
