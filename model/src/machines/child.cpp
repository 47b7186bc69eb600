// SPDX-License-Identifier: MIT
#include "child.hpp"

#include "../extract.hpp"
#include "machines.hpp"

namespace dmabuf::model::contract {

void extract_child(Tables& tables) { Extraction<Child>::into(tables, MachineId::Child); }
void extract_child_fd(Tables& tables) { Extraction<ChildFd>::into(tables, MachineId::ChildFd); }
void extract_child_vma(Tables& tables) { Extraction<ChildVma>::into(tables, MachineId::ChildVma); }

}  // namespace dmabuf::model::contract
