// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "check_cases.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "run_command.hpp"

namespace dmabuf::app {

void add_check_command(CLI::App& app, int& status) {
  auto request = std::make_shared<RunRequest>();
  initialise(*request);
  request->settings.cases = 0;
  request->settings.traces.clear();
  request->settings.checks.run = true;
  CLI::App* command = app.add_subcommand("check", "carry out directed checks, and nothing else");
  command->footer(
      "Examples:\n"
      "  dmabuf-conform check --target vm:debian:6.12\n"
      "  dmabuf-conform check --target vm:debian:6.12/udmabuf udm.create-order\n"
      "  dmabuf-conform check --target native:vgem prm 'vgm.fence*'");
  command->add_option("--target", request->targets, "a kernel, or one exporter of it (repeatable)")
      ->required()
      ->allow_extra_args(false);  // what follows the target is a check
  command->add_option("checks", request->settings.checks.names,
                      "names, areas or patterns; default: all but those in reserve");
  command->add_flag("--all", request->settings.checks.reserve,
                    "slow and dangerous checks too (dangerous ones in guests only)");
  command->add_option("--out", request->out, "directory of the run; default: a new one here");
  command->add_flag_function(
      "--resume", [request](std::int64_t) { request->existing = Existing::Resume; },
      "go on with the run in --out");
  command->add_flag_function(
      "--overwrite", [request](std::int64_t) { request->existing = Existing::Overwrite; },
      "replace the run in --out");
  command->add_flag("--quiet", request->quiet, "no progress");
  command->callback([request, &status] {
    for (const std::string& text : request->targets) {
      const auto target = parse_target(text);
      if (!target) throw UsageError(target.error());
      if (target->where == Where::Reference)
        throw UsageError("checks are made on kernels; the reference has none");
      if (const std::string why = unknown_check(request->settings.checks.names); !why.empty())
        throw UsageError(why);
      if (chosen_checks(request->settings.checks, *target).empty())
        throw UsageError(fmt::format("none of these checks is about {}", text));
    }
    status = run_targets(*request);
  });

  // What checks execute to look at fds across exec; nobody else needs it.
  CLI::App* waiter = app.add_subcommand("wait-for-eof", "wait until stdin ends");
  waiter->group("");
  waiter->callback([&status] {
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    status = kConforms;
  });
}

}  // namespace dmabuf::app
