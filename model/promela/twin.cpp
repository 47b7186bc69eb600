// SPDX-License-Identifier: MIT
/// The model's side of the comparison with its twin in Promela.
///
///   promela-twin [--spoilt MISTAKE] count NAME SIZE               how many states, transitions, refusals
///   promela-twin [--spoilt MISTAKE] compare NAME SIZE EDGES       EDGES: every step of the twin, as pan wrote it
///   promela-twin [--spoilt MISTAKE] walk NAME SIZE SEED STEPS     a walk at random
///   promela-twin [--spoilt MISTAKE] accept NAME SIZE TRACE        is that a walk of the model?
///   promela-twin [--spoilt MISTAKE] shorten NAME SIZE TRACE LINE  the way to that line, without detours
///   promela-twin [--spoilt MISTAKE] race NAME SIZE COMMAND        how long the explorer takes, and that command
///   promela-twin mistakes                                         what can be put wrong in the tables
///   promela-twin worlds                                           the names of all configurations
///
/// NAME is one of 'dmabuf-conform model check', SIZE the slots that shall be other than there ("fds=2,vmas=1"), or "-".
/// Exit: 0 the same, 1 a difference, 64 usage, 3 something is broken.
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "twin.hpp"
#include "twin_spoilt.hpp"

namespace {

using namespace dmabuf;

int count(const model::Configuration& c) {
  const model::Exploration found = explore(c);
  std::cout << fmt::format("{} {} {}\n", found.states, found.transitions, found.refusals);
  return found.complete ? 0 : 3;
}

int usage() {
  std::cerr << "usage: promela-twin [--spoilt MISTAKE] count|compare|walk|accept|shorten|race NAME SIZE ...\n";
  return 64;
}

int run(std::span<char*> words) {
  const std::string_view verb = words.empty() ? "" : words[0];
  if (verb == "mistakes" && words.size() == 1) {
    for (const twin::Mistake& mistake : twin::mistakes())
      std::cout << fmt::format("{} {} {}\n", mistake.name, mistake.configuration, mistake.what);
    return 0;
  }
  if (verb == "worlds" && words.size() == 1) {
    for (const model::Configuration& c : model::standard_configurations()) std::cout << c.name << '\n';
    return 0;
  }
  if (words.size() < 3) return usage();
  const model::Configuration c = twin::configuration(words[1], words[2]);
  const std::span<char*> more = words.subspan(3);
  const auto number = [&](std::size_t i) { return std::stoul(more[i]); };
  if (verb == "count" && more.empty()) return count(c);
  if (verb == "compare" && more.size() == 1) return twin::compare(c, more[0]);
  if (verb == "walk" && more.size() == 2) return twin::walk(c, static_cast<unsigned>(number(0)), number(1));
  if (verb == "accept" && more.size() == 1) return twin::accept(c, more[0]);
  if (verb == "shorten" && more.size() == 2) return twin::shorten(c, more[0], number(1));
  if (verb == "race" && more.size() == 1) return twin::race(c, more[0]);
  return usage();
}

}  // namespace

int main(int argc, char** argv) try {
  std::span<char*> words(argv + 1, static_cast<std::size_t>(argc - 1));
  std::optional<twin::Spoilt> spoilt;
  if (words.size() >= 2 && std::string_view(words[0]) == "--spoilt") {
    spoilt.emplace(words[1]);
    words = words.subspan(2);
  }
  return run(words);
} catch (const std::exception& error) {
  std::cerr << "promela-twin: " << error.what() << '\n';
  return 3;
}
