// SPDX-License-Identifier: MIT
#include "vm_ingest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dmabuf/record/codec.hpp"
#include "dmabuf/reports/text.hpp"
#include "kernel_finding.hpp"

namespace dmabuf::app {

void Ingest::record(const protocol::Record& r) {
  if (r.verb == protocol::verb::capability && r.args.starts_with("target=")) {
    up_ = true;
    announced_.insert(r.args.substr(7));
  }
  if (r.verb == protocol::verb::begin) return begin(r);
  if (r.verb == protocol::verb::result) return result(r);
  if (r.verb == protocol::verb::warning) return warning(r);
  if (const auto payload = reassembler_.add(r)) {
    const auto parsed = record::from_json_line(payload->bytes);
    if (parsed)
      take(parsed->record);
    else
      output_.write(record::Warn{"link", "a record from the guest could not be read: " + parsed.error().message, case_});
  }
}

void Ingest::report(const boot::KernelReport& report) {
  // Between two cases it is of the one before: of its shrinking, or of what it left behind.
  output_.write(record::Warn{std::string(boot::name(report.kind)), report.title, case_.empty() ? last_case_ : case_});
  if (report.fatal || target_.empty()) return;  // the end of the guest says it; before a target it is nobody's
  if (is_mere_slowness(report, prepared_.accelerator)) return;
  write_kernel_finding(report, record::CaseOutcome::Divergence, "the kernel complained: " + report.title);
}

void Ingest::mark_missed() {
  if (std::exchange(mark_missed_, true)) return;  // once a guest: a log level may hide them all
  output_.write(record::Warn{"guest", "a mark of the guest did not appear on its console: from here on, a kernel report may "
                                      "be held against the case before or after the one it is of", case_});
}

void Ingest::gone(const boot::GuestResult& result) {
  const bool spoke = std::ranges::any_of(result.reports, [](const boot::KernelReport& r) { return r.fatal; });
  if (result.end == boot::GuestEnd::Died && !spoke && ++deaths_[target_ + " " + case_] < 2) {
    record::End end;
    end.case_id = case_;
    end.attempt = attempt_;
    end.outcome = record::CaseOutcome::Interrupted;
    end.message = "the guest was gone without a word: " + result.detail;
    output_.write(record::Warn{"guest", end.message, case_});
    output_.write(end);
    case_.clear();
    return;
  }
  crashed(result);
}

void Ingest::gone_between(const boot::GuestResult& result) {
  for (const boot::KernelReport& report : result.reports) {
    if (!report.fatal) continue;
    case_ = last_case_;
    write_kernel_finding(report, record::CaseOutcome::Crash,
                         "crash after " + (last_case_.empty() ? "boot" : last_case_) + ": " + report.title);
    case_.clear();
    return;
  }
  if (result.end == boot::GuestEnd::Silent) {
    boot::KernelReport silence;
    silence.title = "silent after a case";
    silence.text = result.console_tail;
    case_ = last_case_;
    write_kernel_finding(silence, record::CaseOutcome::Hang, "the kernel fell silent after " + last_case_);
    case_.clear();
    return;
  }
  output_.write(record::Warn{"guest", "the guest was gone without a word: " + result.detail, last_case_});
}

void Ingest::account() {
  for (const std::string& name : announced_) {
    const auto target = parse_target(name);
    if (!target) continue;
    const bool done = std::ranges::any_of(progress_, [&](const GuestProgress& p) {
      return p.finished && p.target == GuestTarget{target->exporter, target->bug};
    });
    if (!done && !started_targets_.contains(name))
      write_lost(output_, request_.settings, *target, "the guest ended without a word about this target");
  }
}

void Ingest::crashed(const boot::GuestResult& result) {
  const bool hung = result.end == boot::GuestEnd::Silent || result.end == boot::GuestEnd::OverTime;
  const auto outcome = hung ? record::CaseOutcome::Hang : record::CaseOutcome::Crash;
  const boot::KernelReport report = last_word(result);
  record::End end;
  end.case_id = case_;
  end.attempt = attempt_;
  end.outcome = outcome;
  end.signature = write_kernel_finding(report, outcome, fmt::format("{} during {}: {}", hung ? "hang" : "crash", case_, report.title));
  end.message = result.detail;
  output_.write(end);
  passed_over();
  case_.clear();
}

void Ingest::give_up(const std::string& why, const std::string& reason) {
  if (!case_.empty()) lost(why);
  if (!target_.empty() && !current().finished) {
    output_.write(record::Warn{"guest", why, ""});
    stop({.reason = reason, .verdict = "inconclusive"});
  }
  for (const Target& target : request_.targets) {
    if (started_targets_.contains(target.text()) || (target.exporter.empty() && any_target())) continue;
    const bool done = std::ranges::any_of(progress_, [&](const GuestProgress& p) {
      return p.finished && p.target == GuestTarget{target.exporter, target.bug};
    });
    if (!done) write_lost(output_, request_.settings, target, why);
  }
}

const std::vector<GuestProgress>& Ingest::progress() {
  if (!target_.empty() && !current().finished)
    current().spent_ms += std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - started_).count();
  return progress_;
}

void Ingest::stop(const record::Stop& how) {
  for (const auto& [key, reported] : reported_)
    if (reported.finding.target == target_ && reported.finding.count > 1) output_.write(reported.finding);
  output_.write(how);
}

void Ingest::stopped_by_user() {
  if (target_.empty()) return;
  if (!current().finished)
    stop({.reason = "sigterm", .verdict = "inconclusive", .cases = cases_});
}

void Ingest::lost(const std::string& why) {
  output_.write(record::Warn{"guest", why, case_});
  if (case_.empty()) return;
  record::End end;
  end.case_id = case_;
  end.outcome = record::CaseOutcome::Error;
  end.message = why;
  output_.write(end);
  case_.clear();
}

void Ingest::runner_gone(const std::string& why) {
  lost(why);
  if (target_.empty() || current().finished) return;
  stop({.reason = "target-lost", .verdict = "inconclusive", .cases = cases_});
  current().finished = true;
}

GuestProgress& Ingest::current() {
  for (GuestProgress& p : progress_)
    if (p.target == where_) return p;
  progress_.push_back({where_, false, 0, 0, {}, {}, {}, {}});
  return progress_.back();
}

void Ingest::passed_over() {
  if (case_.starts_with("trace.")) current().done_traces.push_back(case_.substr(6));
  if (case_.starts_with("check.")) current().done_checks.push_back(case_.substr(6));
  if (case_.starts_with("random.")) current().first_case = k_ + 1;
}

void Ingest::begin(const protocol::Record& r) {
  const auto words = r.words();
  if (words.empty()) return;
  case_ = words.front();
  record::Begin begin;
  begin.case_id = case_;
  if (const auto k = r.value("k")) begin.k = std::strtoull(std::string(*k).c_str(), nullptr, 10);
  if (const auto seed = r.value("seed")) begin.case_seed = std::strtoull(std::string(*seed).c_str(), nullptr, 16);
  k_ = begin.k;
  case_seed_ = begin.case_seed;
  const auto deaths = deaths_.find(target_ + " " + case_);
  begin.attempt = attempt_ = deaths == deaths_.end() ? 1 : deaths->second + 1;
  output_.write(begin);
}

void Ingest::result(const protocol::Record& r) {
  const auto words = r.words();
  if (words.size() < 2) return;
  record::End end;
  end.case_id = words[0];
  end.attempt = attempt_;
  if (const auto ms = r.value("ms")) end.ms = std::strtod(std::string(*ms).c_str(), nullptr);
  if (const auto ops = r.value("ops")) end.operations = static_cast<std::uint32_t>(std::strtoul(std::string(*ops).c_str(), nullptr, 10));
  output_.write(end);
  ended();
}

void Ingest::ended() {
  passed_over();
  last_case_ = case_;
  case_.clear();
  ++cases_;
  if (cases_ % 16 == 0) show();
}

void Ingest::show() {
  reports::Progress progress;
  progress.cases = cases_;
  progress.findings = findings_;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  progress.cases_per_second = seconds > 0 ? static_cast<double>(cases_) / seconds : 0;
  line_.show(target_ + " " + reports::progress_line(progress));
}

void Ingest::warning(const protocol::Record& r) {
  output_.write(record::Warn{"guest", r.args, case_});
  if (r.args.starts_with("runner-")) runner_gone("the runner in the guest failed: " + r.args);
}

void Ingest::take(const record::Record& r) {
  if (const auto* start = std::get_if<record::Start>(&r)) {
    target_ = start->target;
    started_targets_.insert(target_);
    last_case_.clear();
    exporter_ = start->exporter;
    if (const auto parsed = parse_target(target_)) where_ = {parsed->exporter, parsed->bug};
    cases_ = findings_ = 0;
    started_ = std::chrono::steady_clock::now();
    output_.write(r);
    output_.write(record::Note{"console", fmt::format("console-{}-*.log", prepared_.kernel.release)});
    if (!prepared_.module_lack.empty())
      output_.write(record::Skipped{target_ + ", in part", "the harness module could not be built: " + prepared_.module_lack,
                                    "install the kernel's headers, or name modules=DIR with a build link"});
    return;
  }
  if (const auto* finding = std::get_if<record::Finding>(&r)) {
    ++findings_;
    current().signatures.push_back(finding->signature);
  }
  if (const auto* end = std::get_if<record::Stop>(&r)) {
    stop(*end);
    current().finished = true;
    return;
  }
  output_.write(r);
  if (std::holds_alternative<record::End>(r)) ended();
}

std::string Ingest::write_kernel_finding(const boot::KernelReport& report, record::CaseOutcome kind, const std::string& summary) {
  record::Finding finding = kernel_finding(report, kind, prepared_.kernel.release);
  const std::string& shown_by = case_.empty() ? last_case_ : case_;
  finding.target = target_;
  finding.exporter = exporter_;
  finding.first_case = shown_by;
  finding.case_seed = case_seed_;
  finding.summary = summary;
  if (shown_by.starts_with("check."))
    finding.replay = fmt::format("dmabuf-conform check --target '{}' {}", target_, shown_by.substr(6));
  else
    finding.replay = fmt::format("dmabuf-conform run --target '{}' --seed {:#x} --cases {}", target_, request_.settings.seed, k_ + 1);
  ++findings_;
  const auto [known, first] = reported_.try_emplace(target_ + " " + finding.signature, Reported{finding, shown_by});
  if (first) {
    output_.write(finding);
  } else if (known->second.last_case != shown_by) {
    ++known->second.finding.count;
    known->second.last_case = shown_by;
  }
  return finding.signature;
}

}  // namespace dmabuf::app
