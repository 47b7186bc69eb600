// SPDX-License-Identifier: MIT
#include "draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "lanes.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : visible(text)) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

namespace {

/// Which column a step stands in, when the middle of a long trace is left out.
class Axis {
 public:
  Axis(std::size_t steps, std::size_t most) : steps_(steps) {
    if (steps <= most) {
      head_ = steps;
      tail_ = steps;
    } else {
      head_ = most / 2;
      tail_ = steps - (most - most / 2);
    }
    // So narrow at the least that a long trace and the end of its lives are seen at once.
    width_ = std::clamp(760.0 / static_cast<double>(columns()), 3.0, 44.0);
  }
  std::size_t columns() const { return head_ + (cut() ? kGap : 0) + (steps_ - tail_); }
  bool cut() const { return tail_ > head_; }
  bool hidden(std::size_t step) const { return step >= head_ && step < tail_; }
  std::size_t left_out() const { return tail_ - head_; }
  double width() const { return width_; }
  double x(std::size_t step) const {
    if (hidden(step)) return gap();
    const std::size_t column = step < head_ ? step : head_ + (cut() ? kGap : 0) + step - tail_;
    return kLeft + (static_cast<double>(column) + 0.5) * width_;
  }
  /// The middle of what is left out, and how wide it is shown.
  double gap() const { return kLeft + (static_cast<double>(head_) + kGap / 2.0) * width_; }
  double gap_width() const { return static_cast<double>(kGap) * width_; }
  double right() const { return kLeft + static_cast<double>(columns()) * width_; }
  static constexpr double kLeft = 128;
  static constexpr std::size_t kGap = 8;  ///< columns

 private:
  std::size_t steps_, head_ = 0, tail_ = 0;
  double width_ = 0;
};

std::string life_in_words(const Lane& lane, const Life& life) {
  std::string words = fmt::format("{} ({}) from step {}", lane.slot, lane.kind, life.birth + 1);
  if (life.death) words += fmt::format(" to step {}", *life.death + 1);
  if (life.leaked)
    words += life.death ? ", and then leaked: it never ends" : ", leaked: it never ends";
  if (!life.death && !life.leaked) words += ", open at the end of the trace";
  return words;
}

}  // namespace

std::string draw_lanes(const record::Finding& finding, std::size_t most_steps,
                       std::string_view id) {
  std::vector<Lane> lanes = lanes_of(finding);
  const std::size_t steps = finding.trace.size();
  if (lanes.empty() || steps == 0) return "";
  const Axis axis(steps, std::max<std::size_t>(most_steps, 8));
  constexpr double kTop = 30, kRow = 27, kBar = 10, kBeyond = 140;
  const double width = axis.right() + kBeyond;
  const double height = kTop + kRow * static_cast<double>(lanes.size()) + 8;

  std::string words;
  for (const Lane& lane : lanes) {
    std::size_t told = 0;
    for (const Life& life : lane.lives) {
      if (++told > 6) {
        words += fmt::format("{} lives again {} times. ", lane.slot, lane.lives.size() - 6);
        break;
      }
      words += life_in_words(lane, life) + ". ";
    }
    if (!lane.ghosts.empty())
      words += fmt::format("{} is used at step {} while it is not alive. ", lane.slot,
                           lane.ghosts.front() + 1);
  }
  std::string svg = fmt::format(
      "<svg role=\"img\" aria-labelledby=\"{0}-t {0}-d\" width=\"{1:.0f}\" height=\"{2:.0f}\" "
      "viewBox=\"0 0 {1:.0f} {2:.0f}\"><title id=\"{0}-t\">Lives of the objects of this "
      "trace</title>"
      "<desc id=\"{0}-d\">{3}</desc>\n",
      id, width, height, escaped(words));

  const double step_between = steps > 999 ? 42 : 30;
  const auto every = static_cast<std::size_t>(std::ceil(step_between / axis.width()));
  const std::size_t last = steps - 1;
  for (std::size_t i = 0; i < steps; ++i) {
    if (axis.hidden(i)) continue;
    const bool near_gap = axis.cut() && std::abs(axis.x(i) - axis.gap()) < 30;
    const bool named =
        i == last || (i % every == 0 && axis.x(last) - axis.x(i) > step_between && !near_gap);
    if (!named) continue;
    svg += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.0f}\" y2=\"{:.0f}\"/>"
        "<text class=\"{}\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"14\">{}</text>\n",
        i == last ? "end-rule" : "rule", axis.x(i), axis.x(i), kTop - 9, height - 4,
        i == last ? "bad-text" : "soft-text", axis.x(i), i + 1);
  }

  double y = kTop + kRow / 2;
  for (const Lane& lane : lanes) {
    const char letter = lane.slot[0];
    svg +=
        fmt::format("<text x=\"6\" y=\"{:.1f}\">{} <tspan class=\"soft-text\">{}</tspan></text>\n",
                    y + 4, lane.slot, lane.kind);
    for (const Life& life : lane.lives) {
      const bool ends_hidden = life.death && axis.hidden(*life.death);
      if (axis.hidden(life.birth) && (ends_hidden && !life.leaked)) continue;
      const double from = axis.x(life.birth);
      const double to = life.death ? axis.x(*life.death) : axis.x(last);
      svg += fmt::format("<g class=\"k-{}\"><title>{}</title>", letter,
                         escaped(life_in_words(lane, life)));
      svg += fmt::format(
          "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" "
          "rx=\"3\"/>",
          from, y - kBar / 2, std::max(to - from, 2.0), kBar);
      if (!axis.hidden(life.birth))
        svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"/>", from, y,
                           std::min(6.5, axis.width() / 2));
      if (life.death && !ends_hidden)
        svg +=
            fmt::format("<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"3\" height=\"18\"/>",
                        to - 1.5, y - 9);
      if (!life.death && !life.leaked)
        svg += fmt::format(
            "<line class=\"open\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
            to + 4, axis.right() + 22, y, y);
      svg += "</g>\n";
      if (!life.death && !life.leaked)
        svg += fmt::format("<text class=\"soft-text\" x=\"{:.1f}\" y=\"{:.1f}\">open</text>\n",
                           axis.right() + 28, y + 4);
      if (life.leaked) {
        const double end = axis.right() + 46;
        svg += fmt::format(
            "<rect class=\"leak\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\"/>"
            "<path class=\"leak-head\" d=\"M{:.1f} {:.1f}l14 10l-14 10z\"/>"
            "<text class=\"bad-text\" x=\"{:.1f}\" y=\"{:.1f}\">never ends</text>\n",
            to + 2, y - kBar / 2, std::max(end - to - 2, 4.0), kBar, end, y - 10, end + 19, y + 4);
      }
    }
    std::set<std::size_t> used;
    for (const std::size_t i : lane.uses)
      if (!axis.hidden(i) && used.insert(i).second)
        svg += fmt::format("<path class=\"use\" d=\"M{:.1f} {:.1f}v8\"/>", axis.x(i), y - 4);
    std::set<std::size_t> missed;
    for (const std::size_t i : lane.ghosts)
      if (!axis.hidden(i) && missed.insert(i).second)
        svg += fmt::format(
            "<path class=\"ghost\" d=\"M{:.1f} {:.1f}l10 10m0 -10l-10 10\"><title>{} is used at "
            "step "
            "{} while it is not alive</title></path>",
            axis.x(i) - 5, y - 5, lane.slot, i + 1);
    svg += '\n';
    y += kRow;
  }
  if (axis.cut())
    svg += fmt::format(
        "<rect class=\"gap\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" "
        "height=\"{:.0f}\"><title>{} "
        "left out</title></rect><text class=\"soft-text\" text-anchor=\"middle\" x=\"{:.1f}\" "
        "y=\"14\">&#8943;</text>\n",
        axis.gap() - axis.gap_width() / 2, kTop - 9, axis.gap_width(), height - kTop + 5,
        counted(axis.left_out(), "operation", "operations"), axis.gap());
  svg += "</svg>";
  return svg;
}

// --- machines ------------------------------------------------------------------------------------

namespace {

struct Row {
  std::string machine, from, operation, to;
};

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::optional<Row> row_of(std::string_view text) {
  const auto colon = text.find(": ");
  const auto dashes = text.find(" --", colon == std::string_view::npos ? 0 : colon);
  const auto arrow = text.find("--> ", dashes == std::string_view::npos ? 0 : dashes + 3);
  if (colon == std::string_view::npos || dashes == std::string_view::npos ||
      arrow == std::string_view::npos)
    return std::nullopt;
  const auto bracket = text.find(" [", arrow);
  Row row{trimmed(text.substr(0, colon)), trimmed(text.substr(colon + 2, dashes - colon - 2)),
          trimmed(text.substr(dashes + 3, arrow - dashes - 3)),
          trimmed(text.substr(
              arrow + 4, (bracket == std::string_view::npos ? text.size() : bracket) - arrow - 4))};
  if (row.machine.empty() || row.from.empty() || row.to.empty() || row.machine.size() > 40 ||
      row.from.size() > 40 || row.to.size() > 40 || row.operation.size() > 60)
    return std::nullopt;
  return row;
}

struct Edge {
  std::vector<std::pair<std::string, bool>> operations;  ///< and whether the row was taken
  bool any_hit = false;
};

struct Machine {
  std::vector<std::string> states;  ///< in the order in which the rows name them
  std::map<std::pair<std::size_t, std::size_t>, Edge> edges;
  std::set<std::size_t> seen;
  std::size_t hit = 0, total = 0;

  std::size_t state(const std::string& name) {
    const auto found = std::find(states.begin(), states.end(), name);
    if (found != states.end()) return static_cast<std::size_t>(found - states.begin());
    states.push_back(name);
    return states.size() - 1;
  }
  void add(const Row& row, bool taken) {
    const std::size_t from = state(row.from), to = state(row.to);
    Edge& edge = edges[{from, to}];
    edge.operations.emplace_back(row.operation, taken);
    edge.any_hit = edge.any_hit || taken;
    if (taken) seen.insert({from, to});
    hit += taken ? 1 : 0;
    ++total;
  }
};

/// States on a line, what goes forward above them, what goes back below.
MachineDrawing drawing(const std::string& name, const Machine& machine, std::string_view id) {
  MachineDrawing result{name, machine.hit, machine.total};
  if (machine.states.size() > 9) return result;
  constexpr double kMargin = 16, kNode = 28;
  std::vector<double> center, half;
  double x = kMargin;
  for (std::size_t s = 0; s < machine.states.size(); ++s) {
    const double wide =
        std::max(64.0, 7.4 * static_cast<double>(columns(visible(machine.states[s]))) + 22);
    half.push_back(wide / 2);
    center.push_back(x + wide / 2);
    // Room for the words on the edge to the next state.
    std::size_t words = 0;
    for (const auto& pair : {std::pair{s, s + 1}, std::pair{s + 1, s}})
      if (const auto edge = machine.edges.find(pair); edge != machine.edges.end()) {
        std::size_t here = 0;
        for (const auto& [operation, taken] : edge->second.operations)
          here = std::max(here, columns(visible(operation)) + (taken ? 0 : 2));
        words = std::max(words, here);
      }
    x += wide + std::max(56.0, 6.8 * static_cast<double>(words) + 22);
  }
  const double width = center.back() + half.back() + kMargin;
  result.width = width;

  // Arcs stand on the line of states like hills. An arc, and the words on it, must clear what
  // stands below it; the short ones come first.
  struct Hill {
    std::size_t from, to;
    const Edge* edge;
    double x1, x2, words;  ///< ends of the arc; half the width of its words
    double height = 0;     ///< of the arc; its words stand on it, outwards
  };
  constexpr double kLine = 13;
  std::vector<Hill> hills;
  for (const auto& [ends, edge] : machine.edges) {
    const auto [from, to] = ends;
    const double way = from < to ? 1 : -1;
    std::size_t letters = 0;
    for (const auto& [operation, taken] : edge.operations)
      letters = std::max(letters, columns(visible(operation)) + (taken ? 0 : 2));
    const bool loop = from == to;
    hills.push_back({from, to, &edge,
                     loop ? center[from] - 9 : center[from] + way * half[from] * .6,
                     loop ? center[from] + 9 : center[to] - way * half[to] * .6,
                     3.4 * static_cast<double>(letters) + 4});
  }
  const auto span = [](const Hill& h) { return h.from > h.to ? h.from - h.to : h.to - h.from; };
  std::stable_sort(hills.begin(), hills.end(),
                   [&](const Hill& a, const Hill& b) { return span(a) < span(b); });
  struct Box {
    double left, right, height;
  };
  std::vector<Box> above, below;
  for (Hill& hill : hills) {
    std::vector<Box>& side = hill.from < hill.to ? above : below;
    const double left = std::min(hill.x1, hill.x2), right = std::max(hill.x1, hill.x2);
    const double middle = (left + right) / 2;
    const auto highest = [&](double from, double to) {
      double height = 0;
      for (const Box& box : side)
        if (box.left < to && box.right > from) height = std::max(height, box.height);
      return height;
    };
    const double flank = (right - left) * .16;
    hill.height = std::max({span(hill) == 0 ? 20.0 : 26.0, highest(left + flank, right - flank) + 7,
                            highest(middle - hill.words, middle + hill.words) + 7});
    if (span(hill) > 0) side.push_back({left + flank, right - flank, hill.height});
    side.push_back({middle - hill.words, middle + hill.words,
                    hill.height + 4 + kLine * static_cast<double>(hill.edge->operations.size())});
  }
  double top = 8, bottom = 8;
  for (const Box& box : above) top = std::max(top, box.height + 6);
  for (const Box& box : below) bottom = std::max(bottom, box.height + 6);
  const double y = top + kNode / 2, height = top + kNode + bottom;

  std::string edges, labels, nodes, words;
  for (const Hill& hill : hills) {
    const char* missed = hill.edge->any_hit ? "" : " missed";
    const double out = hill.from < hill.to ? -1 : 1;  // which way is outwards, on the page
    const double foot = y + out * kNode / 2;
    const double lean = span(hill) == 0 ? -7 : (hill.x2 - hill.x1) * .15;
    const double peak =
        foot + out * hill.height / .75;  // where a curve's handles pull it to height
    edges += fmt::format(
        "<path class=\"edge{}\" d=\"M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\"/>"
        "<path class=\"tip{}\" d=\"M{:.1f} {:.1f}l-4.500 {:.0f}l9 0z\"/>",
        missed, hill.x1, foot, hill.x1 + lean, peak, hill.x2 - lean, peak, hill.x2, foot + out * 6,
        missed, hill.x2, foot, out * 9);
    double line = foot + out * (hill.height + (out < 0 ? 5 : 14));
    for (const auto& [operation, taken] : hill.edge->operations) {
      labels += fmt::format(
          "<text class=\"edge-label{}\" text-anchor=\"middle\" x=\"{:.1f}\" "
          "y=\"{:.1f}\">{}{}</text>",
          taken ? "" : " missed", (hill.x1 + hill.x2) / 2, line, taken ? "" : "\u25cb ",
          escaped(operation));
      line += out * kLine;
      words += fmt::format("{} {} {}: {}. ", machine.states[hill.from], operation,
                           machine.states[hill.to], taken ? "taken" : "not taken");
    }
  }
  for (std::size_t s = 0; s < machine.states.size(); ++s)
    nodes += fmt::format(
        "<rect class=\"state{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" "
        "rx=\"14\"/><text text-anchor=\"middle\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
        machine.seen.contains(s) ? " seen" : "", center[s] - half[s], y - kNode / 2, half[s] * 2,
        kNode, center[s], y + 4, escaped(machine.states[s]));
  result.svg = fmt::format(
      "<svg role=\"img\" aria-labelledby=\"{0}-t {0}-d\" width=\"{1:.0f}\" height=\"{2:.0f}\" "
      "viewBox=\"0 0 {1:.0f} {2:.0f}\"><title id=\"{0}-t\">States of {3}</title><desc "
      "id=\"{0}-d\">{4}"
      "</desc>{5}{6}{7}</svg>",
      id, width, height, escaped(name), escaped(words), edges, nodes, labels);
  return result;
}

}  // namespace

std::vector<MachineDrawing> draw_machines(const record::Coverage& coverage, std::string_view id) {
  std::map<std::string, Machine> machines;
  for (const auto& [rows, taken] : {std::pair{&coverage.hit, true}, {&coverage.missing, false}})
    for (const std::string& text : *rows)
      if (const auto row = row_of(text)) machines[row->machine].add(*row, taken);
  std::vector<MachineDrawing> drawings;
  for (const auto& [name, machine] : machines) {
    if (drawings.size() == 40) break;
    drawings.push_back(drawing(name, machine, fmt::format("{}-{}", id, drawings.size() + 1)));
  }
  return drawings;
}

}  // namespace dmabuf::reports
