// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/fd_table.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "dmabuf/conformance/adapter.hpp"

namespace dmabuf::adapters {
namespace {

constexpr model::FdId f0{0}, f1{1};
constexpr model::ProcessId p0{0}, p1{1};
constexpr model::BufferId b0{0};

TEST(FdTable, FindsWhatWasPut) {
  FdTable table;
  EXPECT_FALSE(table.holds(f0));
  table.put(f0, {p1, 7, b0});
  EXPECT_TRUE(table.holds(f0));
  EXPECT_EQ(table.at(f0).number, 7);
  EXPECT_EQ(table.at(f0).process, p1);
  EXPECT_EQ(table.at(f0).buffer, b0);
}

TEST(FdTable, HasANumberNoFileIsOpenAt) {
  const FdTable table;
  for (const model::FdId fd : {model::kBadFd, f0}) {
    EXPECT_EQ(table.at(fd).process, p0);
    EXPECT_EQ(::fcntl(table.at(fd).number, F_GETFD), -1);
  }
}

TEST(FdTable, KeepsAForeignFileOpen) {
  FdTable table;
  const int number = table.at(model::kForeignFd).number;
  EXPECT_GE(::fcntl(number, F_GETFD), 0);
  ASSERT_EQ(::close(number), 0);  // as the operation does
  table.erase(model::kForeignFd);
  EXPECT_GE(::fcntl(table.at(model::kForeignFd).number, F_GETFD), 0);
}

TEST(FdTable, RefusesATakenSlot) {
  FdTable table;
  table.put(f0, {p0, 7, b0});
  EXPECT_THROW(table.put(f0, {p0, 8, b0}), conformance::HarnessError);
  EXPECT_THROW(table.expect_free(f0), conformance::HarnessError);
  EXPECT_THROW(table.put(model::kBadFd, {p0, 8, b0}), conformance::HarnessError);
  EXPECT_NO_THROW(table.expect_free(f1));
}

TEST(FdTable, RemembersWhereAClosedSlotWas) {
  FdTable table;
  EXPECT_FALSE(table.left(f0));
  table.put(f0, {p0, 7, b0});
  table.erase(f0);
  ASSERT_TRUE(table.left(f0));
  EXPECT_EQ(table.left(f0)->number, 7);
  table.put(f1, {p1, 7, b0});  // the same number of another process
  EXPECT_TRUE(table.left(f0));
  table.erase(f1);
  table.put(f1, {p0, 7, b0});
  EXPECT_FALSE(table.left(f0)) << "another slot lives there now";
}

TEST(FdTable, LooksAtAClosedSlotOnce) {
  FdTable table;
  table.put(f0, {p0, 7, b0});
  EXPECT_FALSE(table.was_seen_closed(f0));
  table.erase(f0);
  table.seen_closed(f0);
  EXPECT_FALSE(table.left(f0));
  EXPECT_TRUE(table.was_seen_closed(f0));
  table.put(f0, {p0, 9, b0});
  EXPECT_FALSE(table.was_seen_closed(f0));
  table.clear();
  EXPECT_FALSE(table.holds(f0));
}

}  // namespace
}  // namespace dmabuf::adapters
