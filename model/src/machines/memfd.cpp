// SPDX-License-Identifier: MIT
#include "memfd.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_memfd(Tables& tables) { Extraction<Memfd>::into(tables, MachineId::Memfd); }
void extract_udmabuf(Tables& tables) { Extraction<UdmabufCall>::into(tables, MachineId::Udmabuf); }

}  // namespace dmabuf::model::contract
