// SPDX-License-Identifier: MIT
// Exporters in a real kernel, broken on purpose: each must be found, and for the right reason.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "guest_fixture.hpp"

namespace dmabuf::app::testing {
namespace {


struct Defect {
  std::string exporter, name;
  /// What it breaks, as one regular expression: the finding names one of these.
  std::string clause;
  std::size_t longest = 8;  ///< operations of its counterexample
  std::string target() const { return fmt::format("vm:debian:6.12/{}!{}", exporter, name); }
};

const std::vector<Defect> kDefects = {
    {"harness:eager", "leak-mapping", "MAP-|INV-004"},
    {"harness:eager", "leak-reference", "ATT-006|INV-001"},
    {"harness:eager", "wrong-size", "EXP-|LSK-|INV-007"},
    {"harness:eager", "drop-cloexec", "FD-00[34]|VFS-005"},
    {"harness:eager", "stale-pages", "INV-011", 10},  // a child may be the one who reads
    {"harness:eager", "skip-detach", "ATT-017|INV-004"},
    {"harness:eager", "mmap-ignores-offset", "MMU-008"},
    {"harness:refusing", "wrong-errno", "ATT-006|MIG-003"},
    {"harness:eager", "double-release", "REL-001"},
    {"harness:eager", "extra-reference", "EXP-006|INV-001"},
    {"harness:eager", "short-map", "MAP-|INV-011|ATT-012"},  // a dynamic importer's attach maps
    {"harness:eager", "dirty-storage", "EXP-|INV-011"},
    {"harness:eager", "mmap-private", "MMU-006"},
    {"harness:refusing", "forget-refusal", "ATT-006|MIG-003"},
    {"harness:eager", "leak-page-reference", "INV-012"},
    {"harness:migrating", "lose-contents", "MIG-|INV-011", 10},  // two CPU mappings may be who sees it
    {"harness:migrating", "move-while-mapped", "MIG-"},
    // Mapped, touched and moved: the mapping keeps the old pages. Seen after the case, or sooner if it
    // goes on to write and read again.
    {"harness:migrating", "no-zap", "MIG-|INV-01[12]", 10},
    {"harness:dynamic", "move-while-mapped", "DYN-011|MIG-"},
    {"harness:dynamic", "move-silently", "DYN-009|MIG-007"},
    {"harness:dynamic", "skip-unpin", "DYN-|ATT-01[07]|INV-004"},
    // Held by nobody, and never moved again: seen where it should move, or where the pin that failed has left that behind.
    {"harness:dynamic", "leak-pin", "DYN-011|MIG-|ATT-010|INV-006"},
};

TEST(HarnessDefect, IsFoundEachWithAShortCounterexample) {
  DMABUF_GUEST_OR_SKIP("debian:6.12", Module::Needed);
  const Scratch scratch;
  std::vector<std::string> command = {"run", "--cases", "300", "--seed", "1", "--max-findings",
                                      "1",   "--out",   scratch.at("run")};
  for (const Defect& defect : kDefects) {
    command.push_back("--target");
    command.push_back(defect.target());
  }
  Options options;
  options.timeout = std::chrono::seconds(850);
  const Answer answer = run(command, options);
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  const std::map<std::string, record::Run> runs = runs_of(scratch / "run");
  EXPECT_EQ(runs.size(), kDefects.size());
  for (const Defect& defect : kDefects) {
    SCOPED_TRACE(defect.target());
    const auto at = runs.find(defect.target());
    if (at == runs.end()) {
      ADD_FAILURE() << "no such target in the journal";
      continue;
    }
    const record::Run& one = at->second;
    EXPECT_TRUE(std::any_of(
        one.findings.begin(), one.findings.end(),
        [&](const record::Finding& finding) {
          return finding.trace.size() <= defect.longest &&
                 std::any_of(finding.clauses.begin(), finding.clauses.end(),
                             [&](const record::Clause& clause) {
                               return std::regex_search(clause.id, std::regex(defect.clause));
                             });
        }))
        << story(one);
  }
}

/// Whatever it returns and counts, a kernel that warns has something to say: in a run, and when the trace is replayed.
TEST(HarnessDefect, ThatOnlyWarnsIsFoundInTheLogAndReplays) {
  DMABUF_GUEST_OR_SKIP("debian:6.12", Module::Needed);
  const Scratch scratch;
  const std::string target = "vm:debian:6.12/harness:eager!warn";
  const Answer answer = run({"run", "--target", target, "--cases", "10", "--traces", "", "--no-checks", "--seed", "1",
                             "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  const record::Run one = only_run_of(scratch / "run");
  ASSERT_FALSE(one.findings.empty()) << story(one);
  EXPECT_TRUE(one.findings.front().signature.starts_with("log:")) << story(one);
  EXPECT_EQ(one.findings.size(), 1U) << story(one);
  std::ofstream(scratch / "map.dbt") << "# dbt 1\nexport b0 r0 pages=1 access=rw\nattach r0 d0 a0\nmap a0 m0 bidirectional\n";
  const Answer replayed = run({"replay", "--target", target, scratch.at("map.dbt")});
  EXPECT_EQ(replayed.status, kFindings) << replayed.story();
  EXPECT_THAT(replayed.out, ::testing::HasSubstr("the kernel complained: ")) << replayed.story();
  const Answer silent = run({"replay", "--target", "vm:debian:6.12/harness:eager", scratch.at("map.dbt")});
  EXPECT_EQ(silent.status, kConforms) << silent.story();
}

/// Who shares a boot with another shares no verdict: each that makes the kernel warn is told of it.
TEST(HarnessDefect, ThatWarnsIsAFindingOfEveryTargetThatHasIt) {
  DMABUF_GUEST_OR_SKIP("debian:6.12", Module::Needed);
  const Scratch scratch;
  const Answer answer = run({"run", "--target", "vm:debian:6.12/harness:eager!warn", "--target", "vm:debian:6.12/harness:deferred!warn",
                             "--cases", "10", "--traces", "", "--no-checks", "--seed", "1", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  const auto runs = runs_of(scratch / "run");
  EXPECT_EQ(runs.size(), 2U) << answer.story();
  for (const auto& [target, one] : runs) EXPECT_FALSE(one.findings.empty()) << target << '\n' << story(one);
}

TEST(HarnessDefect, TargetsOfOneKernelShareABoot) {
  DMABUF_GUEST_OR_SKIP("debian:6.12", Module::Needed);
  const Scratch scratch;
  const Answer answer =
      run({"run", "--target", "vm:debian:6.12/harness:eager", "--target",
           "vm:debian:6.12/harness:eager!drop-cloexec", "--target", "vm:debian:6.12/udmabuf",
           "--cases", "10", "--seed", "1", "--out", scratch.at("run")});
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  const auto runs = runs_of(scratch / "run");
  ASSERT_EQ(runs.size(), 3U) << answer.story();
  for (const auto& [target, one] : runs)
    EXPECT_EQ(one.findings.empty(), target.find('!') == std::string::npos) << story(one);
  const std::string console = consoles_of(scratch / "run");
  const std::regex banner("Linux version ");
  EXPECT_EQ(std::distance(std::sregex_iterator(console.begin(), console.end(), banner),
                          std::sregex_iterator()),
            1)
      << "one boot for all";
}

}  // namespace
}  // namespace dmabuf::app::testing
