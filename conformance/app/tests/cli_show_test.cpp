// SPDX-License-Identifier: MIT
// What the program shows: help, lists, tables, drawings, this machine, and how well it tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "program.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string shown(std::vector<std::string> arguments) {
  const Answer answer = run(std::move(arguments));
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.err, IsEmpty());
  return answer.out;
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::string word;
  for (const char c : text + " ")
    if (c != ' ')
      word += c;
    else if (!word.empty())
      result.push_back(std::exchange(word, ""));
  return result;
}

class Help : public ::testing::TestWithParam<const char*> {};

TEST_P(Help, GivesAnExample) {
  std::vector<std::string> command = words(GetParam());
  command.push_back("--help");
  const std::string text = shown(command);
  EXPECT_THAT(text, HasSubstr("Usage: dmabuf-conform"));
  EXPECT_THAT(text, HasSubstr("Example")) << text;
  // Not only the word: a line that can be typed, of this command and of no other.
  EXPECT_THAT(text, HasSubstr(std::string("  dmabuf-conform ") + GetParam())) << text;
}

INSTANTIATE_TEST_SUITE_P(Of, Help,
                         ::testing::Values("run", "replay", "shrink", "report", "mutants", "probe",
                                           "list", "model check", "model explore", "model prove", "model diff", "model tour", "model tables", "model diagram",
                                           "vm run", "vm kill", "vm bench", "vm probe"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST(Help, NamesEverySubcommandAndTheExitStatuses) {
  const std::string text = shown({"--help"});
  for (const char* name : {"run", "vm", "replay", "shrink", "report", "model", "mutants", "probe",
                           "list", "75", "64"})
    EXPECT_THAT(text, HasSubstr(name));
}

TEST(Help, NamesNoPathOfTheMachineItWasBuiltOn) {
  EXPECT_THAT(shown({"run", "--help"}), Not(HasSubstr("conformance/traces")));
}

TEST(Version, NamesToolAndModel) {
  EXPECT_THAT(shown({"--version"}),
              ContainsRegex("^dmabuf-conform [0-9]+\\.[0-9]+\\.[0-9]+.* model [0-9a-f]{8,}"));
}

class List : public ::testing::TestWithParam<const char*> {};

TEST_P(List, HasEachOnce) {
  const std::vector<std::string> lines = lines_of(shown({"list", GetParam()}));
  EXPECT_GE(lines.size(), 5U);
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), lines.size());
}

INSTANTIATE_TEST_SUITE_P(Of, List,
                         ::testing::Values("targets", "requirements", "ops", "mutants", "defects",
                                           "profiles"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(Lists, NameWhatCanBeRun) {
  EXPECT_EQ(shown({"list"}), shown({"list", "targets"}));
  EXPECT_THAT(shown({"list"}), HasSubstr("reference:eager"));
  EXPECT_THAT(shown({"list"}), HasSubstr("native:udmabuf"));
  EXPECT_THAT(shown({"list"}), HasSubstr("vm:debian:6.12"));
  EXPECT_THAT(shown({"list", "requirements"}), HasSubstr("DBUF-FD-011"));
  EXPECT_THAT(lines_of(shown({"list", "ops"})), Contains("begin_cpu_access"));
  EXPECT_THAT(shown({"list", "mutants"}), HasSubstr("dup_not_counted"));
  EXPECT_THAT(lines_of(shown({"list", "defects"})), Contains("leak-mapping"));
}

TEST(Probe, HasARemedyForEachLack) {
  const std::string text = shown({"probe"});
  EXPECT_THAT(text, HasSubstr("native:udmabuf"));
  EXPECT_THAT(text, HasSubstr("Guests:"));
  const std::vector<std::string> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].find("missing:") != std::string::npos ||
        lines[i].find("lacks:") != std::string::npos) {
      ASSERT_LT(i + 1, lines.size()) << lines[i];
      EXPECT_THAT(lines[i + 1], HasSubstr("remedy: ")) << "of " << lines[i];
    }
}

TEST(Model, TablesAreTheModelOfTheVersion) {
  const std::vector<std::string> lines = lines_of(shown({"model", "tables"}));
  ASSERT_GT(lines.size(), 50U);
  ASSERT_THAT(lines.front(), MatchesRegex("# model [0-9a-f]+"));
  EXPECT_THAT(shown({"--version"}), HasSubstr(lines.front().substr(8)));
  // Each row has its reason: a requirement, an open question, or a promise of nothing.
  for (std::size_t i = 1; i < lines.size(); ++i)
    EXPECT_THAT(lines[i], ContainsRegex("^[a-z_]+ +[A-Za-z]+ +[a-z_]+ +.+")) << "row " << i;
}

TEST(Model, DiagramsAreDrawnFromTheSameMachines) {
  std::set<std::string> machines;
  for (const std::string& line : lines_of(shown({"model", "tables"})))
    if (!line.empty() && line[0] != '#') machines.insert(words(line).front());
  EXPECT_GE(machines.size(), 8U);
  for (const std::string& machine : machines) {
    const std::string text = shown({"model", "diagram", machine});
    EXPECT_THAT(text, StartsWith("digraph \"" + machine + "\" {"));
    EXPECT_THAT(text, HasSubstr(" -> "));
    EXPECT_EQ(std::count(text.begin(), text.end(), '{'), std::count(text.begin(), text.end(), '}'));
    EXPECT_EQ(std::count(text.begin(), text.end(), '"') % 2, 0);
  }
}

/// What a run went through is bold, what it cannot reach gray: a map at attach, where neither side is dynamic.
TEST(Model, DiagramsShowWhatARunHasGoneThrough) {
  const Scratch scratch;
  ASSERT_EQ(run({"run", "--target", "reference:eager", "--cases", "50", "--seed", "1", "--out", scratch.at("run")}).status, kConforms);
  const std::string text = shown({"model", "diagram", "attachment", "--run", scratch.at("run")});
  EXPECT_THAT(text, ContainsRegex("\"Detached\" -> \"Attached\" \\[label=[^\n]*style=bold"));
  EXPECT_THAT(text, ContainsRegex("\"Detached\" -> \"Cached\" \\[label=\"attach\\\\n[^\n]*ATT-010\", style=dotted, color=gray"));
  EXPECT_THAT(text, Not(ContainsRegex("ATT-010\"[^\n]*style=bold")));
  ASSERT_EQ(run({"run", "--target", "reference:eager", "--cases", "1", "--traces", "", "--seed", "1", "--out", scratch.at("short")}).status,
            kConforms);
  EXPECT_THAT(shown({"model", "diagram", "vma", "--run", scratch.at("short")}), HasSubstr("style=dashed"));
  const Answer other = run({"model", "diagram", "--run", scratch.at("run"), "--target", "vm:debian:6.1/vgem"});
  EXPECT_EQ(other.status, kUsage) << other.story();
  EXPECT_THAT(other.err, HasSubstr("its targets: reference:eager"));
}

TEST(Model, KeepsItsInvariants) {
  const Answer answer = run({"model", "check", "--configuration", "cpu-access-udmabuf"});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  const std::string text = answer.out;
  EXPECT_THAT(text, HasSubstr("invariants hold"));
  EXPECT_THAT(text, Not(HasSubstr("VIOLATED")));
  EXPECT_THAT(text, Not(HasSubstr("INCOMPLETE")));
}

class Mutant : public ::testing::TestWithParam<const char*> {};

TEST_P(Mutant, IsCaughtWithAShortCounterexample) {
  // Of seed 1 the first case that shows migration_loses_last_page is minimal at eleven lines: its device writes.
  const std::string text = shown({"mutants", GetParam(), "--seed", "2"});
  EXPECT_THAT(text, HasSubstr("1 caught, 0 survived"));
  EXPECT_THAT(text, ContainsRegex("longest [1-8]\n")) << text;
  EXPECT_THAT(text, ContainsRegex("DBUF-[A-Z]+-[0-9]+")) << "names no clause";
}

INSTANTIATE_TEST_SUITE_P(Of, Mutant,
                         ::testing::Values("dup_not_counted", "refused_attach_leaks",
                                           "detach_while_mapped", "migration_loses_last_page",
                                           "mmap_offset_ignored", "seek_accepts_offset",
                                           "get_bad_fd_wrong_errno", "release_runs_twice"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(Mutants, ThatSurviveAreSaidAloud) {
  const Answer answer = run({"mutants", "seek_data_accepted", "--cases", "1", "--seed", "1"});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("SURVIVED")) << answer.story();
}

TEST(ModelExplore, ExploresTheWorldAskedFor) {
  const Answer answer = run({"model", "explore", "--exporter", "reference:udmabuf", "--buffers", "1", "--fds", "1",
                             "--references", "0", "--messages", "0", "--ops", "create,close", "--threads", "2"});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("M/s")) << "progress";
  const std::string& text = answer.out;
  EXPECT_THAT(text, ContainsRegex("states +4 "));
  EXPECT_THAT(text, ContainsRegex("transitions +4 "));
  EXPECT_THAT(text, HasSubstr("every reachable state visited"));
}

TEST(ModelExplore, SaysThatItGaveUp) {
  const Answer answer = run({"model", "explore", "--limit", "100"});
  EXPECT_EQ(answer.status, kInconclusive) << answer.story();
  EXPECT_THAT(answer.out, HasSubstr("GAVE UP"));
}

TEST(ModelExplore, SaysWhatIsTooLarge) {
  const Answer answer = run({"model", "explore", "--fds", "6", "--attachments", "4", "--mappings", "4", "--vmas", "3"});
  EXPECT_EQ(answer.status, kUsage) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("64"));
  EXPECT_EQ(run({"model", "explore", "--ops", "fly"}).status, kUsage);
  EXPECT_EQ(run({"model", "explore", "--exporter", "nobody"}).status, kUsage);
  EXPECT_EQ(run({"model", "explore", "--buffers", "4"}).status, kUsage);
}

TEST(ModelDiff, ShowsFieldsAndTheShortestProgram) {
  const std::string text = shown({"model", "diff", "5.10", "6.1"});
  EXPECT_THAT(text, HasSubstr("rename_while_attached"));
  EXPECT_THAT(text, HasSubstr("has_sync_file"));
  EXPECT_THAT(text, HasSubstr("import_sync_file"));
  EXPECT_THAT(text, HasSubstr("ENOTTY"));
  EXPECT_THAT(shown({"model", "diff", "6.1", "6.1"}), HasSubstr("the same contract"));
  EXPECT_THAT(shown({"model", "diff", "reference:eager", "reference:nommap"}), HasSubstr("mmap f0 v0"));
}

TEST(ModelDiff, KnowsTheProfilesItIsAskedFor) {
  EXPECT_EQ(run({"model", "diff", "6.1"}).status, kUsage);
  EXPECT_EQ(run({"model", "diff", "6.1", "vgem"}).status, kUsage);
  EXPECT_EQ(run({"model", "diff", "5.10", "6.1", "--exporter", "nobody"}).status, kUsage);
}

TEST(ModelTour, CoversEveryTransitionInPieces) {
  const std::string text = shown({"model", "tour", "--configuration", "sharing"});
  EXPECT_THAT(text, ContainsRegex("sharing +55 +603 +603 +[0-9]+ +1\\.[0-9]+ +[0-9]+"));
  EXPECT_EQ(run({"model", "tour", "--exporter", "unknown"}).status, kUsage) << "nobody can plan with open choices";
  EXPECT_EQ(run({"model", "tour", "--configuration", "nowhere"}).status, kUsage);
}

TEST(ModelTour, IsWhatIsCommitted) {
  const std::filesystem::path fresh = std::filesystem::path(::testing::TempDir()) / "tour";
  std::filesystem::remove_all(fresh);
  shown({"model", "tour", "--out", fresh.string()});
  const std::filesystem::path committed = DMABUF_SOURCE_DIR "/conformance/traces/tour/reference-eager";
  const auto text = [](const std::filesystem::path& path) {
    std::stringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  };
  std::size_t pieces = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fresh)) {
    EXPECT_EQ(text(entry.path()), text(committed / entry.path().filename())) << entry.path().filename();
    ++pieces;
  }
  std::size_t kept = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(committed)) ++kept;
  EXPECT_EQ(pieces, kept);
  EXPECT_GT(pieces, 10U);
}

/// Every two steps in a row: what is committed of them is their number and a digest; the walk itself is planned anew.
TEST(ModelTour, OfPairsIsWhatIsCommittedAndRunsOnTheReference) {
  const Scratch scratch;
  std::ostringstream committed;
  committed << std::ifstream(DMABUF_SOURCE_DIR "/conformance/traces/tour/reference-eager.pairs").rdbuf();
  EXPECT_EQ(shown({"model", "tour", "--pairs", "--out", scratch.at("pairs")}), committed.str());
  const Answer answer = run({"run", "--target", "reference:eager", "--traces", scratch.at("pairs"), "--cases", "0", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  EXPECT_GT(only_run_of(scratch / "run").totals().judged(), 4000U);
}

TEST(ModelTour, RunsOnTheReference) {
  const std::string out = (std::filesystem::path(::testing::TempDir()) / "tour-run").string();
  const Answer good = run({"run", "--target", "reference:eager", "--tour", "reference-eager", "--out", out, "--overwrite"});
  EXPECT_EQ(good.status, kConforms) << good.story();
  EXPECT_THAT(good.out, HasSubstr("CONFORMS"));
  const Answer bad = run({"run", "--target", "reference:eager!dup_not_counted", "--tour", "reference-eager", "--out", out, "--overwrite"});
  EXPECT_EQ(bad.status, kFindings) << bad.story();
  EXPECT_EQ(run({"run", "--tour", "nowhere"}).status, kUsage);
}

}  // namespace
}  // namespace dmabuf::app::testing
