// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <vector>

#include "campaign.hpp"
#include "commands.hpp"
#include "dmabuf/reference/mutant.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "stop.hpp"

namespace dmabuf::app {
namespace {

/// Keeps findings and drops the rest.
class Findings final : public conformance::Sink {
 public:
  void write(const record::Record& record) override {
    if (const auto* finding = std::get_if<record::Finding>(&record)) last = *finding;
  }
  std::optional<record::Finding> last;
};

struct Row {
  std::string name;
  bool caught = false;
  std::uint64_t cases = 0, operations = 0;
  double seconds = 0;
  std::size_t length = 0;
  std::string clauses;
};

Row hunt(const reference::MutantInfo& mutant, CampaignSettings settings) {
  const Target target{Where::Reference, "", std::string(mutant.exporter), std::string(mutant.name)};
  OpenedTarget opened = open_target(target);
  settings.max_findings = 1;
  Findings sink;
  const auto start = std::chrono::steady_clock::now();
  const conformance::CampaignResult result =
      run_campaign(*opened.adapter, opened.profile, campaign_options(settings, target, opened, {}), sink);
  Row row;
  row.name = mutant.name;
  row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  row.caught = sink.last.has_value();
  row.cases = result.stop.cases;
  row.operations = result.stop.operations;
  if (row.caught) {
    row.length = sink.last->trace.size();
    for (const record::Clause& clause : sink.last->clauses)
      row.clauses += fmt::format("{}{}", row.clauses.empty() ? "" : " ", clause.id);
  }
  return row;
}

}  // namespace

void add_mutants_command(CLI::App& app, int& status) {
  struct Request {
    CampaignSettings settings;
    std::string only;
  };
  auto request = std::make_shared<Request>();
  request->settings.cases = 2000;
  CLI::App* command = app.add_subcommand("mutants", "test the tester: every bug of the catalogue must be caught");
  command->footer("Exit: 0 if all were caught, 1 if one survived.\n"
                  "Examples:\n  dmabuf-conform mutants\n  dmabuf-conform mutants dup_not_counted --seed 3");
  command->add_option("name", request->only, "one mutant instead of all");
  command->add_option("--cases", request->settings.cases, "cases each may take")->check(kCount)->capture_default_str();
  command->add_option_function<std::string>(
      "--seed", [request](const std::string& text) { request->settings.seed = parse_seed(text); }, "base seed");
  command->callback([request, &status] {
    if (!request->only.empty() && reference::find_mutant(request->only) == nullptr)
      throw UsageError(fmt::format("no mutant is called '{}'; 'dmabuf-conform list mutants' shows all", request->only));
    std::vector<std::size_t> lengths;
    std::size_t survivors = 0;
    fmt::print("{:<34} {:>6} {:>8} {:>7} {:>6}  {}\n", "mutant", "cases", "ops", "seconds", "length", "clauses named");
    for (const reference::MutantInfo& mutant : reference::mutants()) {
      if (!request->only.empty() && mutant.name != request->only) continue;
      if (stop_requested()) break;
      const Row row = hunt(mutant, request->settings);
      if (row.caught) {
        lengths.push_back(row.length);
        fmt::print("{:<34} {:>6} {:>8} {:>7.2f} {:>6}  {}\n", row.name, row.cases, row.operations, row.seconds,
                   row.length, row.clauses);
      } else {
        ++survivors;
        fmt::print("{:<34} SURVIVED {} cases\n", row.name, row.cases);
      }
    }
    std::ranges::sort(lengths);
    if (!lengths.empty())
      fmt::print("{} caught, {} survived; counterexamples: median {} operations, longest {}\n", lengths.size(),
                 survivors, lengths[lengths.size() / 2], lengths.back());
    status = stop_requested() ? kStopped : survivors == 0 ? kConforms : kFindings;
  });
}

}  // namespace dmabuf::app
