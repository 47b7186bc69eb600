// SPDX-License-Identifier: MIT
/// What an importer in the kernel may do beside attaching and mapping.
#include "dmabuf/model/bounds.hpp"

namespace dmabuf::model {

void add_importer_operations(const Bounds& bounds, std::vector<Operation>& all);

void add_importer_operations(const Bounds& bounds, std::vector<Operation>& all) {
  const auto add = [&](const auto& o) {
    if (bounds.kinds.test(kind_of<std::remove_cvref_t<decltype(o)>>())) all.push_back(o);
  };
  for (std::uint8_t w = 0; w < bounds.vmaps; ++w) {
    for (std::uint8_t r = 0; r < bounds.references; ++r) add(op::Vmap{ReferenceId{r}, VmapId{w}});
    add(op::Vunmap{VmapId{w}});
    add(op::VmapRead{VmapId{w}, 0});
    add(op::VmapWrite{VmapId{w}, 0, 1});
  }
}

}  // namespace dmabuf::model
