// SPDX-License-Identifier: MIT
/// The worlds with a video queue that imports.
#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

void add_queue_configurations(std::vector<Configuration>& all, const Resize& resize);

void add_queue_configurations(std::vector<Configuration>& all, const Resize& resize) {
  const auto asked = kinds<op::Reqbufs, op::Qbuf, op::PrepareBuf, op::Dqbuf, op::StreamOn, op::StreamOff, op::CloseVideo>();
  const auto queue = [&](std::string name, std::string_view exporter, std::string_view allocator, std::uint8_t buffers,
                         std::uint8_t fds, const std::bitset<kOperationKinds>& more) {
    Configuration c;
    c.name = std::move(name);
    c.profile = {*find_kernel_profile("reference"), *find_exporter_profile(exporter), {.name = "driver", .guards_misuse = false}};
    c.profile.queue = *find_queue_profile(allocator);
    c.bounds = {};
    c.bounds.buffers = buffers;
    c.bounds.fds = fds;
    c.bounds.references = c.profile.exporter.in_kernel ? 1 : 0;
    c.bounds.attachments = c.bounds.mappings = c.bounds.vmas = c.bounds.messages = 0;
    c.bounds.fences = c.bounds.sync_files = c.bounds.children = c.bounds.vmaps = c.bounds.memfds = 0;
    c.bounds.indices = kMaxIndices;
    c.bounds.pages = 2;
    c.bounds.kinds = asked | more | kinds<op::Close>() |
                     (c.profile.exporter.in_kernel ? kinds<op::Export, op::InstallFd>() : kinds<op::Create>());
    if (resize) resize(c.name, c.bounds);
    c.operations = all_operations(c.bounds);
    std::erase_if(c.operations, [](const Operation& o) {
      const auto* fail = std::get_if<op::Fail>(&o);
      return fail != nullptr && (fail->nth > 1 || fail->callback == Callback::Pin || fail->callback > Callback::Vmap);
    });
    return c;
  };
  // Two buffers on two indices: what each holds, and from when until when.
  all.push_back(queue("queues", "reference:udmabuf", "vmalloc", 2, 2, {}));
  all.push_back(queue("queues-vivid", "reference:udmabuf", "vivid", 1, 1, {}));
  // An importer that attaches and maps; storage with gaps, and storage of which nobody knows.
  all.push_back(queue("queues-contiguous", "reference:udmabuf", "contiguous", 2, 2, {}));
  all.push_back(queue("queues-unknown", "unknown", "contiguous", 1, 1, {}));
  // What cannot be mapped, and who owns what after that.
  all.push_back(queue("queues-novmap", "reference:novmap", "vmalloc", 1, 1, {}));
  all.push_back(queue("queues-failing", "reference:deferred", "vmalloc", 1, 1, kinds<op::Fail>()));
  all.push_back(queue("queues-failing-contiguous", "reference:caching", "contiguous", 1, 1, kinds<op::Fail>()));
}

}  // namespace dmabuf::model
