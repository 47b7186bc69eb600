// SPDX-License-Identifier: MIT
// Runs: the same again, in parts, broken off and taken up.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "program.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kMutant = "reference:eager!dup_not_counted";

/// What must not depend on the clock.
std::vector<std::string> gist(const record::Run& run) {
  std::vector<std::string> text;
  for (const record::Finding& finding : run.findings) {
    text.push_back(fmt::format("{} {} {}", finding.id, finding.first_case, finding.token));
    for (const record::Step& step : finding.trace)
      text.push_back(step.operation + " -> " + step.outcome);
  }
  for (const record::Case& c : run.cases)
    text.push_back(fmt::format("{} {}", c.id, record::to_string(c.outcome())));
  return text;
}

/// Cases by id, each as often as it was begun.
std::multiset<std::string> begun(const record::Run& run) {
  std::multiset<std::string> ids;
  for (const record::Case& c : run.cases)
    for (std::size_t i = 0; i < c.tries.size(); ++i) ids.insert(c.id);
  return ids;
}

TEST(Seed, GivesTheSameRunAgain) {
  const Scratch scratch;
  std::vector<std::vector<std::string>> gists;
  for (const char* name : {"one", "two", "other"}) {
    const Answer answer =
        run({"run", "--target", kMutant, "--cases", "300", "--seed",
             std::string_view(name) == "other" ? "8" : "7", "--out", scratch.at(name)});
    ASSERT_EQ(answer.status, kFindings) << answer.story();
    gists.push_back(gist(only_run_of(scratch / name)));
  }
  EXPECT_THAT(gists[0], Not(IsEmpty()));
  EXPECT_EQ(gists[0], gists[1]);
  EXPECT_NE(gists[0], gists[2]) << "another seed must make other cases";
}

TEST(Seed, MayBeWords) {
  const Scratch scratch;
  for (const char* name : {"one", "two"})
    ASSERT_EQ(run({"run", "--target", kMutant, "--cases", "50", "--seed", "tuesday night", "--out",
                   scratch.at(name)})
                  .status,
              kFindings);
  EXPECT_EQ(gist(only_run_of(scratch / "one")), gist(only_run_of(scratch / "two")));
}

TEST(Seed, IsSaidFirstAndTakenFromTheClockIfNoneIsGiven) {
  const Scratch scratch;
  Options unset;
  unset.environment = {{"DMABUF_CONFORM_SEED", ""}};
  std::set<std::uint64_t> seeds;
  for (const char* name : {"one", "two"}) {
    const Answer answer = run(
        {"run", "--target", "reference:eager", "--cases", "5", "--out", scratch.at(name)}, unset);
    const std::uint64_t seed = only_run_of(scratch / name).start.value().seed;
    seeds.insert(seed);
    ASSERT_FALSE(answer.err.empty());
    EXPECT_THAT(lines_of(answer.err).front(), HasSubstr(fmt::format("{:#x}", seed)));
  }
  EXPECT_EQ(seeds.size(), 2U);
}

TEST(Seed, OfTheEnvironmentCountsWhereNoneIsGiven) {
  const Scratch scratch;
  Options set;
  set.environment = {{"DMABUF_CONFORM_SEED", "0x2a"}};
  ASSERT_EQ(run({"run", "--target", "reference:eager", "--cases", "5", "--out", scratch.at("set")}, set).status, kConforms);
  ASSERT_EQ(run({"run", "--target", "reference:eager", "--cases", "5", "--seed", "7", "--out", scratch.at("given")}, set).status,
            kConforms);
  EXPECT_EQ(only_run_of(scratch / "set").start.value().seed, 0x2aU);
  EXPECT_EQ(only_run_of(scratch / "given").start.value().seed, 7U);
}

TEST(Run, WritesDownWhatItWasAskedFor) {
  const Scratch scratch;
  ASSERT_EQ(run({"run", "--target", kMutant, "--cases", "20", "--seed", "0x2a", "--out",
                 scratch.at("run")})
                .status,
            kFindings);
  const record::Start start = only_run_of(scratch / "run").start.value();
  EXPECT_EQ(start.seed, 0x2aU);
  EXPECT_EQ(start.cases, 20U);
  EXPECT_EQ(start.target, kMutant);
  EXPECT_THAT(start.tool, HasSubstr("dmabuf-conform"));
  EXPECT_THAT(start.model, Not(IsEmpty()));
  EXPECT_THAT(start.argv, Not(IsEmpty())) << "a run that cannot say how it was started";
}

TEST(Run, CountsEveryCaseOnce) {
  const Scratch scratch;
  for (const char* target : {"reference:eager", kMutant}) {
    const std::string out = scratch.at(target);
    const Answer answer = run(
        {"run", "--target", target, "--cases", "250", "--traces", "", "--seed", "3", "--out", out});
    const record::Run done = only_run_of(out);
    EXPECT_EQ(done.totals().judged(), 250U) << target << answer.story();
    EXPECT_EQ(done.totals()[record::CaseOutcome::NotRun], 0U) << target;
    const auto json = nlohmann::json::parse(read_file(scratch / target / "results.json"));
    EXPECT_EQ(json.at("schema"), "dmabuf-conform.results/1");
  }
}

/// The six steps of 2011, and what was merged of them, with the calls of then.
TEST(Run, HoldsTheReferenceAgainstOldContracts) {
  const Scratch scratch;
  for (const char* target : {"reference@2011", "reference@3.3"}) {
    const Answer answer = run({"run", "--target", target, "--cases", "300", "--seed", "1", "--out", scratch.at(target)});
    EXPECT_EQ(answer.status, kConforms) << answer.story();
    const std::map<std::string, record::Run> runs = runs_of(scratch / target);
    EXPECT_TRUE(runs.contains(fmt::format("reference:migrating{}", std::string_view(target).substr(9)))) << answer.story();
    EXPECT_FALSE(runs.contains(fmt::format("reference:prime{}", std::string_view(target).substr(9)))) << "made by later calls";
  }
  const Answer broken = run({"run", "--target", "reference:eager@2011!detach_callback_skipped", "--cases", "300", "--seed", "1", "--out",
                             scratch.at("broken")});
  EXPECT_EQ(broken.status, kFindings) << broken.story();
}

TEST(Run, CountsTheCasesOfAFinding) {
  const Scratch scratch;
  ASSERT_EQ(run({"run", "--target", kMutant, "--cases", "200", "--seed", "7", "--out",
                 scratch.at("run")})
                .status,
            kFindings);
  const record::Run done = only_run_of(scratch / "run");
  std::map<std::string, std::uint64_t> seen;
  for (const record::Case& c : done.cases)
    for (const record::Try& one : c.tries)
      if (!one.signature.empty()) ++seen[one.signature];
  ASSERT_FALSE(done.findings.empty());
  for (const record::Finding& finding : done.findings)
    EXPECT_EQ(finding.count, seen[finding.signature]) << finding.signature;
}

TEST(Run, LeavesACounterexampleForEachFinding) {
  const Scratch scratch;
  ASSERT_EQ(run({"run", "--target", "reference:refusing!refused_attach_leaks", "--cases", "200",
                 "--seed", "7", "--out", scratch.at("run")})
                .status,
            kFindings);
  const record::Run done = only_run_of(scratch / "run");
  ASSERT_FALSE(done.findings.empty());
  for (const record::Finding& finding : done.findings) {
    EXPECT_TRUE(std::filesystem::exists(scratch / "run/findings" / finding.id / "repro.dbt"));
    EXPECT_THAT(finding.clauses, Not(IsEmpty())) << finding.signature;
    EXPECT_LE(finding.trace.size(), 8U) << finding.signature;
  }
}

TEST(Limits, EndARunInGoodTime) {
  const Scratch scratch;
  Answer answer = run({"run", "--target", "reference:eager", "--cases", "1000000000", "--max-time",
                       "300ms", "--out", scratch.at("time")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_EQ(only_run_of(scratch / "time").stop.value().reason, "max-time");
  answer = run({"run", "--target", "reference:refusing!refused_attach_puts", "--cases",
                "1000000000", "--max-findings", "1", "--out", scratch.at("findings")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_EQ(only_run_of(scratch / "findings").stop.value().reason, "max-findings");
}

TEST(Shards, TogetherRunTheSameCasesAsOne) {
  const Scratch scratch;
  const auto shard = [&](const std::string& name, const std::string& text) {
    const Answer answer = run({"run", "--target", kMutant, "--cases", "200", "--seed", "11",
                               "--shard", text, "--out", scratch.at(name)});
    EXPECT_TRUE(answer.status == kFindings || answer.status == kConforms) << answer.story();
    return only_run_of(scratch / name);
  };
  const record::Run whole = shard("whole", "1/1");
  std::multiset<std::string> together;
  std::uint64_t judged = 0;
  for (const char* text : {"1/3", "2/3", "3/3"}) {
    const record::Run part = shard(fmt::format("part{}", text[0]), text);
    together.merge(begun(part));
    judged += part.totals().judged();
    EXPECT_EQ(part.totals()[record::CaseOutcome::NotRun], 0U) << "of its own part";
  }
  EXPECT_EQ(together, begun(whole)) << "each case in one shard, and in one only";
  EXPECT_EQ(judged, whole.totals().judged());
}

TEST(Shards, WithNothingToDoAreASuccess) {
  const Scratch scratch;
  const Answer answer = run({"run", "--target", "reference:eager", "--cases", "2", "--traces", "",
                             "--shard", "5/8", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
}

/// Breaks a run off in its middle, with this signal.
class BrokenOff : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr std::uint64_t kCases = 20'000;

  std::vector<std::string> command(const std::string& more = "") const {
    std::vector<std::string> words = {program().string(), "run",   "--target", GetParam(),
                                      "--cases", std::to_string(kCases), "--traces", "",
                                      "--seed", "5", "--out", scratch_.at("run")};
    if (!more.empty()) words.push_back(more);
    return words;
  }

  Answer break_off(int signal) {
    Process process(command(), {});
    const std::filesystem::path journal = scratch_ / "run/journal.ndjson";
    EXPECT_TRUE(process.wait_until(
        [&] {
          std::error_code none_yet;
          return std::filesystem::file_size(journal, none_yet) > 100 && !none_yet;
        },
        std::chrono::seconds(30)));
    const auto begun = std::chrono::steady_clock::now();
    process.wait_until(
        [&] { return std::chrono::steady_clock::now() - begun > std::chrono::milliseconds(150); },
        std::chrono::seconds(5));
    process.send(signal);
    return process.finish();
  }

  /// Every case came to its end once. At most `cut_off` were in the middle of it when a run was killed, and began again.
  void expect_whole(std::ptrdiff_t cut_off = 0) const {
    const record::Run done = only_run_of(scratch_ / "run");
    std::ptrdiff_t broken_off = 0;
    for (const record::Case& c : done.cases) {
      const auto ended = std::count_if(c.tries.begin(), c.tries.end(), [](const record::Try& t) { return t.ended; });
      EXPECT_EQ(ended, 1) << c.id;
      broken_off += std::ssize(c.tries) - ended;
    }
    EXPECT_LE(broken_off, cut_off);
    EXPECT_EQ(done.totals().judged(), kCases);
    EXPECT_EQ(done.totals()[record::CaseOutcome::NotRun], 0U);
    EXPECT_TRUE(done.stop.has_value());
    EXPECT_EQ(done.stop.value_or(record::Stop{}).reason, "plan-done");
  }

  int verdict() const {
    return std::string_view(GetParam()).find('!') == std::string_view::npos ? kConforms : kFindings;
  }

  const Scratch scratch_;
};

TEST_P(BrokenOff, EndsWith75AndFinishesWhenResumed) {
  const Answer stopped = break_off(SIGTERM);
  ASSERT_EQ(stopped.status, kStopped) << stopped.story();
  EXPECT_EQ(only_run_of(scratch_ / "run").stop.value_or(record::Stop{}).reason, "sigterm");
  EXPECT_TRUE(std::filesystem::exists(scratch_ / "run/report.html"));
  const std::uint64_t halfway = only_run_of(scratch_ / "run").totals().judged();
  EXPECT_GT(halfway, 0U);
  EXPECT_LT(halfway, kCases);
  const Answer resumed = Process(command("--resume"), {}).finish();
  EXPECT_EQ(resumed.status, verdict()) << resumed.story();
  expect_whole();
}

TEST_P(BrokenOff, LosesNothingButTheMomentWhenKilled) {
  const Answer killed = break_off(SIGKILL);
  ASSERT_EQ(killed.status, 128 + SIGKILL) << killed.story();
  const Answer report = run({"report", scratch_.at("run")});
  EXPECT_EQ(report.status, kConforms) << report.story();
  EXPECT_THAT(report.out, Not(HasSubstr("CONFORMS"))) << "of a run that has not ended";
  const Answer resumed = Process(command("--resume"), {}).finish();
  EXPECT_EQ(resumed.status, verdict()) << resumed.story();
  expect_whole(1);
}

TEST_P(BrokenOff, MayBeResumedOverAndOver) {
  for (int signal : {SIGINT, SIGTERM}) {
    if (signal == SIGTERM) {
      Process process(command("--resume"), {});
      process.wait_until([] { return false; }, std::chrono::seconds(1));
      process.send(signal);
      const Answer answer = process.finish();
      // It may have been quick enough to end before.
      EXPECT_TRUE(answer.status == kStopped || answer.status == verdict()) << answer.story();
    } else {
      ASSERT_EQ(break_off(signal).status, kStopped);
    }
  }
  const Answer resumed = Process(command("--resume"), {}).finish();
  EXPECT_EQ(resumed.status, verdict()) << resumed.story();
  expect_whole();
}

INSTANTIATE_TEST_SUITE_P(Of, BrokenOff,
                         ::testing::Values("reference:eager",
                                           "reference:refusing!refused_attach_leaks"),
                         [](const auto& instance) {
                           return std::string_view(instance.param).find('!') == std::string_view::npos
                                      ? std::string("AConformingRun")
                                      : std::string("ADivergingRun");
                         });

TEST(Resume, OfAFreshDirectoryIsAPlainStart) {
  const Scratch scratch;
  const Answer answer = run({"run", "--target", "reference:eager", "--cases", "20", "--resume",
                             "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
}

TEST(Resume, OfAFinishedRunChangesNothing) {
  const Scratch scratch;
  const std::vector<std::string> command = {"run",    "--target", kMutant,      "--cases",
                                            "50",     "--seed",   "3",          "--resume",
                                            "--out",  scratch.at("run")};
  ASSERT_EQ(run(command).status, kFindings);
  const auto before = gist(only_run_of(scratch / "run"));
  const Answer again = run(command);
  EXPECT_EQ(again.status, kFindings) << again.story();
  EXPECT_THAT(gist(only_run_of(scratch / "run")), ElementsAreArray(before));
}

TEST(Resume, KeepsTheSeedOfTheRun) {
  const Scratch scratch;
  ASSERT_EQ(run({"run", "--target", kMutant, "--cases", "20", "--seed", "99", "--out",
                 scratch.at("run")})
                .status,
            kFindings);
  const Answer more = run(
      {"run", "--target", kMutant, "--cases", "20", "--resume", "--out", scratch.at("run")});
  EXPECT_EQ(more.status, kFindings) << more.story();
  EXPECT_THAT(more.err, HasSubstr("0x63")) << more.story();
}

/// A journal as another program would have left it.
void replace_in_journal(const std::filesystem::path& run, const std::string& from, const std::string& to) {
  std::string journal = read_file(run / "journal.ndjson");
  const auto at = journal.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  journal.replace(at, from.size(), to);
  write_file(run / "journal.ndjson", journal);
}

TEST(Resume, OfWhatAnotherContractJudgedIsRefused) {
  const Scratch scratch;
  for (const char* which : {"model", "tool"}) {
    const std::string out = scratch.at(which);
    ASSERT_EQ(run({"run", "--target", "reference:eager", "--cases", "20", "--out", out}).status, kConforms);
    const record::Start start = only_run_of(out).start.value();
    const std::string value = std::string_view(which) == "model" ? start.model : start.tool;
    replace_in_journal(out, value, "another");
    const std::string before = read_file(scratch / which / "journal.ndjson");
    const Answer more = run({"run", "--target", "reference:eager", "--cases", "40", "--resume", "--out", out});
    EXPECT_EQ(more.status, kUsage) << more.story();
    EXPECT_THAT(more.err, HasSubstr("another")) << more.story();
    EXPECT_EQ(read_file(scratch / which / "journal.ndjson"), before);
  }
}

TEST(Resume, GoesOnWithTheCasesAndTheShardOfTheRun) {
  const Scratch scratch;
  const std::string out = scratch.at("run");
  ASSERT_EQ(run({"run", "--target", kMutant, "--cases", "60", "--shard", "2/3", "--traces", "", "--seed", "5", "--out",
                 out}).status, kFindings);
  const auto before = gist(only_run_of(out));
  const Answer again = run({"run", "--target", kMutant, "--traces", "", "--resume", "--out", out});
  EXPECT_EQ(again.status, kFindings) << again.story();
  EXPECT_THAT(gist(only_run_of(out)), ElementsAreArray(before));
  EXPECT_EQ(only_run_of(out).totals()[record::CaseOutcome::NotRun], 0U) << again.story();
  for (const std::vector<std::string>& other : {std::vector<std::string>{"--shard", "1/3"}, {"--cases", "10"}}) {
    std::vector<std::string> words = {"run", "--target", kMutant, "--traces", "", "--resume", "--out", out};
    words.insert(words.end(), other.begin(), other.end());
    const Answer refused = run(words);
    EXPECT_EQ(refused.status, kUsage) << refused.story();
  }
}

/// Shrinking takes its time, and that is when a run is most likely to be broken off.
TEST(Resume, FindsAgainWhatWasBeingShrunk) {
  const Scratch scratch;
  // One case, so that no other finds the same.
  std::vector<std::string> command;
  int status = kConforms;
  for (int seed = 1; seed <= 50 && status == kConforms; ++seed) {
    command = {"run", "--target", kMutant, "--cases", "1", "--traces", "", "--out", scratch.at("run"),
               "--seed", std::to_string(seed)};
    std::vector<std::string> fresh = command;
    fresh.push_back("--overwrite");
    status = run(fresh).status;
  }
  ASSERT_EQ(status, kFindings);
  command.push_back("--resume");
  const auto whole = only_run_of(scratch / "run");
  ASSERT_FALSE(whole.findings.empty());
  const std::string journal = read_file(scratch / "run/journal.ndjson");
  const auto at = journal.find("\"rec\":\"finding\"");
  write_file(scratch / "run/journal.ndjson", journal.substr(0, journal.rfind('\n', at) + 1));
  ASSERT_TRUE(only_run_of(scratch / "run").findings.empty());

  const Answer again = run(command);
  EXPECT_EQ(again.status, kFindings) << again.story();
  std::vector<std::string> ids, ids_whole;
  for (const record::Finding& finding : only_run_of(scratch / "run").findings) ids.push_back(finding.id);
  for (const record::Finding& finding : whole.findings) ids_whole.push_back(finding.id);
  EXPECT_THAT(ids, ::testing::UnorderedElementsAreArray(ids_whole)) << again.story();
}

}  // namespace
}  // namespace dmabuf::app::testing
