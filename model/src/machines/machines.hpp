// SPDX-License-Identifier: MIT
/// One extraction a machine, each in its own translation unit: MSM is heavy to compile.
#pragma once

#include "../machine_id.hpp"

namespace dmabuf::model::contract {

void extract_buffer(Tables& tables);
void extract_fd(Tables& tables);
void extract_ioctl(Tables& tables);
void extract_mmap(Tables& tables);
void extract_reference(Tables& tables);
void extract_attachment(Tables& tables);
void extract_attachment_table(Tables& tables);
void extract_mapping(Tables& tables);
void extract_storage(Tables& tables);
void extract_relocation(Tables& tables);
void extract_cpu_access(Tables& tables);
void extract_vma(Tables& tables);
void extract_message(Tables& tables);
void extract_handle(Tables& tables);
void extract_create(Tables& tables);
void extract_fence(Tables& tables);
void extract_reservation(Tables& tables);
void extract_poll_slot(Tables& tables);
void extract_fence_ioctl(Tables& tables);
void extract_sync_file_ioctl(Tables& tables);
void extract_sync_file(Tables& tables);
void extract_remap(Tables& tables);
void extract_child(Tables& tables);
void extract_child_fd(Tables& tables);
void extract_child_vma(Tables& tables);
void extract_vmapping(Tables& tables);
void extract_vmap(Tables& tables);
void extract_pinning(Tables& tables);
void extract_failure(Tables& tables);
void extract_prime(Tables& tables);
void extract_memfd(Tables& tables);
void extract_udmabuf(Tables& tables);
void extract_queue(Tables& tables);
void extract_queue_call(Tables& tables);
void extract_queue_slot(Tables& tables);
void extract_plane(Tables& tables);
void extract_fd_table(Tables& tables);

}  // namespace dmabuf::model::contract
