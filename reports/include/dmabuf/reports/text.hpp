// SPDX-License-Identifier: MIT
/// Reports for a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

enum class Colour { No, Yes };

struct TextOptions {
  Colour colour = Colour::No;    ///< whether stdout wants it (a terminal, NO_COLOR) is the caller's
  std::size_t width = 100;       ///< columns at which prose is wrapped; traces are not
  std::size_t trace_lines = 60;  ///< longer traces lose their middle, and say so
  std::size_t missing_rows = 20;  ///< of each target, rows that were not reached
};

/// The verdict of each target, every finding with its counterexample and its reason, what was
/// skipped, what was covered. Ends with a newline.
std::string render_text(const std::vector<record::Run>& runs, const TextOptions& options = {});

/// One finding, as render_text has it: for printing at once when it is found.
std::string render_finding(const record::Finding& finding, const TextOptions& options = {});

struct Progress {
  std::uint64_t cases = 0;
  double cases_per_second = 0;
  std::uint64_t findings = 0;
  std::optional<std::uint64_t> fresh = {};  ///< "new": not in the store of findings
  std::optional<std::uint64_t> crashes = {};
  std::uint64_t rows_hit = 0, rows_total = 0;  ///< nothing is said of coverage if the total is 0
  std::optional<double> seconds_left = {};
};

/// "cases 1240 (41/s) findings 2 cover 87/112 left 12m", without a newline.
std::string progress_line(const Progress& progress);

/// "0.8s", "45s", "12m", "2h05m", "3d04h".
std::string duration(double seconds);

}  // namespace dmabuf::reports
