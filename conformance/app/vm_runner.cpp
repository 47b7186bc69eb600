// SPDX-License-Identifier: MIT
#include "vm_runner.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "dmabuf/boot/error.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/record/codec.hpp"
#include "kernel_finding.hpp"
#include "progress.hpp"
#include "stop.hpp"
#include "temporary_files.hpp"
#include "vm_ingest.hpp"
#include "vm_prepare.hpp"

namespace dmabuf::app {
namespace {

namespace fs = std::filesystem;

std::string label(const VmRequest& request) { return "vm:" + request.kernel; }

void skip_kernel(const VmRequest& request, Output& output, const std::string& why) {
  OpenedTarget none;
  const auto at = why.find("\nRemedy: ");
  none.reason = why.substr(0, at);
  none.remedy = at == std::string::npos ? "see 'dmabuf-conform probe'" : why.substr(at + 9);
  fmt::print(stderr, "{}: SKIPPED, not tested: {}\n  remedy: {}\n", label(request), none.reason, none.remedy);
  for (const Target& target : request.targets) write_skipped(output, request.settings, target, none);
}

/// True for records that say that something is over, and may say up to where in the kernel's log.
bool settles(const protocol::Record& r) {
  return r.verb == protocol::verb::result || r.verb == protocol::verb::end ||
         (r.verb == protocol::verb::capability && r.args.starts_with("mark="));
}

/// How often a kernel that does not come up is booted again: no case has run, so nothing is retried
/// that could be a finding.
constexpr unsigned kBootAttempts = 3;

/// Boots until everything is done, the kernel is given up, or somebody wants to stop.
void boot_until_done(const VmRequest& request, const PreparedKernel& prepared, Output& output, ProgressLine& line) {
  GuestPlan plan;
  plan.kernel = request.kernel;
  plan.settings = request.settings;
  plan.progress = request.progress;
  if (std::ranges::none_of(request.targets, [](const Target& t) { return t.exporter.empty(); }))
    for (const Target& t : request.targets) plan.targets.push_back({t.exporter, t.bug});
  Ingest ingest(request, output, prepared, line);

  unsigned failed_boots = 0;
  for (unsigned boots = 1; !stop_requested(); ++boots) {
    ingest.boots();
    const fs::path console = output.directory() / fmt::format("console-{}-{}.log", prepared.kernel.release, boots);
    line.show(fmt::format("{} booting {} under {}", label(request), prepared.kernel.release,
                          boot::name(prepared.accelerator)));
    std::optional<boot::GuestResult> ended;
    try {
      boot::Guest guest(configure(prepared, plan, console, request.kernel_arguments));
      guest.on_report([&](const boot::KernelReport& report) { ingest.report(report); });
      guest.on_record([&](const protocol::Record& r) {
        // What a case did to the kernel must be known before the next one begins.
        if (settles(r) && !guest.settle(r)) ingest.mark_missed();
        ingest.record(r);
        if (stop_requested()) guest.stop();
      });
      while (!(ended = guest.step(std::chrono::milliseconds(500))))
        if (stop_requested()) guest.stop();
    } catch (const boot::Error& error) {
      line.clear();
      return ingest.give_up(error.what(), "target-lost");
    }
    line.clear();
    const fs::path complaints = console.string() + ".qemu";
    if (fs::exists(complaints) && fs::is_empty(complaints)) fs::remove(complaints);
    if (ended->clean()) return ingest.account();
    if (ended->end == boot::GuestEnd::Stopped) {
      if (!ingest.any_target())
        skip_kernel(request, output, "stopped before the guest was up\nRemedy: go on with --resume");
      return ingest.stopped_by_user();
    }
    const std::string why = fmt::format("the guest ended on its own ({}): {}; its console is {}", boot::name(ended->end),
                                        ended->detail, console.string());
    if (!ingest.up()) {  // it never came up
      if (++failed_boots >= kBootAttempts) return ingest.give_up(why, "target-lost");
      output.write(record::Warn{"guest", why, ""});
      continue;
    }
    failed_boots = 0;
    if (ingest.in_case())
      ingest.gone(*ended);
    else
      ingest.gone_between(*ended);
    if (boots >= request.max_crashes) return ingest.give_up(why, "max-crashes");
    plan.progress = ingest.progress();  // go on behind what did it
  }
}

}  // namespace

void run_vm(const VmRequest& request, Output& output) {
  ProgressLine line("", request.quiet);
  line.show(label(request) + " preparing kernel, module and initramfs");
  std::optional<PreparedKernel> prepared;
  try {
    prepared = prepare(request.kernel);
  } catch (const boot::Error& error) {
    line.clear();
    return skip_kernel(request, output, error.what());
  }
  boot_until_done(request, *prepared, output, line);
}

Replayed replay_in_vm(const Target& target, const conformance::Program& program,
                      std::chrono::milliseconds shrink_time) {
  const PreparedKernel prepared = prepare(target.kernel);
  GuestPlan plan;
  plan.job = GuestJob::Replay;
  plan.kernel = target.kernel;
  plan.targets = {{target.exporter, target.bug}};
  plan.settings.shrink_time = shrink_time;
  plan.program = conformance::to_text(program, model::model_hash());
  const fs::path console = fs::temp_directory_path() / fmt::format("dmabuf-conform-console-{}.log", ::getpid());
  const TemporaryFiles here({console, console.string() + ".qemu"});
  boot::Guest guest(configure(prepared, plan, console, {}));
  Replayed replayed;
  bool answered = false;
  bool up = false;
  std::string warning;
  std::optional<boot::KernelReport> complaint;
  protocol::Reassembler reassembler;
  guest.on_report([&](const boot::KernelReport& report) {
    if (up && !complaint && !is_mere_slowness(report, prepared.accelerator)) complaint = report;
  });
  guest.on_record([&](const protocol::Record& r) {
    if (r.verb == protocol::verb::capability && r.args.starts_with("target=")) up = true;
    // What the trace did to the kernel must be known before it is judged.
    if (settles(r)) guest.settle(r);
    if (r.verb == protocol::verb::result) {
      answered = true;
      if (const auto ops = r.value("ops")) replayed.carried_out = std::strtoul(std::string(*ops).c_str(), nullptr, 10);
      if (const auto skipped = r.value("skipped")) replayed.skipped = std::strtoul(std::string(*skipped).c_str(), nullptr, 10);
    }
    if (r.verb == protocol::verb::warning) warning = r.args;
    if (const auto payload = reassembler.add(r)) {
      if (const auto parsed = record::from_json_line(payload->bytes)) {
        if (const auto* found = std::get_if<record::Finding>(&parsed->record))
          replayed.finding = *found;
        else if (const auto* lack = std::get_if<record::Skipped>(&parsed->record))
          replayed.not_there = *lack;
      }
    }
  });
  const boot::GuestResult result = guest.run();
  const bool died = result.end == boot::GuestEnd::Panicked || result.end == boot::GuestEnd::Silent;
  if (!answered && died) {
    const boot::KernelReport report = last_word(result);
    replayed.finding = kernel_finding(
        report, result.end == boot::GuestEnd::Panicked ? record::CaseOutcome::Crash : record::CaseOutcome::Hang,
        prepared.kernel.release);
    replayed.finding->summary = "the kernel did not survive this trace: " + report.title;
  } else if (answered && !replayed.finding && complaint) {
    // What a run makes a finding of is none the less one here.
    replayed.finding = kernel_finding(*complaint, record::CaseOutcome::Divergence, prepared.kernel.release);
    replayed.finding->summary = "the kernel complained: " + complaint->title;
  } else if (!answered && !replayed.not_there) {
    throw boot::Error(fmt::format("{}: the trace could not be run: {}", target.text(), warning.empty() ? result.detail : warning));
  }
  if (replayed.finding && replayed.finding->target.empty()) {
    replayed.finding->target = target.text();
    replayed.finding->exporter = target.exporter;
  }
  return replayed;
}

std::vector<std::string> run_guest_job(const std::string& kernel, GuestPlan plan) {
  const PreparedKernel prepared = prepare(kernel);
  plan.kernel = kernel;
  const fs::path console = fs::temp_directory_path() / fmt::format("dmabuf-conform-console-{}.log", ::getpid());
  const TemporaryFiles here({console, console.string() + ".qemu"});
  boot::Guest guest(configure(prepared, plan, console, {}));
  std::vector<std::string> answers;
  guest.on_record([&](const protocol::Record& r) {
    if (r.verb == protocol::verb::capability || r.verb == protocol::verb::warning) answers.push_back(r.args);
  });
  const boot::GuestResult result = guest.run();
  if (!result.clean()) throw boot::Error(fmt::format("the guest did not end cleanly: {}\n{}", result.detail, result.console_tail));
  return answers;
}

}  // namespace dmabuf::app
