// SPDX-License-Identifier: MIT
/// The tester tested: every bug that can be switched on in the reference is found by a plain run, and
/// its counterexample is short enough to be read at a glance.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "dmabuf/conformance/campaign.hpp"
#include "dmabuf/conformance/token.hpp"
#include "reference_target.hpp"

namespace dmabuf::conformance {
namespace {

constexpr std::uint64_t kCases = 2000;
constexpr std::size_t kLongest = 8;
/// Where storage moves, somebody must have looked before: the shrinker deletes, and does not put a line earlier that would
/// make another superfluous.
constexpr std::size_t kLongestOfMoves = 9;
constexpr std::size_t kMedian = 6;

struct Silent final : Sink {
  void write(const record::Record&) override {}
};

/// The shortest counterexample of a plain run; empty if there is none.
std::optional<record::Finding> caught(const reference::MutantInfo& mutant) {
  const auto adapter = reference::open_reference(mutant.exporter, mutant.mutant);
  CampaignOptions options;
  options.start.target = "reference:" + std::string(mutant.exporter);
  options.seed = 1;
  options.cases = kCases;
  options.every_case = false;
  Silent silent;
  auto result = run_campaign(*adapter, reference_profile(mutant.exporter), options, silent);
  const auto shortest = std::min_element(
      result.findings.begin(), result.findings.end(),
      [](const record::Finding& a, const record::Finding& b) { return a.trace.size() < b.trace.size(); });
  if (shortest == result.findings.end()) return {};
  return *shortest;
}

std::string shown(const record::Finding& finding) {
  std::string text = finding.signature + "\n";
  for (const record::Step& step : finding.trace)
    text += fmt::format("  {} -> {}  {}\n", step.operation, step.outcome, step.note);
  return text;
}

class Mutant : public testing::TestWithParam<reference::MutantInfo> {};

TEST_P(Mutant, IsCaughtAndExplainedInAFewLines) {
  const reference::MutantInfo& mutant = GetParam();
  const auto finding = caught(mutant);
  ASSERT_TRUE(finding) << mutant.name << " (" << mutant.imitates << ") survives " << kCases << " cases";
  RecordProperty("operations", static_cast<int>(finding->trace.size()));
  RecordProperty("signature", finding->signature);
  EXPECT_LE(finding->trace.size(), mutant.exporter == "migrating" ? kLongestOfMoves : kLongest) << shown(*finding);
  EXPECT_FALSE(finding->clauses.empty()) << "no clause is named\n" << shown(*finding);
  EXPECT_FALSE(finding->minimality.starts_with("not shrunk")) << finding->minimality;

  // The counterexample shows this bug and nothing but this bug: without the mutant it passes.
  const auto content = decode_token(finding->token);
  ASSERT_TRUE(content);
  const auto sound = reference::open_reference(mutant.exporter);
  Runner runner(*sound, reference_profile(mutant.exporter));
  EXPECT_EQ(runner.run(content->program).outcome, record::CaseOutcome::Pass) << shown(*finding);
}

INSTANTIATE_TEST_SUITE_P(Reference, Mutant,
                         testing::ValuesIn(reference::mutants().begin(), reference::mutants().end()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(Mutants, HaveCounterexamplesOfSixOperationsOrFewerAsARule) {
  std::vector<std::size_t> lengths;
  for (const reference::MutantInfo& mutant : reference::mutants())
    if (const auto finding = caught(mutant)) lengths.push_back(finding->trace.size());
  ASSERT_FALSE(lengths.empty());
  std::sort(lengths.begin(), lengths.end());
  EXPECT_LE(lengths[lengths.size() / 2], kMedian);
}

}  // namespace
}  // namespace dmabuf::conformance

namespace dmabuf::reference {
/// How GoogleTest names a parameter in a failure.
void PrintTo(const MutantInfo& mutant, std::ostream* out);
void PrintTo(const MutantInfo& mutant, std::ostream* out) { *out << mutant.name; }
}  // namespace dmabuf::reference
