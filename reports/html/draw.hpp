// SPDX-License-Identifier: MIT
/// Pictures of the page, as inline SVG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/record/record.hpp"

namespace dmabuf::reports {

/// Visible text with the markup of HTML taken out of it.
std::string escaped(std::string_view text);

/// One lane for each object of the trace, a bar from birth to death; "" if it names no object. Of a
/// trace of more than `most_steps` the middle is left out. `id` makes the ids in the picture
/// unique.
std::string draw_lanes(const record::Finding& finding, std::size_t most_steps, std::string_view id);

/// The state machine that coverage rows speak of, with what was taken and what was not.
struct MachineDrawing {
  std::string name;
  std::size_t hit = 0, total = 0;
  std::string svg = {};  ///< "" if its rows cannot be drawn
  double width = 0;      ///< of the picture, in pixels
};

/// One for each machine, in the order of their names. Rows that are not "machine: From --op--> To
/// [ids]" are in none.
std::vector<MachineDrawing> draw_machines(const record::Coverage& coverage, std::string_view id);

}  // namespace dmabuf::reports
