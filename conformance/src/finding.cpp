// SPDX-License-Identifier: MIT
#include "finding.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/signature.hpp"
#include "dmabuf/conformance/token.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/table.hpp"

namespace dmabuf::conformance {
namespace {

/// As a shell takes it: '!' would be history to an interactive one.
std::string quoted(const std::string& word) {
  return word.find_first_of("!*?$&;|<>() ") == std::string::npos ? word : "'" + word + "'";
}


bool by_residue(const CaseResult& result) {
  return result.found && result.found->leak && result.found->divergence.aspect == "residue";
}

/// The shortest part of the program, from its beginning, after which the residue can no longer be
/// prevented by letting everything go. What stays, stays: so halving finds it.
std::size_t point_of_no_return(Runner& runner, const Program& program, const std::string& object,
                               const Runner::Signatures* known) {
  std::size_t clean = 0, leaking = program.size();
  while (clean + 1 < leaking) {
    const std::size_t middle = clean + (leaking - clean) / 2;
    const CaseResult& result =
        runner.run(std::span<const model::Operation>(program.operations).first(middle), known);
    (by_residue(result) && result.found->object == object ? leaking : clean) = middle;
  }
  return leaking;
}

std::string source_text(const model::Source& source) {
  return source.where.empty() ? std::string(source.file) : fmt::format("{}, {}", source.file, source.where);
}

/// What was done to let everything go: "close f0, put r0".
std::string release_text(const Failure& failure) {
  std::string text;
  const auto add = [&](const Step& step) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", to_text(step.operation));
  };
  for (std::size_t i = failure.program.size(); i < failure.steps.size(); ++i) add(failure.steps[i]);
  for (const Step& step : failure.aftermath) add(step);
  return text;
}

std::string difference_text(const Difference& difference) {
  const model::Divergence& d = difference.divergence;
  const std::string what = d.slot.empty() ? d.aspect : fmt::format("{} of {}", d.aspect, d.slot);
  return fmt::format("{}: expected {}, observed {}", what, d.expected, d.observed);
}

std::string last_note(const Failure& failure) {
  std::string note = difference_text(failure.difference);
  if (!failure.difference.leak) return note;
  const std::string released = release_text(failure);
  note += released.empty() ? "; nothing is left to let go" : fmt::format("; it stays after {}", released);
  return note;
}

std::string summary_of(const Failure& failure) {
  const std::string operation =
      failure.program.empty() ? std::string() : to_text(failure.program.operations.back());
  if (failure.difference.leak && failure.difference.divergence.aspect == "residue")
    return fmt::format("'{}' leaves something behind: {}", operation, failure.difference.divergence.observed);
  if (failure.difference.leak)
    return fmt::format("'{}' leaks a {}: {}", operation, failure.difference.object,
                       difference_text(failure.difference));
  return fmt::format("'{}': {}", operation, difference_text(failure.difference));
}

}  // namespace

std::optional<Failure> failure_of(Runner& runner, const CaseResult& result, const Runner::Signatures* known) {
  if (!result.found) return {};
  Failure failure{result.executed(), *result.found, result.steps, result.aftermath};
  if (!by_residue(result)) return failure;

  // `result` is gone with the next run: from here on only `failure` counts.
  failure.program.operations.resize(std::max<std::size_t>(1, result.program_steps));
  const std::size_t length =
      point_of_no_return(runner, failure.program, failure.difference.object, known);
  failure.program.operations.resize(length);
  const CaseResult& again = runner.run(failure.program, known);
  if (!by_residue(again)) return failure;  // it went away; the shrinker will say so
  failure.steps = again.steps;
  failure.difference = *again.found;
  failure.difference.signature = leak_signature(
      failure.difference.object, failure.program.operations.back(), runner.profile().exporter.name);
  return failure;
}

std::optional<Failure> reproduce(Runner& runner, const Program& program, const std::string& signature,
                                 const Runner::Signatures* known) {
  const CaseResult& result = runner.run(program, known);
  if (!result.error.empty()) throw HarnessError(result.error);
  auto failure = failure_of(runner, result, known);
  if (!failure || failure->difference.signature != signature) return {};
  return failure;
}

record::Finding describe(const Failure& failure, const std::string& target, const model::Profile& profile) {
  record::Finding finding;
  const model::Divergence& divergence = failure.difference.divergence;
  finding.signature = failure.difference.signature;
  finding.signature_version = kSignatureVersion;
  finding.id = signature_id(finding.signature);
  finding.kind = failure.difference.leak ? record::CaseOutcome::Leak : record::CaseOutcome::Divergence;
  finding.target = target;
  finding.exporter = profile.exporter.name;
  finding.kernel = profile.kernel.name;
  finding.summary = summary_of(failure);
  finding.allowed = divergence.allowed;
  finding.expected = divergence.expected;
  finding.observed = divergence.observed;
  for (const std::string& id : divergence.requirements) {
    const model::Requirement* requirement = model::find(id);
    finding.clauses.push_back(requirement == nullptr
                                  ? record::Clause{model::full_id(id), "", ""}
                                  : record::Clause{model::full_id(id), std::string(requirement->text),
                                                   source_text(requirement->source)});
  }
  for (std::size_t i = 0; i < std::min(failure.program.size(), failure.steps.size()); ++i) {
    const Step& step = failure.steps[i];
    finding.trace.push_back({to_text(step.operation), to_text(step.outcome, step.operation), ""});
  }
  if (!finding.trace.empty()) finding.trace.back().note = last_note(failure);
  finding.original_operations = static_cast<std::uint32_t>(failure.program.size());
  if (const auto token = encode_token(failure.program, model::model_hash())) {
    finding.token = *token;
    finding.replay = fmt::format("dmabuf-conform replay --target {} {}", quoted(target), *token);
  } else {
    finding.replay = fmt::format("dmabuf-conform replay --target {} repro.dbt", quoted(target));
  }
  return finding;
}

Shrunk shrink_failure(Runner& runner, const Failure& failure, const ShrinkLimits& limits,
                      const Runner::Signatures* known, const std::function<void(const Failure&)>& improved,
                      const std::function<bool()>& stop) {
  Runner::Signatures others;
  if (known != nullptr) others = *known;
  others.erase(failure.difference.signature);

  Shrunk shrunk{failure, {}};
  std::optional<Failure> shown;
  ShrinkHooks hooks;
  hooks.still_fails = [&](const Program& candidate) -> std::optional<Program> {
    if (stop && stop()) return {};
    shown = reproduce(runner, candidate, failure.difference.signature, &others);
    return shown ? std::optional(shown->program) : std::nullopt;
  };
  hooks.skip_invalid = [&](const Program& candidate) {
    return drop_meaningless(candidate, runner.profile());
  };
  hooks.substitutes = [&](const Program&) {
    model::Bounds bounds = runner.bounds();
    bounds.buffers = std::min<std::uint8_t>(bounds.buffers, 1);
    bounds.fds = std::min<std::uint8_t>(bounds.fds, 2);
    bounds.references = std::min<std::uint8_t>(bounds.references, 2);
    bounds.attachments = std::min<std::uint8_t>(bounds.attachments, 2);
    bounds.mappings = std::min<std::uint8_t>(bounds.mappings, 1);
    bounds.vmas = std::min<std::uint8_t>(bounds.vmas, 1);
    bounds.messages = std::min<std::uint8_t>(bounds.messages, 1);
    bounds.pages = std::min<std::uint8_t>(bounds.pages, 1);
    if (runner.profile().queue.there()) bounds.indices = 1;
    bounds.kinds &= runner.alphabet();
    return model::all_operations(bounds);
  };
  hooks.improved = [&](const Program&) {
    shrunk.failure = *shown;
    if (improved) improved(*shown);
  };
  shrunk.result = shrink(failure.program, hooks, limits);
  if (stop && stop()) {
    shrunk.result.one_minimal = false;
    shrunk.result.minimality = "shrinking was interrupted";
  }
  if (shrunk.result.reproduced && shrunk.failure.program != shrunk.result.program)
    if (auto last = reproduce(runner, shrunk.result.program, failure.difference.signature, &others))
      shrunk.failure = std::move(*last);
  return shrunk;
}

void note_shrinking(record::Finding& finding, const Failure& original, const ShrinkResult& result) {
  finding.original_operations = static_cast<std::uint32_t>(original.program.size());
  finding.shrink_runs = result.runs;
  finding.minimality = result.minimality;
}

}  // namespace dmabuf::conformance
