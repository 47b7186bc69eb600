// SPDX-License-Identifier: MIT
/// A counterexample as a C program that needs nothing of ours: fit to be mailed to a maintainer.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "dmabuf/record/record.hpp"

namespace dmabuf::reports {

/// "udmabuf" for "vm:debian:6.12/udmabuf" and "native:udmabuf", "harness:eager!wrong-size" for
/// "vm:debian:6.12/harness:eager!wrong-size"; "" for what is no kernel's.
std::string kernel_exporter_of(const std::string& target);

/// The program, or the reason why this finding cannot be one. `exporter` ("udmabuf", "vgem",
/// "drm:DRIVER", "heap:NAME", "harness:POLICY[!DEFECT]") replaces the finding's own; "" keeps it.
///
/// Its exit status: 0 the bug does not show, 1 it shows, 2 an earlier step went otherwise than when
/// it was found, 4 this machine lacks what it takes.
tl::expected<std::string, std::string> render_c(const record::Finding& finding, const std::string& exporter = "");

}  // namespace dmabuf::reports
