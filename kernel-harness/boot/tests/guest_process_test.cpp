// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/guest.hpp"
#include "stub_guest.hpp"

namespace dmabuf::boot {
namespace {

using ::testing::HasSubstr;

using testing::StubGuest;

TEST_F(StubGuest, EndsCleanlyWithEAndThirtyThree) {
  Guest guest(config(say("H", "run=1") + say("E", "pass=0") + "exit 33"));
  std::string verbs;
  guest.on_record([&](const protocol::Record& record) { verbs += record.verb; });
  const GuestResult result = guest.run();
  EXPECT_EQ(result.end, GuestEnd::Clean) << result.detail;
  EXPECT_EQ(verbs, "HE");
  EXPECT_TRUE(guest.result().has_value());
}

TEST_F(StubGuest, NeverTakesZeroForSuccess) {
  EXPECT_EQ(Guest(config(say("E", "pass=1") + "echo hi > $console; exit 0")).run().end,
            GuestEnd::Died);
  encoder_ = {};
  EXPECT_EQ(Guest(config(say("H", "run=1") + "exit 33")).run().end, GuestEnd::Died);
  encoder_ = {};
  EXPECT_EQ(Guest(config(say("E", "pass=1") + "exit 35")).run().end, GuestEnd::Died);
}

TEST_F(StubGuest, FindsThePanicOnTheConsole) {
  const GuestResult result =
      Guest(config(
                say("H", "run=1") +
                "echo '[    1.0] Kernel panic - not syncing: Attempted to kill init!' >> $console\n"
                "echo '[    1.0] ---[ end Kernel panic - not syncing ]---' >> $console\nexit 0"))
          .run();
  EXPECT_EQ(result.end, GuestEnd::Panicked);
  EXPECT_EQ(result.detail, "panic: Attempted to kill init");
  EXPECT_THAT(result.console_tail, HasSubstr("end Kernel panic"));
}

TEST_F(StubGuest, TellsAQemuThatRefusesFromAKernelThatDies) {
  const GuestResult result = Guest(config("echo 'no such machine' >&2; exit 1")).run();
  EXPECT_EQ(result.end, GuestEnd::QemuFailed);
  EXPECT_THAT(result.detail, HasSubstr("no such machine"));
}

TEST_F(StubGuest, IsKilledWhenItNeverSpeaks) {
  GuestConfig silent = config("sleep 60");
  silent.watchdogs.boot = std::chrono::milliseconds(300);
  EXPECT_EQ(Guest(silent).run().end, GuestEnd::BootHung);
}

TEST_F(StubGuest, IsKilledWhenItFallsSilentWithAllItsChildren) {
  GuestConfig silent = config(say("H", "run=1") + "sleep 60 & sleep 60");
  silent.watchdogs.silence = std::chrono::milliseconds(300);
  Guest guest(silent);
  EXPECT_EQ(guest.run().end, GuestEnd::Silent);
  EXPECT_EQ(::kill(guest.pid(), 0), -1);
}

TEST_F(StubGuest, IsKilledWhenItsTimeIsUpHoweverMuchItSays) {
  GuestConfig busy = config("while :; do " + say("C", "a=1") + "echo '.' >&20; sleep 0.05; done");
  busy.watchdogs.total = std::chrono::milliseconds(700);
  EXPECT_EQ(Guest(busy).run().end, GuestEnd::OverTime);
}

TEST_F(StubGuest, IsKilledWhenItSaysEAndStays) {
  GuestConfig stuck = config(say("E", "pass=1") + "sleep 60");
  stuck.watchdogs.leave = std::chrono::milliseconds(300);
  const GuestResult result = Guest(stuck).run();
  EXPECT_EQ(result.end, GuestEnd::Stuck);
  EXPECT_TRUE(result.end_record);
}

TEST_F(StubGuest, HearsTheHost) {
  Guest guest(config("read -r line <&20; echo \"$line\" >&20; read -r line <&20; exit 1"));
  guest.send("G", "life.dup");
  const auto echoed = guest.wait_for(
      [](const protocol::Record& record) { return record.verb == "G"; }, std::chrono::seconds(5));
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->args, "life.dup");
}

TEST_F(StubGuest, GivesOtherTextToWhoeverWantsIt) {
  Guest guest(config("echo 'free text' >&20; exit 0"));
  std::string text;
  guest.on_text([&](std::string_view line) { text += line; });
  guest.run();
  EXPECT_EQ(text, "free text");
}

TEST_F(StubGuest, TellsOfAReportBeforeTheRecordThatFollowsIt) {
  Guest guest(config(say("B", "one k=0") +
                     "sleep 0.3; printf '%s\\n' 'WARNING: CPU: 0 PID: 1 at a.c:1 culprit+0x1/0x2' "
                     "'---[ end trace 0000000000000000 ]---' >> $console\n" +
                     say("R", "one pass") + "exit 0"));
  std::string order;
  guest.on_record([&](const protocol::Record& record) { order += record.verb + ";"; });
  guest.on_report([&](const KernelReport& report) { order += report.title + ";"; });
  guest.run();
  EXPECT_NE(order.find("WARNING in culprit;R;"), std::string::npos) << order;
}

TEST_F(StubGuest, StopsWhenAHandlerSaysSo) {
  Guest guest(config(say("H", "run=1") + "sleep 60"));
  guest.on_record([&](const protocol::Record&) { guest.stop(); });
  EXPECT_EQ(guest.run().end, GuestEnd::Stopped);
}

TEST_F(StubGuest, IsGoneWithItsObject) {
  pid_t pid = 0;
  {
    const Guest guest(config("sleep 60"));
    pid = guest.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(StubGuest, NeedsItsFiles) {
  GuestConfig missing = config("exit 0");
  missing.kernel = "/nonexistent/vmlinuz";
  EXPECT_THROW(Guest{missing}, Error);
}

}  // namespace
}  // namespace dmabuf::boot
