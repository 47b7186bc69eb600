// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/checks/check.hpp"
#include "dmabuf/checks/source.hpp"
#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/profile.hpp"
#include "dmabuf/reference/exporter.hpp"
#include "dmabuf/reference/mutant.hpp"
#include "dmabuf/traceability/traceability.hpp"
#include "exit_code.hpp"
#include "output.hpp"

namespace dmabuf::app {
namespace {

void list_targets() {
  fmt::print("reference implementation:\n");
  for (std::string_view name : reference::reference_exporters()) fmt::print("  reference:{}\n", name);
  fmt::print("this machine's kernel (see 'probe'):\n");
  for (const adapters::Offer& offer : adapters::probe().targets)
    fmt::print("  native:{}{}\n", offer.target, offer.available ? "" : "  (missing)");
  fmt::print("directed checks only (see 'list checks'):\n");
  for (const std::string& name : checks::v4l2_targets()) fmt::print("  {0}, as native:{0} or vm:KERNEL/{0}\n", name);
  fmt::print("kernels in QEMU, all exporters or one:\n"
             "  vm:debian:6.1  vm:debian:6.12  vm:debian:6.12/udmabuf\n"
             "  vm:file:/path/bzImage[,modules=DIR]  vm:file:/path/bzImage//udmabuf\n");
}

std::string words_of(const checks::Check& check) {
  std::string text;
  if (!check.needs.exporters.empty()) text += fmt::format("on {}", check.needs.exporters);
  if (!check.needs.kernels.since.empty()) text += fmt::format("{}from {}", text.empty() ? "" : ", ", check.needs.kernels.since);
  if (!check.needs.kernels.until.empty()) text += fmt::format("{}to {}", text.empty() ? "" : ", ", check.needs.kernels.until);
  if (check.needs.root) text += fmt::format("{}as root", text.empty() ? "" : ", ");
  if (check.needs.reserve == checks::Reserve::Slow) text += fmt::format("{}slow, if asked for", text.empty() ? "" : ", ");
  if (check.needs.reserve == checks::Reserve::Dangerous) text += fmt::format("{}dangerous, if asked for, in guests", text.empty() ? "" : ", ");
  return text;
}

void list_checks(bool json) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const checks::Check& check : checks::all()) {
    std::string ids;
    nlohmann::ordered_json requirements = nlohmann::ordered_json::array();
    for (const std::string_view id : check.requirements) {
      ids += fmt::format("{}{}", ids.empty() ? "" : " ", id);
      requirements.push_back(model::full_id(id));
    }
    if (!json) {
      fmt::print("{:<24} {}\n{:<24}   {}{}{}\n", check.name, check.text, "", ids, words_of(check).empty() ? "" : "; ", words_of(check));
      continue;
    }
    nlohmann::ordered_json one = {{"name", check.name}, {"case", fmt::format("check.{}", check.name)}, {"text", check.text}, {"req", requirements},
                                  {"exporters", check.needs.exporters}, {"since", check.needs.kernels.since}, {"until", check.needs.kernels.until},
                                  {"root", check.needs.root},
                                  {"reserve", check.needs.reserve == checks::Reserve::None ? "" : check.needs.reserve == checks::Reserve::Slow ? "slow" : "dangerous"}};
    all.push_back(std::move(one));
  }
  if (json) fmt::print("{}\n", all.dump(1));
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path);
  out << "<!-- Written by docs/generate.sh; do not edit. -->\n" << text;
  if (!out.flush()) throw UsageError(fmt::format("cannot write {}", path.string()));
}

/// Requirement -> rows, rules, worlds, checks, exporters, as pages.
void write_pages(const std::filesystem::path& folder) {
  const std::vector<traceability::Account> accounts = traceability::accounts();
  std::filesystem::create_directories(folder / "requirements");
  write(folder / "requirements.md", traceability::index_page(accounts));
  write(folder / "original.md", traceability::seeds_page());
  for (const model::Area& area : model::areas)
    write(folder / "requirements" / fmt::format("{}.md", area.prefix), traceability::area_page(area, accounts, {}));
}

void list_requirements(bool json) {
  if (json) return fmt::print("{}", traceability::json(traceability::accounts(), traceability::explored_worlds()));
  for (const model::Requirement& r : model::catalogue)
    fmt::print("{}  {:<10} {:<14} {}\n", model::full_id(r.id), model::name(r.bearer), model::name(r.strength), r.text);
}

}  // namespace

void add_list_command(CLI::App& app, int& status) {
  auto what = std::make_shared<std::string>("targets");
  CLI::App* command = app.add_subcommand("list", "targets, requirements, operations, checks, mutants, defects, profiles");
  command->add_option("what", *what, "what to list")
      ->check(CLI::IsMember({"targets", "requirements", "ops", "checks", "mutants", "defects", "profiles"}))
      ->capture_default_str();
  auto format = std::make_shared<std::string>("text");
  command->add_option("--format", *format, "of the lists of checks and requirements")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  auto pages = std::make_shared<std::string>();
  command->add_option("--pages", *pages, "write what looks at each requirement to this folder, a page an area; for requirements");
  command->footer("Examples:\n  dmabuf-conform list\n  dmabuf-conform list checks --format json\n  dmabuf-conform list requirements --format json\n  dmabuf-conform list requirements\n  dmabuf-conform list mutants");
  command->callback([what, format, pages, &status] {
    status = kConforms;
    if (!pages->empty()) {
      if (*what != "requirements") throw UsageError("--pages goes with 'list requirements'");
      return write_pages(*pages);
    }
    if (*what == "targets") return list_targets();
    if (*what == "requirements") return list_requirements(*format == "json");
    if (*what == "checks") return list_checks(*format == "json");
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
