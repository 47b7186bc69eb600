// SPDX-License-Identifier: MIT
#include "buffer.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_buffer(Tables& tables) { Extraction<Buffer>::into(tables, MachineId::Buffer); }

}  // namespace dmabuf::model::contract
