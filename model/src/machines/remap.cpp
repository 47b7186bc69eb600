// SPDX-License-Identifier: MIT
#include "remap.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_remap(Tables& tables) { Extraction<RemapCall>::into(tables, MachineId::Remap); }

}  // namespace dmabuf::model::contract
