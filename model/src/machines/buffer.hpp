// SPDX-License-Identifier: MIT
/// The buffer's life: exported, referenced, put for the last time, released.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Buffer : Machine<Buffer> {
  static constexpr std::string_view name = "buffer";
  DMABUF_STATE(Absent);
  DMABUF_STATE(Live);
  DMABUF_STATE(Dying);  ///< the file is gone, `release` has not run yet
  DMABUF_STATE(Released);
  using initial_state = Absent;
  using states = States<Absent, Live, Dying, Released>;
  using events = Events<event::Born, event::Take, event::Drop, event::Release>;
  using facts_used = Facts<Fact::LastReference, Fact::HasAttachments, Fact::HasVmaps, Fact::PollArmed>;

  using IfLast = If<Fact::LastReference>;
  using IfMore = IfNot<Fact::LastReference>;
  using IfAttached = If<Fact::HasAttachments>;
  using IfUnattached = IfNot<Fact::HasAttachments>;
  using IfVmapped = If<Fact::HasVmaps>;
  using IfUnvmapped = IfNot<Fact::HasVmaps>;
  using IfArmed = If<Fact::PollArmed>;  // where an armed poll slot holds no reference
  using IfUnarmed = IfNot<Fact::PollArmed>;

  using transition_table = Table<
    //    because     in        on              goes to   doing                        only
    Rule< "EXP-006",  Absent,   event::Born,    Live                                                               >,
    Rule< "EXP-014",  Released, event::Born,    Live                                                               >,
    Rule< "FD-009",   Live,     event::Take,    Live                                                               >,
    Rule< "FD-011",   Live,     event::Drop,    Live,     Do<>,                        IfMore                      >,
    Rule< "REL-002",  Live,     event::Drop,    Dying,    Do<>,                        All<IfLast, IfUnattached, IfUnvmapped, IfUnarmed> >,
    Rule< "REL-001",  Dying,    event::Release, Released, Do<Effect::CallRelease>                                  >
  >;
  using outside = Table<
    Malformed<               Live,     event::Born                                 >,
    Malformed<               Dying,    event::Born                                 >,
    Forbidden< "REL-012",    Live,     event::Drop,    All<IfLast, IfAttached>     >,
    Forbidden< "REL-013",    Live,     event::Drop,    All<IfLast, IfUnattached, IfVmapped> >,
    Forbidden< "REL-014",    Live,     event::Drop,    All<IfLast, IfUnattached, IfUnvmapped, IfArmed> >,
    Malformed<               Absent,   event::Take                                 >,
    Forbidden< "FD-009",     Dying,    event::Take                                 >,
    Forbidden< "FD-009",     Released, event::Take                                 >,
    Malformed<               Absent,   event::Drop                                 >,
    Forbidden< "FD-005",     Dying,    event::Drop                                 >,
    Forbidden< "FD-005",     Released, event::Drop                                 >,
    Forbidden< "REL-001",    Absent,   event::Release                              >,
    Forbidden< "REL-002",    Live,     event::Release                              >,
    Forbidden< "REL-001",    Released, event::Release                              >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
