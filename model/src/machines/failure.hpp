// SPDX-License-Identifier: MIT
/// An exporter that was told to fail: each of its callbacks asks here first, and what it answers reaches the caller.
/// Another callback that can fail is an event and three rows. That the errno is the one injected the table cannot say:
/// the transaction narrows it.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Failing : Machine<Failing> {
  static constexpr std::string_view name = "failure";
  DMABUF_STATE(Calm);
  DMABUF_STATE(Armed);
  using initial_state = Calm;
  using states = States<Calm, Armed>;
  using events = Events<op::Fail, event::CallsAttach, event::CallsMap, event::CallsPin, event::CallsVmap, event::CallsBegin,
                        event::CallsEnd, event::CallsMmap>;
  using facts_used = Facts<Fact::FailsNow, Fact::Disarms>;

  using transition_table = Table<
    //       because     in     on                  goes to | errno  doing  only
    Rule<    "INV-013",  Calm,  op::Fail,           Armed,           Do<>,  IfNot<Fact::Disarms>          >,
    Rule<    "INV-013",  Calm,  op::Fail,           Calm,            Do<>,  If<Fact::Disarms>             >,
    Rule<    "INV-013",  Armed, op::Fail,           Armed,           Do<>,  IfNot<Fact::Disarms>          >,
    Rule<    "INV-013",  Armed, op::Fail,           Calm,            Do<>,  If<Fact::Disarms>             >,
    Rule<    "INV-013",  Armed, event::CallsAttach, Armed,           Do<>,  IfNot<Fact::FailsNow>         >,
    Refused< "ATT-005",  Armed, event::CallsAttach, AnyErrno,               If<Fact::FailsNow>            >,
    Rule<    "INV-013",  Armed, event::CallsMap,    Armed,           Do<>,  IfNot<Fact::FailsNow>         >,
    Refused< "MAP-005",  Armed, event::CallsMap,    AnyErrno,               If<Fact::FailsNow>            >,
    Rule<    "INV-013",  Armed, event::CallsPin,    Armed,           Do<>,  IfNot<Fact::FailsNow>         >,
    Refused< "DYN-004",  Armed, event::CallsPin,    AnyErrno,               If<Fact::FailsNow>            >,
    Rule<    "INV-013",  Armed, event::CallsVmap,   Armed,           Do<>,  IfNot<Fact::FailsNow>         >,
    Refused< "VMP-004",  Armed, event::CallsVmap,   AnyErrno,               If<Fact::FailsNow>            >,
    Rule<    "INV-013",  Armed, event::CallsBegin,  Armed,           Do<>,  IfNot<Fact::FailsNow>         >,
    Refused< "CPU-002",  Armed, event::CallsBegin,  AnyErrno,               If<Fact::FailsNow>            >,
    Rule<    "INV-013",  Armed, event::CallsEnd,    Armed,           Do<>,  IfNot<Fact::FailsNow>         >,
    Refused< "CPU-005",  Armed, event::CallsEnd,    AnyErrno,               If<Fact::FailsNow>            >,
    Rule<    "INV-013",  Armed, event::CallsMmap,   Armed,           Do<>,  IfNot<Fact::FailsNow>         >,
    Refused< "MMU-017",  Armed, event::CallsMmap,   AnyErrno,               If<Fact::FailsNow>            >
  >;
  using outside = Table<
    Malformed< Calm, event::CallsAttach >,
    Malformed< Calm, event::CallsMap >,
    Malformed< Calm, event::CallsPin >,
    Malformed< Calm, event::CallsVmap >,
    Malformed< Calm, event::CallsBegin >,
    Malformed< Calm, event::CallsEnd >,
    Malformed< Calm, event::CallsMmap >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
