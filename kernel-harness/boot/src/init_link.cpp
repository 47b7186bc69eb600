// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "dmabuf/boot/init.hpp"

namespace dmabuf::guest {
namespace {

using Clock = std::chrono::steady_clock;

bool make_raw(int fd) {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return false;
  ::cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  ::cfsetspeed(&settings, B115200);
  return ::tcsetattr(fd, TCSANOW, &settings) == 0;
}

boot::UniqueFd open_raw(const char* device) {
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(2);
  for (;;) {
    boot::UniqueFd fd(::open(device, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (fd && make_raw(fd.get())) return fd;
    if (Clock::now() > deadline) return boot::UniqueFd();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

Link::Link(const char* device) : fd_(open_raw(device)) {}
Link::Link(boot::UniqueFd fd) : fd_(std::move(fd)) {}

void Link::write_all(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(fd_.get(), line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // nobody to tell: the host will miss this seq
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Link::send(std::string_view verb, std::string_view args) {
  write_all(encoder_.encode(verb, protocol::printable(args, encoder_.room(verb))));
}

void Link::send_payload(std::string_view id, std::string_view payload) {
  for (const std::string& args : protocol::chunk_payload(id, payload))
    write_all(encoder_.encode(protocol::verb::chunk, args));
}

void Link::drain() {
  while (::tcdrain(fd_.get()) != 0 && errno == EINTR) {
  }
}

std::optional<protocol::Record> Link::receive(std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  while (received_.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    char piece[512];
    const ssize_t size = ::read(fd_.get(), piece, sizeof piece);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return std::nullopt;
    received_ = decoder_.bytes(std::string_view(piece, static_cast<std::size_t>(size)));
  }
  protocol::Record first = std::move(received_.front());
  received_.erase(received_.begin());
  return first;
}

}  // namespace dmabuf::guest
