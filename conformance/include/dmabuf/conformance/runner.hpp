// SPDX-License-Identifier: MIT
/// One program, on one system, under the oracle.
///
/// After every operation the outcome is judged, then everything that can be seen; a call that was
/// refused must have changed nothing. At the end the model's teardown is carried out and judged like
/// the rest, after which nothing may be left.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/conformance/program.hpp"
#include "dmabuf/model/oracle.hpp"
#include "dmabuf/record/record.hpp"

namespace dmabuf::conformance {

/// An operation that was carried out.
struct Step {
  model::Operation operation;
  model::Outcome outcome;
};

/// Where system and model part, and what to call it.
struct Difference {
  model::Divergence divergence;
  std::size_t step = 0;   ///< index into CaseResult::steps
  bool leak = false;      ///< something stays for good
  std::string object;     ///< of a leak: "reference", "attachment", "mapping", "buffer", or the residue
  std::string signature;
};

struct CaseResult {
  record::CaseOutcome outcome = record::CaseOutcome::Pass;
  std::vector<Step> steps;            ///< carried out and judged: the program's, then the teardown's
  std::size_t program_steps = 0;      ///< how many of them are the program's
  std::uint32_t skipped = 0;          ///< operations of the program that had no meaning when their turn came
  std::optional<Difference> found;    ///< what ended the case
  std::vector<Difference> adopted;    ///< known and recoverable ones it went on after
  std::vector<Step> aftermath;        ///< after `found`: what was done to see whether an excess stays
  std::vector<Residue> residue;       ///< grown by this case
  std::string error;                  ///< of an Error: whose fault it was, not the system's

  /// The operations up to and including the one at which the case ended.
  Program executed() const;
};

struct RunnerOptions {
  bool teardown = true;  ///< false: leave everything as it is after the last operation, then reset
};

class Runner {
 public:
  using Signatures = std::set<std::string, std::less<>>;

  Runner(Adapter& adapter, const model::Profile& profile, const model::Bounds& bounds = {},
         RunnerOptions options = {});

  /// The result stays valid until the next run. A recoverable difference whose signature is in
  /// `known` is adopted and the case goes on.
  const CaseResult& run(std::span<const model::Operation> program, const Signatures* known = nullptr);
  const CaseResult& run(const Program& program, const Signatures* known = nullptr) {
    return run(std::span<const model::Operation>(program.operations), known);
  }

  /// Called before each operation touches the system; for breadcrumbs. The index counts what was
  /// carried out, teardown included.
  void before_each(std::function<void(std::size_t, const model::Operation&)> hook) { hook_ = std::move(hook); }

  const model::Coverage& coverage() const { return oracle_.coverage(); }
  const model::Profile& profile() const { return oracle_.profile(); }
  const model::Bounds& bounds() const { return oracle_.bounds(); }
  Adapter& adapter() { return adapter_; }
  const Alphabet& alphabet() const { return alphabet_; }
  /// Operations carried out since the runner was made.
  std::uint64_t operations() const { return operations_; }

 private:
  bool carry_out(const model::Operation& operation, const Signatures* known);
  void differ(model::Divergence divergence, const model::Operation& operation);
  bool stays(const Difference& found);
  void leave();
  void tear_down(const Signatures* known);

  Adapter& adapter_;
  RunnerOptions options_;
  Alphabet alphabet_;
  model::Oracle oracle_;
  model::Observation seen_;
  CaseResult result_;
  std::map<std::string, long, std::less<>> residue_;  ///< as it was after the case before
  std::function<void(std::size_t, const model::Operation&)> hook_;
  std::uint64_t operations_ = 0;
};

}  // namespace dmabuf::conformance
