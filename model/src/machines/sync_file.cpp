// SPDX-License-Identifier: MIT
#include "../extract.hpp"
#include "fence.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_fence_ioctl(Tables& tables) { Extraction<FenceIoctl>::into(tables, MachineId::FenceIoctl); }
void extract_sync_file_ioctl(Tables& tables) { Extraction<SyncFileIoctl>::into(tables, MachineId::SyncFileIoctl); }
void extract_sync_file(Tables& tables) { Extraction<SyncFile>::into(tables, MachineId::SyncFile); }

}  // namespace dmabuf::model::contract
