// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/init.hpp"
#include "scratch.hpp"

namespace dmabuf::guest {
namespace {

struct Wire {
  Wire() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::bad_alloc();
    host = Link(boot::UniqueFd(ends[0]));
    guest = Link(boot::UniqueFd(ends[1]));
  }
  Link host{boot::UniqueFd()};
  Link guest{boot::UniqueFd()};
};

constexpr auto soon = std::chrono::milliseconds(2000);

TEST(Link, CarriesRecordsBothWays) {
  Wire wire;
  wire.guest.send("H", "run=1");
  wire.host.send("G", "case one");
  EXPECT_EQ(wire.host.receive(soon)->args, "run=1");
  EXPECT_EQ(wire.guest.receive(soon)->args, "case one");
  EXPECT_FALSE(wire.guest.receive(std::chrono::milliseconds(10)));
}

TEST(Link, CutsWhatIsTooLongAndCleansWhatIsNotText) {
  Wire wire;
  wire.guest.send("W", "line one\nline two" + std::string(500, 'x'));
  const auto record = wire.host.receive(soon);
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->args.starts_with("line one?line two"));
}

TEST(Link, GivesRecordsOneByOne) {
  Wire wire;
  for (const char* args : {"1", "2", "3"}) wire.guest.send("O", args);
  for (const char* args : {"1", "2", "3"}) EXPECT_EQ(wire.host.receive(soon)->args, args);
  EXPECT_EQ(wire.host.stats().records, 3U);
}

TEST(Link, SaysWhenTheDeviceIsNotThere) {
  EXPECT_FALSE(static_cast<bool>(Link("/nonexistent/ttyS1")));
}

TEST(LogMarks, AreNumberedLinesOfAllProcesses) {
  const boot::testing::Scratch scratch;
  const std::filesystem::path log = scratch.path() / "kmsg";
  boot::write_file(log, "");
  LogMarks marks(log.c_str());
  EXPECT_EQ(marks.next(), 1U);
  if (const pid_t child = ::fork(); child == 0)
    ::_exit(marks.next() == 2U ? 0 : 1);
  else {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(marks.next(), 3U);
  EXPECT_EQ(boot::read_file(log), "<1>dbc: mark 1\n<1>dbc: mark 2\n<1>dbc: mark 3\n");
}

TEST(LogMarks, AreNoneWhereTheLogCannotBeWritten) {
  EXPECT_FALSE(LogMarks("/nonexistent/kmsg").next());
  EXPECT_FALSE(LogMarks("/dev/full").next());
}

TEST(Modules, ThatCannotBeLoadedAreToldToTheHost) {
  const boot::testing::Scratch scratch;
  const std::filesystem::path list = scratch.path() / "load-order";
  boot::write_file(list, "missing.ko level=1\n");
  Wire wire;
  EXPECT_FALSE(load_modules(wire.guest, list.c_str()));
  const auto record = wire.host.receive(soon);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->verb, "W");
  EXPECT_EQ(record->args, "module missing: ENOENT");
}

TEST(Modules, WithoutAListAreNone) { EXPECT_TRUE(load_modules("/nonexistent/list").empty()); }

}  // namespace
}  // namespace dmabuf::guest
