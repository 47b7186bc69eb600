// SPDX-License-Identifier: MIT
#include "dmabuf/boot/cpio.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/process.hpp"
#include "scratch.hpp"

namespace dmabuf::boot {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(Cpio, StartsWithTheMagicAndIsWholeBlocks) {
  CpioWriter writer;
  writer.file("init", "#!", 0755);
  const std::string archive = writer.finish();
  EXPECT_EQ(archive.substr(0, 14), "07070100000001");
  EXPECT_EQ(archive.substr(14, 8), "000081ED") << "a regular file, rwxr-xr-x";
  EXPECT_EQ(archive.size() % 512, 0U);
  EXPECT_THAT(archive, HasSubstr("TRAILER!!!"));
}

TEST(Cpio, AlignsHeadsAndContents) {
  for (std::size_t name = 1; name < 9; ++name) {
    CpioWriter writer;
    writer.file(std::string(name, 'n'), std::string(name + 2, 'c'));
    writer.directory("next");
    const std::string archive = writer.finish();
    const std::size_t second = archive.find("070701", 6);
    EXPECT_EQ(second % 4, 0U);
  }
}

TEST(Cpio, GivesTheSameBytesForTheSameCalls) {
  const auto make = [] {
    CpioWriter writer;
    writer.directory("/dev");
    writer.character_device("dev/null", 1, 3);
    return writer.finish();
  };
  EXPECT_EQ(make(), make());
}

TEST(Cpio, RefusesAnEmptyPath) { EXPECT_THROW(CpioWriter().directory("/"), Error); }

TEST(Cpio, IsReadByCpioItself) {
  if (!program_exists("cpio")) GTEST_SKIP() << "SKIPPED: no cpio. Remedy: apt-get install cpio";
  const testing::Scratch scratch;
  CpioWriter writer;
  writer.directory("etc");
  writer.file("etc/plan", "one\ntwo\n", 0600);
  writer.symlink("link", "etc/plan");
  writer.character_device("null", 1, 3, 0666);
  write_file(scratch.path() / "a.cpio", writer.finish());
  const CommandResult list =
      run_command({"cpio", "-itv", "-F", (scratch.path() / "a.cpio").string()});
  EXPECT_TRUE(list.ok()) << list.output;
  EXPECT_THAT(list.output, ContainsRegex("-rw------- .* 8 .*etc/plan"));
  EXPECT_THAT(list.output, HasSubstr("link -> etc/plan"));
  EXPECT_THAT(list.output, ContainsRegex("crw-rw-rw- .* 1, +3 .*null"));
}

}  // namespace
}  // namespace dmabuf::boot
