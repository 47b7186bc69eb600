// SPDX-License-Identifier: MIT
/// The tables of checks, one for each file.
#pragma once

#include <span>

#include "dmabuf/checks/check.hpp"

namespace dmabuf::checks {

std::span<const Check> file_checks();     ///< system calls on an fd: FOP, IOC, LSK, NAM, EXP, FD
std::span<const Check> info_checks();     ///< what the kernel prints: INF, BUF, STA
std::span<const Check> mmap_checks();     ///< MMU
std::span<const Check> share_checks();    ///< SHR, REL
std::span<const Check> fence_checks();    ///< POL, SYN, SFE, SFI, SYF, vgem's fences
std::span<const Check> udmabuf_checks();  ///< UDM
std::span<const Check> heap_checks();     ///< HEP
std::span<const Check> prime_checks();    ///< PRM, VGM, VGP
std::span<const Check> v4l2_checks();     ///< VBT

}  // namespace dmabuf::checks
