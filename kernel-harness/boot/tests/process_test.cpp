// SPDX-License-Identifier: MIT
#include "dmabuf/boot/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include "dmabuf/boot/error.hpp"

namespace dmabuf::boot {
namespace {

TEST(RunCommand, GivesStatusAndOutput) {
  const CommandResult result = run_command({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(result.output, "out\nerr\n");
  EXPECT_EQ(run_command({"true"}).output, "");
}

TEST(RunCommand, WorksInTheDirectoryGiven) {
  EXPECT_EQ(run_command({"pwd"}, "/usr").output, "/usr\n");
}

TEST(RunCommand, StopsAtTheLimit) {
  const CommandResult result = run_command({"sleep", "60"}, {}, std::chrono::seconds(1));
  EXPECT_EQ(result.status, 124);
}

TEST(RunCommand, NamesAMissingProgram) {
  EXPECT_THROW(run_command({"no-such-program-here"}), Error);
  EXPECT_FALSE(program_exists("no-such-program-here"));
  EXPECT_TRUE(program_exists("sh"));
}

TEST(ChildProcess, IsGoneWithItsOwner) {
  pid_t pid = 0;
  {
    const ChildProcess child(Command{.argv = {"sh", "-c", "sleep 60 & sleep 60"}});
    pid = child.pid();
    EXPECT_EQ(::kill(-pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ChildProcess, ReportsDeathBySignalAsTheShellDoes) {
  ChildProcess child(Command{.argv = {"sh", "-c", "kill -TERM $$"}});
  EXPECT_EQ(child.wait_for(std::chrono::seconds(10)), 128 + SIGTERM);
  EXPECT_EQ(child.kill(), 128 + SIGTERM) << "the answer stays";
}

TEST(ChildProcess, InheritsWhatItIsGivenUnderTheNumberAsked) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  ChildProcess child(
      Command{.argv = {"sh", "-c", "echo hello >&9"}, .inherit = {{theirs.get(), 9}}});
  theirs.reset();
  char text[16] = {};
  EXPECT_EQ(::recv(ours.get(), text, sizeof text, 0), 6);
  EXPECT_STREQ(text, "hello\n");
  EXPECT_EQ(child.wait_for(std::chrono::seconds(10)), 0);
}

}  // namespace
}  // namespace dmabuf::boot
