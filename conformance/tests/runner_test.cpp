// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "model_adapter.hpp"

namespace dmabuf::conformance {
namespace {

using namespace model;
using record::CaseOutcome;

Profile profile() {
  return {*find_kernel_profile("reference"), *find_exporter_profile("reference:eager"), {"reference", true}};
}

Program program(const char* text) {
  const auto trace = parse_trace(text);
  EXPECT_TRUE(trace) << trace.error().message();
  return trace->program();
}

class RunnerTest : public testing::Test {
 protected:
  ModelAdapter adapter{profile()};
  Runner runner{adapter, profile()};

  void observe_more(Aspect aspect, std::size_t buffer, std::function<bool()> when) {
    adapter.change_observation = [=](Observation& seen) {
      if (when() && seen.buffers[buffer].has(aspect)) ++seen.buffers[buffer].values[static_cast<std::size_t>(aspect)];
    };
  }
};

constexpr const char* kMap =
    "export b0 r0 pages=1 access=rw\n"
    "attach r0 d0 a0\n"
    "map a0 m0 to_device\n"
    "unmap m0\n";

TEST_F(RunnerTest, PassesASystemThatObeys) {
  for (std::uint64_t k = 0; k < 200; ++k) {
    const CaseResult& result = runner.run(generate(case_seed(1, k), 100, profile(), {}, {}));
    ASSERT_EQ(result.outcome, CaseOutcome::Pass) << "case " << k;
    ASSERT_EQ(result.skipped, 0U);
    ASSERT_EQ(result.steps.size(), adapter.asked.size());
    adapter.asked.clear();
  }
  EXPECT_GT(runner.coverage().rows.count(), 40U);
}

TEST_F(RunnerTest, TearsDownWhatTheProgramLeaves) {
  const CaseResult& result = runner.run(program(kMap));
  EXPECT_EQ(result.outcome, CaseOutcome::Pass);
  EXPECT_EQ(result.program_steps, 4U);
  ASSERT_EQ(result.steps.size(), 6U);
  EXPECT_EQ(to_text(result.steps[4].operation), "detach a0");
  EXPECT_EQ(to_text(result.steps[5].operation), "put r0");
  EXPECT_GE(adapter.resets, 1);
}

TEST_F(RunnerTest, SkipsWhatHasNoMeaningNow) {
  const CaseResult& result = runner.run(program(
      "load v0 page=0\n"                  // nothing is mapped there
      "export b0 r0 pages=1 access=rw\n"
      "export b0 r1 pages=1 access=rw\n"  // b0 is alive
      "install_fd r0 f0\n"));
  EXPECT_EQ(result.outcome, CaseOutcome::Pass);
  EXPECT_EQ(result.skipped, 2U);
  EXPECT_EQ(result.program_steps, 2U);
}

TEST_F(RunnerTest, SkipsWhatTheAdapterCannotDo) {
  adapter.alphabet_.reset(kind_of<op::Map>());
  Runner limited(adapter, profile());
  const CaseResult& result = limited.run(program(kMap));
  EXPECT_EQ(result.outcome, CaseOutcome::Pass);
  for (const Operation& operation : adapter.asked) EXPECT_FALSE(std::holds_alternative<op::Map>(operation));
}

TEST_F(RunnerTest, FindsAWrongOutcome) {
  adapter.change_outcome = [](const Operation& operation, Outcome outcome) {
    return std::holds_alternative<op::Map>(operation) ? refused(ENOMEM) : outcome;
  };
  const CaseResult& result = runner.run(program(kMap));
  EXPECT_EQ(result.outcome, CaseOutcome::Divergence);
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.found->step, 2U);
  EXPECT_EQ(result.found->signature, "div:map:outcome:ok->errno:ENOMEM:reference:eager");
  EXPECT_EQ(result.executed().size(), 3U);
}

TEST_F(RunnerTest, FindsWhatARefusedCallChanged) {
  bool failed = false;
  adapter.before = [&](const Operation& operation) { failed = failed || std::holds_alternative<op::Get>(operation); };
  observe_more(Aspect::AttachCalls, 0, [&] { return failed; });
  const CaseResult& result = runner.run(program("export b0 r0 pages=1 access=rw\nget bad r1\n"));
  EXPECT_EQ(result.outcome, CaseOutcome::Divergence);
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.found->signature, "div:get:attach_calls:n->more:reference:eager");
  EXPECT_THAT(result.found->divergence.requirements, testing::Contains("INV-006"));
}

TEST_F(RunnerTest, CallsAnExcessThatStaysALeak) {
  bool attached = false;
  adapter.before = [&](const Operation& operation) { attached = attached || std::holds_alternative<op::Attach>(operation); };
  adapter.change_observation = [&](Observation& seen) {
    if (!attached) return;
    seen.buffers[0].set(Aspect::References, seen.buffers[0].values[static_cast<std::size_t>(Aspect::References)] + 1);
    seen.buffers[0].set(Aspect::Listed, 1);
  };
  const CaseResult& result = runner.run(program(kMap));
  EXPECT_EQ(result.outcome, CaseOutcome::Leak);
  ASSERT_TRUE(result.found);
  EXPECT_TRUE(result.found->leak);
  EXPECT_EQ(result.found->object, "reference");
  EXPECT_EQ(result.found->signature, "leak:reference:attach:reference:eager");
  EXPECT_EQ(result.found->step, 1U);
  ASSERT_EQ(result.aftermath.size(), 2U);
  EXPECT_EQ(to_text(result.aftermath[0].operation), "detach a0");
}

TEST_F(RunnerTest, CallsAnExcessThatGoesAwayADivergence) {
  bool attached = false;
  adapter.before = [&](const Operation& operation) {
    if (std::holds_alternative<op::Attach>(operation)) attached = true;
    if (std::holds_alternative<op::Detach>(operation)) attached = false;
  };
  observe_more(Aspect::References, 0, [&] { return attached; });
  const CaseResult& result = runner.run(program(kMap));
  EXPECT_EQ(result.outcome, CaseOutcome::Divergence);
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.found->signature, "div:attach:references:n->more:reference:eager");
}

TEST_F(RunnerTest, FindsWhatOnlyTheTeardownShows) {
  adapter.change_outcome = [](const Operation& operation, Outcome outcome) {
    return std::holds_alternative<op::Detach>(operation) ? refused(EBUSY) : outcome;
  };
  const CaseResult& result = runner.run(program(kMap));
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.found->step, 4U);
  EXPECT_EQ(result.program_steps, 4U);
  EXPECT_EQ(to_text(result.executed().operations.back()), "detach a0");
}

TEST_F(RunnerTest, FindsWhatRemainsAfterTheCase) {
  adapter.before = [&](const Operation& operation) {
    if (std::holds_alternative<op::Map>(operation)) ++adapter.pending_leftovers;
  };
  for (int turn = 0; turn < 2; ++turn) {
    const CaseResult& result = runner.run(program(kMap));
    EXPECT_EQ(result.outcome, CaseOutcome::Leak) << turn;
    ASSERT_TRUE(result.found);
    EXPECT_EQ(result.found->object, "pages_in_the_slab");
    ASSERT_EQ(result.residue.size(), 1U);
    EXPECT_EQ(result.residue[0].count, 1);
    EXPECT_EQ(runner.run(program("export b0 r0 pages=1 access=rw\n")).outcome, CaseOutcome::Pass) << turn;
  }
}

TEST_F(RunnerTest, BlamesTheHarnessForItsOwnErrors) {
  adapter.before = [](const Operation& operation) {
    if (std::holds_alternative<op::Map>(operation)) throw HarnessError("the guest is gone");
  };
  const CaseResult& result = runner.run(program(kMap));
  EXPECT_EQ(result.outcome, CaseOutcome::Error);
  EXPECT_EQ(result.error, "the guest is gone");
  EXPECT_FALSE(result.found);
  adapter.before = {};
  EXPECT_EQ(runner.run(program(kMap)).outcome, CaseOutcome::Pass);
}

constexpr const char* kData =
    "export b0 r0 pages=1 access=rw\n"
    "install_fd r0 f0\n"
    "mmap f0 v0 offset=0 length=1 rw shared\n"
    "store v0 page=0 tag=0x11\n"
    "load v0 page=0\n"
    "close f0\n";

TEST_F(RunnerTest, GoesOnAfterAKnownDifferenceItCanAdopt) {
  adapter.change_outcome = [](const Operation& operation, Outcome outcome) {
    return std::holds_alternative<op::Load>(operation) ? done(0x99) : outcome;
  };
  const CaseResult first = runner.run(program(kData));
  EXPECT_EQ(first.outcome, CaseOutcome::Divergence);
  ASSERT_TRUE(first.found);
  EXPECT_TRUE(first.found->divergence.recoverable);

  const Runner::Signatures known = {first.found->signature};
  const CaseResult& again = runner.run(program(kData), &known);
  EXPECT_EQ(again.outcome, CaseOutcome::Pass);
  ASSERT_EQ(again.adopted.size(), 1U);
  EXPECT_EQ(again.adopted[0].signature, first.found->signature);
  EXPECT_EQ(again.program_steps, 6U);
}

TEST_F(RunnerTest, TellsOfEachOperationBeforeItTouchesTheSystem) {
  std::vector<std::size_t> indices;
  runner.before_each([&](std::size_t index, const Operation&) {
    EXPECT_EQ(adapter.asked.size(), index);
    indices.push_back(index);
  });
  runner.run(program(kMap));
  EXPECT_EQ(indices, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace dmabuf::conformance
