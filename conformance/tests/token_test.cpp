// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include "arbitrary.hpp"

namespace dmabuf::conformance {
namespace {

using ::testing::HasSubstr;
using namespace model;

RC_GTEST_PROP(Token, RoundTrips, ()) {
  const Program program = *arbitrary::program();
  const auto token = encode_token(program, "0123abcd");
  RC_ASSERT(token.has_value());
  RC_ASSERT(token->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                                     kTokenPrefix.size()) == std::string::npos);
  const auto content = decode_token(*token);
  RC_ASSERT(content.has_value());
  RC_ASSERT(content->program == program);
  RC_ASSERT(content->model == "0123abcd");
}

/// A changed, lost or added character is noticed: 32 bits of checksum, and one spelling per token.
RC_GTEST_PROP(Token, RefusesDamage, ()) {
  const Program program = *arbitrary::program();
  std::string token = *encode_token(program, "m");
  const std::string whole = token;
  const auto at = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, token.size()));
  switch (*rc::gen::inRange(0, 3)) {
    case 0: token[at] = static_cast<char>(*rc::gen::inRange(32, 127)); break;
    case 1: token.erase(at, 1); break;
    default: token.insert(at, 1, static_cast<char>(*rc::gen::inRange(32, 127))); break;
  }
  RC_PRE(token != whole);
  RC_ASSERT(!decode_token(token).has_value());
}

RC_GTEST_PROP(Token, SurvivesNoise, (const std::string& noise)) {
  (void)decode_token(noise);
  (void)decode_token("dbt1:" + noise);
}

/// Well packed and summed, but the content is nonsense: every byte of it is checked.
std::string packed(const std::string& body) {
  uLongf size = compressBound(static_cast<uLong>(body.size()));
  std::string bytes(size, '\0');
  compress2(reinterpret_cast<Bytef*>(bytes.data()), &size, reinterpret_cast<const Bytef*>(body.data()),
            static_cast<uLong>(body.size()), 9);
  bytes.resize(size);
  const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(size));
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((sum >> shift) & 0xff);
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text = "dbt1:";
  unsigned bits = 0, held = 0;
  for (unsigned char byte : bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 6; held -= 6) text += digits[(bits >> (held - 6)) & 63U];
  }
  if (held > 0) text += digits[(bits << (6 - held)) & 63U];
  return text;
}

RC_GTEST_PROP(Token, ChecksEveryByteOfItsContent, (const std::string& noise)) {
  const auto content = decode_token(packed(std::string("\x01\x00", 2) + noise));
  if (content)
    for (const Operation& operation : content->program.operations) RC_ASSERT(shape::legal(operation));
}

/// Programs that need nothing of format 2 are written in format 1, which older programs read.
TEST(Token, ReadsAndWritesTheFirstFormat) {
  const op::Create create{BufferId{0}, FdId{1}, 2, Access::ReadOnly, CloseOnExec::Yes};
  const std::string first("\x01\x01m\x01\x00\x01\x00\x01\x02\x00\x01", 11);
  const auto old = decode_token(packed(first));
  ASSERT_TRUE(old) << old.error();
  EXPECT_EQ(old->program.operations, std::vector<Operation>{create});
  EXPECT_EQ(*encode_token(old->program, "m"), packed(first));

  op::Create odd = create;
  odd.flags = CreationFlags::Unknown;
  const std::string second("\x02\x01m\x01\x00\x01\x00\x01\x02\x00\x01\x01", 12);
  EXPECT_EQ(*encode_token(Program{{odd}}, "m"), packed(second));
  const auto read = decode_token(packed(second));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->program.operations, std::vector<Operation>{odd});
}

TEST(Token, SaysWhatIsWrong) {
  EXPECT_THAT(decode_token("hello").error(), HasSubstr("begins with dbt1:"));
  EXPECT_THAT(decode_token("dbt1:").error(), HasSubstr("cut off"));
  EXPECT_THAT(decode_token("dbt1:****").error(), HasSubstr("base64url"));
  EXPECT_THAT(decode_token("dbt1:AAAAAAAAAAAA").error(), HasSubstr("checksum"));
  EXPECT_THAT(decode_token(packed("\x04")).error(), HasSubstr("format 4"));
  EXPECT_THAT(decode_token(packed(std::string("\x01\x01m\x01\x00\xff", 6))).error(), HasSubstr("under model m"));
  EXPECT_THAT(decode_token(packed(std::string("\x01\x01m\x01\x00\x05\x09", 7))).error(), HasSubstr("an fd slot"));
  EXPECT_THAT(decode_token(packed(std::string("\x01\x01m\x00\x00\x05", 6))).error(), HasSubstr("goes on"));
  EXPECT_THAT(decode_token("dbt1:" + std::string(5000, 'A')).error(), HasSubstr("at most 4096"));
  EXPECT_FALSE(decode_token(packed(std::string(10'000'000, '\0'))));  // a small text of a large body
}

TEST(Token, OfATypicalCounterexampleFitsALine) {
  const Program program{{op::Export{{0}, {0}, 1, Access::ReadWrite}, op::InstallFd{{0}, {0}, CloseOnExec::No},
                         op::Get{{0}, {0}}, op::Attach{{0}, {0}, {0}}, op::Map{{0}, {0}, Direction::ToDevice},
                         op::Close{{0}}}};
  EXPECT_LE(encode_token(program, "0123456789abcdef")->size(), 100U);
}

TEST(Token, IsRefusedWhenTooLong) {
  Program program;
  std::uint32_t tag = 1;
  while (program.size() < 2000) program.operations.push_back(op::Store{{0}, 0, tag = tag * 1664525U + 1013904223U});
  const auto token = encode_token(program, "m");
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error(), HasSubstr("more than 4096"));
}

}  // namespace
}  // namespace dmabuf::conformance
