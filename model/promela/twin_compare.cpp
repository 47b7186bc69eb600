// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "dmabuf/model/pack.hpp"
#include "twin.hpp"

namespace dmabuf::twin {
namespace {

using model::Allowance;
using model::World;

/// What pan wrote: for every state its steps, by label.
class Twin {
 public:
  struct Step {
    std::uint32_t label;
    std::uint32_t to;
  };

  explicit Twin(const char* path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(fmt::format("cannot read {}", path));
    std::string line;
    while (std::getline(file, line)) {
      const std::string_view text = line;
      const std::size_t first = text.find('\t');
      const std::size_t second = text.find('\t', first + 1);
      if (second == std::string_view::npos) throw std::runtime_error("an edge is cut off: " + line);
      const std::uint32_t from = state(text.substr(0, first));
      std::string name(text.substr(first + 1, second - first - 1));
      std::ranges::replace(name, '\'', '"');  // Spin cannot quote a quote
      const std::uint32_t label = number(labels_, names_, name);
      const std::uint32_t to = state(text.substr(second + 1));
      steps_.resize(std::max<std::size_t>(steps_.size(), std::max(from, to) + 1));
      steps_[from].push_back({label, to});
    }
    if (steps_.empty()) throw std::runtime_error(fmt::format("{} holds no step", path));
  }

  /// Did pan write what is refused, too?
  bool refusals() const {
    return std::ranges::any_of(names_, [](const std::string& name) { return !errno_of(name).empty(); });
  }
  /// By label. The first state written is the initial one, 0.
  std::multimap<std::string_view, std::uint32_t> steps(std::uint32_t state) const {
    std::multimap<std::string_view, std::uint32_t> result;
    for (const Step& step : steps_[state]) result.emplace(names_[step.label], step.to);
    return result;
  }

 private:
  using Numbers = std::unordered_map<std::string, std::uint32_t>;

  static std::uint32_t number(Numbers& numbers, std::deque<std::string>& names, std::string_view text) {
    const auto [entry, added] = numbers.try_emplace(std::string(text), static_cast<std::uint32_t>(numbers.size()));
    if (added) names.emplace_back(text);
    return entry->second;
  }
  std::uint32_t state(std::string_view text) {
    return states_.try_emplace(std::string(text), static_cast<std::uint32_t>(states_.size())).first->second;
  }

  Numbers states_, labels_;
  std::deque<std::string> names_;
  std::vector<std::vector<Step>> steps_;
};

struct Pair {
  std::uint32_t twin;
  std::uint64_t packed;
  std::size_t parent;
  std::string label;
};

class Comparison {
 public:
  Comparison(const model::Configuration& c, const Twin& twin)
      : c_(c), twin_(twin), packing_(c.profile, c.operations), refusals_written_(twin.refusals()) {}

  int run() {
    reach(0, *packing_.pack(World{}), 0, "");
    for (std::size_t i = 0; i < pairs_.size() && !different_; ++i) expand(i);
    if (different_) return 1;
    std::cout << fmt::format("{}: {} states, {} steps, {} refusals: the same, one by one\n", c_.name, pairs_.size(), steps_,
                             refusals_);
    return 0;
  }

 private:
  void expand(std::size_t index) {
    const World world = packing_.unpack(pairs_[index].packed);
    auto theirs = twin_.steps(pairs_[index].twin);
    for (auto step = theirs.begin(); step != theirs.end(); ++step)
      if (theirs.count(step->first) > 1)
        throw std::runtime_error(fmt::format("\"{}\" has several outcomes: only counts can be compared", step->first));
    for (const Step& ours : twin::steps(world, c_)) {
      const bool permitted = ours.allowance == Allowance::Permitted;
      const bool refused = ours.allowance == Allowance::Refused;
      if (refused && !refusals_written_) continue;
      // The twin's step of that label, permitted or refused as ours is.
      auto match = theirs.end();
      auto other = theirs.end();
      for (auto step = theirs.begin(); step != theirs.end(); ++step)
        if (operation_of(step->first) == ours.label) (is(ours, step->first) ? match : other) = step;
      if (match == theirs.end()) {
        if (!permitted && !refused && other == theirs.end()) continue;  // nobody goes there
        const std::string said = other == theirs.end()              ? "not a step"
                                 : errno_of(other->first).empty() ? "permitted"
                                                                  : fmt::format("refused: {}", errno_of(other->first));
        differ(index, ours.label, word(ours), said);
        return;
      }
      const std::uint32_t to = match->second;
      theirs.erase(match);
      (permitted ? steps_ : refusals_) += 1;
      const auto packed = packing_.pack(ours.next);
      if (!packed) throw std::runtime_error("a state of ours cannot be packed");
      reach(to, *packed, index, ours.label);
      if (different_) return;
    }
    if (theirs.empty()) return;
    const std::string_view label = theirs.begin()->first;
    const std::string_view error = errno_of(label);
    differ(index, std::string(operation_of(label)), "not a step",
           error.empty() ? "permitted" : fmt::format("refused: {}", error));
  }

  /// The steps arrived at a pair of states; each state has exactly one partner.
  void reach(std::uint32_t twin, std::uint64_t packed, std::size_t parent, const std::string& label) {
    const auto [by_twin, new_twin] = ours_.try_emplace(twin, packed);
    const auto [by_ours, new_ours] = theirs_.try_emplace(packed, twin);
    if (new_twin && new_ours) {
      pairs_.push_back({twin, packed, parent, label});
    } else if (by_twin->second != packed || by_ours->second != twin) {
      differ(parent, label, new_ours ? "leads to a state not seen before" : "leads to a state seen before",
             new_twin ? "leads to a state not seen before" : "leads to a state seen before");
    }
  }

  void differ(std::size_t index, const std::string& label, const std::string& ours, const std::string& theirs) {
    different_ = true;
    std::vector<std::string> trace;
    for (std::size_t i = index; i != 0; i = pairs_[i].parent) trace.push_back(pairs_[i].label);
    std::cout << fmt::format("{}: the first difference, after {} steps\n", c_.name, trace.size());
    for (auto line = trace.rbegin(); line != trace.rend(); ++line) std::cout << fmt::format("  {}\n", *line);
    std::cout << fmt::format("  {}\n    program: {}\n    promela: {}\n", label, ours, theirs);
  }

  const model::Configuration& c_;
  const Twin& twin_;
  model::Packing packing_;
  bool refusals_written_;
  std::vector<Pair> pairs_;
  std::unordered_map<std::uint32_t, std::uint64_t> ours_;
  std::unordered_map<std::uint64_t, std::uint32_t> theirs_;
  std::uint64_t steps_ = 0, refusals_ = 0;
  bool different_ = false;
};

}  // namespace

int compare(const model::Configuration& c, const char* edges) { return Comparison(c, Twin(edges)).run(); }

}  // namespace dmabuf::twin
