// SPDX-License-Identifier: MIT
#include "fd.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_fd(Tables& tables) { Extraction<Fd>::into(tables, MachineId::Fd); }

}  // namespace dmabuf::model::contract
