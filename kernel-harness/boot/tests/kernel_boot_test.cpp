// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel_guest.hpp"

namespace dmabuf::boot::testing {
namespace {

using ::testing::HasSubstr;

class DebianKernel : public ::testing::TestWithParam<const char*> {};

TEST_P(DebianKernel, BootsAndEndsCleanly) {
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  const DemoRun demo =
      run_demo(demo_config(kernel, {.init = DEMO_INIT, .modules = {"vgem"}}, "report"));
  EXPECT_EQ(demo.result.end, GuestEnd::Clean) << demo.story();
  EXPECT_EQ(demo.result.qemu_status, 33);
  EXPECT_EQ(demo.capability("release"), kernel.release);
  EXPECT_EQ(demo.capability("module.vgem"), "loaded");
  EXPECT_EQ(demo.capability("present.vgem"), "yes");
  EXPECT_EQ(demo.capability("bufinfo"), "yes");
  EXPECT_EQ(demo.result.link.damaged, 0U);
  EXPECT_EQ(demo.result.link.missing, 0U);
  EXPECT_TRUE(demo.result.reports.empty()) << demo.result.reports.front().text;
}

TEST_P(DebianKernel, PanicsAndIsSeenTo) {
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  const DemoRun demo = run_demo(demo_config(kernel, {.init = DEMO_INIT}, "panic"));
  EXPECT_EQ(demo.result.end, GuestEnd::Panicked) << demo.story();
  EXPECT_FALSE(demo.result.end_record);
  ASSERT_FALSE(demo.result.reports.empty());
  EXPECT_EQ(demo.result.reports.front().title, "panic: sysrq triggered crash");
  EXPECT_THAT(demo.result.console_tail, HasSubstr("Kernel panic"));
}

TEST_P(DebianKernel, EchoesWhatTheHostSends) {
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  Guest guest(demo_config(kernel, {.init = DEMO_INIT}, "echo"));
  const auto said = [](std::string_view what) {
    return [what](const protocol::Record& record) { return record.verb == what; };
  };
  ASSERT_TRUE(guest.wait_for(
      [](const protocol::Record& record) {
        return record.value("present.dmabuf_harness").has_value();
      },
      std::chrono::seconds(90)));
  for (const std::string text : {"one", "two three", "CR and LF stay away"}) {
    guest.send(protocol::verb::go, text);
    const auto answer = guest.wait_for(said(protocol::verb::result), std::chrono::seconds(10));
    ASSERT_TRUE(answer) << text;
    EXPECT_EQ(answer->args, text);
  }
  guest.send(protocol::verb::go, "stop");
  EXPECT_EQ(guest.run().end, GuestEnd::Clean);
}

INSTANTIATE_TEST_SUITE_P(Debian, DebianKernel, ::testing::Values(DEMO_KERNELS),
                         [](const auto& spec) { return kernel_test_name(spec.param); });

}  // namespace
}  // namespace dmabuf::boot::testing
