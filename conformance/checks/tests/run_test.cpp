// SPDX-License-Identifier: MIT
// The runner of checks, held against checks that misbehave in every way they can.
#include "dmabuf/checks/run.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmabuf/checks/context.hpp"

namespace dmabuf::checks {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Result result_of(void (*work)(Context&), milliseconds limit = milliseconds(5000),
                 std::string kernel = "6.12.117") {
  static constexpr Ids kIds = {"FOP-001", "FOP-002", "UDM-013"};
  const Check check{
      .name = "test.check", .text = "a check of a test", .requirements = kIds, .run = work};
  Environment environment;
  environment.exporter = "udmabuf";
  environment.kernel = std::move(kernel);
  environment.limit = limit;
  return run(check, environment);
}

const Verdict* about(const Result& result, std::string_view id) {
  for (const Verdict& verdict : result.verdicts)
    if (verdict.requirement == id) return &verdict;
  return nullptr;
}

State state_of(const Result& result, std::string_view id) {
  const Verdict* const verdict = about(result, id);
  return verdict == nullptr ? State::NotApplicable : verdict->state;
}

TEST(CheckRun, TellsKeptFromBrokenAndKeepsTheCalls) {
  const Result result = result_of([](Context& c) {
    c.expect("FOP-001", succeeds(), "getpid()", [] { return ::getpid(); });
    c.expect("FOP-002", fails(EINVAL, ENOENT), "close(-1)", [] { return ::close(-1); });
    c.expect("FOP-002", fails(EBADF), "close(-1) again", [] { return ::close(-1); });
  });
  EXPECT_THAT(result.error, IsEmpty());
  EXPECT_EQ(state_of(result, "FOP-001"), State::Kept);
  ASSERT_NE(result.broken(), nullptr);
  EXPECT_EQ(result.broken()->requirement, "FOP-002")
      << "a later call that comes out right does not mend it";
  EXPECT_EQ(result.broken()->call, "close(-1)");
  EXPECT_EQ(result.broken()->expected, "EINVAL or ENOENT");
  EXPECT_EQ(result.broken()->observed, "EBADF");
  EXPECT_EQ(result.broken()->calls, 2U) << "the calls up to the one that broke it";
  ASSERT_THAT(result.calls, SizeIs(3));
  EXPECT_EQ(result.calls[2].outcome, "EBADF");
}

TEST(CheckRun, SaysOfWhatItDidNotComeToThatItDoesNotApply) {
  const Result result = result_of([](Context& c) { c.equal("FOP-001", "one", 1, 1); });
  EXPECT_EQ(state_of(result, "FOP-002"), State::NotApplicable);
  ASSERT_NE(about(result, "FOP-002"), nullptr);
  EXPECT_THAT(about(result, "FOP-002")->reason, HasSubstr("did not come to it"));
}

TEST(CheckRun, LeavesOutWhatIsOfOtherKernels) {
  const auto work = [](Context& c) { c.equal("UDM-013", "one", 1, 2); };
  EXPECT_EQ(state_of(result_of(work), "UDM-013"), State::NotApplicable) << "it speaks of 6.1";
  EXPECT_EQ(state_of(result_of(work, milliseconds(5000), "6.1.192"), "UDM-013"), State::Broken);
}

TEST(CheckRun, TakesAMissingDeviceForNoFinding) {
  const Result result = result_of([](Context& c) { (void)c.buffer(); });
  EXPECT_EQ(result.broken(), nullptr);
  EXPECT_THAT(result.error, IsEmpty());
  EXPECT_EQ(state_of(result, "FOP-001"), State::NotApplicable);
}

TEST(CheckRun, EndsAHangAndSaysInWhichCall) {
  const Result result = result_of(
      [](Context& c) {
        c.equal("FOP-001", "one", 1, 1);
        c.call("pause()", [] { return ::pause(); });
      },
      milliseconds(300));
  EXPECT_THAT(result.error, HasSubstr("during: pause()"));
  EXPECT_EQ(result.broken(), nullptr) << "a time-out is no finding";
  EXPECT_EQ(state_of(result, "FOP-001"), State::Kept) << "what was said before stands";
  EXPECT_THAT(result.stuck, IsEmpty());
}

TEST(CheckRun, SurvivesACrashAndSaysInWhichCall) {
  const Result result = result_of([](Context& c) {
    c.call("raise(SIGABRT)", [] {
      ::signal(SIGABRT, SIG_DFL);
      return ::raise(SIGABRT);
    });
  });
  EXPECT_THAT(result.error, HasSubstr("SIGABRT, during: raise(SIGABRT)"));
  EXPECT_EQ(result.broken(), nullptr);
}

TEST(CheckRun, FindsAnFdThatWasLeftOpen) {
  const Result result = result_of([](Context& c) {
    c.equal("FOP-001", "one", 1, 1);
    (void)::open("/dev/null", O_RDONLY);
  });
  ASSERT_NE(result.broken(), nullptr);
  EXPECT_EQ(result.broken()->requirement, "INV-012");
  EXPECT_TRUE(result.broken()->residue);
  EXPECT_THAT(result.broken()->observed, HasSubstr("/dev/null"));
}

TEST(CheckRun, GivesTheCheckNoFdsOfItsOwn) {
  const int mine = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(mine, 0);
  static int number;
  number = mine;
  const Result result = result_of([](Context& c) {
    c.expect("FOP-001", fails(EBADF), "fcntl(an fd of the parent's)",
             [] { return ::fcntl(number, F_GETFD); });
  });
  EXPECT_EQ(state_of(result, "FOP-001"), State::Kept);
  EXPECT_GE(::fcntl(mine, F_GETFD), 0) << "the parent keeps it";
  ::close(mine);
}

TEST(CheckRun, TakesTroubleOfOursForNoFinding) {
  const Result result = result_of([](Context& c) { c.trouble("no memory for a test", ENOMEM); });
  EXPECT_THAT(result.error, HasSubstr("no memory for a test: ENOMEM"));
  EXPECT_EQ(result.broken(), nullptr);
}

TEST(CheckRun, RefusesToSpeakOfWhatItDidNotDeclare) {
  const Result result = result_of([](Context& c) { c.equal("HEP-001", "one", 1, 2); });
  EXPECT_THAT(result.error, HasSubstr("HEP-001"));
  EXPECT_EQ(result.broken(), nullptr);
}

TEST(CheckRun, EndsAfterACallThatHadToWork) {
  const Result result = result_of([](Context& c) {
    c.must("FOP-001", "close(-1)", [] { return ::close(-1); });
    c.equal("FOP-002", "not reached", 1, 2);
  });
  EXPECT_EQ(state_of(result, "FOP-001"), State::Broken);
  EXPECT_EQ(state_of(result, "FOP-002"), State::NotApplicable);
}

TEST(CheckRun, SweepsUpWhatItForked) {
  static pid_t* child;
  child = static_cast<pid_t*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  (void)result_of([](Context& c) {
    const pid_t pid = ::fork();
    if (pid == 0)
      for (;;) ::pause();
    *child = pid;
    c.equal("FOP-001", "one", 1, 1);
  });
  ASSERT_GT(*child, 0);
  bool gone = false;
  for (int look = 0; look < 200 && !gone; ++look) {
    // A zombie that nobody has reaped yet counts as gone.
    char path[64], text[256] = "";
    std::snprintf(path, sizeof path, "/proc/%d/stat", *child);
    const int fd = ::open(path, O_RDONLY);
    if (fd >= 0) {
      (void)!::read(fd, text, sizeof text - 1);
      ::close(fd);
    }
    gone = fd < 0 || std::string_view(text).find(") Z") != std::string_view::npos;
    ::usleep(5000);
  }
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace dmabuf::checks
