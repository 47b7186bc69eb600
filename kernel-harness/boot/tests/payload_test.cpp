// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "dmabuf/boot/protocol.hpp"

namespace dmabuf::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) bytes.push_back(static_cast<char>(random() & 0xffU));
  return bytes;
}

std::vector<Record> records_of(const std::vector<std::string>& chunks) {
  std::vector<Record> records;
  for (const std::string& args : chunks) records.push_back({.verb = "X", .seq = 1, .args = args});
  return records;
}

TEST(Base64Url, RoundTripsAndKnowsTheStandardExamples) {
  EXPECT_EQ(base64url_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url_encode("fo"), "Zm8");
  EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 100; ++size) {
    const std::string bytes = random_bytes(random, size);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
}

TEST(Base64Url, RefusesWhatItDidNotWrite) {
  EXPECT_EQ(base64url_decode("A"), std::nullopt);
  EXPECT_EQ(base64url_decode("a+b/"), std::nullopt);
  EXPECT_EQ(base64url_decode("Zm9="), std::nullopt);
  EXPECT_EQ(base64url_decode("Zn"), std::nullopt) << "left-over bits";
}

TEST(Payload, ArrivesWholeInAnyOrderAndThroughTheWire) {
  std::mt19937 random(11);
  for (const std::size_t size : {0U, 1U, 126U, 127U, 128U, 5000U}) {
    const std::string bytes = random_bytes(random, size);
    std::vector<std::string> chunks = chunk_payload("case.one", bytes);
    std::shuffle(chunks.begin(), chunks.end(), random);
    Encoder encoder;
    Decoder decoder;
    Reassembler payloads;
    std::optional<Payload> whole;
    for (const std::string& args : chunks)
      for (const Record& record : decoder.line(encoder.encode(verb::chunk, args)))
        if (auto payload = payloads.add(record)) whole = payload;
    ASSERT_TRUE(whole) << size;
    EXPECT_EQ(whole->id, "case.one");
    EXPECT_EQ(whole->bytes, bytes);
    EXPECT_THAT(payloads.incomplete(), IsEmpty());
  }
}

TEST(Payload, FitsLinesEvenWithTheLongestId) {
  const std::string id(100, 'i');
  Encoder encoder;
  for (const std::string& args : chunk_payload(id, std::string(20000, 'z')))
    EXPECT_LE(encoder.encode(verb::chunk, args).size(), line_limit);
  EXPECT_THROW(chunk_payload(id + "i", ""), std::invalid_argument);
  EXPECT_THROW(chunk_payload("two words", ""), std::invalid_argument);
}

TEST(Payload, WithAMissingChunkStaysIncomplete) {
  std::vector<Record> records = records_of(chunk_payload("a", std::string(1000, 'x')));
  records.erase(records.begin() + 2);
  Reassembler payloads;
  for (const Record& record : records) EXPECT_FALSE(payloads.add(record));
  EXPECT_THAT(payloads.incomplete(), ElementsAre("a"));
}

TEST(Payload, OfAnotherCheckSumIsRejected) {
  std::vector<Record> records = records_of(chunk_payload("a", std::string(1000, 'x')));
  std::string& args = records[3].args;
  args.back() = args.back() == 'A' ? 'B' : 'A';
  Reassembler payloads;
  for (const Record& record : records) EXPECT_FALSE(payloads.add(record));
  EXPECT_EQ(payloads.rejected(), 1U);
  EXPECT_THAT(payloads.incomplete(), IsEmpty());
}

TEST(Payload, ThatIsTooLargeIsRejectedEarly) {
  Reassembler payloads(1000);
  std::size_t taken = 0;
  for (const Record& record : records_of(chunk_payload("a", std::string(20000, 'x')))) {
    payloads.add(record);
    if (payloads.rejected() == 0) ++taken;
  }
  EXPECT_LT(taken, 12U);
  EXPECT_GT(payloads.rejected(), 0U);
}

TEST(Payload, NonsenseIsCountedAndNothingElse) {
  Reassembler payloads;
  for (const char* args :
       {"", "a", "a 1/1", "a 0/1 AA", "a 2/1 AA", "a x/y AA", "a 1 AA", "a 1/1 !!"})
    EXPECT_FALSE(payloads.add({.verb = "X", .seq = 1, .args = args})) << args;
  EXPECT_EQ(payloads.rejected(), 8U);
  EXPECT_FALSE(payloads.add({.verb = "R", .seq = 1, .args = "a 1/1 AA"}));
  EXPECT_EQ(payloads.rejected(), 8U);
}

TEST(Payload, OfTwoIdsMayBeInterleaved) {
  const auto first = records_of(chunk_payload("a", std::string(300, 'a')));
  const auto second = records_of(chunk_payload("b", std::string(300, 'b')));
  Reassembler payloads;
  std::string seen;
  for (std::size_t i = 0; i < first.size(); ++i)
    for (const auto* records : {&first, &second})
      if (auto whole = payloads.add((*records)[i])) seen += whole->id + whole->bytes.substr(0, 1);
  EXPECT_EQ(seen, "aabb");
}

}  // namespace
}  // namespace dmabuf::protocol
