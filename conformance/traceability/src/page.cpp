// SPDX-License-Identifier: MIT
/// The table of traceability as JSON and as pages.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/traceability/traceability.hpp"

namespace dmabuf::traceability {
namespace {

using Json = nlohmann::ordered_json;

/// Worlds in which one of the rows fires, the smallest first.
std::vector<const World*> worlds_of(const Account& account, std::span<const World> worlds) {
  std::vector<const World*> found;
  for (const World& world : worlds)
    if (std::ranges::any_of(account.rows, [&](const model::RowInfo* row) { return world.fired.rows.test(row->id); }))
      found.push_back(&world);
  for (const Rule* rule : account.rules)
    for (const World& world : worlds)
      if (world.name == rule->world && std::ranges::find(found, &world) == found.end()) found.push_back(&world);
  std::ranges::stable_sort(found, {}, &World::states);
  return found;
}

std::string routes_of(const model::Requirement& requirement) {
  std::string text;
  for (const model::Route route : {model::Route::Userspace, model::Route::Harness, model::Route::Debug, model::Route::KernelLog,
                                   model::Route::Reference})
    if (model::visible_through(requirement, route)) text += fmt::format("{}{}", text.empty() ? "" : ", ", model::name(route));
  return text;
}

std::string versions_of(const model::Versions& versions) {
  if (versions.since.empty() && versions.until.empty()) return "every kernel";
  if (versions.since.empty()) return fmt::format("up to {}", versions.until);
  if (versions.until.empty()) return fmt::format("from {}", versions.since);
  return fmt::format("{} to {}", versions.since, versions.until);
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

/// "[a](x), [b](y)", one for each, by what `word` makes of it.
template <class Range, class Word>
std::string listed(const Range& range, Word word) {
  std::string text;
  for (const auto& one : range) text += fmt::format("{}{}", text.empty() ? "" : ", ", word(one));
  return text;
}

std::string rows_of(const Account& account, std::string_view up) {
  std::vector<std::pair<std::string_view, std::size_t>> machines;
  for (const model::RowInfo* row : account.rows) {
    const auto same = std::ranges::find(machines, row->machine, &std::pair<std::string_view, std::size_t>::first);
    if (same == machines.end())
      machines.emplace_back(row->machine, 1);
    else
      ++same->second;
  }
  return listed(machines, [&](const auto& m) {
    return fmt::format("[{0}]({2}machines/{0}.md){1}", m.first, m.second > 1 ? fmt::format(" ×{}", m.second) : "", up);
  });
}

std::string few(const std::vector<const World*>& worlds) {
  if (worlds.empty()) return "";
  std::string text = fmt::format("`{}`", worlds.front()->name);
  if (worlds.size() > 1) text += fmt::format(" and {} more", worlds.size() - 1);
  return text;
}

void line(std::string& text, std::string_view what, const std::string& value) {
  if (!value.empty()) text += fmt::format("- {}: {}\n", what, value);
}

std::string entry(const Account& account, std::span<const World> worlds) {
  const model::Requirement& r = *account.requirement;
  std::string text = fmt::format("## {}\n\n{}\n\n{}, {}, {}{} · `{}, {}` · seen through {}\n\n", model::full_id(r.id), r.text,
                                 model::name(r.bearer), model::name(r.strength), versions_of(r.versions),
                                 r.observed ? ", seen on a running kernel" : "", r.source.file, r.source.where, routes_of(r));
  line(text, "rows of", rows_of(account, "../"));
  for (const Rule* rule : account.rules) line(text, "rule", std::string(rule->what));
  line(text, "explored in", few(worlds_of(account, worlds)));
  line(text, "invariants", listed(account.invariants, [](const auto* i) { return fmt::format("`{}`", i->name); }));
  line(text, "readings", listed(account.readings, [](std::string_view w) { return fmt::format("`{}`", w); }));
  line(text, "proven", listed(account.properties, [](const model::NamedProperty* x) { return fmt::format("`{}` in `{}`: {}", x->name, x->world, x->property); }));
  line(text, "laws", listed(account.laws, [](const Law* l) { return fmt::format("`{}`", l->name); }));
  line(text, "checks", listed(account.checks, [](const checks::Check* c) { return fmt::format("[`{}`](../checks.md)", c->name); }));
  line(text, "mutants found", listed(account.mutants, [](const auto* m) { return fmt::format("`{}`", m->name); }));
  line(text, "exporters", listed(account.exporters, [](const std::string& e) { return e; }));
  if (account.reason != nullptr)
    text += fmt::format("- **not tested from here** ({}): {}\n", name(account.reason->obstacle), account.reason->text);
  return text;
}

struct Tally {
  std::size_t all = 0, rows = 0, rules = 0, checks = 0, looked_at = 0;
  void add(const Account& account) {
    ++all;
    rows += account.fires ? 1U : 0U;
    rules += !account.rules.empty() || !account.invariants.empty() || !account.readings.empty() || !account.laws.empty() ||
                     !account.properties.empty()
                 ? 1U
                 : 0U;
    checks += account.checks.empty() ? 0U : 1U;
    looked_at += account.looked_at() ? 1U : 0U;
  }
};

}  // namespace

std::string json(const std::vector<Account>& all, std::span<const World> worlds) {
  Json out = Json::array();
  for (const Account& account : all) {
    const model::Requirement& r = *account.requirement;
    Json one = {{"id", model::full_id(r.id)},
                {"text", r.text},
                {"bearer", model::name(r.bearer)},
                {"strength", model::name(r.strength)},
                {"since", r.versions.since},
                {"until", r.versions.until},
                {"file", r.source.file},
                {"where", r.source.where},
                {"routes", routes_of(r)},
                {"observed", r.observed}};
    Json rows = Json::array();
    for (const model::RowInfo* row : account.rows) rows.push_back(model::edge(*row));
    one["rows"] = std::move(rows);
    const auto names = [](const auto& range, auto&& name) {
      Json array = Json::array();
      for (const auto& item : range) array.push_back(name(item));
      return array;
    };
    one["rules"] = names(account.rules, [](const Rule* rule) { return rule->what; });
    if (!worlds.empty()) one["worlds"] = names(worlds_of(account, worlds), [](const World* world) { return world->name; });
    one["invariants"] = names(account.invariants, [](const auto* invariant) { return invariant->name; });
    one["readings"] = names(account.readings, [](std::string_view word) { return word; });
    one["properties"] = names(account.properties, [](const model::NamedProperty* property) { return property->name; });
    one["laws"] = names(account.laws, [](const Law* law) { return law->name; });
    one["checks"] = names(account.checks, [](const checks::Check* check) { return check->name; });
    one["mutants"] = names(account.mutants, [](const auto* mutant) { return mutant->name; });
    one["exporters"] = account.exporters;
    one["looked_at"] = account.looked_at();
    one["obstacle"] = account.reason != nullptr ? name(account.reason->obstacle) : "";
    one["reason"] = account.reason != nullptr ? account.reason->text : "";
    out.push_back(std::move(one));
  }
  return out.dump(1) + "\n";
}

std::string index_page(const std::vector<Account>& all) {
  Tally total;
  std::map<std::string_view, Tally> areas;
  std::map<Obstacle, std::size_t> obstacles;
  for (const Account& account : all) {
    total.add(account);
    areas[model::area_of(account.requirement->id)].add(account);
    if (account.reason != nullptr) ++obstacles[account.reason->obstacle];
  }
  std::string text = fmt::format(
      "# Requirements\n\n"
      "The catalogue, sentence by sentence, one page an area: who must keep it (bearer), how much may be demanded in its name\n"
      "(*must*: enforced or guaranteed for everybody; *documented*: on paper only; *implementation*: true of the named driver,\n"
      "configuration or version), of which kernels it speaks, where it is written in the kernel, and what looks at it: rows of state\n"
      "machines that fire in some world of `model check`, and rules of the model; invariants, and readings that the oracle compares\n"
      "after every operation; properties proven of every state of a world; laws held against random programs; directed checks; mutants of the reference that break it and are\n"
      "found; exporters on which it can be seen. What nothing looks at says why.\n\n"
      "{} requirements: {} are looked at, {} are not testable from here. A test fails if one is neither, or both.\n\n"
      "| area | about | requirements | by rows | by rules | by checks | not testable |\n| --- | --- | --- | --- | --- | --- | --- |\n",
      total.all, total.looked_at, total.all - total.looked_at);
  for (const model::Area& area : model::areas) {
    const Tally& tally = areas[area.prefix];
    text += fmt::format("| [{0}](requirements/{0}.md) | {1} | {2} | {3} | {4} | {5} | {6} |\n", area.prefix, area.title, tally.all,
                        tally.rows, tally.rules, tally.checks, tally.all - tally.looked_at);
  }
  text += fmt::format("| | all | {} | {} | {} | {} | {} |\n\n", total.all, total.rows, total.rules, total.checks, total.all - total.looked_at);
  text += "## Why some are not testable from here\n\n| | | requirements |\n| --- | --- | --- |\n";
  for (const auto& [obstacle, count] : obstacles)
    text += fmt::format("| {} | {} | {} |\n", name(obstacle), traceability::text(obstacle), count);
  text += "\n## All of them\n\n| requirement | bearer | strength | kernels | rows | checks | exporters, or why not |\n"
          "| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const Account& account : all) {
    const model::Requirement& r = *account.requirement;
    const std::string id = model::full_id(r.id);
    std::string anchor = id;
    std::ranges::transform(anchor, anchor.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    std::string carried = rows_of(account, "");
    if (carried.empty() && account.looked_at() && account.checks.empty()) carried = "a rule";
    text += fmt::format("| [{}](requirements/{}.md#{}) | {} | {} | {} | {} | {} | {} |\n", id, model::area_of(r.id), anchor,
                        model::name(r.bearer), model::name(r.strength), versions_of(r.versions), carried,
                        listed(account.checks, [](const checks::Check* c) { return fmt::format("`{}`", c->name); }),
                        account.reason != nullptr ? fmt::format("*{}*: {}", name(account.reason->obstacle), cell(account.reason->text))
                                                  : listed(account.exporters, [](const std::string& e) { return e; }));
  }
  return text;
}

std::string area_page(const model::Area& area, const std::vector<Account>& all, std::span<const World> worlds) {
  std::string text = fmt::format("# {}: {}\n\nWhat the words mean: [requirements](../requirements.md).\n", area.prefix, area.title);
  for (const Account& account : all)
    if (model::area_of(account.requirement->id) == area.prefix) text += "\n" + entry(account, worlds);
  return text;
}

}  // namespace dmabuf::traceability
