// SPDX-License-Identifier: MIT
// Real kernels: what they offer is judged, what they lack is said, and what is known of them found.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "guest_fixture.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kNew = "debian:6.12";
constexpr std::size_t kShort = 8;  ///< operations a counterexample may have

Options patient() {
  Options options;
  options.timeout = std::chrono::seconds(400);
  return options;
}

std::vector<std::string> exporters() {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(run({"list", "targets"}).out)) {
    const std::smatch found = [&] {
      std::smatch match;
      std::regex_search(line, match, std::regex("^ *native:([^ ]+)"));
      return match;
    }();
    if (!found.empty()) names.push_back(found[1]);
  }
  return names;
}

/// The mapping that vgem makes begins at the first page, whatever offset it is asked for; and so does what is left of
/// one when its first pages go.
bool is_vgems_known_defect(const record::Finding& finding) {
  return std::any_of(finding.trace.begin(), finding.trace.end(), [](const record::Step& step) {
    return std::regex_search(step.operation, std::regex("^mmap .*offset=[1-9]|^munmap_page "));
  });
}

class DebianKernel : public ::testing::TestWithParam<const char*> {};

TEST_P(DebianKernel, IsJudgedExporterByExporter) {
  const std::string kernel = GetParam();
  DMABUF_GUEST_OR_SKIP(kernel, Module::Needed);
  const Scratch scratch;
  const std::string out = scratch.at("run");
  const Answer answer = run({"run", "--target", "vm:" + kernel, "--cases", "40", "--seed", "1",
                             "--no-checks", "--out", out},
                            patient());
  EXPECT_EQ(answer.status, kFindings) << answer.story();

  const std::map<std::string, record::Run> runs = runs_of(out);
  std::set<std::string> judged;
  for (const std::string& exporter : exporters()) {
    const std::string target = "vm:" + kernel + "/" + exporter;
    SCOPED_TRACE(target);
    const auto at = runs.find(target);
    ASSERT_NE(at, runs.end()) << "passed over in silence\n" << answer.story();
    const record::Run& one = at->second;
    EXPECT_TRUE(one.stop.has_value());
    if (!one.skips.empty()) {
      EXPECT_THAT(one.skips.front().reason, Not(IsEmpty()));
      EXPECT_THAT(one.skips.front().remedy, Not(IsEmpty()));
      continue;
    }
    judged.insert(exporter);
    const record::Totals totals = one.totals();
    EXPECT_GE(totals.judged(), 40U) << story(one);
    EXPECT_EQ(totals[record::CaseOutcome::Error], 0U) << story(one);
    EXPECT_EQ(totals[record::CaseOutcome::Interrupted], 0U) << story(one);
    EXPECT_EQ(totals[record::CaseOutcome::NotRun], 0U) << story(one);
    EXPECT_EQ(one.stop->reason, "plan-done");
    EXPECT_GT(one.coverage.value_or(record::Coverage{}).rows_hit, 50U);
    EXPECT_THAT(one.warns, IsEmpty()) << story(one);
    EXPECT_EQ(one.start->kernel.substr(0, kernel.size() - 7), kernel.substr(7));
    if (exporter == "vgem") {
      EXPECT_TRUE(std::any_of(one.findings.begin(), one.findings.end(),
                              [](const record::Finding& f) {
                                return breaks(f, "DBUF-MMU-008") && f.trace.size() <= kShort;
                              }))
          << story(one);
      for (const record::Finding& finding : one.findings)
        EXPECT_TRUE(is_vgems_known_defect(finding)) << story(one);
    } else {
      EXPECT_THAT(one.findings, IsEmpty()) << story(one);
    }
  }
  for (const auto& [target, one] : runs)
    EXPECT_TRUE(target.starts_with("vm:" + kernel + "/")) << target << " came from nowhere";

  EXPECT_TRUE(judged.contains("vgem"));
  for (const char* policy : {"eager", "deferred", "refusing", "caching", "migrating", "dynamic"})
    EXPECT_TRUE(judged.contains(std::string("harness:") + policy)) << policy;
  const bool has_heaps = kernel != "debian:6.1";  // Debian's 6.1 was built without
  EXPECT_EQ(judged.contains("udmabuf"), has_heaps);
  EXPECT_EQ(judged.contains("heap:system"), has_heaps);

  EXPECT_TRUE(consoles_say(out, "Linux version " + kernel.substr(7))) << "no console log kept";
  for (const char* complaint : {"WARNING:", "BUG:", "Oops", "Call Trace", "Kernel panic",
                                "refcount_t:", "UBSAN:", "blocked for more than"})
    EXPECT_FALSE(consoles_say(out, complaint)) << complaint;
  EXPECT_TRUE(std::filesystem::exists(scratch / "run/results.json"));
  EXPECT_TRUE(std::filesystem::exists(scratch / "run/report.html"));
}

INSTANTIATE_TEST_SUITE_P(Of, DebianKernel, ::testing::Values("debian:6.1", kNew),
                         [](const auto& instance) {
                           return std::string_view(instance.param) == kNew ? "Debian6_12"
                                                                           : "Debian6_1";
                         });

TEST(GuestReplay, FindsTheSameAgainAndShrinksIt) {
  DMABUF_GUEST_OR_SKIP(kNew, Module::Needed);
  const Scratch scratch;
  const Answer found = run({"run", "--target", "vm:debian:6.12/vgem", "--cases", "40", "--seed",
                            "1", "--no-checks", "--shrink-time", "0", "--out", scratch.at("run")},
                           patient());
  ASSERT_EQ(found.status, kFindings) << found.story();
  const record::Run done = only_run_of(scratch / "run");
  ASSERT_FALSE(done.findings.empty());
  const record::Finding& finding = done.findings.front();

  const Answer shrunk = run({"shrink", "--target", "vm:debian:6.12/vgem",
                             scratch.at("run/findings/" + finding.id + "/repro.dbt")},
                            patient());
  EXPECT_EQ(shrunk.status, kFindings) << shrunk.story();
  EXPECT_THAT(shrunk.out, HasSubstr(finding.id)) << "shrunk into another finding";
  std::smatch token;
  ASSERT_TRUE(std::regex_search(shrunk.out, token, std::regex("dbt1:[A-Za-z0-9_-]+")));

  const Answer again =
      run({"replay", "--target", "vm:debian:6.12/vgem", token.str()}, patient());
  EXPECT_EQ(again.status, kFindings) << again.story();
  EXPECT_THAT(again.out, HasSubstr(finding.id)) << again.story();

  const Answer elsewhere = run({"replay", "--target", "reference:eager", token.str()});
  EXPECT_THAT(elsewhere.out, Not(HasSubstr("FINDING"))) << "vgem alone has it";
}

TEST(GuestReplay, OfWhatTheGuestLacksIsSkippedAndForBisectUnfit) {
  DMABUF_GUEST_OR_SKIP("debian:6.1", Module::NotNeeded);
  const Scratch scratch;
  write_file(scratch / "one.dbt", "export b0 r0 pages=1 access=rw\nput r0\n");
  Options options = patient();
  options.environment["TMPDIR"] = scratch.at("tmp");
  std::filesystem::create_directory(scratch / "tmp");
  const Answer answer =
      run({"replay", "--target", "vm:debian:6.1/udmabuf", scratch.at("one.dbt")}, options);
  EXPECT_EQ(answer.status, kNotApplicable) << answer.story();
  EXPECT_THAT(answer.err, HasSubstr("udmabuf"));
  EXPECT_TRUE(std::filesystem::is_empty(scratch / "tmp")) << "files of the guest stay behind";
}

TEST(GuestKill, LeavesNoBufferBehind) {
  DMABUF_GUEST_OR_SKIP(kNew, Module::Needed);
  const Answer answer = run({"vm", "kill", "--kernel", kNew, "--rounds", "10"}, patient());
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  for (const std::string& exporter : exporters())
    EXPECT_THAT(answer.out, HasSubstr("kill exporter=" + exporter + " ")) << "passed over";
  for (const std::string& line : lines_of(answer.out)) {
    if (!line.starts_with("kill ")) continue;
    EXPECT_THAT(line, ContainsRegex(" rounds=10 .* left=0$"));
    EXPECT_THAT(line, Not(HasSubstr("before=-"))) << "bufinfo could not be read: this proves nothing";
    std::smatch killed;
    ASSERT_TRUE(std::regex_search(line, killed, std::regex("killed=([0-9]+)"))) << line;
    EXPECT_GE(std::stoi(killed[1]), 5) << "hardly one was killed at work: " << line;
  }
}

TEST(GuestBench, SaysWhatCheckingCosts) {
  DMABUF_GUEST_OR_SKIP(kNew, Module::Needed);
  const Answer answer = run({"vm", "bench", "--kernel", kNew, "--exporter", "harness:eager",
                             "--exporter", "udmabuf", "--rounds", "20"},
                            patient());
  EXPECT_EQ(answer.status, kConforms) << answer.story();
  for (const char* exporter : {"harness:eager", "udmabuf"})
    EXPECT_THAT(answer.out,
                ContainsRegex(fmt::format("bench exporter={} operations=[1-9][0-9]+ "
                                          "checked=[1-9][0-9]*/s bare=[1-9][0-9]*/s ratio=[01]\\.",
                                          exporter)));
}

}  // namespace
}  // namespace dmabuf::app::testing
