// SPDX-License-Identifier: MIT
#include "dmabuf/boot/kernel_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/module_build.hpp"
#include "scratch.hpp"

namespace dmabuf::boot {
namespace {

using ::testing::HasSubstr;

/// The parts of a bzImage that say what it is.
std::string image(const std::string& version) {
  std::string bytes(0x1000, '\0');
  bytes.replace(0x202, 4, "HdrS");
  bytes[0x20e] = '\x00';
  bytes[0x20f] = '\x06';
  bytes.replace(0x800, version.size(), version);
  return bytes;
}

TEST(KernelName, IsTheNewestOfItsSeriesWithoutFlavours) {
  const std::vector<std::string> packages = {"linux-image-6.1.0-9-amd64",
                                             "linux-image-6.1.0-47-amd64",
                                             "linux-image-6.1.0-48-amd64-unsigned",
                                             "linux-image-6.1.0-49-rt-amd64",
                                             "linux-image-6.1.0-50-cloud-amd64",
                                             "linux-image-6.1.0-51-amd64-dbg",
                                             "linux-image-6.12.99+deb12-amd64",
                                             "linux-image-6.12.107+deb12-amd64",
                                             "linux-image-6.12.117+deb12-cloud-amd64"};
  EXPECT_EQ(newest_image_package("6.1", packages), "linux-image-6.1.0-47-amd64");
  EXPECT_EQ(newest_image_package("6.12", packages), "linux-image-6.12.107+deb12-amd64");
  EXPECT_EQ(newest_image_package("", packages), "linux-image-6.12.107+deb12-amd64");
  EXPECT_EQ(newest_image_package("5.10", packages), "");
}

TEST(KernelFile, IsNamedByItsOwnHeader) {
  const testing::Scratch scratch;
  write_file(scratch.path() / "bzImage", image("6.9.0-mine (me@here) #1"));
  const Kernel kernel = resolve_kernel("file:" + (scratch.path() / "bzImage").string());
  EXPECT_EQ(kernel.release, "6.9.0-mine");
  EXPECT_TRUE(kernel.modules.empty());
  EXPECT_THROW(ensure_headers(kernel), Error);
}

TEST(KernelFile, FindsModulesInARootOrDirectly) {
  const testing::Scratch scratch;
  write_file(scratch.path() / "bzImage", image("6.9.0 x"));
  const std::filesystem::path modules = scratch.path() / "lib/modules/6.9.0";
  write_file(modules / "modules.dep", "");
  const std::string spec = "file:" + (scratch.path() / "bzImage").string() + ",modules=";
  EXPECT_EQ(resolve_kernel(spec + scratch.path().string()).modules, modules);
  EXPECT_EQ(resolve_kernel(spec + modules.string()).modules, modules);
  EXPECT_THROW(resolve_kernel(spec + (scratch.path() / "lib").string()), Error);
}

TEST(KernelFile, OfAnotherKindIsRefused) {
  const testing::Scratch scratch;
  write_file(scratch.path() / "vmlinux", std::string(4096, 'x'));
  EXPECT_THROW(resolve_kernel("file:" + (scratch.path() / "vmlinux").string()), Error);
  EXPECT_THROW(resolve_kernel("file:/nonexistent"), Error);
}

TEST(KernelSpec, ThatIsUnknownListsTheKnown) {
  for (const char* spec : {"", "debian:", "debian:latest", "ubuntu:6.1", "6.1"}) {
    try {
      resolve_kernel(spec);
      FAIL() << spec;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("debian:6.1"));
    }
  }
}

}  // namespace
}  // namespace dmabuf::boot
