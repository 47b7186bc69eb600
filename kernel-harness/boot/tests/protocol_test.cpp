// SPDX-License-Identifier: MIT
#include "dmabuf/boot/protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

namespace dmabuf::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Crc, HasThePublishedCheckValues) {
  EXPECT_EQ(crc16_ccitt("123456789"), 0x29b1);
  EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
}

TEST(Encoder, MakesTheDocumentedLine) {
  Encoder encoder;
  const std::string line = encoder.encode(verb::begin, "life.close k=0 seed=0x1 try=1");
  EXPECT_TRUE(line.starts_with("@DBC1 B 1 life.close k=0 seed=0x1 try=1 ;"));
  EXPECT_EQ(line.size(), line.find(';') + 6);
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(encoder.last_seq(), 1U);
}

TEST(Encoder, FillsALineAndNoMore) {
  Encoder encoder;
  const std::string fits(encoder.room("R"), 'a');
  EXPECT_EQ(encoder.encode("R", fits).size(), line_limit);
  EXPECT_THROW(encoder.encode("R", std::string(encoder.room("R") + 1, 'a')), std::invalid_argument);
}

TEST(Encoder, RefusesWhatWouldNotComeBack) {
  Encoder encoder;
  EXPECT_THROW(encoder.encode("R", "two\nlines"), std::invalid_argument);
  EXPECT_THROW(encoder.encode("R", "a @DBC1 inside"), std::invalid_argument);
  EXPECT_THROW(encoder.encode("r", "x"), std::invalid_argument);
  EXPECT_THROW(encoder.encode("", "x"), std::invalid_argument);
  EXPECT_EQ(encoder.last_seq(), 0U) << "a refused line takes no number";
}

TEST(Decoder, RoundTripsRandomArgs) {
  std::mt19937 random(20240229);
  Encoder encoder;
  Decoder decoder;
  for (std::uint32_t i = 1; i <= 500; ++i) {
    std::string args;
    const std::size_t size = random() % 200;
    while (args.size() < size) args.push_back(static_cast<char>(0x20 + random() % 95));
    if (args.ends_with(' ')) args.back() = 'x';
    args = printable(args, encoder.room("W"));
    EXPECT_THAT(decoder.line(encoder.encode("W", args)),
                ElementsAre(Record{.verb = "W", .seq = i, .args = args}));
  }
  EXPECT_EQ(decoder.stats(), (LinkStats{.records = 500}));
}

TEST(Decoder, FindsRecordsBehindStampsAndBeforeGarbage) {
  Encoder encoder;
  std::string line = encoder.encode("E", "pass=1 fail=0");
  line.pop_back();
  Decoder decoder;
  EXPECT_THAT(decoder.line("[    3.141592][    T1] " + line + "\r"), SizeIs(1));
  EXPECT_THAT(decoder.line("2026-01-01 target: " + encoder.encode("E", "again") + " tail"),
              SizeIs(1));
  EXPECT_EQ(decoder.stats().damaged, 0U);
}

TEST(Decoder, KeepsSemicolonsInArgs) {
  Encoder encoder;
  Decoder decoder;
  const auto found = decoder.line(encoder.encode("W", "a ;0000 b ;c"));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].args, "a ;0000 b ;c");
}

TEST(Decoder, SavesTheSecondOfTwoLinesRunTogether) {
  Encoder encoder;
  const std::string first = encoder.encode("B", "case-one k=1");
  const std::string second = encoder.encode("R", "case-one pass");
  Decoder decoder;
  EXPECT_THAT(decoder.line(first.substr(0, 12) + second),
              ElementsAre(Record{.verb = "R", .seq = 2, .args = "case-one pass"}));
  EXPECT_EQ(decoder.stats(), (LinkStats{.records = 1, .damaged = 1, .missing = 1}));
}

TEST(Decoder, NoticesEveryFlippedByte) {
  const std::string line = Encoder().encode("R", "life.dup pass ms=1");
  for (std::size_t at = 0; at + 1 < line.size(); ++at) {
    std::string damaged = line;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    Decoder decoder;
    const auto found = decoder.line(damaged);
    EXPECT_THAT(found, IsEmpty()) << "byte " << at;
  }
}

TEST(Decoder, CountsGapsDuplicatesAndRestarts) {
  Encoder encoder;
  std::vector<std::string> lines;
  for (int i = 0; i < 6; ++i) lines.push_back(encoder.encode("O", "op"));
  Decoder decoder;
  for (const std::size_t i : {0U, 1U, 1U, 4U, 5U}) decoder.line(lines[i]);
  decoder.line(lines[0]);
  EXPECT_EQ(decoder.stats(),
            (LinkStats{.records = 5, .missing = 2, .duplicates = 1, .restarts = 1}));
}

TEST(Decoder, PutsPiecesTogether) {
  Encoder encoder;
  const std::string wire = encoder.encode("C", "a=1") + encoder.encode("C", "b=2");
  for (std::size_t size = 1; size < wire.size(); ++size) {
    Decoder decoder;
    std::size_t records = 0;
    for (std::size_t at = 0; at < wire.size(); at += size)
      records += decoder.bytes(std::string_view(wire).substr(at, size)).size();
    EXPECT_EQ(records, 2U) << "pieces of " << size;
  }
}

TEST(Record, GivesWordsAndValues) {
  const Record record{.verb = "R", .seq = 1, .args = "life.dup  pass ms=3 sig=abc"};
  EXPECT_THAT(record.words(), ElementsAre("life.dup", "pass", "ms=3", "sig=abc"));
  EXPECT_EQ(record.value("ms"), "3");
  EXPECT_EQ(record.value("s"), std::nullopt);
}

TEST(Printable, MakesAnythingFit) {
  EXPECT_EQ(printable("a\nb\tc\x80", 100), "a?b?c?");
  EXPECT_EQ(printable("abcdef", 3), "abc");
  EXPECT_EQ(printable("x @DBC1 @DBC1", 100), "x ?DBC1 ?DBC1");
}

}  // namespace
}  // namespace dmabuf::protocol
