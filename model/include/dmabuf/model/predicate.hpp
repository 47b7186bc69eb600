// SPDX-License-Identifier: MIT
/// Sentences about one world, as text: "b0 is Live implies references b0 >= 1".
///
///     predicate  implication: one [ "implies" one ];  one: all { "or" all };  all: not { "and" not }
///     not        [ "not" ] atom, or ( predicate )
///     atom       f0 is Open             a slot of a machine; "f*" is any of them
///                storage b0 is Confined  another machine of a buffer: storage, handle, cpu_access, or
///                                       second_handle, on the second DRM file
///                f0 of b0               what a slot stands for: fd, reference, attachment, vma, message of a
///                                       buffer, mapping of an attachment
///                references b0 >= 2     a count: references, attachments, mappings of a buffer; mappings of a0;
///                                       ==, !=, <, <=, >, >=
///                nothing                no buffer and no slot is in use
///
/// At most 1000 words. Slots are b buffer, f fd, r reference, a attachment, m mapping, v CPU mapping, s message, c fence,
/// y sync_file, k child, w kernel mapping, n memfd; states are those of the machines (`model tables`).
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "dmabuf/model/world.hpp"

namespace dmabuf::model {

/// Says what is wrong with a predicate's text, and what would be right.
class PredicateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Predicate {
 public:
  /// Throws PredicateError.
  explicit Predicate(std::string_view text);
  bool operator()(const World& world) const;
  const std::string& text() const { return text_; }

  struct Node;

 private:
  std::string text_;
  std::shared_ptr<const Node> root_;  // shared: a predicate is a value
};

}  // namespace dmabuf::model
