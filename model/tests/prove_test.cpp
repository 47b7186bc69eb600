// SPDX-License-Identifier: MIT
#include "dmabuf/model/prove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "../src/machine_id.hpp"
#include "dmabuf/model/catalogue.hpp"

namespace dmabuf::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Verdict = Proof::Verdict;

Configuration standard(std::string_view name) {
  for (Configuration& c : standard_configurations())
    if (c.name == name) return c;
  throw std::invalid_argument("no world is called " + std::string(name));
}

Proof prove(std::string_view text, std::string_view world) { return model::prove(parse_property(text), standard(world)); }

std::vector<std::string> words(const Proof& proof) {
  std::vector<std::string> all;
  for (const Step& step : proof.trace) all.push_back(describe(step));
  return all;
}

/// A world with one buffer, two fds of it, and an attachment that is mapped twice.
World example() {
  World world;
  world.buffers[0].lifecycle = state::kLive;
  world.buffers[0].references = 3;
  world.buffers[0].attachments = 1;
  world.buffers[0].mappings = 2;
  world.fds[0] = {state::kFdOpen, 0, 0, CloseOnExec::No};
  world.fds[2] = {state::kFdOpen, 0, 1, CloseOnExec::No};
  world.attachments[1].state = state::kMapped;
  world.attachments[1].buffer = 0;
  world.attachments[1].mappings = 2;
  world.mappings[0] = {1, 1, 0};
  return world;
}

TEST(Predicate, SpeaksOfStatesCountsAndOwners) {
  const World world = example();
  for (const char* text : {"b0 is Live", "b1 is Absent", "f0 is Open", "f* is Open", "f1 is Closed", "f2 of b0", "f* of b*", "a1 is Mapped", "m0 of a1",
                           "references b0 >= 3", "references b0 == 3", "references b0 != 2", "references b0 > 2", "references b0 < 4",
                           "references b0 <= 3", "attachments b0 == 1", "mappings b0 == 2", "mappings a1 == 2", "references b* == 3",
                           "storage b0 is Unallocated", "not nothing", "not (b0 is Live and b1 is Live)", "b1 is Live implies b0 is Absent",
                           "b0 is Absent or b0 is Live", "not b0 is Absent and b0 is Live"})
    EXPECT_TRUE(Predicate(text)(world)) << text;
  for (const char* text : {"b0 is Dying", "f1 is Open", "f1 of b0", "f* of b1", "references b0>3", "mappings a0 >= 1", "nothing", "not b0 is Live",
                           "b0 is Live implies b1 is Live", "b0 is Live and b1 is Live", "storage b0 is Confined"})
    EXPECT_FALSE(Predicate(text)(world)) << text;
  EXPECT_TRUE(Predicate("nothing")(World{}));
}

/// and before or before implies; implies to the right.
TEST(Predicate, BindsAsExpected) {
  const World world = example();
  EXPECT_TRUE(Predicate("b0 is Live or b1 is Live and b1 is Dying")(world));
  EXPECT_FALSE(Predicate("(b0 is Live or b1 is Live) and b1 is Dying")(world));
  EXPECT_TRUE(Predicate("b1 is Live implies b1 is Dying or nothing")(world));
  EXPECT_TRUE(Predicate("nothing implies b0 is Live implies b1 is Live")(world));
}

TEST(Predicate, SaysWhatIsWrong) {
  const auto wrong = [](std::string_view text) -> std::string {
    try {
      const Predicate predicate(text);
    } catch (const PredicateError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(wrong("b0 is Alive"), HasSubstr("buffer has no state 'Alive'; it has Absent Live Dying Released"));
  EXPECT_THAT(wrong("b9 is Live"), HasSubstr("there are 3 slots of 'b'"));
  EXPECT_THAT(wrong("x0 is Live"), HasSubstr("'x0' is no slot"));
  EXPECT_THAT(wrong("f0 of a0"), HasSubstr("fds are not of attachments"));
  EXPECT_THAT(wrong("c0 of b0"), HasSubstr("fences are not of buffers"));
  EXPECT_THAT(wrong("references f0 > 1"), HasSubstr("counted of a buffer"));
  EXPECT_THAT(wrong("references b0 = 1"), HasSubstr("'=' is no comparison"));
  EXPECT_THAT(wrong("references b0 >= one"), HasSubstr("'one' is no number"));
  EXPECT_THAT(wrong("references b0 >= 100"), HasSubstr("at most two digits"));
  EXPECT_THAT(wrong("storage f0 is Open"), HasSubstr("storage is of a buffer"));
  EXPECT_THAT(wrong("b0 is Live and"), HasSubstr("it ends where"));
  EXPECT_THAT(wrong("(b0 is Live"), HasSubstr("not closed"));
  EXPECT_THAT(wrong("b0 is Live b1 is Live"), HasSubstr("one word too many"));
  // However deep it is: refused, and no stack is used up.
  for (const char* word : {"( ", "not "}) {
    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += word;
    EXPECT_THAT(wrong(deep), testing::AllOf(HasSubstr("more than 1000 words"), testing::Not(HasSubstr(deep.substr(0, 200)))));
  }
  EXPECT_THAT(wrong("b0 has Live"), HasSubstr("'is' and a state, or 'of'"));
  EXPECT_THAT(wrong(""), HasSubstr("it ends where"));
  EXPECT_THROW(parse_property("perhaps b0 is Live"), PredicateError);
  EXPECT_THROW(parse_property("always"), PredicateError);
}

TEST(Prove, HoldsWhatAlwaysHolds) {
  const Proof proof = prove("always b0 is Live implies references b0 >= 1", "sharing");
  EXPECT_EQ(proof.verdict, Verdict::Holds);
  EXPECT_THAT(proof.trace, IsEmpty());
  EXPECT_EQ(proof.states, explore(standard("sharing")).states);
  EXPECT_EQ(proof.matching, proof.states);
}

TEST(Prove, ShowsTheShortestWayToWhatDoesNotAlwaysHold) {
  const Proof proof = prove("always mappings b0 <= 1", "importers-eager");
  EXPECT_EQ(proof.verdict, Verdict::Fails);
  EXPECT_THAT(words(proof), ElementsAre(HasSubstr("export b0"), HasSubstr("attach"), HasSubstr("map"), HasSubstr("map")));
  EXPECT_EQ(prove("always not nothing", "sharing").verdict, Verdict::Fails) << "of the empty world already";
}

TEST(Prove, ShowsTheShortestWayToWhatSometimesHolds) {
  const Proof proof = prove("sometimes v0 is Mapped and not f* is Open and not r* is Held", "cpu-mappings");
  EXPECT_EQ(proof.verdict, Verdict::Holds);
  EXPECT_THAT(words(proof), ElementsAre(HasSubstr("export"), HasSubstr("install_fd"), HasSubstr("mmap"), HasSubstr("close")));
  const Proof never = prove("sometimes a0 is Cached", "importers-eager");
  EXPECT_EQ(never.verdict, Verdict::Fails);
  EXPECT_THAT(never.trace, IsEmpty());
  EXPECT_EQ(never.matching, 0U);
}

TEST(Prove, GoesBackwardFromWhatShallRemainPossible) {
  EXPECT_EQ(prove("eventually nothing", "importers-eager").verdict, Verdict::Holds);
  EXPECT_EQ(prove("eventually a0 is Mapped", "importers-eager").verdict, Verdict::Holds);
  // Who was born may be released, and born again, but never be as if he had not been.
  const Proof proof = prove("eventually b0 is Absent from b0 is Live", "importers-migrating");
  EXPECT_EQ(proof.verdict, Verdict::Fails);
  EXPECT_THAT(words(proof), ElementsAre(HasSubstr("export b0"))) << "the shortest way to a state of no return";
  EXPECT_EQ(prove("eventually b0 is Absent from b0 is Absent", "importers-migrating").verdict, Verdict::Holds);
}

/// What the exporter may refuse cannot be counted on.
TEST(Prove, DoesNotCountOnTheExportersMercy) {
  EXPECT_EQ(prove("eventually a0 is Mapped from r0 is Held", "importers-eager").verdict, Verdict::Holds);
  EXPECT_EQ(prove("eventually a0 is Mapped from r0 is Held", "importers-unknown").verdict, Verdict::Fails);
}

TEST(Prove, SaysWhenItGaveUp) {
  Configuration c = standard("sharing");
  c.max_states = 100;
  EXPECT_EQ(model::prove(parse_property("always b0 is Live implies references b0 >= 1"), c).verdict, Verdict::Unknown);
  EXPECT_EQ(model::prove(parse_property("eventually nothing"), c).verdict, Verdict::Unknown);
  EXPECT_EQ(model::prove(parse_property("sometimes a0 is Mapped"), c).verdict, Verdict::Unknown) << "perhaps beyond";
  EXPECT_EQ(model::prove(parse_property("sometimes b0 is Live"), c).verdict, Verdict::Holds) << "seen is seen";
}

TEST(NamedProperties, AllHoldAndNameWhatThereIs) {
  std::set<std::string_view> names;
  std::set<Property::Kind> kinds;
  for (const NamedProperty& named : named_properties()) {
    SCOPED_TRACE(named.name);
    EXPECT_TRUE(names.insert(named.name).second);
    EXPECT_NE(find(named.requirement), nullptr);
    const Property property = parse_property(named.property);
    kinds.insert(property.kind);
    Configuration c = standard(named.world);
    c.max_states = 1U << 20U;
    EXPECT_EQ(model::prove(property, c).verdict, Verdict::Holds);
  }
  EXPECT_THAT(kinds, SizeIs(3));
}

/// The tables with an error put in.
struct Spoilt {
  Tables tables = model::tables();

  const RowInfo& row(std::string_view machine, std::string_view source, std::string_view event, std::string_view target) const {
    for (const RowInfo& r : tables.rows)
      if (r.machine == machine && r.source == source && r.event == event && r.target == target) return r;
    throw std::invalid_argument("no such row");
  }
  /// What one row decides, another decides from now on.
  void decide(MachineId machine, RowId row, RowId instead) {
    Cell other{};
    auto& cells = tables.flat[static_cast<std::size_t>(machine)].cells;
    for (const Cell& cell : cells)
      if (cell.row == instead) other = cell;
    for (Cell& cell : cells)
      if (cell.row == row) cell = other;
  }
  void lead_to(MachineId machine, RowId row, StateId next) {
    for (Cell& cell : tables.flat[static_cast<std::size_t>(machine)].cells)
      if (cell.row == row) cell.next = next;
  }
};

Verdict verdict(std::string_view name) {
  const NamedProperty& named = *std::ranges::find(named_properties(), name, &NamedProperty::name);
  return prove(named.property, named.world).verdict;
}

TEST(NamedProperties, FailWhenTheModelIsWrong) {
  {
    Spoilt spoilt;  // the last unmap forgets what was cached
    spoilt.lead_to(MachineId::AttachmentTable, spoilt.row("attachment_table", "Mapped", "unmap", "Cached").id, state::kAttached);
    const ScopedTables scope(spoilt.tables);
    EXPECT_EQ(verdict("cached-without-mapping"), Verdict::Fails);
  }
  {
    Spoilt spoilt;  // any drop is the last
    spoilt.lead_to(MachineId::Buffer, spoilt.row("buffer", "Live", "drop", "Live").id, state::kDying);
    const ScopedTables scope(spoilt.tables);
    EXPECT_EQ(verdict("released-is-unused"), Verdict::Fails);
  }
  {
    Spoilt spoilt;  // an attachment, once made, stays
    spoilt.decide(MachineId::Attachment, spoilt.row("attachment", "Attached", "detach", "Detached").id,
                  spoilt.row("attachment", "Mapped", "detach", "").id);
    const ScopedTables scope(spoilt.tables);
    const Proof proof = prove("eventually nothing", "importers-eager");
    EXPECT_EQ(proof.verdict, Verdict::Fails);
    EXPECT_THAT(words(proof), ElementsAre(HasSubstr("export"), HasSubstr("attach"))) << "the shortest way to a state of no return";
  }
  for (const char* name : {"cached-without-mapping", "released-is-unused"}) EXPECT_EQ(verdict(name), Verdict::Holds) << name;
}

}  // namespace
}  // namespace dmabuf::model
