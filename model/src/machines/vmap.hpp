// SPDX-License-Identifier: MIT
/// Kernel mappings: the buffer's one, which it counts the users of, and what each user has of it.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

/// `vmapping_counter` of a buffer: only the first vmap and the last vunmap reach the exporter.
struct Vmapping : Machine<Vmapping> {
  static constexpr std::string_view name = "vmapping";
  DMABUF_STATE(Unmapped);
  DMABUF_STATE(Mapped);
  using initial_state = Unmapped;
  using states = States<Unmapped, Mapped>;
  using events = Events<event::VmapOnce, event::VunmapOnce>;
  using facts_used = Facts<Fact::HasVmap, Fact::MoreVmaps>;

  using transition_table = Table<
    //       because     in        on                 goes to | errno  doing                   only
    Rule<    "VMP-003",  Unmapped, event::VmapOnce,   Mapped,          Do<Effect::CallVmap>,   If<Fact::HasVmap>      >,
    Refused< "VMP-002",  Unmapped, event::VmapOnce,   Errnos<EINVAL>,                          IfNot<Fact::HasVmap>   >,
    Rule<    "VMP-003",  Mapped,   event::VmapOnce,   Mapped                                                          >,
    Rule<    "VMP-005",  Mapped,   event::VunmapOnce, Mapped,          Do<>,                   If<Fact::MoreVmaps>    >,
    Rule<    "VMP-005",  Mapped,   event::VunmapOnce, Unmapped,        Do<Effect::CallVunmap>, IfNot<Fact::MoreVmaps> >
  >;
  using outside = Table<
    Forbidden< "VMP-006",  Unmapped, event::VunmapOnce >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// What one vmap gave: the address, until it is undone.
struct Vmap : Machine<Vmap> {
  static constexpr std::string_view name = "vmap";
  DMABUF_STATE(Unmapped);
  DMABUF_STATE(Mapped);
  using initial_state = Unmapped;
  using states = States<Unmapped, Mapped>;
  using events = Events<op::Vmap, op::Vunmap, op::VmapRead, op::VmapWrite>;
  using facts_used = Facts<Fact::Guarded>;

  using transition_table = Table<
    //       because     in        on             goes to | errno  doing  only
    Rule<    "VMP-003",  Unmapped, op::Vmap,      Mapped                                   >,
    Rule<    "VMP-005",  Mapped,   op::Vunmap,    Unmapped                                 >,
    Rule<    "INV-011",  Mapped,   op::VmapRead,  Mapped                                   >,
    Rule<    "INV-011",  Mapped,   op::VmapWrite, Mapped                                   >,
    Refused< "VMP-006",  Unmapped, op::Vunmap,    Errnos<ENOENT>,         If<Fact::Guarded> >
  >;
  using outside = Table<
    Malformed<             Mapped,   op::Vmap                              >,
    Forbidden< "VMP-006",  Unmapped, op::Vunmap,    IfNot<Fact::Guarded>   >,
    Malformed<             Unmapped, op::VmapRead                          >,
    Malformed<             Unmapped, op::VmapWrite                         >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
