// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/reference/exporter.hpp"
#include "dmabuf/reference/mutant.hpp"
#include "exit_code.hpp"

namespace dmabuf::app {
namespace {

void list_targets() {
  fmt::print("reference implementation:\n");
  for (std::string_view name : reference::reference_exporters()) fmt::print("  reference:{}\n", name);
  fmt::print("this machine's kernel (see 'probe'):\n");
  for (const adapters::Offer& offer : adapters::probe().targets)
    fmt::print("  native:{}{}\n", offer.target, offer.available ? "" : "  (missing)");
  fmt::print("kernels in QEMU, all exporters or one:\n"
             "  vm:debian:6.1  vm:debian:6.12  vm:debian:6.12/udmabuf\n"
             "  vm:file:/path/bzImage[,modules=DIR]  vm:file:/path/bzImage//udmabuf\n");
}

}  // namespace

void add_list_command(CLI::App& app, int& status) {
  auto what = std::make_shared<std::string>("targets");
  CLI::App* command = app.add_subcommand("list", "targets, requirements, operations, mutants, defects, profiles");
  command->add_option("what", *what, "what to list")
      ->check(CLI::IsMember({"targets", "requirements", "ops", "mutants", "defects", "profiles"}))
      ->capture_default_str();
  command->footer("Examples:\n  dmabuf-conform list\n  dmabuf-conform list requirements\n  dmabuf-conform list mutants");
  command->callback([what, &status] {
    status = kConforms;
    if (*what == "targets") return list_targets();
    if (*what == "requirements")
      for (const model::Requirement& r : model::catalogue)
        fmt::print("{}  {:<10} {:<14} {}\n", model::full_id(r.id), model::name(r.bearer), model::name(r.strength), r.text);
    if (*what == "ops")
      for (std::string_view name : model::kOperationNames) fmt::print("{}\n", name);
    if (*what == "mutants")
      for (const reference::MutantInfo& m : reference::mutants())
        fmt::print("{:<34} {:<10} {}\n", m.name, m.exporter, m.imitates);
    if (*what == "defects")
      for (const std::string& name : adapters::defect_names()) fmt::print("{}\n", name);
    if (*what == "profiles") {
      for (const model::KernelProfile& p : model::kernel_profiles()) fmt::print("kernel    {:<22} {}\n", p.name, p.source);
      for (const model::ExporterProfile& p : model::exporter_profiles()) fmt::print("exporter  {:<22} {}\n", p.name, p.source);
    }
  });
}

}  // namespace dmabuf::app
