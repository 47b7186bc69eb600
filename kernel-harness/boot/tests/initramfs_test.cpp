// SPDX-License-Identifier: MIT
#include "dmabuf/boot/initramfs.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/module_tree.hpp"
#include "dmabuf/boot/process.hpp"
#include "scratch.hpp"

namespace dmabuf::boot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The smallest ELF program: a head and one segment.
std::string program(std::uint32_t segment_type) {
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_phoff = sizeof head;
  head.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = segment_type;
  std::string bytes(sizeof head + sizeof segment, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, &segment, sizeof segment);
  return bytes;
}

class Archive : public ::testing::Test {
 protected:
  Archive() {
    write_file(tree_ / "modules.dep",
               "kernel/a.ko: kernel/b.ko.xz kernel/c-d.ko\n"
               "kernel/b.ko.xz: kernel/c-d.ko\n"
               "kernel/c-d.ko:\n");
    write_file(tree_ / "modules.builtin", "kernel/drivers/dma-buf/udmabuf.ko\n");
    write_file(tree_ / "kernel/a.ko", "module a");
    write_file(tree_ / "kernel/b.ko", "module b");
    write_file(tree_ / "kernel/c-d.ko", "module c-d");
    if (!program_exists("xz") || !run_command({"xz", (tree_ / "kernel/b.ko").string()}).ok())
      throw Error("xz is missing", "apt-get install xz-utils");
    write_file(init_, program(PT_LOAD));
    kernel_ = {
        .spec = "test", .release = "1.0", .image = "", .modules = tree_, .headers_package = ""};
  }
  std::string made(const Initramfs& description) {
    return read_file(make_initramfs(description, kernel_));
  }

  testing::Scratch scratch_;
  testing::PrivateCache cache_{scratch_.path() / "cache"};
  std::filesystem::path tree_ = scratch_.path() / "lib/modules/1.0";
  std::filesystem::path init_ = scratch_.path() / "init";
  Kernel kernel_;
};

TEST_F(Archive, LoadsWhatAModuleNeedsBeforeIt) {
  const std::string archive = made({.init = init_, .modules = {"a"}});
  EXPECT_THAT(archive, HasSubstr("c_d.ko\nb.ko\na.ko\n"));
  EXPECT_THAT(archive, HasSubstr("module b")) << "unpacked on the host";
}

TEST_F(Archive, LeavesOutWhatIsBuiltInAndRefusesWhatIsNowhere) {
  EXPECT_THAT(made({.init = init_, .modules = {"udmabuf"}}), Not(HasSubstr("udmabuf")));
  EXPECT_THROW(made({.init = init_, .modules = {"nowhere"}}), Error);
  EXPECT_THAT(made({.init = init_, .wanted_modules = {"nowhere", "c-d"}}), HasSubstr("c_d.ko\n"));
}

TEST_F(Archive, PutsOurModulesLastWithTheirParametersAndNeeds) {
  const std::filesystem::path own = scratch_.path() / "ours.ko";
  write_file(own, std::string("x\0depends=b\0y", 13));
  const std::string archive = made({.init = init_,
                                    .module_files = {own},
                                    .module_parameters = {"ours seeded=1 level=2", "b no=0"}});
  EXPECT_THAT(archive, HasSubstr("c_d.ko\nb.ko no=0\nours.ko seeded=1 level=2\n"));
}

TEST_F(Archive, HasExtraFilesWithTheirDirectories) {
  write_file(scratch_.path() / "plan", "the plan");
  const std::string archive =
      made({.init = init_, .files = {{.from = scratch_.path() / "plan", .to = "/etc/deep/plan"}}});
  EXPECT_LT(archive.find("etc/deep\0", 0, 9), archive.find("etc/deep/plan"));
  EXPECT_THAT(archive, HasSubstr("the plan"));
}

TEST_F(Archive, IsNamedByItsContents) {
  const Initramfs plain{.init = init_};
  EXPECT_EQ(make_initramfs(plain, kernel_), make_initramfs(plain, kernel_));
  EXPECT_NE(make_initramfs(plain, kernel_),
            make_initramfs({.init = init_, .modules = {"a"}}, kernel_));
}

TEST_F(Archive, RefusesAnInitThatNeedsALoader) {
  write_file(init_, program(PT_INTERP));
  EXPECT_FALSE(is_static_binary(init_));
  EXPECT_THROW(made({.init = init_}), Error);
  write_file(init_, "#!/bin/sh");
  EXPECT_THROW(made({.init = init_}), Error);
}

TEST_F(Archive, SaysWhichModuleAKernelWithoutModulesLacks) {
  kernel_.modules.clear();
  EXPECT_THROW(made({.init = init_, .modules = {"vgem"}}), Error);
  EXPECT_FALSE(made({.init = init_}).empty());
}

TEST(ModuleName, IsTheKernels) {
  EXPECT_EQ(module_name("kernel/drivers/drm-kms-helper.ko.xz"), "drm_kms_helper");
  EXPECT_EQ(module_name("vgem"), "vgem");
}

TEST(ModuleTree, AsksDepmodWhereNoListIs) {
  if (!program_exists("depmod")) GTEST_SKIP() << "SKIPPED: no depmod. Remedy: apt-get install kmod";
  const testing::Scratch scratch;
  std::filesystem::create_directories(scratch.path() / "1.0/kernel");
  const ModuleTree tree(scratch.path() / "1.0");
  EXPECT_FALSE(tree.has("vgem"));
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "1.0/modules.dep")) << "not ours to write";
}

}  // namespace
}  // namespace dmabuf::boot
