// SPDX-License-Identifier: MIT
#include <algorithm>

#include "dmabuf/reference/dma_buf.hpp"

namespace dmabuf::reference {

void AttachmentList::insert(std::uint8_t attachment, std::uint8_t device, bool dynamic) {
  if (count == entries.size()) return;  // only a mutant leaves so many behind
  std::copy_backward(entries.begin(), entries.begin() + count, entries.begin() + count + 1);
  entries[0] = {.attachment = attachment, .device = device, .dynamic = dynamic};
  ++count;
}

void AttachmentList::remove(std::uint8_t attachment) {
  const auto end = entries.begin() + count;
  const auto found = std::find_if(entries.begin(), end, [attachment](const Entry& entry) {
    return entry.attachment == attachment;
  });
  if (found == end) return;
  std::copy(found + 1, end, found);
  --count;
}

bool AttachmentList::has_device(model::DeviceId device) const {
  return std::any_of(entries.begin(), entries.begin() + count,
                     [device](const Entry& entry) { return entry.device == device.value; });
}

}  // namespace dmabuf::reference
