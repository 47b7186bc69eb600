// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/harness.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/model/pattern.hpp"

namespace dmabuf::adapters {
namespace {

constexpr std::uint64_t kTags[] = {0, 1, 2, 77, 4711, 0x80000000, UINT32_MAX};

/// The module and the CPU fill a page alike, so that either can read what the other wrote.
TEST(Pattern, IsTheModulesOwn) {
  for (const std::uint64_t tag : kTags)
    for (std::uint32_t i = 0; i < kPageSize / 8; ++i)
      ASSERT_EQ(model::pattern_word(tag, i), dbh_pattern(tag, i)) << tag << " word " << i;
}

TEST(Pattern, HashesAsItsBytesDo) {
  std::vector<std::byte> page(kPageSize);
  for (const std::uint64_t tag : kTags) {
    model::fill_page(page, tag);
    EXPECT_EQ(dbh_pattern_hash(tag, kPageSize), dbh_fnv1a(DBH_FNV1A_BASIS, page.data(), kPageSize));
    page[4095] ^= std::byte{1};
    EXPECT_NE(dbh_pattern_hash(tag, kPageSize), dbh_fnv1a(DBH_FNV1A_BASIS, page.data(), kPageSize));
  }
}

TEST(HarnessWords, AreDistinct) {
  for (const auto names : {harness_policies(), harness_defects()}) {
    std::set<std::string_view> words;
    std::set<std::uint32_t> numbers;
    for (const NamedNumber& known : names) {
      words.insert(known.name);
      numbers.insert(known.value);
      EXPECT_EQ(find_number(names, known.name), known.value);
    }
    EXPECT_EQ(words.size(), names.size());
    EXPECT_EQ(numbers.size(), names.size());
    EXPECT_FALSE(find_number(names, "no-such-word"));
  }
}

TEST(HarnessWords, NamePoliciesTheModuleAccepts) {
  for (const NamedNumber& policy : harness_policies()) {
    EXPECT_EQ(policy.value & ~std::uint32_t{DBH_POLICY_ALL}, 0U) << policy.name;
    const bool eager = (policy.value & DBH_POLICY_EAGER) != 0;
    const bool deferred = (policy.value & DBH_POLICY_DEFERRED) != 0;
    EXPECT_NE(eager, deferred) << policy.name;
  }
}

TEST(Harness, SaysWhyItCannotBeOpened) {
  const OpenedHarness opened = Harness::open();
  if (opened.harness) GTEST_SKIP() << "the module is loaded here";
  EXPECT_FALSE(opened.reason.empty());
  EXPECT_FALSE(opened.remedy.empty());
}

TEST(Harness, AnswersItselfToNoHandle) {
  const OpenedHarness opened = Harness::open();
  if (!opened.harness) GTEST_SKIP() << opened.reason << " (" << opened.remedy << ")";
  Harness& harness = *opened.harness;
  const auto refused = model::refused(ENOENT);
  EXPECT_EQ(harness.put(kNoHandle), refused);
  EXPECT_EQ(harness.detach(kNoHandle), refused);
  EXPECT_EQ(harness.unmap(kNoHandle), refused);
  EXPECT_EQ(harness.read_page(kNoHandle, 0), refused);
  EXPECT_EQ(harness.attach(kNoHandle, model::kLaxDevice, false).error().value, ENOENT);
}

}  // namespace
}  // namespace dmabuf::adapters
