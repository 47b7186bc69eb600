// SPDX-License-Identifier: MIT
// What comes after a run: findings, other people's formats and statuses, comparisons, shards.
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

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " > /dev/null 2>&1").c_str()) == 0;
}

class Findings : public ::testing::Test {
 protected:
  void SetUp() override {
    const Answer answer = run({"run", "--target", "reference:udmabuf!sync_accepts_unknown_bit", "--target",
                               "reference:udmabuf", "--cases", "100", "--seed", "6", "--out", scratch_.at("run")});
    ASSERT_EQ(answer.status, kFindings) << answer.story();
    for (const auto& [target, run] : runs_of(scratch_ / "run"))
      for (const record::Finding& finding : run.findings) ids_ += finding.id + "\n", finding_ = finding;
    ASSERT_FALSE(finding_.id.empty());
  }
  Answer show(std::vector<std::string> more) const {
    more.insert(more.begin(), {"findings", "show", finding_.id.substr(0, 6), scratch_.at("run")});
    return run(std::move(more));
  }

  const Scratch scratch_;
  record::Finding finding_;  ///< one of them
  std::string ids_;          ///< of all, one to a line
};

TEST_F(Findings, AreListedOneToALine) {
  const Answer answer = run({"findings", "list", scratch_.at("run")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr(finding_.id));
  EXPECT_THAT(answer.out, HasSubstr(finding_.summary));
}

TEST_F(Findings, AreShownAsTextTraceAndJson) {
  EXPECT_THAT(show({}).out, HasSubstr(finding_.summary));
  const Answer trace = show({"--trace", "-o", scratch_.at("found.dbt")});
  ASSERT_EQ(trace.status, kConforms) << trace.story();
  EXPECT_EQ(run({"replay", "--target", finding_.target, scratch_.at("found.dbt")}).status, kFindings);
  const auto json = nlohmann::json::parse(show({"--json"}).out);
  EXPECT_EQ(json["id"], finding_.id);
  EXPECT_EQ(json["rec"], "finding");
}

TEST_F(Findings, AreCProgramsIfAKernelIsNamed) {
  const Answer none = show({"--c"});
  EXPECT_EQ(none.status, kNotApplicable) << none.story();
  EXPECT_THAT(none.err, HasSubstr("--exporter"));
  const Answer answer = show({"--c", "--exporter", "udmabuf", "-o", scratch_.at("repro.c")});
  ASSERT_EQ(answer.status, kConforms) << answer.story();
  if (!installed("gcc")) GTEST_SKIP() << "NOT CHECKED by gcc: not installed; as root: apt-get install gcc";
  EXPECT_EQ(std::system(fmt::format("gcc -Wall -Wextra -Werror -o {} {}", scratch_.at("repro"), scratch_.at("repro.c")).c_str()), 0);
}

TEST_F(Findings, ThatAreNotThereAreNamedWithThoseThatAre) {
  const Answer answer = run({"findings", "show", "zzz", scratch_.at("run")});
  EXPECT_EQ(answer.status, kUsage) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr(finding_.id));
  EXPECT_EQ(show({"--c", "--json"}).status, kUsage) << "one form at a time";
}

TEST_F(Findings, GoToEveryFormat) {
  for (const char* format : {"text", "json", "html", "ktap", "junit", "lava", "lava-results", "kcidb", "ndjson", "perfetto"}) {
    const Answer answer = run({"report", scratch_.at("run"), "--format", format});
    EXPECT_EQ(answer.status, kConforms) << format << answer.story();
    EXPECT_THAT(answer.out, Not(IsEmpty())) << format;
    EXPECT_THAT(run({"report", "--help"}).out, HasSubstr(format));
  }
  EXPECT_THAT(run({"report", scratch_.at("run"), "--format", "ktap"}).out, StartsWith("KTAP version 1\n1.."));
  const Answer kcidb = run({"report", scratch_.at("run"), "--format", "kcidb", "--origin", "my_lab"});
  EXPECT_EQ(nlohmann::json::parse(kcidb.out)["tests"][0]["origin"], "my_lab");
  EXPECT_EQ(run({"report", scratch_.at("run"), "--format", "kcidb", "--origin", "My Lab"}).status, kUsage);
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--format", "ktpa"}, {"--format=ktpa"}}) {
    std::vector<std::string> words = {"report", scratch_.at("run")};
    words.insert(words.end(), wrong.begin(), wrong.end());
    const Answer answer = run(words);
    EXPECT_EQ(answer.status, kUsage);
    EXPECT_THAT(answer.err, HasSubstr("'ktpa' is unknown; did you mean 'ktap'?"));
  }
}

TEST_F(Findings, ThatAreExpectedDoNotFailTheJob) {
  write_file(scratch_ / "board-fails.txt", "# Bug Report: https://example.org/1\n" + ids_ + "never-there\n");
  const Answer answer = run({"report", scratch_.at("run"), "--format", "ktap", "--expect", scratch_.at("board-fails.txt"),
                             "--exit-policy", "verdict"});
  EXPECT_EQ(answer.status, 0) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("# XFAIL"));
  EXPECT_THAT(answer.err, HasSubstr("'never-there' matched nothing"));
  EXPECT_EQ(run({"report", scratch_.at("run"), "--expect", scratch_.at("none-fails.txt")}).status, kUsage);
}

TEST_F(Findings, EndAsAnEngineWantsIt) {
  const auto status = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"report", scratch_.at("run"), "--format", "lava-results"});
    return run(std::move(more)).status;
  };
  EXPECT_EQ(status({}), 0) << "a report that was drawn";
  EXPECT_EQ(status({"--exit-policy", "verdict"}), 1);
  EXPECT_EQ(status({"--exit-policy", "completed"}), 0);
  EXPECT_EQ(status({"--exit-map", "kselftest"}), 1);
  EXPECT_EQ(status({"--exit-map", "ltp"}), 1);
  EXPECT_EQ(status({"--exit-map", "automake"}), 1);
  EXPECT_EQ(status({"--exit-map", "igt"}), 98);
  EXPECT_EQ(status({"--exit-map", "none"}), kUsage);
}

TEST(ExitMap, HoldsForEachEnding) {
  const std::string start =
      R"({"seq":1,"t_ns":0,"rec":"start","schema":"dmabuf-conform.journal/1","run":"r","tool":"t","model":"m","target":"native:udmabuf","exporter":"","importer":"","kernel":"","profile":"","seed":"0x1","cases":1,"shard":[1,1],"started":"","argv":[],"ops":[],"ops_missing":[]})";
  const auto ended = [](const char* outcome) {
    return fmt::format(R"({{"seq":2,"t_ns":0,"rec":"end","case":"random.000000","try":1,"outcome":"{}","ops":1,"ms":1}})", outcome);
  };
  const auto stop = [](int seq, const char* reason) {
    return fmt::format(R"({{"seq":{},"t_ns":0,"rec":"stop","reason":"{}","verdict":"","cases":1,"operations":1,"findings":0,"seconds":1}})", seq, reason);
  };
  const auto skip = std::string(R"({"seq":2,"t_ns":0,"rec":"skip","target":"native:udmabuf","reason":"none","remedy":""})");
  struct Row {
    std::string body;
    int native, kselftest, ltp, automake, igt, completed;
  };
  const Row rows[] = {
      {ended("pass") + "\n" + stop(3, "plan-done"), 0, 0, 0, 0, 0, 0},
      {ended("divergence") + "\n" + stop(3, "plan-done"), 1, 1, 1, 1, 98, 0},
      {ended("crash") + "\n" + stop(3, "plan-done"), 1, 1, 1, 1, 112, 0},
      {ended("hang") + "\n" + stop(3, "plan-done"), 1, 124, 1, 1, 98, 0},
      {ended("error") + "\n" + stop(3, "plan-done"), 2, 1, 2, 99, 79, 0},
      {skip + "\n" + stop(3, "skipped"), 4, 4, 32, 77, 77, 0},
      {ended("pass") + "\n" + stop(3, "target-lost"), 3, 1, 2, 99, 79, 3},
      {ended("pass") + "\n" + stop(3, "sigterm"), 75, 75, 75, 75, 75, 75},
  };
  const Scratch scratch;
  for (const Row& row : rows) {
    write_file(scratch / "journal.ndjson", start + "\n" + row.body + "\n");
    const auto status = [&](const char* option, const char* value) {
      return run({"report", scratch.at("journal.ndjson"), option, value}).status;
    };
    EXPECT_EQ(status("--exit-policy", "verdict"), row.native) << row.body;
    EXPECT_EQ(status("--exit-map", "kselftest"), row.kselftest) << row.body;
    EXPECT_EQ(status("--exit-map", "ltp"), row.ltp) << row.body;
    EXPECT_EQ(status("--exit-map", "automake"), row.automake) << row.body;
    EXPECT_EQ(status("--exit-map", "igt"), row.igt) << row.body;
    EXPECT_EQ(status("--exit-policy", "completed"), row.completed) << row.body;
  }
}

TEST(ExitPolicy, OfARun) {
  const Scratch scratch;
  const std::vector<std::string> base = {"run", "--target", "reference:eager!dup_not_counted", "--cases", "40", "--quiet"};
  const auto status = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return run(more).status;
  };
  EXPECT_EQ(status({"--out", scratch.at("a"), "--exit-policy", "completed"}), 0);
  EXPECT_EQ(status({"--out", scratch.at("b"), "--exit-map", "igt"}), 98);
}

// --- compare and merge ---------------------------------------------------------------------------

TEST(Shards, AreOneRunAgain) {
  const Scratch scratch;
  const auto shard = [&](int i, const std::string& target) {
    return run({"run", "--target", target, "--cases", "90", "--seed", "5", "--quiet", "--shard", fmt::format("{}/3", i), "--out",
                scratch.at(fmt::format("s{}", i)), "--exit-policy", "completed"});
  };
  for (int i = 1; i <= 3; ++i) ASSERT_EQ(shard(i, "reference:eager").status, 0);
  const Answer whole = run({"merge", scratch.at("s2"), scratch.at("s1"), scratch.at("s3"), "--out", scratch.at("all")});
  EXPECT_EQ(whole.status, kConforms) << whole.story();
  EXPECT_THAT(whole.err, Not(HasSubstr("missing")));
  EXPECT_EQ(only_run_of(scratch / "all").totals().judged(),
            only_run_of(scratch / "s1").totals().judged() + only_run_of(scratch / "s2").totals().judged() +
                only_run_of(scratch / "s3").totals().judged());
  const Answer part = run({"merge", scratch.at("s1"), scratch.at("s3"), "--out", scratch.at("part")});
  EXPECT_EQ(part.status, kInconclusive) << part.story();
  EXPECT_THAT(part.err, HasSubstr("reference:eager: shard 2/3 is missing"));
  const Answer later = run({"merge", scratch.at("part"), scratch.at("s2"), "--out", scratch.at("again")});
  EXPECT_EQ(later.status, kConforms) << later.story();
  EXPECT_EQ(run({"merge", scratch.at("s1"), "--out", scratch.at("all")}).status, kUsage) << "holds a run already";
}

TEST(Compare, TellsTwoRunsApart) {
  const Scratch scratch;
  const auto make = [&](const char* target, const char* name) {
    return run({"run", "--target", target, "--cases", "60", "--seed", "5", "--quiet", "--out", scratch.at(name)}).status;
  };
  ASSERT_EQ(make("reference:eager", "good"), kConforms);
  ASSERT_EQ(make("reference:eager!dup_not_counted", "bad"), kFindings);
  EXPECT_EQ(run({"compare", scratch.at("good"), scratch.at("good")}).status, 0);
  EXPECT_EQ(run({"compare", scratch.at("bad"), scratch.at("bad")}).status, 0) << "open, not new";
  const Answer apart = run({"compare", scratch.at("good"), scratch.at("bad")});
  EXPECT_EQ(apart.status, 2) << "two targets: " << apart.story();
  EXPECT_THAT(apart.out, HasSubstr("target no longer run: reference:eager"));
  const Answer json = run({"compare", scratch.at("bad"), scratch.at("bad"), "--format", "json"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["schema"], "dmabuf-conform.comparison/1");
}

// --- completions and man page --------------------------------------------------------------------

/// What bash would offer after these words, the last of them being typed.
std::string offered(const Scratch& scratch, const std::vector<std::string>& words) {
  write_file(scratch / "completion.bash", run({"completion", "bash"}).out);
  std::string line = "COMP_WORDS=(dmabuf-conform";
  for (const std::string& word : words) line += " '" + word + "'";
  write_file(scratch / "ask.bash", "set -u\nsource " + scratch.at("completion.bash") + "\n" + line +
                                       fmt::format(")\nCOMP_CWORD={}\n_dmabuf_conform\necho \" ${{COMPREPLY[*]}} \"\n", words.size()));
  std::system(fmt::format("bash {} > {} 2>&1", scratch.at("ask.bash"), scratch.at("said")).c_str());
  return read_file(scratch / "said");
}

TEST(Completion, OffersWhatTheProgramTakes) {
  if (!installed("bash")) GTEST_SKIP() << "NOT CHECKED by bash: not installed; as root: apt-get install bash";
  const Scratch scratch;
  EXPECT_THAT(offered(scratch, {"re"}), HasSubstr(" replay "));
  EXPECT_THAT(offered(scratch, {"re"}), HasSubstr(" report "));
  EXPECT_THAT(offered(scratch, {"vm", ""}), HasSubstr(" bench "));
  EXPECT_THAT(offered(scratch, {"vm", "run", "--"}), HasSubstr(" --kernel "));
  EXPECT_THAT(offered(scratch, {"run", "--"}), Not(HasSubstr(" --kernel ")));
  EXPECT_THAT(offered(scratch, {"report", "latest", "--format", "k"}), HasSubstr(" kcidb ktap "));
  EXPECT_THAT(offered(scratch, {"completion", ""}), HasSubstr(" fish "));
}

TEST(Completion, IsOfferedByFish) {
  if (!installed("fish")) GTEST_SKIP() << "NOT CHECKED by fish: not installed; as root: apt-get install fish";
  const Scratch scratch;
  write_file(scratch / "completion.fish", run({"completion", "fish"}).out);
  const auto offers = [&](const std::string& typed) {
    write_file(scratch / "ask.fish", "source " + scratch.at("completion.fish") + "\ncomplete -C 'dmabuf-conform " + typed + "'\n");
    std::system(fmt::format("HOME={} fish --no-config {} > {} 2>&1", scratch.path().string(), scratch.at("ask.fish"), scratch.at("said")).c_str());
    return read_file(scratch / "said");
  };
  EXPECT_THAT(offers("re"), StartsWith("replay\t"));
  EXPECT_THAT(offers("vm run --ke"), StartsWith("--kernel\t"));
  EXPECT_THAT(offers("run --ke"), Not(HasSubstr("--kernel")));
  EXPECT_THAT(offers("report latest --format k"), StartsWith("kcidb"));
}

TEST(Completion, HasEverySubcommandInEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Answer answer = run({"completion", shell});
    EXPECT_EQ(answer.status, kConforms) << answer.story();
    for (const char* word : {"run", "report", "findings", "merge", "compare", "man", "exit-map"})
      EXPECT_THAT(answer.out, HasSubstr(word)) << shell;
  }
  EXPECT_EQ(run({"completion", "tcsh"}).status, kUsage);
}

TEST(Completion, IsReadByItsShell) {
  const Scratch scratch;
  bool checked = true;
  for (const auto& [shell, check] : {std::pair{"zsh", "zsh -n"}, std::pair{"fish", "fish --no-execute"}, std::pair{"bash", "bash -n"}}) {
    if (!installed(shell)) {
      checked = false;
      continue;
    }
    write_file(scratch / shell, run({"completion", shell}).out);
    EXPECT_EQ(std::system(fmt::format("{} {}", check, scratch.at(shell)).c_str()), 0) << shell;
  }
  if (!checked) GTEST_SKIP() << "NOT CHECKED by every shell; as root: apt-get install zsh fish";
}

TEST(ManPage, IsReadByMan) {
  const Scratch scratch;
  const Answer answer = run({"man"});
  ASSERT_EQ(answer.status, kConforms) << answer.story();
  write_file(scratch / "dmabuf-conform.1", answer.out);
  if (!installed("man") || !installed("groff")) GTEST_SKIP() << "NOT CHECKED by man: not installed; as root: apt-get install man-db groff";
  std::system(fmt::format("MANWIDTH=100 LC_ALL=C.UTF-8 man --warnings=w -l {} > {} 2> {}", scratch.at("dmabuf-conform.1"), scratch.at("page"),
                          scratch.at("warnings")).c_str());
  EXPECT_EQ(read_file(scratch / "warnings"), "");
  const std::string page = read_file(scratch / "page");
  for (const char* text : {"dmabuf-conform vm run", "--exit-map", "EXIT STATUS", "Examples:"}) EXPECT_THAT(page, HasSubstr(text));
}

TEST(Help, HasAnExampleForEverySubcommand) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"run"}, {"vm", "run"}, {"vm", "kill"}, {"vm", "bench"}, {"vm", "probe"}, {"replay"}, {"shrink"}, {"report"},
           {"findings", "list"}, {"findings", "show"}, {"compare"}, {"merge"}, {"model", "check"}, {"model", "tables"},
           {"model", "diagram"}, {"mutants"}, {"probe"}, {"list"}, {"completion"}, {"man"}}) {
    std::vector<std::string> words = command;
    words.push_back("--help");
    const Answer answer = run(words);
    EXPECT_EQ(answer.status, kConforms);
    EXPECT_THAT(answer.out, ContainsRegex("Examples?:\n  dmabuf-conform|Examples:\n  source")) << command.front();
  }
}

}  // namespace
}  // namespace dmabuf::app::testing
