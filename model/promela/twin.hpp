// SPDX-License-Identifier: MIT
/// The model's own steps, named as the twin in Promela names them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::twin {

/// The standard configuration of this name in this size: "fds=2,vmas=1", or "-" for its own. Without symmetry, which
/// Spin does not know.
model::Configuration configuration(std::string_view name, std::string_view size);

struct Step {
  std::string label;  ///< as in a trace; without an errno
  model::Allowance allowance{};
  model::ErrnoSet errnos;
  model::World next;
};
/// Everything that the model has something to say about, releases included.
std::vector<Step> steps(const model::World& world, const model::Configuration& c);
/// "permitted", "refused: EBUSY"
std::string word(const Step& step);
/// "EBUSY" of "attach r0 d1 a0 -> EBUSY"; empty for a step that is permitted.
std::string_view errno_of(std::string_view label);
/// "attach r0 d1 a0" of either.
std::string_view operation_of(std::string_view label);
/// Is that what the step may come to? The label is of a line with or without an errno.
bool is(const Step& step, std::string_view label);

/// Compares every step with those that pan wrote (beside.h); prints the shortest program after which they part.
int compare(const model::Configuration& c, const char* edges);

/// Prints a walk at random, a step a line.
int walk(const model::Configuration& c, unsigned seed, std::size_t steps);
/// Is each line of the file a step of the model, one after the other? If not, prints the way there without its detours.
int accept(const model::Configuration& c, const char* trace);
/// Prints the way to the line of that number, counted from 1, without its detours, and the line.
int shorten(const model::Configuration& c, const char* trace, std::size_t line);

/// Explores the world and runs that command, which is to do the same; prints how long each takes.
int race(const model::Configuration& c, const char* pan);

}  // namespace dmabuf::twin
