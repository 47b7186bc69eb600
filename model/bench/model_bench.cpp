// SPDX-License-Identifier: MIT
/// How fast the model thinks: states explored, oracle steps, alternatives.
#include <benchmark/benchmark.h>

#include <array>
#include <bitset>
#include <initializer_list>
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

/// Worlds of millions of states, for the speed alone: what the standard configurations prove is proved there.
Configuration large(std::string_view name) {
  const auto kinds = [](std::initializer_list<std::size_t> list) {
    std::bitset<kOperationKinds> set;
    for (const std::size_t kind : list) set.set(kind);
    return set;
  };
  const auto sharing = kinds({kind_of<op::Create>(), kind_of<op::Dup>(), kind_of<op::Close>(), kind_of<op::Send>(),
                              kind_of<op::Receive>(), kind_of<op::Discard>(), kind_of<op::Get>(), kind_of<op::Put>()});
  Configuration c;
  c.name = name;
  c.teardown = false;
  c.max_states = std::uint64_t{1} << 32;
  c.bounds = {.buffers = 3, .fds = 5, .references = 3, .attachments = 0, .mappings = 0, .vmas = 0, .messages = 1,
              .devices = 1, .pages = 1, .kinds = sharing};
  std::string_view exporter = "reference:udmabuf";
  if (name == "everything-apart") {  // the standard one, without symmetry: 60 bits
    c = standard("everything");
    c.teardown = false;
    c.symmetry = Symmetry::Ignored;
    return c;
  }
  if (name == "sharing-one-process") {  // 3 buffers, 6 fds, 4 references
    c.bounds.fds = 6;
    c.bounds.references = 4;
    c.bounds.messages = 0;
  }
  if (name == "handing-on") {  // nobody dups and nobody gets: few steps a state
    c.bounds.fds = 6;
    c.bounds.messages = 2;
    c.bounds.references = 0;
    c.bounds.kinds = kinds({kind_of<op::Create>(), kind_of<op::Close>(), kind_of<op::Send>(), kind_of<op::Receive>(),
                            kind_of<op::Discard>()});
  }
  c.profile = {*find_kernel_profile("reference"), *find_exporter_profile(exporter), {.name = "", .guards_misuse = true}};
  return c;
}

/// states/s are of CPU time, so that they are per core whatever the number of threads.
void explored(benchmark::State& state, const Configuration& c, Exploration (*how)(const Configuration&, const ProgressCallback&)) {
  double states = 0, transitions = 0, cpu = 0;
  Exploration e;
  for (auto _ : state) {
    e = how(c, {});
    if (!e.complete) throw std::logic_error("the model does not hold");
    states += static_cast<double>(e.states);
    transitions += static_cast<double>(e.transitions);
    cpu += e.cpu_seconds;
  }
  state.counters["states"] = static_cast<double>(e.states);
  state.counters["bits"] = e.bits;
  state.counters["MiB"] = static_cast<double>(e.bytes) / (1 << 20);
  state.counters["states/s/core"] = states / cpu;
  state.counters["transitions/s/core"] = transitions / cpu;
}
void explorer(benchmark::State& state, std::string_view name, bool teardown) {
  Configuration c = standard(name);
  c.teardown = teardown;
  explored(state, c, explore);
}
void explorer_slowly(benchmark::State& state, std::string_view name) {
  Configuration c = standard(name);
  c.teardown = false;
  explored(state, c, explore_slowly);
}
void explorer_large(benchmark::State& state, std::string_view name) {
  Configuration c = large(name);
  c.threads = static_cast<unsigned>(state.range(0));
  explored(state, c, explore);
}
BENCHMARK_CAPTURE(explorer_large, sharing_three, "sharing-three")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer_large, sharing_one_process, "sharing-one-process")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer_large, handing_on, "handing-on")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer_large, everything_apart, "everything-apart")->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, everything, "everything", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, everything_with_teardown, "everything", true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, importers_three, "importers-three", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, importers_caching, "importers-caching", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer, sharing, "sharing", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer_slowly, sharing, "sharing")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explorer_slowly, importers_three, "importers-three")->Unit(benchmark::kMillisecond);

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
