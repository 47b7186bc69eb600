// SPDX-License-Identifier: MIT
/// DRM cards: finding and opening them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/drm_uapi.hpp"
#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::checks::drm {

/// The driver of a node; "" if it is no DRM device.
std::string driver_of(int fd);
/// A fresh open file on the first node of that driver ("card" or "renderD"); nothing if none is
/// there.
adapters::UniqueFd open_node(std::string_view driver, std::string_view kind = "card");
/// Drivers of all cards.
std::vector<std::string> drivers();

}  // namespace dmabuf::checks::drm
