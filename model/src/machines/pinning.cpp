// SPDX-License-Identifier: MIT
#include "pinning.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_pinning(Tables& tables) { Extraction<Pinning>::into(tables, MachineId::Pinning); }

}  // namespace dmabuf::model::contract
