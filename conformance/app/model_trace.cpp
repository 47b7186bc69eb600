// SPDX-License-Identifier: MIT
#include "model_trace.hpp"

#include <fmt/format.h>

#include <variant>

#include "dmabuf/conformance/token.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/table.hpp"

namespace dmabuf::app {

std::string replayable(std::span<const model::Step> trace, const model::Profile& profile) {
  std::string text;
  conformance::Program program;
  for (const model::Step& step : trace) {
    if (const auto* released = std::get_if<model::Released>(&step.what)) {
      text += fmt::format("  # b{} is released\n", released->buffer.value);
      continue;
    }
    const auto& operation = std::get<model::Operation>(step.what);
    program.operations.push_back(operation);
    text += fmt::format("  {}{}\n", conformance::to_text(operation), step.alternative > 0 ? fmt::format("  # way {}", step.alternative + 1) : "");
  }
  if (!profile.exporter.name.starts_with("reference:") || program.empty()) return text;
  if (const auto token = conformance::encode_token(program, model::model_hash()))
    text += fmt::format("  replay: dmabuf-conform replay --target {} {}\n", profile.exporter.name, *token);
  return text;
}

std::string described(const model::Violation& violation, const model::Profile& profile) {
  const model::InvariantInfo& broken = model::info(violation.invariant);
  return fmt::format("{} [DBUF-{}]: {}\n{}", broken.name, broken.requirement, broken.text, replayable(violation.trace, profile));
}

}  // namespace dmabuf::app
