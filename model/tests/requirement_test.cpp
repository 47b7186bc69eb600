// SPDX-License-Identifier: MIT
#include "dmabuf/model/requirement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "dmabuf/model/catalogue.hpp"

namespace dmabuf::model {
namespace {

// What must hold wherever the catalogue is included holds already when this file compiles.
static_assert(std::ranges::is_sorted(catalogue, {}, &Requirement::id));
static_assert(std::ranges::is_sorted(areas, {}, &Area::prefix));

static_assert(Catalogued<"ATT-001">);
static_assert(Catalogued<"FD-001">);
static_assert(Catalogued<"VMP-009">);
static_assert(!Catalogued<"">);
static_assert(!Catalogued<"ATT">);
static_assert(!Catalogued<"ATT-000">);
static_assert(!Catalogued<"ATT-999">);
static_assert(!Catalogued<"ATT-0010">);
static_assert(!Catalogued<"att-001">);
static_assert(!Catalogued<"DBUF-ATT-001">);
static_assert(!Catalogued<"AAA-001">);
static_assert(!Catalogued<"ZZZ-001">);

static_assert(find("POL-007")->id == "POL-007");
static_assert(find("POL-015") == nullptr);
static_assert(position("ATT-001") == 0 && position("VMP-009") == 451);
static_assert(position("POL-015") == catalogue.size());
static_assert(cited<"MAP-015">.bearer == Bearer::Core);
static_assert(cited<"MAP-015">.versions.since == "5.19");
static_assert(in_area("FD").size() == 12 && in_area("FD").front().id == "FD-001");
static_assert(in_area("F").empty() && in_area("").empty());

static_assert(via() == 0);
static_assert(via(Route::Userspace, Route::Debug) == 5);
static_assert(FixedString("ATT-001").view() == "ATT-001");

template <FixedString Id>
  requires Catalogued<Id>
struct Rule {
  static constexpr std::string_view because = Id.view();
};
static_assert(Rule<"ATT-005">::because == "ATT-005");

/// Digits and dots, as in "5.15.223".
bool is_release(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '.' || std::isdigit(c) != 0; }) &&
         text.front() != '.' && text.back() != '.' && text.find('.') != std::string_view::npos;
}

/// Ids as they are cited in texts: an area that exists, a dash, three digits.
std::set<std::string> ids_in(std::string_view text) {
  std::set<std::string> found;
  for (const Area& area : areas) {
    const std::string start = std::string(area.prefix) + '-';
    for (auto at = text.find(start); at != std::string_view::npos; at = text.find(start, at + 1)) {
      const std::string_view number = text.substr(at + start.size(), 3);
      const bool begins_word = at == 0 || std::isalnum(text[at - 1]) == 0;
      if (begins_word && number.size() == 3 &&
          std::ranges::all_of(number, [](char c) { return std::isdigit(c) != 0; }))
        found.insert(start + std::string(number));
    }
  }
  return found;
}

TEST(Catalogue, HasEveryRequirement) { EXPECT_EQ(std::size(catalogue), 452U); }

TEST(Catalogue, HasEveryRequirementOfEachArea) {
  const std::map<std::string_view, std::size_t> expected{
      {"ATT", 22}, {"BUF", 8},  {"CPU", 9},  {"DET", 25}, {"DYN", 15}, {"EXP", 14},
      {"FD", 12},  {"FEN", 12}, {"FOP", 7},  {"HEP", 14}, {"INF", 10}, {"INV", 13},
      {"IOC", 6},  {"LCK", 4},  {"LSK", 6},  {"MAP", 21}, {"MIG", 10}, {"MMP", 3},
      {"MMU", 17}, {"NAM", 8},  {"OBS", 20}, {"POL", 14}, {"PRM", 26}, {"REL", 16},
      {"SFE", 8},  {"SFI", 7},  {"SHR", 8},  {"STA", 4},  {"SWS", 4},  {"SYF", 10},
      {"SYN", 11}, {"UDM", 22}, {"VBT", 27}, {"VFS", 12}, {"VGM", 14}, {"VGP", 4},  {"VMP", 9},
  };
  std::map<std::string_view, std::size_t> counted;
  for (const Requirement& entry : catalogue) ++counted[area_of(entry.id)];
  EXPECT_EQ(counted, expected);
}

TEST(Catalogue, HasEachIdOnce) {
  std::set<std::string_view> seen;
  for (const Requirement& entry : catalogue) EXPECT_TRUE(seen.insert(entry.id).second) << entry.id;
}

TEST(Catalogue, NumbersEachAreaFromOneWithoutGaps) {
  for (const Area& area : areas) {
    std::size_t number = 0;
    for (const Requirement& entry : in_area(area.prefix)) {
      const std::string digits = std::to_string(++number);
      const std::string expected =
          std::string(area.prefix) + '-' + std::string(3 - digits.size(), '0') + digits;
      EXPECT_EQ(entry.id, expected);
    }
    EXPECT_GT(number, 0U) << area.prefix;
  }
}

TEST(Catalogue, KnowsEveryAreaItUses) {
  std::size_t in_known_areas = 0;
  for (const Area& area : areas) {
    EXPECT_FALSE(area.title.empty()) << area.prefix;
    in_known_areas += in_area(area.prefix).size();
  }
  EXPECT_EQ(in_known_areas, std::size(catalogue));
}

TEST(Catalogue, SaysOfEachWhatItIsAndWhereItComesFrom) {
  std::set<std::string_view> texts;
  for (const Requirement& entry : catalogue) {
    EXPECT_GT(entry.text.size(), 20U) << entry.id;
    EXPECT_TRUE(entry.text.ends_with('.')) << entry.id;
    EXPECT_EQ(entry.text.find("  "), std::string_view::npos) << entry.id;
    EXPECT_TRUE(texts.insert(entry.text).second) << entry.id << " repeats another's text";
    EXPECT_NE(entry.source.file.find('/'), std::string_view::npos) << entry.id;
    EXPECT_NE(entry.source.file.find('.'), std::string_view::npos) << entry.id;
    EXPECT_FALSE(entry.source.where.empty()) << entry.id;
  }
}

TEST(Catalogue, SaysOfEachHowItCanBeSeen) {
  constexpr unsigned all =
      via(Route::Userspace, Route::Harness, Route::Debug, Route::KernelLog, Route::Reference);
  for (const Requirement& entry : catalogue) {
    EXPECT_NE(entry.routes, 0U) << entry.id;
    EXPECT_EQ(entry.routes & ~all, 0U) << entry.id;
  }
}

TEST(Catalogue, BoundsVersionsByReleases) {
  for (const Requirement& entry : catalogue) {
    const auto& [since, until] = entry.versions;
    EXPECT_TRUE(since.empty() || is_release(since)) << entry.id << ": " << since;
    EXPECT_TRUE(until.empty() || is_release(until)) << entry.id << ": " << until;
  }
}

TEST(Catalogue, CitesOnlyWhatItHas) {
  std::size_t citations = 0;
  for (const Requirement& entry : catalogue)
    for (const std::string& id : ids_in(entry.text)) {
      EXPECT_NE(find(id), nullptr) << entry.id << " cites " << id;
      EXPECT_NE(id, entry.id) << "cites itself";
      ++citations;
    }
  EXPECT_GT(citations, 10U);
}

TEST(Catalogue, IsFoundEntryByEntry) {
  for (const Requirement& entry : catalogue) EXPECT_EQ(find(entry.id), &entry);
  EXPECT_EQ(find("NOPE-001"), nullptr);
}

TEST(Catalogue, GivesEveryBearerStrengthAndRouteSomething) {
  for (const Bearer bearer :
       {Bearer::Core, Bearer::Exporter, Bearer::Importer, Bearer::Userspace, Bearer::Tester})
    EXPECT_GT(std::ranges::count(catalogue, bearer, &Requirement::bearer), 0) << name(bearer);
  for (const Strength strength : {Strength::Must, Strength::Documented, Strength::Implementation})
    EXPECT_GT(std::ranges::count(catalogue, strength, &Requirement::strength), 0) << name(strength);
  for (const Route route :
       {Route::Userspace, Route::Harness, Route::Debug, Route::KernelLog, Route::Reference})
    EXPECT_GT(
        std::ranges::count_if(
            catalogue, [&](const Requirement& entry) { return visible_through(entry, route); }),
        0)
        << name(route);
}

TEST(Requirement, IsPrintedWithItsFullId) {
  EXPECT_EQ(full_id("ATT-005"), "DBUF-ATT-005");
  EXPECT_EQ(full_id("FD-001"), "DBUF-FD-001");
}

TEST(Requirement, PrintsWhatAFailureMustSay) {
  std::ostringstream out;
  out << cited<"ATT-013">;
  EXPECT_EQ(out.str(),
            "DBUF-ATT-013 (core): Where both sides are dynamic, or both static without caching, "
            "attach calls ops.attach and nothing else. [drivers/dma-buf/dma-buf.c, "
            "dma_buf_dynamic_attach]");
}

TEST(Requirement, NamesBearersStrengthsAndRoutesApart) {
  EXPECT_EQ(name(Bearer::Tester), "tester");
  EXPECT_EQ(name(Strength::Documented), "documented");
  EXPECT_EQ(name(Route::KernelLog), "kernel-log");
}

}  // namespace
}  // namespace dmabuf::model
