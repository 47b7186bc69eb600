// SPDX-License-Identifier: MIT
#include "file.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_ioctl(Tables& tables) { Extraction<SyncCall>::into(tables, MachineId::Ioctl); }
void extract_mmap(Tables& tables) { Extraction<MmapCall>::into(tables, MachineId::Mmap); }

}  // namespace dmabuf::model::contract
