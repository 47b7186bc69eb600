// SPDX-License-Identifier: MIT
#include "model_prove.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/prove.hpp"
#include "exit_code.hpp"
#include "model_trace.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "stop.hpp"

namespace dmabuf::app {
namespace {

using model::Proof;

struct Wishes {
  std::vector<std::string> what;
  std::string world, file;
  std::uint64_t limit = std::uint64_t{1} << 22;
  bool list = false;
};

/// One property to be proved: by name, from the command line, or a line of a file.
struct Claim {
  std::string name, world, requirement, property;
};

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// NAME | WORLD | REQUIREMENT | PROPERTY, a line each; '#' begins a comment.
std::vector<Claim> read_claims(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw UsageError(fmt::format("cannot read {}", path));
  std::vector<Claim> claims;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= line.size();) {
      const auto bar = std::min(line.find('|', at), line.size());
      parts.push_back(trimmed(line.substr(at, bar - at)));
      at = bar + 1;
    }
    if (parts.size() != 4) throw UsageError(fmt::format("{}:{}: not NAME | WORLD | REQUIREMENT | PROPERTY", path, number));
    std::string id = parts[2];
    if (id.starts_with("DBUF-")) id = id.substr(5);
    if (!id.empty() && model::find(id) == nullptr) throw UsageError(fmt::format("{}:{}: the catalogue has no {}", path, number, parts[2]));
    claims.push_back({parts[0], parts[1], id, parts[3]});
  }
  if (in.bad()) throw UsageError(fmt::format("cannot read {}: is it a file?", path));
  if (claims.empty()) throw UsageError(fmt::format("{} has no property; a line is NAME | WORLD | REQUIREMENT | PROPERTY", path));
  return claims;
}

std::vector<Claim> wanted(const Wishes& wishes) {
  std::vector<Claim> claims;
  if (!wishes.file.empty()) claims = read_claims(wishes.file);
  const auto named = [](const model::NamedProperty& p) {
    return Claim{std::string(p.name), std::string(p.world), std::string(p.requirement), std::string(p.property)};
  };
  for (const std::string& text : wishes.what) {
    const auto known = std::ranges::find(model::named_properties(), text, &model::NamedProperty::name);
    if (known != model::named_properties().end())
      claims.push_back(named(*known));
    else if (text.find(' ') != std::string::npos)
      claims.push_back({"", wishes.world.empty() ? "everything" : wishes.world, "", text});
    else
      throw UsageError(fmt::format("no property is called '{}'; see: model prove --list", text));
  }
  if (wishes.what.empty() && wishes.file.empty())
    for (const model::NamedProperty& property : model::named_properties()) claims.push_back(named(property));
  if (!wishes.world.empty())
    for (Claim& claim : claims) claim.world = wishes.world;
  return claims;
}

std::string shown(const Claim& claim) { return claim.name.empty() ? claim.property : claim.name; }

int prove(const Wishes& wishes) {
  if (wishes.list) {
    for (const model::NamedProperty& p : model::named_properties())
      fmt::print("{:<26} {:<24} {:<14} {}\n", p.name, p.world, model::full_id(p.requirement), p.property);
    return kConforms;
  }
  const std::vector<model::Configuration> worlds = model::standard_configurations();
  bool broken = false, unknown = false;
  for (const Claim& claim : wanted(wishes)) {
    if (stop_requested()) return kStopped;
    const auto world = std::ranges::find(worlds, claim.world, &model::Configuration::name);
    if (world == worlds.end()) throw UsageError(fmt::format("no configuration is called '{}'; see: model check", claim.world));
    model::Configuration configuration = *world;
    configuration.max_states = wishes.limit;
    Proof proof;
    model::Property::Kind kind{};
    try {
      const model::Property property = model::parse_property(claim.property);
      kind = property.kind;
      ProgressLine line(shown(claim));
      proof = model::prove(property, configuration, [&](const model::Progress& p) {
        line.show(fmt::format("{} states, {:.2f} M/s, depth {}, frontier {}, {} MiB", p.states, p.states_per_second / 1e6, p.depth,
                              p.frontier, p.bytes >> 20U));
      });
      line.clear();
    } catch (const model::PredicateError& error) {
      throw UsageError(error.what());
    }
    const std::string_view word = proof.verdict == Proof::Verdict::Holds  ? "holds"
                                  : proof.verdict == Proof::Verdict::Fails ? "FAILS"
                                                                           : "GAVE UP";
    broken = broken || proof.verdict == Proof::Verdict::Fails;
    unknown = unknown || proof.verdict == Proof::Verdict::Unknown;
    fmt::print("{:<8} {:<26} {:<24} {:>8} states {:>6.2f}s  {}\n", word, shown(claim), claim.world, proof.states, proof.seconds,
               claim.name.empty() ? "" : claim.property);
    const bool told = proof.verdict == Proof::Verdict::Fails || (kind == model::Property::Kind::Sometimes && !wishes.what.empty());
    if (proof.verdict == Proof::Verdict::Holds && proof.asked == 0) fmt::print("  of no state at all: none is one to come from\n");
    if (!told || proof.verdict == Proof::Verdict::Unknown) continue;
    if (proof.trace.empty())
      fmt::print("  {}\n", proof.matching == 0 && kind == model::Property::Kind::Sometimes ? "no reachable state shows it"
                                                                                          : "in the empty world already");
    else
      fmt::print("{}", replayable(proof.trace, configuration.profile));
  }
  return broken ? kFindings : unknown ? kInconclusive : kConforms;
}

}  // namespace

void add_model_prove(CLI::App& model, int& status) {
  auto wishes = std::make_shared<Wishes>();
  CLI::App* command = model.add_subcommand("prove", "hold properties of your own, or named ones, against every reachable state");
  command->add_option("what", wishes->what, "names of --list, or properties in quotes; default: every named one");
  command->add_option("--configuration", wishes->world, "in this world of 'model check'");
  command->add_option("--file", wishes->file, "properties, a line each: NAME | WORLD | REQUIREMENT | PROPERTY");
  command->add_option("--limit", wishes->limit, "give up beyond so many states")->capture_default_str();
  command->add_flag("--list", wishes->list, "print the named properties");
  command->footer(
      "always P; sometimes P; eventually P; eventually P from Q. P is made of 'b0 is Live', 'storage b0 is Confined', 'f0 of b0',\n"
      "'references b0 >= 2', 'nothing', with not, and, or, implies and parentheses; 'f*' is any fd.\n"
      "Exit status: 0 all hold, 1 one fails, 2 gave up at --limit.\n"
      "Examples:\n"
      "  dmabuf-conform model prove\n"
      "  dmabuf-conform model prove mapping-outlives-fds\n"
      "  dmabuf-conform model prove --configuration importers-eager 'always mappings b0 <= 1'\n"
      "  dmabuf-conform model prove --configuration poll 'eventually b0 is Released from b0 is Live'");
  command->callback([wishes, &status] { status = prove(*wishes); });
}

}  // namespace dmabuf::app
