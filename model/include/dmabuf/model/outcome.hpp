// SPDX-License-Identifier: MIT
/// What came of an operation. A refusal by the system under test is data, never an exception.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include <tl/expected.hpp>

namespace dmabuf::model {

/// A positive errno value, as the kernel names them; 0 never occurs.
struct Errno {
  int value = 0;
  friend constexpr auto operator<=>(const Errno&, const Errno&) = default;
};

/// "EBADF"; "errno 4095" never: an unknown number gives "E?".
std::string_view errno_name(Errno error);
/// The reverse; Errno{0} if the name is unknown.
Errno errno_from_name(std::string_view name);

/// What a successful operation returned: a file position (seek), a page's tag or kTorn (load,
/// device_read), the events of a poll, a FenceInfo (reply.hpp), else 0.
struct Reply {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const Reply&, const Reply&) = default;
};

using Outcome = tl::expected<Reply, Errno>;
inline Outcome refused(int error) { return tl::unexpected(Errno{error}); }
inline Outcome done(std::uint64_t value = 0) { return Reply{value}; }

}  // namespace dmabuf::model
