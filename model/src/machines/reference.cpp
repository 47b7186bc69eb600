// SPDX-License-Identifier: MIT
#include "reference.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_reference(Tables& tables) { Extraction<Reference>::into(tables, MachineId::Reference); }

}  // namespace dmabuf::model::contract
