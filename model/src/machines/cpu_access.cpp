// SPDX-License-Identifier: MIT
#include "cpu_access.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_cpu_access(Tables& tables) { Extraction<CpuAccess>::into(tables, MachineId::CpuAccess); }

}  // namespace dmabuf::model::contract
