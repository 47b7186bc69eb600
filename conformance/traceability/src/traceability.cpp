// SPDX-License-Identifier: MIT
#include "dmabuf/traceability/traceability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/clauses.hpp"
#include "dmabuf/model/profile.hpp"

namespace dmabuf::traceability {
namespace {

bool excused(const model::RowInfo& row) {
  return std::ranges::any_of(model::unreached_rows(), [&](const model::UnreachedRow& u) {
    return u.machine == row.machine && u.source == row.source && u.event == row.event && u.requirement == row.requirement;
  });
}

/// "reference:eager" and its like are one thing here, and so are the module's policies.
std::string family(std::string_view exporter) {
  const bool one = exporter.starts_with("reference") || exporter.starts_with("harness");
  return std::string(one ? exporter.substr(0, exporter.find(':')) : exporter);
}

/// What a profile's programs can come to, by exporter.
struct Reach {
  std::string exporter;
  std::bitset<model::kMaxRows> rows;
};
const std::vector<Reach>& reaches() {
  static const std::vector<Reach> all = [] {
    std::vector<Reach> made;
    for (const model::ExporterProfile& exporter : model::exporter_profiles()) {
      if (exporter.name == "unknown") continue;
      const bool ours = exporter.name.starts_with("reference");
      model::Profile profile{*model::find_kernel_profile(ours ? "reference" : "6.12"), exporter, {.name = "harness", .guards_misuse = true}};
      profile.fences = model::fences_beside(exporter.name);
      profile.queue = model::queue_beside(exporter.name);
      const auto rows = model::reachable_rows(profile, std::bitset<model::kOperationKinds>{}.set());
      const std::string name = family(exporter.name);
      const auto same = std::ranges::find(made, name, &Reach::exporter);
      if (same == made.end())
        made.push_back({name, rows});
      else
        same->rows |= rows;
    }
    return made;
  }();
  return all;
}

void add_once(std::vector<std::string>& to, std::string_view name) {
  if (std::ranges::find(to, name) == to.end()) to.emplace_back(name);
}

void add_exporters(Account& account) {
  for (const Reach& reach : reaches())
    if (std::ranges::any_of(account.rows, [&](const model::RowInfo* row) { return reach.rows.test(row->id); }))
      add_once(account.exporters, reach.exporter);
  for (const checks::Check* check : account.checks) {
    if (check->needs.exporters.empty()) {
      add_once(account.exporters, "any of a kernel");
      continue;
    }
    for (const auto word : check->needs.exporters | std::views::split(' '))
      add_once(account.exporters, std::string_view(word.begin(), word.end()));
  }
  if (account.exporters.empty() && !account.mutants.empty()) account.exporters.emplace_back("reference");
}

template <class Range, class To>
void add_citing(const Range& range, std::string_view id, To& to) {
  for (const auto& one : range)
    if (one.requirements.contains(id)) to.push_back(&one);
}

}  // namespace

std::vector<Account> accounts(std::span<const Reason> given) {
  std::vector<Account> all;
  all.reserve(model::catalogue.size());
  for (const model::Requirement& requirement : model::catalogue) {
    Account account;
    account.requirement = &requirement;
    const std::string_view id = requirement.id;
    for (const model::RowInfo& row : model::rows())
      if (row.requirement == id) account.rows.push_back(&row);
    account.fires = std::ranges::any_of(account.rows, [](const model::RowInfo* row) { return !excused(*row); });
    for (const Rule& rule : rules())
      if (rule.requirement.text == id) account.rules.push_back(&rule);
    for (const model::InvariantInfo& invariant : model::invariants())
      if (invariant.requirement == id) account.invariants.push_back(&invariant);
    for (std::size_t k = 0; k < model::kAspects; ++k) {
      const auto aspect = static_cast<model::Aspect>(k);
      if (std::ranges::find(model::clauses_of(aspect), id) != model::clauses_of(aspect).end())
        account.readings.push_back(model::aspect_name(aspect));
    }
    add_citing(laws(), id, account.laws);
    for (const model::NamedProperty& property : model::named_properties())
      if (property.requirement == id) account.properties.push_back(&property);
    add_citing(checks::all(), id, account.checks);
    for (const reference::MutantInfo& mutant : reference::mutants())
      if (std::ranges::find(mutant.requirement_ids(), id) != mutant.requirement_ids().end()) account.mutants.push_back(&mutant);
    add_exporters(account);
    for (const Reason& reason : given)
      if (reason.requirement.text == id) account.reason = &reason;
    all.push_back(std::move(account));
  }
  return all;
}

std::vector<Account> accounts() { return accounts(reasons()); }

namespace {

/// What looks at it, in a few words: "2 rows of attachment, 1 check".
std::string by_whom(const Account& account) {
  std::string text;
  const auto say = [&](std::size_t count, std::string_view what, std::string_view first) {
    if (count > 0) text += fmt::format("{}{} {}{} ({})", text.empty() ? "" : ", ", count, what, count > 1 ? "s" : "", first);
  };
  say(account.rows.size(), "row", account.rows.empty() ? "" : account.rows.front()->machine);
  say(account.rules.size(), "rule", account.rules.empty() ? "" : account.rules.front()->world);
  say(account.invariants.size(), "invariant", account.invariants.empty() ? "" : account.invariants.front()->name);
  say(account.readings.size(), "reading", account.readings.empty() ? "" : account.readings.front());
  say(account.laws.size(), "law", account.laws.empty() ? "" : account.laws.front()->name);
  say(account.properties.size(), "proof", account.properties.empty() ? "" : account.properties.front()->name);
  say(account.checks.size(), "check", account.checks.empty() ? "" : account.checks.front()->name);
  say(account.mutants.size(), "mutant", account.mutants.empty() ? "" : account.mutants.front()->name);
  return text;
}

}  // namespace

std::vector<std::string> holes(const std::vector<Account>& all, std::span<const Reason> given) {
  std::vector<std::string> wrong;
  for (const Account& account : all) {
    const std::string id = model::full_id(account.requirement->id);
    if (!account.looked_at() && account.reason == nullptr)
      wrong.push_back(fmt::format("{}: neither row, rule, law, property nor check, and no reason why; add one to reasons.cpp: {}", id,
                                  account.requirement->text));
    if (account.looked_at() && account.reason != nullptr)
      wrong.push_back(fmt::format("{}: looked at by {}, yet reasons.cpp says why it is not; remove it there", id, by_whom(account)));
    if (!account.looked_at() && !account.mutants.empty())
      wrong.push_back(fmt::format("{}: mutant {} breaks it and is found, yet nothing cites it; say in rules.cpp what finds it", id,
                                  account.mutants.front()->name));
  }
  std::vector<std::string_view> seen;
  for (const Reason& reason : given) {
    if (std::ranges::find(seen, reason.requirement.text) != seen.end())
      wrong.push_back(fmt::format("{}: two reasons in reasons.cpp", model::full_id(reason.requirement.text)));
    seen.push_back(reason.requirement.text);
    if (reason.text.empty()) wrong.push_back(fmt::format("{}: an empty reason", model::full_id(reason.requirement.text)));
  }
  std::vector<std::string> worlds;
  for (const model::Configuration& configuration : model::standard_configurations()) worlds.push_back(configuration.name);
  for (const Rule& rule : rules())
    if (std::ranges::find(worlds, rule.world) == worlds.end())
      wrong.push_back(fmt::format("{}: rules.cpp names a world that is not explored: {}", model::full_id(rule.requirement.text), rule.world));
  return wrong;
}

std::vector<World> explored_worlds() {
  std::vector<World> worlds;
  for (const model::Configuration& configuration : model::standard_configurations()) {
    const model::Exploration result = model::explore(configuration);
    worlds.push_back({configuration.name, result.coverage, result.states});
  }
  return worlds;
}

}  // namespace dmabuf::traceability
