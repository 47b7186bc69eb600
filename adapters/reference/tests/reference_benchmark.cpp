// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include "dmabuf/reference/adapter.hpp"

namespace dmabuf::reference {
namespace {

namespace op = model::op;
using model::Operation;

const Operation kCreate = op::Create{{0}, {0}, 1, model::Access::ReadWrite, model::CloseOnExec::No};
const Operation kDup = op::Dup{{0}, {1}, model::CloseOnExec::No};
const Operation kClose = op::Close{{1}};

void system_dup_close(benchmark::State& state) {
  System system(*find_exporter("udmabuf"));
  (void)system.apply(kCreate);
  for (auto _ : state) {
    benchmark::DoNotOptimize(system.apply(kDup));
    benchmark::DoNotOptimize(system.apply(kClose));
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(system_dup_close);

void adapter_dup_close(benchmark::State& state) {
  const auto adapter = open_reference("udmabuf");
  (void)adapter->apply(kCreate);
  for (auto _ : state) {
    benchmark::DoNotOptimize(adapter->apply(kDup));
    benchmark::DoNotOptimize(adapter->apply(kClose));
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(adapter_dup_close);

void adapter_apply_observe(benchmark::State& state) {
  const auto adapter = open_reference("udmabuf");
  (void)adapter->apply(kCreate);
  model::Observation seen;
  for (auto _ : state) {
    benchmark::DoNotOptimize(adapter->apply(kDup));
    adapter->observe(seen);
    benchmark::DoNotOptimize(adapter->apply(kClose));
    adapter->observe(seen);
    benchmark::DoNotOptimize(seen);
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(adapter_apply_observe);

void create_close(benchmark::State& state) {
  System system(*find_exporter("udmabuf"));
  for (auto _ : state) {
    benchmark::DoNotOptimize(system.apply(kCreate));
    benchmark::DoNotOptimize(system.apply(op::Close{{0}}));
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(create_close);

void snapshot_restore(benchmark::State& state) {
  const System before(*find_exporter("udmabuf"));
  System system = before;
  for (auto _ : state) {
    system = before;
    benchmark::DoNotOptimize(system);
  }
  state.SetLabel(std::to_string(sizeof(System)) + " bytes");
}
BENCHMARK(snapshot_restore);

void adapter_reset(benchmark::State& state) {
  const auto adapter = open_reference("udmabuf");
  for (auto _ : state) {
    benchmark::DoNotOptimize(adapter->apply(kCreate));
    adapter->reset();
  }
}
BENCHMARK(adapter_reset);

}  // namespace
}  // namespace dmabuf::reference

BENCHMARK_MAIN();
