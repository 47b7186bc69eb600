// SPDX-License-Identifier: MIT
/// Seeds. Case k of base seed S has seed H(S, k) on every machine and in every shard, so the union of
/// what the shards run does not depend on how many there are.
#pragma once

#include <cstdint>

namespace dmabuf::conformance {

/// SplitMix64's finaliser: a bijection of 64 bits in which every bit depends on every bit.
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// H(S, k). For one S no two cases share a seed.
constexpr std::uint64_t case_seed(std::uint64_t base, std::uint64_t k) {
  return mix(mix(base + 0x9e3779b97f4a7c15ULL) + k * 0x9e3779b97f4a7c15ULL);
}

/// A small stream of numbers from a seed (SplitMix64). Regular and fast: RapidCheck's own generator
/// is drawn from once a case, this one many times an operation.
class Dice {
 public:
  explicit constexpr Dice(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }
  /// 0 ... sides - 1; the bias is below sides / 2^32.
  constexpr std::uint32_t roll(std::uint32_t sides) {
    return static_cast<std::uint32_t>(((next() >> 32) * sides) >> 32);
  }
  constexpr bool percent(std::uint32_t chance) { return roll(100) < chance; }

 private:
  std::uint64_t state_;
};

}  // namespace dmabuf::conformance
