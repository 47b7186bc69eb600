// SPDX-License-Identifier: MIT
#include "output.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <random>

#include "dmabuf/model/table.hpp"
#include "dmabuf/reports/html.hpp"
#include "dmabuf/reports/json.hpp"
#include "dmabuf/reports/write.hpp"

namespace dmabuf::app {
namespace {

namespace fs = std::filesystem;

void link_latest(const fs::path& directory) {
  std::error_code ignored;  // a convenience: no run fails for want of it
  const fs::path parent = fs::absolute(directory).parent_path();
  const fs::path draft = parent / fmt::format(".latest-{}", ::getpid());
  fs::remove(draft, ignored);
  fs::create_directory_symlink(fs::absolute(directory).filename(), draft, ignored);
  if (!ignored) fs::rename(draft, parent / "latest", ignored);
}

}  // namespace

fs::path Output::default_directory() {
  std::random_device random;
  return fmt::format("dmabuf-conform-run-{:%Y%m%d-%H%M%S}-{:04x}", fmt::gmtime(std::time(nullptr)),
                     random() & 0xffffU);
}

Output::Output(fs::path directory, Existing existing) : directory_(std::move(directory)) {
  if (fs::exists(journal())) {
    if (existing == Existing::Refuse)
      throw UsageError(fmt::format(
          "{} already holds a run; go on with it (--resume), replace it (--overwrite) or name another "
          "directory (--out)", directory_.string()));
    if (existing == Existing::Overwrite) {
      // Only what a run writes: nobody's other files are lost to a wrong --out.
      for (const char* file : {"journal.ndjson", "results.json", "report.html"}) fs::remove(directory_ / file);
      fs::remove_all(directory_ / "findings");
    }
  }
  fs::create_directories(directory_);
  journal_ = std::make_unique<record::JournalWriter>(journal());
  link_latest(directory_);
}

std::vector<std::string>& command_line() {
  static std::vector<std::string> words;
  return words;
}

std::string command() {
  const char* given = std::getenv("DMABUF_CONFORM_COMMAND");
  return given == nullptr || *given == '\0' ? "dmabuf-conform" : given;
}

void Output::write(const record::Record& record) {
  const std::scoped_lock lock(mutex_);
  if (const auto* found = std::get_if<record::Finding>(&record)) {
    record::Finding copy = *found;
    constexpr std::string_view kProgram = "dmabuf-conform ";
    if (copy.replay.starts_with(kProgram)) copy.replay = command() + " " + copy.replay.substr(kProgram.size());
    journal_->write(copy);
    const record::Finding* finding = &copy;
    const fs::path place = directory_ / "findings" / finding->id;
    fs::create_directories(place);
    reports::write_file(place / (has_calls(*finding) ? "calls.txt" : "repro.dbt"), trace_text(*finding));
    if (!finding->kernel_log.empty()) reports::write_file(place / "kernel.txt", finding->kernel_log);
    return;
  }
  journal_->write(record);
}

std::vector<record::Run> Output::runs() const {
  journal_->sync();
  return record::read_runs(journal());
}

void Output::render() const {
  const std::vector<record::Run> all = runs();
  reports::write_file(directory_ / "results.json", reports::results_json(all));
  reports::write_file(directory_ / "report.html", reports::render_html(all));
}

bool has_calls(const record::Finding& finding) {
  return finding.token.empty() && finding.first_case.starts_with("check.");
}

std::string trace_text(const record::Finding& finding) {
  if (has_calls(finding)) {
    std::string calls = fmt::format("# {}\n# {}\n", finding.summary, finding.replay);
    for (const record::Step& step : finding.trace) calls += fmt::format("{} -> {}\n", step.operation, step.outcome);
    return calls;
  }
  std::string text = fmt::format("# dbt 1 model={}\n# {}\n# {}\n", model::model_hash(), finding.summary,
                                 finding.replay);
  for (const record::Step& step : finding.trace) text += step.operation + "\n";
  return text;
}

std::vector<record::Run> read_run(const fs::path& place) {
  const fs::path journal = fs::is_directory(place) ? place / "journal.ndjson" : place;
  if (!fs::exists(journal))
    throw UsageError(fmt::format("{}: no such journal; name a directory that 'run' wrote", journal.string()));
  std::vector<record::Run> runs = record::read_runs(journal);
  // A file that merely exists is no journal: a report of nothing must not look like one of something.
  const auto blank = [](const record::Run& run) {
    return run.damaged_lines > 0 && !run.start && run.cases.empty() && run.findings.empty() && run.skips.empty();
  };
  if (!runs.empty() && std::ranges::all_of(runs, blank))
    throw UsageError(fmt::format("{}: no record of a run in it, {} damaged lines; name a directory that 'run' wrote",
                                 journal.string(), runs.front().damaged_lines));
  return runs;
}

std::string new_uuid() {
  std::random_device random;
  const auto word = [&] { return (std::uint64_t{random()} << 32U) | random(); };
  const std::uint64_t high = (word() & ~std::uint64_t{0xf000}) | 0x4000;
  const std::uint64_t low = (word() >> 2U) | (std::uint64_t{1} << 63U);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xffffU,
                     high & 0xffffU, low >> 48U, low & 0xffff'ffff'ffffULL);
}

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

}  // namespace dmabuf::app
