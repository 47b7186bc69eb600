// SPDX-License-Identifier: MIT
#include "dmabuf/reports/write.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace dmabuf::reports {

namespace {

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  const char* remedy = error == ENOENT ? "create the directory first"
                       : error == ENOSPC || error == EDQUOT
                           ? "free some space"
                           : "give a directory that this user may write to";
  throw WriteError(
      fmt::format("cannot write {}: {}; {}", file.string(), std::strerror(error), remedy));
}

}  // namespace

void write_file(const std::filesystem::path& file, std::string_view text) {
  const std::string beside = fmt::format("{}.{}.tmp", file.string(), ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail(file, errno);
  const auto give_up = [&](int error) {
    ::close(fd);
    ::unlink(beside.c_str());
    fail(file, error);
  };
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) give_up(written < 0 ? errno : ENOSPC);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0 && errno != EINVAL) give_up(errno);
  ::close(fd);
  if (::rename(beside.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(beside.c_str());
    fail(file, error);
  }
}

}  // namespace dmabuf::reports
