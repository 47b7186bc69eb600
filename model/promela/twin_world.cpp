// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>

#include "dmabuf/conformance/trace.hpp"
#include "transaction.hpp"
#include "twin.hpp"

namespace dmabuf::twin {
namespace {

using model::Allowance;
using model::World;

constexpr std::string_view kArrow = " -> ";

/// "fds=2,vmas=1": these slots, and of the others as many as there are anyway. "-" for none.
void resize(model::Bounds& b, std::string_view size) {
  if (size == "-") return;
  const std::map<std::string_view, std::uint8_t*> slots = {
      {"buffers", &b.buffers},   {"fds", &b.fds},   {"references", &b.references}, {"attachments", &b.attachments},
      {"mappings", &b.mappings}, {"vmas", &b.vmas}, {"messages", &b.messages},     {"pages", &b.pages},
      {"fences", &b.fences},     {"vmaps", &b.vmaps}, {"memfds", &b.memfds},       {"sync_files", &b.sync_files},
      {"indices", &b.indices}};
  while (!size.empty()) {
    const std::string_view one = size.substr(0, size.find(','));
    size.remove_prefix(std::min(one.size() + 1, size.size()));
    const std::size_t equals = one.find('=');
    const auto slot = slots.find(one.substr(0, equals));
    if (slot == slots.end() || equals == std::string_view::npos)
      throw std::invalid_argument(fmt::format("'{}' is no number of slots, as fds=2 is", one));
    *slot->second = static_cast<std::uint8_t>(std::stoul(std::string(one.substr(equals + 1))));
  }
}

}  // namespace

model::Configuration configuration(std::string_view name, std::string_view size) {
  const auto all = model::standard_configurations([&](std::string_view other, model::Bounds& bounds) {
    if (other == name) resize(bounds, size);
  });
  const auto found = std::ranges::find(all, name, &model::Configuration::name);
  if (found == all.end()) throw std::invalid_argument(fmt::format("no configuration is called {}", name));
  model::Configuration c = *found;
  c.symmetry = model::Symmetry::Ignored;
  return c;
}

std::string_view errno_of(std::string_view label) {
  const std::size_t arrow = label.find(kArrow);
  return arrow == std::string_view::npos ? std::string_view{} : label.substr(arrow + kArrow.size());
}

std::string_view operation_of(std::string_view label) { return label.substr(0, label.find(kArrow)); }

bool is(const Step& step, std::string_view label) {
  const std::string_view error = errno_of(label);
  if (step.label != operation_of(label)) return false;
  if (error.empty()) return step.allowance == Allowance::Permitted;
  return step.allowance == Allowance::Refused && step.errnos.contains(model::errno_from_name(error));
}

std::vector<Step> steps(const World& world, const model::Configuration& c) {
  std::vector<Step> found;
  model::Alternatives ways;
  for (const model::Operation& operation : c.operations) {
    model::alternatives(world, c.profile, operation, ways);
    for (const model::Alternative& way : ways)
      if (way.allowance != Allowance::Malformed)
        found.push_back({conformance::to_text(operation), way.allowance, way.errnos,
                         way.allowance == Allowance::Permitted || way.allowance == Allowance::Refused ? way.next : world});
  }
  for (std::uint8_t b = 0; b < c.bounds.buffers; ++b) {
    if (world.buffers[b].lifecycle != model::state::kDying) continue;
    World next = world;
    model::Choices choices;
    model::Alternative result;
    model::Transaction transaction(next, c.profile, choices, result);
    transaction.release(b);
    found.push_back({fmt::format("(release b{})", b), Allowance::Permitted, {}, next});
  }
  return found;
}

std::string word(const Step& step) {
  if (step.allowance != Allowance::Refused) return std::string(to_string(step.allowance));
  std::string text = "refused:";
  if (step.errnos.size > 0) text += " " + step.errnos.text(" ");
  return text;
}

}  // namespace dmabuf::twin
