// SPDX-License-Identifier: MIT
#include "dmabuf/checks/check.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "areas.hpp"

namespace dmabuf::checks {
namespace {

/// The numbers at the front of a release or a bound: {6, 1, 192} of "6.1.192-2".
std::vector<unsigned> numbers(std::string_view text) {
  std::vector<unsigned> result;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    unsigned value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) break;
    result.push_back(value);
    if (next == end || *next != '.') break;
    at = next + 1;
  }
  return result;
}

/// Compares as many numbers as the bound has.
int compare(const std::vector<unsigned>& release, std::string_view bound) {
  const std::vector<unsigned> other = numbers(bound);
  for (std::size_t i = 0; i < other.size(); ++i) {
    const unsigned mine = i < release.size() ? release[i] : 0;
    if (mine != other[i]) return mine < other[i] ? -1 : 1;
  }
  return 0;
}

bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*')
    return !text.empty() && text.front() == pattern.front() &&
           glob(pattern.substr(1), text.substr(1));
  for (std::size_t skip = 0; skip <= text.size(); ++skip)
    if (glob(pattern.substr(1), text.substr(skip))) return true;
  return false;
}

std::vector<Check> collect() {
  std::vector<Check> checks;
  for (const auto area :
       {file_checks(), info_checks(), mmap_checks(), share_checks(), fence_checks(),
        udmabuf_checks(), heap_checks(), prime_checks(), v4l2_checks()})
    checks.insert(checks.end(), area.begin(), area.end());
  std::stable_sort(checks.begin(), checks.end(), [](const Check& a, const Check& b) {
    return a.needs.reserve < b.needs.reserve;
  });
  return checks;
}

}  // namespace

std::span<const Check> all() {
  static const std::vector<Check> checks = collect();
  return checks;
}

const Check* find_check(std::string_view wanted) {
  const auto found = std::ranges::find(all(), wanted, &Check::name);
  return found == all().end() ? nullptr : &*found;
}

bool matches(const Check& check, std::string_view pattern) {
  return check.name == pattern || check.name.substr(0, check.name.find('.')) == pattern ||
         (pattern.find('*') != std::string_view::npos && glob(pattern, check.name));
}

bool is_about(const Check& check, std::string_view exporter) {
  std::string_view words = check.needs.exporters;
  if (words.empty()) return true;
  while (!words.empty()) {
    const auto end = words.find(' ');
    const std::string_view word = words.substr(0, end);
    if (word == exporter || (word.ends_with(':') && exporter.starts_with(word))) return true;
    words = end == std::string_view::npos ? std::string_view{} : words.substr(end + 1);
  }
  return false;
}

bool within(std::string_view release, const model::Versions& versions) {
  const std::vector<unsigned> mine = numbers(release);
  if (mine.empty()) return true;
  return (versions.since.empty() || compare(mine, versions.since) >= 0) &&
         (versions.until.empty() || compare(mine, versions.until) <= 0);
}

}  // namespace dmabuf::checks
