// SPDX-License-Identifier: MIT
#include "vmap.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_vmapping(Tables& tables) { Extraction<Vmapping>::into(tables, MachineId::Vmapping); }
void extract_vmap(Tables& tables) { Extraction<Vmap>::into(tables, MachineId::Vmap); }

}  // namespace dmabuf::model::contract
