// SPDX-License-Identifier: MIT
/// The explorer and Spin's verifier on the same world, one after the other, in one run.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "twin.hpp"

namespace dmabuf::twin {
namespace {

struct Time {
  double wall = 0, cpu = 0;
};

double cpu_of_children() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Time timed(const char* command) {
  const double before = cpu_of_children();
  const auto start = std::chrono::steady_clock::now();
  if (std::system(command) != 0) throw std::runtime_error(fmt::format("'{}' fails", command));
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), cpu_of_children() - before};
}

void print(std::string_view who, std::uint64_t states, std::uint64_t steps, const Time& time) {
  const auto per_second = [&](std::uint64_t n) { return time.cpu > 0 ? static_cast<double>(n) / time.cpu : 0; };
  std::cout << fmt::format("  {:<22} {:>9} {:>10} {:>8.3f} {:>8.3f} {:>11.0f} {:>12.0f}\n", who, states, steps, time.wall, time.cpu,
                           per_second(states), per_second(steps));
}

}  // namespace

int race(const model::Configuration& c, const char* pan) {
  model::Configuration world = c;
  world.teardown = false;  // Spin is not asked for that either
  std::cout << fmt::format("{}\n  {:<22} {:>9} {:>10} {:>8} {:>8} {:>11} {:>12}\n", c.name, "", "states", "steps", "wall s",
                           "CPU s", "states/s", "steps/s");
  model::Exploration found;
  for (const bool fast : {true, false}) {
    found = fast ? explore(world) : explore_slowly(world);
    if (!found.complete || !found.violations.empty()) throw std::runtime_error("the model is not sound in this world");
    print(fast ? "explorer" : "explorer, world by world", found.states, found.transitions + found.refusals,
          {found.seconds, found.cpu_seconds});
  }
  print("pan", found.states, found.transitions + found.refusals, timed(pan));
  return 0;
}

}  // namespace dmabuf::twin
