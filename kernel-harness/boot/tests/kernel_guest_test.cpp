// SPDX-License-Identifier: MIT
#include "kernel_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace dmabuf::boot::testing {
namespace {

using ::testing::HasSubstr;

// What follows is about the host's side: one kernel is enough.
constexpr const char* any_kernel = "debian:6.12";

TEST(KernelGuest, ThatGoesSilentIsKilled) {
  DMABUF_KERNEL_OR_SKIP(kernel, any_kernel);
  GuestConfig config = demo_config(kernel, {.init = DEMO_INIT}, "silent");
  config.watchdogs.silence = std::chrono::seconds(3);
  DemoRun demo;
  pid_t pid = 0;
  {
    Guest guest(std::move(config));
    pid = guest.pid();
    demo.result = guest.run();
  }
  EXPECT_EQ(demo.result.end, GuestEnd::Silent) << demo.story();
  EXPECT_EQ(::kill(-pid, 0), -1) << "QEMU's process group is still there";
  EXPECT_THAT(demo.result.console_tail, HasSubstr("Show Blocked State")) << "no sysrq dump";
}

TEST(KernelGuest, WithoutEndRecordIsNoSuccess) {
  DMABUF_KERNEL_OR_SKIP(kernel, any_kernel);
  const DemoRun demo = run_demo(demo_config(kernel, {.init = DEMO_INIT}, "no-end-record"));
  EXPECT_EQ(demo.result.end, GuestEnd::Died) << demo.story();
  EXPECT_EQ(demo.result.qemu_status, 33);
}

TEST(KernelGuest, SendsPayloadsWhole) {
  DMABUF_KERNEL_OR_SKIP(kernel, any_kernel);
  const DemoRun demo = run_demo(demo_config(kernel, {.init = DEMO_INIT}, "payload"));
  EXPECT_EQ(demo.result.end, GuestEnd::Clean) << demo.story();
  protocol::Reassembler payloads;
  std::string whole;
  for (const protocol::Record& record : demo.records)
    if (auto payload = payloads.add(record)) whole = payload->bytes;
  EXPECT_EQ(whole, std::string(5000, 'x') + "end");
}

}  // namespace
}  // namespace dmabuf::boot::testing
