// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "dmabuf/boot/unique_fd.hpp"

namespace dmabuf::boot {

/// QEMU's control line, as far as we need it.
class Qmp {
 public:
  explicit Qmp(UniqueFd fd) : fd_(std::move(fd)) {}

  /// Presses Alt-SysRq-<key> on the guest's keyboard. False if QEMU did not take it.
  bool sysrq(char key);

 private:
  bool command(std::string_view json);

  UniqueFd fd_;
  bool greeted_ = false;
};

}  // namespace dmabuf::boot
