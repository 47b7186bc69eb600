// SPDX-License-Identifier: MIT
/// A finding that the kernel itself reported: in its log, by dying, or by falling silent.
#pragma once

#include "dmabuf/boot/accel.hpp"
#include "dmabuf/boot/console.hpp"
#include "dmabuf/boot/guest.hpp"
#include "dmabuf/record/record.hpp"

namespace dmabuf::app {

/// `kind` says how: Divergence (it complained and lived on), Crash or Hang. `release` is the kernel's. The
/// caller adds what it was doing: target, case, summary, how to do it again.
record::Finding kernel_finding(const boot::KernelReport& report, record::CaseOutcome kind, const std::string& release);

/// What a guest that did not survive said of it: the first report that was fatal, else the first; how it ended if there is
/// none. A run and a replay must call the same thing the same.
boot::KernelReport last_word(const boot::GuestResult& result);

/// An emulated machine on a busy host is slow enough to be taken for stuck.
bool is_mere_slowness(const boot::KernelReport& report, boot::Accelerator accelerator);

}  // namespace dmabuf::app
