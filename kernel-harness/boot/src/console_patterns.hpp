// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/boot/console.hpp"

namespace dmabuf::boot {

/// The kind of report that a line without time stamp begins, if it begins one.
std::optional<ReportKind> report_beginning(std::string_view text);

/// True if a report of kind `open` goes on over a line that would otherwise begin one.
bool goes_on(const KernelReport& open, bool ended, ReportKind next, std::string_view text);

/// "---[ end trace", "---[ end Kernel panic", and for sanitizers the closing rule.
bool ends_report(ReportKind kind, std::size_t lines_so_far, std::string_view text);

/// True for kinds whose last line ends_report() knows, though the kernel may leave it out.
bool has_end(ReportKind kind);

/// True for lines that belong to a report by their look: frames, registers, dumps.
bool looks_like_report(std::string_view text);

/// The title, from all lines of a report without their time stamps.
std::string report_title(ReportKind kind, const std::vector<std::string>& lines);

}  // namespace dmabuf::boot
