// SPDX-License-Identifier: MIT
#include "../temporary_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace dmabuf::app {
namespace {

TEST(TemporaryFiles, AreGoneHoweverTheScopeIsLeft) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("dmabuf-temporary-{}", ::getpid());
  try {
    const TemporaryFiles here({file, file.string() + ".never-made"});
    std::ofstream(file) << "something";
    ASSERT_TRUE(std::filesystem::exists(file));
    throw std::runtime_error("something else");
  } catch (const std::runtime_error&) {
  }
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace dmabuf::app
