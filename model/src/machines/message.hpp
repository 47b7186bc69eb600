// SPDX-License-Identifier: MIT
/// An SCM_RIGHTS message on its way to the other process.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Message : Machine<Message> {
  static constexpr std::string_view name = "message";
  DMABUF_STATE(Empty);
  DMABUF_STATE(InFlight);
  using initial_state = Empty;
  using states = States<Empty, InFlight>;
  using events = Events<op::Send, op::Receive, op::Discard>;
  using facts_used = Facts<>;

  using transition_table = Table<
    //    because     in        on           goes to   doing
    Rule< "SHR-004",  Empty,    op::Send,    InFlight                            >,
    Rule< "SHR-004",  InFlight, op::Receive, Empty                               >,
    Rule< "SHR-004",  InFlight, op::Discard, Empty,    Do<Effect::DropReference> >
  >;
  using outside = Table<
    Malformed< InFlight, op::Send    >,
    Malformed< Empty,    op::Receive >,
    Malformed< Empty,    op::Discard >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
