// SPDX-License-Identifier: MIT
#include "dmabuf/reports/expectations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "visible.hpp"

namespace dmabuf::reports {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool is_date(std::string_view text) {
  if (text.size() != 10) return false;
  for (std::size_t i = 0; i < 10; ++i)
    if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  return true;
}

bool matches(const std::string& name, std::string_view text) {
  if (text.empty()) return false;
  if (name.ends_with('*')) return text.starts_with(std::string_view(name).substr(0, name.size() - 1));
  return text == name;
}

}  // namespace

tl::expected<Expectations, std::string> parse_expectations(std::string_view file, std::string_view text,
                                                           std::string_view today) {
  const std::string shown = visible(file);
  Expectations result;
  Expectation::Kind kind = Expectation::Kind::Fails;
  if (file.ends_with("-flakes.txt"))
    kind = Expectation::Kind::Flakes;
  else if (file.ends_with("-skips.txt"))
    return tl::unexpected(shown + ": what was run cannot be skipped any more; only -fails.txt and -flakes.txt are for a report");
  else if (!file.ends_with("-fails.txt"))
    return tl::unexpected(shown + ": the name must end in -fails.txt or -flakes.txt");

  std::string bug, expires;
  bool names_before = false;  // a comment behind a name begins the next block
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string where = fmt::format("{}:{}", shown, number);
    if (line.empty() || (line.front() == '#' && names_before)) {
      bug.clear();
      expires.clear();
      names_before = false;
    }
    if (line.empty()) continue;
    if (line.front() == '#') {
      const std::string_view comment = trimmed(line.substr(1));
      for (const auto& [key, value] : {std::pair<std::string_view, std::string*>{"Bug Report:", &bug}, {"Expires:", &expires}})
        if (comment.starts_with(key)) *value = trimmed(comment.substr(key.size()));
      if (!expires.empty() && !is_date(expires))
        return tl::unexpected(fmt::format("{}: '{}' is no date; write 2027-02-28", where, visible(expires)));
      continue;
    }
    names_before = true;
    const std::string name(line);
    if (name.find('*') != std::string::npos && name.find('*') != name.size() - 1)
      return tl::unexpected(fmt::format("{}: '{}': only a trailing * is known", where, visible(name)));
    if (kind == Expectation::Kind::Flakes && bug.empty())
      return tl::unexpected(fmt::format("{}: a flake needs a line '# Bug Report: URL' before it", where));
    if (!expires.empty() && std::string_view(expires) < today) {
      result.warnings.push_back(fmt::format("{}: '{}' expired on {} and counts no more", where, visible(name), expires));
      continue;
    }
    result.entries.push_back({name, kind, where, bug});
  }
  return result;
}

std::vector<std::string> apply(const Expectations& expectations, std::vector<record::Run>& runs) {
  std::vector<bool> used(expectations.entries.size());
  for (record::Run& run : runs)
    for (record::Case& one : run.cases) {
      const bool found = record::is_finding(one.outcome());
      if (!found && one.outcome() != record::CaseOutcome::Pass) continue;
      const auto named = [&](const Expectation& entry) {
        if (matches(entry.name, one.id)) return true;
        return std::any_of(one.tries.begin(), one.tries.end(), [&](const record::Try& attempt) {
          if (matches(entry.name, attempt.signature)) return true;
          return std::any_of(run.findings.begin(), run.findings.end(), [&](const record::Finding& finding) {
            return finding.signature == attempt.signature && matches(entry.name, finding.id);
          });
        });
      };
      for (std::size_t i = 0; i < expectations.entries.size(); ++i) {
        const Expectation& entry = expectations.entries[i];
        if (!named(entry)) continue;
        used[i] = true;
        if (found)
          one.mark = entry.kind == Expectation::Kind::Flakes ? "flaky" : "expected";
        else if (entry.kind == Expectation::Kind::Fails)
          one.mark = "unexpected-pass";
      }
    }
  std::vector<std::string> stale;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (!used[i])
      stale.push_back(fmt::format("{}: '{}' matched nothing", expectations.entries[i].where, visible(expectations.entries[i].name)));
  return stale;
}

}  // namespace dmabuf::reports
