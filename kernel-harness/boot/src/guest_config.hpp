// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "dmabuf/boot/guest.hpp"

namespace dmabuf::boot {

/// Numbers that the descriptors of the two sockets have in QEMU.
inline constexpr int protocol_fd_in_qemu = 20;
inline constexpr int monitor_fd_in_qemu = 21;

/// The whole command line of QEMU.
std::vector<std::string> qemu_command(const GuestConfig& config);

/// What the kernel is told.
std::string kernel_command_line(const GuestConfig& config);

}  // namespace dmabuf::boot
