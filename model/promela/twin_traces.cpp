// SPDX-License-Identifier: MIT
/// Walks of one model that the other has to be able to take.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "dmabuf/model/pack.hpp"
#include "twin.hpp"

namespace dmabuf::twin {
namespace {

using model::Allowance;
using model::World;

/// What stands for any errno, in the twin, too.
constexpr std::string_view kSomeErrno = "EIO";

/// Where a walk may have got to: more than one world if the profile leaves a choice.
using Worlds = std::set<std::uint64_t>;

class Walk {
 public:
  explicit Walk(const model::Configuration& c) : c_(c), packing_(c.profile, c.operations) { reach({pack(World{})}, ""); }

  /// False if that is no step from here; the walk then stays where it is.
  bool take(const std::string& label) {
    Worlds next;
    for (const std::uint64_t packed : way_.back().worlds) {
      const World world = packing_.unpack(packed);
      for (const Step& step : steps(world, c_))
        if (is(step, label)) next.insert(pack(step.next));
    }
    if (next.empty()) return false;
    reach(std::move(next), label);
    return true;
  }

  /// What the model says of an operation it does not come to: "refused: EBUSY".
  std::string said(std::string_view label) const {
    std::set<std::string> words;
    for (const std::uint64_t packed : way_.back().worlds)
      for (const Step& step : steps(packing_.unpack(packed), c_))
        if (step.label == operation_of(label)) words.insert(word(step));
    std::string text;
    for (const std::string& one : words) text += (text.empty() ? "" : ", or ") + one;
    return text.empty() ? "not a step" : text;
  }

  /// The way here, without what only led back to where it had been before.
  std::vector<std::string> shortest() const {
    std::vector<std::string> labels;
    for (std::size_t i = way_.size() - 1; i > 0;) {
      const auto first = std::ranges::find(way_, way_[i].worlds, &Place::worlds);
      i = static_cast<std::size_t>(first - way_.begin());
      if (i == 0) break;
      labels.push_back(way_[i].label);
      --i;
    }
    std::ranges::reverse(labels);
    return labels;
  }

  std::vector<Step> next() const { return steps(packing_.unpack(*way_.back().worlds.begin()), c_); }

 private:
  struct Place {
    Worlds worlds;
    std::string label;  ///< of the step that led here
  };

  std::uint64_t pack(const World& world) const {
    const auto packed = packing_.pack(world);
    if (!packed) throw std::runtime_error("a state of ours cannot be packed");
    return *packed;
  }
  void reach(Worlds worlds, const std::string& label) { way_.push_back({std::move(worlds), label}); }

  const model::Configuration& c_;
  model::Packing packing_;
  std::vector<Place> way_;
};

std::vector<std::string> lines_of(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(fmt::format("cannot read {}", path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    std::ranges::replace(line, '\'', '"');  // Spin cannot quote a quote
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

void print_way(const model::Configuration& c, const Walk& walk, const std::string& whose) {
  const std::vector<std::string> way = walk.shortest();
  std::cout << fmt::format("{}: {}, after {} steps\n", c.name, whose, way.size());
  for (const std::string& label : way) std::cout << fmt::format("  {}\n", label);
}

}  // namespace

int walk(const model::Configuration& c, unsigned seed, std::size_t length) {
  std::mt19937 random(seed);
  Walk walk(c);
  for (std::size_t i = 0; i < length; ++i) {
    std::vector<Step> all = walk.next();
    std::erase_if(all, [](const Step& step) {
      return step.allowance != Allowance::Permitted && step.allowance != Allowance::Refused;
    });
    // Every third step is a refusal where there is one: of most alphabets nearly everything is.
    const bool refusal = random() % 3 == 0;
    std::vector<Step> chosen = all;
    std::erase_if(chosen, [&](const Step& step) { return (step.allowance == Allowance::Refused) != refusal; });
    if (chosen.empty()) chosen = all;
    if (chosen.empty()) throw std::runtime_error("nothing can be done any more");
    const Step& step = chosen[random() % chosen.size()];
    std::string label = step.label;
    if (step.allowance == Allowance::Refused) {
      if (step.errnos.size == 0) throw std::runtime_error("a refusal without an errno: " + label);
      const int error = step.errnos.values[0];  // of several the twin names one
      label += fmt::format(" -> {}", error == model::kAnyErrno ? kSomeErrno : errno_name(model::Errno{error}));
    }
    if (!walk.take(label)) throw std::runtime_error("a step that cannot be taken: " + label);
    std::cout << label << '\n';
  }
  return 0;
}

int accept(const model::Configuration& c, const char* trace) {
  Walk walk(c);
  std::set<std::string> different;
  const std::vector<std::string> lines = lines_of(trace);
  for (const std::string& line : lines) {
    if (!walk.take(line)) {
      print_way(c, walk, "the program cannot follow the twin");
      std::cout << fmt::format("  {}\n    program: {}\n", line, walk.said(line));
      return 1;
    }
    different.insert(line);
  }
  std::cout << fmt::format("{} {}\n", lines.size(), different.size());
  return lines.empty() ? 1 : 0;
}

int shorten(const model::Configuration& c, const char* trace, std::size_t line) {
  Walk walk(c);
  const std::vector<std::string> lines = lines_of(trace);
  for (std::size_t i = 0; i + 1 < line && i < lines.size(); ++i)
    if (!walk.take(lines[i])) throw std::runtime_error("no walk of ours: " + lines[i]);
  print_way(c, walk, "the twin cannot follow the program");
  if (line > 0 && line <= lines.size())
    std::cout << fmt::format("  {}\n    program: {}\n", lines[line - 1], walk.said(lines[line - 1]));
  return 1;
}

}  // namespace dmabuf::twin
