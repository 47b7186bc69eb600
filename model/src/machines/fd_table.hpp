// SPDX-License-Identifier: MIT
/// A process's table of fds: has it a number left? Whatever makes an fd asks here, where the kernel reserves the number.
/// What had been done by then, and who has it afterwards, is the transaction's to say.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct FdTable : Machine<FdTable> {
  static constexpr std::string_view name = "fd_table";
  DMABUF_STATE(Roomy);
  DMABUF_STATE(Full);
  using initial_state = Roomy;
  using states = States<Roomy, Full>;
  using events = Events<op::FillFds, op::FreeFds, op::Create, op::CreateList, op::HandleToFd, op::InstallFd, op::Dup,
                        op::Receive, op::ExportSyncFile, op::MergeSyncFiles, op::Memfd>;
  using facts_used = Facts<>;

  using NoneFree = Errnos<EMFILE>;
  using transition_table = Table<
    //       because     in     on                   goes to | errno
    Rule<    "VFS-011",  Roomy, op::FillFds,         Full      >,
    Rule<    "VFS-011",  Full,  op::FillFds,         Full      >,
    Rule<    "VFS-011",  Full,  op::FreeFds,         Roomy     >,
    Rule<    "VFS-011",  Roomy, op::FreeFds,         Roomy     >,
    Refused< "FD-002",   Full,  op::InstallFd,       NoneFree  >,
    Refused< "FD-002",   Full,  op::Create,          NoneFree  >,
    Refused< "UDM-021",  Full,  op::CreateList,      NoneFree  >,
    Refused< "PRM-019",  Full,  op::HandleToFd,      NoneFree  >,
    Refused< "VFS-012",  Full,  op::Dup,             NoneFree  >,
    Refused< "SHR-008",  Full,  op::Receive,         NoneFree  >,
    Refused< "SFE-001",  Full,  op::ExportSyncFile,  NoneFree  >,
    Refused< "SYF-006",  Full,  op::MergeSyncFiles,  NoneFree  >,
    Refused< "VFS-012",  Full,  op::Memfd,           NoneFree  >
  >;
  using outside = Table<
    Malformed< Roomy, op::InstallFd      >,
    Malformed< Roomy, op::Create         >,
    Malformed< Roomy, op::CreateList     >,
    Malformed< Roomy, op::HandleToFd     >,
    Malformed< Roomy, op::Dup            >,
    Malformed< Roomy, op::Receive        >,
    Malformed< Roomy, op::ExportSyncFile >,
    Malformed< Roomy, op::MergeSyncFiles >,
    Malformed< Roomy, op::Memfd          >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
