// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/campaign.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/conformance/signature.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/table.hpp"
#include "finding.hpp"

namespace dmabuf::conformance {
namespace {

using Clock = std::chrono::steady_clock;
using record::CaseOutcome;

void words_of(const Alphabet& alphabet, bool present, std::vector<std::string>& into) {
  for (std::size_t kind = 0; kind < model::kOperationKinds; ++kind)
    if (alphabet[kind] == present) into.emplace_back(model::kOperationNames[kind]);
}

class Campaign {
 public:
  Campaign(Adapter& adapter, const model::Profile& profile, const CampaignOptions& options, Sink& sink)
      : options_(options), sink_(sink), runner_(adapter, profile, options.bounds), generator_(options.generator) {
    generator_.alphabet &= runner_.alphabet();
    for (const std::string& signature : options.known) known_.insert(signature);
    if (options.before_each) runner_.before_each(options.before_each);
  }

  CampaignResult run() {
    begun_ = next_progress_ = Clock::now();
    write_start();
    replay_traces();
    random_cases();
    return finish();
  }

 private:
  // --- the plan ----------------------------------------------------------------------------------

  bool mine(std::uint64_t k) const {
    return k % std::max<std::uint32_t>(1, options_.shard_count) + 1 == options_.shard_index;
  }

  std::uint64_t planned() const {
    const std::uint64_t shards = std::max<std::uint32_t>(1, options_.shard_count);
    const std::uint64_t first = options_.shard_index - 1;
    const auto below = [&](std::uint64_t end) { return end <= first ? 0 : (end - first - 1) / shards + 1; };
    return below(options_.cases) - std::min(below(options_.first_case), below(options_.cases)) +
           (options_.shard_index > 1 ? 0 : options_.traces.size());
  }

  void write_start() {
    record::Start start = options_.start;
    start.model = model::model_hash();
    start.exporter = runner_.profile().exporter.name;
    start.importer = runner_.profile().importer.name;
    start.profile = runner_.profile().kernel.name;
    start.seed = options_.seed;
    start.cases = options_.cases;
    start.shard_index = options_.shard_index;
    start.shard_count = options_.shard_count;
    words_of(runner_.alphabet(), true, start.operations);
    words_of(runner_.alphabet(), false, start.operations_missing);
    sink_.write(start);
  }

  void replay_traces() {
    if (options_.shard_index > 1) return;  // each case in one shard, and in one only
    for (const RegressionTrace& trace : options_.traces) {
      if (options_.done_traces.contains(trace.name)) continue;
      if (over()) return;
      one_case("trace." + trace.name, 0, 0, trace.program);
    }
  }

  void random_cases() {
    const rc::Gen<Program> gen = programs(runner_.profile(), options_.bounds, generator_);
    for (std::uint64_t k = options_.first_case; k < options_.cases; ++k) {
      if (!mine(k) || options_.done.contains(k)) continue;
      if (over()) return;
      const std::uint64_t seed = case_seed(options_.seed, k);
      const auto drawn = gen(rc::Random(seed), rc::kNominalSize);
      one_case(random_case_id(k), k, seed, drawn.value());
    }
  }

  bool stopped() const { return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed); }

  /// True if no further case may begin; why is in `reason_`.
  bool over() {
    report_progress(false);
    if (stopped())
      reason_ = "sigterm";
    else if (options_.max_time.count() > 0 && Clock::now() - begun_ >= options_.max_time)
      reason_ = "max-time";
    else if (options_.max_findings > 0 && findings_.size() >= options_.max_findings)
      reason_ = "max-findings";
    else if (errors_in_a_row_ >= options_.max_errors && options_.max_errors > 0)
      reason_ = "target-lost";
    return !reason_.empty();
  }

  // --- one case ----------------------------------------------------------------------------------

  void one_case(const std::string& id, std::uint64_t k, std::uint64_t seed, const Program& program) {
    const record::Begin begin{id, k, 1, seed};
    if (options_.every_case) sink_.write(begin);
    const auto started = Clock::now();
    const CaseResult& result = runner_.run(program, &known_);
    ++cases_;

    record::End end;
    end.case_id = id;
    end.outcome = result.outcome;
    end.operations = static_cast<std::uint32_t>(result.steps.size());
    end.ms = std::chrono::duration<double, std::milli>(Clock::now() - started).count();
    end.message = result.error;
    for (const Difference& adopted : result.adopted) count(adopted.signature);
    std::optional<Failure> failure;
    try {
      failure = failure_of(runner_, result, &known_);
    } catch (const HarnessError& error) {
      end.outcome = CaseOutcome::Error;
      end.message = error.what();
    }
    if (failure) {
      end.signature = failure->difference.signature;
      end.op = static_cast<std::uint32_t>(failure->difference.step);
      end.expected = failure->difference.divergence.expected;
      end.observed = failure->difference.divergence.observed;
    }
    ++outcomes_[end.outcome];
    if (!options_.every_case && end.outcome != CaseOutcome::Pass) sink_.write(begin);
    if (options_.every_case || end.outcome != CaseOutcome::Pass) sink_.write(end);
    errors_in_a_row_ = end.outcome == CaseOutcome::Error ? errors_in_a_row_ + 1 : 0;
    if (failure) found(*failure, id, seed);
  }

  bool count(const std::string& signature) {
    const auto at = by_signature_.find(signature);
    if (at != by_signature_.end()) ++findings_[at->second].count;
    return at != by_signature_.end();
  }

  void found(const Failure& failure, const std::string& id, std::uint64_t seed) {
    if (count(failure.difference.signature) || options_.known.contains(failure.difference.signature)) return;
    const auto record_of = [&](const Failure& best) {
      record::Finding finding = describe(best, options_.start.target, runner_.profile());
      finding.first_case = id;
      finding.case_seed = seed;
      if (!options_.start.kernel.empty()) finding.kernel = options_.start.kernel;
      return finding;
    };
    if (options_.improved) options_.improved(record_of(failure));
    record::Finding finding = record_of(failure);
    finding.minimality = "not shrunk";
    try {
      const Shrunk shrunk = shrink_failure(
          runner_, failure, options_.shrink, &known_,
          [&](const Failure& best) {
            if (options_.improved) options_.improved(record_of(best));
          },
          [&] { return stopped(); });
      finding = record_of(shrunk.failure);
      note_shrinking(finding, failure, shrunk.result);
    } catch (const HarnessError& error) {
      // What was found stands; only the way to its smallest form was lost.
      finding.minimality = fmt::format("not shrunk: {}", error.what());
      ++errors_in_a_row_;
    }
    known_.insert(finding.signature);
    by_signature_[finding.signature] = findings_.size();
    sink_.write(finding);
    findings_.push_back(std::move(finding));
  }

  // --- the end -----------------------------------------------------------------------------------

  void report_progress(bool last) {
    if (!options_.progress) return;
    const auto now = Clock::now();
    if (!last && now < next_progress_) return;
    next_progress_ = now + options_.progress_every;
    const auto hit = coverage_record(runner_.coverage(), runner_.alphabet(), runner_.profile());
    options_.progress({.cases = cases_,
                       .planned = planned(),
                       .operations = runner_.operations(),
                       .findings = findings_.size(),
                       .rows_hit = hit.rows_hit,
                       .rows_total = hit.rows_total,
                       .elapsed = now - begun_});
  }

  std::string verdict() const {
    if (!findings_.empty() || outcomes_.contains(CaseOutcome::Divergence) ||
        outcomes_.contains(CaseOutcome::Leak))
      return "diverges";
    const bool judged = outcomes_.contains(CaseOutcome::Pass);
    const bool shaken = outcomes_.contains(CaseOutcome::Error) || reason_ == "target-lost";
    return judged && !shaken ? "conforms" : "inconclusive";
  }

  CampaignResult finish() {
    report_progress(true);
    if (!options_.every_case) {
      sink_.write(record::Note{"cases.passed", fmt::format("{}", outcomes_[CaseOutcome::Pass])});
      if (outcomes_[CaseOutcome::Pass] == 0) outcomes_.erase(CaseOutcome::Pass);
    }
    for (const record::Finding& finding : findings_)
      if (finding.count > 1) sink_.write(finding);  // once more, with its final count
    sink_.write(coverage_record(runner_.coverage(), runner_.alphabet(), runner_.profile()));
    CampaignResult result;
    result.stop.reason = reason_.empty() ? "plan-done" : reason_;
    result.stop.verdict = verdict();
    result.stop.cases = cases_;
    result.stop.operations = runner_.operations();
    result.stop.findings = findings_.size();
    result.stop.seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
    sink_.write(result.stop);
    result.findings = std::move(findings_);
    result.outcomes = std::move(outcomes_);
    result.coverage = runner_.coverage();
    return result;
  }

  const CampaignOptions& options_;
  Sink& sink_;
  Runner runner_;
  GeneratorOptions generator_;
  Runner::Signatures known_;
  std::vector<record::Finding> findings_;
  std::map<std::string, std::size_t> by_signature_;
  std::map<CaseOutcome, std::uint64_t> outcomes_;
  std::uint64_t cases_ = 0;
  std::uint32_t errors_in_a_row_ = 0;
  std::string reason_;
  Clock::time_point begun_, next_progress_;
};

}  // namespace

std::string random_case_id(std::uint64_t k) { return fmt::format("random.{:06}", k); }

record::Coverage coverage_record(const model::Coverage& coverage, const Alphabet& alphabet,
                                 const model::Profile& profile) {
  record::Coverage result;
  const auto reachable = model::reachable_rows(profile, alphabet);
  for (const model::RowInfo& row : model::rows()) {
    if (!reachable.test(row.id)) continue;
    ++result.rows_total;
    if (coverage.rows[row.id]) {
      ++result.rows_hit;
      result.hit.push_back(model::edge(row));
    } else {
      result.missing.push_back(model::edge(row));
    }
  }
  return result;
}

tl::expected<RegressionTrace, std::string> load_trace(const std::string& path) {
  if (std::filesystem::is_directory(path)) return tl::unexpected(path + ": is a directory, not a trace");
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  // The longest trace there can be is far shorter; /dev/zero is not.
  constexpr std::size_t kLargest = std::size_t{1} << 20U;
  std::string text(kLargest + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargest) return tl::unexpected(fmt::format("{}: longer than 1 MiB, and no trace is", path));
  const auto trace = parse_trace(text);
  if (!trace) return tl::unexpected(fmt::format("{}: {}", path, trace.error().message()));
  return RegressionTrace{std::filesystem::path(path).stem().string(), trace->program()};
}

tl::expected<std::vector<RegressionTrace>, std::string> load_traces(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> paths;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    if (it->path().extension() == ".dbt") paths.push_back(it->path().string());
  if (error) return tl::unexpected(fmt::format("{}: {}", directory, error.message()));
  std::sort(paths.begin(), paths.end());
  std::vector<RegressionTrace> traces;
  for (const std::string& path : paths) {
    auto trace = load_trace(path);
    if (!trace) return tl::unexpected(trace.error());
    traces.push_back(std::move(*trace));
  }
  return traces;
}

std::optional<record::Finding> examine(Runner& runner, const Program& program, const std::string& target,
                                       const ShrinkLimits& limits, const Runner::Signatures* known,
                                       Carried* counts) {
  const CaseResult& result = runner.run(program, known);
  if (counts != nullptr) *counts = {result.program_steps, result.skipped};
  if (!result.error.empty()) throw HarnessError(result.error);
  const auto failure = failure_of(runner, result, known);
  if (!failure) return {};
  const Shrunk shrunk = shrink_failure(runner, *failure, limits, known, {}, {});
  record::Finding finding = describe(shrunk.failure, target, runner.profile());
  note_shrinking(finding, *failure, shrunk.result);
  return finding;
}

CampaignResult run_campaign(Adapter& adapter, const model::Profile& profile, const CampaignOptions& options,
                            Sink& sink) {
  return Campaign(adapter, profile, options, sink).run();
}

}  // namespace dmabuf::conformance
