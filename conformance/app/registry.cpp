// SPDX-License-Identifier: MIT
#include "registry.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ranges>

#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/checks/source.hpp"
#include "dmabuf/reference/adapter.hpp"

namespace dmabuf::app {
namespace {

std::string uname_release() {
  struct utsname name {};
  ::uname(&name);
  return name.release;
}

std::string joined(const auto& names) {
  std::string text;
  for (const auto& name : names) text += fmt::format("{}{}", text.empty() ? "" : ", ", std::string_view(name));
  return text;
}

/// What can be said of a kernel's exporter without asking the kernel; "" if it may well exist.
std::string implausible(std::string_view exporter, std::string_view bug) {
  if (constexpr std::string_view kBeside = "+v4l2"; exporter.ends_with(kBeside)) exporter.remove_suffix(kBeside.size());
  const auto after = [&](std::string_view family) {
    return exporter.starts_with(family) && exporter.size() > family.size() ? exporter.substr(family.size())
                                                                           : std::string_view{};
  };
  const std::vector<std::string> policies = adapters::policy_names();
  const std::vector<std::string> defects = adapters::defect_names();
  const bool harness = !after("harness:").empty();
  const std::vector<std::string> video = checks::v4l2_targets();
  if (std::ranges::find(video, exporter) != video.end()) {
    if (!bug.empty()) return fmt::format("'{}' has no defect '{}': only the harness's exporter has defects to switch on", exporter, bug);
    return {};
  }
  if (!exporter.empty() && exporter != "vgem" && exporter != "udmabuf" && after("heap:").empty() &&
      after("drm:").empty() && !harness)
    return fmt::format("no exporter is called '{}'; there are vgem, udmabuf, heap:NAME, drm:DRIVER, harness:POLICY, v4l2:ALLOCATOR", exporter);
  if (harness && std::ranges::find(policies, after("harness:")) == policies.end())
    return fmt::format("the harness has no policy '{}'; it has {}", after("harness:"), joined(policies));
  if (!bug.empty() && !harness)
    return fmt::format("'{}' has no defect '{}': only the harness's exporter has defects to switch on", exporter, bug);
  if (!bug.empty() && std::ranges::find(defects, bug) == defects.end())
    return fmt::format("the harness has no defect '{}'; it has {}", bug, joined(defects));
  return {};
}

/// Could a kernel of this profile have had this exporter of the reference: is there a call that makes its buffers,
/// and does the core cache mappings, if it asks for that?
bool could_exist(std::string_view name, const model::KernelProfile& kernel) {
  const model::ExporterProfile exporter = exporter_profile(fmt::format("reference:{}", name));
  return kernel.has(exporter.in_kernel ? model::kind_of<model::op::Export>() : model::kind_of<model::op::Create>()) &&
         (exporter.caches_mapping == model::Answer::No || kernel.caches_mappings) &&
         (!exporter.dynamic || kernel.has(model::kind_of<model::op::AttachDynamic>()));
}

/// The reference keeps to the rules of today. Of these old ones no program with the calls of then can tell it apart.
constexpr std::array<std::string_view, 2> kOldContracts = {"2011", "3.3"};

/// What is wrong with the contract of a target of the reference; "" if nothing is.
std::string unusable_contract(const Target& target) {
  const model::KernelProfile* kernel = model::find_kernel_profile(target.contract);
  if (kernel == nullptr)
    return fmt::format("no kernel profile is called '{}'; the reference can be held against {}", target.contract, joined(kOldContracts));
  if (std::ranges::find(kOldContracts, target.contract) == kOldContracts.end())
    return fmt::format("the reference does not behave like a kernel of {}; it can be held against {}", target.contract, joined(kOldContracts));
  if (!target.exporter.empty() && !could_exist(target.exporter, *kernel))
    return fmt::format("a kernel of {} has no exporter such as reference:{}", kernel->name, target.exporter);
  return {};
}

OpenedTarget open_reference_target(const Target& target) {
  OpenedTarget opened;
  opened.profile.kernel = *model::find_kernel_profile(target.contract.empty() ? "reference" : target.contract);
  opened.profile.exporter = exporter_profile("reference:" + target.exporter);
  opened.profile.importer = {.name = "reference", .guards_misuse = true};
  opened.profile.fences = *model::find_fence_profile("reference");
  opened.profile.queue = model::queue_beside("reference:" + target.exporter);
  const auto* mutant = target.bug.empty() ? nullptr : reference::find_mutant(target.bug);
  opened.adapter = reference::open_reference(target.exporter,
                                             mutant == nullptr ? reference::Mutant::None : mutant->mutant);
  return opened;
}

OpenedTarget open_native_target(const Target& target) {
  OpenedTarget opened;
  if (target.exporter.starts_with("v4l2:")) {
    opened.kernel_release = uname_release();
    opened.profile.kernel = kernel_profile(opened.kernel_release);
    checks::OpenedSource source = checks::open_v4l2(target.exporter.substr(5));
    opened.checks_only = source.source != nullptr;
    opened.reason = opened.checks_only ? "directed checks are all there is for V4L2" : source.reason;
    opened.remedy = opened.checks_only ? "dmabuf-conform check --target " + target.text() : source.remedy;
    return opened;
  }
  adapters::KernelTarget wanted;
  wanted.exporter = target.exporter;
  if (!target.bug.empty()) wanted.defect = target.bug;
  adapters::Opened found = adapters::open_kernel_adapter(wanted);
  opened.kernel_release = uname_release();
  opened.profile.kernel = kernel_profile(opened.kernel_release);
  opened.unlike_version = correct_by(found.habits, opened.profile.kernel);
  opened.profile.exporter = exporter_profile(target.exporter);
  opened.profile.fences = model::fences_beside(std::string_view(target.exporter).substr(0, target.exporter.find('+')));
  opened.profile.queue = model::queue_beside(target.exporter);
  opened.reason = found.reason;
  opened.remedy = found.remedy;
  for (const auto& lack : found.lacks) opened.lacks.push_back({lack.what, lack.remedy});
  if (found.adapter != nullptr &&
      found.adapter->alphabet().test(model::kind_of<model::op::Get>()))
    opened.profile.importer = {.name = "harness", .guards_misuse = true};
  opened.adapter = std::move(found.adapter);
  return opened;
}

}  // namespace

std::string Target::text() const {
  const std::string suffix = (contract.empty() ? "" : "@" + contract) + (bug.empty() ? "" : "!" + bug);
  switch (where) {
    case Where::Reference: return (exporter.empty() ? "reference" : "reference:" + exporter) + suffix;
    case Where::Native: return (exporter.empty() ? "native" : "native:" + exporter) + suffix;
    case Where::Vm: return "vm:" + kernel +
             (exporter.empty() ? "" : (kernel.starts_with("file:") ? "//" : "/") + exporter) + suffix;
  }
  return {};
}

tl::expected<Target, std::string> parse_target(std::string_view text) {
  Target target;
  std::string_view rest = text;
  // What a script left empty ("reference!$BUG") would otherwise be another target, and pass.
  const bool of_path = text.starts_with("vm:file:");  // which may end with a slash of its own
  if (text.ends_with('!') || text.ends_with('@') || text.ends_with(':') || text.ends_with(of_path ? "//" : "/")) {
    const bool kernel = text.starts_with("vm:") && text.ends_with(':');
    return tl::unexpected(fmt::format("'{}' breaks off; behind '{}' comes {}", text, text.back(),
                                      text.ends_with('!')   ? "a mutant or a defect"
                                      : text.ends_with('@') ? "a kernel of 'list profiles'"
                                      : kernel ? "a kernel, as in vm:debian:6.12 or vm:file:/path/bzImage"
                                               : "an exporter"));
  }
  if (const auto bang = rest.find('!'); bang != std::string_view::npos) {
    target.bug = rest.substr(bang + 1);
    rest = rest.substr(0, bang);
  }
  const auto take = [&](std::string_view word) {
    if (rest != word && !rest.starts_with(std::string(word) + ":")) return false;
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return true;
  };
  if (const auto at = rest.find('@'); at != std::string_view::npos && rest.starts_with("reference")) {
    target.contract = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  if (take("reference")) {
    target.where = Where::Reference;
    target.exporter = rest;
    const auto known = reference::reference_exporters();
    if (!rest.empty() && std::ranges::find(known, rest) == known.end())
      return tl::unexpected(fmt::format("the reference has no exporter '{}'; it has {}", rest, joined(known)));
    if (!target.bug.empty()) {
      const auto* mutant = reference::find_mutant(target.bug);
      if (mutant == nullptr)
        return tl::unexpected(fmt::format("no mutant is called '{}'; 'dmabuf-conform list mutants' shows all",
                                          target.bug));
      if (target.exporter.empty()) target.exporter = mutant->exporter;
    }
    if (!target.contract.empty())
      if (const std::string why = unusable_contract(target); !why.empty()) return tl::unexpected(why);
    return target;
  }
  if (take("native")) {
    target.where = Where::Native;
    target.exporter = rest;
    if (const std::string why = implausible(target.exporter, target.bug); !why.empty()) return tl::unexpected(why);
    return target;
  }
  if (take("vm")) {
    target.where = Where::Vm;
    // file:/path/bzImage[,modules=DIR] has slashes of its own.
    const auto slash = rest.starts_with("file:") ? rest.find("//") : rest.find('/');
    target.kernel = rest.substr(0, slash);
    if (slash != std::string_view::npos) target.exporter = rest.substr(slash + (rest.starts_with("file:") ? 2 : 1));
    if (!target.kernel.starts_with("debian:") && !target.kernel.starts_with("file:"))
      return tl::unexpected(fmt::format("'{}' names no kernel; try vm:debian:6.12 or vm:file:/path/bzImage", text));
    if (const std::string why = implausible(target.exporter, target.bug); !why.empty()) return tl::unexpected(why);
    return target;
  }
  return tl::unexpected(fmt::format(
      "'{}' is no target; try reference, reference:eager, native:udmabuf, vm:debian:6.12", text));
}

std::vector<Target> expand(const Target& target) {
  if (!target.exporter.empty() || target.where == Where::Vm) return {target};
  std::vector<Target> all;
  const auto add = [&](std::string_view exporter) {
    all.push_back(target);
    all.back().exporter = exporter;
  };
  if (target.where == Where::Reference)
    for (std::string_view exporter : reference::reference_exporters()) {
      if (target.contract.empty() || could_exist(exporter, *model::find_kernel_profile(target.contract))) add(exporter);
    }
  else
    for (const adapters::Offer& offer : adapters::probe().targets) add(offer.target);
  return all;
}

OpenedTarget open_target(const Target& target) {
  return target.where == Where::Reference ? open_reference_target(target) : open_native_target(target);
}

model::ExporterProfile exporter_profile(std::string_view name) {
  name = name.substr(0, name.find('+'));
  if (const auto* exact = model::find_exporter_profile(name)) return *exact;
  if (const auto* family = model::find_exporter_profile(name.substr(0, name.find(':')))) return *family;
  return *model::find_exporter_profile("unknown");
}

model::KernelProfile kernel_profile(std::string_view release) {
  const auto version = [](std::string_view text) {
    unsigned major = 0, minor = 0;
    if (std::sscanf(std::string(text).c_str(), "%u.%u", &major, &minor) != 2) return 0U;
    return major * 1000 + minor;
  };
  constexpr unsigned kOldest = 5004;  // what came before is for reading
  const unsigned known = version(release);
  const unsigned wanted = known == 0 ? 6001 : std::max(known, kOldest);
  const model::KernelProfile* best = nullptr;
  for (const model::KernelProfile& profile : model::kernel_profiles()) {
    const unsigned candidate = version(profile.name);
    if (candidate >= kOldest && candidate <= wanted && (best == nullptr || candidate > version(best->name))) best = &profile;
  }
  return *best;
}

std::vector<std::string> correct_by(const adapters::KernelHabits& habits, model::KernelProfile& profile) {
  std::vector<std::string> said;
  const auto correct = [&](std::string_view what, const std::optional<bool>& asked, bool& assumed) {
    if (!asked || *asked == assumed) return;
    said.push_back(fmt::format("{}: {}, other than the profile of {}; judged so", what, *asked ? "yes" : "no", profile.name));
    assumed = *asked;
  };
  correct("EXPORT_SYNC_FILE and IMPORT_SYNC_FILE", habits.has_sync_file, profile.has_sync_file);
  correct("cached mappings", habits.caches_mappings, profile.caches_mappings);
  // One went with the other (DBUF-MAP-011, DBUF-DYN-008).
  if (!profile.caches_mappings) profile.maps_at_attach = false;
  correct("DMABUF_MOVE_NOTIFY", habits.move_notify, profile.move_notify);
  return said;
}

}  // namespace dmabuf::app
