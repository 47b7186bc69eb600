// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string_view>

#include "commands.hpp"
#include "dmabuf/record/run.hpp"
#include "dmabuf/reports/expectations.hpp"
#include "dmabuf/reports/formats.hpp"
#include "dmabuf/reports/html.hpp"
#include "dmabuf/reports/json.hpp"
#include "dmabuf/reports/text.hpp"
#include "dmabuf/reports/write.hpp"
#include "exit_code.hpp"
#include "exit_map.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace dmabuf::app {

namespace {

struct Rendering {
  reports::KcidbOptions kcidb;
  reports::Colour colour = reports::Colour::No;
};

struct Format {
  std::string_view name;
  std::string (*render)(const std::vector<record::Run>&, const Rendering&);
};

constexpr auto kFormats = std::to_array<Format>({
    {"text", [](const auto& runs, const Rendering& r) { return reports::render_text(runs, {.colour = r.colour}); }},
    {"json", [](const auto& runs, const Rendering&) { return reports::results_json(runs); }},
    {"html", [](const auto& runs, const Rendering&) { return reports::render_html(runs); }},
    {"ktap", [](const auto& runs, const Rendering&) { return reports::render_ktap(runs); }},
    {"junit", [](const auto& runs, const Rendering&) { return reports::render_junit(runs); }},
    {"lava", [](const auto& runs, const Rendering&) { return reports::render_lava(runs); }},
    {"lava-results", [](const auto& runs, const Rendering&) { return reports::render_lava_results(runs); }},
    {"kcidb", [](const auto& runs, const Rendering& r) { return reports::render_kcidb(runs, r.kcidb); }},
    {"ndjson", [](const auto& runs, const Rendering&) { return reports::render_ndjson(runs); }},
    {"perfetto", [](const auto& runs, const Rendering&) { return reports::render_perfetto(runs); }},
});

/// Marks what is known to fail; says what has expired and what matched nothing.
void expect(const std::string& file, std::vector<record::Run>& runs) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) throw UsageError(file + ": no such list of expectations");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto expectations = reports::parse_expectations(file, text, utc_now().substr(0, 10));
  if (!expectations) throw UsageError(expectations.error());
  for (const std::string& warning : expectations->warnings) fmt::print(stderr, "{}\n", warning);
  for (const std::string& stale : reports::apply(*expectations, runs)) fmt::print(stderr, "{}\n", stale);
}

}  // namespace

void add_report_command(CLI::App& app, int& status) {
  struct Request {
    std::string run;
    std::string format = "text";
    std::string file;
    reports::KcidbOptions kcidb;
    ExitMap exit;
    std::vector<std::string> expect;
  };
  auto request = std::make_shared<Request>();
  CLI::App* command = app.add_subcommand("report", "render a run's journal");
  command->footer(
      "Examples:\n"
      "  dmabuf-conform report latest\n"
      "  dmabuf-conform report latest --format html -o page.html\n"
      "  dmabuf-conform report latest --format junit -o junit.xml\n"
      "  dmabuf-conform report latest --format kcidb --origin my_lab --artifact-url-prefix https://ci.example.org/17\n"
      "  dmabuf-conform report latest --format ktap --exit-map kselftest\n"
      "  dmabuf-conform report latest --expect board-fails.txt --exit-policy verdict");
  command->add_option("run", request->run, "directory of a run, or its journal")->required();
  std::string formats;
  std::set<std::string> names;
  for (const Format& format : kFormats) {
    formats += fmt::format("{}{}", formats.empty() ? "" : ", ", format.name);
    names.emplace(format.name);
  }
  command->add_option("--format", request->format, formats)->check(CLI::IsMember(names))->capture_default_str();
  command->add_option("-o,--output", request->file, "write here instead of to stdout");
  command->add_option("--origin", request->kcidb.origin, "kcidb: the CI system that submits, [a-z0-9_]+")
      ->check(CLI::Validator(
          [](std::string& origin) {
            return reports::is_kcidb_origin(origin) ? std::string() : "'" + origin + "' is no origin: [a-z0-9_]+";
          },
          ""))
      ->capture_default_str();
  command->add_option("--kcidb-build-id", request->kcidb.build_id, "kcidb: a build that KernelCI has already (origin:id)")
      ->check(CLI::Validator(
          [](std::string& id) {
            const auto colon = id.find(':');
            return colon != std::string::npos && reports::is_kcidb_origin(id.substr(0, colon))
                       ? std::string()
                       : "'" + id + "' is no build id; write origin:id";
          },
          ""));
  command->add_option("--artifact-url-prefix", request->kcidb.artifact_url_prefix,
                      "kcidb: where the run's directory can be fetched (https://…)");
  command->add_option("--expect", request->expect, "known failures, as DRM CI has them: NAME-fails.txt, NAME-flakes.txt (repeatable)");
  add_exit_options(*command, request->exit, {"rendered", "verdict", "completed"});
  command->callback([request, &status] {
    std::vector<record::Run> runs = read_run(request->run);
    for (const std::string& file : request->expect) expect(file, runs);
    const Rendering rendering{.kcidb = request->kcidb,
                              .colour = request->file.empty() && wants_colour() ? reports::Colour::Yes : reports::Colour::No};
    const auto format = std::ranges::find(kFormats, request->format, &Format::name);
    const std::string rendered = format->render(runs, rendering);
    if (request->file.empty())
      fmt::print("{}", rendered);
    else
      reports::write_file(request->file, rendered);
    // A report that was drawn is a success, unless the run's own status is asked for.
    const bool asked = request->exit.policy != "rendered" || request->exit.map != "native";
    status = asked ? mapped_exit(exit_code_of(runs), runs, request->exit) : kConforms;
  });
}

}  // namespace dmabuf::app
