// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/fault_guard.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>
#include <thread>

#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::adapters {
namespace {

volatile char* at(void* address) { return static_cast<volatile char*>(address); }

TEST(FaultGuard, LetsGoodAccessesPass) {
  char byte = 'a';
  EXPECT_TRUE(survives([&] { byte = 'b'; }));
  EXPECT_EQ(byte, 'b');
}

TEST(FaultGuard, SurvivesMemoryThatIsNotMapped) {
  EXPECT_FALSE(survives([] { (void)*at(unmapped_page()); }));
  EXPECT_FALSE(survives([] { *at(unmapped_page()) = 1; }));
  EXPECT_TRUE(survives([] {}));
}

TEST(FaultGuard, SurvivesReadOnlyMemory) {
  void* const page = ::mmap(nullptr, kPageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  EXPECT_TRUE(survives([&] { (void)*at(page); }));
  EXPECT_FALSE(survives([&] { *at(page) = 1; }));
  ::munmap(page, kPageSize);
}

TEST(FaultGuard, SurvivesTheEndOfAFile) {  // SIGBUS, not SIGSEGV
  const UniqueFd file(::memfd_create("empty", MFD_CLOEXEC));
  void* const page =
      ::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  ASSERT_NE(page, MAP_FAILED);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(survives([&] { (void)*at(page); }));
  ASSERT_EQ(::ftruncate(file.get(), kPageSize), 0);
  EXPECT_TRUE(survives([&] { *at(page) = 1; }));
  ::munmap(page, kPageSize);
}

TEST(FaultGuard, LeavesTheSignalMaskAlone) {
  EXPECT_FALSE(survives([] { (void)*at(unmapped_page()); }));
  sigset_t mask;
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &mask), 0);
  EXPECT_FALSE(::sigismember(&mask, SIGSEGV));
  EXPECT_FALSE(::sigismember(&mask, SIGBUS));
}

TEST(FaultGuard, BelongsToOneThread) {
  std::thread other([] { EXPECT_FALSE(survives([] { (void)*at(unmapped_page()); })); });
  EXPECT_TRUE(survives([&] { other.join(); }));
}

TEST(FaultGuardDeath, LeavesOtherFaultsToOthers) {
  EXPECT_DEATH(
      {
        EXPECT_FALSE(survives([] { (void)*at(unmapped_page()); }));
        (void)*at(unmapped_page());
      },
      "");
}

}  // namespace
}  // namespace dmabuf::adapters
