// SPDX-License-Identifier: MIT
#include "dmabuf/model/predicate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <optional>
#include <vector>

#include "machine_id.hpp"

namespace dmabuf::model {

struct Predicate::Node {
  std::function<bool(const World&)> holds;
};

namespace {

using Test = std::function<bool(const World&)>;

constexpr std::uint8_t kAny = 0xff;
constexpr std::size_t kMostWords = 1000;

/// One letter of slots: how many there are, in which state each is, and what it stands for.
struct Kind {
  char letter;
  std::string_view machine;
  std::uint8_t count;
  StateId (*state)(const World&, std::size_t);
  std::uint8_t (*of)(const World&, std::size_t);  ///< nullptr: of nothing
  char owner;                                     ///< letter of what it is of
};

constexpr std::array kKinds = {
    Kind{'b', "buffer", kMaxBuffers, [](const World& w, std::size_t i) { return w.buffers[i].lifecycle; }, nullptr, 0},
    Kind{'f', "fd", kMaxFds, [](const World& w, std::size_t i) { return w.fds[i].state; },
         [](const World& w, std::size_t i) { return w.fds[i].buffer; }, 'b'},
    Kind{'r', "reference", kMaxReferences, [](const World& w, std::size_t i) { return w.references[i].state; },
         [](const World& w, std::size_t i) { return w.references[i].buffer; }, 'b'},
    Kind{'a', "attachment", kMaxAttachments, [](const World& w, std::size_t i) { return w.attachments[i].state; },
         [](const World& w, std::size_t i) { return w.attachments[i].buffer; }, 'b'},
    Kind{'m', "mapping", kMaxMappings, [](const World& w, std::size_t i) { return w.mappings[i].state; },
         [](const World& w, std::size_t i) { return w.mappings[i].attachment; }, 'a'},
    Kind{'v', "vma", kMaxVmas, [](const World& w, std::size_t i) { return w.vmas[i].state; },
         [](const World& w, std::size_t i) { return w.vmas[i].buffer; }, 'b'},
    Kind{'s', "message", kMaxMessages, [](const World& w, std::size_t i) { return w.messages[i].state; },
         [](const World& w, std::size_t i) { return w.messages[i].buffer; }, 'b'},
    Kind{'c', "fence", kMaxFences, [](const World& w, std::size_t i) { return w.fences[i].state; }, nullptr, 0},
    Kind{'y', "sync_file", kMaxSyncFiles, [](const World& w, std::size_t i) { return w.sync_files[i].state; }, nullptr, 0},
    Kind{'w', "vmap", kMaxVmaps, [](const World& w, std::size_t i) { return w.vmaps[i].state; },
         [](const World& w, std::size_t i) { return w.vmaps[i].buffer; }, 'b'},
    Kind{'k', "child", kMaxChildren, [](const World& w, std::size_t i) { return w.children[i].state; }, nullptr, 0},
    Kind{'n', "memfd", kMaxMemfds, [](const World& w, std::size_t i) { return w.memfds[i].state; }, nullptr, 0},
};

/// Other machines that a buffer has a state of.
struct Part {
  std::string_view word, machine;
  StateId (*state)(const BufferState&);
};
constexpr std::array kParts = {
    Part{"storage", "storage", [](const BufferState& b) { return b.storage; }},
    Part{"handle", "handle", [](const BufferState& b) { return b.handles[0]; }},
    Part{"second_handle", "handle", [](const BufferState& b) { return b.handles[1]; }},  // on the second DRM file
    Part{"cpu_access", "cpu_access", [](const BufferState& b) { return b.cpu; }},
};

struct Slot {
  const Kind* kind = nullptr;
  std::uint8_t index = kAny;
};

/// Holds of the slot, or of any of its kind.
template <class Of>
Test some(const Slot& slot, Of of) {
  return [slot, of](const World& world) {
    if (slot.index != kAny) return of(world, slot.index);
    for (std::size_t i = 0; i < slot.kind->count; ++i)
      if (of(world, i)) return true;
    return false;
  };
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { split(); }

  Test whole() {
    Test test = implication();
    if (at_ < words_.size()) fail(fmt::format("'{}' is one word too many", words_[at_]));
    return test;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { constexpr std::size_t kShown = 100;
    throw PredicateError(fmt::format("in '{}{}': {}", text_.substr(0, kShown), text_.size() > kShown ? "…" : "", why)); }

  void split() {
    std::size_t i = 0;
    const auto symbol = [](char c) { return c == '=' || c == '!' || c == '<' || c == '>'; };
    while (i < text_.size()) {
      const char c = text_[i];
      std::size_t end = i + 1;
      if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        ++i;
        continue;
      }
      if (c != '(' && c != ')') {
        const bool symbols = symbol(c);
        while (end < text_.size() && std::isspace(static_cast<unsigned char>(text_[end])) == 0 && text_[end] != '(' &&
               text_[end] != ')' && symbol(text_[end]) == symbols)
          ++end;
      }
      // Parsing, asking and forgetting go as deep as there are words.
      if (words_.size() == kMostWords) fail(fmt::format("more than {} words", kMostWords));
      words_.push_back(text_.substr(i, end - i));
      i = end;
    }
  }

  bool take(std::string_view word) {
    if (at_ >= words_.size() || words_[at_] != word) return false;
    ++at_;
    return true;
  }
  std::string_view next(std::string_view wanted) {
    if (at_ >= words_.size()) fail(fmt::format("it ends where {} should be", wanted));
    return words_[at_++];
  }

  Test implication() {
    Test left = one();
    if (!take("implies")) return left;
    return [left = std::move(left), right = implication()](const World& w) { return !left(w) || right(w); };
  }
  Test one() {
    Test left = all();
    while (take("or")) left = [left = std::move(left), right = all()](const World& w) { return left(w) || right(w); };
    return left;
  }
  Test all() {
    Test left = negated();
    while (take("and")) left = [left = std::move(left), right = negated()](const World& w) { return left(w) && right(w); };
    return left;
  }
  Test negated() {
    if (take("not")) return [inner = negated()](const World& w) { return !inner(w); };
    if (take("(")) {
      Test inner = implication();
      if (!take(")")) fail("a '(' is not closed");
      return inner;
    }
    return atom();
  }

  static bool is_slot(std::string_view word) {
    return word.size() == 2 && std::ranges::find(kKinds, word[0], &Kind::letter) != kKinds.end() &&
           (word[1] == '*' || std::isdigit(static_cast<unsigned char>(word[1])) != 0);
  }
  Slot slot(std::string_view word) const {
    if (!is_slot(word)) fail(fmt::format("'{}' is no slot such as b0, f1 or a*", word));
    Slot result{&*std::ranges::find(kKinds, word[0], &Kind::letter), kAny};
    if (word[1] != '*') result.index = static_cast<std::uint8_t>(word[1] - '0');
    if (result.index != kAny && result.index >= result.kind->count)
      fail(fmt::format("there are {} slots of '{}'", result.kind->count, word[0]));
    return result;
  }
  StateId state(std::string_view machine, std::string_view word) const {
    const auto info = std::ranges::find(machines(), machine, &MachineInfo::name);
    const auto found = std::ranges::find(info->states, word);
    if (found != info->states.end()) return static_cast<StateId>(found - info->states.begin());
    std::string known;
    for (const std::string_view name : info->states) known += fmt::format(" {}", name);
    fail(fmt::format("{} has no state '{}'; it has{}", machine, word, known));
  }

  Test atom() {
    const std::string_view word = next("a slot, a count or 'nothing'");
    if (word == "nothing") return [](const World& w) { return w.empty(); };
    if (is_slot(word)) return about(slot(word));
    if (const auto part = std::ranges::find(kParts, word, &Part::word); part != kParts.end()) {
      const Slot b = slot(next("a buffer"));
      if (b.kind->letter != 'b') fail(fmt::format("{} is of a buffer", word));
      if (!take("is")) fail("after the buffer comes 'is' and a state");
      const StateId wanted = state(part->machine, next("a state"));
      return some(b, [read = part->state, wanted](const World& w, std::size_t i) { return read(w.buffers[i]) == wanted; });
    }
    if (word == "references" || word == "attachments" || word == "mappings") return count(word);
    fail(fmt::format("'{}' is no slot, no count and no machine of a buffer", word));
  }

  Test about(const Slot& slot_asked) {
    if (take("is")) {
      const StateId wanted = state(slot_asked.kind->machine, next("a state"));
      return some(slot_asked, [read = slot_asked.kind->state, wanted](const World& w, std::size_t i) { return read(w, i) == wanted; });
    }
    if (take("of")) {
      const Slot owner = slot(next("a slot"));
      if (slot_asked.kind->of == nullptr || owner.kind->letter != slot_asked.kind->owner)
        fail(fmt::format("{}s are not of {}s", slot_asked.kind->machine, owner.kind->machine));
      return some(slot_asked, [of = slot_asked.kind->of, owner](const World& w, std::size_t i) {
        return owner.index == kAny ? of(w, i) != kNone : of(w, i) == owner.index;
      });
    }
    fail("after a slot comes 'is' and a state, or 'of' and a slot");
  }

  Test count(std::string_view word) {
    const Slot of = slot(next("a slot"));
    const bool of_attachment = of.kind->letter == 'a' && word == "mappings";
    if (of.kind->letter != 'b' && !of_attachment) fail(fmt::format("{} are counted of a buffer", word));
    const std::string_view sign = next("a comparison");
    static constexpr std::array<std::string_view, 6> kSigns = {"==", "!=", "<", "<=", ">", ">="};
    const auto which = std::ranges::find(kSigns, sign);
    if (which == kSigns.end()) fail(fmt::format("'{}' is no comparison", sign));
    const std::string_view digits = next("a number");
    if (digits.size() > 2 || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
      fail(fmt::format("'{}' is no number of at most two digits", digits));
    int number = 0;
    for (const char c : digits) number = number * 10 + (c - '0');
    const auto compare = [at = which - kSigns.begin(), number](int value) {
      switch (at) {
        case 0: return value == number;
        case 1: return value != number;
        case 2: return value < number;
        case 3: return value <= number;
        case 4: return value > number;
        default: return value >= number;
      }
    };
    if (of_attachment) return some(of, [compare](const World& w, std::size_t i) { return compare(w.attachments[i].mappings); });
    std::uint8_t BufferState::* field = word == "references"    ? &BufferState::references
                                        : word == "attachments" ? &BufferState::attachments
                                                                : &BufferState::mappings;
    return some(of, [compare, field](const World& w, std::size_t i) { return compare(w.buffers[i].*field); });
  }

  std::string_view text_;
  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

}  // namespace

Predicate::Predicate(std::string_view text) : text_(text) { root_ = std::make_shared<Node>(Node{Parser(text_).whole()}); }

bool Predicate::operator()(const World& world) const { return root_->holds(world); }

}  // namespace dmabuf::model
