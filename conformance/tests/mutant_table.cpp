// SPDX-License-Identifier: MIT
/// Finds, by exhaustion, the shortest program that shows each mutant of the reference, and writes them down as a table:
///   mutant-table --out FILE | --check FILE
/// Exit: 0, or 1 if a mutant is found by no bound or FILE says otherwise.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "dmabuf/conformance/refine.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/reference/mutant.hpp"
#include "scopes.hpp"

namespace dmabuf::conformance {
namespace {

struct Caught {
  std::string_view scope;
  Refinement refinement;
};

std::optional<Caught> shortest(const reference::MutantInfo& mutant) {
  const reference::ExporterConfig& exporter = *reference::find_exporter(mutant.exporter);
  const std::vector<Scope> all = scopes(exporter);
  std::optional<Caught> best;
  // Deeper step by step, so that no bound is searched deeper than the shortest program of all is long.
  for (const unsigned depth : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 10U, 12U}) {
    for (const Scope& scope : all) {
      RefineOptions options;
      options.most_depth = best ? static_cast<unsigned>(best->refinement.trace.size()) - 1 : depth;
      options.most_states = 60'000;
      Refinement r = refine(reference::System(exporter, mutant.mutant), reference_profile(mutant.exporter), scope.operations, options);
      if (!r.trace.empty()) best = Caught{scope.name, std::move(r)};
    }
    if (best) break;
  }
  return best;
}

std::string row(const reference::MutantInfo& mutant, const std::optional<Caught>& caught) {
  if (!caught) return fmt::format("| `{}` | {} | none of these | | | |\n", mutant.name, mutant.exporter);
  std::string program;
  for (const model::Operation& operation : caught->refinement.trace)
    program += fmt::format("{}`{}`", program.empty() ? "" : "<br>", to_text(operation));
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", mutant.name, mutant.exporter, caught->scope,
                     caught->refinement.trace.size(), program, caught->refinement.divergence);
}

/// The rows in the mutants' order, found by as many threads as there are cores.
std::vector<std::string> rows(std::atomic<unsigned>& missed) {
  const auto mutants = reference::mutants();
  std::vector<std::string> all(mutants.size());
  std::atomic<std::size_t> next{0}, done{0};
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto work = [&] {
    for (std::size_t i; (i = next++) < mutants.size();) {
      const std::optional<Caught> caught = shortest(mutants[i]);
      if (!caught) {
        ++missed;
        fmt::print(stderr, "{}: found by no bound\n", mutants[i].name);
      }
      all[i] = row(mutants[i], caught);
      if (terminal) fmt::print(stderr, "\r{}/{} mutants", ++done, mutants.size());
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = std::max(1U, std::thread::hardware_concurrency()); i > 0; --i) threads.emplace_back(work);
  threads.clear();
  if (terminal) fmt::print(stderr, "\n");
  return all;
}

std::string page(const std::vector<std::string>& rows) {
  std::string text =
      "<!-- Written by `mutant-table --out`; do not edit. -->\n"
      "# Mutants of the reference, by exhaustion\n\n"
      "Reference and model explored in lockstep, every operation in every state, breadth first: the unbroken reference never\n"
      "differs, and each mutant does. No shorter program of the same bound shows it. Bounds:\n\n";
  for (const Scope& scope : scopes(*reference::find_exporter("eager"))) text += fmt::format("- *{}*: {}\n", scope.name, scope.text);
  text += "\n| mutant | exporter | bound | length | shortest program | differs in |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const std::string& line : rows) text += line;
  return text;
}

/// The first line that differs; true if there is one.
bool differs(const std::string& path, const std::string& text) {
  std::ifstream file(path);
  std::istringstream now(text);
  for (unsigned line = 1;; ++line) {
    std::string committed, found;
    const bool more_committed = static_cast<bool>(std::getline(file, committed));
    const bool more_found = static_cast<bool>(std::getline(now, found));
    if (!more_committed && !more_found) return false;
    if (more_committed && more_found && committed == found) continue;
    fmt::print(stderr, "{}:{}: is\n  {}\nbut exhaustion says\n  {}\nwrite it anew with: mutant-table --out {}\n", path, line,
               more_committed ? committed : "(its end)", more_found ? found : "(the end)", path);
    return true;
  }
}

int table(std::string_view what, const std::string& path) {
  std::atomic<unsigned> missed{0};
  const std::string text = page(rows(missed));
  fmt::print("{} mutants, {} found by no bound\n", reference::mutants().size(), missed.load());
  if (what == "--check") return missed == 0 && !differs(path, text) ? 0 : 1;
  const std::string beside = path + ".new";
  std::ofstream(beside) << text;
  std::filesystem::rename(beside, path);
  return missed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace dmabuf::conformance

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what != "--check" && what != "--out") {
    fmt::print(stderr, "usage: mutant-table --out FILE | --check FILE\n");
    return 64;
  }
  return dmabuf::conformance::table(what, argv[2]);
}
