// SPDX-License-Identifier: MIT
/// Processes that have no number left for another fd.
#include "transaction.hpp"

namespace dmabuf::model {

bool Transaction::reserve_fd(std::uint8_t process, EventId event) {
  if (w_.fd_tables[process] == state::kRoomy) return true;
  return fire(MachineId::FdTable, w_.fd_tables[process], event);
}

void Transaction::without_fd(std::uint8_t b) {
  stays_ = true;
  drop(b);
}

void Transaction::operator()(const op::FillFds& o) {
  fire(MachineId::FdTable, w_.fd_tables[o.process.value], event_id<op::FillFds>());
}

void Transaction::operator()(const op::FreeFds& o) {
  fire(MachineId::FdTable, w_.fd_tables[o.process.value], event_id<op::FreeFds>());
}

}  // namespace dmabuf::model
