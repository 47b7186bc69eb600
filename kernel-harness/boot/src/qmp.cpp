// SPDX-License-Identifier: MIT
#include "qmp.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace dmabuf::boot {
namespace {

constexpr auto answer_limit = std::chrono::seconds(2);

}  // namespace

bool Qmp::command(std::string_view json) {
  const std::string line = std::string(json) + "\n";
  if (::send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size()))
    return false;
  using Clock = std::chrono::steady_clock;
  std::string answer;
  for (const Clock::time_point deadline = Clock::now() + answer_limit; Clock::now() < deadline;) {
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 100) <= 0) continue;
    char piece[1024];
    const ssize_t size = ::recv(fd_.get(), piece, sizeof piece, MSG_DONTWAIT);
    if (size <= 0 && errno != EAGAIN) return false;
    if (size > 0) answer.append(piece, static_cast<std::size_t>(size));
    if (answer.find("\"error\"") != std::string::npos) return false;
    if (answer.find("\"return\"") != std::string::npos) return true;
  }
  return false;
}

bool Qmp::sysrq(char key) {
  if (!greeted_) greeted_ = command(R"({"execute": "qmp_capabilities"})");
  return greeted_ && command(fmt::format(R"({{"execute": "send-key", "arguments": {{"keys": [)"
                                         R"({{"type": "qcode", "data": "alt"}}, )"
                                         R"({{"type": "qcode", "data": "sysrq"}}, )"
                                         R"({{"type": "qcode", "data": "{}"}}]}}}})",
                                         key));
}

}  // namespace dmabuf::boot
