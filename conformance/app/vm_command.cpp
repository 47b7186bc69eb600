// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "dmabuf/boot/accel.hpp"
#include "exit_code.hpp"
#include "run_command.hpp"
#include "vm_runner.hpp"

namespace dmabuf::app {
namespace {

void add_job(CLI::App& vm, const char* name, const char* help, GuestJob job, std::uint32_t rounds, int& status) {
  struct Request {
    std::string kernel = "debian:6.12";
    std::vector<std::string> exporters;
    std::uint32_t rounds = 0;
    std::string seed = "1";
  };
  auto request = std::make_shared<Request>();
  request->rounds = rounds;
  CLI::App* command = vm.add_subcommand(name, help);
  command->add_option("--kernel", request->kernel, "debian:6.1, debian:6.12, file:/path/bzImage")->capture_default_str();
  command->add_option("--exporter", request->exporters, "one or more; default: all the guest has");
  command->add_option("--rounds", request->rounds, "how often")->check(kCount)->capture_default_str();
  command->footer(fmt::format("Example:\n  dmabuf-conform vm {} --kernel debian:6.12 --exporter udmabuf --rounds {}", name, rounds));
  command->add_option("--seed", request->seed, "base seed")->capture_default_str();
  command->callback([request, job, &status] {
    GuestPlan plan;
    plan.job = job;
    plan.rounds = request->rounds;
    plan.settings.seed = parse_seed(request->seed);
    for (const std::string& exporter : request->exporters) plan.targets.push_back({exporter, ""});
    status = kConforms;
    bool judged = false;
    for (const std::string& answer : run_guest_job(request->kernel, plan)) {
      const bool answers = answer.starts_with("kill ") || answer.starts_with("bench ") || answer.starts_with("runner-");
      if (answers) fmt::print("{}\n", answer);
      judged = judged || answers;
      if (answer.starts_with("kill ") && !answer.ends_with("left=0")) status = kFindings;
      if (answer.starts_with("runner-")) status = kInfrastructure;
    }
    if (!judged && status == kConforms) status = kInconclusive;
  });
}

}  // namespace

void add_vm_command(CLI::App& app, int& status) {
  CLI::App* vm = app.add_subcommand("vm", "kernels in QEMU");
  vm->require_subcommand(1);

  auto request = std::make_shared<RunRequest>();
  initialise(*request);
  auto kernels = std::make_shared<std::vector<std::string>>(std::vector<std::string>{"debian:6.12"});
  auto exporters = std::make_shared<std::vector<std::string>>();
  CLI::App* run = vm->add_subcommand("run", "run the suite inside a kernel");
  run->footer("Examples:\n  dmabuf-conform vm run --kernel debian:6.12\n"
              "  dmabuf-conform vm run --kernel file:/tmp/bzImage --exporter harness:eager --cases 5000");
  run->add_option("--kernel", *kernels, "debian:6.1, debian:6.12, file:/path/bzImage[,modules=DIR] (repeatable)")->capture_default_str();
  run->add_option("--exporter", *exporters, "one or more; default: all the kernel has");
  run->add_option("--append", request->kernel_arguments, "further arguments for the kernel");
  add_run_options(*run, *request);
  run->callback([=, &status] {
    for (const std::string& kernel : *kernels) {
      if (exporters->empty()) request->targets.push_back("vm:" + kernel);
      for (const std::string& exporter : *exporters)
        request->targets.push_back("vm:" + kernel + (kernel.starts_with("file:") ? "//" : "/") + exporter);
    }
    status = run_targets(*request);
  });

  add_job(*vm, "kill", "kill the runner in the guest again and again; no buffer may be left", GuestJob::Kill, 20, status);
  add_job(*vm, "bench", "checked operations against bare ones, in the guest", GuestJob::Bench, 100, status);

  CLI::App* probe = vm->add_subcommand("probe", "which accelerator really runs");
  probe->footer("Example:\n  dmabuf-conform vm probe");
  probe->callback([&status] {
    const boot::AcceleratorChoice choice = boot::choose_accelerator();
    fmt::print("{}: {}\n", boot::name(choice.accelerator), choice.reason);
    status = kConforms;
  });
}

}  // namespace dmabuf::app
