// SPDX-License-Identifier: MIT
#include "dmabuf/model/outcome.hpp"

#include <cerrno>
#include <cstring>

namespace dmabuf::model {

std::string_view errno_name(Errno error) {
  const char* name = ::strerrorname_np(error.value);
  return name == nullptr ? std::string_view("E?") : std::string_view(name);
}

Errno errno_from_name(std::string_view name) {
  constexpr int kLargest = 133;
  for (int value = 1; value <= kLargest; ++value)
    if (errno_name(Errno{value}) == name) return Errno{value};
  return {};
}

}  // namespace dmabuf::model
