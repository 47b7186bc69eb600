// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "debian.hpp"

namespace dmabuf::boot {
namespace {

TEST(Version, OrdersNumbersByValue) {
  EXPECT_TRUE(version_less("6.1.0-9", "6.1.0-47"));
  EXPECT_TRUE(version_less("6.12.99+deb12", "6.12.107+deb12"));
  EXPECT_FALSE(version_less("6.12.107", "6.12.99"));
  EXPECT_TRUE(version_less("", "1"));
  EXPECT_FALSE(version_less("6.1", "6.1"));
  EXPECT_TRUE(version_less("6.1", "6.1.0"));
  EXPECT_FALSE(version_less("6.007", "6.7"));
  EXPECT_FALSE(version_less("6.7", "6.007"));
}

}  // namespace
}  // namespace dmabuf::boot
