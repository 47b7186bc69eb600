// SPDX-License-Identifier: MIT
// Guests that go away: the run goes on, says what it knows, and blames nobody for what it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "guest_fixture.hpp"

namespace dmabuf::app::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kKernel = "debian:6.12";

/// A run of one exporter, long enough to be met in its middle.
class LostGuest : public ::testing::Test {
 protected:
  void SetUp() override { DMABUF_GUEST_OR_SKIP(kKernel, Module::NotNeeded); }

  std::vector<std::string> command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        program().string(), "vm",     "run", "--kernel", kKernel,
        "--exporter",       "udmabuf", "--traces", "", "--no-checks", "--seed",
        "1",                "--cases", std::to_string(cases_), "--out", scratch_.at("run")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  /// QEMU's pid, when so many cases have begun.
  std::optional<pid_t> in_mid_run(Process& process, std::size_t cases = 20) const {
    process.wait_until([&] { return cases_begun(scratch_ / "run") >= cases; }, seconds(90));
    EXPECT_TRUE(process.running()) << process.answer().story();
    const auto qemu = qemu_of(process, scratch_ / "run");
    EXPECT_TRUE(qemu.has_value()) << "no QEMU of ours";
    return qemu;
  }

  void expect_every_case_once() const {
    const record::Run one = only_run_of(scratch_ / "run");
    EXPECT_EQ(one.totals().judged(), cases_) << story(one);
    EXPECT_EQ(one.totals()[record::CaseOutcome::NotRun], 0U) << story(one);
    EXPECT_EQ(one.stop.value_or(record::Stop{}).reason, "plan-done") << story(one);
  }

  std::uint64_t cases_ = 400;
  const Scratch scratch_;
  Options options_ = [] {
    Options options;
    options.timeout = seconds(300);
    return options;
  }();
};

/// Somebody kills QEMU, the OOM killer say. The kernel in it did nothing wrong.
TEST_F(LostGuest, KilledFromOutsideIsNoFinding) {
  Process process(command(), options_);
  const auto qemu = in_mid_run(process);
  ASSERT_TRUE(qemu);
  ::kill(*qemu, SIGKILL);
  const Answer answer = process.finish();
  EXPECT_FALSE(answer.timed_out) << answer.story();
  const record::Run one = only_run_of(scratch_ / "run");
  EXPECT_THAT(one.findings, IsEmpty()) << story(one);
  EXPECT_THAT(one.warns, Not(IsEmpty())) << "that a guest was lost must be said";
  EXPECT_THAT(answer.status, AnyOf(kConforms, kInfrastructure)) << answer.story();
  if (answer.status == kConforms) expect_every_case_once();
}

/// A new version is installed while a long run goes on, and then the guest has to be booted again.
TEST_F(LostGuest, ComesBackThoughTheProgramWasReplaced) {
  std::vector<std::string> words = command();
  words[0] = scratch_.at("copy");
  std::filesystem::copy_file(program(), scratch_ / "copy");
  Process process(words, options_);
  const auto qemu = in_mid_run(process);
  ASSERT_TRUE(qemu);
  std::filesystem::remove(scratch_ / "copy");
  ::kill(*qemu, SIGKILL);
  const Answer answer = process.finish();
  EXPECT_FALSE(answer.timed_out) << answer.story();
  EXPECT_THAT(only_run_of(scratch_ / "run").skips, IsEmpty()) << "a target half done is not skipped";
  expect_every_case_once();
}

TEST_F(LostGuest, KilledAgainAndAgainIsInfrastructure) {
  Process process(command(), options_);
  const auto begun = std::chrono::steady_clock::now();
  while (process.running() && std::chrono::steady_clock::now() - begun < seconds(240)) {
    process.wait_until([&] { return qemu_of(process, scratch_ / "run").has_value(); }, seconds(5));
    if (const auto qemu = qemu_of(process, scratch_ / "run")) ::kill(*qemu, SIGKILL);
    process.wait_until([] { return false; }, seconds(1));
  }
  const Answer answer = process.finish();
  EXPECT_FALSE(answer.timed_out) << answer.story();
  EXPECT_EQ(answer.status, kInfrastructure) << answer.story();
}

/// A kernel that does not come up is no exporter that is lacking.
TEST_F(LostGuest, ThatPanicsAtBootIsInfrastructureAndNoSkip) {
  const Answer answer = Process(command({"--append", "rdinit=/nonexistent"}), options_).finish();
  EXPECT_EQ(answer.status, kInfrastructure) << answer.story();
  EXPECT_THAT(answer.out + answer.err, HasSubstr("panic")) << answer.story();
  EXPECT_TRUE(consoles_say(scratch_ / "run", "Kernel panic"));
}

/// A kernel that was told to panic when it warns, and an exporter that makes it warn: each case that maps takes the guest
/// along, and the next ones are run in another.
TEST_F(LostGuest, ThatPanicsInACaseIsACrashOfThatCaseAndTheRunGoesOn) {
  DMABUF_GUEST_OR_SKIP(kKernel, Module::Needed);
  cases_ = 4;
  std::vector<std::string> words = command({"--append", "panic_on_warn=1"});
  std::ranges::replace(words, std::string("udmabuf"), std::string("harness:eager!warn"));
  const Answer answer = Process(words, options_).finish();
  EXPECT_FALSE(answer.timed_out) << answer.story();
  EXPECT_EQ(answer.status, kFindings) << answer.story();

  const record::Run one = only_run_of(scratch_ / "run");
  ASSERT_EQ(one.findings.size(), 1U) << story(one);
  const record::Finding& finding = one.findings.front();
  EXPECT_EQ(finding.kind, record::CaseOutcome::Crash) << story(one);
  EXPECT_THAT(finding.kernel_log, HasSubstr("told to warn")) << story(one);
  std::vector<std::string> crashed;
  for (const record::Case& c : one.cases)
    if (c.outcome() == record::CaseOutcome::Crash) crashed.push_back(c.id);
  ASSERT_FALSE(crashed.empty()) << story(one);
  EXPECT_EQ(crashed.front(), finding.first_case);
  EXPECT_EQ(crashed.size(), finding.count);
  EXPECT_GT(crashed.size(), 1U) << "the run did not go on: " << story(one);
  EXPECT_LT(crashed.size(), cases_) << "a case that maps nothing crashes nothing: " << story(one);
  expect_every_case_once();
  EXPECT_THAT(read_file(scratch_ / "run/findings" / finding.id / "kernel.txt"), HasSubstr("told to warn"));
  EXPECT_TRUE(consoles_say(scratch_ / "run", "Kernel panic")) << "the console of the boot that crashed was not kept";
}

TEST_F(LostGuest, ThatFallsSilentIsAHangOfThatCaseAndTheRunGoesOn) {
  Process process(command(), options_);
  const auto qemu = in_mid_run(process);
  ASSERT_TRUE(qemu);
  ::kill(*qemu, SIGSTOP);  // for good
  const Answer answer = process.finish();
  EXPECT_FALSE(answer.timed_out) << answer.story();
  EXPECT_NE(::kill(*qemu, 0), 0) << "the QEMU that hung is still there";
  EXPECT_EQ(answer.status, kFindings) << answer.story();
  const record::Run one = only_run_of(scratch_ / "run");
  ASSERT_EQ(one.findings.size(), 1U) << story(one);
  EXPECT_EQ(one.findings.front().kind, record::CaseOutcome::Hang) << story(one);
  expect_every_case_once();
}

TEST_F(LostGuest, LeftBySigtermIsGoneAndTheRunCanBeResumed) {
  Process process(command(), options_);
  const auto qemu = in_mid_run(process);
  ASSERT_TRUE(qemu);
  process.send(SIGTERM);
  const auto asked = std::chrono::steady_clock::now();
  const Answer stopped = process.finish();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, seconds(10));
  EXPECT_EQ(stopped.status, kStopped) << stopped.story();
  EXPECT_NE(::kill(*qemu, 0), 0) << "QEMU outlived its run";
  EXPECT_EQ(only_run_of(scratch_ / "run").stop.value_or(record::Stop{}).reason, "sigterm");

  const Answer resumed = Process(command({"--resume"}), options_).finish();
  EXPECT_EQ(resumed.status, kConforms) << resumed.story();
  expect_every_case_once();
}

TEST_F(LostGuest, WhoseTimeWasUpGoesOnWhenResumed) {
  cases_ = 1000000;
  std::size_t begun = 0;
  for (int i = 0; i < 2; ++i) {
    const Answer answer = Process(command({"--max-time", "500ms", "--resume"}), options_).finish();
    EXPECT_EQ(answer.status, kConforms) << answer.story();
    EXPECT_EQ(only_run_of(scratch_ / "run").stop.value_or(record::Stop{}).reason, "max-time");
    EXPECT_GT(cases_begun(scratch_ / "run"), begun) << "nothing more was run";
    begun = cases_begun(scratch_ / "run");
  }
}

TEST_F(LostGuest, OfAKilledRunDiesWithItAndTheRunCanBeResumed) {
  Process process(command(), options_);
  const auto qemu = in_mid_run(process);
  ASSERT_TRUE(qemu);
  process.send(SIGKILL);
  process.finish();
  for (int i = 0; i < 100 && ::kill(*qemu, 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(50));
  EXPECT_NE(::kill(*qemu, 0), 0) << "QEMU outlived its run";
  const Answer resumed = Process(command({"--resume"}), options_).finish();
  EXPECT_EQ(resumed.status, kConforms) << resumed.story();
  expect_every_case_once();
}

}  // namespace
}  // namespace dmabuf::app::testing
