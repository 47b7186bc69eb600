// SPDX-License-Identifier: MIT
#include "golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace dmabuf::tests {

void expect_golden(const std::string& name, const std::string& text) {
  const std::filesystem::path file = std::filesystem::path(DMABUF_GOLDEN_DIR) / name;
  const char* update = std::getenv("DMABUF_UPDATE_GOLDEN");
  if (update && std::string(update) == "1") {
    std::ofstream(file, std::ios::binary) << text;
    return;
  }
  std::ifstream in(file, std::ios::binary);
  ASSERT_TRUE(in) << file << " is not there; make it with DMABUF_UPDATE_GOLDEN=1";
  const std::string golden{std::istreambuf_iterator<char>(in), {}};
  if (text == golden) return;
  const auto [now, then] = std::mismatch(text.begin(), text.end(), golden.begin(), golden.end());
  const auto at = now - text.begin();
  const auto line = 1 + std::count(text.begin(), now, '\n');
  const auto around = [](const std::string& whole, long where) {
    const long from = std::max(0L, where - 60);
    return whole.substr(static_cast<std::size_t>(from), 120);
  };
  ADD_FAILURE() << file << " differs in line " << line << "\nnow:  " << around(text, at)
                << "\nthen: " << around(golden, at)
                << "\nif the change is meant, DMABUF_UPDATE_GOLDEN=1 takes it over";
}

}  // namespace dmabuf::tests
