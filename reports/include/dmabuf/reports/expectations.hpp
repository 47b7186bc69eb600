// SPDX-License-Identifier: MIT
/// What is known to fail, in the text format of DRM CI: one name a line, comments before it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

struct Expectation {
  enum class Kind { Fails, Flakes };
  std::string name;  ///< case id, finding id or signature; a trailing `*` stands for any end
  Kind kind = Kind::Fails;
  std::string where = {};  ///< "board-fails.txt:7"
  std::string bug_report = {};
};

struct Expectations {
  std::vector<Expectation> entries;
  std::vector<std::string> warnings;  ///< lines that have expired, and count no more
};

/// `file` ends in "-fails.txt" or "-flakes.txt". `today` is "2026-02-28". A flake needs a
/// `# Bug Report:`; a line whose `# Expires:` is past counts no more. The error names the line.
tl::expected<Expectations, std::string> parse_expectations(std::string_view file, std::string_view text,
                                                           std::string_view today);

/// Marks the cases: a finding that is expected, one that is flaky, a pass where a failure was
/// expected. Gives the lines that matched nothing: lists rot.
std::vector<std::string> apply(const Expectations& expectations, std::vector<record::Run>& runs);

}  // namespace dmabuf::reports
