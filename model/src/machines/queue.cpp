// SPDX-License-Identifier: MIT
#include "queue.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_queue(Tables& tables) { Extraction<Queue>::into(tables, MachineId::Queue); }
void extract_queue_call(Tables& tables) { Extraction<QueueCall>::into(tables, MachineId::QueueCall); }
void extract_queue_slot(Tables& tables) { Extraction<QueueSlot>::into(tables, MachineId::QueueSlot); }
void extract_plane(Tables& tables) { Extraction<Plane>::into(tables, MachineId::Plane); }

}  // namespace dmabuf::model::contract
