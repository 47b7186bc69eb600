// SPDX-License-Identifier: MIT
/// Exporters that user space talks to: GEM objects shared through PRIME, and memfds as udmabuf.
#include <cerrno>

#include "exporter_ops.hpp"

namespace dmabuf::reference {

namespace {

/// DRM's helpers are the ones who look at the direction.
int prime_map(Core& core, DmaBuf& buffer, model::DeviceId device, model::Direction direction,
              SgTable& table) {
  if (direction == model::Direction::None) return EINVAL;
  return plain_map(core, buffer, device, direction, table);
}

int udmabuf_begin(Core& core, DmaBuf& buffer, model::Direction direction) {
  buffer.cpu_access_begun = true;
  return plain_begin(core, buffer, direction);
}

/// The mapping that END syncs is made by the first START, and kept.
int udmabuf_end(Core& core, DmaBuf& buffer, model::Direction) {
  if (!buffer.cpu_access_begun && !core.is(Mutant::EndAcceptedFirst)) return EINVAL;
  if (core.is(Mutant::EndForgetsBegin)) buffer.cpu_access_begun = false;
  return 0;
}

}  // namespace

constinit const DmaBufOps kPrimeOps = plain_but([](DmaBufOps& ops) { ops.map = prime_map; });
constinit const DmaBufOps kUdmabufOps = plain_but([](DmaBufOps& ops) {
  ops.begin_cpu_access = udmabuf_begin;
  ops.end_cpu_access = udmabuf_end;
});

}  // namespace dmabuf::reference
