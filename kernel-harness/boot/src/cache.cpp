// SPDX-License-Identifier: MIT
#include "dmabuf/boot/cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "dmabuf/boot/error.hpp"
#include "dmabuf/boot/unique_fd.hpp"

namespace dmabuf::boot {
namespace fs = std::filesystem;
namespace {

/// Held while an entry is made; freed by the kernel if we die.
UniqueFd lock(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd)
    throw Error(fmt::format("cannot make {}: {}", path.string(), strerrorname_np(errno)),
                "make the cache directory writable, or set XDG_CACHE_HOME to one that is");
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR)
      throw Error(fmt::format("cannot lock {}: {}", path.string(), strerrorname_np(errno)));
  return fd;
}

void make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    throw Error(fmt::format("cannot make {}: {}", path.string(), error.message()),
                "make the cache directory writable, or set XDG_CACHE_HOME to one that is");
}

/// A directory that is gone with its owner, unless it was renamed.
class Draft {
 public:
  explicit Draft(fs::path path) : path_(std::move(path)) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Draft() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

fs::path cache_directory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "dmabuf-conform";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".cache" / "dmabuf-conform";
  throw Error("no place for a cache: neither XDG_CACHE_HOME nor HOME is set",
              "set XDG_CACHE_HOME to a directory with a few GiB of room");
}

fs::path cached_directory(const fs::path& target,
                          const std::function<void(const fs::path&)>& fill) {
  if (fs::is_directory(target)) return target;
  make_directories(target.parent_path());
  const UniqueFd held = lock(target.string() + ".lock");
  if (fs::is_directory(target)) return target;  // another process made it while we waited

  const Draft draft(target.string() + ".draft");
  fill(draft.path());
  fs::rename(draft.path(), target);
  return target;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  if (!file || !(contents << file.rdbuf())) {
    std::error_code error;
    if (file && fs::is_regular_file(path, error) && fs::file_size(path, error) == 0) return {};
    throw Error(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  return contents.str();
}

void write_file(const fs::path& path, std::string_view contents) {
  make_directories(path.parent_path());
  const fs::path draft = fmt::format("{}.{}.draft", path.string(), ::getpid());
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  if (!file) {
    fs::remove(draft);
    throw Error(fmt::format("cannot write {}", path.string()), "is the disk full?");
  }
  fs::rename(draft, path);
}

ContentHash& ContentHash::add(std::string_view part) {
  mix(std::to_string(part.size()) + ":");  // so that "ab","c" is not "a","bc"
  mix(part);
  return *this;
}

void ContentHash::mix(std::string_view bytes) {
  for (const char byte : bytes) {
    state_ ^= static_cast<unsigned char>(byte);
    state_ *= 0x100000001b3ULL;
  }
}

std::string ContentHash::hex() const { return fmt::format("{:016x}", state_); }

}  // namespace dmabuf::boot
