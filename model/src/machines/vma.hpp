// SPDX-License-Identifier: MIT
/// A CPU mapping of a process.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Vma : Machine<Vma> {
  static constexpr std::string_view name = "vma";
  DMABUF_STATE(Unmapped);
  DMABUF_STATE(Mapped);
  using initial_state = Unmapped;
  using states = States<Unmapped, Mapped>;
  using events = Events<op::Mmap, op::Munmap, op::Store, op::Load, op::Mprotect, op::MunmapPage, op::Mremap, op::Move,
                        event::Split>;
  using facts_used = Facts<Fact::VmaWritable, Fact::VmaCopies, Fact::PastBuffer, Fact::Splits, Fact::OnlyPage>;

  using IfBacked = IfNot<Fact::PastBuffer>;
  using IfReadOnly = All<IfNot<Fact::VmaWritable>, IfNot<Fact::VmaCopies>>;
  using IfAtEdge = IfNot<Fact::Splits>;

  using transition_table = Table<
    //       because     in        on              goes to | errno  doing                      only
    Rule<    "MMU-009",  Unmapped, op::Mmap,       Mapped,          Do<Effect::TakeReference>                              >,
    Rule<    "MMU-010",  Mapped,   op::Munmap,     Unmapped,        Do<Effect::DropReference>                              >,
    Rule<    "MMU-016",  Mapped,   op::Store,      Mapped,          Do<>,          All<If<Fact::VmaWritable>, IfBacked>    >,
    Refused< "MMU-004",  Mapped,   op::Store,      Errnos<EFAULT>,                 IfReadOnly                              >,  // SIGSEGV
    Refused< "MMU-012",  Mapped,   op::Store,      Errnos<EFAULT>,                 All<If<Fact::VmaWritable>, If<Fact::PastBuffer>> >,  // SIGBUS
    Rule<    "MMU-008",  Mapped,   op::Load,       Mapped,          Do<>,          IfBacked                                >,
    Refused< "MMU-012",  Mapped,   op::Load,       Errnos<EFAULT>,                 If<Fact::PastBuffer>                    >,
    Rule<    "MMU-004",  Mapped,   op::Mprotect,   Mapped                                                                  >,
    Rule<    "MMU-010",  Mapped,   op::MunmapPage, Mapped,          Do<>,          If<Fact::Splits>                        >,
    Rule<    "MMU-010",  Mapped,   op::MunmapPage, Mapped,          Do<>,          All<IfAtEdge, IfNot<Fact::OnlyPage>>    >,
    Rule<    "MMU-010",  Mapped,   op::MunmapPage, Unmapped,        Do<Effect::DropReference>, All<IfAtEdge, If<Fact::OnlyPage>> >,
    Rule<    "MMU-010",  Unmapped, event::Split,   Mapped,          Do<Effect::TakeReference>                              >,
    Rule<    "MMU-012",  Mapped,   op::Mremap,     Mapped                                                                  >,
    Rule<    "VFS-008",  Mapped,   op::Move,       Mapped                                                                  >
  >;
  using outside = Table<
    Malformed<             Mapped,   op::Mmap       >,
    Malformed<             Unmapped, op::Munmap     >,
    Malformed<             Unmapped, op::Store      >,
    Malformed<             Unmapped, op::Load       >,
    Malformed<             Unmapped, op::Mprotect   >,
    Malformed<             Unmapped, op::MunmapPage >,
    Malformed<             Unmapped, op::Mremap     >,
    Malformed<             Unmapped, op::Move       >,
    Malformed<             Mapped,   event::Split   >,
    // Copied on write: what the buffer's other views then show is not this mapping's business, or the reverse.
    Forbidden< "MMU-006",  Mapped,   op::Store, All<IfNot<Fact::VmaWritable>, If<Fact::VmaCopies>> >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
