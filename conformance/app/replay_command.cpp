// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "commands.hpp"
#include "dmabuf/conformance/campaign.hpp"
#include "dmabuf/conformance/token.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/reports/text.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "registry.hpp"
#include "vm_runner.hpp"

namespace dmabuf::app {
namespace {

struct ReplayRequest {
  std::string target = "reference:eager";
  std::string what;
  std::chrono::milliseconds shrink_time{0};
  bool bisect = false;
  bool json = false;
};

/// Traces outlive models; what one says may have changed.
void mention_model(const std::string& made_under) {
  if (!made_under.empty() && made_under != model::model_hash())
    fmt::print(stderr, "note: the trace was made under model {}, this is {}\n", made_under, model::model_hash());
}

conformance::Program load_program(const std::string& what) {
  if (what.starts_with("dbt1:")) {
    auto program = conformance::decode_token(what);
    if (!program) throw UsageError(program.error());
    mention_model(program->model);
    return program->program;
  }
  auto trace = conformance::load_trace(what);
  if (!trace) throw UsageError(trace.error());
  return trace->program;
}

int not_there(const std::string& target, const std::string& reason, const std::string& remedy) {
  fmt::print(stderr, "{}: SKIPPED, not tested: {}\n  remedy: {}\n", target, reason, remedy);
  return kNotApplicable;
}

int answer(const Replayed& replayed, const Target& target) {
  if (replayed.not_there) return not_there(target.text(), replayed.not_there->reason, replayed.not_there->remedy);
  reports::TextOptions text;
  text.colour = wants_colour() ? reports::Colour::Yes : reports::Colour::No;
  if (replayed.finding) {
    fmt::print("{}", reports::render_finding(*replayed.finding, text));
    return kFindings;
  }
  if (replayed.skipped > 0 || replayed.carried_out == 0) {
    fmt::print("{}: inconclusive: {} operations carried out and as the contract allows, {} not carried out (the target "
               "cannot do them, or they had no meaning when their turn came)\n",
               target.text(), replayed.carried_out, replayed.skipped);
    return kInconclusive;
  }
  fmt::print("{}: conforms on this trace ({} operations)\n", target.text(), replayed.carried_out);
  return kConforms;
}

int replay(const ReplayRequest& request) {
  const auto target = parse_target(request.target);
  if (!target) throw UsageError(target.error());
  if (target->exporter.empty())
    throw UsageError(fmt::format("replay needs one exporter; '{}' is several", request.target));
  const conformance::Program program = load_program(request.what);
  if (target->where == Where::Vm) return answer(replay_in_vm(*target, program, request.shrink_time), *target);

  OpenedTarget opened = open_target(*target);
  if (opened.adapter == nullptr) return not_there(target->text(), opened.reason, opened.remedy);
  conformance::Runner runner(*opened.adapter, opened.profile);
  conformance::ShrinkLimits limits;
  limits.time = request.shrink_time;
  Replayed replayed;
  conformance::Carried carried;
  replayed.finding = examine(runner, program, target->text(), limits, nullptr, &carried);
  replayed.carried_out = carried.out;
  replayed.skipped = carried.skipped;
  if (replayed.finding && !opened.kernel_release.empty()) replayed.finding->kernel = opened.kernel_release;
  return answer(replayed, *target);
}

}  // namespace

void add_replay_command(CLI::App& app, int& status) {
  for (const bool shrinks : {false, true}) {
    auto request = std::make_shared<ReplayRequest>();
    if (shrinks) request->shrink_time = std::chrono::seconds(60);
    CLI::App* command = app.add_subcommand(
        shrinks ? "shrink" : "replay",
        shrinks ? "find the shortest trace with the same divergence" : "run one trace and judge it");
    command->footer(shrinks ? "Example:\n  dmabuf-conform shrink --target 'reference:udmabuf!dup_not_counted' found.dbt"
                            : "Exit: 0 conforms, 1 diverges. With --bisect: 0, 1, else 125, as 'git bisect run' wants.\n"
                              "Example:\n  dmabuf-conform replay --target vm:debian:6.12/udmabuf dbt1:…");
    command->add_option("--target", request->target, "what to run it on")->capture_default_str();
    command->add_option("trace", request->what, "dbt1:… token, or a .dbt file")->required();
    if (!shrinks) command->add_flag("--bisect", request->bisect, "anything but 0 and 1 becomes 125");
    command->callback([request, &status] {
      try {
        status = replay(*request);
      } catch (const std::exception& error) {
        if (!request->bisect) throw;
        fmt::print(stderr, "dmabuf-conform: {}\n", error.what());
        status = 125;
      }
      if (request->bisect && status > 1) status = 125;
    });
  }
}

}  // namespace dmabuf::app
