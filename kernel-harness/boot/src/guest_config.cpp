// SPDX-License-Identifier: MIT
#include "guest_config.hpp"

#include <fmt/format.h>

namespace dmabuf::boot {

std::string_view name(GuestEnd end) {
  switch (end) {
    case GuestEnd::Clean:
      return "clean";
    case GuestEnd::Panicked:
      return "panicked";
    case GuestEnd::Died:
      return "died";
    case GuestEnd::BootHung:
      return "boot-hung";
    case GuestEnd::Silent:
      return "silent";
    case GuestEnd::OverTime:
      return "over-time";
    case GuestEnd::Stuck:
      return "stuck";
    case GuestEnd::QemuFailed:
      return "qemu-failed";
    case GuestEnd::Stopped:
      return "stopped";
  }
  return "?";
}

std::string kernel_command_line(const GuestConfig& config) {
  // panic=-1 with -no-reboot ends QEMU at once; devkmsg=on, or /dev/kmsg drops most of what we
  // write.
  std::string line =
      "console=ttyS0 panic=-1 oops=panic printk.devkmsg=on sysrq_always_enabled=1 "
      "hung_task_panic=0 "
      // A busy host starves a booting guest, which then reports a stall that is nobody's defect, or
      // panics because no timer interrupt came while it looked (check_timer, io_apic.c).
      "rcupdate.rcu_cpu_stall_suppress_at_boot=1 no_timer_check";
  for (const std::string& each : config.kernel_arguments) line += " " + each;
  return line;
}

std::vector<std::string> qemu_command(const GuestConfig& config) {
  // A comma in a file's name is doubled in QEMU's options.
  std::string console;
  for (const char c : config.console.string())
    console += c == ',' ? std::string(",,") : std::string(1, c);

  std::vector<std::string> command = {
      config.qemu,
      "-accel",
      config.accelerator == Accelerator::Tcg ? "tcg,thread=multi" : "kvm",
      "-cpu",
      "max",
      "-smp",
      std::to_string(config.cpus),
      "-m",
      std::to_string(config.memory_mib),
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-no-reboot",
      "-kernel",
      config.kernel.string(),
      "-initrd",
      config.initramfs.string(),
      "-append",
      kernel_command_line(config),
      "-chardev",
      fmt::format("file,id=console,path={}", console),
      "-serial",
      "chardev:console",
      "-chardev",
      fmt::format("socket,id=protocol,fd={}", protocol_fd_in_qemu),
      "-serial",
      "chardev:protocol",
      "-chardev",
      fmt::format("socket,id=monitor,fd={}", monitor_fd_in_qemu),
      "-mon",
      "chardev=monitor,mode=control",
      "-device",
      "isa-debug-exit,iobase=0xf4,iosize=0x04"};
  command.insert(command.end(), config.qemu_arguments.begin(), config.qemu_arguments.end());
  return command;
}

}  // namespace dmabuf::boot
