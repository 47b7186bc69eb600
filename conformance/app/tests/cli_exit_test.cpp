// SPDX-License-Identifier: MIT
// What a script may rely on: the exit status says what became of a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ExitStatus, IsZeroWhenTheReferenceConforms) {
  const Scratch scratch;
  const Answer answer = run({"run", "--target", "reference", "--cases", "100", "--seed", "1",
                             "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("CONFORMS")) << answer.story();
}

TEST(ExitStatus, IsOneWhenAMutantIsFound) {
  const Scratch scratch;
  const Answer answer = run({"run", "--target", "reference:eager!dup_not_counted", "--cases", "100",
                             "--seed", "1", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("DIVERGES")) << answer.story();
}

TEST(ExitStatus, IsOneWhenOneOfSeveralTargetsDiverges) {
  const Scratch scratch;
  const Answer answer =
      run({"run", "--target", "reference:eager", "--target", "reference:eager!dup_not_counted",
           "--target", "reference:udmabuf", "--cases", "50", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_EQ(runs_of(scratch / "run").size(), 3U);
}

TEST(ExitStatus, IsFourWhenAllIsSkippedAndSaysWhatWouldHelp) {
  if (std::filesystem::exists("/dev/udmabuf"))
    GTEST_SKIP() << "SKIPPED: this machine has a /dev/udmabuf. Remedy: a machine without";
  const Scratch scratch;
  const Answer answer = run({"run", "--target", "native:udmabuf", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kNotApplicable) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("SKIPPED")) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("remedy:")) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("NOT TESTED")) << answer.story();
}

TEST(ExitStatus, IsNotThatOfASkipWhenSomethingElseWasJudged) {
  if (std::filesystem::exists("/dev/udmabuf"))
    GTEST_SKIP() << "SKIPPED: this machine has a /dev/udmabuf. Remedy: a machine without";
  const Scratch scratch;
  const Answer answer = run({"run", "--target", "native:udmabuf", "--target", "reference:eager",
                             "--cases", "20", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("NOT TESTED")) << answer.story();
}

TEST(ExitStatus, IsThreeWhenTheDirectoryCannotBeMade) {
  const Scratch scratch;
  write_file(scratch / "file", "in the way");
  const Answer answer =
      run({"run", "--target", "reference:eager", "--cases", "1", "--out", scratch.at("file/run")});
  EXPECT_EQ(answer.status, kInfrastructure) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr(scratch.at("file"))) << answer.story();
}

TEST(ExitStatus, IsThreeWhenTheDiskIsFull) {
  const Scratch scratch;
  Options options;
  options.largest_file = 16 * 1024;
  const Answer answer = run({"run", "--target", "reference:eager!dup_not_counted", "--cases",
                             "2000", "--shrink-time", "0", "--out", scratch.at("run")},
                            options);
  EXPECT_EQ(answer.status, kInfrastructure) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("journal.ndjson")) << answer.story();
}

TEST(ExitStatus, IsThreeWhenTheAnswerCannotBeWritten) {
  const Scratch scratch;
  for (const char* what : {"list requirements", "run --target reference:eager --cases 1 --out run"}) {
    Options options;
    options.directory = scratch.path();
    const Answer answer = run_shell(std::string("dmabuf-conform ") + what + " > /dev/full", options);
    EXPECT_EQ(answer.status, kInfrastructure) << what << answer.story();
  }
  for (const char* where : {"2> /dev/full", "<&- >&- 2>&-", ">&-"}) {
    Options options;
    options.directory = scratch.path();
    const std::string command = "dmabuf-conform run --target reference:eager --cases 1 --overwrite --out run ";
    const Answer answer = run_shell(command + where, options);
    EXPECT_EQ(answer.status, kInfrastructure) << where << answer.story();
  }
}

struct Mistake {
  const char* name;
  std::vector<std::string> arguments;
  const char* names;  ///< what the message must name: a regular expression
};
std::ostream& operator<<(std::ostream& out, const Mistake& mistake) { return out << mistake.name; }

class UsageMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(UsageMistake, EndsWith64AndNamesItself) {
  const Scratch scratch;
  Options options;
  options.directory = scratch.path();
  options.timeout = std::chrono::seconds(20);
  const Answer answer = run(GetParam().arguments, options);
  EXPECT_EQ(answer.status, kUsage) << answer.story();
  EXPECT_THAT(answer.err, ContainsRegex(GetParam().names)) << answer.story();
  EXPECT_THAT(answer.out, IsEmpty()) << "mistakes are told to people, on stderr";
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << "nothing was run, yet files were made";
}

INSTANTIATE_TEST_SUITE_P(
    Of, UsageMistake,
    ::testing::Values(
        Mistake{"NoSubcommand", {}, "subcommand"},
        Mistake{"UnknownSubcommand", {"frobnicate"}, "frobnicate"},
        Mistake{"UnknownOption", {"run", "--bogus"}, "--bogus"},
        Mistake{"NearestOption", {"run", "--tagret", "reference"}, "--target"},
        Mistake{"UnknownTarget", {"run", "--target", "nosuch"}, "nosuch.*reference"},
        Mistake{"UnknownReference", {"run", "--target", "reference:nosuch"}, "nosuch.*eager"},
        Mistake{"UnknownContract", {"run", "--target", "reference:eager@9.9"}, "'9.9'.*3.3"},
        Mistake{"ContractWithoutTheCall", {"run", "--target", "reference:prime@3.3"}, "3.3 has no exporter such as reference:prime"},
        Mistake{"ContractWithoutTheCache", {"run", "--target", "reference:caching@3.3"}, "3.3 has no exporter such as reference:caching"},
        Mistake{"ContractWithoutPins", {"run", "--target", "reference:dynamic@2011"}, "2011 has no exporter such as reference:dynamic"},
        Mistake{"ContractTheReferenceDoesNotKeep", {"run", "--target", "reference:eager@6.18"}, "a kernel of 6.18.*2011, 3.3"},
        Mistake{"UnknownMutant", {"run", "--target", "reference:eager!nosuch"}, "nosuch.*mutants"},
        Mistake{"UnknownNative", {"run", "--target", "native:nosuch"}, "nosuch"},
        Mistake{"UnknownDefect", {"run", "--target", "native:harness:eager!nosuch"}, "nosuch"},
        Mistake{"UnknownGuestDefect",
                {"run", "--target", "vm:debian:6.12/harness:eager!nosuch"}, "nosuch"},
        Mistake{"DefectOfAnInnocent", {"run", "--target", "vm:debian:6.12/vgem!wrong-size"},
                "wrong-size"},
        Mistake{"BugLeftEmpty", {"run", "--target", "reference!"}, "breaks off.*mutant"},
        Mistake{"ExporterLeftEmpty", {"run", "--target", "reference:"}, "breaks off.*exporter"},
        Mistake{"GuestExporterLeftEmpty", {"run", "--target", "vm:debian:6.12/"}, "breaks off.*exporter"},
        Mistake{"SeriesLeftEmpty", {"run", "--target", "vm:debian:"}, "breaks off.*kernel"},
        Mistake{"NoSuchSortOfKernel", {"run", "--target", "vm:fedora:40"}, "fedora.*vm:debian"},
        Mistake{"NoKernel", {"run", "--target", "vm:"}, "kernel"},
        Mistake{"BadDuration", {"run", "--max-time", "5x"}, "5x.*90s"},
        Mistake{"NegativeDuration", {"run", "--max-time", "-5"}, "-5"},
        Mistake{"BadCount", {"run", "--cases", "many"}, "--cases"},
        Mistake{"NegativeCount", {"run", "--cases", "-1"}, "--cases"},
        Mistake{"ShardBeyondTheLast", {"run", "--shard", "4/3"}, "4/3.*1/4"},
        Mistake{"ShardZero", {"run", "--shard", "0/3"}, "0/3"},
        Mistake{"ShardNoNumber", {"run", "--shard", "a/b"}, "a/b"},
        Mistake{"ShardTrailer", {"run", "--shard", "1/3x"}, "1/3x"},
        Mistake{"ShardBeyondCounting", {"run", "--shard", "1/99999999999999999999"}, "99999"},
        Mistake{"ResumeOfNothing", {"run", "--resume"}, "--out"},
        Mistake{"ResumeAndOverwrite", {"run", "--out", "x", "--resume", "--overwrite"}, "--overwrite|--resume"},
        Mistake{"ReplayWithoutEnd", {"replay", "--target", "reference:eager", "/dev/zero"}, "/dev/zero.*1 MiB"},
        Mistake{"NoSuchRun", {"report", "nosuch"}, "nosuch"},
        Mistake{"UnknownFormat", {"report", ".", "--format", "papyrus"}, "papyrus.*html"},
        Mistake{"UnknownList", {"list", "nosuch"}, "nosuch.*requirements"},
        Mistake{"UnknownMutantOfAll", {"mutants", "nosuch"}, "nosuch"},
        Mistake{"UnknownMachine", {"model", "diagram", "nosuch"}, "nosuch.*attachment"},
        Mistake{"UnknownConfiguration", {"model", "check", "--configuration", "nosuch"}, "nosuch"},
        Mistake{"ReplayOfSeveral", {"replay", "--target", "reference", "x.dbt"}, "one exporter"},
        Mistake{"ReplayOfNothing", {"replay"}, "trace"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(OutDirectory, InUseIsRefusedAndLeftAlone) {
  const Scratch scratch;
  const std::vector<std::string> command = {"run",     "--target", "reference:eager",
                                            "--cases", "10",       "--out",
                                            scratch.at("run")};
  ASSERT_EQ(run(command).status, kConforms);
  const std::string journal = read_file(scratch / "run/journal.ndjson");
  const Answer again = run(command);
  EXPECT_EQ(again.status, kUsage) << again.story();
  EXPECT_THAT(again.err, HasSubstr("--resume")) << again.story();
  EXPECT_THAT(again.err, HasSubstr("--overwrite")) << again.story();
  EXPECT_EQ(read_file(scratch / "run/journal.ndjson"), journal);
}

TEST(OutDirectory, IsOverwrittenOnlyAsFarAsARunWrites) {
  const Scratch scratch;
  const std::string out = scratch.at("run");
  ASSERT_EQ(run({"run", "--target", "reference:eager!dup_not_counted", "--cases", "20", "--out",
                 out})
                .status,
            kFindings);
  write_file(scratch / "run/notes.txt", "mine");
  const Answer answer =
      run({"run", "--target", "reference:eager", "--cases", "20", "--out", out, "--overwrite"});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_EQ(read_file(scratch / "run/notes.txt"), "mine");
  EXPECT_FALSE(std::filesystem::exists(scratch / "run/findings")) << "of the run that was replaced";
  EXPECT_EQ(only_run_of(scratch / "run").target(), "reference:eager");
}

TEST(OutDirectory, HasAMarkOfTheLatestBesideIt) {
  const Scratch scratch;
  for (const char* name : {"first", "second"})
    ASSERT_EQ(
        run({"run", "--target", "reference:eager", "--cases", "5", "--out", scratch.at(name)})
            .status,
        kConforms);
  EXPECT_EQ(std::filesystem::canonical(scratch / "latest"),
            std::filesystem::canonical(scratch / "second"));
}

TEST(OutDirectory, IsANewOneHereIfNoneIsNamed) {
  const Scratch scratch;
  Options options;
  options.directory = scratch.path();
  const Answer answer = run({"run", "--target", "reference:eager", "--cases", "5"}, options);
  ASSERT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_TRUE(std::filesystem::exists(scratch / "latest/results.json"));
  EXPECT_THAT(std::filesystem::read_symlink(scratch / "latest").string(),
              ContainsRegex("^dmabuf-conform-run-[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$"));
}

}  // namespace
}  // namespace dmabuf::app::testing
