// SPDX-License-Identifier: MIT
#include "storage.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_storage(Tables& tables) { Extraction<Storage>::into(tables, MachineId::Storage); }
void extract_relocation(Tables& tables) { Extraction<Relocation>::into(tables, MachineId::Relocation); }

}  // namespace dmabuf::model::contract
