// SPDX-License-Identifier: MIT
/// Small helpers that several areas share.
#pragma once

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dmabuf/adapters/fault_guard.hpp"
#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/adapters/proc_text.hpp"
#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/checks/context.hpp"

namespace dmabuf::checks {

using adapters::kPageSize;
using adapters::UniqueFd;
using model::Access;

inline constexpr std::string_view kDrm = "vgem drm:";

/// A mapping that ends with this.
class Mapping {
 public:
  Mapping() = default;
  Mapping(void* address, std::size_t size) : address_(address), size_(size) {}
  Mapping(Mapping&& other) noexcept
      : address_(std::exchange(other.address_, MAP_FAILED)), size_(other.size_) {}
  Mapping& operator=(Mapping&& other) noexcept {
    reset();
    address_ = std::exchange(other.address_, MAP_FAILED);
    size_ = other.size_;
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { reset(); }

  void reset() {
    if (*this) ::munmap(address_, size_);
    address_ = MAP_FAILED;
  }
  /// Somebody else unmaps it, or has: it was moved, or shrunk to nothing.
  void* release() { return std::exchange(address_, MAP_FAILED); }
  void resized(void* address, std::size_t size) {
    address_ = address;
    size_ = size;
  }
  explicit operator bool() const { return address_ != MAP_FAILED; }
  char* at(std::size_t page) const { return static_cast<char*>(address_) + page * kPageSize; }
  void* address() const { return address_; }
  std::size_t size() const { return size_; }

 private:
  void* address_ = MAP_FAILED;
  std::size_t size_ = 0;
};

/// mmap, without a word about it; false if it failed (errno says why).
Mapping map(int fd, std::size_t pages, std::size_t offset_pages = 0,
            int protection = PROT_READ | PROT_WRITE, int flags = MAP_SHARED);
/// Shared and writable, over the first `pages`. Throws NotApplicable where it cannot be had.
Mapping map_or_skip(Context& context, int fd, std::size_t pages);

/// One word of a page, at `address`; nothing if the access faults.
std::optional<std::uint32_t> peek(const void* address);
bool poke(void* address, std::uint32_t value);
/// A word that no other page of a test has.
constexpr std::uint32_t tag(std::size_t page) {
  return 0x5a000001U + static_cast<std::uint32_t>(page);
}
/// "0x5a000001", "a fault"
std::string seen(const std::optional<std::uint32_t>& word);

/// Runs it in a child; its exit status, 128 + signal if it died of one.
int in_child(const std::function<int()>& work);

/// True if the call was still waiting when the time was up and a signal without SA_RESTART ended
/// it. The call's result is given to `result`.
bool waits(std::chrono::milliseconds limit, const std::function<long()>& call, long& result,
           int& error);

/// While it lives, no fd beyond those open now can be had.
class NoMoreFds {
 public:
  NoMoreFds();
  ~NoMoreFds();
  NoMoreFds(const NoMoreFds&) = delete;
  NoMoreFds& operator=(const NoMoreFds&) = delete;

 private:
  rlimit before_{};
};

std::uint64_t inode_of(int fd);
bool same_buffer(int one, int other);
bool is_dmabuf(int fd);
/// The buffer's row in bufinfo; nothing if it is not listed. `text` must outlive the views.
std::optional<adapters::BufInfo> listed(const std::string& bufinfo, std::uint64_t inode);
/// f_count as bufinfo has it; -1 if it is not listed.
long listed_count(Context& context, std::uint64_t inode);
std::string read_file(const std::string& path);
/// -1 if it is built in, or not there.
long use_count(std::string_view module);
/// False if it could not be written.
bool write_file(const std::string& path, std::string_view text);

/// Bytes at which nothing can be read.
inline void* bad_address() {
  return adapters::unmapped_page();
}

}  // namespace dmabuf::checks
