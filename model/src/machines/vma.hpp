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
  using events = Events<op::Mmap, op::Munmap, op::Store, op::Load>;
  using facts_used = Facts<Fact::VmaWritable>;

  using transition_table = Table<
    //    because     in        on          goes to   doing                      only
    Rule< "MMU-009",  Unmapped, op::Mmap,   Mapped,   Do<Effect::TakeReference>                        >,
    Rule< "MMU-010",  Mapped,   op::Munmap, Unmapped, Do<Effect::DropReference>                        >,
    Rule< "MMU-016",  Mapped,   op::Store,  Mapped,   Do<>,                      If<Fact::VmaWritable> >,
    Rule< "MMU-008",  Mapped,   op::Load,   Mapped                                                     >
  >;
  using outside = Table<
    Malformed<             Mapped,   op::Mmap                             >,
    Malformed<             Unmapped, op::Munmap                           >,
    Malformed<             Unmapped, op::Store                            >,
    Malformed<             Unmapped, op::Load                             >,
    Forbidden< "MMU-004",  Mapped,   op::Store, IfNot<Fact::VmaWritable>  >  // SIGSEGV
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
