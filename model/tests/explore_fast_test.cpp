// SPDX-License-Identifier: MIT
/// The fast explorer held against the slow one, and against alternatives(), state by state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <initializer_list>
#include <ostream>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <unordered_set>

#include "../src/explore_compiled.hpp"
#include "../src/explore_fast.hpp"
#include "../src/explore_shared_set.hpp"
#include "../src/machine_id.hpp"
#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

void PrintTo(const Configuration& c, std::ostream* out);  // found by GoogleTest
void PrintTo(const Configuration& c, std::ostream* out) { *out << c.name; }

namespace {

/// Fences, reshaped mappings and children: kinds of operations that the fast way does not know.
bool asks_more(const Configuration& c) {
  return std::ranges::any_of(c.operations, [](const Operation& o) { return o.index() > kind_of<op::SetName>(); });
}

std::vector<Configuration> small_configurations() {
  std::vector<Configuration> all = standard_configurations();
  std::erase_if(all, [](const Configuration& c) { return c.symmetry != Symmetry::Ignored || asks_more(c); });
  return all;
}

std::string test_name(const ::testing::TestParamInfo<Configuration>& param) {
  std::string name = param.param.name;
  std::erase_if(name, [](char ch) { return ch == '-' || ch == '.'; });
  return name;
}

class FastTwin : public ::testing::TestWithParam<Configuration> {};

TEST_P(FastTwin, CountsWhatTheSlowOneCounts) {
  Configuration c = GetParam();
  const Exploration slow = explore_slowly(c);
  for (const unsigned threads : {1U, 2U}) {
    c.threads = threads;
    const std::optional<Exploration> fast = explore_fast(c, {});
    ASSERT_TRUE(fast) << "no fast way";
    EXPECT_TRUE(fast->complete);
    EXPECT_EQ(fast->states, slow.states);
    EXPECT_EQ(fast->transitions, slow.transitions);
    EXPECT_EQ(fast->releases, slow.releases);
    EXPECT_EQ(fast->refusals, slow.refusals);
    EXPECT_EQ(fast->forbidden, slow.forbidden);
    EXPECT_EQ(fast->unspecified, slow.unspecified);
    EXPECT_EQ(fast->choices, slow.choices);
    EXPECT_EQ(fast->depth, slow.depth);
    EXPECT_EQ(fast->bits, slow.bits);
    EXPECT_EQ(fast->coverage.rows, slow.coverage.rows);
  }
}

/// Every state, and from each the same steps as the public alternatives() has, no more and no fewer.
TEST_P(FastTwin, TakesTheStepsOfAlternativesInEveryState) {
  const Configuration& c = GetParam();
  const Packing packing(c.profile, c.operations);
  const Compiled compiled(c, c.operations, packing);
  ASSERT_TRUE(compiled.usable());
  Memo memo(compiled);
  std::vector<std::uint64_t> out(compiled.most_successors());
  std::unordered_set<std::uint64_t> seen = {compiled.from_packed(*packing.pack(World{}))};
  std::deque<std::uint64_t> queue(seen.begin(), seen.end());
  Alternatives ways;
  for (; !queue.empty(); queue.pop_front()) {
    const std::uint64_t state = queue.front();
    const World world = packing.unpack(compiled.to_packed(state));
    std::set<std::uint64_t> expected;
    for (const Operation& operation : c.operations) {
      alternatives(world, c.profile, operation, ways);
      for (const Alternative& way : ways)
        if (way.allowance == Allowance::Permitted) expected.insert(compiled.from_packed(*packing.pack(way.next)));
    }
    for (std::size_t b = 0; b < kMaxBuffers; ++b) {
      if (world.buffers[b].lifecycle != state::kDying) continue;
      World next = world;
      next.buffers[b] = BufferState{};
      next.buffers[b].lifecycle = state::kReleased;
      expected.insert(compiled.from_packed(*packing.pack(next)));
    }
    expected.erase(state);
    const std::uint64_t* const end = memo.successors(state, out.data());
    ASSERT_NE(end, nullptr);
    ASSERT_EQ(std::set<std::uint64_t>(out.data(), const_cast<std::uint64_t*>(end)), expected);
    ASSERT_TRUE(memo.audit(state)) << "refusals, rows or counts differ";
    ASSERT_TRUE(compiled.balanced(state));
    for (const std::uint64_t next : expected)
      if (seen.insert(next).second) queue.push_back(next);
  }
}

INSTANTIATE_TEST_SUITE_P(Standard, FastTwin, ::testing::ValuesIn(small_configurations()), test_name);

TEST(Compiled, SeesCountsThatDoNotAgreeWithTheirSlots) {
  const Configuration c = small_configurations().front();
  const Packing packing(c.profile, c.operations);
  const Compiled compiled(c, c.operations, packing);
  World world;
  world.buffers[0].lifecycle = state::kLive;
  world.buffers[0].storage = state::kAnywhere;
  world.buffers[0].pages = 2;
  world.buffers[0].references = 2;
  world.references[0] = {state::kFilled, 0};
  world.fds[2] = {state::kFdOpen, 0, 1, CloseOnExec::No};
  EXPECT_TRUE(compiled.balanced(compiled.from_packed(*packing.pack(world))));
  for (const std::uint8_t wrong : std::initializer_list<std::uint8_t>{0, 1, 3, 4}) {
    world.buffers[0].references = wrong;
    EXPECT_FALSE(compiled.balanced(compiled.from_packed(*packing.pack(world)))) << int{wrong};
  }
  world.buffers[0].references = 2;
  world.fds[2].buffer = 1;
  EXPECT_FALSE(compiled.balanced(compiled.from_packed(*packing.pack(world))));
}

TEST(FastExplorer, LeavesWhatItDoesNotKnowToTheSlowOne) {
  unsigned left = 0;
  for (const Configuration& c : standard_configurations()) {
    if (!asks_more(c)) continue;
    EXPECT_FALSE(explore_fast(c, {})) << c.name;
    ++left;
  }
  EXPECT_GT(left, 10U);
}

TEST(Compiled, KeepsStatesApartByTheirKeys) {
  for (const Configuration& c : small_configurations()) {
    const Packing packing(c.profile, c.operations);
    const Compiled compiled(c, c.operations, packing);
    EXPECT_LE(compiled.key_bits(), packing.bits());
    std::mt19937_64 random(1);
    const std::uint64_t mask = packing.bits() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << packing.bits()) - 1;
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t packed = random() & mask;
      ASSERT_EQ(compiled.to_packed(compiled.from_packed(packed)), packed) << c.name;
    }
  }
}

TEST(FastExplorer, LeavesViolationsToTheSlowOne) {
  Tables spoilt = tables();
  for (const RowInfo& row : spoilt.rows)
    if (row.machine == "fd" && row.source == "Open" && row.event == "close") spoilt.effects.at(row.id).size = 0;
  const ScopedTables scope(spoilt);
  const Configuration c = small_configurations().at(1);
  EXPECT_FALSE(explore_fast(c, {}));
  EXPECT_EQ(explore(c).violations.size(), 1U);
}

TEST(FastExplorer, LeavesSymmetricWorldsToTheSlowOne) {
  Configuration c = small_configurations().front();
  c.symmetry = Symmetry::Reduced;
  EXPECT_FALSE(explore_fast(c, {}));
}

class Sets : public ::testing::TestWithParam<unsigned> {};

TEST_P(Sets, HoldWhatWasPutIn) {
  const std::uint64_t mask = (std::uint64_t{1} << GetParam()) - 1;
  SharedSet set(GetParam());
  std::unordered_set<std::uint64_t> expected;
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    if (set.room() == 0) set.grow();
    const std::uint64_t key = (i % 4 == 0 ? random() : i * 64) & mask;
    ASSERT_EQ(set.insert<false>(key), expected.insert(key).second) << key;
    set.fit(expected.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Bits, Sets, ::testing::Values(8U, 20U, 23U, 30U, 36U, 46U, 56U));

TEST(Sets, TakeEachStateOnceFromManyThreads) {
  for (const unsigned bits : {22U, 36U, 50U}) {
    SharedSet set(bits);
    while (set.room() < 400'000) set.grow();
    std::atomic<std::uint64_t> taken = 0;
    {
      std::vector<std::jthread> crew;
      for (int t = 0; t < 4; ++t)
        crew.emplace_back([&] {
          for (std::uint64_t key = 0; key < 200'000; ++key) taken += set.insert<true>(key * 7);
        });
    }
    EXPECT_EQ(taken, 200'000U) << bits;
  }
}

}  // namespace
}  // namespace dmabuf::model
