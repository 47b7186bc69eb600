// SPDX-License-Identifier: MIT
/// Progress for people, on stderr: rewritten in place on a terminal, a line a minute elsewhere (a CI
/// that kills what is silent must see a sign of life).
#pragma once

#include <chrono>
#include <string>

namespace dmabuf::app {

class ProgressLine {
 public:
  explicit ProgressLine(std::string title, bool quiet = false);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::string& text);
  /// Takes the line off the terminal, so that something else can be printed.
  void clear();

 private:
  std::string title_;
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

/// True if stdout wants colour: a terminal, and NO_COLOR is not set.
bool wants_colour();

}  // namespace dmabuf::app
