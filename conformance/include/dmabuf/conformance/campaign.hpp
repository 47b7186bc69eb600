// SPDX-License-Identifier: MIT
/// Many cases against one system: the regression traces first, then random ones, each new difference
/// shrunk once and written down with the clauses it breaks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/program.hpp"
#include "dmabuf/conformance/runner.hpp"
#include "dmabuf/conformance/shrink.hpp"
#include "dmabuf/conformance/sink.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/record/record.hpp"

namespace dmabuf::conformance {

/// A counterexample kept as text, replayed first in every run. Its case is "trace.<name>".
struct RegressionTrace {
  std::string name;
  Program program;
};

/// From a file, named after it; fails with "path: line 3, column 8: expected ...".
tl::expected<RegressionTrace, std::string> load_trace(const std::string& path);
/// Every `*.dbt` of a directory, in the order of their names. No such directory is an error.
tl::expected<std::vector<RegressionTrace>, std::string> load_traces(const std::string& directory);

/// Where a campaign is; handed out between cases.
struct Progress {
  std::uint64_t cases = 0, planned = 0;  ///< of this shard, traces included
  std::uint64_t operations = 0;
  std::size_t findings = 0;
  std::size_t rows_hit = 0, rows_total = 0;
  std::chrono::duration<double> elapsed{};
};

struct CampaignOptions {
  /// Written first. run, tool, target, kernel, started and argv are the caller's; the rest is filled
  /// in here.
  record::Start start;

  std::uint64_t seed = 0;
  std::uint64_t cases = 1000;      ///< random ones, over all shards: k < cases
  std::uint64_t first_case = 0;    ///< begin at this k
  std::uint32_t shard_index = 1, shard_count = 1;  ///< case k belongs to shard k mod N + 1
  std::set<std::uint64_t> done;    ///< k's a former run finished
  Runner::Signatures done_traces;  ///< likewise, by name
  Runner::Signatures known;        ///< signatures already reported: counted, not shrunk or written again
  std::vector<RegressionTrace> traces;

  std::chrono::milliseconds max_time{0};  ///< 0: no limit
  std::uint32_t max_findings = 0;         ///< 0: no limit
  std::uint32_t max_errors = 5;           ///< so many harness errors in a row: the target is lost
  const std::atomic<bool>* stop = nullptr;  ///< looked at between cases and while shrinking

  model::Bounds bounds;
  GeneratorOptions generator;  ///< its alphabet is cut down to the adapter's
  ShrinkLimits shrink;

  /// False: cases that pass are not written down one by one, but as a note at the end. For in-process
  /// targets, which do thousands a second and cannot take the machine along.
  bool every_case = true;

  std::function<void(const Progress&)> progress;
  std::chrono::milliseconds progress_every{1000};
  /// The unshrunk finding, before shrinking begins, and each improvement: best so far, to be kept.
  std::function<void(const record::Finding&)> improved;
  /// Before each operation; for breadcrumbs.
  std::function<void(std::size_t, const model::Operation&)> before_each;
};

struct CampaignResult {
  record::Stop stop;
  std::vector<record::Finding> findings;  ///< with their final counts
  std::map<record::CaseOutcome, std::uint64_t> outcomes;
  model::Coverage coverage;
};

CampaignResult run_campaign(Adapter& adapter, const model::Profile& profile, const CampaignOptions& options,
                            Sink& sink);

/// One program: run, and the finding if there is one, shrunk or not. What `replay` and `shrink` are
/// made of. Nothing if it passes; throws HarnessError if the system could not be asked.
/// How much of the program was carried out is in `counts` if given.
struct Carried {
  std::size_t out = 0, skipped = 0;
};
std::optional<record::Finding> examine(Runner& runner, const Program& program, const std::string& target,
                                       const ShrinkLimits& limits,
                                       const Runner::Signatures* known = nullptr, Carried* counts = nullptr);

/// Model coverage in records: rows that fired, of those that can on a system with this alphabet.
record::Coverage coverage_record(const model::Coverage& coverage, const Alphabet& alphabet,
                                 const model::Profile& profile);

/// "random.000017"
std::string random_case_id(std::uint64_t k);

}  // namespace dmabuf::conformance
