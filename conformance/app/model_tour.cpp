// SPDX-License-Identifier: MIT
#include "model_tour.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "dmabuf/conformance/signature.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/model/tour.hpp"
#include "exit_code.hpp"
#include "output.hpp"

namespace dmabuf::app {
namespace {

struct Wishes {
  std::string exporter = "reference:eager", kernel = "reference", out, only;
  std::size_t longest = 200;
  bool pairs = false;
};

int tour(const Wishes& wishes) {
  const model::KernelProfile* kernel = model::find_kernel_profile(wishes.kernel);
  const model::ExporterProfile* exporter = model::find_exporter_profile(wishes.exporter);
  if (kernel == nullptr) throw UsageError(fmt::format("no kernel profile is called '{}'; see: list profiles", wishes.kernel));
  if (exporter == nullptr) throw UsageError(fmt::format("no exporter profile is called '{}'; see: list profiles", wishes.exporter));
  const std::filesystem::path out = wishes.out;
  if (!out.empty()) std::filesystem::create_directories(out);
  fmt::print("model {}: {} on {}, pieces of at most {} operations\n", model::model_hash(), exporter->name, kernel->name,
             wishes.longest);
  fmt::print("{:<12} {:>7} {:>12} {:>12} {:>12} {:>7} {:>7}  {}\n", "world", "states", wishes.pairs ? "pairs" : "transitions",
             "covered", "operations", "each", "pieces", "walk");
  bool whole = true, found = wishes.only.empty();
  std::string known;
  const model::Profile profile{*kernel, *exporter, {.name = "", .guards_misuse = true}, model::fences_beside(exporter->name),
                               model::queue_beside(exporter->name)};
  for (const model::Configuration& c : model::tour_configurations(profile)) {
    known += " " + c.name;
    if (!wishes.only.empty() && c.name != wishes.only) continue;
    found = true;
    model::Tour planned;
    try {
      planned = model::plan_tour(c, {wishes.longest, wishes.pairs});
    } catch (const std::invalid_argument& error) {
      throw UsageError(fmt::format("{}: {}", c.name, error.what()));
    }
    std::string walk;  // all of it, to be told from any other
    for (const std::vector<model::Operation>& piece : planned.pieces) walk += conformance::to_text(conformance::Program{piece}, "");
    fmt::print("{:<12} {:>7} {:>12} {:>12} {:>12} {:>7.2f} {:>7}  {}\n", c.name, planned.states, planned.transitions,
               planned.covered, planned.operations,
               static_cast<double>(planned.operations) / static_cast<double>(planned.transitions), planned.pieces.size(),
               conformance::signature_id(walk));
    whole = whole && planned.covered == planned.transitions;
    if (out.empty()) continue;
    for (std::size_t i = 0; i < planned.pieces.size(); ++i) {
      std::ofstream file(out / fmt::format("{}-{:03}.dbt", c.name, i + 1));
      file << conformance::to_text(conformance::Program{planned.pieces[i]}, model::model_hash());
      if (!file.flush()) throw UsageError(fmt::format("cannot write to {}", out.string()));
    }
  }
  if (!found) throw UsageError(fmt::format("no world is called '{}'; there are{}", wishes.only, known));
  return whole ? kConforms : kInconclusive;
}

}  // namespace

void add_model_tour(CLI::App& model, int& status) {
  auto wishes = std::make_shared<Wishes>();
  CLI::App* command = model.add_subcommand("tour", "plan walks that take every step of small worlds, in pieces that end in full release");
  command->add_option("--exporter", wishes->exporter, "a profile of 'list profiles'")->capture_default_str();
  command->add_option("--kernel", wishes->kernel, "a profile of 'list profiles'")->capture_default_str();
  command->add_option("--configuration", wishes->only, "one world instead of all");
  command->add_option("--longest", wishes->longest, "operations of a piece at most")->check(CLI::Range(20, 4000))->capture_default_str();
  command->add_flag("--pairs", wishes->pairs, "cover every two steps that can follow each other");
  command->add_option("--out", wishes->out, "write the pieces there, as .dbt files");
  command->footer("A step is an operation, permitted or refused, in one of the worlds that a caller can see.\nExamples:\n"
                  "  dmabuf-conform model tour --out conformance/traces/tour/reference-eager\n"
                  "  dmabuf-conform model tour --exporter vgem --kernel 6.12 --pairs\n"
                  "  dmabuf-conform run --target reference:eager --tour reference-eager");
  command->callback([wishes, &status] { status = tour(*wishes); });
}

}  // namespace dmabuf::app
