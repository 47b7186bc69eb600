// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/fd_limit.hpp"

#include <fcntl.h>

#include <cerrno>

#include "dmabuf/adapters/call.hpp"

namespace dmabuf::adapters {
namespace {

bool filled = false;  // of this process; a fork inherits it, as it does the limit

rlim_t lowest_unused() {
  int number = 0;
  while (::fcntl(number, F_GETFD) >= 0) ++number;
  return static_cast<rlim_t>(number);
}

}  // namespace

void fill_fds() { filled = true; }
void free_fds() { filled = false; }
bool fds_filled() { return filled; }

FdLimit::FdLimit() {
  if (!filled) return;
  if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) harness_failure("the limit of fds cannot be read", errno);
  rlimit none = before_;
  none.rlim_cur = lowest_unused();
  // F_DUPFD from a number that is not below the limit is -EINVAL, whether or not there is room.
  if (none.rlim_cur == 0) harness_failure("fd 0 is closed", EBADF);
  if (::setrlimit(RLIMIT_NOFILE, &none) != 0) harness_failure("the limit of fds cannot be lowered", errno);
  lowered_ = true;
}

FdLimit::~FdLimit() {
  const int error = errno;  // the call's, which is read after us
  if (lowered_) (void)::setrlimit(RLIMIT_NOFILE, &before_);
  errno = error;
}

}  // namespace dmabuf::adapters
