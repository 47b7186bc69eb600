// SPDX-License-Identifier: MIT
// Which case a report is of, when the host reads link and console late.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "stub_guest.hpp"

namespace dmabuf::boot {
namespace {

using ::testing::HasSubstr;

class GuestMarks : public testing::StubGuest {
 protected:
  /// A shell command that prints on the console, as it is.
  static std::string print(std::string_view text) {
    return fmt::format("printf '%b' '{}' >> $console\n", text);
  }

  static std::string first_half(std::string_view culprit) {
    return fmt::format("WARNING: CPU: 0 PID: 1 at /a/long/way/a.c:1 {}+0x1/0x2\\nCPU: 0 PID: 1 Co", culprit);
  }
  static constexpr const char* rest = "mm: init\\n---[ end trace 0000000000000000 ]---\\n";
  static std::string warning(std::string_view culprit) { return first_half(culprit) + rest; }

  /// Waits in the guest until the host has made this file, and makes it.
  std::string until(std::string_view name) {
    return fmt::format("while [ ! -e {} ]; do sleep 0.01; done\n", (scratch_.path() / name).string());
  }
  void make(std::string_view name) { write_file(scratch_.path() / name, ""); }

  /// Records and reports in the order in which the caller is told of them, after the guest is given
  /// time to run ahead. `seen` is called for each record.
  std::string told(const std::string& behaviour,
                   const std::function<void(const protocol::Record&)>& seen = {}) {
    Guest guest(config(behaviour));
    std::string order;
    missed_ = 0;
    guest.on_report([&](const KernelReport& report) { order += report.title + "; "; });
    guest.on_record([&](const protocol::Record& record) {
      if (seen) seen(record);
      const bool over = record.verb == protocol::verb::result || record.verb == protocol::verb::end ||
                        record.args.starts_with("mark=");
      if (over && !guest.settle(record)) ++missed_;
      order += record.verb + std::string(record.words().front()) + "; ";
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    result_ = guest.run();
    return order;
  }

  unsigned missed_ = 0;
  GuestResult result_;
};

TEST_F(GuestMarks, KeepAWholeReportOfTheNextCaseFromTheResultBefore) {
  const std::string order =
      told(say("B", "1") + print(warning("first") + "dbc: mark 1\\n") + say("R", "1 pass mark=1") +
           print(warning("second")) + "sleep 1\n" + say("B", "2") + print("dbc: mark 2\\n") +
           say("R", "2 pass mark=2") + say("E", "error=0") + "exit 33");
  EXPECT_EQ(order, "B1; WARNING in first; R1; B2; WARNING in second; R2; Eerror=0; ");
  EXPECT_EQ(result_.reports.size(), 2U);
  EXPECT_EQ(missed_, 0U);
}

/// What is said while a finding is shrunk comes before that finding, and not with the next case.
TEST_F(GuestMarks, TellApartWhatComesBetweenTwoCases) {
  const std::string order =
      told(say("B", "1") + print("dbc: mark 1\\n") + say("R", "1 pass mark=1") + print(warning("between") + "dbc: mark 2\\n") +
           say("C", "mark=2") + say("B", "2") + print(warning("second") + "dbc: mark 3\\n") + say("R", "2 pass mark=3") +
           say("E", "error=0") + "exit 33");
  EXPECT_EQ(order, "B1; R1; WARNING in between; Cmark=2; B2; WARNING in second; R2; Eerror=0; ");
  EXPECT_EQ(missed_, 0U);
}

TEST_F(GuestMarks, KeepAHalfReportOfTheNextCaseUntilItIsWhole) {
  // When the first result is handled, the second case has printed up to the middle of a line.
  const std::string order =
      told(say("B", "1") + print("dbc: mark 1\\n") + say("R", "1 pass mark=1") + say("B", "2") +
               print(first_half("second")) + until("handled") + print(std::string(rest) + "dbc: mark 2\\n") +
               say("R", "2 pass mark=2") + say("E", "error=0") + "exit 33",
           [this](const protocol::Record& record) {
             if (record.args.starts_with("2")) make("handled");
           });
  EXPECT_EQ(order, "B1; R1; B2; WARNING in second; R2; Eerror=0; ");
  ASSERT_EQ(result_.reports.size(), 1U) << "one, not two halves";
  EXPECT_THAT(result_.reports[0].text, HasSubstr("Comm: init"));
}

TEST_F(GuestMarks, MakeTheResultWaitForALateConsole) {
  const std::string order =
      told(say("B", "1") + say("R", "1 pass mark=1") + until("handling") + "sleep 0.3\n" +
               print(warning("first") + "dbc: mark 1\\n") + say("B", "2") + say("E", "error=0") + "exit 33",
           [this](const protocol::Record& record) {
             if (record.verb == "R") make("handling");
           });
  EXPECT_EQ(order, "B1; WARNING in first; R1; B2; Eerror=0; ");
  EXPECT_EQ(missed_, 0U);
}

TEST_F(GuestMarks, ThatNeverComeAreWaitedForOnce) {
  std::string behaviour;
  for (const char* each : {"1", "2", "3", "4", "5"})
    behaviour += say("B", each) + print(warning(std::string("of_") + each)) +
                 say("R", fmt::format("{} pass mark={}", each, each));
  const auto begun = std::chrono::steady_clock::now();
  const std::string order = told(behaviour + "sleep 4\n" + say("E", "error=0") + "exit 33");
  EXPECT_THAT(order, HasSubstr("WARNING in of_5; "));
  EXPECT_EQ(missed_, 5U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
  EXPECT_EQ(result_.reports.size(), 5U);
}

TEST_F(GuestMarks, HoldNothingBackWhenTheGuestDies) {
  const std::string order = told(say("B", "1") + print("dbc: mark 1\\n" + warning("last")) + "exit 0");
  EXPECT_EQ(order, "B1; WARNING in last; ");
  EXPECT_EQ(result_.reports.size(), 1U);
}

TEST_F(GuestMarks, AreNotNeeded) {
  const std::string order = told(say("B", "1") + print(first_half("first") + "mm: init\\n") + say("R", "1 pass") +
                                 say("E", "error=0") + "exit 33");
  EXPECT_EQ(order, "B1; WARNING in first; R1; Eerror=0; ");
}

}  // namespace
}  // namespace dmabuf::boot
