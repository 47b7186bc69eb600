// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "dmabuf/boot/console.hpp"

namespace dmabuf::boot {
namespace {

TEST(Timestamp, IsTakenOffInAllItsForms) {
  for (const char* line : {"text [x]", "[    3.141592] text [x]", "[    3.141592][    T1] text [x]",
                           "[    3.141592] [    T1] text [x]", "<4>[   12.000001] text [x]",
                           "[    0.5][   C0] text [x]\r"})
    EXPECT_EQ(without_timestamp(line), "text [x]") << line;
  EXPECT_EQ(without_timestamp("[ BUG: Invalid wait context ]"), "[ BUG: Invalid wait context ]");
  EXPECT_EQ(without_timestamp("[   12.0]  comm \"init\""), " comm \"init\"") << "indentation stays";
  EXPECT_EQ(without_timestamp(""), "");
}

TEST(Title, LosesWhatDiffersFromRunToRun) {
  EXPECT_EQ(normalize_title("dma_buf_poll+0x1d8/0x208"), "dma_buf_poll");
  EXPECT_EQ(normalize_title("dma_buf_poll.isra.0.cold+0x8/0x10"), "dma_buf_poll");
  EXPECT_EQ(normalize_title("bad thing at ffff888003c0ffee CPU: 1 PID: 77 here"),
            "bad thing at here");
  EXPECT_EQ(normalize_title("address: 0x0000000000000008"), "address");
  EXPECT_EQ(normalize_title("task init:42 and kworker/3"), "task init and kworker");
  EXPECT_EQ(normalize_title("f+0x1/0x2 [vgem]"), "f");
  EXPECT_EQ(normalize_title(""), "");
  EXPECT_LE(normalize_title(std::string(100000, 'a')).size(), 300U);
}

}  // namespace
}  // namespace dmabuf::boot
