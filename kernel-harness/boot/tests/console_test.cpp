// SPDX-License-Identifier: MIT
#include "dmabuf/boot/console.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "console_fixtures.hpp"

namespace dmabuf::boot {

namespace testing {
void PrintTo(const Fixture& fixture, std::ostream* out) { *out << fixture.name; }
}  // namespace testing

void PrintTo(const KernelReport& report, std::ostream* out) {
  *out << name(report.kind) << " \"" << report.title << "\"\n" << report.text;
}

namespace {

using testing::Fixture;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

class ConsoleReport : public ::testing::TestWithParam<Fixture> {};

TEST_P(ConsoleReport, IsFoundWholeAndNamed) {
  const Fixture& fixture = GetParam();
  const std::vector<KernelReport> reports = scan_console(fixture.log);
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, fixture.kind);
  EXPECT_EQ(reports[0].title, fixture.title);
  EXPECT_EQ(reports[0].fatal, fixture.fatal);
  EXPECT_THAT(last_line(reports[0].text), HasSubstr(fixture.last));
}

TEST_P(ConsoleReport, IsTheSameHoweverTheBytesCome) {
  const std::string log = GetParam().log;
  for (const std::size_t size : {1U, 7U, 100U}) {
    ConsoleScanner scanner;
    for (std::size_t at = 0; at < log.size(); at += size) scanner.bytes(log.substr(at, size));
    scanner.finish();
    const std::vector<KernelReport> reports = scanner.take();
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].title, GetParam().title);
  }
}

TEST_P(ConsoleReport, EndsBeforeOrdinaryLines) {
  std::string log = GetParam().log;
  for (int i = 0; i < 40; ++i)
    log += fmt::format("[  300.{:06}] vgem: all is well, round {}\n", i, i);
  const std::vector<KernelReport> reports = scan_console(log);
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_THAT(reports[0].text, ::testing::Not(HasSubstr("all is well")));
}

TEST_P(ConsoleReport, HasNoTitleOfItsOwnBoot) {
  // Another address, pid, processor and time: the same bug.
  std::string log = GetParam().log;
  const auto replace = [&log](const std::string& from, const std::string& to) {
    for (std::size_t at = log.find(from); at != std::string::npos;
         at = log.find(from, at + to.size()))
      log.replace(at, from.size(), to);
  };
  replace("PID: 77", "PID: 1234");
  replace("ffff888003c0ffee", "ffff9c7b41d2aa08");
  replace("CPU: 0", "CPU: 3");
  replace("init/1", "init/991");
  replace("+0x", "+0x4");
  EXPECT_EQ(scan_console(log).at(0).title, GetParam().title);
}

INSTANTIATE_TEST_SUITE_P(Of, ConsoleReport, ::testing::ValuesIn(testing::fixtures),
                         [](const auto& fixture) { return std::string(fixture.param.name); });

TEST(Console, OfAHealthyBootHasNoReports) {
  EXPECT_THAT(scan_console(R"(
[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)
[    0.000000] Command line: console=ttyS0 panic=-1 oops=panic printk.devkmsg=on
[    0.100000] Kernel command line: console=ttyS0 panic=-1 WARNING: BUG: oops=panic
[    0.200000] rcu: Preemptible hierarchical RCU implementation.
[    0.300000] NMI watchdog: Perf NMI watchdog permanently disabled
[    0.400000] x86/mm: Checked W+X mappings: passed, no W+X pages found.
[    0.500000] init: warning: this is only a warning, and DEBUG: nothing
[    0.600000] kmemleak: Kernel memory leak detector initialized
[    0.700000] @DBC1 W 4 warn WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2 ;0000
)"),
              IsEmpty());
}

TEST(Console, KeepsTwoReportsApart) {
  std::string log;
  for (const Fixture& fixture : testing::fixtures) log += fixture.log;
  std::vector<std::string> titles;
  for (const KernelReport& report : scan_console(log)) titles.push_back(report.title);
  std::vector<std::string> expected;
  for (const Fixture& fixture : testing::fixtures) expected.emplace_back(fixture.title);
  EXPECT_EQ(titles, expected);
}

TEST(Console, CountsBootsAndLinesAndEndsAReportAtAReboot) {
  ConsoleScanner scanner;
  scanner.bytes("[ 0.0] Linux version 6.1\n[ 1.0] BUG: something odd\n[ 0.0] Linux version 6.1\n");
  EXPECT_EQ(scanner.boots(), 2U);
  const auto reports = scanner.take();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].line, 2U);
  EXPECT_EQ(reports[0].title, "BUG: something odd");
}

TEST(Console, KeepsThePanicOfAnotherCauseApart) {
  const auto reports = scan_console(R"(
[ 1.0] WARNING: CPU: 0 PID: 1 at a.c:1 culprit+0x1/0x2
[ 1.0] ---[ end trace 0000000000000000 ]---
[ 1.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100
[ 1.1] ---[ end Kernel panic - not syncing: Attempted to kill init! ]---
)");
  ASSERT_THAT(reports, SizeIs(2));
  EXPECT_FALSE(reports[0].fatal);
  EXPECT_EQ(reports[1].title, "panic: Attempted to kill init! exitcode");
}

/// A warning up to its end trace, and half of one.
constexpr const char* half_warning =
    "[ 1.0] ------------[ cut here ]------------\n"
    "[ 1.0] WARNING: CPU: 0 PID: 1 at a.c:1 culprit+0x1/0x2\n"
    "[ 1.0] CPU: 0 PID: 1 Comm: init Not tainted\n";
constexpr const char* other_half =
    "[ 1.0]  caller+0x3/0x4\n"
    "[ 1.0] ---[ end trace 0000000000000000 ]---\n";

TEST(ConsoleMark, IsCountedByTheReportsThatFollowIt) {
  ConsoleScanner scanner;
  scanner.bytes("[ 1.0] BUG: before all marks\n[ 1.0] dbc: mark 1\n[ 1.0] dbc: mark 2\n");
  scanner.bytes(std::string(half_warning) + other_half);
  EXPECT_EQ(scanner.mark(), 2U);
  const auto reports = scanner.take();
  ASSERT_THAT(reports, SizeIs(2));
  EXPECT_EQ(reports[0].mark, 0U);
  EXPECT_EQ(reports[1].mark, 2U);
}

TEST(ConsoleMark, IsALineOfItsOwn) {
  ConsoleScanner scanner;
  scanner.bytes("[ 1.0] he said dbc: mark 7\n[ 1.0] dbc: mark 7 or so\n[ 1.0] dbc: mark \ndbc: mark 9");
  EXPECT_EQ(scanner.mark(), 0U);
  scanner.bytes("\r\n");
  EXPECT_EQ(scanner.mark(), 9U);
}

TEST(ConsoleMark, EndsAReportThatHasNoEndOfItsOwn) {
  ConsoleScanner scanner;
  scanner.bytes("[ 1.0] BUG: sleeping function called from invalid context at a.c:1\n"
                "[ 1.0] CPU: 0 PID: 1 Comm: init Not tainted\n[ 1.0] dbc: mark 3\n");
  EXPECT_FALSE(scanner.in_report());
  EXPECT_TRUE(scanner.complete_to(3));
  EXPECT_THAT(scanner.take(), SizeIs(1));
}

TEST(ConsoleMark, InTheMidstOfAReportLeavesItWholeWhereItBegan) {
  ConsoleScanner scanner;
  scanner.bytes("dbc: mark 4\n" + std::string(half_warning) + "[ 1.0] dbc: mark 5\n");
  EXPECT_FALSE(scanner.complete_to(5)) << "it is not whole";
  EXPECT_TRUE(scanner.complete_to(4));
  scanner.bytes(other_half);
  EXPECT_TRUE(scanner.complete_to(5));
  const auto reports = scanner.take();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].mark, 4U);
  EXPECT_EQ(reports[0].title, "WARNING in culprit");
  EXPECT_EQ(reports[0].text, std::string(half_warning) + other_half) << "and no mark in it";
}

TEST(ConsoleMark, BeforeTheHeadlineLeavesTheReportWhereItWasCut) {
  const std::string whole = std::string(half_warning) + other_half;
  const std::size_t headline = whole.find("[ 1.0] WARNING");
  ConsoleScanner scanner;
  scanner.bytes(whole.substr(0, headline) + "[ 1.0] dbc: mark 1\n" + whole.substr(headline));
  const auto reports = scanner.take();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].mark, 0U);
  EXPECT_EQ(reports[0].line, 1U);
  EXPECT_EQ(reports[0].text, whole);
}

TEST(ConsoleMark, TheSecondWaitsNoLongerForAnEnd) {
  ConsoleScanner scanner;
  scanner.bytes(std::string(half_warning) + "dbc: mark 1\n");
  EXPECT_THAT(scanner.take(), IsEmpty());
  scanner.bytes("dbc: mark 2\n");
  EXPECT_THAT(scanner.take(), SizeIs(1));
}

TEST(Console, IsNotEatenByALineWithoutEnd) {
  ConsoleScanner scanner;
  for (int i = 0; i < 1000; ++i) scanner.bytes(std::string(1000, 'x'));
  scanner.bytes("\nBUG: after all\n");
  scanner.finish();
  EXPECT_THAT(scanner.take(), SizeIs(1));
}

}  // namespace
}  // namespace dmabuf::boot
