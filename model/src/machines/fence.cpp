// SPDX-License-Identifier: MIT
#include "fence.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_fence(Tables& tables) { Extraction<Fence>::into(tables, MachineId::Fence); }
void extract_reservation(Tables& tables) { Extraction<Reservation>::into(tables, MachineId::Reservation); }
void extract_poll_slot(Tables& tables) { Extraction<PollSlot>::into(tables, MachineId::PollSlot); }

}  // namespace dmabuf::model::contract
