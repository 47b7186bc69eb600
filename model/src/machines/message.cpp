// SPDX-License-Identifier: MIT
#include "message.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_message(Tables& tables) { Extraction<Message>::into(tables, MachineId::Message); }
void extract_handle(Tables& tables) { Extraction<Handle>::into(tables, MachineId::Handle); }

}  // namespace dmabuf::model::contract
