// SPDX-License-Identifier: MIT
/// mprotect and mremap of a CPU mapping that is there: argument checks in the kernel's order.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct RemapCall : Machine<RemapCall> {
  static constexpr std::string_view name = "remap";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<op::Mprotect, op::Mremap>;
  using facts_used = Facts<Fact::AsksWrite, Fact::MayWrite, Fact::LengthZero, Fact::Grows, Fact::MayGrow>;

  using IfSome = IfNot<Fact::LengthZero>;

  using transition_table = Table<
    //       because     in     on             goes to | errno  doing   only
    Rule<    "MMU-004",  Ready, op::Mprotect,  Ready,           Do<>,   IfNot<Fact::AsksWrite>                                 >,
    Rule<    "MMU-004",  Ready, op::Mprotect,  Ready,           Do<>,   All<If<Fact::AsksWrite>, If<Fact::MayWrite>>           >,
    Refused< "MMU-004",  Ready, op::Mprotect,  Errnos<EACCES>,          All<If<Fact::AsksWrite>, IfNot<Fact::MayWrite>>        >,
    Refused< "VFS-006",  Ready, op::Mremap,    Errnos<EINVAL>,          If<Fact::LengthZero>                                   >,
    Rule<    "MMU-012",  Ready, op::Mremap,    Ready,           Do<>,   All<IfSome, IfNot<Fact::Grows>>                        >,
    Rule<    "MMU-012",  Ready, op::Mremap,    Ready,           Do<>,   All<IfSome, If<Fact::Grows>, If<Fact::MayGrow>>        >,
    Refused< "MMU-012",  Ready, op::Mremap,    Errnos<EFAULT>,          All<IfSome, If<Fact::Grows>, IfNot<Fact::MayGrow>>     >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
