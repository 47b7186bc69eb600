// SPDX-License-Identifier: MIT
#include "debian.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <sstream>
#include <thread>

#include "dmabuf/boot/cache.hpp"
#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/process.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

constexpr auto download_limit = std::chrono::minutes(20);
constexpr int download_attempts = 3;

void require_apt() {
  for (const char* program : {"apt-get", "apt-cache", "dpkg-deb"})
    if (!program_exists(program))
      throw Error(
          fmt::format("{} not found: Debian's kernels come by apt", program),
          "on another distribution give a kernel of your own: file:/path/bzImage,modules=DIR");
}

std::string tail(const std::string& text, std::size_t lines = 8) {
  std::size_t from = text.size();
  for (std::size_t n = 0; n <= lines && from > 0 && from != std::string::npos; ++n)
    from = text.rfind('\n', from - 1);
  return from == std::string::npos ? text : text.substr(from);
}

std::vector<fs::path> archives_in(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& each : fs::directory_iterator(directory))
    if (each.path().extension() == ".deb") found.push_back(each.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<std::string> Apt::with_options(std::vector<std::string> argv) const {
  argv.insert(argv.begin() + 1, options_.begin(), options_.end());
  return argv;
}

Apt Apt::of_suite(std::string_view suite) {
  require_apt();
  const fs::path root = cache_directory() / fmt::format("apt-{}", suite);
  for (const char* each : {"lists/partial", "cache/archives/partial", "empty"})
    fs::create_directories(root / each);
  const fs::path sources = root / "sources.list";
  write_file(
      sources,
      fmt::format("deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
                  "http://deb.debian.org/debian {} main\n",
                  suite));
  write_file(root / "status", "");

  Apt apt;
  for (const std::string& each :
       {"Dir::Etc::SourceList=" + sources.string(),
        "Dir::Etc::SourceParts=" + (root / "empty").string(),
        "Dir::Etc::PreferencesParts=" + (root / "empty").string(),
        std::string("Dir::Etc::Preferences=/dev/null"),
        "Dir::State::Lists=" + (root / "lists").string(),
        "Dir::State::Status=" + (root / "status").string(),
        "Dir::Cache=" + (root / "cache").string(), std::string("Acquire::Languages=none"),
        std::string("APT::Architecture=amd64"), std::string("APT::Get::List-Cleanup=0")}) {
    apt.options_.push_back("-o");
    apt.options_.push_back(each);
  }

  const fs::path stamp = root / "updated";
  const auto now = fs::file_time_type::clock::now();
  if (fs::exists(stamp) && now - fs::last_write_time(stamp) < std::chrono::hours(24)) return apt;
  const CommandResult update =
      run_command(apt.with_options({"apt-get", "-q", "update"}), {}, download_limit);
  if (!update.ok() || update.output.find("Failed to fetch") != std::string::npos) {
    if (fs::exists(stamp)) return apt;  // yesterday's lists are better than none
    throw Error(fmt::format("apt-get update of {} failed:{}", suite, tail(update.output)),
                "is http://deb.debian.org reachable, and debian-archive-keyring installed?");
  }
  write_file(stamp, "");
  return apt;
}

std::vector<std::string> Apt::names(const std::string& expression) const {
  require_apt();
  const CommandResult search =
      run_command(with_options({"apt-cache", "search", "--names-only", expression}));
  if (!search.ok()) throw Error(fmt::format("apt-cache search failed:{}", tail(search.output)));
  std::vector<std::string> found;
  std::istringstream lines(search.output);
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t dash = line.find(" - "); dash != std::string::npos)
      found.push_back(line.substr(0, dash));
  return found;
}

std::vector<std::string> Apt::dependencies(const std::string& package) const {
  require_apt();
  const CommandResult depends = run_command(with_options({"apt-cache", "depends", package}));
  if (!depends.ok())
    throw Error(fmt::format("apt knows no package {}:{}", package, tail(depends.output)),
                "apt-get update");
  constexpr std::string_view label = "Depends: ";
  std::vector<std::string> found;
  std::istringstream lines(depends.output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(label);
    // "PreDepends: " would do as well, but kernels have none.
    if (at == std::string::npos || line.find_first_not_of(" |") != at) continue;
    found.push_back(line.substr(at + label.size()));
  }
  return found;
}

void Apt::unpack(const std::vector<std::string>& packages, const fs::path& root) const {
  require_apt();
  const fs::path downloads = root / ".downloads";
  fs::create_directories(downloads);
  std::vector<std::string> download = with_options({"apt-get", "-q", "download"});
  download.insert(download.end(), packages.begin(), packages.end());
  CommandResult result = run_command(download, downloads, download_limit);
  for (int attempt = 1; !result.ok() && attempt < download_attempts; ++attempt) {
    std::this_thread::sleep_for(std::chrono::seconds(3 * attempt));  // another apt may hold a lock
    result = run_command(download, downloads, download_limit);
  }
  const std::vector<fs::path> archives = archives_in(downloads);
  if (!result.ok() || archives.size() < packages.size())
    throw Error(
        fmt::format("apt-get download {} failed:{}", fmt::join(packages, " "), tail(result.output)),
        "run apt-get update; is the mirror reachable?");
  for (const fs::path& archive : archives) {
    const CommandResult extract =
        run_command({"dpkg-deb", "-x", archive.string(), root.string()}, {}, download_limit);
    if (!extract.ok())
      throw Error(fmt::format("cannot unpack {}:{}", archive.string(), tail(extract.output)),
                  "is the disk full?");
  }
  fs::remove_all(downloads);
}

bool version_less(std::string_view left, std::string_view right) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto take_number = [&is_digit](std::string_view& text) {
    while (text.size() > 1 && text[0] == '0' && is_digit(text[1])) text.remove_prefix(1);
    std::size_t size = 0;
    while (size < text.size() && is_digit(text[size])) ++size;
    const std::string_view number = text.substr(0, size);
    text.remove_prefix(size);
    return number;
  };
  while (!left.empty() && !right.empty()) {
    if (is_digit(left[0]) && is_digit(right[0])) {
      const std::string_view ours = take_number(left);
      const std::string_view theirs = take_number(right);
      if (ours.size() != theirs.size()) return ours.size() < theirs.size();
      if (ours != theirs) return ours < theirs;
      continue;
    }
    if (left[0] != right[0]) return left[0] < right[0];
    left.remove_prefix(1);
    right.remove_prefix(1);
  }
  return left.size() < right.size();
}

}  // namespace dmabuf::boot
