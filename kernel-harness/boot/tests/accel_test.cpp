// SPDX-License-Identifier: MIT
#include "dmabuf/boot/accel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/process.hpp"
#include "scratch.hpp"

namespace dmabuf::boot {
namespace {

using ::testing::HasSubstr;

/// A QEMU that does what a shell script says; $accel is what was asked for.
class Probe : public ::testing::Test {
 protected:
  AcceleratorProbe stub(const std::string& behaviour, const std::string& version = "7.2") {
    const std::filesystem::path script = scratch_.path() / "qemu";
    write_file(script, "#!/bin/sh\n[ \"$1\" = --version ] && echo QEMU " + version +
                           " && exit 0\n" + "accel=$2\necho $accel >> " + asked().string() + "\n" +
                           behaviour + "\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    return {.qemu = script.string(),
            .cache = scratch_.path() / "accel",
            .kvm_device = "/dev/null",  // opens, as /dev/kvm may
            .boot_id = "boot-1",
            .limit = std::chrono::milliseconds(2500)};
  }
  std::filesystem::path asked() { return scratch_.path() / "asked"; }
  std::string asked_so_far() { return std::filesystem::exists(asked()) ? read_file(asked()) : ""; }
  testing::Scratch scratch_;
};

TEST_F(Probe, TakesKvmThatRuns) {
  const AcceleratorChoice choice = choose_accelerator(stub("exit 33"));
  EXPECT_EQ(choice.accelerator, Accelerator::Kvm);
  EXPECT_THAT(choice.reason, HasSubstr("ran under kvm"));
}

TEST_F(Probe, LeavesKvmThatHangsAndKillsIt) {
  const auto begun = std::chrono::steady_clock::now();
  const AcceleratorChoice choice =
      choose_accelerator(stub("[ $accel = tcg ] && exit 33\nsleep 61 & echo $! > " +
                              (scratch_.path() / "child").string() + "\nwait"));
  EXPECT_EQ(choice.accelerator, Accelerator::Tcg);
  EXPECT_THAT(choice.reason, HasSubstr("hung"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
  const std::string child = read_file(scratch_.path() / "child");
  // Orphans are collected by whoever adopts them: gone or a zombie is both dead.
  const std::filesystem::path status = "/proc/" + child.substr(0, child.find('\n')) + "/status";
  if (std::filesystem::exists(status)) {
    EXPECT_THAT(read_file(status), HasSubstr("Z (zombie)"));
  }
}

TEST_F(Probe, LeavesKvmThatRefuses) {
  const AcceleratorChoice choice = choose_accelerator(stub("[ $accel = tcg ] && exit 33; exit 1"));
  EXPECT_EQ(choice.accelerator, Accelerator::Tcg);
  EXPECT_THAT(choice.reason, HasSubstr("status 1"));
}

TEST_F(Probe, TakesStatusZeroForNoSuccess) { EXPECT_FALSE(runs(Accelerator::Tcg, stub("exit 0"))); }

TEST_F(Probe, DoesNotAskKvmWithoutItsDevice) {
  AcceleratorProbe probe = stub("exit 33");
  probe.kvm_device = "/nonexistent/kvm";
  EXPECT_EQ(choose_accelerator(probe).accelerator, Accelerator::Tcg);
  EXPECT_EQ(asked_so_far(), "tcg\n");
}

TEST_F(Probe, SaysWhyWhenNothingRuns) {
  try {
    choose_accelerator(stub("exit 1"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("status 1 under kvm"));
    EXPECT_THAT(error.what(), HasSubstr("status 1 under tcg"));
    EXPECT_THAT(error.what(), HasSubstr("Remedy: "));
  }
}

TEST_F(Probe, RemembersUntilRebootOrNewQemu) {
  choose_accelerator(stub("exit 33"));
  EXPECT_EQ(choose_accelerator(stub("exit 1")).accelerator, Accelerator::Kvm) << "from the cache";
  EXPECT_EQ(asked_so_far(), "kvm\n");

  AcceleratorProbe rebooted = stub("exit 33");
  rebooted.boot_id = "boot-2";
  choose_accelerator(rebooted);
  EXPECT_EQ(asked_so_far(), "kvm\nkvm\n");

  AcceleratorProbe upgraded = stub("exit 33", "9.0");
  upgraded.boot_id = "boot-2";
  choose_accelerator(upgraded);
  EXPECT_EQ(asked_so_far(), "kvm\nkvm\nkvm\n");
}

TEST_F(Probe, NamesTheMissingProgram) {
  EXPECT_THROW(choose_accelerator({.qemu = "/nonexistent/qemu"}), Error);
}

TEST(BootSector, IsTheDocumentedOne) {
  const auto sector = probe_boot_sector();
  EXPECT_EQ(sector[0], 0xb0);
  EXPECT_EQ(sector[1], 0x10);
  EXPECT_EQ(sector[8], 0xfd);
  EXPECT_EQ(sector[510], 0x55);
  EXPECT_EQ(sector[511], 0xaa);
}

TEST(BootSector, RunsUnderTcg) {
  if (!program_exists("qemu-system-x86_64"))
    GTEST_SKIP() << "SKIPPED: no QEMU. Remedy: apt-get install qemu-system-x86";
  EXPECT_TRUE(runs(Accelerator::Tcg, {.limit = std::chrono::seconds(20)}));
}

}  // namespace
}  // namespace dmabuf::boot
