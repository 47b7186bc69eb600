// SPDX-License-Identifier: MIT
#include "attachment.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_attachment(Tables& tables) { Extraction<Attachment>::into(tables, MachineId::Attachment); }
void extract_attachment_table(Tables& tables) { Extraction<AttachmentTable>::into(tables, MachineId::AttachmentTable); }
void extract_mapping(Tables& tables) { Extraction<Mapping>::into(tables, MachineId::Mapping); }

}  // namespace dmabuf::model::contract
