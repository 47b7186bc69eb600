// SPDX-License-Identifier: MIT
#include "guest_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/initramfs.hpp"
#include "dmabuf/boot/kernel_source.hpp"
#include "dmabuf/boot/module_build.hpp"
#include "dmabuf/boot/process.hpp"

namespace dmabuf::app::testing {
namespace fs = std::filesystem;

std::optional<std::string> lack_for_guests(const std::string& kernel, Module module) {
  if (!fs::exists(program()))
    return "no program at " + program().string() +
           ". Remedy: cmake --preset static && cmake --build --preset static";
  if (!boot::is_static_binary(program()))
    return program().string() + " is not static. Remedy: build the static preset";
  if (!boot::program_exists("qemu-system-x86_64"))
    return "no QEMU. Remedy: apt-get install qemu-system-x86";
  try {
    const boot::Kernel found = boot::resolve_kernel(kernel);
    if (module == Module::Needed)
      (void)boot::build_module(
          {fs::path(DMABUF_SOURCE_DIR) / "kernel-harness/module", {"../include"}, {}}, found);
  } catch (const boot::Error& error) {
    return kernel + ": " + error.what();
  }
  return std::nullopt;
}

std::optional<pid_t> qemu_of(const Process& process, const fs::path& directory) {
  std::error_code gone;  // processes come and go while we look
  for (const auto& entry : fs::directory_iterator("/proc", gone)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string status = read_file(entry.path() / "stat");
    const auto name_end = status.rfind(") ");
    if (name_end == std::string::npos) continue;
    const std::string state = status.substr(name_end + 2);  // "S 123 …": state and parent
    if (state.size() < 3 || state[0] == 'Z') continue;
    if (std::strtol(state.c_str() + 2, nullptr, 10) != process.pid()) continue;
    // Ours and this run's: its console goes to the run's directory.
    if (read_file(entry.path() / "cmdline").find(directory.string() + "/console") !=
        std::string::npos)
      return static_cast<pid_t>(std::stol(name));
  }
  return std::nullopt;
}

std::size_t cases_begun(const fs::path& directory) {
  const std::string text = read_file(directory / "journal.ndjson");
  std::size_t count = 0;
  for (auto at = text.find("\"rec\":\"begin\""); at != std::string::npos;
       at = text.find("\"rec\":\"begin\"", at + 1))
    ++count;
  return count;
}

std::string consoles_of(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.path().filename().string().starts_with("console") &&
        entry.path().extension() == ".log")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string text;
  for (const fs::path& file : files) text += read_file(file);
  return text;
}

bool consoles_say(const fs::path& directory, std::string_view text) {
  return consoles_of(directory).find(text) != std::string::npos;
}

bool breaks(const record::Finding& finding, std::string_view clause) {
  return std::any_of(finding.clauses.begin(), finding.clauses.end(),
                     [&](const record::Clause& one) { return one.id == clause; });
}

std::string story(const record::Run& run) {
  std::string text = fmt::format("{}: {}\n", run.target(), run.judgement().because);
  for (const record::Finding& finding : run.findings) {
    text += fmt::format("  {} {}\n   ", finding.signature, finding.summary);
    for (const record::Clause& clause : finding.clauses) text += " " + clause.id;
    text += "\n";
    for (const record::Step& step : finding.trace)
      text += fmt::format("    {} -> {}\n", step.operation, step.outcome);
    if (!finding.kernel_log.empty()) text += fmt::format("    log: {:.300}\n", finding.kernel_log);
  }
  for (const record::Skipped& skip : run.skips)
    text += fmt::format("  skipped: {}. {}\n", skip.reason, skip.remedy);
  for (const record::Warn& warn : run.warns)
    text += fmt::format("  warning: {} {:.200} [{}]\n", warn.kind, warn.text, warn.case_id);
  return text;
}

}  // namespace dmabuf::app::testing
