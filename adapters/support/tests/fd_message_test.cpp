// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/fd_message.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "dmabuf/adapters/process.hpp"

namespace dmabuf::adapters {
namespace {

struct FdMessage : ::testing::Test {
  std::array<UniqueFd, 2> ends = channel_pair();
  char bytes[8] = {};
};

TEST_F(FdMessage, CarriesBytesAndAnFd) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ASSERT_EQ(send_with_fd(ends[0].get(), "two", 3, null.get()), 3);
  const ReceivedFd got = receive_with_fd(ends[1].get(), bytes, sizeof bytes, MSG_CMSG_CLOEXEC);
  const UniqueFd fd(got.fd);
  EXPECT_EQ(got.bytes, 3);
  EXPECT_STREQ(bytes, "two");
  ASSERT_TRUE(fd);
  EXPECT_NE(fd.get(), null.get());
  EXPECT_FALSE(got.cut);
  EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FdMessage, CarriesBytesAlone) {
  ASSERT_EQ(send_with_fd(ends[0].get(), "x", 1, -1), 1);
  const ReceivedFd got = receive_with_fd(ends[1].get(), bytes, sizeof bytes, 0);
  EXPECT_EQ(got.bytes, 1);
  EXPECT_EQ(got.fd, -1);
  EXPECT_FALSE(got.cut);
}

TEST_F(FdMessage, SaysWhenThereWasNoRoomForTheFd) {
  ASSERT_EQ(send_with_fd(ends[0].get(), "x", 1, ends[0].get()), 1);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const ReceivedFd got = receive_with_fd(ends[1].get(), bytes, sizeof bytes, 0);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(got.bytes, 1);
  EXPECT_EQ(got.fd, -1);
  EXPECT_TRUE(got.cut);
}

TEST_F(FdMessage, OverNothingFails) {
  EXPECT_EQ(receive_with_fd(ends[1].get(), bytes, sizeof bytes, MSG_DONTWAIT).bytes, -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(send_with_fd(-1, "x", 1, -1), -1);
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace dmabuf::adapters
