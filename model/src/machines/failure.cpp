// SPDX-License-Identifier: MIT
#include "failure.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_failure(Tables& tables) { Extraction<Failing>::into(tables, MachineId::Failure); }

}  // namespace dmabuf::model::contract
