// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "dmabuf/boot/accel.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/guest.hpp"
#include "dmabuf/boot/initramfs.hpp"
#include "dmabuf/boot/kernel_source.hpp"
#include "dmabuf/boot/process.hpp"

namespace dmabuf::boot::testing {

inline constexpr const char* qemu = "qemu-system-x86_64";

/// Boots demo-init under one kernel and keeps what it says.
struct DemoRun {
  GuestResult result;
  std::vector<protocol::Record> records;

  [[nodiscard]] std::string capability(const std::string& key) const {
    for (const protocol::Record& record : records)
      if (record.verb == protocol::verb::capability)
        if (const auto value = record.value(key)) return std::string(*value);
    return "(not said)";
  }
  [[nodiscard]] std::string story() const {
    std::string text = fmt::format("end {} ({}), status {}, boot {} ms, wall {} ms\n",
                                   std::string(name(result.end)), result.detail, result.qemu_status,
                                   result.boot_time.count(), result.wall_time.count());
    for (const protocol::Record& record : records)
      text += fmt::format("  {} {} {:.60}\n", record.verb, record.seq, record.args);
    return text + "console:\n" + result.console_tail;
  }
};

/// "debian:6.12" as a test's name may be: "Debian6_12".
inline std::string kernel_test_name(std::string spec) {
  std::erase(spec, ':');
  std::replace(spec.begin(), spec.end(), '.', '_');
  spec[0] = 'D';
  return spec;
}

inline std::filesystem::path scratch(const std::string& file) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = fmt::format("{}.{}", test->test_suite_name(), test->name());
  std::replace(name.begin(), name.end(), '/', '_');
  const auto directory = std::filesystem::temp_directory_path() /
                         fmt::format("dmabuf-kernel-tests-{}", ::getpid()) / name;
  std::filesystem::create_directories(directory);
  return directory / file;
}

inline GuestConfig demo_config(const Kernel& kernel, const Initramfs& contents,
                               const std::string& task) {
  return GuestConfig{.kernel = kernel.image,
                     .initramfs = make_initramfs(contents, kernel),
                     .console = scratch("console.log"),
                     .accelerator = choose_accelerator().accelerator,
                     .kernel_arguments = {"demo=" + task}};
}

inline DemoRun run_demo(GuestConfig config) {
  DemoRun demo;
  Guest guest(std::move(config));
  guest.on_record([&demo](const protocol::Record& record) { demo.records.push_back(record); });
  demo.result = guest.run();
  std::fputs(demo.story().substr(0, demo.story().find("console:")).c_str(), stderr);
  return demo;
}

}  // namespace dmabuf::boot::testing

/// Skips loudly, with reason and remedy, what this machine lacks; fails on nothing by itself.
#define DMABUF_KERNEL_OR_SKIP(kernel, spec)                                                \
  if (!dmabuf::boot::program_exists(dmabuf::boot::testing::qemu))                          \
    GTEST_SKIP() << "SKIPPED: no QEMU. Remedy: apt-get install qemu-system-x86";           \
  dmabuf::boot::Kernel kernel;                                                             \
  try {                                                                                    \
    kernel = dmabuf::boot::resolve_kernel(spec);                                           \
  } catch (const dmabuf::boot::Error& error) {                                             \
    GTEST_SKIP() << "SKIPPED: kernel " << (spec) << " is not to be had: " << error.what(); \
  }
