// SPDX-License-Identifier: MIT
#include <array>

#include "exporter_ops.hpp"

namespace dmabuf::reference {

namespace {

constinit const std::array<ExporterConfig, 12> kConfigs = {{
    {.name = "eager", .ops = &kPlainOps, .allocates_at_export = true},
    {.name = "deferred", .ops = &kPlainOps},
    {.name = "caching", .ops = &kPlainOps, .allocates_at_export = true, .caches_mappings = true},
    {.name = "refusing", .ops = &kRefusingOps},
    {.name = "migrating", .ops = &kMigratingOps},
    {.name = "prime",
     .ops = &kPrimeOps,
     .in_kernel = false,
     .caches_mappings = true,
     .write_only = false,
     .checks_flags = true,
     .own_references = 2},
    {.name = "udmabuf",
     .ops = &kUdmabufOps,
     .in_kernel = false,
     .allocates_at_export = true,
     .chooses_access = false,
     .grows = true,
     .takes_lists = true},
    {.name = "nommap", .ops = &kNoMmapOps, .allocates_at_export = true},
    {.name = "novmap", .ops = &kNoVmapOps, .allocates_at_export = true},
    {.name = "dynamic", .ops = &kDynamicOps},
    {.name = "queues", .ops = &kPlainOps, .allocates_at_export = true, .queue = Importing::Vmalloc},
    {.name = "contiguous", .ops = &kPlainOps, .queue = Importing::Contiguous, .scattered = true},
}};

}  // namespace

std::span<const std::string_view> reference_exporters() {
  static const auto names = [] {
    std::array<std::string_view, kConfigs.size()> result;
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = kConfigs[i].name;
    return result;
  }();
  return names;
}

const ExporterConfig* find_exporter(std::string_view name) {
  for (const ExporterConfig& config : kConfigs)
    if (config.name == name) return &config;
  return nullptr;
}

}  // namespace dmabuf::reference
