// SPDX-License-Identifier: MIT
/// What a checked operation costs, and where it goes. Every figure stands beside the bare reference
/// measured in the same run, since absolute ones differ from machine to machine.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <vector>

#include "../tests/reference_target.hpp"
#include "dmabuf/conformance/campaign.hpp"
#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/runner.hpp"
#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/conformance/token.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/oracle.hpp"

namespace dmabuf::conformance {
namespace {

constexpr std::string_view kExporter = "caching";
constexpr std::uint64_t kPrograms = 256;

struct Recorded {
  Program program;
  std::vector<model::Outcome> outcomes;
  std::vector<model::Observation> seen;
};

/// The same programs for all: what was carried out, with what came of it.
const std::vector<Recorded>& recorded() {
  static const std::vector<Recorded> all = [] {
    std::vector<Recorded> result;
    const auto adapter = reference::open_reference(kExporter);
    Runner runner(*adapter, reference_profile(kExporter));
    GeneratorOptions options;
    options.alphabet = adapter->alphabet();
    for (std::uint64_t k = 0; k < kPrograms; ++k) {
      const CaseResult& ran = runner.run(generate(case_seed(1, k), 100, reference_profile(kExporter), {}, options));
      Recorded one{ran.executed(), {}, {}};
      adapter->reset();
      for (const model::Operation& operation : one.program.operations) {
        one.outcomes.push_back(adapter->apply(operation));
        one.seen.emplace_back();
        adapter->observe(one.seen.back());
      }
      result.push_back(std::move(one));
    }
    return result;
  }();
  return all;
}

/// Of processor time: the machine may be busy with something else.
double operations_per_second(std::uint64_t operations, std::clock_t time) {
  return static_cast<double>(operations) * CLOCKS_PER_SEC / static_cast<double>(std::max<std::clock_t>(1, time));
}

/// The baseline: the reference alone, asked for the same operations.
std::uint64_t bare(Adapter& adapter, bool observe) {
  std::uint64_t operations = 0;
  model::Observation seen;
  for (const Recorded& one : recorded()) {
    adapter.reset();
    for (const model::Operation& operation : one.program.operations) {
      benchmark::DoNotOptimize(adapter.apply(operation));
      if (observe) adapter.observe(seen);
    }
    operations += one.program.size();
  }
  return operations;
}

double baseline() {
  static const double rate = [] {
    const auto adapter = reference::open_reference(kExporter);
    bare(*adapter, false);
    const auto begun = std::clock();
    std::uint64_t operations = 0;
    for (int round = 0; round < 20; ++round) operations += bare(*adapter, false);
    return operations_per_second(operations, std::clock() - begun);
  }();
  return rate;
}

/// Items are operations; `times_bare` is how many bare operations one of them costs.
template <class Round>
void measure(benchmark::State& state, Round round) {
  const double bare_rate = baseline();
  std::uint64_t operations = 0;
  const auto begun = std::clock();
  for (auto _ : state) operations += round();
  const auto time = std::clock() - begun;
  state.SetItemsProcessed(static_cast<std::int64_t>(operations));
  state.counters["times_bare"] = bare_rate / operations_per_second(operations, time);
}

void BareReference(benchmark::State& state) {
  const auto adapter = reference::open_reference(kExporter);
  measure(state, [&] { return bare(*adapter, false); });
}
BENCHMARK(BareReference);

void ReferenceObserved(benchmark::State& state) {
  const auto adapter = reference::open_reference(kExporter);
  measure(state, [&] { return bare(*adapter, true); });
}
BENCHMARK(ReferenceObserved);

void OracleSteps(benchmark::State& state) {
  model::Oracle oracle(reference_profile(kExporter));
  measure(state, [&] {
    std::uint64_t operations = 0;
    for (const Recorded& one : recorded()) {
      oracle.reset();
      for (std::size_t i = 0; i < one.program.size(); ++i) {
        if (oracle.judge(one.program.operations[i], one.outcomes[i]) || oracle.judge(one.seen[i]))
          state.SkipWithError("the reference diverges");
      }
      operations += one.program.size();
    }
    return operations;
  });
}
BENCHMARK(OracleSteps);

void Generation(benchmark::State& state) {
  const model::Profile profile = reference_profile(kExporter);
  const GeneratorOptions options;
  Program program;
  std::uint64_t k = 0;
  measure(state, [&] {
    std::uint64_t operations = 0;
    for (std::uint64_t i = 0; i < kPrograms; ++i) {
      generate(case_seed(1, k++), 100, profile, {}, options, program);
      operations += program.size();
    }
    return operations;
  });
}
BENCHMARK(Generation);

/// The same through RapidCheck's Gen, as a campaign draws it.
void GenerationThroughRapidCheck(benchmark::State& state) {
  const auto gen = programs(reference_profile(kExporter), {});
  std::uint64_t k = 0;
  measure(state, [&] {
    std::uint64_t operations = 0;
    for (std::uint64_t i = 0; i < kPrograms; ++i)
      operations += gen(rc::Random(case_seed(1, k++)), rc::kNominalSize).value().size();
    return operations;
  });
}
BENCHMARK(GenerationThroughRapidCheck);

/// Carried out, observed and judged after every operation, torn down, residue checked; not generated.
void CheckedRuns(benchmark::State& state) {
  const auto adapter = reference::open_reference(kExporter);
  Runner runner(*adapter, reference_profile(kExporter));
  measure(state, [&] {
    const std::uint64_t before = runner.operations();
    for (const Recorded& one : recorded())
      if (runner.run(one.program).outcome != record::CaseOutcome::Pass) state.SkipWithError("the reference diverges");
    return runner.operations() - before;
  });
}
BENCHMARK(CheckedRuns);

struct Nowhere final : Sink {
  void write(const record::Record& record) override { benchmark::DoNotOptimize(&record); }
};

/// All of it: what a user's run does per operation.
void Campaigns(benchmark::State& state) {
  const auto adapter = reference::open_reference(kExporter);
  CampaignOptions options;
  options.cases = kPrograms;
  options.every_case = state.range(0) != 0;
  Nowhere nowhere;
  measure(state, [&] {
    options.seed += 1;
    const auto result = run_campaign(*adapter, reference_profile(kExporter), options, nowhere);
    if (!result.findings.empty()) state.SkipWithError("the reference diverges");
    return result.stop.operations;
  });
}
BENCHMARK(Campaigns)->ArgName("every_case")->Arg(0)->Arg(1);

void ParsingText(benchmark::State& state) {
  std::vector<std::string> texts;
  for (const Recorded& one : recorded()) texts.push_back(to_text(one.program, "0123456789abcdef"));
  measure(state, [&] {
    std::uint64_t operations = 0;
    for (const std::string& text : texts) operations += parse_trace(text)->lines.size();
    return operations;
  });
}
BENCHMARK(ParsingText);

void DecodingTokens(benchmark::State& state) {
  std::vector<std::string> tokens;
  for (const Recorded& one : recorded()) tokens.push_back(*encode_token(one.program, "0123456789abcdef"));
  measure(state, [&] {
    std::uint64_t operations = 0;
    for (const std::string& token : tokens) operations += decode_token(token)->program.size();
    return operations;
  });
}
BENCHMARK(DecodingTokens);

}  // namespace
}  // namespace dmabuf::conformance

BENCHMARK_MAIN();
