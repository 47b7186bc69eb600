// SPDX-License-Identifier: MIT
#pragma once

#include <regex.h>

#include <stdexcept>
#include <string>

namespace dmabuf::boot {

/// A POSIX extended regular expression. Not std::regex: its recursion overflows on long lines, and
/// g++ 12 warns about its insides under the sanitizers.
class Expression {
 public:
  explicit Expression(const std::string& pattern, int flags = 0) {
    if (::regcomp(&compiled_, pattern.c_str(), REG_EXTENDED | flags) != 0)
      throw std::logic_error("bad expression: " + pattern);
  }
  ~Expression() { ::regfree(&compiled_); }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  [[nodiscard]] bool found_in(const std::string& text) const {
    return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

  /// The text without all that matches.
  [[nodiscard]] std::string removed_from(const std::string& text) const {
    std::string left;
    std::size_t at = 0;
    regmatch_t match[1];
    // REG_STARTEND: each search sees what is before it, so that word boundaries are right.
    for (;;) {
      match[0].rm_so = static_cast<regoff_t>(at);
      match[0].rm_eo = static_cast<regoff_t>(text.size());
      const int flags = REG_STARTEND | (at > 0 ? REG_NOTBOL : 0);
      if (at >= text.size() || ::regexec(&compiled_, text.c_str(), 1, match, flags) != 0) break;
      const auto from = static_cast<std::size_t>(match[0].rm_so);
      const auto to = static_cast<std::size_t>(match[0].rm_eo);
      left.append(text, at, from - at);
      if (to == from) left.append(text, from, 1);
      at = to == from ? to + 1 : to;
    }
    return at < text.size() ? left.append(text, at) : left;
  }

 private:
  regex_t compiled_{};
};

}  // namespace dmabuf::boot
