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
                           const std::bitset<kOperationKinds>& more, bool guards = true,
                           std::string_view kernel = "reference") const {
    Configuration c;
    c.name = std::move(name);
    c.profile = {*find_kernel_profile(kernel), *find_exporter_profile(exporter),
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

Configuration in_two_directions(Configuration c) {
  std::erase_if(c.operations, [](const Operation& o) {
    const auto* map = std::get_if<op::Map>(&o);
    return map != nullptr && map->direction == Direction::FromDevice;
  });
  return c;
}

/// Failures of so late a call, and no later.
Configuration failing_in(Configuration c, std::uint8_t most) {
  std::erase_if(c.operations, [&](const Operation& o) {
    const auto* fail = std::get_if<op::Fail>(&o);
    const auto* map = std::get_if<op::Map>(&o);
    return (fail != nullptr && fail->nth > most) || (map != nullptr && map->direction != Direction::Bidirectional);
  });
  return c;
}

/// A CPU mapping, too.
Configuration with_vma(Configuration c) {
  c.bounds.vmas = 1;
  c.operations = all_operations(c.bounds);
  return c;
}

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

  // Dynamic importers and static ones, a lax and a strict device, on exporters of either sort: who is mapped and
  // pinned when, what may move, and who is told. By what the kernel does at attach, and whether maps pin.
  const auto dynamic = held | mapped | kinds<op::AttachDynamic, op::Pin, op::Unpin, op::Migrate>();
  const Slots two{.attachments = 2, .mappings = 1, .vmaps = 0};
  all.push_back(in_two_directions(configuration("dynamic", "reference:dynamic", two, dynamic | kinds<op::DeviceRead, op::DeviceWrite>())));
  all.push_back(in_two_directions(configuration("dynamic-6.12", "reference:dynamic", two, dynamic, true, "6.12")));
  all.push_back(in_two_directions(configuration("dynamic-6.18", "reference:dynamic", two, dynamic, true, "6.18")));
  all.push_back(configuration("dynamic-mapped", "reference:dynamic", {.attachments = 1, .mappings = 3, .vmaps = 1},
                              vmapped | dynamic | kinds<op::DeviceRead, op::DeviceWrite>()));
  all.push_back(configuration("dynamic-mapped-6.12", "reference:dynamic", {.attachments = 1, .mappings = 2, .vmaps = 0}, dynamic,
                              true, "6.12"));
  all.push_back(configuration("dynamic-unguarded", "reference:dynamic", {.attachments = 1, .mappings = 1, .vmaps = 0}, dynamic,
                              false));
  all.push_back(in_two_directions(configuration("dynamic-importers", "reference:eager", two, dynamic)));
  all.push_back(in_two_directions(configuration("dynamic-importers-6.18", "harness:refusing", two, dynamic, true, "6.18")));
  all.push_back(configuration("dynamic-importers-unguarded", "reference:migrating", {.attachments = 1, .mappings = 1, .vmaps = 0},
                              dynamic, false));
  // An exporter that is told to fail, once or twice later: who owns what afterwards.
  const auto failing = dynamic | kinds<op::Fail>();
  all.push_back(failing_in(configuration("failing", "reference:dynamic", {.attachments = 1, .mappings = 1, .vmaps = 1},
                                         failing | vmapped | kinds<op::BeginCpuAccess, op::EndCpuAccess>()), 1));
  all.push_back(failing_in(configuration("failing-6.12", "reference:dynamic", {.attachments = 1, .mappings = 2, .vmaps = 0}, failing,
                                         true, "6.12"), 2));
  all.push_back(failing_in(configuration("failing-static", "reference:caching", {.attachments = 2, .mappings = 2, .vmaps = 0},
                                         failing), 2));
  all.push_back(failing_in(with_vma(configuration("failing-access", "reference:udmabuf", {.vmaps = 1},
                                                  held | vmapped | kinds<op::Fail, op::Sync, op::Mmap, op::Munmap>())), 2));
  all.push_back(configuration("dynamic-importers-unknown", "unknown", {.attachments = 1, .mappings = 1, .vmaps = 0}, dynamic));
}

}  // namespace dmabuf::model
