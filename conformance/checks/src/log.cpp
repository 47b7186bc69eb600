// SPDX-License-Identifier: MIT
#include "log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace dmabuf::checks {
namespace {

/// One record of /dev/kmsg: "6,339,5140900,-;text\n KEY=value…"; empty at the end.
std::string read_record(int fd) {
  std::array<char, 8192> buffer;
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got >= 0) return {buffer.data(), static_cast<std::size_t>(got)};
    if (errno != EPIPE && errno != EINTR) return {};  // EPIPE: overwritten meanwhile, go on
  }
}

std::uint64_t number_of(const std::string& record) {
  const auto comma = record.find(',');
  return comma == std::string::npos ? 0 : std::strtoull(record.c_str() + comma + 1, nullptr, 10);
}

}  // namespace

KernelLog::KernelLog(std::uint64_t from)
    : fd_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)), from_(from) {
  if (fd_ && from_ == 0) (void)::lseek(fd_.get(), 0, SEEK_END);
}

std::uint64_t KernelLog::next() {
  const adapters::UniqueFd fd(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return 0;
  std::uint64_t last = 0;
  for (std::string record = read_record(fd.get()); !record.empty(); record = read_record(fd.get()))
    last = number_of(record);
  return last + 1;
}

std::vector<std::string> KernelLog::lines() const {
  std::vector<std::string> lines;
  if (!fd_) return lines;
  for (std::string record = read_record(fd_.get()); !record.empty();
       record = read_record(fd_.get())) {
    if (number_of(record) < from_) continue;
    const auto text = record.find(';');
    if (text != std::string::npos)
      lines.push_back(record.substr(text + 1, record.find('\n', text) - text - 1));
  }
  return lines;
}

std::vector<std::string> complaints(const std::vector<std::string>& lines) {
  constexpr std::array<std::string_view, 9> kWords = {
      "WARNING:",    "BUG:",   "kernel BUG",          "Oops",    "general protection",
      "refcount_t:", "UBSAN:", "list_del corruption", "Bad page"};
  std::vector<std::string> found;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(found), [&](const std::string& line) {
    return std::any_of(kWords.begin(), kWords.end(),
                       [&](std::string_view word) { return line.find(word) != std::string::npos; });
  });
  return found;
}

}  // namespace dmabuf::checks
