// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/campaign.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/conformance/token.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "model_adapter.hpp"
#include "reference_target.hpp"

namespace dmabuf::conformance {
namespace {

using namespace model;
using record::CaseOutcome;
using testing::ElementsAre;
using testing::HasSubstr;

struct Journal final : Sink {
  void write(const record::Record& record) override { records.push_back(record); }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> result;
    for (const record::Record& record : records)
      if (const T* one = std::get_if<T>(&record)) result.push_back(*one);
    return result;
  }
  /// A finding is written when it is found and again, with its final count, at the end.
  std::vector<record::Finding> findings() const {
    std::vector<record::Finding> latest;
    for (const record::Finding& one : all<record::Finding>()) {
      const auto before = std::find_if(latest.begin(), latest.end(),
                                       [&](const record::Finding& f) { return f.signature == one.signature; });
      if (before == latest.end())
        latest.push_back(one);
      else
        *before = one;
    }
    return latest;
  }
  std::vector<record::Record> records;
};

CampaignOptions options(std::string target, std::uint64_t cases = 100) {
  CampaignOptions result;
  result.start.target = std::move(target);
  result.seed = 1;
  result.cases = cases;
  return result;
}

class Unbroken : public testing::TestWithParam<std::string_view> {};

TEST_P(Unbroken, ReferencePasses) {
  const auto adapter = reference::open_reference(GetParam());
  Journal journal;
  CampaignOptions with = options("reference:" + std::string(GetParam()), 3000);
  with.every_case = false;
  const auto result = run_campaign(*adapter, reference_profile(GetParam()), with, journal);
  for (const record::Finding& finding : result.findings) {
    std::string text = finding.signature + "\n" + finding.summary + "\n";
    for (const record::Step& step : finding.trace)
      text += "  " + step.operation + " -> " + step.outcome + "  " + step.note + "\n";
    ADD_FAILURE() << text << finding.replay;
  }
  EXPECT_EQ(result.stop.verdict, "conforms");
  EXPECT_EQ(result.stop.reason, "plan-done");
  EXPECT_EQ(result.stop.cases, 3000U);
  EXPECT_GT(result.stop.operations, 100'000U);
}
INSTANTIATE_TEST_SUITE_P(Exporters, Unbroken, testing::ValuesIn(reference::reference_exporters().begin(),
                                                                reference::reference_exporters().end()),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(Campaign, WritesAJournalInOrder) {
  ModelAdapter adapter(reference_profile("eager"));
  Journal journal;
  run_campaign(adapter, reference_profile("eager"), options("model", 3), journal);
  ASSERT_EQ(journal.records.size(), 1 + 3 * 2 + 2U);
  const auto& start = std::get<record::Start>(journal.records[0]);
  EXPECT_EQ(start.exporter, "reference:eager");
  EXPECT_EQ(start.seed, 1U);
  EXPECT_EQ(start.operations.size(), kOperationKinds);
  EXPECT_FALSE(start.model.empty());
  EXPECT_EQ(std::get<record::Begin>(journal.records[1]).case_id, "random.000000");
  EXPECT_EQ(std::get<record::Begin>(journal.records[1]).case_seed, case_seed(1, 0));
  const auto& end = std::get<record::End>(journal.records[2]);
  EXPECT_EQ(end.outcome, CaseOutcome::Pass);
  EXPECT_GE(end.operations, 30U);
  EXPECT_TRUE(std::holds_alternative<record::Coverage>(journal.records[7]));
  EXPECT_EQ(std::get<record::Stop>(journal.records[8]).verdict, "conforms");
}

TEST(Campaign, DescribesAFindingInFull) {
  const auto adapter = reference::open_reference("eager", reference::Mutant::GetForeignSucceeds);
  Journal journal;
  CampaignOptions with = options("reference:eager", 100);
  std::size_t improvements = 0;
  with.improved = [&](const record::Finding&) { ++improvements; };
  const auto result = run_campaign(*adapter, reference_profile("eager"), with, journal);
  EXPECT_EQ(result.stop.verdict, "diverges");
  const auto findings = journal.findings();
  ASSERT_EQ(findings.size(), 1U);
  const record::Finding& finding = findings[0];
  EXPECT_EQ(finding.signature, "div:get:outcome:errno:EINVAL->ok:reference:eager");
  EXPECT_EQ(finding.id.size(), 12U);
  EXPECT_EQ(finding.kind, CaseOutcome::Divergence);
  EXPECT_EQ(finding.minimality, "1-minimal");
  EXPECT_EQ(finding.expected, "EINVAL");
  EXPECT_EQ(finding.observed, "ok");
  ASSERT_EQ(finding.trace.size(), 1U);
  EXPECT_EQ(finding.trace[0].operation, "get foreign r0");
  EXPECT_EQ(finding.trace[0].outcome, "ok");
  EXPECT_THAT(finding.trace[0].note, HasSubstr("expected EINVAL, observed ok"));
  EXPECT_THAT(finding.allowed, ElementsAre(HasSubstr("EINVAL [DBUF-")));
  ASSERT_FALSE(finding.clauses.empty());
  EXPECT_THAT(finding.clauses[0].id, testing::StartsWith("DBUF-"));
  EXPECT_FALSE(finding.clauses[0].text.empty());
  EXPECT_THAT(finding.clauses[0].source, HasSubstr(", "));
  EXPECT_EQ(finding.replay, "dmabuf-conform replay --target reference:eager " + finding.token);
  EXPECT_GE(improvements, 1U);
  EXPECT_GT(result.findings[0].count, 1U);  // the same bug, seen again and reported once
  EXPECT_EQ(result.outcomes.at(CaseOutcome::Divergence), result.findings[0].count);

  // The token is the case: it shows the same thing without the walk that led to it.
  const auto content = decode_token(finding.token);
  ASSERT_TRUE(content);
  Runner runner(*adapter, reference_profile("eager"));
  const auto again = examine(runner, content->program, "reference:eager", {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->signature, finding.signature);
  EXPECT_EQ(again->token, finding.token);
  const auto sound = reference::open_reference("eager");
  Runner against_sound(*sound, reference_profile("eager"));
  EXPECT_FALSE(examine(against_sound, content->program, "reference:eager", {}));
}

TEST(Campaign, NamesTheOperationAfterWhichALeakIsPermanent) {
  const auto adapter = reference::open_reference("eager", reference::Mutant::DetachPuts);
  Journal journal;
  run_campaign(*adapter, reference_profile("eager"), options("reference:eager", 50), journal);
  const auto leaking = reference::open_reference("udmabuf", reference::Mutant::DiscardLeaks);
  Journal leaks;
  run_campaign(*leaking, reference_profile("udmabuf"), options("reference:udmabuf", 50), leaks);
  const auto findings = leaks.findings();
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].signature, "leak:reference:discard:reference:udmabuf");
  EXPECT_EQ(findings[0].kind, CaseOutcome::Leak);
  EXPECT_THAT(findings[0].trace.back().note, HasSubstr("stays after close f0"));
}

/// An adapter that shows nothing but what remains when a case is over: the culprit is found by halving.
TEST(Campaign, TracesAResidueToItsOperation) {
  ModelAdapter adapter(reference_profile("eager"));
  adapter.change_outcome = [&](const Operation& operation, Outcome outcome) {
    const auto* map = std::get_if<op::Map>(&operation);
    if (map != nullptr && map->direction == Direction::FromDevice && outcome) ++adapter.pending_leftovers;
    return outcome;
  };
  Journal journal;
  run_campaign(adapter, reference_profile("eager"), options("model", 60), journal);
  const auto findings = journal.findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].signature, "leak:pages_in_the_slab:map:reference:eager");
  EXPECT_EQ(findings[0].trace.size(), 3U);
  EXPECT_EQ(findings[0].trace.back().operation, "map a0 m0 from_device");
  EXPECT_EQ(findings[0].minimality, "1-minimal");
}

TEST(Campaign, ReplaysTracesFirst) {
  const auto adapter = reference::open_reference("eager", reference::Mutant::GetBadFdWrongErrno);
  Journal journal;
  CampaignOptions with = options("reference:eager", 0);
  with.traces = {{"pass", parse_trace("export b0 r0 pages=1 access=rw")->program()},
                 {"get-bad-fd", parse_trace("export b0 r0 pages=1 access=rw\nget bad r1")->program()},
                 {"done-before", parse_trace("get bad r0")->program()}};
  with.done_traces = {"done-before"};
  const auto result = run_campaign(*adapter, reference_profile("eager"), with, journal);
  const auto ends = journal.all<record::End>();
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0].case_id, "trace.pass");
  EXPECT_EQ(ends[0].outcome, CaseOutcome::Pass);
  EXPECT_EQ(ends[1].case_id, "trace.get-bad-fd");
  EXPECT_EQ(ends[1].outcome, CaseOutcome::Divergence);
  EXPECT_EQ(ends[1].op, 1U);
  EXPECT_EQ(result.findings.at(0).first_case, "trace.get-bad-fd");
}

TEST(Campaign, RunsTheSameCasesHoweverManyShards) {
  std::map<std::string, std::uint64_t> alone, together;
  const auto collect = [](const Journal& journal, auto& into) {
    for (const auto& begin : journal.all<record::Begin>()) into[begin.case_id] = begin.case_seed;
  };
  ModelAdapter adapter(reference_profile("eager"));
  Journal one;
  run_campaign(adapter, reference_profile("eager"), options("model", 20), one);
  collect(one, alone);
  for (std::uint32_t shard = 1; shard <= 3; ++shard) {
    Journal journal;
    CampaignOptions with = options("model", 20);
    with.shard_index = shard;
    with.shard_count = 3;
    std::uint64_t planned = 0;
    with.progress = [&](const Progress& progress) { planned = progress.planned; };
    run_campaign(adapter, reference_profile("eager"), with, journal);
    EXPECT_EQ(journal.all<record::Begin>().size(), planned);
    collect(journal, together);
  }
  EXPECT_EQ(alone.size(), 20U);
  EXPECT_EQ(alone, together);
}

TEST(Campaign, Resumes) {
  ModelAdapter adapter(reference_profile("eager"));
  Journal journal;
  CampaignOptions with = options("model", 10);
  with.first_case = 4;
  with.done = {5, 7};
  run_campaign(adapter, reference_profile("eager"), with, journal);
  std::vector<std::uint64_t> ran;
  for (const auto& begin : journal.all<record::Begin>()) ran.push_back(begin.k);
  EXPECT_THAT(ran, ElementsAre(4, 6, 8, 9));
}

TEST(Campaign, StopsWhenAsked) {
  ModelAdapter adapter(reference_profile("eager"));
  Journal journal;
  std::atomic<bool> stop = false;
  CampaignOptions with = options("model", 1'000'000);
  with.stop = &stop;
  with.before_each = [&, count = 0](std::size_t, const Operation&) mutable {
    if (++count == 500) stop = true;
  };
  const auto result = run_campaign(adapter, reference_profile("eager"), with, journal);
  EXPECT_EQ(result.stop.reason, "sigterm");
  EXPECT_LT(result.stop.cases, 100U);
}

TEST(Campaign, StopsAtItsBudgets) {
  const auto adapter = reference::open_reference("eager");
  Journal journal;
  CampaignOptions with = options("reference:eager", 1'000'000'000);
  with.every_case = false;
  with.max_time = std::chrono::milliseconds(100);
  EXPECT_EQ(run_campaign(*adapter, reference_profile("eager"), with, journal).stop.reason, "max-time");

  const auto broken = reference::open_reference("eager", reference::Mutant::ExportCountsTwice);
  with.max_time = std::chrono::milliseconds(0);
  with.max_findings = 1;
  EXPECT_EQ(run_campaign(*broken, reference_profile("eager"), with, journal).stop.reason, "max-findings");
}

TEST(Campaign, GivesUpOnALostTarget) {
  ModelAdapter adapter(reference_profile("eager"));
  adapter.before = [](const Operation&) { throw HarnessError("no answer"); };
  Journal journal;
  const auto result = run_campaign(adapter, reference_profile("eager"), options("model", 100), journal);
  EXPECT_EQ(result.stop.reason, "target-lost");
  EXPECT_EQ(result.stop.verdict, "inconclusive");
  EXPECT_EQ(result.outcomes.at(CaseOutcome::Error), 5U);
  EXPECT_TRUE(result.findings.empty());
  EXPECT_EQ(journal.all<record::End>()[0].message, "no answer");
}

TEST(Campaign, ThatJudgedNothingIsInconclusive) {
  ModelAdapter adapter(reference_profile("eager"));
  Journal journal;
  EXPECT_EQ(run_campaign(adapter, reference_profile("eager"), options("model", 0), journal).stop.verdict,
            "inconclusive");
}

TEST(Campaign, CountsKnownFindingsWithoutReportingThemAgain) {
  const auto adapter = reference::open_reference("eager", reference::Mutant::GetBadFdWrongErrno);
  Journal journal;
  CampaignOptions with = options("reference:eager", 300);
  with.known = {"div:get:outcome:errno:EBADF->errno:EINVAL:reference:eager"};
  const auto result = run_campaign(*adapter, reference_profile("eager"), with, journal);
  EXPECT_TRUE(journal.all<record::Finding>().empty());
  EXPECT_EQ(result.stop.verdict, "diverges");
}

TEST(RegressionTraces, AreLoadedInOrderAndErrorsNameTheFile) {
  const auto directory = std::filesystem::temp_directory_path() / "dmabuf-conform-traces-test";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "b.dbt") << "get bad r0\n";
  std::ofstream(directory / "a.dbt") << "# dbt 1 model=x\nget foreign r0 -> EINVAL\n";
  std::ofstream(directory / "notes.txt") << "not a trace\n";
  const auto traces = load_traces(directory.string());
  ASSERT_TRUE(traces) << traces.error();
  ASSERT_EQ(traces->size(), 2U);
  EXPECT_EQ(traces->at(0).name, "a");
  EXPECT_EQ(traces->at(1).program.size(), 1U);
  std::ofstream(directory / "c.dbt") << "get nothing\n";
  const auto broken = load_traces(directory.string());
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error(), HasSubstr("c.dbt: line 1, column 5: expected an fd slot"));
  std::filesystem::remove_all(directory);
  EXPECT_FALSE(load_traces(directory.string()));
  EXPECT_FALSE(load_trace("/nonexistent.dbt"));
}

TEST(RegressionTraces, OfThisRepositoryPassOnTheReference) {
  const auto traces = load_traces(DMABUF_TRACES);
  ASSERT_TRUE(traces) << traces.error();
  EXPECT_FALSE(traces->empty());
  for (std::string_view exporter : reference::reference_exporters()) {
    const auto adapter = reference::open_reference(exporter);
    Runner runner(*adapter, reference_profile(exporter));
    for (const RegressionTrace& trace : *traces)
      EXPECT_EQ(runner.run(trace.program).outcome, CaseOutcome::Pass) << trace.name << " on " << exporter;
  }
}

}  // namespace
}  // namespace dmabuf::conformance
