// SPDX-License-Identifier: MIT
/// A kernel made ready to be booted, and the machine that boots it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dmabuf/boot/accel.hpp"
#include "dmabuf/boot/guest.hpp"
#include "dmabuf/boot/kernel_source.hpp"
#include "guest_plan.hpp"

namespace dmabuf::app {

struct PreparedKernel {
  boot::Kernel kernel;
  boot::Accelerator accelerator = boot::Accelerator::Tcg;
  std::filesystem::path module;  ///< empty: no in-kernel importers and no harness exporter
  std::string module_lack;       ///< why
};

/// Fetches the kernel if need be, and builds the harness module for it; without headers it does without.
/// Throws boot::Error if there is no such kernel to be had.
PreparedKernel prepare(const std::string& spec);

/// The machine, its initramfs with this program as init, the plan and what the plan wants. `console` is
/// the file that keeps what the kernel says. Throws boot::Error.
boot::GuestConfig configure(const PreparedKernel& prepared, const GuestPlan& plan, const std::filesystem::path& console,
                            const std::vector<std::string>& kernel_arguments);

}  // namespace dmabuf::app
