// SPDX-License-Identifier: MIT
/// What an importing device reads and writes, through nothing but its sg table.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

Outcome System::run(const model::op::DeviceRead& op) {
  if (op.mapping.value >= model::kMaxMappings) return refused(ENOENT);
  const Mapping& mapping = mappings_[op.mapping.value];
  if (mapping.buffer == kNobody) return refused(ENOENT);
  if (op.page >= mapping.table.count) return refused(ERANGE);
  return done(core_.memory.tag(mapping.table.pages[op.page]));
}

Outcome System::run(const model::op::DeviceWrite& op) {
  if (op.mapping.value >= model::kMaxMappings) return refused(ENOENT);
  const Mapping& mapping = mappings_[op.mapping.value];
  if (mapping.buffer == kNobody) return refused(ENOENT);
  if (op.page >= mapping.table.count) return refused(ERANGE);
  if (is(Mutant::DeviceWriteLost)) return done();
  core_.memory.fill(mapping.table.pages[op.page], op.tag);
  if (is(Mutant::BeginWrongDirection))
    buffer_of(mapping.buffer).device_dirty |= static_cast<std::uint8_t>(1U << op.page);
  return done();
}

}  // namespace dmabuf::reference
