// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "commands.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/record/journal.hpp"
#include "dmabuf/reports/write.hpp"
#include "exit_code.hpp"
#include "guest.hpp"
#include "manual.hpp"
#include "output.hpp"
#include "stop.hpp"
#include "version.hpp"

namespace {

using namespace dmabuf::app;

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

void collect_names(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::App* sub : app.get_subcommands({})) {
    names.push_back(sub->get_name());
    collect_names(*sub, names);
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    if (!option->get_positional()) continue;
    for (const std::string& value : values_of(*option)) names.push_back(value);
  }
}

/// Values that some subcommand's option of this name takes; none if it takes any.
std::vector<std::string> values_named(const CLI::App& app, const std::string& name) {
  for (const CLI::Option* option : app.get_options())
    if (option->check_name(name) && !values_of(*option).empty()) return values_of(*option);
  for (const CLI::App* sub : app.get_subcommands({}))
    if (auto values = values_named(*sub, name); !values.empty()) return values;
  return {};
}

void suggest_one(const std::string& word, const std::vector<std::string>& names) {
  if (std::ranges::find(names, word) != names.end()) return;
  const auto nearest = std::ranges::min_element(names, {}, [&](const std::string& n) { return distance(word, n); });
  if (nearest != names.end() && distance(word, *nearest) <= 2)
    fmt::print(stderr, "dmabuf-conform: '{}' is unknown; did you mean '{}'?\n", word, *nearest);
}

/// For each word that nobody knows, the known one nearest to it.
void suggest(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> names;
  collect_names(app, names);
  for (int i = 1; i < argc; ++i) {
    const std::string_view whole = argv[i];
    const std::string word(whole.substr(0, whole.find('=')));
    if (word.starts_with("--") && word.size() < whole.size())
      suggest_one(std::string(whole.substr(word.size() + 1)), values_named(app, word));
    if (std::ranges::find(names, word) != names.end()) continue;
    if (i > 1 && std::string_view(argv[i - 1]).starts_with("--") && !word.starts_with("--")) {  // a value
      suggest_one(word, values_named(app, argv[i - 1]));
      continue;
    }
    if (i == 1 && !word.starts_with("-")) fmt::print(stderr, "dmabuf-conform: there is no subcommand '{}'\n", word);
    suggest_one(word, names);
  }
}

int run_command_line(int argc, char** argv) {
  CLI::App app{"Checks whether kernels and drivers keep the dma-buf contract.", "dmabuf-conform"};
  app.set_version_flag("--version", [] {
    return fmt::format("dmabuf-conform {} {} model {}", DMABUF_VERSION, DMABUF_COMMIT, dmabuf::model::model_hash());
  });
  app.require_subcommand(1);
  app.footer("Start with: dmabuf-conform run --target reference\n"
             "Exit: 0 conforms, 1 findings, 2 inconclusive, 3 infrastructure, 4 all skipped, 64 usage, 75 stopped");
  int status = kInternal;
  add_run_command(app, status);
  add_vm_command(app, status);
  add_check_command(app, status);
  add_replay_command(app, status);
  add_report_command(app, status);
  add_findings_command(app, status);
  add_compare_command(app, status);
  add_merge_command(app, status);
  add_model_command(app, status);
  add_mutants_command(app, status);
  add_probe_command(app, status);
  add_list_command(app, status);
  add_completion_command(app, status);
  add_man_command(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    if (code == 0) return kConforms;
    suggest(app, argc, argv);
    return kUsage;
  }
  return status;
}

/// Who starts us with one of the three closed shall not find the journal in its place. Reading is all that
/// can be done with these, so that an answer is still lost aloud.
void occupy_standard_fds() {
  while (true) {
    const int fd = ::open("/dev/null", O_RDONLY);
    if (fd < 0 || fd > STDERR_FILENO) return static_cast<void>(::close(fd));
  }
}

}  // namespace

int main(int argc, char** argv) {
  // In a guest this program is init, and nothing else runs.
  if (::getpid() == 1) guest_main();
  occupy_standard_fds();
  handle_stop_signals();
  command_line().assign(argv, argv + argc);
  const auto fail = [](ExitCode code, const char* what) {
    std::fputs(fmt::format("dmabuf-conform: {}\n", what).c_str(), stderr);  // stderr may be what is lost
    return static_cast<int>(code);
  };
  try {
    const int status = run_command_line(argc, argv);
    // An answer that was lost on its way is none, whatever it was.
    if (std::fflush(stdout) != 0) return fail(kInfrastructure, "cannot write to stdout");
    return status;
  } catch (const UsageError& error) {
    return fail(kUsage, error.what());
  } catch (const dmabuf::conformance::HarnessError& error) {
    return fail(kInfrastructure, error.what());
  } catch (const dmabuf::boot::Error& error) {
    return fail(kInfrastructure, error.what());
  } catch (const dmabuf::record::JournalError& error) {
    return fail(kInfrastructure, error.what());
  } catch (const dmabuf::reports::WriteError& error) {
    return fail(kInfrastructure, error.what());
  } catch (const std::system_error& error) {  // files, and what fmt cannot print
    return fail(kInfrastructure, error.what());
  } catch (const std::exception& error) {
    return fail(kInternal, error.what());
  }
}
