// SPDX-License-Identifier: MIT
#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(CpuAccess);

bool begins(const Operation& operation) {
  if (const auto* sync = std::get_if<op::Sync>(&operation)) return sync->flags <= SyncFlags::StartBoth;
  return std::holds_alternative<op::BeginCpuAccess>(operation);
}
bool ends(const Operation& operation) {
  if (const auto* sync = std::get_if<op::Sync>(&operation))
    return sync->flags >= SyncFlags::EndRead && sync->flags <= SyncFlags::EndBoth;
  return std::holds_alternative<op::EndCpuAccess>(operation);
}
std::uint8_t subject(const Moment& moment) {
  if (const auto* sync = std::get_if<op::Sync>(&moment.operation)) return moment.before.buffer_of(sync->fd);
  if (const auto* begin = std::get_if<op::BeginCpuAccess>(&moment.operation))
    return moment.before.references[begin->reference.value].buffer;
  if (const auto* end = std::get_if<op::EndCpuAccess>(&moment.operation))
    return moment.before.references[end->reference.value].buffer;
  return kNone;
}

const Law exporter_hears_of_it = [](const Moment& moment) -> std::string {
  if (!moment.outcome || (!begins(moment.operation) && !ends(moment.operation))) return {};
  const std::uint8_t buffer = subject(moment);
  if (buffer == kNone) return {};
  const Aspect aspect = begins(moment.operation) ? Aspect::BeginCalls : Aspect::EndCalls;
  const auto was = value(moment.seen_before.buffers[buffer], aspect);
  const auto is = value(moment.seen.buffers[buffer], aspect);
  if (!was || !is || *is == *was + 1) return {};
  return std::string(aspect_name(aspect)) + " went from " + std::to_string(*was) + " to " + std::to_string(*is);
};

/// Each successful begin and end reaches the exporter, once: it is what keeps caches coherent.
TEST_P(CpuAccess, ReachesTheExporterOnce) {
  verifies<"CPU-002", "CPU-005">();
  for_all_traces(GetParam(), exporter_hears_of_it);
}
TEST(CpuAccessBites, ReachesTheExporterOnce) {
  bites(exporter_hears_of_it, {"begin_callback_skipped", "end_callback_skipped"});
}

}  // namespace
}  // namespace dmabuf::conformance::properties
