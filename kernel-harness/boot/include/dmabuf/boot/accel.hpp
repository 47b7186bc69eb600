// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace dmabuf::boot {

enum class Accelerator { Kvm, Tcg };

std::string_view name(Accelerator accelerator);

/// What QEMU runs on, and why.
struct AcceleratorChoice {
  Accelerator accelerator;
  std::string reason;  ///< a sentence for people
};

/// How to probe; the defaults are right outside tests.
struct AcceleratorProbe {
  std::string qemu = "qemu-system-x86_64";
  std::filesystem::path cache = {};  ///< empty: cache_directory()/accel
  std::filesystem::path kvm_device = "/dev/kvm";
  std::string boot_id = {};  ///< empty: the machine's own
  std::chrono::milliseconds limit = std::chrono::seconds(3);  ///< for KVM; TCG gets ten times that
};

/// 512 bytes that write 0x10 to port 0xf4: QEMU's isa-debug-exit turns it into status 33.
std::array<std::uint8_t, 512> probe_boot_sector();

/// True if a guest really executes under `accelerator`, not only if its device opens.
bool runs(Accelerator accelerator, const AcceleratorProbe& probe = {});

/// The first of KVM and TCG under which the boot sector runs.
///
/// The answer is kept until the machine reboots or QEMU changes. Throws Error when QEMU is missing
/// or neither runs.
AcceleratorChoice choose_accelerator(const AcceleratorProbe& probe = {});

}  // namespace dmabuf::boot
