// SPDX-License-Identifier: MIT
/// The states seen so far, and the order in which they were found.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace dmabuf::model {

/// A set of packed states: one bit each where they are small, else open addressing.
class Visited {
 public:
  explicit Visited(unsigned bits) : bits_(bits) {
    if (bits_ <= kBitmapBits) {
      bytes_ = ((std::uint64_t{1} << bits_) + 63) / 64 * 8;
      // calloc: pages never touched cost nothing.
      bitmap_.reset(static_cast<std::uint64_t*>(std::calloc(bytes_ / 8, 8)));
      if (!bitmap_) throw std::bad_alloc();
    } else {
      grow();
    }
  }

  /// Brings the place of a state near, for an insert() soon after.
  void prefetch(std::uint64_t packed) const {
    __builtin_prefetch(bitmap_ ? &bitmap_.get()[packed >> 6] : &slots_[place(packed)]);
  }

  /// True if it was not in yet.
  bool insert(std::uint64_t packed) {
    if (bitmap_) {
      std::uint64_t& word = bitmap_.get()[packed >> 6];
      const std::uint64_t bit = std::uint64_t{1} << (packed & 63);
      if ((word & bit) != 0) return false;
      word |= bit;
      return true;
    }
    if (size_ * 2 >= slots_.size()) grow();
    if (packed == kVacant) return !std::exchange(has_vacant_, true);
    if (!put(packed)) return false;
    ++size_;
    return true;
  }

  std::size_t bytes() const { return bitmap_ ? bytes_ : slots_.capacity() * sizeof(std::uint64_t); }

 private:
  /// 32 MiB at most. A larger bitmap would be sparse, and each state cost a page of its own.
  static constexpr unsigned kBitmapBits = 28;
  static constexpr std::uint64_t kVacant = ~std::uint64_t{0};

  struct Free {
    void operator()(std::uint64_t* memory) const { std::free(memory); }
  };

  std::size_t place(std::uint64_t packed) const {
    return static_cast<std::size_t>((packed * 0x9e3779b97f4a7c15ULL) >> shift_);
  }

  bool put(std::uint64_t packed) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = place(packed);; at = (at + 1) & mask) {
      if (slots_[at] == packed) return false;
      if (slots_[at] != kVacant) continue;
      slots_[at] = packed;
      return true;
    }
  }

  void grow() {
    std::vector<std::uint64_t> old(std::max<std::size_t>(slots_.size() * 2, std::size_t{1} << 12), kVacant);
    old.swap(slots_);
    shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots_.size()));
    for (const std::uint64_t packed : old)
      if (packed != kVacant) put(packed);
  }

  unsigned bits_;
  std::size_t bytes_ = 0;
  std::unique_ptr<std::uint64_t, Free> bitmap_;
  std::vector<std::uint64_t> slots_;
  unsigned shift_ = 0;
  std::size_t size_ = 0;
  bool has_vacant_ = false;
};

/// A list that only grows, in pieces, so that it is never copied.
template <class T>
class Chunks {
 public:
  void push_back(const T& value) {
    if ((size_ & kMask) == 0) chunks_.push_back(std::make_unique_for_overwrite<T[]>(kMask + 1));
    chunks_.back()[size_++ & kMask] = value;
  }
  const T& operator[](std::size_t i) const { return chunks_[i >> kShift][i & kMask]; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return chunks_.size() * (kMask + 1) * sizeof(T); }

 private:
  static constexpr std::size_t kShift = 16, kMask = (std::size_t{1} << kShift) - 1;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace dmabuf::model
