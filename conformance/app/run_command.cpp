// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>

#include "campaign.hpp"
#include "commands.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/reports/text.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "run_command.hpp"
#include "stop.hpp"
#include "vm_runner.hpp"

namespace dmabuf::app {
namespace {

/// What a journal says has been done of a target.
Done done_before(const std::vector<record::Run>& runs, const std::string& target) {
  Done done;
  for (const record::Run& run : runs) {
    if (run.target() != target) continue;
    for (const record::Finding& finding : run.findings) done.signatures.insert(finding.signature);
    for (const record::Case& c : run.cases) {
      if (c.tries.empty() || !c.tries.back().ended) continue;
      // Broken off while it was shrunk: what was found has not been written down.
      if (record::is_finding(c.tries.back().outcome) && !done.signatures.contains(c.tries.back().signature)) continue;
      if (c.id.starts_with("random."))
        done.cases.insert(std::strtoull(c.id.c_str() + 7, nullptr, 10));
      else if (c.id.starts_with("trace."))
        done.traces.insert(c.id.substr(6));
      else if (c.id.starts_with("check."))
        done.checks.insert(c.id.substr(6));
    }
  }
  return done;
}

/// The same for the targets of one kernel, as its guests want it.
std::vector<GuestProgress> progress_before(const std::vector<record::Run>& runs, const std::string& kernel,
                                           std::uint64_t cases) {
  std::vector<GuestProgress> all;
  for (const record::Run& run : runs) {
    const auto target = parse_target(run.target());
    if (!target || target->where != Where::Vm || target->kernel != kernel || target->exporter.empty()) continue;
    const Done done = done_before(runs, run.target());
    GuestProgress progress;
    progress.target = {target->exporter, target->bug};
    // Whose time was up, or who was lost, has more to do; and so has who is asked for more than before.
    const std::uint64_t planned = run.start ? run.start->cases : 0;  // none for what has checks alone
    progress.finished = run.stop.has_value() && run.stop->reason == "plan-done" && (planned == 0 || planned >= cases);
    progress.done_traces.assign(done.traces.begin(), done.traces.end());
    progress.done_checks.assign(done.checks.begin(), done.checks.end());
    progress.done.assign(done.cases.begin(), done.cases.end());
    progress.signatures.assign(done.signatures.begin(), done.signatures.end());
    all.push_back(std::move(progress));
  }
  return all;
}

/// Goes on where the journal was left, as far as that is the same run: one journal, one contract.
void take_up(const std::vector<record::Run>& before, const RunRequest& request, CampaignSettings& settings) {
  const record::Start now = begun_by(settings);
  const record::Start* first = nullptr;
  std::uint64_t cases = 0;  // a target that was skipped has planned none
  for (const record::Run& run : before) {
    if (!run.start) continue;
    cases = std::max(cases, run.start->cases);
    if (run.start->model != now.model || run.start->tool != now.tool)
      throw UsageError(fmt::format("--resume: the journal is of {}, model {}; this is {}, model {}. Give another --out",
                                   run.start->tool, run.start->model, now.tool, now.model));
    if (first == nullptr) first = &*run.start;
  }
  if (first == nullptr) return;
  settings.run = first->run;
  if (request.seed_given && settings.seed != first->seed)
    throw UsageError(fmt::format("--resume goes on with the journal's seed, {:#x}; leave --seed out", first->seed));
  settings.seed = first->seed;
  if (settings.shard_count != 1 &&
      (settings.shard_index != first->shard_index || settings.shard_count != first->shard_count))
    throw UsageError(fmt::format("--resume goes on with the journal's shard, {}/{}; leave --shard out",
                                 first->shard_index, first->shard_count));
  settings.shard_index = first->shard_index;
  settings.shard_count = first->shard_count;
  if (request.cases_given && settings.cases < cases)
    throw UsageError(fmt::format("--resume: the journal is of {} cases; --cases may be more, or left out", cases));
  if (!request.cases_given && cases > 0) settings.cases = cases;
}

void run_here(const Target& target, const CampaignSettings& settings, const Done& done, Output& output,
              bool quiet) {
  OpenedTarget opened = open_target(target);
  if (opened.adapter == nullptr && (!opened.checks_only || !settings.checks.run)) {
    fmt::print(stderr, "{}: SKIPPED, not tested: {}\n  remedy: {}\n", target.text(), opened.reason, opened.remedy);
    write_skipped(output, settings, target, opened);
    return;
  }
  ProgressLine line(target.text(), quiet);
  conformance::CampaignOptions options = campaign_options(settings, target, opened, done);
  options.progress = [&](const conformance::Progress& p) { line.show(progress_text(p)); };
  run_target(settings, target, opened, options, done, output);
}

}  // namespace

std::string progress_text(const conformance::Progress& p) {
  reports::Progress shown;
  shown.cases = p.cases;
  shown.cases_per_second = p.elapsed.count() > 0 ? static_cast<double>(p.cases) / p.elapsed.count() : 0;
  shown.findings = p.findings;
  shown.rows_hit = p.rows_hit;
  shown.rows_total = p.rows_total;
  if (shown.cases_per_second > 0 && p.planned >= p.cases)
    shown.seconds_left = static_cast<double>(p.planned - p.cases) / shown.cases_per_second;
  return reports::progress_line(shown);
}

int run_targets(const RunRequest& request) {
  std::vector<Target> targets;
  for (const std::string& text : request.targets) {
    const auto target = parse_target(text);
    if (!target) throw UsageError(target.error());
    for (const Target& one : expand(*target)) targets.push_back(one);
  }
  if (targets.empty()) throw UsageError("no target was given and this machine offers none; try --target reference");

  if (const std::string why = unknown_check(request.settings.checks.names); !why.empty()) throw UsageError(why);
  CampaignSettings settings = request.settings;
  settings.run = new_uuid();
  Output output(request.out.empty() ? Output::default_directory() : std::filesystem::path(request.out),
                request.existing);
  std::vector<record::Run> before;
  if (request.existing == Existing::Resume) before = output.runs();
  take_up(before, request, settings);
  fmt::print(stderr, "dmabuf-conform: seed {:#x}, model {}, journal {}\n", settings.seed, model::model_hash(),
             output.journal().string());

  for (const Target& target : targets) {
    if (stop_requested()) break;
    if (target.where != Where::Vm) {
      run_here(target, settings, done_before(before, target.text()), output, request.quiet);
      continue;
    }
    // All targets of a kernel share its boots, when the first of them has its turn.
    VmRequest vm;
    vm.kernel = target.kernel;
    for (const Target& other : targets)
      if (other.where == Where::Vm && other.kernel == target.kernel) vm.targets.push_back(other);
    if (!(vm.targets.front().text() == target.text())) continue;
    vm.settings = settings;
    vm.quiet = request.quiet;
    vm.kernel_arguments = request.kernel_arguments;
    vm.progress = progress_before(before, target.kernel, settings.cases);
    run_vm(vm, output);
  }

  output.render();
  const std::vector<record::Run> runs = output.runs();
  reports::TextOptions text;
  text.colour = wants_colour() ? reports::Colour::Yes : reports::Colour::No;
  text.missing_rows = 0;  // report.html lists them
  fmt::print("{}", reports::render_text(runs, text));
  fmt::print("\njournal: {}\nreport:  {}\n", std::filesystem::absolute(output.journal()).string(),
             std::filesystem::absolute(output.directory() / "report.html").string());
  if (stop_requested()) return kStopped;
  return mapped_exit(exit_code_of(runs), runs, request.exit);
}

void add_run_options(CLI::App& command, RunRequest& request) {
  auto& s = request.settings;
  command.add_option("--cases", s.cases, "random cases per target")
      ->check(kCount)
      ->capture_default_str()
      ->each([&request](const std::string&) { request.cases_given = true; });
  command.add_option_function<std::string>(
      "--seed",
      [&request](const std::string& text) {
        request.settings.seed = parse_seed(text);
        request.seed_given = true;
      },
      "base seed: decimal, 0x…, or any words; default: $DMABUF_CONFORM_SEED, else random; printed first");
  const auto duration = [&command](const std::string& name, std::chrono::milliseconds& value, const char* help) {
    command.add_option_function<std::string>(
        name,
        [&value, name](const std::string& text) {
          const auto parsed = parse_duration(text);
          if (!parsed) throw CLI::ValidationError(name, "'" + text + "' is no duration; write 90s, 10m, 6h");
          value = *parsed;
        },
        help);
  };
  duration("--max-time", s.max_time, "stop each target after this long (90s, 10m, 6h)");
  duration("--shrink-time", s.shrink_time, "longest shrink of one finding; 0: do not shrink");
  command.add_option("--max-findings", s.max_findings, "stop each target after so many different findings")->check(kCount);
  command.add_option_function<std::string>(
      "--shard",
      [&s](const std::string& text) {
        std::uint32_t index = 0, count = 0;
        const char* const last = text.data() + text.size();
        const auto first = std::from_chars(text.data(), last, index);
        const bool slash = first.ec == std::errc{} && first.ptr != last && *first.ptr == '/';
        const auto second = slash ? std::from_chars(first.ptr + 1, last, count) : first;
        if (!slash || second.ec != std::errc{} || second.ptr != last || index < 1 || index > count)
          throw CLI::ValidationError("--shard", "'" + text + "' is no shard; shards count from 1: 1/4 … 4/4");
        s.shard_index = index;
        s.shard_count = count;
      },
      "I/N: this run does every Nth case, the Ith of them");
  command.add_option("--traces", s.traces, "directory of .dbt traces to replay first; default: the project's own");
  command.add_option_function<std::string>(
      "--tour",
      [&s](const std::string& name) {
        s.traces = project_traces() / "tour" / name;
        if (!std::filesystem::is_directory(s.traces))
          throw CLI::ValidationError("--tour", "there is no tour '" + name + "'; 'model tour --out' makes one");
        s.cases = 0;
      },
      "the certification sequence of that name ('reference-eager') instead of random cases");
  command.add_option("--checks", s.checks.names, "directed checks to carry out first: names, areas or patterns; default: all but those in reserve");
  command.add_flag("--all-checks", s.checks.reserve, "those in reserve too: slow ones, and in guests dangerous ones");
  command.add_flag_function("--no-checks", [&s](std::int64_t) { s.checks.run = false; }, "no directed checks");
  CLI::Option* out = command.add_option("--out", request.out, "directory of the run; default: a new one here");
  CLI::Option* resume = command.add_flag_function("--resume", [&request](std::int64_t) { request.existing = Existing::Resume; },
                            "go on with the run in --out")->needs(out);
  command.add_flag_function("--overwrite", [&request](std::int64_t) { request.existing = Existing::Overwrite; },
                            "replace the run in --out")->excludes(resume);
  command.add_flag("--quiet", request.quiet, "no progress");
  add_exit_options(command, request.exit);
}

void initialise(RunRequest& request) {
  if (const char* given = std::getenv("DMABUF_CONFORM_SEED"); given != nullptr && *given != '\0') {
    request.settings.seed = parse_seed(given);
  } else {
    std::random_device random;
    request.settings.seed = (std::uint64_t{random()} << 32U) | random();
  }
  request.settings.traces = project_traces();
  request.settings.checks.run = true;
  request.settings.argv = command_line();
}

void add_run_command(CLI::App& app, int& status) {
  auto request = std::make_shared<RunRequest>();
  initialise(*request);
  CLI::App* command = app.add_subcommand("run", "run the suite against one or more targets");
  command->footer(
      "Examples:\n"
      "  dmabuf-conform run --target reference\n"
      "  dmabuf-conform run --target 'reference:eager!dup_not_counted'\n"
      "  dmabuf-conform run --target reference:eager --tour reference-eager\n"
      "  dmabuf-conform run --target native:udmabuf --cases 2000\n"
      "  dmabuf-conform run --target vm:debian:6.12 --target vm:debian:6.1/vgem --out night1");
  command->add_option("--target", request->targets, "what to test (repeatable); see 'list targets'")
      ->default_val(std::vector<std::string>{"reference"});
  add_run_options(*command, *request);
  command->callback([request, &status] { status = run_targets(*request); });
}

}  // namespace dmabuf::app
