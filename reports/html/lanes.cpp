// SPDX-License-Identifier: MIT
#include "lanes.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace dmabuf::reports {

namespace {

struct Kind {
  char letter;
  const char* name;
};
// The order of the lanes. Devices (d) are no objects of a trace: they are there before and after.
constexpr std::array<Kind, 9> kKinds = {{{'b', "buffer"},
                                         {'f', "fd"},
                                         {'r', "reference"},
                                         {'a', "attachment"},
                                         {'m', "mapping"},
                                         {'v', "vma"},
                                         {'s', "message"},
                                         {'k', "child"},
                                         {'w', "kernel mapping"}}};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c == ' ' || c == '\t')
      words.push_back(std::exchange(word, {}));
    else
      word += c;
  }
  words.push_back(word);
  std::erase(words, "");
  return words;
}

int rank_of(const std::string& word) {
  if (word.size() < 2 || word.size() > 4) return -1;
  if (!std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return -1;
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (kKinds[i].letter == word[0]) return static_cast<int>(i);
  return -1;
}

class Slots {
 public:
  Lane& lane(const std::string& slot) {
    const int rank = rank_of(slot);
    Lane& one = lanes_[{rank, std::stoi(slot.substr(1)), slot}];
    if (one.slot.empty()) {
      one.slot = slot;
      one.kind = kKinds[static_cast<std::size_t>(rank)].name;
    }
    return one;
  }
  bool alive(const std::string& slot) {
    const Lane& one = lane(slot);
    return !one.lives.empty() && !one.lives.back().death;
  }
  void born(const std::string& slot, const std::string& buffer, std::size_t at) {
    if (alive(slot)) lane(slot).lives.back().death = at;  // reused without an end: draw both
    lane(slot).lives.push_back({.birth = at, .death = {}});
    if (holds(slot)) holders_[slot] = buffer;
    buffer_[slot] = buffer;
  }
  void dies(const std::string& slot, std::size_t at) {
    if (!alive(slot)) return;
    lane(slot).lives.back().death = at;
    holders_.erase(slot);
    if (slot[0] == 'k') std::erase_if(holders_, [&](const auto& holder) { return holder.first.starts_with(slot + ' '); });
  }
  /// A child holds what its parent held.
  void forked(const std::string& child) {
    std::map<std::string, std::string> copies;
    for (const auto& [slot, buffer] : holders_)
      if (slot[0] == 'f' || slot[0] == 'v') copies[child + ' ' + slot] = buffer;
    holders_.merge(copies);
  }
  void handle(const std::string& buffer, bool held) {
    if (held)
      holders_["handle of " + buffer] = buffer;
    else
      holders_.erase("handle of " + buffer);
  }
  /// Buffers that nothing holds any more end here.
  void settle(std::size_t at) {
    for (auto& entry : lanes_) {
      Lane& one = entry.second;
      if (one.slot.empty() || one.slot[0] != 'b' || one.lives.empty() || one.lives.back().death)
        continue;
      const bool held = std::any_of(holders_.begin(), holders_.end(),
                                    [&](const auto& holder) { return holder.second == one.slot; });
      if (!held) one.lives.back().death = at;
    }
  }
  std::string buffer_of(const std::string& slot) const {
    if (slot[0] == 'b') return slot;
    const auto found = buffer_.find(slot);
    return found == buffer_.end() ? "" : found->second;
  }
  std::vector<Lane> finish() && {
    std::vector<Lane> result;
    for (auto& [key, one] : lanes_)  // a slot that was only asked for in vain has no lane
      if (!one.lives.empty() || !one.ghosts.empty()) result.push_back(std::move(one));
    return result;
  }

 private:
  // An attachment or a mapping holds no reference: the importer has one of its own (DBUF-ATT-007).
  static bool holds(const std::string& slot) {
    return slot[0] == 'f' || slot[0] == 'r' || slot[0] == 'v' || slot[0] == 's';
  }

  std::map<std::tuple<int, int, std::string>, Lane> lanes_;
  std::map<std::string, std::string> holders_;  ///< slot to buffer
  std::map<std::string, std::string> buffer_;
};

/// Which of its slots an operation ends and begins, by position; the rest is used.
struct Effect {
  std::string_view word;
  int ends;    ///< index among the slots; -1: none
  int begins;  ///< the first of them
  int more;    ///< another that begins
};
constexpr std::array<Effect, 25> kEffects = {{{"export", -1, 0, 1},
                                              {"create", -1, 0, 1},
                                              {"install_fd", 0, 1, -1},
                                              {"dup", -1, 1, -1},
                                              {"close", 0, -1, -1},
                                              {"send", -1, 1, -1},
                                              {"receive", 0, 1, -1},
                                              {"discard", 0, -1, -1},
                                              {"get", -1, 1, -1},
                                              {"put", 0, -1, -1},
                                              {"attach", -1, 1, -1},
                                              {"attach_dynamic", -1, 1, -1},
                                              {"detach", 0, -1, -1},
                                              {"map", -1, 1, -1},
                                              {"unmap", 0, -1, -1},
                                              {"mmap", -1, 1, -1},
                                              {"munmap", 0, -1, -1},
                                              {"vmap", -1, 1, -1},
                                              {"vunmap", 0, -1, -1},
                                              {"munmap_page", -1, 1, -1},
                                              {"fork", -1, 0, -1},
                                              {"exit", 0, -1, -1},
                                              {"create_dumb", -1, 0, -1},
                                              {"handle_to_fd", -1, 1, -1},
                                              {"create_list", -1, 0, 1}}};

/// Slots that the finding names where it says what was seen.
std::vector<std::string> named_in(const std::string& text) {
  std::string spaced = text;
  std::replace_if(
      spaced.begin(), spaced.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_');
      },
      ' ');
  std::vector<std::string> slots;
  for (const std::string& word : words_of(spaced))
    if (rank_of(word) >= 0) slots.push_back(word);
  return slots;
}

bool used_after(const std::vector<record::Step>& trace, std::size_t at, const std::string& slot) {
  return std::any_of(trace.begin() + static_cast<std::ptrdiff_t>(at) + 1, trace.end(), [&](const record::Step& step) {
    const auto words = words_of(step.operation);
    return words.size() > 1 && words[1] == slot;
  });
}

}  // namespace

bool took_effect(const std::string& outcome) {
  return outcome.starts_with("ok") || outcome.starts_with("=") ||
         (!outcome.empty() && outcome[0] >= '0' && outcome[0] <= '9');
}

std::vector<Lane> lanes_of(const record::Finding& finding) {
  Slots slots;
  std::map<std::string, std::size_t> last_handle_close;
  for (std::size_t i = 0; i < finding.trace.size(); ++i) {
    const auto words = words_of(finding.trace[i].operation);
    if (words.size() > 1 && words[0] == "close_handle") last_handle_close[words[1]] = i;
  }

  for (std::size_t i = 0; i < finding.trace.size(); ++i) {
    const record::Step& step = finding.trace[i];
    const auto words = words_of(step.operation);
    if (words.empty()) continue;
    std::vector<std::string> named;
    for (std::size_t w = 1; w < words.size(); ++w)
      if (rank_of(words[w]) >= 0) named.push_back(words[w]);
    if (named.empty()) continue;
    const bool effective = took_effect(step.outcome);

    const auto effect = std::find_if(kEffects.begin(), kEffects.end(),
                                     [&](const Effect& e) { return e.word == words[0]; });
    const auto slot = [&](int index) -> const std::string* {
      return index >= 0 && static_cast<std::size_t>(index) < named.size()
                 ? &named[static_cast<std::size_t>(index)]
                 : nullptr;
    };
    const std::string* ends = nullptr;
    std::vector<std::string> begins;
    if (effect != kEffects.end()) {
      ends = slot(effect->ends);
      for (const int index : {effect->begins, effect->more})
        if (const std::string* one = slot(index)) begins.push_back(*one);
      // `get bad r0`, `dup foreign f1`: what there is no buffer slot for stands in first place.
      if (begins.empty() && effect->begins == 1 && named.size() == 1 && words.size() > 2 &&
          rank_of(words[1]) < 0)
        begins.push_back(named[0]);
    }
    const std::vector<std::string> asked_for = begins;
    if (!effective) {
      ends = nullptr;
      begins.clear();
    }
    const auto begins_here = [&](const std::string& name) {
      return std::find(asked_for.begin(), asked_for.end(), name) != asked_for.end();
    };
    for (const std::string& name : named) {
      if (begins_here(name)) continue;
      if (slots.alive(name)) {
        if (!ends || name != *ends) slots.lane(name).uses.push_back(i);
      } else if (effective || step.outcome.empty()) {
        slots.lane(name).ghosts.push_back(i);
      }
    }
    if (begins.empty() && !ends) {
      if (words[0] == "close_handle" && effective) slots.handle(named[0], false);
      if (effective) slots.settle(i);
      continue;
    }
    std::string buffer = slots.buffer_of(named[0]);
    if (rank_of(words[1]) < 0) buffer.clear();
    if (ends) slots.dies(*ends, i);
    for (const std::string& name : begins) {
      // At an edge munmap_page makes no other mapping, and then no later step uses one.
      if (words[0] == "munmap_page" && !used_after(finding.trace, i, name)) continue;
      slots.born(name, buffer, i);
      if (words[0] == "fork") slots.forked(name);
      if (name[0] == 'b' && last_handle_close.contains(name) && last_handle_close[name] > i)
        slots.handle(name, true);
    }
    slots.settle(i);
  }

  std::vector<Lane> lanes = std::move(slots).finish();
  if (finding.kind == record::CaseOutcome::Leak) {
    std::string said = finding.observed;
    if (!finding.trace.empty()) said += " " + finding.trace.back().note;
    std::vector<std::string> guilty = named_in(said);
    const auto is_guilty = [&](const Lane& lane) {
      return std::find(guilty.begin(), guilty.end(), lane.slot) != guilty.end();
    };
    if (std::none_of(lanes.begin(), lanes.end(), is_guilty))
      for (const Lane& lane : lanes)
        if (lane.kind == "buffer") guilty.push_back(lane.slot);
    for (Lane& lane : lanes)
      if (is_guilty(lane) && !lane.lives.empty()) lane.lives.back().leaked = true;
  }
  return lanes;
}

}  // namespace dmabuf::reports
