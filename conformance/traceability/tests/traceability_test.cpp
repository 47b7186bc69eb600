// SPDX-License-Identifier: MIT
/// Every requirement is looked at or has a reason, and never both.
#include "dmabuf/traceability/traceability.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "dmabuf/model/catalogue.hpp"

namespace dmabuf::traceability {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const Account& account_of(const std::vector<Account>& all, std::string_view id) { return all[model::position(id)]; }

std::string lines(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += "  " + text + "\n";
  return all;
}

TEST(Traceability, HasNoHole) {
  const std::vector<Account> all = accounts();
  ASSERT_THAT(all, SizeIs(model::catalogue.size()));
  const std::vector<std::string> wrong = holes(all, reasons());
  EXPECT_TRUE(wrong.empty()) << "requirements and what looks at them do not agree:\n" << lines(wrong);
}

TEST(Traceability, MissesAReasonThatIsTakenAway) {
  std::vector<Reason> fewer(reasons().begin(), reasons().end());
  const std::string id = model::full_id(fewer.back().requirement.text);
  fewer.pop_back();
  EXPECT_THAT(holes(accounts(fewer), fewer), testing::ElementsAre(HasSubstr(id + ": neither row")));
}

TEST(Traceability, RejectsAReasonForWhatIsLookedAt) {
  std::vector<Reason> more(reasons().begin(), reasons().end());
  more.push_back({"ATT-017", Obstacle::Unseen, "it is not"});
  EXPECT_THAT(holes(accounts(more), more), testing::ElementsAre(HasSubstr("DBUF-ATT-017: looked at by 3 rows (attachment)")));
}

TEST(Traceability, RejectsTwoReasonsAndEmptyOnes) {
  std::vector<Reason> more(reasons().begin(), reasons().end());
  more.push_back({more.front().requirement, Obstacle::Unseen, ""});
  const std::vector<std::string> wrong = holes(accounts(more), more);
  EXPECT_THAT(wrong, Contains(HasSubstr("two reasons")));
  EXPECT_THAT(wrong, Contains(HasSubstr("an empty reason")));
}

TEST(Traceability, KnowsWhatCarriesARequirement) {
  const std::vector<Account> all = accounts();
  const Account& refused = account_of(all, "ATT-018");
  EXPECT_THAT(refused.rows, SizeIs(2));
  EXPECT_TRUE(refused.fires && refused.looked_at());
  EXPECT_THAT(refused.exporters, Contains("reference"));
  EXPECT_THAT(refused.exporters, Contains("udmabuf"));

  EXPECT_THAT(account_of(all, "INV-003").laws, SizeIs(1));
  EXPECT_THAT(account_of(all, "INV-003").invariants, SizeIs(1));
  EXPECT_THAT(account_of(all, "INV-001").readings, Contains("references"));
  EXPECT_THAT(account_of(all, "ATT-008").rules, SizeIs(1));
  EXPECT_THAT(account_of(all, "UDM-001").checks, Not(IsEmpty()));
  EXPECT_THAT(account_of(all, "UDM-001").exporters, Contains("udmabuf"));
  EXPECT_THAT(account_of(all, "DET-005").rows, IsEmpty());
  ASSERT_NE(account_of(all, "DET-005").reason, nullptr);
  EXPECT_EQ(account_of(all, "DET-005").reason->obstacle, Obstacle::Fatal);
}

/// A row that fires in no world does not count: it is never exercised.
TEST(Traceability, DoesNotCountRowsThatFireNowhere) {
  for (const Account& account : accounts()) {
    const bool unreached_only =
        !account.rows.empty() && std::ranges::all_of(account.rows, [](const model::RowInfo* row) {
          return std::ranges::any_of(model::unreached_rows(), [&](const model::UnreachedRow& u) {
            return u.machine == row->machine && u.source == row->source && u.event == row->event && u.requirement == row->requirement;
          });
        });
    EXPECT_EQ(account.fires, !account.rows.empty() && !unreached_only) << account.requirement->id;
  }
}

/// TEST_P(Release, HappensOnceAndLast) { verifies<"REL-001", "REL-002">(); is a law of this name and these ids.
TEST(Traceability, ListsTheLawsThereAre) {
  std::map<std::string, std::set<std::string>> written;
  const std::filesystem::path folder = std::filesystem::path(DMABUF_SOURCE_DIR) / "conformance/properties";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const std::string begin = "TEST_P(";
    for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
      const auto name = at + begin.size();
      const auto comma = text.find(", ", name), close = text.find(')', name), ids = text.find("verifies<", name);
      std::set<std::string>& set = written[text.substr(name, comma - name) + "." + text.substr(comma + 2, close - comma - 2)];
      const auto end = text.find('>', ids);
      for (auto quote = text.find('"', ids); quote < end; quote = text.find('"', quote + 1)) {
        const auto last = text.find('"', quote + 1);
        set.insert(text.substr(quote + 1, last - quote - 1));
        quote = last;
      }
    }
  }
  std::map<std::string, std::set<std::string>> listed;
  for (const Law& law : laws())
    for (const std::string_view one : law.requirements) listed[std::string(law.name)].emplace(one);
  EXPECT_EQ(listed, written);
  EXPECT_GE(written.size(), 16U);
}

TEST(Traceability, NamesObstaclesApart) {
  std::set<std::string_view> names;
  for (const Obstacle one : {Obstacle::Caller, Obstacle::Kernel, Obstacle::Instrumented, Obstacle::Fatal, Obstacle::Unseen, Obstacle::Device,
                             Obstacle::Method}) {
    EXPECT_TRUE(names.insert(name(one)).second);
    EXPECT_FALSE(text(one).empty());
  }
}

TEST(TraceabilityPage, HasEveryRequirementOnceInItsAreaAndInTheIndex) {
  const std::vector<Account> all = accounts();
  const std::string index = index_page(all);
  for (const model::Area& area : model::areas) {
    const std::string page = area_page(area, all, {});
    for (const model::Requirement& requirement : model::in_area(area.prefix)) {
      const std::string id = model::full_id(requirement.id);
      EXPECT_THAT(page, HasSubstr(fmt::format("## {}\n\n{}\n", id, requirement.text)));
      EXPECT_THAT(index, HasSubstr(fmt::format("| [{}](requirements/{}.md#", id, area.prefix)));
    }
    EXPECT_THAT(index, HasSubstr(fmt::format("| [{0}](requirements/{0}.md) |", area.prefix)));
  }
}

/// Every step of the original is there, and every clause is a sentence with a place in the catalogue.
TEST(Seeds, CoverTheSixStepsAndTheNotes) {
  std::set<unsigned> steps;
  for (const Seed& seed : seeds()) {
    steps.insert(seed.step);
    EXPECT_TRUE(seed.clause.ends_with('.')) << seed.clause;
    EXPECT_FALSE(seed.today.empty()) << seed.clause;
    EXPECT_THAT(seeds_page(), HasSubstr(std::string(seed.clause)));
  }
  EXPECT_EQ(steps, (std::set<unsigned>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(seeds_page(), HasSubstr("| October 2011 | `dma_buf_export(priv, ops, flags)` | NULL |"));
}

TEST(TraceabilityPage, SaysWhyNothingLooks) {
  const std::vector<Account> all = accounts();
  EXPECT_THAT(area_page(*std::ranges::find(model::areas, "DET", &model::Area::prefix), all, {}),
              HasSubstr("**not tested from here** (fatal): a kernel BUG"));
}

TEST(TraceabilityPage, NamesTheSmallestWorldInWhichARowFires) {
  const std::vector<Account> all = accounts();
  const Account& account = account_of(all, "ATT-018");
  std::vector<World> worlds(3);
  worlds[0] = {"large", {}, 100};
  worlds[1] = {"small", {}, 10};
  worlds[2] = {"elsewhere", {}, 1};
  worlds[0].fired.hit(account.rows[0]->id);
  worlds[1].fired.hit(account.rows[1]->id);
  EXPECT_THAT(area_page(*std::ranges::find(model::areas, "ATT", &model::Area::prefix), all, worlds),
              HasSubstr("- explored in: `small` and 1 more\n"));
}

}  // namespace
}  // namespace dmabuf::traceability
