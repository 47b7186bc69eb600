// SPDX-License-Identifier: MIT
#include "vm_prepare.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/initramfs.hpp"
#include "dmabuf/boot/module_build.hpp"
#include "temporary_files.hpp"

namespace dmabuf::app {
namespace {

namespace fs = std::filesystem;

/// The program that becomes init: this one, if it is static, else the static build beside it.
fs::path guest_program() {
  // By this name it can be read even after somebody has built it anew.
  const fs::path self = "/proc/self/exe";
  if (boot::is_static_binary(self)) return self;
  const fs::path other = fs::path(DMABUF_SOURCE_DIR) / "build/static/conformance/app/dmabuf-conform";
  if (fs::exists(other)) return other;
  throw boot::Error("guests need a statically linked dmabuf-conform, and there is none at " + other.string(),
                    "cmake --preset static && cmake --build --preset static");
}

}  // namespace

PreparedKernel prepare(const std::string& spec) {
  PreparedKernel prepared;
  prepared.accelerator = boot::choose_accelerator().accelerator;
  prepared.kernel = boot::resolve_kernel(spec);
  try {
    prepared.module = boot::build_module(
        {fs::path(DMABUF_SOURCE_DIR) / "kernel-harness/module", {"../include"}, {}}, prepared.kernel);
  } catch (const boot::Error& error) {
    prepared.module_lack = error.what();
  }
  return prepared;
}

namespace {

fs::path plan_path(const GuestPlan& plan) {
  return fs::temp_directory_path() /
         fmt::format("dmabuf-conform-plan-{}-{}.json", ::getpid(), static_cast<const void*>(&plan));
}

}  // namespace

boot::GuestConfig configure(const PreparedKernel& prepared, const GuestPlan& plan, const fs::path& console,
                            const std::vector<std::string>& kernel_arguments) {
  const fs::path plan_file = plan_path(plan);
  const TemporaryFiles here({plan_file});
  boot::write_file(plan_file, to_json(plan));
  boot::Initramfs description;
  description.init = guest_program();
  description.wanted_modules = {"vgem", "udmabuf", "virtio_pci", "virtio_gpu"};
  const bool imports = std::ranges::any_of(
      plan.targets, [](const GuestTarget& t) { return t.exporter.find("+v4l2") != std::string::npos; });
  const bool video = imports || (plan.settings.checks.run && (plan.targets.empty() || std::ranges::any_of(plan.targets, [](const GuestTarget& t) {
                                                     return t.exporter.starts_with("v4l2:");
                                                   })));
  if (video) {
    // One capture device with memory from vmalloc and two with contiguous memory.
    description.wanted_modules.push_back("vivid");
    description.module_parameters.push_back("vivid n_devs=3 node_types=0x1,0x1,0x1 allocators=0,1,1");
  }
  if (!prepared.module.empty()) {
    description.module_files = {prepared.module};
    description.module_parameters.push_back("dmabuf_harness allow_defects=1");
  }
  description.files = {{plan_file, kGuestPlanPath}};
  if (!plan.settings.traces.empty() && fs::is_directory(plan.settings.traces))
    for (const auto& entry : fs::directory_iterator(plan.settings.traces))
      if (entry.path().extension() == ".dbt")
        description.files.push_back({entry.path(), fmt::format("{}/{}", kGuestTraces, entry.path().filename().string())});
  boot::GuestConfig config;
  config.kernel = prepared.kernel.image;
  config.initramfs = boot::make_initramfs(description, prepared.kernel);
  config.console = console;
  config.accelerator = prepared.accelerator;
  // Two virtual processors of TCG may execute kernel text that is just being patched (static keys), and
  // the guest dies of an int3 that no real machine would see. Nothing here needs two.
  if (prepared.accelerator == boot::Accelerator::Tcg) config.cpus = 1;
  config.kernel_arguments = kernel_arguments;
  if (prepared.accelerator == boot::Accelerator::Tcg) {
    // A busy host is no reason for the kernel to mistrust its timer, nor for us to mistrust the kernel.
    config.kernel_arguments.insert(config.kernel_arguments.begin(), "no_timer_check");
    config.watchdogs.boot = std::chrono::seconds(180);
  }
  config.qemu_arguments = {"-device", "virtio-gpu-pci"};  // one more exporter: drm:virtio_gpu
  return config;
}

}  // namespace dmabuf::app
