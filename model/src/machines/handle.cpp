// SPDX-License-Identifier: MIT
#include "handle.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_handle(Tables& tables) { Extraction<Handle>::into(tables, MachineId::Handle); }
void extract_prime(Tables& tables) { Extraction<PrimeCall>::into(tables, MachineId::Prime); }

}  // namespace dmabuf::model::contract
