// SPDX-License-Identifier: MIT
#include "kernel_finding.hpp"

#include <string_view>

#include "dmabuf/conformance/signature.hpp"

namespace dmabuf::app {
namespace {

std::string_view prefix(record::CaseOutcome kind) {
  switch (kind) {
    case record::CaseOutcome::Hang: return "hang:";
    case record::CaseOutcome::Divergence: return "log:";
    default: return "crash:";
  }
}

}  // namespace

record::Finding kernel_finding(const boot::KernelReport& report, record::CaseOutcome kind, const std::string& release) {
  record::Finding finding;
  finding.signature = std::string(prefix(kind)) + report.title;
  finding.id = conformance::signature_id(finding.signature);
  finding.kind = kind;
  finding.kernel = release;
  finding.expected = "the kernel's log stays silent";
  finding.observed = report.title;
  finding.kernel_log = report.text;
  finding.minimality = "not shrunk: the kernel itself reported it";
  return finding;
}

boot::KernelReport last_word(const boot::GuestResult& result) {
  boot::KernelReport report;
  for (const boot::KernelReport& candidate : result.reports)
    if (report.title.empty() || (candidate.fatal && !report.fatal)) report = candidate;
  if (report.title.empty()) {
    report.title = std::string(boot::name(result.end));
    report.text = result.console_tail;
  }
  return report;
}

bool is_mere_slowness(const boot::KernelReport& report, boot::Accelerator accelerator) {
  return accelerator == boot::Accelerator::Tcg &&
         (report.kind == boot::ReportKind::RcuStall || report.kind == boot::ReportKind::Lockup ||
          report.kind == boot::ReportKind::HungTask);
}

}  // namespace dmabuf::app
