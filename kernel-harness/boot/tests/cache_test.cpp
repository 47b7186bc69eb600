// SPDX-License-Identifier: MIT
#include "dmabuf/boot/cache.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "dmabuf/boot/error.hpp"
#include "scratch.hpp"

namespace dmabuf::boot {
namespace {

TEST(Cache, FollowsXdg) {
  const testing::PrivateCache cache("/somewhere/else");
  EXPECT_EQ(cache_directory(), "/somewhere/else/dmabuf-conform");
}

TEST(Cache, FillsAnEntryOnce) {
  const testing::Scratch scratch;
  int fills = 0;
  for (int i = 0; i < 2; ++i)
    cached_directory(scratch.path() / "a" / "entry", [&](const std::filesystem::path& draft) {
      ++fills;
      write_file(draft / "file", "contents");
    });
  EXPECT_EQ(fills, 1);
  EXPECT_EQ(read_file(scratch.path() / "a" / "entry" / "file"), "contents");
}

TEST(Cache, KeepsNothingOfAFailedFill) {
  const testing::Scratch scratch;
  const std::filesystem::path entry = scratch.path() / "entry";
  EXPECT_THROW(cached_directory(entry,
                                [](const std::filesystem::path& draft) {
                                  write_file(draft / "half", "");
                                  throw Error("no network");
                                }),
               Error);
  EXPECT_FALSE(std::filesystem::exists(entry));
  EXPECT_FALSE(std::filesystem::exists(entry.string() + ".draft"));
  cached_directory(entry, [](const std::filesystem::path& draft) {
    EXPECT_TRUE(std::filesystem::is_empty(draft)) << "what the failed one left is gone";
  });
  EXPECT_TRUE(std::filesystem::exists(entry));
}

TEST(Cache, ReadsEmptyFilesAndNamesMissingOnes) {
  const testing::Scratch scratch;
  write_file(scratch.path() / "empty", "");
  EXPECT_EQ(read_file(scratch.path() / "empty"), "");
  EXPECT_THROW(read_file(scratch.path() / "missing"), Error);
}

TEST(ContentHash, TellsWhereOnePartEnds) {
  EXPECT_NE(ContentHash().add("ab").add("c").hex(), ContentHash().add("a").add("bc").hex());
  EXPECT_EQ(ContentHash().add("ab").hex(), ContentHash().add("ab").hex());
  EXPECT_EQ(ContentHash().add("").hex().size(), 16U);
}

}  // namespace
}  // namespace dmabuf::boot
