// SPDX-License-Identifier: MIT
/// Begin and end of CPU access. The core keeps no state (DBUF-CPU-006); some exporters do.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct CpuAccess : Machine<CpuAccess> {
  static constexpr std::string_view name = "cpu_access";
  DMABUF_STATE(Untouched);
  DMABUF_STATE(Begun);  ///< has begun at least once
  using initial_state = Untouched;
  using states = States<Untouched, Begun>;
  using events = Events<event::Begin, event::End>;
  using facts_used = Facts<Fact::EndNeedsBegin>;

  using transition_table = Table<
    //       because     in         on            goes to | errno  doing                  only
    Rule<    "CPU-002",  Untouched, event::Begin, Begun,           Do<Effect::CallBegin>                           >,
    Rule<    "CPU-006",  Begun,     event::Begin, Begun,           Do<Effect::CallBegin>                           >,
    Rule<    "CPU-006",  Untouched, event::End,   Untouched,       Do<Effect::CallEnd>,   IfNot<Fact::EndNeedsBegin> >,
    Refused< "UDM-020",  Untouched, event::End,   Errnos<EINVAL>,                         If<Fact::EndNeedsBegin>  >,
    Rule<    "CPU-005",  Begun,     event::End,   Begun,           Do<Effect::CallEnd>                             >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
