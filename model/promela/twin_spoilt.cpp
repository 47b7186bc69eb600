// SPDX-License-Identifier: MIT
#include "twin_spoilt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace dmabuf::twin {
namespace {

constexpr std::array kMistakes = {
    Mistake{"guard-dropped", "importers-eager", "unmap asks not whether there are more mappings",
            {"attachment_table", "Mapped", "unmap", 0}, {"attachment_table", "Mapped", "unmap", 1}},
    Mistake{"wrong-target", "sharing", "the last drop of a reference leaves the buffer alive",
            {"buffer", "Live", "drop", 1}, {"buffer", "Live", "drop", 0}},
    Mistake{"missing-refusal", "importers-eager", "detach while mapped is permitted",
            {"attachment", "Mapped", "detach", 0}, {"attachment", "Attached", "detach", 0}},
};

struct Found {
  std::size_t machine = 0;
  model::RowId row = 0;
};

Found find(const model::Tables& tables, const Row& wanted) {
  unsigned nth = wanted.nth;
  for (const model::RowInfo& row : tables.rows)
    if (row.machine == wanted.machine && row.source == wanted.source && row.event == wanted.event && nth-- == 0) {
      const auto machine = std::ranges::find(tables.machines, wanted.machine, &model::MachineInfo::name);
      return {static_cast<std::size_t>(machine - tables.machines.begin()), row.id};
    }
  throw std::logic_error(fmt::format("no row {} {} {}", wanted.machine, wanted.source, wanted.event));
}

model::Tables spoilt(std::string_view name) {
  const auto mistake = std::ranges::find(kMistakes, name, &Mistake::name);
  if (mistake == kMistakes.end()) throw std::invalid_argument(fmt::format("no mistake is called {}", name));
  model::Tables tables = model::tables();
  const Found wrong = find(tables, mistake->row);
  const Found instead = find(tables, mistake->instead);
  auto& cells = tables.flat[wrong.machine].cells;
  const auto other = std::ranges::find(tables.flat[instead.machine].cells, instead.row, &model::Cell::row);
  if (other == tables.flat[instead.machine].cells.end()) throw std::logic_error("a row that decides nothing");
  const model::Cell cell = *other;
  for (model::Cell& one : cells)
    if (one.row == wrong.row) one = cell;
  return tables;
}

}  // namespace

std::span<const Mistake> mistakes() { return kMistakes; }

Spoilt::Spoilt(std::string_view name) : tables_(spoilt(name)), scope_(tables_) {}

}  // namespace dmabuf::twin
