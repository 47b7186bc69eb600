// SPDX-License-Identifier: MIT
/// The states seen so far, for several threads: hashed while they are few, a bit each as soon as that takes less
/// memory. Hashing is exact: a key is scrambled by a permutation, of which one part says where it is kept and only
/// the rest is stored, four bytes as a rule.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

namespace dmabuf::model {

class SharedSet {
 public:
  /// Of keys below 2^bits.
  explicit SharedSet(unsigned bits) : bits_(bits) {
    if (bits_ > 56) throw std::invalid_argument("a key of more than 56 bits leaves no room for where it is kept");
    if (bits_ <= kSmall) become_bitmap();
    else become_table(std::min(10U, bits_));
  }
  ~SharedSet() { release(memory_, bytes_); }
  SharedSet(const SharedSet&) = delete;
  SharedSet& operator=(const SharedSet&) = delete;

  void prefetch(std::uint64_t key) const {
    if (kind_ == Kind::Bitmap) __builtin_prefetch(static_cast<std::uint64_t*>(memory_) + (key >> 6));
    else __builtin_prefetch(static_cast<std::byte*>(memory_) + 64 * home(scrambled(key)));
  }

  /// True if it was not in yet. kShared: other threads insert at the same time. There must be room().
  template <bool kShared>
  bool insert(std::uint64_t key) {
    switch (kind_) {
      case Kind::Bitmap: return insert_bit<kShared>(key);
      case Kind::Narrow: return insert_word<kShared, std::uint32_t>(key);
      case Kind::Wide: return insert_word<kShared, std::uint64_t>(key);
    }
    return false;
  }

  /// The same, when it is known to be a bitmap().
  template <bool kShared>
  bool insert_bit(std::uint64_t key) {
    std::uint64_t& word = static_cast<std::uint64_t*>(memory_)[key >> 6];
    const std::uint64_t bit = std::uint64_t{1} << (key & 63);
    if constexpr (kShared) {
      std::atomic_ref<std::uint64_t> shared(word);
      if ((shared.load(std::memory_order_relaxed) & bit) != 0) return false;
      return (shared.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
    } else {
      const bool is_new = (word & bit) == 0;
      word |= bit;
      return is_new;
    }
  }

  /// How many more may be inserted before grow(); for one thread, between rounds.
  std::size_t room() const {
    if (kind_ == Kind::Bitmap) return std::numeric_limits<std::size_t>::max();
    const std::size_t most = bytes_ / width() / 8 * (kind_ == Kind::Narrow ? 5 : 4);
    return used_ >= most ? 0 : most - used_;
  }
  /// How many there are, said by who counts them.
  void fit(std::uint64_t used) { used_ = static_cast<std::size_t>(used); }
  void grow() {
    // A bit is faster to find than a word, so the bitmap may take some more memory.
    if (bits_ <= 32 && bytes_ * kGenerous >= (std::uint64_t{1} << bits_) / 8) become_bitmap();
    else become_table(bucket_bits_ + 1);
  }

  bool bitmap() const { return kind_ == Kind::Bitmap; }
  std::size_t bytes() const { return bytes_; }

 private:
  enum class Kind : std::uint8_t { Bitmap, Narrow, Wide };
  static constexpr unsigned kSmall = 22;
  static constexpr std::size_t kGenerous = 64;
  static constexpr unsigned kFarBits = 4;  ///< how many buckets from home, at most 15

  // Odd numbers are units of every ring of residues of powers of two, so multiplying by them can be undone.
  static constexpr std::uint64_t kFirst = 0xd6e8feb86659fd93ULL, kSecond = 0x9fb21c651e98df25ULL;
  static consteval std::uint64_t inverse(std::uint64_t factor) {
    std::uint64_t x = factor;
    for (int i = 0; i < 6; ++i) x *= 2 - factor * x;
    return x;
  }
  std::uint64_t fold(std::uint64_t word) const { return word ^ (word >> half_); }  // its own inverse
  std::uint64_t scrambled(std::uint64_t key) const {
    return (fold((fold(key) * kFirst) & mask_) * kSecond) & mask_;
  }
  std::uint64_t clear(std::uint64_t word) const {
    return fold((fold((word * inverse(kSecond)) & mask_) * inverse(kFirst)) & mask_);
  }
  std::size_t home(std::uint64_t word) const { return static_cast<std::size_t>(word >> rest_bits_); }
  std::size_t width() const { return kind_ == Kind::Narrow ? 4 : 8; }

  /// A bucket is a cache line; when it is full, the next one takes over.
  template <bool kShared, class Word>
  bool insert_word(std::uint64_t key) {
    constexpr std::size_t kSlots = 64 / sizeof(Word);
    const std::uint64_t word = scrambled(key);
    const std::size_t first = home(word);
    const std::uint64_t rest = word & ((std::uint64_t{1} << rest_bits_) - 1);
    for (std::uint64_t far = 0; far < (1U << kFarBits); ++far) {
      const auto stored = static_cast<Word>(((rest << kFarBits) | far) + 1);
      Word* const slots = static_cast<Word*>(memory_) + kSlots * ((first + far) & bucket_mask_);
      for (std::size_t i = 0; i < kSlots; ++i) {
        Word& slot = slots[(rest + i) % kSlots];
        if constexpr (kShared) {
          std::atomic_ref<Word> shared(slot);
          Word was = shared.load(std::memory_order_relaxed);
          if (was == 0 && shared.compare_exchange_strong(was, stored, std::memory_order_relaxed)) return true;
          if (was == stored) return false;
        } else {
          if (slot == stored) return false;
          if (slot != 0) continue;
          slot = stored;
          return true;
        }
      }
    }
    throw std::length_error("the set of visited states is too full");
  }

  template <class Action>
  void each(Kind kind, const void* memory, std::size_t bytes, unsigned rest_bits, std::size_t bucket_mask,
            Action&& action) const {
    const auto all = [&]<class Word>(const Word* slots) {
      constexpr std::size_t kSlots = 64 / sizeof(Word);
      for (std::size_t i = 0; i < bytes / sizeof(Word); ++i) {
        if (slots[i] == 0) continue;
        const std::uint64_t stored = std::uint64_t{slots[i]} - 1;
        const std::uint64_t from = (i / kSlots - (stored & ((1U << kFarBits) - 1))) & bucket_mask;
        action(clear((from << rest_bits) | (stored >> kFarBits)));
      }
    };
    if (memory == nullptr) return;
    if (kind == Kind::Narrow) all(static_cast<const std::uint32_t*>(memory));
    else all(static_cast<const std::uint64_t*>(memory));
  }

  void replace(Kind kind, std::size_t bytes, unsigned bucket_bits) {
    void* const old = memory_;
    const std::size_t old_bytes = bytes_, old_mask = bucket_mask_;
    const unsigned old_rest = rest_bits_;
    const Kind old_kind = kind_;
    memory_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) {
      memory_ = old;
      throw std::bad_alloc();
    }
    madvise(memory_, bytes, MADV_HUGEPAGE);
    bytes_ = bytes;
    kind_ = kind;
    bucket_bits_ = bucket_bits;
    bucket_mask_ = (std::size_t{1} << bucket_bits) - 1;
    rest_bits_ = bits_ - std::min(bits_, bucket_bits);
    each(old_kind, old, old_bytes, old_rest, old_mask, [&](std::uint64_t key) { insert<false>(key); });
    release(old, old_bytes);
  }
  void become_bitmap() { replace(Kind::Bitmap, std::max<std::size_t>(64, (std::size_t{1} << bits_) / 8), 0); }
  void become_table(unsigned bucket_bits) {
    const bool narrow = bits_ - std::min(bits_, bucket_bits) + kFarBits < 32;
    replace(narrow ? Kind::Narrow : Kind::Wide, std::size_t{64} << bucket_bits, bucket_bits);
  }
  static void release(void* memory, std::size_t bytes) {
    if (memory != nullptr) munmap(memory, bytes);
  }

  unsigned bits_, half_ = (bits_ + 1) / 2;
  std::uint64_t mask_ = (std::uint64_t{1} << bits_) - 1;
  Kind kind_ = Kind::Bitmap;
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  unsigned bucket_bits_ = 0, rest_bits_ = 0;
  std::size_t bucket_mask_ = 0;
  std::size_t used_ = 0;
};

}  // namespace dmabuf::model
