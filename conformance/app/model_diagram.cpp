// SPDX-License-Identifier: MIT
#include "model_diagram.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "dmabuf/model/table.hpp"
#include "dmabuf/record/run.hpp"
#include "exit_code.hpp"
#include "output.hpp"

namespace dmabuf::app {
namespace {

struct Wishes {
  std::string machine, run, target;
};

/// The rows that the targets of a run took, and those they could have taken. Rows that read the same are told apart by no
/// run: they count as taken together.
model::Travelled travelled(const std::string& path, const std::string& target) {
  std::set<std::string> hit, missing;
  std::string targets;
  bool any = false;
  for (const record::Run& run : read_run(path)) {
    targets += " " + run.target();
    if ((!target.empty() && run.target() != target) || !run.coverage) continue;
    if (run.start && run.start->model != model::model_hash())
      throw UsageError(fmt::format("{}: {} was run with model {}, and this one is {}", path, run.target(), run.start->model,
                                   model::model_hash()));
    any = true;
    hit.insert(run.coverage->hit.begin(), run.coverage->hit.end());
    missing.insert(run.coverage->missing.begin(), run.coverage->missing.end());
  }
  if (!any)
    throw UsageError(fmt::format("{}: no coverage of {}; its targets:{}", path, target.empty() ? "any target" : "'" + target + "'",
                                 targets.empty() ? " none" : targets));
  model::Travelled rows;
  for (const model::RowInfo& row : model::rows()) {
    const std::string text = model::edge(row);
    rows.taken.set(row.id, hit.contains(text));
    rows.possible.set(row.id, hit.contains(text) || missing.contains(text));
  }
  return rows;
}

void draw(const Wishes& wishes) {
  std::optional<model::Travelled> rows;
  if (!wishes.run.empty()) rows = travelled(wishes.run, wishes.target);
  bool found = false;
  std::string known;
  for (const model::MachineInfo& info : model::machines()) {
    known += fmt::format(" {}", info.name);
    if (!wishes.machine.empty() && wishes.machine != info.name) continue;
    fmt::print("{}", model::dot(info, rows ? &*rows : nullptr));
    found = true;
  }
  if (!found) throw UsageError(fmt::format("no machine is called '{}'; there are{}", wishes.machine, known));
}

}  // namespace

void add_model_diagram(CLI::App& model, int& status) {
  auto wishes = std::make_shared<Wishes>();
  CLI::App* diagram = model.add_subcommand("diagram", "a machine as graphviz text; pipe it to 'dot -Tsvg'");
  diagram->add_option("machine", wishes->machine, "buffer, fd, attachment, …; default: all");
  CLI::Option* run = diagram->add_option("--run", wishes->run, "draw what this run (its directory or journal) has gone through");
  diagram->add_option("--target", wishes->target, "of that run, this target alone")->needs(run);
  diagram->footer(
      "With --run: bold was taken, dashed could have been and was not, grey is out of reach of these targets.\n"
      "Examples:\n"
      "  dmabuf-conform model diagram attachment | dot -Tsvg > attachment.svg\n"
      "  dmabuf-conform model diagram attachment --run latest | dot -Tsvg > covered.svg");
  diagram->callback([wishes, &status] {
    draw(*wishes);
    status = kConforms;
  });
}

}  // namespace dmabuf::app
