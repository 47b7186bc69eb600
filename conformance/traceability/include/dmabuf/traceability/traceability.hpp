// SPDX-License-Identifier: MIT
/// Requirement -> rows, rules, laws, properties, checks, mutants, exporters; or the reason why there is none of them.
///
/// Each requirement of the catalogue is carried by a row of a machine that fires in some explored world, by a
/// rule of the model that is no row, by a proven property, by a directed check; or it has a reason. One that has neither is a hole,
/// and so is a reason for one that is looked at after all: see `holes`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/checks/check.hpp"
#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/prove.hpp"
#include "dmabuf/reference/mutant.hpp"

namespace dmabuf::traceability {

/// Something the model says without a row: an invariant, a profile's field, how a reservation is counted.
struct Rule {
  checks::Id requirement;
  std::string_view what;   ///< where it is said
  std::string_view world;  ///< a world of `model check` in which it matters
};
std::span<const Rule> rules();

/// A law of conformance/properties, held against random programs on the reference.
struct Law {
  std::string_view name;  ///< "Attachments.AreListedUntilDetached"
  checks::Ids requirements;
};
std::span<const Law> laws();

/// What stands between a requirement and a test.
enum class Obstacle : unsigned char {
  Caller,        ///< it speaks of calls in the kernel that no operation makes
  Kernel,        ///< of kernels that Debian 12 does not have
  Instrumented,  ///< only a kernel built for debugging shows it
  Fatal,         ///< to break it takes the kernel along
  Unseen,        ///< what it promises shows in nothing that can be read
  Device,        ///< of devices and drivers that our guests lack
  Method,        ///< it speaks to whoever watches; the text says where it is heeded
};
std::string_view name(Obstacle obstacle);   ///< "caller"
std::string_view text(Obstacle obstacle);   ///< the sentence above

/// Why nobody looks at a requirement. To be removed as soon as somebody does.
struct Reason {
  checks::Id requirement;
  Obstacle obstacle;
  std::string_view text;
};
std::span<const Reason> reasons();

/// All there is about one requirement.
struct Account {
  const model::Requirement* requirement = nullptr;
  std::vector<const model::RowInfo*> rows;  ///< that cite it
  bool fires = false;                       ///< at least one of them, in a standard world
  std::vector<const Rule*> rules;
  std::vector<const model::InvariantInfo*> invariants;
  std::vector<std::string_view> readings;   ///< what the oracle reads and judges in its name: "references"
  std::vector<const Law*> laws;
  std::vector<const model::NamedProperty*> properties;  ///< proven of a world (`model prove`)
  std::vector<const checks::Check*> checks;
  std::vector<const reference::MutantInfo*> mutants;  ///< that break it and are found
  std::vector<std::string> exporters;                 ///< on which rows or checks can speak of it
  const Reason* reason = nullptr;

  bool looked_at() const {
    return fires || !rules.empty() || !invariants.empty() || !readings.empty() || !laws.empty() || !properties.empty() ||
           !checks.empty();
  }
};

/// One account a requirement, in the order of the catalogue.
std::vector<Account> accounts();
/// Those of the reasons given, for the tests of this very table.
std::vector<Account> accounts(std::span<const Reason> reasons);

/// What is wrong with the table, a sentence each; empty if nothing is.
std::vector<std::string> holes(const std::vector<Account>& accounts, std::span<const Reason> reasons);

/// A clause of the proposal of October 2011, and where it stands today.
struct Seed {
  unsigned step;  ///< of its six; 0 for the notes
  std::string_view clause;
  checks::Ids requirements;
  std::string_view today;
};
std::span<const Seed> seeds();
std::string seeds_page();

/// The worlds of `model check` in which rows fire. Takes some seconds: it explores them.
struct World {
  std::string name;
  model::Coverage fired;
  std::uint64_t states = 0;
};
std::vector<World> explored_worlds();

/// For machines: an array, one object a requirement.
std::string json(const std::vector<Account>& accounts, std::span<const World> worlds);
/// For people, as markdown: the summary, and one page an area.
std::string index_page(const std::vector<Account>& accounts);
std::string area_page(const model::Area& area, const std::vector<Account>& accounts, std::span<const World> worlds);

}  // namespace dmabuf::traceability
