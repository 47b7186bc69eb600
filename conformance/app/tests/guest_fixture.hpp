// SPDX-License-Identifier: MIT
/// What tests with guests share: what they need, or why they are skipped; QEMU seen from outside.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "program.hpp"

namespace dmabuf::app::testing {

enum class Module { NotNeeded, Needed };

/// Why there can be no guest with that kernel here, and what would help; nothing if there can.
std::optional<std::string> lack_for_guests(const std::string& kernel, Module module);

/// The QEMU that the program runs for the run in `directory`; nothing while there is none.
std::optional<pid_t> qemu_of(const Process& process, const std::filesystem::path& directory);

/// Cases that the journal says have begun, of any target; it is still being written.
std::size_t cases_begun(const std::filesystem::path& directory);

/// Every console log of a run, one after the other.
std::string consoles_of(const std::filesystem::path& directory);
/// True if one of them has this text.
bool consoles_say(const std::filesystem::path& directory, std::string_view text);

/// True if it breaks that clause: "DBUF-MMU-008".
bool breaks(const record::Finding& finding, std::string_view clause);

/// Findings as a text, for a test that fails.
std::string story(const record::Run& run);

}  // namespace dmabuf::app::testing

/// Skips loudly, with reason and remedy.
#define DMABUF_GUEST_OR_SKIP(kernel, module)                                      \
  if (const auto lack = ::dmabuf::app::testing::lack_for_guests(kernel, module)) \
  GTEST_SKIP() << "SKIPPED: " << *lack
