// SPDX-License-Identifier: MIT
#include "vm_runner.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "dmabuf/boot/accel.hpp"
#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/guest.hpp"
#include "dmabuf/boot/initramfs.hpp"
#include "dmabuf/boot/kernel_source.hpp"
#include "dmabuf/boot/module_build.hpp"
#include "dmabuf/conformance/signature.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/record/codec.hpp"
#include "dmabuf/reports/text.hpp"
#include "progress.hpp"
#include "stop.hpp"

namespace dmabuf::app {
namespace {

namespace fs = std::filesystem;

/// The program that becomes init: this one, if it is static, else the static build beside it.
fs::path guest_program() {
  // By this name it can be read even after somebody has built it anew.
  const fs::path self = "/proc/self/exe";
  if (boot::is_static_binary(self)) return self;
  const fs::path other = fs::path(DMABUF_SOURCE_DIR) / "build/static/conformance/app/dmabuf-conform";
  if (fs::exists(other)) return other;
  throw boot::Error("guests need a statically linked dmabuf-conform, and there is none at " + other.string(),
                    "cmake --preset static && cmake --build --preset static");
}

struct PreparedKernel {
  boot::Kernel kernel;
  boot::Accelerator accelerator = boot::Accelerator::Tcg;
  fs::path module;        ///< empty: no in-kernel importers and no harness exporter
  std::string module_lack;  ///< why
};

PreparedKernel prepare(const std::string& spec) {
  PreparedKernel prepared;
  prepared.accelerator = boot::choose_accelerator().accelerator;
  prepared.kernel = boot::resolve_kernel(spec);
  try {
    prepared.module = boot::build_module(
        {fs::path(DMABUF_SOURCE_DIR) / "kernel-harness/module", {"../include"}, {}}, prepared.kernel);
  } catch (const boot::Error& error) {
    prepared.module_lack = error.what();
  }
  return prepared;
}

fs::path write_plan(const GuestPlan& plan) {
  const fs::path file = fs::temp_directory_path() / fmt::format("dmabuf-conform-plan-{}-{}.json", ::getpid(),
                                                                 static_cast<const void*>(&plan));
  boot::write_file(file, to_json(plan));
  return file;
}

boot::GuestConfig configure(const PreparedKernel& prepared, const GuestPlan& plan, const fs::path& console,
                            const std::vector<std::string>& kernel_arguments) {
  const fs::path plan_file = write_plan(plan);
  boot::Initramfs description;
  description.init = guest_program();
  description.wanted_modules = {"vgem", "udmabuf", "virtio_pci", "virtio_gpu"};
  const bool video = plan.settings.checks.run && (plan.targets.empty() || std::ranges::any_of(plan.targets, [](const GuestTarget& t) {
                                                     return t.exporter.starts_with("v4l2:");
                                                   }));
  if (video) {
    // One capture device with memory from vmalloc and two with contiguous memory.
    description.wanted_modules.push_back("vivid");
    description.module_parameters.push_back("vivid n_devs=3 node_types=0x1,0x1,0x1 allocators=0,1,1");
  }
  if (!prepared.module.empty()) {
    description.module_files = {prepared.module};
    description.module_parameters.push_back("dmabuf_harness allow_defects=1");
  }
  description.files = {{plan_file, kGuestPlanPath}};
  if (!plan.settings.traces.empty() && fs::is_directory(plan.settings.traces))
    for (const auto& entry : fs::directory_iterator(plan.settings.traces))
      if (entry.path().extension() == ".dbt")
        description.files.push_back({entry.path(), fmt::format("{}/{}", kGuestTraces, entry.path().filename().string())});
  boot::GuestConfig config;
  config.kernel = prepared.kernel.image;
  config.initramfs = boot::make_initramfs(description, prepared.kernel);
  fs::remove(plan_file);
  config.console = console;
  config.accelerator = prepared.accelerator;
  // Two virtual processors of TCG may execute kernel text that is just being patched (static keys), and
  // the guest dies of an int3 that no real machine would see. Nothing here needs two.
  if (prepared.accelerator == boot::Accelerator::Tcg) config.cpus = 1;
  config.kernel_arguments = kernel_arguments;
  if (prepared.accelerator == boot::Accelerator::Tcg) {
    // A busy host is no reason for the kernel to mistrust its timer, nor for us to mistrust the kernel.
    config.kernel_arguments.insert(config.kernel_arguments.begin(), "no_timer_check");
    config.watchdogs.boot = std::chrono::seconds(180);
  }
  config.qemu_arguments = {"-device", "virtio-gpu-pci"};  // one more exporter: drm:virtio_gpu
  return config;
}

/// One guest's records, put into the journal; knows what was running when the guest went away.
class Ingest {
 public:
  Ingest(const VmRequest& request, Output& output, const PreparedKernel& prepared, ProgressLine& line)
      : request_(request), output_(output), prepared_(prepared), line_(line), progress_(request.progress) {}

  void record(const protocol::Record& r) {
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

  /// The kernel complained. Not fatal: it is still a finding, of the case that was running.
  void report(const boot::KernelReport& report) {
    output_.write(record::Warn{std::string(boot::name(report.kind)), report.title, case_});
    if (report.fatal || target_.empty()) return;  // the end of the guest says it; before a target it is nobody's
    // An emulated machine on a busy host is slow enough to be taken for stuck.
    const bool slowness = report.kind == boot::ReportKind::RcuStall || report.kind == boot::ReportKind::Lockup ||
                          report.kind == boot::ReportKind::HungTask;
    if (slowness && prepared_.accelerator == boot::Accelerator::Tcg) return;
    write_kernel_finding(report, record::CaseOutcome::Divergence, "the kernel complained: " + report.title);
  }

  /// The guest is gone in the middle of a case. Without a word from the kernel it may have been anybody
  /// (QEMU killed, the host out of memory): the case is given a second chance, and only then blamed.
  void gone(const boot::GuestResult& result) {
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

  /// The guest is gone, and no case was running. If the kernel said why, the case before is suspected.
  void gone_between(const boot::GuestResult& result) {
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

  /// A new guest has been started.
  void boots() { up_ = false; }
  bool up() const { return up_; }

  /// The guest says that it is through: whatever it was to test and did not finish is lost.
  void account() {
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

  void crashed(const boot::GuestResult& result) {
    const bool hung = result.end == boot::GuestEnd::Silent || result.end == boot::GuestEnd::OverTime;
    const auto outcome = hung ? record::CaseOutcome::Hang : record::CaseOutcome::Crash;
    boot::KernelReport report;
    for (const boot::KernelReport& candidate : result.reports)
      if (report.title.empty() || (candidate.fatal && !report.fatal)) report = candidate;  // the first fatal one
    if (report.title.empty()) {
      report.title = std::string(boot::name(result.end));
      report.text = result.console_tail;
    }
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

  bool in_case() const { return !case_.empty(); }
  bool any_target() const { return !target_.empty(); }

  /// The kernel is given up: whatever has not finished is lost, not skipped.
  void give_up(const std::string& why, const std::string& reason) {
    if (!case_.empty()) lost(why);
    const record::Stop stop{.reason = reason, .verdict = "inconclusive"};
    if (!target_.empty() && !current().finished) {
      output_.write(record::Warn{"guest", why, ""});
      output_.write(stop);
    }
    for (const Target& target : request_.targets) {
      if (started_targets_.contains(target.text()) || (target.exporter.empty() && any_target())) continue;
      const bool done = std::ranges::any_of(progress_, [&](const GuestProgress& p) {
        return p.finished && p.target == GuestTarget{target.exporter, target.bug};
      });
      if (!done) write_lost(output_, request_.settings, target, why);
    }
  }
  /// For the next guest: where to go on, and how much of the time limit is used up.
  const std::vector<GuestProgress>& progress() {
    if (!target_.empty() && !current().finished)
      current().spent_ms += std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - started_).count();
    return progress_;
  }

  void stopped_by_user() {
    if (target_.empty()) return;
    if (!current().finished)
      output_.write(record::Stop{.reason = "sigterm", .verdict = "inconclusive", .cases = cases_});
  }

  void lost(const std::string& why) {
    output_.write(record::Warn{"guest", why, case_});
    if (case_.empty()) return;
    record::End end;
    end.case_id = case_;
    end.outcome = record::CaseOutcome::Error;
    end.message = why;
    output_.write(end);
    case_.clear();
  }

  /// The runner of the present target is gone, and the guest goes on with the next.
  void runner_gone(const std::string& why) {
    lost(why);
    if (target_.empty() || current().finished) return;
    output_.write(record::Stop{.reason = "target-lost", .verdict = "inconclusive", .cases = cases_});
    current().finished = true;
  }

 private:
  GuestProgress& current() {
    for (GuestProgress& p : progress_)
      if (p.target == where_) return p;
    progress_.push_back({where_, false, 0, 0, {}, {}, {}, {}});
    return progress_.back();
  }

  /// The case at hand need not be run again.
  void passed_over() {
    if (case_.starts_with("trace.")) current().done_traces.push_back(case_.substr(6));
    if (case_.starts_with("check.")) current().done_checks.push_back(case_.substr(6));
    if (case_.starts_with("random.")) current().first_case = k_ + 1;
  }

  void begin(const protocol::Record& r) {
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

  void result(const protocol::Record& r) {
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

  void ended() {
    passed_over();
    last_case_ = case_;
    case_.clear();
    ++cases_;
    if (cases_ % 16 == 0) show();
  }

  void show() {
    reports::Progress progress;
    progress.cases = cases_;
    progress.findings = findings_;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    progress.cases_per_second = seconds > 0 ? static_cast<double>(cases_) / seconds : 0;
    line_.show(target_ + " " + reports::progress_line(progress));
  }

  void warning(const protocol::Record& r) {
    output_.write(record::Warn{"guest", r.args, case_});
    if (r.args.starts_with("runner-")) runner_gone("the runner in the guest failed: " + r.args);
  }

  void take(const record::Record& r) {
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
    output_.write(r);
    if (std::holds_alternative<record::End>(r)) ended();
    if (std::holds_alternative<record::Stop>(r)) current().finished = true;
  }

  std::string write_kernel_finding(const boot::KernelReport& report, record::CaseOutcome kind, const std::string& summary) {
    record::Finding finding;
    const bool crash = kind != record::CaseOutcome::Divergence;
    finding.signature = fmt::format("{}:{}", kind == record::CaseOutcome::Hang ? "hang" : crash ? "crash" : "log", report.title);
    finding.id = conformance::signature_id(finding.signature);
    finding.kind = kind;
    finding.target = target_;
    finding.exporter = exporter_;
    finding.kernel = prepared_.kernel.release;
    finding.first_case = case_;
    finding.case_seed = case_seed_;
    finding.summary = summary;
    finding.expected = "the kernel's log stays silent";
    finding.observed = report.title;
    finding.kernel_log = report.text;
    finding.minimality = "not shrunk: the kernel itself reported it";
    if (case_.starts_with("check."))
      finding.replay = fmt::format("dmabuf-conform check --target '{}' {}", target_, case_.substr(6));
    else
      finding.replay = fmt::format("dmabuf-conform run --target '{}' --seed {:#x} --cases {}", target_, request_.settings.seed, k_ + 1);
    ++findings_;
    if (reported_.insert(finding.signature).second) output_.write(finding);
    return finding.signature;
  }

  const VmRequest& request_;
  Output& output_;
  const PreparedKernel& prepared_;
  ProgressLine& line_;
  protocol::Reassembler reassembler_;
  std::string target_, exporter_, case_;
  std::string last_case_;
  std::map<std::string, std::uint32_t> deaths_;  ///< by target and case
  std::uint32_t attempt_ = 1;
  std::uint64_t case_seed_ = 0;
  std::uint64_t k_ = 0, cases_ = 0, findings_ = 0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::set<std::string> reported_, started_targets_, announced_;
  bool up_ = false;
  GuestTarget where_;
  std::vector<GuestProgress> progress_;
};

std::string label(const VmRequest& request) { return "vm:" + request.kernel; }

void skip_kernel(const VmRequest& request, Output& output, const std::string& why) {
  OpenedTarget none;
  const auto at = why.find("\nRemedy: ");
  none.reason = why.substr(0, at);
  none.remedy = at == std::string::npos ? "see 'dmabuf-conform probe'" : why.substr(at + 9);
  fmt::print(stderr, "{}: SKIPPED, not tested: {}\n  remedy: {}\n", label(request), none.reason, none.remedy);
  for (const Target& target : request.targets) write_skipped(output, request.settings, target, none);
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
        if (r.verb == protocol::verb::result || r.verb == protocol::verb::end) guest.settle();
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
  boot::Guest guest(configure(prepared, plan, console, {}));
  Replayed replayed;
  bool answered = false;
  std::string warning;
  protocol::Reassembler reassembler;
  guest.on_record([&](const protocol::Record& r) {
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
  fs::remove(console);
  if (!answered && (result.end == boot::GuestEnd::Panicked || result.end == boot::GuestEnd::Silent)) {
    record::Finding crash;
    crash.kind = result.end == boot::GuestEnd::Panicked ? record::CaseOutcome::Crash : record::CaseOutcome::Hang;
    crash.target = target.text();
    crash.kernel = prepared.kernel.release;
    crash.observed = result.reports.empty() ? result.detail : result.reports.back().title;
    crash.summary = "the kernel did not survive this trace: " + crash.observed;
    crash.signature = "crash:" + crash.observed;
    crash.id = conformance::signature_id(crash.signature);
    crash.kernel_log = result.reports.empty() ? result.console_tail : result.reports.back().text;
    replayed.finding = crash;
    return replayed;
  }
  if (!answered && !replayed.not_there)
    throw boot::Error(fmt::format("{}: the trace could not be run: {}", target.text(), warning.empty() ? result.detail : warning));
  return replayed;
}

std::vector<std::string> run_guest_job(const std::string& kernel, GuestPlan plan) {
  const PreparedKernel prepared = prepare(kernel);
  plan.kernel = kernel;
  const fs::path console = fs::temp_directory_path() / fmt::format("dmabuf-conform-console-{}.log", ::getpid());
  boot::Guest guest(configure(prepared, plan, console, {}));
  std::vector<std::string> answers;
  guest.on_record([&](const protocol::Record& r) {
    if (r.verb == protocol::verb::capability || r.verb == protocol::verb::warning) answers.push_back(r.args);
  });
  const boot::GuestResult result = guest.run();
  fs::remove(console);
  if (!result.clean()) throw boot::Error(fmt::format("the guest did not end cleanly: {}\n{}", result.detail, result.console_tail));
  return answers;
}

}  // namespace dmabuf::app
