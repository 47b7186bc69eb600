// SPDX-License-Identifier: MIT
#pragma once

namespace dmabuf::app {

/// The program as pid 1 of a guest: mounts, loads modules, does what the plan says in a child, reports
/// over the second serial line, leaves QEMU. Never returns.
[[noreturn]] void guest_main();

}  // namespace dmabuf::app
