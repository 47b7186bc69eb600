// SPDX-License-Identifier: MIT
#include "vma.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_vma(Tables& tables) { Extraction<Vma>::into(tables, MachineId::Vma); }

}  // namespace dmabuf::model::contract
