// SPDX-License-Identifier: MIT
/// Mistakes put into the tables on purpose: the comparison has to notice each.
#pragma once

#include <span>
#include <string_view>

#include "machine_id.hpp"

namespace dmabuf::twin {

struct Row {
  std::string_view machine, source, event;
  unsigned nth = 0;  ///< of the rows with these
};

struct Mistake {
  std::string_view name;
  std::string_view configuration;  ///< where it must be noticed
  std::string_view what;
  Row row;      ///< what this one decides...
  Row instead;  ///< ...this one decides from now on
};
std::span<const Mistake> mistakes();

/// While it lives, the tables hold that mistake. Throws std::invalid_argument if there is none of that name.
class Spoilt {
 public:
  explicit Spoilt(std::string_view name);

 private:
  model::Tables tables_;
  model::ScopedTables scope_;
};

}  // namespace dmabuf::twin
