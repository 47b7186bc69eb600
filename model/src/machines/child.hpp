// SPDX-License-Identifier: MIT
/// A child that p0 forks, and each fd and CPU mapping it inherits.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Child : Machine<Child> {
  static constexpr std::string_view name = "child";
  DMABUF_STATE(None);
  DMABUF_STATE(Forked);
  DMABUF_STATE(Replaced);  ///< runs another program
  using initial_state = None;
  using states = States<None, Forked, Replaced>;
  using events = Events<op::Fork, op::ChildLoad, op::Exec, op::Exit>;
  using facts_used = Facts<>;

  using transition_table = Table<
    //    because     in        on             goes to
    Rule< "SHR-002",  None,     op::Fork,      Forked   >,
    Rule< "SHR-006",  Forked,   op::ChildLoad, Forked   >,
    Rule< "SHR-003",  Forked,   op::Exec,      Replaced >,
    Rule< "SHR-002",  Forked,   op::Exit,      None     >,
    Rule< "SHR-002",  Replaced, op::Exit,      None     >
  >;
  using outside = Table<
    Malformed< Forked,   op::Fork      >,
    Malformed< Replaced, op::Fork      >,
    Malformed< None,     op::ChildLoad >,
    Malformed< Replaced, op::ChildLoad >,
    Malformed< None,     op::Exec      >,
    Malformed< Replaced, op::Exec      >,  // the other program does nothing but wait
    Malformed< None,     op::Exit      >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

struct ChildFd : Machine<ChildFd> {
  static constexpr std::string_view name = "child_fd";
  DMABUF_STATE(Closed);
  DMABUF_STATE(Open);
  using initial_state = Closed;
  using states = States<Closed, Open>;
  using events = Events<op::Fork, op::Exec, op::Exit>;
  using facts_used = Facts<Fact::ClosesOnExec>;

  using transition_table = Table<
    //    because     in      on        goes to  doing                      only
    Rule< "SHR-002",  Closed, op::Fork, Open,    Do<Effect::TakeReference>                            >,
    Rule< "SHR-003",  Open,   op::Exec, Closed,  Do<Effect::DropReference>, If<Fact::ClosesOnExec>    >,
    Rule< "SHR-003",  Open,   op::Exec, Open,    Do<>,                      IfNot<Fact::ClosesOnExec> >,
    Rule< "SHR-002",  Open,   op::Exit, Closed,  Do<Effect::DropReference>                            >
  >;
  using outside = Table<
    Malformed< Open,   op::Fork >,
    Malformed< Closed, op::Exec >,
    Malformed< Closed, op::Exit >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

struct ChildVma : Machine<ChildVma> {
  static constexpr std::string_view name = "child_vma";
  DMABUF_STATE(Unmapped);
  DMABUF_STATE(Mapped);
  using initial_state = Unmapped;
  using states = States<Unmapped, Mapped>;
  using events = Events<op::Fork, op::ChildLoad, op::Exec, op::Exit>;
  using facts_used = Facts<Fact::PastBuffer>;

  using transition_table = Table<
    //       because     in        on             goes to | errno  doing                      only
    Rule<    "MMU-011",  Unmapped, op::Fork,      Mapped,          Do<Effect::TakeReference>                          >,
    Rule<    "MMU-016",  Mapped,   op::ChildLoad, Mapped,          Do<>,                      IfNot<Fact::PastBuffer> >,
    Refused< "MMU-012",  Mapped,   op::ChildLoad, Errnos<EFAULT>,                             If<Fact::PastBuffer>    >,
    Rule<    "VFS-007",  Mapped,   op::Exec,      Unmapped,        Do<Effect::DropReference>                          >,
    Rule<    "VFS-007",  Mapped,   op::Exit,      Unmapped,        Do<Effect::DropReference>                          >
  >;
  using outside = Table<
    Malformed< Mapped,   op::Fork      >,
    Malformed< Unmapped, op::ChildLoad >,
    Malformed< Unmapped, op::Exec      >,
    Malformed< Unmapped, op::Exit      >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
