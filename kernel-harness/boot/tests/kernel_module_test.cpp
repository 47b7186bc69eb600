// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/module_build.hpp"
#include "kernel_guest.hpp"

namespace dmabuf::boot::testing {
namespace {

using ::testing::HasSubstr;

class BuiltModule : public ::testing::TestWithParam<const char*> {
 protected:
  /// A module of three lines, under a name of its own.
  static std::filesystem::path sources(const std::string& body) {
    const std::filesystem::path directory = scratch("greeter");
    write_file(directory / "Kbuild", "obj-m := greeter.o\n");
    write_file(directory / "greeter.c",
               "// SPDX-License-Identifier: GPL-2.0-only\n"
               "#include <linux/module.h>\n"
               "static int level;\n"
               "module_param(level, int, 0444);\n"
               "static int __init greeter_init(void)\n"
               "{\n" +
                   body +
                   "\treturn 0;\n}\n"
                   "static void __exit greeter_exit(void) { }\n"
                   "module_init(greeter_init);\n"
                   "module_exit(greeter_exit);\n"
                   "MODULE_LICENSE(\"GPL\");\n"
                   "MODULE_DESCRIPTION(\"says hello\");\n");
    return directory;
  }
};

TEST_P(BuiltModule, IsLoadedWithItsParameters) {
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  std::filesystem::path module;
  try {
    module = build_module({.directory = sources("\tpr_info(\"greeter level %d\\n\", level);\n")},
                          kernel);
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: no module can be built here: " << error.what();
  }
  const DemoRun demo = run_demo(demo_config(
      kernel,
      {.init = DEMO_INIT, .module_files = {module}, .module_parameters = {"greeter level=7"}},
      "report"));
  EXPECT_EQ(demo.result.end, GuestEnd::Clean) << demo.story();
  EXPECT_EQ(demo.capability("module.greeter"), "loaded");
  EXPECT_THAT(read_file(scratch("console.log")), HasSubstr("greeter level 7"));
}

TEST_P(BuiltModule, ThatWarnsIsReportedWithItsFunction) {
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  std::filesystem::path module;
  try {
    module = build_module({.directory = sources("\tWARN(1, \"greeter is unwell\\n\");\n")}, kernel);
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: no module can be built here: " << error.what();
  }
  const DemoRun demo =
      run_demo(demo_config(kernel, {.init = DEMO_INIT, .module_files = {module}}, "report"));
  EXPECT_EQ(demo.result.end, GuestEnd::Clean) << demo.story();
  ASSERT_EQ(demo.result.reports.size(), 1U);
  EXPECT_EQ(demo.result.reports[0].kind, ReportKind::Warning);
  EXPECT_EQ(demo.result.reports[0].title, "WARNING in greeter_init");
  EXPECT_THAT(demo.result.reports[0].text, HasSubstr("greeter is unwell"));
  EXPECT_FALSE(demo.result.reports[0].fatal);
}

TEST_P(BuiltModule, ThatOopsesIsOneFatalReport) {
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  std::filesystem::path module;
  try {
    module = build_module({.directory = sources("\t*(volatile int *)8 = 1;\n")}, kernel);
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: no module can be built here: " << error.what();
  }
  const DemoRun demo =
      run_demo(demo_config(kernel, {.init = DEMO_INIT, .module_files = {module}}, "report"));
  EXPECT_EQ(demo.result.end, GuestEnd::Panicked) << demo.story();
  ASSERT_EQ(demo.result.reports.size(), 1U);
  EXPECT_EQ(demo.result.reports[0].title, "BUG: kernel NULL pointer dereference in greeter_init");
  EXPECT_TRUE(demo.result.reports[0].fatal);
}

TEST_P(BuiltModule, ThatDoesNotCompileNamesTheLog) {
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  try {
    ensure_headers(kernel);
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: no headers: " << error.what();
  }
  try {
    build_module({.directory = sources("\tno_such_function();\n")}, kernel);
    FAIL() << "it was built";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no_such_function"));
    EXPECT_THAT(error.what(), HasSubstr("Log: "));
  }
}

TEST_P(BuiltModule, OfTheHarnessLoadsWithoutAWarning) {
  if (!std::filesystem::exists(HARNESS_MODULE_SOURCE "/Kbuild"))
    GTEST_SKIP()
        << "SKIPPED: no harness module in this tree. Remedy: check out kernel-harness/module";
  DMABUF_KERNEL_OR_SKIP(kernel, GetParam());
  std::filesystem::path module;
  try {
    ensure_headers(kernel);
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: no headers: " << error.what();
  }
  module = build_module({.directory = HARNESS_MODULE_SOURCE, .alongside = {"../include"}}, kernel);
  const DemoRun demo =
      run_demo(demo_config(kernel, {.init = DEMO_INIT, .module_files = {module}}, "report"));
  EXPECT_EQ(demo.result.end, GuestEnd::Clean) << demo.story();
  EXPECT_EQ(demo.capability("module.dmabuf_harness"), "loaded");
  EXPECT_EQ(demo.capability("present.dmabuf_harness"), "yes");
  EXPECT_TRUE(demo.result.reports.empty()) << demo.result.reports.front().text;
}

INSTANTIATE_TEST_SUITE_P(Debian, BuiltModule, ::testing::Values(DEMO_KERNELS),
                         [](const auto& spec) { return kernel_test_name(spec.param); });

}  // namespace
}  // namespace dmabuf::boot::testing
