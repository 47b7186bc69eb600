// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/guest.hpp"
#include "scratch.hpp"

namespace dmabuf::boot::testing {

/// A QEMU that is a shell script: descriptor 20 is ttyS1, $console is ttyS0's file.
class StubGuest : public ::testing::Test {
 protected:
  GuestConfig config(const std::string& behaviour) {
    const std::filesystem::path script = scratch_.path() / "qemu";
    const std::filesystem::path console = scratch_.path() / "console.log";
    write_file(script, "#!/bin/bash\nconsole=" + console.string() + "\n" + behaviour + "\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    write_file(scratch_.path() / "vmlinuz", "");
    write_file(scratch_.path() / "initramfs", "");
    GuestConfig config{.kernel = scratch_.path() / "vmlinuz",
                       .initramfs = scratch_.path() / "initramfs",
                       .console = console,
                       .qemu = script.string(),
                       .dump_when_silent = false};
    config.watchdogs = {.boot = std::chrono::milliseconds(5000),
                        .silence = std::chrono::milliseconds(5000),
                        .total = std::chrono::milliseconds(20000),
                        .leave = std::chrono::milliseconds(5000)};
    return config;
  }

  /// A shell command that writes the next record to the line.
  std::string say(std::string_view verb, std::string_view args) {
    std::string line = encoder_.encode(verb, args);
    line.pop_back();
    return "echo '" + line + "' >&20\n";
  }

  Scratch scratch_;
  protocol::Encoder encoder_;
};

}  // namespace dmabuf::boot::testing
