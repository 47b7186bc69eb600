// SPDX-License-Identifier: MIT
// Two runs side by side, and shards put together.
#include "dmabuf/reports/compare.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dmabuf/reports/json.hpp"
#include "golden.hpp"

namespace dmabuf::reports {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace dmabuf::record;

struct Shown {
  std::uint64_t k;
  std::string signature;
};

std::string id_of(std::uint64_t k) { return fmt::format("random.{:06}", k); }

record::Run run_of(std::vector<Shown> shown, std::uint64_t seed = 1, std::uint32_t index = 1, std::uint32_t count = 1,
           const std::string& target = "native:udmabuf", bool counted = false, std::uint64_t cases = 20) {
  record::Run run;
  run.start = Start{.run = fmt::format("run-{}-{}", seed, index), .tool = "t 1", .model = "m", .target = target, .seed = seed,
                    .cases = cases, .shard_index = index, .shard_count = count, .started = "2026-02-11T03:14:07Z"};
  std::uint64_t passed = 0;
  for (std::uint64_t k = index - 1; k < cases; k += count) {
    Case one{.id = id_of(k), .k = k, .seed = 100 + k};
    Try attempt{.outcome = CaseOutcome::Pass, .ended = true, .operations = 10, .ms = 1};
    for (const Shown& it : shown)
      if (it.k == k) {
        attempt.outcome = CaseOutcome::Divergence;
        attempt.signature = it.signature;
        run.findings.push_back({.signature = it.signature, .id = "id-" + it.signature, .target = target, .first_case = one.id,
                                .summary = "it shows " + it.signature});
      }
    one.tries.push_back(attempt);
    if (counted && attempt.outcome == CaseOutcome::Pass)
      ++passed;
    else
      run.cases.push_back(one);
  }
  if (counted) run.notes.push_back({"cases.passed", std::to_string(passed)});
  run.coverage = Coverage{.rows_hit = 1, .rows_total = 3, .missing = {fmt::format("row {}", index + 1), "row never"},
                          .hit = {fmt::format("row {}", index)}};
  run.stop = Stop{.reason = "plan-done", .verdict = run.findings.empty() ? "conforms" : "diverges", .cases = cases / count,
                  .operations = cases / count * 10, .findings = run.findings.size(), .seconds = 2};
  return run;
}

std::vector<std::string> changes(const Comparison& comparison) {
  std::vector<std::string> all;
  for (const Changed& one : comparison.findings) all.push_back(std::string(to_string(one.change)) + " " + one.signature);
  return all;
}

TEST(Compare, HasFiveLists) {
  record::Run base = run_of({{1, "stays"}, {2, "fixed"}, {3, "gone"}});
  record::Run now = run_of({{1, "stays"}, {5, "regressed"}});
  now.cases.erase(now.cases.begin() + 3);
  now.cases.push_back({.id = "trace.kept", .tries = {{.outcome = CaseOutcome::Leak, .ended = true, .signature = "fresh"}}});
  now.findings.push_back({.signature = "fresh", .id = "id-fresh", .first_case = "trace.kept", .summary = "it shows fresh"});
  const Comparison comparison = compare({base}, {now});
  EXPECT_THAT(changes(comparison),
              ElementsAre("new fresh", "regressed regressed", "open stays", "fixed fixed", "no longer run gone"));
  EXPECT_EQ(comparison.exit_code(), 1);
  tests::expect_golden("comparison.txt", render_comparison(comparison));
  tests::expect_golden("comparison.json", comparison_json(comparison));
}

TEST(Compare, OfARunWithItselfHasNothingNew) {
  for (const auto& run : {run_of({{1, "a"}, {4, "b"}}), run_of({})}) {
    const Comparison comparison = compare({run}, {run});
    EXPECT_EQ(comparison.exit_code(), 0);
    EXPECT_EQ(comparison.count(Change::Open), run.findings.size());
    EXPECT_EQ(comparison.findings.size(), run.findings.size());
  }
}

TEST(Compare, ClaimsNothingFixedThatWasNotRun) {
  EXPECT_THAT(changes(compare({run_of({{1, "a"}})}, {run_of({}, 2)})), ElementsAre("no longer run a")) << "another seed";
  EXPECT_THAT(changes(compare({run_of({{19, "a"}})}, {run_of({}, 1, 1, 1, "native:udmabuf", false, 10)})),
              ElementsAre("no longer run a"));
  EXPECT_THAT(changes(compare({run_of({}, 2)}, {run_of({{1, "a"}})})), ElementsAre("new a")) << "another seed is no regression";
}

TEST(Compare, KnowsCasesThatWereOnlyCounted) {
  const auto counted = [](std::vector<Shown> shown) { return run_of(std::move(shown), 1, 1, 1, "reference:eager", true); };
  EXPECT_THAT(changes(compare({counted({{3, "a"}})}, {counted({})})), ElementsAre("fixed a"));
  EXPECT_THAT(changes(compare({counted({})}, {counted({{3, "a"}})})), ElementsAre("regressed a"));
}

TEST(Compare, SaysWhatCannotBeCompared) {
  const Comparison other = compare({run_of({})}, {run_of({{1, "a"}}, 1, 1, 1, "native:vgem")});
  EXPECT_EQ(other.exit_code(), 2);
  EXPECT_THAT(other.only_in_base, ElementsAre("native:udmabuf"));
  EXPECT_THAT(other.only_in_new, ElementsAre("native:vgem"));
  record::Run empty = run_of({});
  empty.cases.clear();
  EXPECT_EQ(compare({run_of({})}, {empty}).exit_code(), 2);
  EXPECT_EQ(compare({}, {}).exit_code(), 2);
}

// --- merge ---------------------------------------------------------------------------------------

std::vector<std::vector<record::Run>> shards(bool counted = false) {
  std::vector<std::vector<record::Run>> all;
  for (std::uint32_t i = 1; i <= 4; ++i)
    all.push_back({run_of({{1, "a"}, {6, "a"}, {7, "b"}}, 1, i, 4, "native:udmabuf", counted)});
  return all;
}

std::string json_of(const tl::expected<Merged, std::string>& merged) {
  EXPECT_TRUE(merged) << merged.error();
  return merged ? results_json(merged->runs) : "";
}

TEST(Merge, OfAllShardsIsTheWholeRun) {
  const auto merged = merge(shards());
  ASSERT_TRUE(merged) << merged.error();
  EXPECT_THAT(merged->complaints, IsEmpty());
  const record::Run whole = run_of({{1, "a"}, {6, "a"}, {7, "b"}});
  const record::Run& run = merged->runs.front();
  EXPECT_EQ(run.cases.size(), whole.cases.size());
  EXPECT_EQ(run.totals().of, whole.totals().of);
  EXPECT_EQ(run.findings.size(), 2U);
  EXPECT_EQ(run.findings.front().count, 2U) << "the same finding of two shards";
  EXPECT_EQ(run.coverage->rows_hit, 4U);
  EXPECT_EQ(run.coverage->rows_total, 6U);
  EXPECT_EQ(run.exit_code(), 1);
  EXPECT_EQ(json_of(merge({{run_of({}, 1, 1, 2)}, {run_of({}, 1, 2, 2)}})).find("\"verdict\": \"conforms\"") != std::string::npos, true);
}

TEST(Merge, SaysWhichShardIsMissing) {
  auto some = shards();
  some.erase(some.begin() + 2);
  const auto merged = merge(some);
  ASSERT_TRUE(merged);
  EXPECT_THAT(merged->complaints, Contains("native:udmabuf: shard 3/4 is missing"));
  EXPECT_THAT(merged->complaints, Contains("native:udmabuf: the first case that was not run is random.000002"));
  const auto conforming = merge({{run_of({}, 1, 1, 2)}});
  EXPECT_EQ(conforming->runs.front().judgement().verdict, Verdict::Inconclusive) << "half of a run is no pass";
  const auto counted = merge({{run_of({}, 1, 1, 2, "reference:eager", true)}});
  EXPECT_EQ(counted->runs.front().judgement().verdict, Verdict::Inconclusive) << "half of a run is no pass";
}

TEST(Merge, IsAssociativeCommutativeAndIdempotent) {
  for (const bool counted : {false, true}) {
    const auto s = shards(counted);
    const std::string all = json_of(merge(s));
    const auto m = [](const std::vector<std::vector<record::Run>>& parts) { return merge(parts)->runs; };
    EXPECT_EQ(json_of(merge({s[3], s[1], s[0], s[2]})), all);
    EXPECT_EQ(json_of(merge({m({s[0], s[1]}), m({s[2], s[3]})})), all);
    EXPECT_EQ(json_of(merge({m({s[2], m({s[3], s[0]}).size() ? s[3] : s[3]}), s[0], s[1]})), all);
    EXPECT_EQ(json_of(merge({m(s)})), all);
    EXPECT_EQ(json_of(merge({m(s), m(s), s[1]})), all) << "a shard that is there already adds nothing";
    EXPECT_EQ(json_of(merge({s[0], s[0], s[1], s[2], s[3]})), all);
  }
}

TEST(Merge, SurvivesItsJournal) {
  const auto merged = merge(shards());
  Collector collector;
  std::uint64_t seq = 0;
  for (const Record& record : records_of(merged->runs.front())) {
    ++seq;
    collector.add({seq, 0, record});
  }
  const auto again = std::move(collector).finish();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(results_json(again), results_json(merged->runs));
  EXPECT_EQ(json_of(merge({again})), json_of(merged));
}

TEST(Merge, RefusesWhatDoesNotBelongTogether) {
  const auto why = [](std::vector<std::vector<record::Run>> parts) {
    const auto merged = merge(parts);
    return merged ? "merged" : merged.error();
  };
  const record::Run first = run_of({}, 1, 1, 2);
  EXPECT_THAT(why({{first}, {run_of({}, 2, 2, 2)}}), HasSubstr("another base seed"));
  EXPECT_THAT(why({{first}, {run_of({}, 1, 2, 3)}}), HasSubstr("another number of shards"));
  EXPECT_THAT(why({{first}, {run_of({}, 1, 2, 2, "native:udmabuf", false, 9)}}), HasSubstr("another number of cases"));
  record::Run model = run_of({}, 1, 2, 2);
  model.start->model = "n";
  EXPECT_THAT(why({{first}, {model}}), HasSubstr("another model"));
  record::Run again = first;
  again.start->run = "other";
  EXPECT_THAT(why({{first}, {again}}), HasSubstr("run twice"));
  record::Run headless = first;
  headless.start.reset();
  EXPECT_THAT(why({{headless}}), HasSubstr("first record"));
  const auto forced = merge({{first}, {model}}, true);
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->runs.front().judgement().verdict, Verdict::Inconclusive) << "mixed runs are no pass";
  const auto s = shards();
  EXPECT_THAT(why({merge({s[0], s[1]})->runs, merge({s[1], s[2]})->runs}), HasSubstr("shard 2/4"));
}

TEST(Merge, KeepsTargetsApart) {
  const auto merged = merge({{run_of({}), run_of({}, 1, 1, 1, "native:vgem")}});
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->runs.size(), 2U);
}

}  // namespace
}  // namespace dmabuf::reports
