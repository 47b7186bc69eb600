// SPDX-License-Identifier: MIT
/// How fast the model thinks: states explored, oracle steps, alternatives.
#include <benchmark/benchmark.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/oracle.hpp"

namespace dmabuf::model {
namespace {

Configuration standard(std::string_view name) {
  for (Configuration& c : standard_configurations())
    if (c.name == name) return std::move(c);
  throw std::invalid_argument(std::string(name));
}

void explorer(benchmark::State& state, std::string_view name, bool teardown) {
  Configuration c = standard(name);
  c.teardown = teardown;
  double states = 0, transitions = 0;
  for (auto _ : state) {
    const Exploration e = explore(c);
    if (!e.complete) throw std::logic_error("the model does not hold");
    states += static_cast<double>(e.states);
    transitions += static_cast<double>(e.transitions);
  }
  state.counters["states/s"] = benchmark::Counter(states, benchmark::Counter::kIsRate);
  state.counters["transitions/s"] = benchmark::Counter(transitions, benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(explorer, everything, "everything", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, everything_with_teardown, "everything", true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, importers_caching, "importers-caching", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, sharing, "sharing", false)->Unit(benchmark::kMillisecond);

/// A life of a buffer, with every outcome as the contract has it.
std::vector<std::pair<Operation, Outcome>> life() {
  const BufferId b0{0};
  const FdId f0{0}, f1{1};
  const ReferenceId r0{0}, r1{1};
  const AttachmentId a0{0};
  const MappingId m0{0};
  const VmaId v0{0};
  const MessageId s0{0};
  constexpr auto kNo = CloseOnExec::No;
  return {{op::Export{b0, r0, 2, Access::ReadWrite}, done()},
          {op::InstallFd{r0, f0, kNo}, done()},
          {op::Mmap{f0, v0, 0, 2, Protection::ReadWrite, Sharing::Shared}, done()},
          {op::Store{v0, 1, 7}, done()},
          {op::Get{f0, r1}, done()},
          {op::Attach{r1, kLaxDevice, a0}, done()},
          {op::Map{a0, m0, Direction::ToDevice}, done()},
          {op::DeviceRead{m0, 1}, done(7)},
          {op::Put{r1}, refused(16)},
          {op::Send{f0, s0}, done()},
          {op::Receive{s0, f1, kNo}, done()},
          {op::Sync{f1, SyncFlags::StartRead, Argument::Good}, done()},
          {op::Load{v0, 1}, done(7)},
          {op::Sync{f1, SyncFlags::EndRead, Argument::Good}, done()},
          {op::Unmap{m0}, done()},
          {op::Detach{a0}, done()},
          {op::Put{r1}, done()},
          {op::Munmap{v0}, done()},
          {op::Close{f0}, done()},
          {op::Close{f1}, done()}};
}

void oracle(benchmark::State& state, std::string_view exporter, bool observing) {
  Oracle oracle({*find_kernel_profile("reference"), *find_exporter_profile(exporter),
                 {.name = "harness", .guards_misuse = true}});
  const auto trace = life();
  Observation seen;
  for (auto _ : state) {
    for (const auto& [operation, outcome] : trace) {
      if (oracle.judge(operation, outcome)) throw std::logic_error("a lawful life is judged unlawful");
      if (!observing) continue;
      seen = expected_observation(oracle.world(), oracle.profile());
      benchmark::DoNotOptimize(oracle.judge(seen, &operation));
    }
    oracle.reset();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(trace.size()));
}
BENCHMARK_CAPTURE(oracle, outcomes, "reference:deferred", false);
BENCHMARK_CAPTURE(oracle, outcomes_and_observations, "reference:deferred", true);

void all_alternatives(benchmark::State& state) {
  const Configuration c = standard("everything");
  World world;
  Alternatives ways;
  for (const auto& [operation, outcome] : life()) {
    if (operation.index() == kind_of<op::Unmap>()) break;
    alternatives(world, c.profile, operation, ways);
    if (ways.front().allowance == Allowance::Permitted) world = ways.front().next;
  }
  std::int64_t asked = 0;
  for (auto _ : state) {
    for (const Operation& operation : c.operations) {
      alternatives(world, c.profile, operation, ways);
      benchmark::DoNotOptimize(ways.data());
    }
    asked += static_cast<std::int64_t>(c.operations.size());
  }
  state.SetItemsProcessed(asked);
}
BENCHMARK(all_alternatives);

}  // namespace
}  // namespace dmabuf::model

BENCHMARK_MAIN();
