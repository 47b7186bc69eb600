// SPDX-License-Identifier: MIT
/// The worlds in which an importer does more than attach and map.
#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

void add_importer_configurations(std::vector<Configuration>& all, const Resize& resize);

namespace {

struct Slots {
  std::uint8_t buffers = 1, fds = 1, references = 1, attachments = 0, mappings = 0, vmaps = 2;
};

/// Makes a world, in another size where one is asked for.
struct Maker {
  const Resize& resize;

  Configuration operator()(std::string name, std::string_view exporter, const Slots& slots,
                           const std::bitset<kOperationKinds>& more, bool guards = true) const {
    Configuration c;
    c.name = std::move(name);
    c.profile = {*find_kernel_profile("reference"), *find_exporter_profile(exporter),
                 {.name = guards ? "harness" : "driver", .guards_misuse = guards}};
    c.bounds.buffers = slots.buffers;
    c.bounds.fds = slots.fds;
    c.bounds.references = slots.references;
    c.bounds.attachments = slots.attachments;
    c.bounds.mappings = slots.mappings;
    c.bounds.vmaps = slots.vmaps;
    c.bounds.vmas = c.bounds.messages = c.bounds.fences = c.bounds.sync_files = c.bounds.children = 0;
    c.bounds.devices = slots.attachments > 0 ? kDevices : std::uint8_t{1};
    c.bounds.pages = 2;
    c.bounds.kinds = more | (c.profile.exporter.in_kernel ? kinds<op::Export, op::InstallFd>() : kinds<op::Create>());
    if (c.profile.exporter.own_references > 0) c.bounds.kinds.set(kind_of<op::CloseHandle>());
    if (resize) resize(c.name, c.bounds);
    c.operations = all_operations(c.bounds);
    return c;
  }
};

}  // namespace

void add_importer_configurations(std::vector<Configuration>& all, const Resize& resize) {
  const Maker configuration{resize};
  const auto held = kinds<op::Close, op::Get, op::Put>();
  const auto vmapped = held | kinds<op::Vmap, op::Vunmap, op::VmapRead, op::VmapWrite>();
  const auto mapped = kinds<op::Attach, op::Detach, op::Map, op::Unmap>();

  // Two buffers, three kernel mappings: who counts, and whom the last reference waits for.
  all.push_back(configuration("vmaps", "reference:deferred", {.buffers = 2, .references = 2, .vmaps = 3}, vmapped));
  all.push_back(configuration("vmaps-unguarded", "reference:eager", {.references = 2}, vmapped, false));
  all.push_back(configuration("vmaps-none", "reference:novmap", {}, vmapped));
  all.push_back(configuration("vmaps-unknown", "unknown", {.references = 2}, vmapped));
  all.push_back(configuration("vmaps-prime", "reference:prime", {.references = 2}, vmapped));
  // Storage stays under a kernel mapping, whoever is attached.
  all.push_back(configuration("vmaps-migrating", "reference:migrating",
                              {.references = 2, .attachments = 2, .mappings = 1, .vmaps = 2}, vmapped | mapped));
}

}  // namespace dmabuf::model
