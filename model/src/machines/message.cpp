// SPDX-License-Identifier: MIT
#include "message.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_message(Tables& tables) { Extraction<Message>::into(tables, MachineId::Message); }

}  // namespace dmabuf::model::contract
