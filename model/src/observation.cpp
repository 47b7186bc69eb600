// SPDX-License-Identifier: MIT
#include "dmabuf/model/observation.hpp"

namespace dmabuf::model {

std::string_view aspect_name(Aspect aspect) {
  static constexpr std::array<std::string_view, kAspects> names = {
      "listed", "references", "attachments", "mappings", "size", "name", "access_mode", "attach_calls",
      "detach_calls", "map_calls", "unmap_calls", "begin_calls", "end_calls", "release_calls",
      "attach_refused", "map_directions", "unmap_directions", "begin_directions", "end_directions",
      "vmap_calls", "vunmap_calls", "vmaps", "pin_calls", "unpin_calls", "move_notifies", "failures"};
  return names[static_cast<std::size_t>(aspect)];
}

}  // namespace dmabuf::model
