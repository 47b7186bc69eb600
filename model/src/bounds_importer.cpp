// SPDX-License-Identifier: MIT
/// What an importer in the kernel may do beside attaching and mapping.
#include "dmabuf/model/bounds.hpp"

namespace dmabuf::model {

void add_importer_operations(const Bounds& bounds, std::vector<Operation>& all);

void add_importer_operations(const Bounds& bounds, std::vector<Operation>& all) {
  const auto add = [&](const auto& o) {
    if (bounds.kinds.test(kind_of<std::remove_cvref_t<decltype(o)>>())) all.push_back(o);
  };
  for (std::uint8_t b = 0; b < bounds.buffers; ++b)
    for (const Callback callback : {Callback::Attach, Callback::Map, Callback::Pin, Callback::Vmap, Callback::Begin, Callback::End,
                                    Callback::Mmap})
      for (std::uint8_t nth = 0; nth <= 2; ++nth) add(op::Fail{BufferId{b}, callback, nth, Failure::NoMemory});
  for (std::uint8_t r = 0; r < bounds.references; ++r) {
    for (std::uint8_t d = 0; d < bounds.devices; ++d)
      for (std::uint8_t a = 0; a < bounds.attachments; ++a)
        add(op::AttachDynamic{ReferenceId{r}, DeviceId{d}, AttachmentId{a}});
    add(op::Migrate{ReferenceId{r}});
  }
  for (std::uint8_t a = 0; a < bounds.attachments; ++a) {
    add(op::Pin{AttachmentId{a}});
    add(op::Unpin{AttachmentId{a}});
  }
  for (std::uint8_t w = 0; w < bounds.vmaps; ++w) {
    for (std::uint8_t r = 0; r < bounds.references; ++r) add(op::Vmap{ReferenceId{r}, VmapId{w}});
    add(op::Vunmap{VmapId{w}});
    add(op::VmapRead{VmapId{w}, 0});
    add(op::VmapWrite{VmapId{w}, 0, 1});
  }
}

}  // namespace dmabuf::model
