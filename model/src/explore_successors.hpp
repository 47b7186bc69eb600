// SPDX-License-Identifier: MIT
/// Every step out of a world, through the transactions that the oracle uses too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "machine_id.hpp"
#include "transaction.hpp"

namespace dmabuf::model {

/// Operations and profile must outlive it.
class Successors {
 public:
  Successors(const Profile& profile, std::span<const Operation> operations, std::uint8_t buffers)
      : profile_(profile), operations_(operations), buffers_(buffers) {
    for (const Operation& o : operations)
      births_.push_back(std::holds_alternative<op::Export>(o) || std::holds_alternative<op::Create>(o)),
          fails_ = fails_ || std::holds_alternative<op::Fail>(o) || std::holds_alternative<op::FillFds>(o);
  }

  struct Way {
    const Alternative& result;
    const World& next;
    std::size_t operation;  ///< index, or kRelease
    std::uint8_t buffer;    ///< that is released
    std::uint8_t alternative;
    bool last;  ///< of the operation's alternatives
  };
  static constexpr std::size_t kRelease = ~std::size_t{0};

  /// Calls visit(Way) for each operation of the alphabet, alternative by alternative, then for the release
  /// of each dying buffer. What a Way refers to lives until visit returns.
  template <class Visit>
  void operator()(const World& world, Visit&& visit) {
    (*this)(world, [](std::size_t) { return true; }, visit);
  }
  /// Only for operations of which wanted(index) is true; releases all the same.
  template <class Wanted, class Visit>
  void operator()(const World& world, Wanted&& wanted, Visit&& visit);

 private:
  const Profile& profile_;
  std::span<const Operation> operations_;
  std::uint8_t buffers_;
  std::vector<bool> births_;  // by operation
  bool fails_ = false;        // exporters can be told to, or no fd is free: a refusal may leave something behind
  World left_;
  Alternative scratch_;
};

template <class Wanted, class Visit>
void Successors::operator()(const World& world, Wanted&& wanted, Visit&& visit) {
  bool fresh = false;
  const auto begin = [&] {
    scratch_.allowance = Allowance::Permitted;
    scratch_.reason = nullptr;
    scratch_.fired_count = 0;
    if (!fresh) scratch_.next = world;
  };
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    if (!wanted(i)) continue;
    Choices choices;
    bool more = true;
    for (std::uint8_t alternative = 0; more; ++alternative) {
      begin();
      Transaction transaction(scratch_.next, profile_, choices, scratch_);
      transaction.carry_out(operations_[i]);
      more = choices.advance();
      // A machine changes nothing but by a row that permits; only a birth prepares its buffer first.
      fresh = scratch_.allowance != Allowance::Permitted && scratch_.fired_count <= 1 && !births_[i];
      const bool left = fails_ && scratch_.allowance == Allowance::Refused;
      if (left) transaction.leave_behind(left_ = world);
      visit(Way{scratch_, left ? left_ : scratch_.next, i, kNone, alternative, !more});
    }
  }
  for (std::uint8_t b = 0; b < buffers_; ++b) {
    if (world.buffers[b].lifecycle != state::kDying) continue;
    Choices choices;
    begin();
    fresh = false;
    Transaction transaction(scratch_.next, profile_, choices, scratch_);
    transaction.release(b);
    visit(Way{scratch_, scratch_.next, kRelease, b, 0, true});
  }
}

}  // namespace dmabuf::model
