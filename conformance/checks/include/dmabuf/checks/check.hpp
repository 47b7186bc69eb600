// SPDX-License-Identifier: MIT
/// Directed checks: what the contract says of a single call, a format, an order of errnos or one
/// device's habits, and what needs no state machine to be asked.
///
/// A check is a name, the requirements it can speak of, what it needs, and a function that makes
/// calls and says what each must come to. It runs in a child of its own and leaves nothing behind.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/catalogue.hpp"

namespace dmabuf::checks {

class Context;

/// The id of a requirement; one that the catalogue lacks does not compile.
struct Id {
  // Implicit: an id is written as a bare literal.
  // NOLINTNEXTLINE(google-explicit-constructor)
  consteval Id(const char* literal) : text(literal) {
    if (model::position(literal) == model::catalogue.size())
      throw "no such requirement in the catalogue";
  }
  std::string_view text;
};

/// The requirements a check can speak of.
class Ids {
 public:
  consteval Ids(std::initializer_list<Id> ids) : size_(ids.size()) {
    if (size_ == 0 || size_ > kMost) throw "a check speaks of one to twelve requirements";
    std::size_t at = 0;
    for (const Id& id : ids) ids_[at++] = id.text;
  }
  constexpr const std::string_view* begin() const { return ids_.data(); }
  constexpr const std::string_view* end() const { return ids_.data() + size_; }
  constexpr bool contains(std::string_view id) const {
    for (const std::string_view one : *this)
      if (one == id) return true;
    return false;
  }

 private:
  static constexpr std::size_t kMost = 12;
  std::array<std::string_view, kMost> ids_{};
  std::size_t size_;
};

/// Why a check does not run unless it is asked for.
enum class Reserve : unsigned char {
  None,
  Slow,       ///< takes seconds
  Dangerous,  ///< may upset a kernel that is at fault: in guests only, and last
};

/// What there has to be. The rest is found out by the check itself.
struct Needs {
  /// Exporters it is about, in words; one that ends in ':' is a family. Empty: every exporter.
  std::string_view exporters = {};
  model::Versions kernels = {};
  bool root = false;
  Reserve reserve = Reserve::None;
};

struct Check {
  std::string_view name;  ///< "udm.create-order": area and what is looked at
  std::string_view text;  ///< the sentence it holds the system against
  Ids requirements;
  Needs needs = {};
  void (*run)(Context&) = nullptr;
  /// Under which requirement something left behind is a finding.
  Id residue = "INV-012";
};

/// All of them, in the order in which they run: by area, those in reserve last.
std::span<const Check> all();
/// nullptr if there is none of that name.
const Check* find_check(std::string_view name);
/// True for a name, an area ("udm") or a pattern with '*'.
bool matches(const Check& check, std::string_view pattern);

/// True if the exporter is one that the check is about.
bool is_about(const Check& check, std::string_view exporter);
/// True if the release ("6.1.0-56-amd64") lies within; "6.1" as an end includes 6.1.192.
bool within(std::string_view release, const model::Versions& versions);

}  // namespace dmabuf::checks
