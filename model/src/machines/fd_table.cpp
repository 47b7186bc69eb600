// SPDX-License-Identifier: MIT
#include "fd_table.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_fd_table(Tables& tables) { Extraction<FdTable>::into(tables, MachineId::FdTable); }

}  // namespace dmabuf::model::contract
