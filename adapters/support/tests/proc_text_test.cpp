// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/proc_text.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <random>
#include <string>

namespace dmabuf::adapters {
namespace {

// --- fdinfo --------------------------------------------------------------------------------------

const std::string kUnnamed =
    "pos:\t0\nflags:\t02000002\nmnt_id:\t14\nino:\t23\nsize:\t8192\ncount:\t3\nexp_name:\tdrm\n";

TEST(FdInfo, GivesEveryField) {
  const auto info = parse_fdinfo(kUnnamed);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->flags & O_ACCMODE, unsigned{O_RDWR});
  EXPECT_NE(info->flags & O_CLOEXEC, 0U);
  EXPECT_EQ(info->ino, 23U);
  EXPECT_EQ(info->size, 8192U);
  EXPECT_EQ(info->count, 3);
  EXPECT_EQ(info->exporter, "drm");
  EXPECT_EQ(info->name, "");
}

TEST(FdInfo, HasNoInodeBefore514) {
  const auto info = parse_fdinfo(
      "pos:\t0\nflags:\t02\nmnt_id:\t13\nsize:\t4096\ncount:\t1\nexp_name:\tudmabuf\n");
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->ino);
  EXPECT_EQ(info->flags & O_CLOEXEC, 0U);
}

TEST(FdInfo, ReadsAnyName) {
  for (const std::string name : {"", "two words", "tab\there", "line\nline", "count:\t99", "\n\n",
                                 "\ncount:\t77\nsize:\t1", "name:\tother", "ends\n"}) {
    const std::string text = kUnnamed + "name:\t" + name + "\n";
    const auto info = parse_fdinfo(text);
    ASSERT_TRUE(info) << name;
    EXPECT_EQ(info->name, name);
    EXPECT_EQ(info->count, 3) << name;
    EXPECT_EQ(info->size, 8192U) << name;
  }
}

TEST(FdInfo, IsNotFoundInOtherFiles) {
  EXPECT_FALSE(parse_fdinfo(""));
  EXPECT_FALSE(parse_fdinfo("pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1057\neventfd-count: 0\n"));
  EXPECT_FALSE(parse_fdinfo("size:\tx\ncount:\t1\nexp_name:\tdrm\n"));
}

// --- bufinfo -------------------------------------------------------------------------------------

/// Prints as dma-buf.c:dma_buf_debug_show does from 5.19 to 6.18.
class Listing {
 public:
  void add(std::uint64_t ino, const std::string& name, int attachments, std::string fences = {},
           const char* exporter = "drm", unsigned mode = 0x00080007) {
    char row[160];
    std::snprintf(row, sizeof row, "%08zu\t%08x\t%08x\t%08ld\t%s\t%08" PRIu64 "\t",
                  std::size_t{8192}, 2U, mode, 5L, exporter, ino);
    body_ += row + name + "\n" + fences + "\tAttached Devices:\n";
    for (int i = 0; i < attachments; ++i) body_ += "\tvivid.0\n";
    body_ += "Total " + std::to_string(attachments) + " devices attached\n\n";
    ++buffers_;
  }
  std::string text() const {
    return "\nDma-buf Objects:\n"
           "size    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n" +
           body_ + "\nTotal " + std::to_string(buffers_) + " objects, " +
           std::to_string(buffers_ * 8192) + " bytes\n";
  }

 private:
  std::string body_;
  int buffers_ = 0;
};

TEST(BufInfo, GivesEveryBuffer) {
  Listing listing;
  listing.add(7, "<none>", 0);
  listing.add(6, "two words", 2, "\twrite fence:vgem unbound seq 1 unsignalled\n");
  const std::string text = listing.text();
  EXPECT_EQ(count_buffers(text), 2);
  const auto newest = find_by_ino(text, 7);
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->size, 8192U);
  EXPECT_EQ(newest->count, 5);
  EXPECT_EQ(newest->flags & O_ACCMODE, unsigned{O_RDWR});
  EXPECT_EQ(newest->mode & 3, 3U);
  EXPECT_EQ(newest->exporter, "drm");
  EXPECT_EQ(newest->name, "");
  EXPECT_EQ(newest->attachments, 0);
  const auto oldest = find_by_ino(text, 6);
  ASSERT_TRUE(oldest);
  EXPECT_EQ(oldest->name, "two words");
  EXPECT_EQ(oldest->attachments, 2);
  EXPECT_FALSE(find_by_ino(text, 5));
}

TEST(BufInfo, IsEmptyWithoutBuffers) {
  EXPECT_EQ(count_buffers(Listing().text()), 0);
  EXPECT_EQ(count_buffers(""), 0);
}

// Printed alike by Debian's 6.1.192 and 6.12.117: two vgem buffers, one with a device attached.
TEST(BufInfo, ReadsWhatKernelsPrint) {
  const std::string text =
      "\nDma-buf Objects:\n"
      "size    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n"
      "00004096\t00000000\t00080005\t00000003\tdrm\t00000002\t<none>\n"
      "\tAttached Devices:\nTotal 0 devices attached\n\n"
      "00008192\t00000002\t00080007\t00000006\tdrm\t00000001\ttwo words\n"
      "\tAttached Devices:\n\tdmabuf-harness.0\nTotal 1 devices attached\n\n"
      "\nTotal 2 objects, 12288 bytes\n";
  EXPECT_EQ(count_buffers(text), 2);
  EXPECT_EQ(find_by_ino(text, 1)->attachments, 1);
  EXPECT_EQ(find_by_ino(text, 1)->count, 6);
  EXPECT_EQ(find_by_ino(text, 2)->flags & O_ACCMODE, unsigned{O_RDONLY});
}

TEST(BufInfo, ReadsTheModeBitsOf618AndLargeNumbers) {
  Listing listing;
  listing.add(1234567890123, "", 0, "", "system", 0x02080007);
  const std::string text = listing.text();
  const auto row = find_by_ino(text, 1234567890123);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->exporter, "system");
  EXPECT_EQ(row->mode & 3, 3U);
}

TEST(BufInfo, IsNotFooledByNames) {
  for (const std::string name : {"\nTotal 9 devices attached", "\n\tAttached Devices:\n\tx\n\tx",
                                 "\n\nTotal 0 objects, 0 bytes", "00008192\t00000002\t00080007",
                                 "\n00008192\t2\t7\t9\tdrm\t9\tx", "\t\t\t\t\t\t", "a\nb"}) {
    ASSERT_LE(name.size(), 31U);
    Listing listing;
    listing.add(9, name, 1);
    listing.add(8, name, 0);
    const std::string text = listing.text();
    EXPECT_EQ(count_buffers(text), 2) << name;
    EXPECT_EQ(find_by_ino(text, 9)->attachments, 1) << name;
    EXPECT_EQ(find_by_ino(text, 8)->attachments, 0) << name;
    EXPECT_EQ(find_by_ino(text, 9)->name, name);
  }
}

/// Whatever 31 bytes a buffer is named with, the other fields come out as printed.
TEST(BufInfo, IsNotFooledByAnyOfManyNames) {
  const std::string scraps[] = {"\n", "\t", "0", "00000009", "Total 7 devices attached",
                                "\tAttached Devices:", "Total ", "<none>", " ", "f"};
  std::mt19937 random(20240229);
  for (int round = 0; round < 20000; ++round) {
    std::string name;
    while (random() % 6 != 0) name += scraps[random() % std::size(scraps)];
    name = name.substr(0, 31);
    Listing listing;
    listing.add(3, "plain", 1);
    listing.add(2, name, 2);
    listing.add(1, "plain", 3);
    const std::string text = listing.text();
    ASSERT_EQ(count_buffers(text), 3) << name;
    for (const std::uint64_t ino : {1U, 2U, 3U}) {
      const auto row = find_by_ino(text, ino);
      ASSERT_TRUE(row) << name;
      ASSERT_EQ(row->attachments, static_cast<std::int64_t>(4 - ino)) << name;
      ASSERT_EQ(row->count, 5) << name;
    }
    ASSERT_EQ(find_by_ino(text, 1)->name, "plain") << name;
  }
}

TEST(BufInfo, SurvivesAnyText) {
  const std::string whole = [] {
    Listing listing;
    listing.add(2, "x", 1);
    listing.add(1, "y", 0);
    return listing.text();
  }();
  for (std::size_t size = 0; size <= whole.size(); ++size)
    EXPECT_LE(count_buffers(std::string_view(whole).substr(0, size)), 2);
}

// --- /sys/module/<name>/refcnt -------------------------------------------------------------------

TEST(Modules, GiveTheirUseCount) {
  EXPECT_EQ(module_use_count("3\n"), 3);
  EXPECT_EQ(module_use_count("0\n"), 0);
  EXPECT_EQ(module_use_count("-1\n"), -1);  // on its way out
  EXPECT_FALSE(module_use_count(""));
  EXPECT_FALSE(module_use_count("\n"));
  EXPECT_FALSE(module_use_count("3"));
}

}  // namespace
}  // namespace dmabuf::adapters
