// SPDX-License-Identifier: MIT
// The harness module's own test, in a guest: every ioctl, with sense and without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "dmabuf/boot/module_build.hpp"
#include "kernel_guest.hpp"

namespace dmabuf::boot::testing {
namespace {

using ::testing::IsEmpty;

/// Lines of TAP that say that something failed, each with the comment that follows it.
std::vector<std::string> failures_in(const std::string& tap) {
  std::vector<std::string> found;
  std::istringstream lines(tap);
  bool failed = false;
  for (std::string line; std::getline(lines, line);) {
    if (failed && line.starts_with("#")) found.back() += " " + line;
    failed = line.starts_with("not ok");
    if (failed) found.push_back(line);
  }
  return found;
}

class HarnessModule : public ::testing::TestWithParam<const char*> {
 protected:
  struct SelfTest {
    DemoRun demo;
    std::string tap;
    std::string status = "(none)";
  };

  static SelfTest run(const Kernel& kernel, const std::filesystem::path& module,
                      const std::string& parameters) {
    GuestConfig config = demo_config(kernel,
                                     {.init = DEMO_INIT,
                                      .wanted_modules = {"vgem", "udmabuf"},
                                      .module_files = {module},
                                      .module_parameters = {"dmabuf_harness " + parameters},
                                      .files = {{HARNESS_SELFTEST, "/program"}}},
                                     "program");
    config.watchdogs.silence = std::chrono::minutes(5);  // it speaks when it is through
    SelfTest test;
    test.demo = run_demo(std::move(config));
    protocol::Reassembler payloads;
    for (const protocol::Record& record : test.demo.records) {
      if (auto payload = payloads.add(record)) test.tap = payload->bytes;
      if (const auto status = record.value("status")) test.status = *status;
    }
    return test;
  }
};

#define DMABUF_HARNESS_MODULE_OR_SKIP(module, kernel)                                             \
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());                                                      \
  try {                                                                                           \
    ensure_headers(kernel);                                                                       \
  } catch (const Error& error) {                                                                  \
    GTEST_SKIP() << "SKIPPED: no headers: " << error.what();                                      \
  }                                                                                               \
  const std::filesystem::path module =                                                            \
      build_module({.directory = HARNESS_MODULE_SOURCE, .alongside = {"../include"}}, kernel)

TEST_P(HarnessModule, PassesItsSelfTestWithoutAWarning) {
  DMABUF_HARNESS_MODULE_OR_SKIP(module, kernel);
  for (const char* parameters : {"allow_defects=0", "allow_defects=1"}) {
    SCOPED_TRACE(parameters);
    const SelfTest test = run(kernel, module, parameters);
    EXPECT_EQ(test.demo.result.end, GuestEnd::Clean) << test.demo.story();
    EXPECT_EQ(test.status, "0");
    EXPECT_THAT(failures_in(test.tap), IsEmpty());
    EXPECT_NE(test.tap.find("# 0 failed"), std::string::npos) << test.tap;
    EXPECT_TRUE(test.demo.result.reports.empty()) << test.demo.result.reports.front().text;
  }
}

/// The kernel warns of what it is asked to here, and goes on.
TEST_P(HarnessModule, SurvivesTheViolationsOfItsSelfTest) {
  DMABUF_HARNESS_MODULE_OR_SKIP(module, kernel);
  const SelfTest test = run(kernel, module, "allow_defects=1 allow_violations=1");
  EXPECT_EQ(test.demo.result.end, GuestEnd::Clean) << test.demo.story();
  EXPECT_EQ(test.status, "0");
  EXPECT_THAT(failures_in(test.tap), IsEmpty());
  EXPECT_FALSE(test.demo.result.reports.empty()) << "no violation made the kernel warn";
  for (const KernelReport& report : test.demo.result.reports) {
    EXPECT_EQ(report.kind, ReportKind::Warning) << report.text;
    EXPECT_FALSE(report.fatal) << report.text;
  }
}

INSTANTIATE_TEST_SUITE_P(Debian, HarnessModule, ::testing::Values(DEMO_KERNELS),
                         [](const auto& spec) { return kernel_test_name(spec.param); });

}  // namespace
}  // namespace dmabuf::boot::testing
