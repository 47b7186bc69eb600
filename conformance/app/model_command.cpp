// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "dmabuf/model/table.hpp"
#include "exit_code.hpp"
#include "model_check.hpp"
#include "model_diagram.hpp"
#include "model_diff.hpp"
#include "model_explore.hpp"
#include "model_prove.hpp"
#include "model_tour.hpp"

namespace dmabuf::app {

void add_model_command(CLI::App& app, int& status) {
  CLI::App* model = app.add_subcommand("model", "the contract itself: check it, explore it, compare it, print it, draw it");
  model->require_subcommand(1);

  auto only = std::make_shared<std::string>();
  auto profiles = std::make_shared<bool>(false);
  CLI::App* check = model->add_subcommand("check", "explore small worlds exhaustively and prove the invariants");
  check->add_option("--configuration", *only, "one configuration instead of all");
  check->add_flag("--profiles", *profiles, "small worlds of every kernel and exporter that has a profile instead");
  check->footer("Examples:\n  dmabuf-conform model check\n  dmabuf-conform model check --configuration sharing");
  check->callback([only, profiles, &status] { status = check_model(*only, *profiles); });

  add_model_explore(*model, status);
  add_model_prove(*model, status);

  CLI::App* tables = model->add_subcommand("tables", "the flat transition tables, one row a line");
  tables->footer("Example:\n  dmabuf-conform model tables | grep attachment");
  tables->callback([&status] {
    fmt::print("# model {}\n{}", model::model_hash(), model::tables_text());
    status = kConforms;
  });

  add_model_diagram(*model, status);
  add_model_diff(*model, status);
  add_model_tour(*model, status);
}

}  // namespace dmabuf::app
