// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "commands.hpp"
#include "dmabuf/record/run.hpp"
#include "dmabuf/reports/html.hpp"
#include "dmabuf/reports/json.hpp"
#include "dmabuf/reports/text.hpp"
#include "dmabuf/reports/write.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace dmabuf::app {

void add_report_command(CLI::App& app, int& status) {
  struct Request {
    std::string run;
    std::string format = "text";
    std::string file;
  };
  auto request = std::make_shared<Request>();
  CLI::App* command = app.add_subcommand("report", "render a run's journal");
  command->footer("Examples:\n  dmabuf-conform report latest\n  dmabuf-conform report latest --format html -o page.html");
  command->add_option("run", request->run, "directory of a run, or its journal")->required();
  command->add_option("--format", request->format, "text, json or html")
      ->check(CLI::IsMember({"text", "json", "html"}))
      ->capture_default_str();
  command->add_option("-o,--output", request->file, "write here instead of to stdout");
  command->callback([request, &status] {
    std::filesystem::path journal = request->run;
    if (std::filesystem::is_directory(journal)) journal /= "journal.ndjson";
    if (!std::filesystem::exists(journal))
      throw UsageError(fmt::format("{}: no such journal; name a directory that 'run' wrote", journal.string()));
    const std::vector<record::Run> runs = record::read_runs(journal);
    // A file that merely exists is no journal: a report of nothing must not look like one of something.
    const auto blank = [](const record::Run& run) {
      return run.damaged_lines > 0 && !run.start && run.cases.empty() && run.findings.empty() && run.skips.empty();
    };
    if (std::ranges::all_of(runs, blank) && !runs.empty())
      throw UsageError(fmt::format("{}: no record of a run in it, {} damaged lines; name a directory that 'run' wrote",
                                   journal.string(), runs.front().damaged_lines));
    reports::TextOptions text;
    text.colour = request->file.empty() && wants_colour() ? reports::Colour::Yes : reports::Colour::No;
    const std::string rendered = request->format == "html"   ? reports::render_html(runs)
                                 : request->format == "json" ? reports::results_json(runs)
                                                             : reports::render_text(runs, text);
    if (request->file.empty())
      fmt::print("{}", rendered);
    else
      reports::write_file(request->file, rendered);
    status = kConforms;
  });
}

}  // namespace dmabuf::app
