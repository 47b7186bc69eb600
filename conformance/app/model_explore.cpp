// SPDX-License-Identifier: MIT
#include "model_explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/table.hpp"
#include "exit_code.hpp"
#include "model_trace.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace dmabuf::app {
namespace {

struct Wishes {
  std::string exporter = "reference:eager", kernel = "reference";
  unsigned buffers = 2, fds = 3, references = 2, attachments = 0, mappings = 0, vmas = 0, messages = 1, pages = 2;
  std::vector<std::string> operations;
  unsigned threads = 0;
  std::uint64_t limit = std::uint64_t{1} << 30;
  bool unguarded = false, symmetry = false, teardown = false;
};

model::Configuration configuration(const Wishes& wishes) {
  model::Configuration c;
  c.name = "explore";
  const model::KernelProfile* kernel = model::find_kernel_profile(wishes.kernel);
  const model::ExporterProfile* exporter = model::find_exporter_profile(wishes.exporter);
  if (kernel == nullptr) throw UsageError(fmt::format("no kernel profile is called '{}'; see: list profiles", wishes.kernel));
  if (exporter == nullptr) throw UsageError(fmt::format("no exporter profile is called '{}'; see: list profiles", wishes.exporter));
  c.profile = {*kernel, *exporter, {.name = "", .guards_misuse = !wishes.unguarded}};
  const auto u8 = [](unsigned value) { return static_cast<std::uint8_t>(value); };
  c.bounds.buffers = u8(wishes.buffers);
  c.bounds.fds = u8(wishes.fds);
  c.bounds.references = u8(wishes.references);
  c.bounds.attachments = u8(wishes.attachments);
  c.bounds.mappings = u8(wishes.mappings);
  c.bounds.vmas = u8(wishes.vmas);
  c.bounds.messages = u8(wishes.messages);
  c.bounds.devices = u8(wishes.attachments > 0 ? model::kDevices : 1);
  c.bounds.pages = u8(wishes.pages);
  // Fences, children, handles, memfds and full fd tables have worlds of their own (model check); beside all the rest they would not fit.
  c.bounds.fences = c.bounds.sync_files = c.bounds.children = 0;
  for (const std::size_t kind : {model::kind_of<model::op::CreateDumb>(), model::kind_of<model::op::HandleToFd>(),
                                 model::kind_of<model::op::FdToHandle>(), model::kind_of<model::op::Memfd>(),
                                 model::kind_of<model::op::CreateList>(), model::kind_of<model::op::FillFds>(),
                                 model::kind_of<model::op::FreeFds>()})
    c.bounds.kinds.reset(kind);
  if (!wishes.operations.empty()) {
    c.bounds.kinds.reset();
    for (const std::string& word : wishes.operations) {
      const auto at = std::ranges::find(model::kOperationNames, word);
      if (at == model::kOperationNames.end()) throw UsageError(fmt::format("no operation is called '{}'; see: list ops", word));
      c.bounds.kinds.set(static_cast<std::size_t>(at - model::kOperationNames.begin()));
    }
  }
  c.operations = model::all_operations(c.bounds);
  if (c.operations.empty()) throw UsageError("no operation is left within these bounds");
  c.symmetry = wishes.symmetry ? model::Symmetry::Reduced : model::Symmetry::Ignored;
  c.teardown = wishes.teardown;
  c.max_states = wishes.limit;
  c.threads = wishes.threads > 0 ? wishes.threads : std::max(1U, std::thread::hardware_concurrency());
  return c;
}

int explore(const Wishes& wishes) {
  const model::Configuration c = configuration(wishes);
  fmt::print("model {}: {} on {}, {} operations, {} threads\n", model::model_hash(), c.profile.exporter.name,
             c.profile.kernel.name, c.operations.size(), c.symmetry == model::Symmetry::Ignored ? c.threads : 1);
  model::Exploration result;
  {
    ProgressLine line("explore");
    try {
      result = model::explore(c, [&](const model::Progress& p) {
        line.show(fmt::format("{} states, {:.2f} M/s, depth {}, frontier {}, {} MiB", p.states, p.states_per_second / 1e6,
                              p.depth, p.frontier, p.bytes >> 20U));
      });
    } catch (const std::invalid_argument& error) {
      throw UsageError(error.what());
    }
    line.clear();
  }
  fmt::print("states       {:>14}   packed in {} bits\n", result.states, result.bits);
  fmt::print("transitions  {:>14}   {} of them releases\n", result.transitions, result.releases);
  fmt::print("refusals     {:>14}\n", result.refusals);
  fmt::print("not promised {:>14}   {} forbidden, {} unspecified\n", result.forbidden + result.unspecified, result.forbidden,
             result.unspecified);
  fmt::print("choices      {:>14}   operations that may come out in more than one way\n", result.choices);
  fmt::print("depth        {:>14}\n", result.depth);
  fmt::print("rows         {:>14}   of {} fired\n", result.coverage.rows.count(), model::rows().size());
  fmt::print("time         {:>13.2f}s   {:.2f} M states/s, {:.2f} a core, {:.0f} M transitions/s\n", result.seconds,
             result.states_per_second() / 1e6,
             result.cpu_seconds > 0 ? static_cast<double>(result.states) / result.cpu_seconds / 1e6 : 0,
             result.seconds > 0 ? static_cast<double>(result.transitions) / result.seconds / 1e6 : 0);
  fmt::print("memory       {:>10} MiB\n", result.bytes >> 20U);
  for (const model::Violation& violation : result.violations) fmt::print("VIOLATED {}", described(violation, c.profile));
  if (!result.violations.empty()) return kFindings;
  if (!result.complete) {
    fmt::print("GAVE UP at --limit {}: what lies beyond was not looked at\n", wishes.limit);
    return kInconclusive;
  }
  fmt::print("every reachable state visited; the invariants hold in all of them{}\n",
             c.teardown ? "" : " (teardown-works: only with --teardown)");
  return kConforms;
}

}  // namespace

void add_model_explore(CLI::App& model, int& status) {
  auto wishes = std::make_shared<Wishes>();
  CLI::App* explorer = model.add_subcommand("explore", "explore a world of your own size and prove the invariants in it");
  explorer->add_option("--exporter", wishes->exporter, "a profile of 'list profiles'")->capture_default_str();
  explorer->add_option("--kernel", wishes->kernel, "a profile of 'list profiles'")->capture_default_str();
  const auto bound = [&](const char* name, unsigned& value, unsigned least, unsigned most) {
    explorer->add_option(name, value, fmt::format("{} to {}", least, most))->check(CLI::Range(least, most))->capture_default_str();
  };
  bound("--buffers", wishes->buffers, 1, model::kMaxBuffers);
  bound("--fds", wishes->fds, 0, model::kMaxFds);
  bound("--references", wishes->references, 0, model::kMaxReferences);
  bound("--attachments", wishes->attachments, 0, model::kMaxAttachments);
  bound("--mappings", wishes->mappings, 0, model::kMaxMappings);
  bound("--vmas", wishes->vmas, 0, model::kMaxVmas);
  bound("--messages", wishes->messages, 0, model::kMaxMessages);
  bound("--pages", wishes->pages, 1, model::kMaxPages);
  explorer->add_option("--ops", wishes->operations, "only these kinds of operations, of 'list ops'")->delimiter(',');
  explorer->add_flag("--unguarded", wishes->unguarded, "an importer that does not guard against misuse");
  explorer->add_flag("--symmetry", wishes->symmetry, "one world for all that differ in slot numbers only (one thread)");
  explorer->add_flag("--teardown", wishes->teardown, "carry out the model's teardown in every state (slow)");
  explorer->add_option("--threads", wishes->threads, "0: one for each core")->capture_default_str();
  explorer->add_option("--limit", wishes->limit, "give up beyond so many states")->capture_default_str();
  explorer->footer(
      "Progress goes to stderr. Exit status: 0 all invariants hold, 1 one is violated, 2 gave up at --limit.\n"
      "Examples:\n"
      "  dmabuf-conform model explore --buffers 2 --fds 4 --references 3 --messages 2\n"
      "  dmabuf-conform model explore --exporter vgem --kernel 6.12 --buffers 1 --attachments 2 --mappings 3\n"
      "  dmabuf-conform model explore --ops create,dup,close,get,put --exporter udmabuf --fds 6 --references 4");
  explorer->callback([wishes, &status] { status = explore(*wishes); });
}

}  // namespace dmabuf::app
