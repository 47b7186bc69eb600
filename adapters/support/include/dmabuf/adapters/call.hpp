// SPDX-License-Identifier: MIT
/// System calls whose refusals are data.
#pragma once

#include <sys/ioctl.h>

#include <cerrno>
#include <string>

#include "dmabuf/adapters/fd_limit.hpp"
#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/model/outcome.hpp"

namespace dmabuf::adapters {

/// A value, or the errno the kernel gave instead.
template <class T>
using Expected = tl::expected<T, model::Errno>;

/// What a system call that returns -1 on failure came to; on success what it returned.
/// Call it in the same expression as the system call: errno is read here.
inline model::Outcome outcome_of(long result) {
  if (result < 0) return model::refused(errno);
  return model::done(static_cast<std::uint64_t>(result));
}

/// One ioctl, exactly once: a retry (after EINTR, say) would hide an answer from the oracle.
template <class Argument>
model::Outcome call(int fd, unsigned long request, Argument& argument) {
  return outcome_of(::ioctl(fd, request, &argument));
}

/// One ioctl that makes an fd, of a process that may have none free.
template <class Argument>
model::Outcome call_for_fd(int fd, unsigned long request, Argument& argument) {
  const FdLimit limit;
  return outcome_of(::ioctl(fd, request, &argument));
}

/// "EBADF"; "E?" for a number without a name.
const char* errno_text(int error);

/// Throws HarnessError with the reason; for calls of our own that have no business to fail.
[[noreturn]] void harness_failure(const std::string& what, int error);

}  // namespace dmabuf::adapters
