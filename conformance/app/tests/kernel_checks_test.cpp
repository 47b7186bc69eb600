// SPDX-License-Identifier: MIT
// Directed checks on real kernels: what is broken is exactly what is known to be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "guest_fixture.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Exporter and requirement. Each has an entry in docs/open-questions.md; none is a check's fault.
using Defects = std::set<std::pair<std::string, std::string>>;

struct Known {
  const char* kernel;
  Defects defects;
  std::set<std::string> exporters;  ///< that have to be checked
  std::size_t requirements;         ///< that have to be found kept, at least
};

const Known kDebian6_1 = {"debian:6.1",
                          {{"vgem", "DBUF-MMU-008"},
                           {"drm:virtio_gpu", "DBUF-MMU-008"},
                           {"v4l2:vmalloc", "DBUF-MMU-008"}},
                          {"vgem", "drm:virtio_gpu", "v4l2:vmalloc", "v4l2:dma_contig"},
                          170};
const Known kDebian6_12 = {
    "debian:6.12",
    {{"vgem", "DBUF-MMU-008"},
     {"drm:virtio_gpu", "DBUF-MMU-008"},
     {"v4l2:vmalloc", "DBUF-MMU-008"},
     {"v4l2:vmalloc", "DBUF-VBT-011"},
     {"v4l2:dma_contig", "DBUF-VBT-011"}},
    {"vgem", "drm:virtio_gpu", "udmabuf", "heap:system", "v4l2:vmalloc", "v4l2:dma_contig"},
    200};

class DirectedChecks : public ::testing::TestWithParam<const Known*> {};

TEST_P(DirectedChecks, FindWhatIsKnownAndNothingElse) {
  const Known& known = *GetParam();
  DMABUF_GUEST_OR_SKIP(known.kernel, Module::NotNeeded);
  const Scratch scratch;
  const std::string out = scratch.at("run");
  Options patient;
  patient.timeout = std::chrono::seconds(800);
  const Answer answer =
      run({"check", "--target", std::string("vm:") + known.kernel, "--all", "--out", out}, patient);
  EXPECT_EQ(answer.status, kFindings) << answer.story();

  Defects broken;
  std::set<std::string> checked, kept;
  for (const auto& [target, one] : runs_of(out)) {
    SCOPED_TRACE(target);
    const std::string exporter = target.substr(target.find('/') + 1);
    if (one.skipped_whole()) {
      EXPECT_FALSE(known.exporters.contains(exporter)) << one.skips.front().reason;
      continue;
    }
    checked.insert(exporter);
    ASSERT_TRUE(one.stop.has_value());
    EXPECT_EQ(one.stop->reason, "plan-done");
    const record::Totals totals = one.totals();
    EXPECT_EQ(totals[record::CaseOutcome::Error], 0U);
    EXPECT_EQ(totals[record::CaseOutcome::Hang], 0U);
    EXPECT_EQ(totals[record::CaseOutcome::Crash], 0U);
    EXPECT_EQ(totals[record::CaseOutcome::NotRun], 0U);
    for (const record::Case& each : one.cases)
      for (const record::Try& attempt : each.tries)
        if (attempt.outcome == record::CaseOutcome::Error)
          ADD_FAILURE() << each.id << ": " << attempt.message;
    for (const record::Checked& each : one.checks) {
      if (each.state == "broken") {
        broken.emplace(exporter, each.requirement);
        if (!known.defects.contains({exporter, each.requirement}))
          ADD_FAILURE() << each.case_id << " " << each.requirement << ": " << each.call
                        << ": expected " << each.expected << ", observed " << each.observed;
      }
      if (each.state == "kept") kept.insert(each.requirement);
      if (each.state == "not-applicable") {
        EXPECT_FALSE(each.reason.empty()) << each.case_id;
      }
    }
    for (const record::Finding& finding : one.findings) {
      EXPECT_FALSE(finding.clauses.empty()) << "the kernel complained: " << story(one);
      EXPECT_THAT(finding.replay, HasSubstr("check --target"));
    }
  }
  EXPECT_EQ(broken, known.defects) << "a defect that is gone is good news: take it off the list";
  EXPECT_EQ(checked, known.exporters);
  EXPECT_GE(kept.size(), known.requirements);
}

INSTANTIATE_TEST_SUITE_P(Of, DirectedChecks, ::testing::Values(&kDebian6_1, &kDebian6_12),
                         [](const auto& instance) {
                           return std::string(instance.param == &kDebian6_1 ? "Debian6_1"
                                                                            : "Debian6_12");
                         });

TEST(DirectedCheck, IsMadeAgainAloneByTheCommandOfItsFinding) {
  DMABUF_GUEST_OR_SKIP("debian:6.12", Module::NotNeeded);
  const Scratch scratch;
  Options patient;
  patient.timeout = std::chrono::seconds(300);
  const Answer answer =
      run({"check", "--target", "vm:debian:6.12/vgem", "mmu.offset", "--out", scratch.at("run")},
          patient);
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  const record::Run one = only_run_of(scratch / "run");
  ASSERT_EQ(one.cases.size(), 1U);
  EXPECT_EQ(one.cases.front().id, "check.mmu.offset");
  ASSERT_EQ(one.findings.size(), 1U);
  EXPECT_EQ(one.findings.front().signature, "check:MMU-008:mmu.offset:vgem");
  EXPECT_THAT(one.findings.front().replay,
              HasSubstr("check --target vm:debian:6.12/vgem mmu.offset"));
  EXPECT_FALSE(
      read_file(scratch / ("run/findings/" + one.findings.front().id + "/calls.txt")).empty());
}

TEST(DirectedCheck, ThatTheTargetHasNotIsAMistakeOfTheCallers) {
  const Answer other = run({"check", "--target", "vm:debian:6.12/vgem", "udm.seals"});
  EXPECT_EQ(other.status, kUsage) << other.story();
  EXPECT_THAT(other.err, HasSubstr("none of these checks is about vm:debian:6.12/vgem"));
  const Answer unknown = run({"check", "--target", "vm:debian:6.12/vgem", "udm.sales"});
  EXPECT_EQ(unknown.status, kUsage) << unknown.story();
  EXPECT_THAT(unknown.err, HasSubstr("udm.sales"));
}

}  // namespace
}  // namespace dmabuf::app::testing
