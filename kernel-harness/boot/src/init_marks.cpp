// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "dmabuf/boot/init.hpp"

namespace dmabuf::guest {
namespace {

using Count = std::atomic<std::uint64_t>;
static_assert(Count::is_always_lock_free, "shared by processes");

}  // namespace

LogMarks::LogMarks(const char* log) : log_(::open(log, O_WRONLY | O_CLOEXEC)) {
  void* shared = ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared != MAP_FAILED) count_ = new (shared) Count(0);
}

LogMarks::~LogMarks() {
  if (count_ != nullptr) ::munmap(count_, sizeof(Count));
}

std::optional<std::uint64_t> LogMarks::next() {
  if (!log_ || count_ == nullptr) return std::nullopt;
  const std::uint64_t number = count_->fetch_add(1) + 1;
  // <1>: an alert is printed at every log level that prints warnings.
  const std::string line = "<1>" + std::string(protocol::log_mark) + std::to_string(number) + "\n";
  const ssize_t written = ::write(log_.get(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) return std::nullopt;
  return number;
}

}  // namespace dmabuf::guest
