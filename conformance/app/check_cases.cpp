// SPDX-License-Identifier: MIT
#include "check_cases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/checks/run.hpp"
#include "dmabuf/conformance/signature.hpp"
#include "dmabuf/model/catalogue.hpp"
#include "stop.hpp"

namespace dmabuf::app {
namespace {

using checks::Check;
using checks::State;
using checks::Verdict;
using record::CaseOutcome;

std::string quoted(const std::string& word) {
  return word.find_first_of("!*?$&;|<>() ") == std::string::npos ? word : "'" + word + "'";
}

checks::OpenedSource open_source(const std::string& exporter) {
  if (exporter.starts_with("v4l2:")) return checks::open_v4l2(exporter.substr(5));
  return checks::source_of(adapters::open_exporter(exporter));
}

record::Clause clause_of(std::string_view id) {
  const model::Requirement* requirement = model::find(id);
  if (requirement == nullptr) return {model::full_id(id), "", ""};
  const model::Source& source = requirement->source;
  return {model::full_id(id), std::string(requirement->text),
          source.where.empty() ? std::string(source.file)
                               : fmt::format("{}, {}", source.file, source.where)};
}

std::string replay_command(const Target& target, const Check& check) {
  return fmt::format("dmabuf-conform check --target {} {}", quoted(target.text()), check.name);
}

record::Finding finding_of(const Check& check, const Verdict& verdict, const checks::Result& result,
                           const Target& target, const std::string& kernel) {
  record::Finding finding;
  finding.signature = fmt::format("{}:{}:{}:{}", verdict.residue ? "left" : "check",
                                  verdict.requirement, check.name, target.exporter);
  finding.id = conformance::signature_id(finding.signature);
  finding.kind = verdict.residue ? CaseOutcome::Leak : CaseOutcome::Divergence;
  finding.target = target.text();
  finding.exporter = target.exporter;
  finding.kernel = kernel;
  finding.first_case = check_case_id(check);
  finding.summary =
      fmt::format("{}: expected {}, observed {}", verdict.call, verdict.expected, verdict.observed);
  finding.expected = verdict.expected;
  finding.observed = verdict.observed;
  finding.clauses.push_back(clause_of(verdict.requirement));
  const std::size_t made = std::min(verdict.calls, result.calls.size());
  for (std::size_t i = 0; i < made; ++i)
    finding.trace.push_back({result.calls[i].text, result.calls[i].outcome, ""});
  const std::string note =
      fmt::format("{}: expected {}, observed {}", verdict.call, verdict.expected, verdict.observed);
  if (finding.trace.empty())
    finding.trace.push_back({verdict.call, verdict.observed, note});
  else
    finding.trace.back().note = note;
  finding.minimality = "not shrunk: a directed check";
  finding.replay = replay_command(target, check);
  return finding;
}

CaseOutcome outcome_of(const checks::Result& result) {
  if (!result.stuck.empty()) return CaseOutcome::Hang;
  if (const Verdict* broken = result.broken())
    return broken->residue ? CaseOutcome::Leak : CaseOutcome::Divergence;
  if (!result.log.empty()) return CaseOutcome::Divergence;
  if (!result.error.empty()) return CaseOutcome::Error;
  return result.any(State::Kept) ? CaseOutcome::Pass : CaseOutcome::Skip;
}

}  // namespace

std::string check_case_id(const Check& check) {
  return fmt::format("check.{}", check.name);
}

std::vector<const Check*> chosen_checks(const CheckSettings& settings, const Target& target) {
  std::vector<const Check*> chosen;
  if (!settings.run || target.where == Where::Reference) return chosen;
  // The harness's exporter is made through its importer interface; rows and random programs do
  // that.
  if (target.exporter.starts_with("harness")) return chosen;
  for (const Check& check : checks::all()) {
    if (!target.exporter.empty() && !checks::is_about(check, target.exporter)) continue;
    const bool named = std::ranges::find(settings.names, check.name) != settings.names.end();
    const bool matched =
        settings.names.empty() || std::ranges::any_of(settings.names, [&](const std::string& name) {
          return checks::matches(check, name);
        });
    if (!matched) continue;
    if (check.needs.reserve != checks::Reserve::None && !named && !settings.reserve) continue;
    if (check.needs.reserve == checks::Reserve::Dangerous && target.where != Where::Vm) continue;
    chosen.push_back(&check);
  }
  return chosen;
}

std::string unknown_check(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (std::ranges::none_of(checks::all(),
                             [&](const Check& check) { return checks::matches(check, name); }))
      return fmt::format("no check is called '{}'; 'dmabuf-conform list checks' shows all", name);
  return {};
}

CheckSink::CheckSink(conformance::Sink& next, const CheckSettings& settings, const Target& target,
                     std::string kernel, std::set<std::string, std::less<>> done)
    : next_(next),
      settings_(settings),
      target_(target),
      kernel_(std::move(kernel)),
      done_(std::move(done)) {}

void CheckSink::write(const record::Record& record) {
  if (const auto* stop = std::get_if<record::Stop>(&record)) {
    record::Stop all = *stop;
    all.cases += cases_;
    all.operations += calls_;
    all.findings += findings_;
    if (findings_ > 0)
      all.verdict = "diverges";
    else if (errors_ > 0 && all.verdict == "conforms")
      all.verdict = "inconclusive";
    else if (all.cases == cases_ && judged_ > 0 && errors_ == 0 && all.reason == "plan-done")
      all.verdict = "conforms";
    return next_.write(all);
  }
  next_.write(record);
  const auto* start = std::get_if<record::Start>(&record);
  if (start == nullptr || start->shard_index > 1)
    return;  // each case in one shard, and in one only
  for (const Check* check : chosen_checks(settings_, target_)) {
    if (stop_requested()) return;
    if (!done_.contains(check->name)) carry_out(*check);
  }
}

void CheckSink::carry_out(const Check& check) {
  const std::string id = check_case_id(check);
  next_.write(record::Begin{.case_id = id});
  checks::Environment environment;
  environment.exporter = target_.exporter;
  environment.kernel = kernel_;
  environment.open = [this] { return open_source(target_.exporter); };
  environment.waiter = {"/proc/self/exe", "wait-for-eof"};
  environment.watch_log = target_.where != Where::Vm;  // of a guest the host reads the console
  if (check.needs.reserve != checks::Reserve::None) environment.limit = std::chrono::seconds(50);
  const checks::Result result = checks::run(check, environment);
  ++cases_;
  calls_ += result.calls.size();

  record::End end;
  end.case_id = id;
  end.outcome = outcome_of(result);
  end.operations = static_cast<std::uint32_t>(result.calls.size());
  end.ms = result.ms;
  end.message = result.error;
  std::vector<record::Finding> findings;
  for (const Verdict& verdict : result.verdicts) {
    next_.write(record::Checked{.case_id = id,
                                .requirement = model::full_id(verdict.requirement),
                                .state = std::string(checks::name(verdict.state)),
                                .call = verdict.state == State::Broken ? verdict.call : "",
                                .expected = verdict.expected,
                                .observed = verdict.observed,
                                .reason = verdict.reason,
                                .remedy = verdict.remedy});
    if (verdict.state == State::Broken)
      findings.push_back(finding_of(check, verdict, result, target_, kernel_));
  }
  const auto add = [&](CaseOutcome kind, std::string signature, std::string summary,
                       std::string observed) {
    record::Finding finding;
    finding.signature = std::move(signature);
    finding.id = conformance::signature_id(finding.signature);
    finding.kind = kind;
    finding.target = target_.text();
    finding.exporter = target_.exporter;
    finding.kernel = kernel_;
    finding.first_case = id;
    finding.summary = std::move(summary);
    finding.observed = std::move(observed);
    for (const checks::Call& call : result.calls)
      finding.trace.push_back({call.text, call.outcome, ""});
    finding.minimality = "not shrunk: a directed check";
    finding.replay = replay_command(target_, check);
    findings.push_back(std::move(finding));
  };
  if (!result.stuck.empty()) {
    add(CaseOutcome::Hang, fmt::format("hang:{}:{}", check.name, target_.exporter),
        "hangs in the kernel, and not even SIGKILL ends it: " + result.stuck, result.stuck);
    findings.back().expected = "every call returns, or can be killed";
  }
  if (!result.log.empty()) {
    add(CaseOutcome::Divergence, fmt::format("log:{}:{}", check.name, target_.exporter),
        "the kernel complained: " + result.log.front(), result.log.front());
    findings.back().expected = "the kernel's log stays silent";
    for (const std::string& line : result.log) findings.back().kernel_log += line + "\n";
  }
  if (!findings.empty()) {
    end.signature = findings.front().signature;
    end.expected = findings.front().expected;
    end.observed = findings.front().observed;
  }
  if (end.outcome == CaseOutcome::Skip && !result.verdicts.empty())
    end.message = result.verdicts.front().reason;
  if (end.outcome == CaseOutcome::Pass || !findings.empty()) ++judged_;
  if (end.outcome == CaseOutcome::Error) ++errors_;
  next_.write(end);
  for (const record::Finding& finding : findings) {
    if (!reported_.insert(finding.signature).second) continue;
    ++findings_;
    next_.write(finding);
  }
}

}  // namespace dmabuf::app
