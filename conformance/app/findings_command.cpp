// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "dmabuf/record/codec.hpp"
#include "dmabuf/reports/reproducer.hpp"
#include "dmabuf/reports/text.hpp"
#include "dmabuf/reports/write.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace dmabuf::app {
namespace {

std::vector<record::Finding> findings_in(const std::string& place) {
  std::vector<record::Finding> all;
  for (const record::Run& run : read_run(place)) all.insert(all.end(), run.findings.begin(), run.findings.end());
  return all;
}

/// The one whose id or signature begins like this.
record::Finding finding_named(const std::string& place, const std::string& id) {
  const std::vector<record::Finding> all = findings_in(place);
  std::vector<const record::Finding*> found;
  std::string known;
  for (const record::Finding& finding : all) {
    known += fmt::format("\n  {}  {}", finding.id, finding.target);
    if (finding.id.starts_with(id) || finding.signature == id) found.push_back(&finding);
  }
  if (found.empty())
    throw UsageError(fmt::format("no finding '{}' in {}{}", id, place, all.empty() ? "; it has none" : "; it has" + known));
  for (const record::Finding* other : found)
    if (other->signature != found.front()->signature)
      throw UsageError(fmt::format("'{}' is more than one finding of {}{}", id, place, known));
  return *found.front();
}

void add_list(CLI::App& findings, int& status) {
  auto place = std::make_shared<std::string>("latest");
  CLI::App* command = findings.add_subcommand("list", "one line for each finding of a run");
  command->footer("Examples:\n  dmabuf-conform findings list\n  dmabuf-conform findings list night1");
  command->add_option("run", *place, "directory of a run, or its journal")->capture_default_str();
  command->callback([place, &status] {
    for (const record::Finding& f : findings_in(*place))
      fmt::print("{}  {:<10} {:>5}x  {}  {}\n", f.id, record::to_string(f.kind), f.count, f.target, f.summary);
    status = kConforms;
  });
}

struct Request {
  std::string id;
  std::string place = "latest";
  std::string exporter;
  std::string file;
  bool c = false, trace = false, json = false;
};

int show(const Request& request) {
  const record::Finding finding = finding_named(request.place, request.id);
  std::string text;
  if (request.c) {
    const auto program = reports::render_c(finding, request.exporter);
    if (!program) {
      fmt::print(stderr, "{}: no C program: {}\n", finding.id, program.error());
      return kNotApplicable;
    }
    text = *program;
  } else if (request.trace) {
    text = trace_text(finding);
  } else if (request.json) {
    text = record::to_json_line({1, 0, finding}) + "\n";
  } else {
    reports::TextOptions options;
    options.colour = request.file.empty() && wants_colour() ? reports::Colour::Yes : reports::Colour::No;
    text = reports::render_finding(finding, options);
  }
  if (request.file.empty())
    fmt::print("{}", text);
  else
    reports::write_file(request.file, text);
  return kConforms;
}

void add_show(CLI::App& findings, int& status) {
  auto request = std::make_shared<Request>();
  CLI::App* command = findings.add_subcommand("show", "one finding: as text, as a trace, as JSON, as a C program");
  command->footer(
      "Examples:\n"
      "  dmabuf-conform findings show 885a\n"
      "  dmabuf-conform findings show 885a night1 --trace > found.dbt\n"
      "  dmabuf-conform findings show 885a --c -o repro.c && gcc -Wall -o repro repro.c\n"
      "  dmabuf-conform findings show 885a --c --exporter udmabuf\n"
      "The C program exits with 0 if the bug does not show, 1 if it does, 2 if an earlier step went otherwise, 4 if the\n"
      "machine lacks what it takes.");
  command->add_option("id", request->id, "the finding's id, or how it begins")->required();
  command->add_option("run", request->place, "directory of a run, or its journal")->capture_default_str();
  auto* c = command->add_flag("--c", request->c, "a C program that shows the bug and needs nothing of ours");
  auto* trace = command->add_flag("--trace", request->trace, "the counterexample as .dbt")->excludes(c);
  command->add_flag("--json", request->json, "the journal's record")->excludes(c)->excludes(trace);
  command->add_option("--exporter", request->exporter, "with --c: the exporter to write it for; default: the finding's")->needs(c);
  command->add_option("-o,--output", request->file, "write here instead of to stdout");
  command->callback([request, &status] { status = show(*request); });
}

}  // namespace

void add_findings_command(CLI::App& app, int& status) {
  CLI::App* findings = app.add_subcommand("findings", "what a run has found: list it, show it, make a C program of it");
  findings->require_subcommand(1);
  add_list(*findings, status);
  add_show(*findings, status);
}

}  // namespace dmabuf::app
