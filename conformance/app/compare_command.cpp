// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "dmabuf/reports/compare.hpp"
#include "dmabuf/reports/text.hpp"
#include "exit_code.hpp"
#include "exit_map.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace dmabuf::app {

void add_compare_command(CLI::App& app, int& status) {
  struct Request {
    std::string base, now, format = "text";
  };
  auto request = std::make_shared<Request>();
  CLI::App* command = app.add_subcommand("compare", "two runs: what is new, regressed, open, fixed, no longer run");
  command->footer(
      "Exit: 0 nothing new, 1 something new or regressed, 2 not comparable.\n"
      "Examples:\n  dmabuf-conform compare night1 night2\n  dmabuf-conform compare night1 night2 --format json");
  command->add_option("base", request->base, "directory of the older run, or its journal")->required();
  command->add_option("new", request->now, "directory of the newer one")->required();
  command->add_option("--format", request->format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  command->callback([request, &status] {
    const reports::Comparison comparison = reports::compare(read_run(request->base), read_run(request->now));
    fmt::print("{}", request->format == "json" ? reports::comparison_json(comparison) : reports::render_comparison(comparison));
    status = comparison.exit_code();
  });
}

void add_merge_command(CLI::App& app, int& status) {
  struct Request {
    std::vector<std::string> parts;
    std::string out;
    bool force = false, overwrite = false;
    ExitMap exit;
  };
  auto request = std::make_shared<Request>();
  CLI::App* command = app.add_subcommand("merge", "shards of a run as one run; says what is missing");
  command->footer(
      "Shards have the same tool, model, base seed and number of cases. The result can be merged again.\n"
      "Examples:\n  dmabuf-conform merge r/1 r/2 r/3 r/4 --out night\n  dmabuf-conform merge r/* --out night --exit-policy completed");
  command->add_option("runs", request->parts, "directories of runs, or journals")->required();
  command->add_option("--out", request->out, "directory of the merged run")->required();
  command->add_flag("--force", request->force, "merge what does not belong together; the result is marked and inconclusive");
  command->add_flag("--overwrite", request->overwrite, "replace the run in --out");
  add_exit_options(*command, request->exit);
  command->callback([request, &status] {
    std::vector<std::vector<record::Run>> parts;
    for (const std::string& part : request->parts) parts.push_back(read_run(part));
    const auto merged = reports::merge(parts, request->force);
    if (!merged) throw UsageError(merged.error());
    for (const std::string& complaint : merged->complaints) fmt::print(stderr, "{}\n", complaint);
    Output output(request->out, request->overwrite ? Existing::Overwrite : Existing::Refuse);
    for (const record::Run& run : merged->runs)
      for (const record::Record& record : reports::records_of(run)) output.write(record);
    output.render();
    const std::vector<record::Run> runs = output.runs();
    reports::TextOptions text;
    text.colour = wants_colour() ? reports::Colour::Yes : reports::Colour::No;
    text.missing_rows = 0;
    fmt::print("{}", reports::render_text(runs, text));
    status = mapped_exit(exit_code_of(runs), runs, request->exit);
  });
}

}  // namespace dmabuf::app
