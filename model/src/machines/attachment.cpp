// SPDX-License-Identifier: MIT
#include "attachment.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_attachment(Tables& tables) { Extraction<Attachment>::into(tables, MachineId::Attachment); }
void extract_mapping(Tables& tables) { Extraction<Mapping>::into(tables, MachineId::Mapping); }

}  // namespace dmabuf::model::contract
