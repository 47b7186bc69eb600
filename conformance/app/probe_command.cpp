// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "commands.hpp"
#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/boot/accel.hpp"
#include "dmabuf/boot/error.hpp"
#include "exit_code.hpp"

namespace dmabuf::app {

void add_probe_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("probe", "what this machine offers and lacks, each lack with its remedy");
  command->footer("Example:\n  dmabuf-conform probe");
  command->callback([&status] {
    const adapters::Machine machine = adapters::probe();
    fmt::print("This machine:\n");
    for (const adapters::Offer& offer : machine.targets) {
      if (offer.available)
        fmt::print("  native:{:<18} available\n", offer.target);
      else
        fmt::print("  native:{:<18} missing: {}\n{:28}remedy: {}\n", offer.target, offer.reason, "", offer.remedy);
    }
    for (const adapters::Lack& lack : machine.lacks) fmt::print("  lacks: {}\n         remedy: {}\n", lack.what, lack.remedy);
    fmt::print("Guests:\n");
    try {
      const boot::AcceleratorChoice choice = boot::choose_accelerator();
      fmt::print("  QEMU with {}: {}\n", boot::name(choice.accelerator), choice.reason);
    } catch (const boot::Error& error) {
      fmt::print("  none: {}\n", error.what());
    }
    status = kConforms;
  });
}

}  // namespace dmabuf::app
