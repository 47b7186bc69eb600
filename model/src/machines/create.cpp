// SPDX-License-Identifier: MIT
#include "create.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_create(Tables& tables) { Extraction<CreateCall>::into(tables, MachineId::Create); }

}  // namespace dmabuf::model::contract
