// SPDX-License-Identifier: MIT
/// One entry of a process's fd table: the first thing every system call on it asks.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Fd : Machine<Fd> {
  static constexpr std::string_view name = "fd";
  DMABUF_STATE(Closed);
  DMABUF_STATE(Open);
  DMABUF_STATE(Foreign);  ///< open, but no dma-buf
  using initial_state = Closed;
  using states = States<Closed, Open, Foreign>;
  using events = Events<event::Install, op::Dup, op::Close, op::Send, op::Get, event::Ioctl, op::Mmap, op::Seek,
                        op::Poll>;
  using facts_used = Facts<>;

  using Bad = Errnos<EBADF>;
  using transition_table = Table<
    //       because     in       on               goes to  doing
    Rule<    "FD-003",   Closed,  event::Install,  Open                                >,
    Rule<    "SHR-001",  Open,    op::Dup,         Open,    Do<Effect::TakeReference>  >,
    Rule<    "FD-011",   Open,    op::Close,       Closed,  Do<Effect::DropReference>  >,
    Rule<    "SHR-004",  Open,    op::Send,        Open,    Do<Effect::TakeReference>  >,
    Rule<    "FD-008",   Open,    op::Get,         Open,    Do<Effect::TakeReference>  >,
    Rule<    "IOC-002",  Open,    event::Ioctl,    Open                                >,
    Rule<    "MMU-009",  Open,    op::Mmap,        Open                                >,
    Rule<    "LSK-004",  Open,    op::Seek,        Open                                >,
    Rule<    "POL-001",  Open,    op::Poll,        Open                                >,
    Refused< "VFS-001",  Closed,  op::Poll,        Bad                                 >,
    Refused< "VFS-001",  Closed,  op::Dup,         Bad                                 >,
    Refused< "VFS-001",  Closed,  op::Close,       Bad                                 >,
    Refused< "VFS-001",  Closed,  op::Send,        Bad                                 >,
    Refused< "FD-006",   Closed,  op::Get,         Bad                                 >,
    Refused< "VFS-001",  Closed,  event::Ioctl,    Bad                                 >,
    Refused< "VFS-001",  Closed,  op::Mmap,        Bad                                 >,
    Refused< "VFS-001",  Closed,  op::Seek,        Bad                                 >,
    Refused< "FD-007",   Foreign, op::Get,         Errnos<EINVAL>                      >,
    Refused< "VFS-002",  Foreign, event::Ioctl,    Errnos<ENOTTY>                      >
  >;
  using outside = Table<
    Malformed<               Open,    event::Install >,
    Malformed<               Foreign, event::Install >,
    Unspecified< "VFS-002",  Foreign, op::Dup        >,
    Unspecified< "VFS-002",  Foreign, op::Close      >,
    Unspecified< "VFS-002",  Foreign, op::Send       >,
    Unspecified< "VFS-002",  Foreign, op::Mmap       >,
    Unspecified< "VFS-002",  Foreign, op::Seek       >,
    Unspecified< "VFS-002",  Foreign, op::Poll       >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
