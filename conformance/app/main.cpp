// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "commands.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/model/table.hpp"
#include "dmabuf/record/journal.hpp"
#include "dmabuf/reports/write.hpp"
#include "exit_code.hpp"
#include "guest.hpp"
#include "output.hpp"
#include "stop.hpp"
#include "version.hpp"

namespace {

using namespace dmabuf::app;

int run_command_line(int argc, char** argv) {
  CLI::App app{"Checks whether kernels and drivers keep the dma-buf contract.", "dmabuf-conform"};
  app.set_version_flag("--version", [] {
    return fmt::format("dmabuf-conform {} model {}", DMABUF_VERSION, dmabuf::model::model_hash());
  });
  app.require_subcommand(1);
  app.footer("Start with: dmabuf-conform run --target reference\n"
             "Exit: 0 conforms, 1 findings, 2 inconclusive, 3 infrastructure, 4 all skipped, 64 usage, 75 stopped");
  int status = kInternal;
  add_run_command(app, status);
  add_vm_command(app, status);
  add_replay_command(app, status);
  add_report_command(app, status);
  add_model_command(app, status);
  add_mutants_command(app, status);
  add_probe_command(app, status);
  add_list_command(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kConforms : kUsage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // In a guest this program is init, and nothing else runs.
  if (::getpid() == 1) guest_main();
  handle_stop_signals();
  const auto fail = [](ExitCode code, const char* what) {
    fmt::print(stderr, "dmabuf-conform: {}\n", what);
    return static_cast<int>(code);
  };
  try {
    return run_command_line(argc, argv);
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
  } catch (const std::exception& error) {
    return fail(kInternal, error.what());
  }
}
