// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/runner.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "dmabuf/conformance/signature.hpp"

namespace dmabuf::conformance {
namespace {

using model::Aspect;
using model::Divergence;
using model::Operation;

std::string_view object_of(std::string_view aspect) {
  for (const auto& [of, object] : {std::pair<Aspect, std::string_view>{Aspect::Listed, "buffer"},
                                   {Aspect::References, "reference"},
                                   {Aspect::Attachments, "attachment"},
                                   {Aspect::Mappings, "mapping"},
                                   {Aspect::ReleaseCalls, "buffer"}})
    if (model::aspect_name(of) == aspect) return object;
  return {};
}

/// Too many of something, or a buffer that outlived its last user: a leak, if it stays.
bool is_excess(const Divergence& divergence) {
  if (object_of(divergence.aspect).empty()) return false;
  if (divergence.aspect == model::aspect_name(Aspect::ReleaseCalls)) return divergence.observed_class == "less";
  return divergence.observed_class == "more" || divergence.observed_class == "listed";
}

/// Seen after everything was let go: is anything of the buffer still there?
bool lives_on(const model::BufferSeen& seen, const model::BufferSeen& expected) {
  const auto positive = [&](Aspect aspect) {
    return seen.has(aspect) && seen.values[static_cast<std::size_t>(aspect)] > 0;
  };
  constexpr auto kReleases = static_cast<std::size_t>(Aspect::ReleaseCalls);
  const bool unreleased = seen.has(Aspect::ReleaseCalls) && expected.has(Aspect::ReleaseCalls) &&
                          seen.values[kReleases] < expected.values[kReleases];
  return unreleased || positive(Aspect::Listed) || positive(Aspect::References) ||
         positive(Aspect::Attachments) || positive(Aspect::Mappings);
}

/// "2 buffers in bufinfo" and "3 buffers in bufinfo" are one kind of residue.
std::string kind_of_residue(std::string_view what) {
  std::string kind;
  for (char c : what) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalpha(u) != 0)
      kind += static_cast<char>(std::tolower(u));
    else if (!kind.empty() && kind.back() != '_')
      kind += '_';
  }
  while (kind.ends_with('_')) kind.pop_back();
  return kind.empty() ? "residue" : kind;
}

}  // namespace

Program CaseResult::executed() const {
  Program program;
  const std::size_t count = found ? std::min(found->step + 1, steps.size()) : steps.size();
  program.operations.reserve(count);
  for (std::size_t i = 0; i < count; ++i) program.operations.push_back(steps[i].operation);
  return program;
}

Runner::Runner(Adapter& adapter, const model::Profile& profile, const model::Bounds& bounds,
               RunnerOptions options)
    : adapter_(adapter), options_(options), alphabet_(adapter.alphabet()), oracle_(profile, bounds) {}

void Runner::differ(Divergence divergence, const Operation& operation) {
  Difference found;
  found.step = result_.steps.size() - 1;
  found.signature = divergence_signature(divergence, operation, profile().exporter.name);
  found.divergence = std::move(divergence);
  result_.found = std::move(found);
}

/// False if the case ends here.
bool Runner::carry_out(const Operation& operation, const Signatures* known) {
  if (hook_) hook_(result_.steps.size(), operation);
  const model::Outcome outcome = adapter_.apply(operation);
  ++operations_;
  result_.steps.push_back({operation, outcome});
  if (auto divergence = oracle_.judge(operation, outcome)) {
    differ(std::move(*divergence), operation);
    const bool go_on = result_.found->divergence.recoverable && known != nullptr &&
                       known->contains(result_.found->signature) && oracle_.adopt(operation, outcome);
    if (!go_on) return false;
    result_.adopted.push_back(std::move(*result_.found));
    result_.found.reset();
  }
  adapter_.observe(seen_);
  if (auto divergence = oracle_.judge(seen_, &operation)) {
    differ(std::move(*divergence), operation);
    return false;
  }
  return true;
}

/// Lets everything go without judging, and looks whether the excess went with it.
bool Runner::stays(const Difference& found) {
  if (!is_excess(found.divergence)) return false;
  model::World world = oracle_.world();
  model::settle(world, profile());
  for (const Operation& operation : model::teardown(world, profile())) {
    if (!alphabet_[operation.index()]) continue;
    result_.aftermath.push_back({operation, adapter_.apply(operation)});
    model::Alternatives ways;
    model::alternatives(world, profile(), operation, ways);
    if (!ways.empty() && ways.front().allowance == model::Allowance::Permitted) world = ways.front().next;
    model::settle(world, profile());
  }
  adapter_.observe(seen_);
  const model::Observation expected = model::expected_observation(world, profile());
  for (std::size_t b = 0; b < seen_.buffers.size(); ++b)
    if (lives_on(seen_.buffers[b], expected.buffers[b])) return true;
  return false;
}

void Runner::tear_down(const Signatures* known) {
  // The oracle's world moves on with every operation; the plan is made once, before the first.
  const std::vector<Operation> plan = model::teardown(oracle_.world(), profile());
  for (const Operation& operation : plan) {
    if (!alphabet_[operation.index()] || !oracle_.enabled(operation)) continue;
    if (!carry_out(operation, known)) return;
  }
}

/// Resets the system and looks for what remains that was not there before the case.
void Runner::leave() {
  adapter_.reset();
  const std::vector<Residue> left = adapter_.residue();
  if (left.empty()) return;
  std::map<std::string, long, std::less<>> now = residue_;
  for (Residue residue : left) {
    long& before = now[kind_of_residue(residue.what)];
    if (residue.count > before) {
      residue.count -= std::exchange(before, residue.count);
      result_.residue.push_back(std::move(residue));
    }
  }
  // An adapter counts from the start of the case or from the day it was opened; what an empty case
  // leaves is what the next one must be held against.
  adapter_.reset();
  residue_.clear();
  for (const Residue& residue : adapter_.residue()) residue_[kind_of_residue(residue.what)] += residue.count;
  if (result_.found || result_.residue.empty() || result_.steps.empty()) return;

  const Residue& first = result_.residue.front();
  Difference found;
  found.step = result_.steps.size() - 1;
  found.leak = true;
  found.object = kind_of_residue(first.what);
  found.divergence.aspect = "residue";
  found.divergence.expected = "nothing left";
  found.divergence.observed = fmt::format("{} (+{})", first.what, first.count);
  found.divergence.expected_class = "none";
  found.divergence.observed_class = found.object;
  found.divergence.requirements = {"INV-012"};
  found.signature = leak_signature(found.object, result_.steps.back().operation, profile().exporter.name);
  result_.found = std::move(found);
}

const CaseResult& Runner::run(std::span<const Operation> program, const Signatures* known) {
  result_.outcome = record::CaseOutcome::Pass;
  result_.steps.clear();
  result_.program_steps = 0;
  result_.skipped = 0;
  result_.found.reset();
  result_.adopted.clear();
  result_.aftermath.clear();
  result_.residue.clear();
  result_.error.clear();
  oracle_.reset();
  try {
    bool whole = true;
    for (const Operation& operation : program) {
      if (!alphabet_[operation.index()] || !oracle_.enabled(operation)) {
        ++result_.skipped;
        continue;
      }
      if (!(whole = carry_out(operation, known))) break;
    }
    result_.program_steps = result_.steps.size();
    if (whole && options_.teardown) tear_down(known);
    if (result_.found && stays(*result_.found)) {
      Difference& found = *result_.found;
      found.leak = true;
      found.object = object_of(found.divergence.aspect);
      found.signature =
          leak_signature(found.object, result_.steps[found.step].operation, profile().exporter.name);
    }
    leave();
  } catch (const HarnessError& error) {
    result_.found.reset();
    result_.error = error.what();
    try {
      adapter_.reset();  // so that the next case does not inherit this one's objects
    } catch (const HarnessError&) {
      // Still lost. The next case will say so itself.
    }
  }
  if (!result_.error.empty())
    result_.outcome = record::CaseOutcome::Error;
  else if (result_.found)
    result_.outcome = result_.found->leak ? record::CaseOutcome::Leak : record::CaseOutcome::Divergence;
  else if (result_.program_steps == 0 && !program.empty())
    result_.outcome = record::CaseOutcome::Skip;  // nothing was asked of the system, so nothing was judged
  return result_;
}

}  // namespace dmabuf::conformance
