// SPDX-License-Identifier: MIT
/// The backing storage: allocated at export or at first use, placed for whoever is attached, and
/// moved, or not, for a stricter device (DBUF-MIG). Two machines move its one state.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

/// Where the storage is.
struct StorageStates {
  DMABUF_STATE(Unallocated);
  DMABUF_STATE(Anywhere);
  DMABUF_STATE(Confined);  ///< suits the strict device too
  using initial_state = Unallocated;
  using states = States<Unallocated, Anywhere, Confined>;
};

/// What every exporter does with it.
struct Storage : Machine<Storage>, StorageStates {
  static constexpr std::string_view name = "storage";
  using events = Events<event::Born, op::Attach, op::Map, event::Touch>;
  using facts_used = Facts<Fact::Eager, Fact::NeedsConfined, Fact::Migrates, Fact::Outstanding, Fact::RefusesLate,
                           Fact::RefusesStrict>;

  using IfConfine = If<Fact::NeedsConfined>;
  using IfLax = IfNot<Fact::NeedsConfined>;
  using IfWelcome = All<IfNot<Fact::RefusesLate>, IfNot<Fact::RefusesStrict>>;
  using Busy = Errnos<EBUSY>;

  using transition_table = Table<
    //       because     in           on            goes to | errno  doing                only
    Rule<    "MIG-001",  Unallocated, event::Born,  Anywhere,        Do<>,                If<Fact::Eager>                                  >,
    Rule<    "MIG-001",  Unallocated, event::Born,  Unallocated,     Do<>,                IfNot<Fact::Eager>                               >,
    Rule<    "ATT-009",  Unallocated, op::Attach,   Unallocated                                                                            >,
    Rule<    "MIG-001",  Unallocated, op::Map,      Anywhere,        Do<>,                IfLax                                            >,
    Rule<    "MIG-002",  Unallocated, op::Map,      Confined,        Do<>,                IfConfine                                        >,
    Rule<    "MIG-001",  Unallocated, event::Touch, Anywhere,        Do<>,                IfLax                                            >,
    Rule<    "MIG-002",  Unallocated, event::Touch, Confined,        Do<>,                IfConfine                                        >,
    Rule<    "ATT-015",  Anywhere,    op::Attach,   Anywhere,        Do<>,                IfWelcome                                        >,
    Refused< "MIG-003",  Anywhere,    op::Attach,   Busy,                                 If<Fact::RefusesLate>                            >,
    Refused< "ATT-006",  Anywhere,    op::Attach,   Busy,                                 All<IfNot<Fact::RefusesLate>, If<Fact::RefusesStrict>> >,
    Rule<    "MAP-021",  Anywhere,    op::Map,      Anywhere,        Do<>,                IfLax                                            >,
    Rule<    "MIG-006",  Anywhere,    op::Map,      Confined,        Do<Effect::Migrate>, All<IfConfine, If<Fact::Migrates>, IfNot<Fact::Outstanding>> >,
    Refused< "MIG-004",  Anywhere,    op::Map,      Busy,                                 All<IfConfine, If<Fact::Migrates>, If<Fact::Outstanding>> >,
    Refused< "MIG-002",  Anywhere,    op::Map,      Errnos<EBUSY, EIO, EINVAL, ENOMEM>, All<IfConfine, IfNot<Fact::Migrates>>            >,
    Rule<    "MAP-021",  Anywhere,    event::Touch, Anywhere                                                                               >,
    Rule<    "ATT-015",  Confined,    op::Attach,   Confined,        Do<>,                IfNot<Fact::RefusesLate>                         >,
    Refused< "MIG-003",  Confined,    op::Attach,   Busy,                                 If<Fact::RefusesLate>                            >,
    Rule<    "MAP-021",  Confined,    op::Map,      Confined                                                                               >,
    Rule<    "MAP-021",  Confined,    event::Touch, Confined                                                                               >
  >;
  using outside = Table<
    Malformed< Anywhere, event::Born >,
    Malformed< Confined, event::Born >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// What a dynamic exporter does beside: it holds it in place for who pins, and moves it when it likes.
struct Relocation : Machine<Relocation>, StorageStates {
  static constexpr std::string_view name = "relocation";
  static constexpr std::string_view state_of = Storage::name;
  using events = Events<event::Hold, op::Migrate>;
  using facts_used = Facts<Fact::NeedsConfined, Fact::Migrates, Fact::Outstanding>;

  using IfConfine = If<Fact::NeedsConfined>;
  using IfLax = IfNot<Fact::NeedsConfined>;
  using Busy = Errnos<EBUSY>;

  using transition_table = Table<
    //       because     in           on            goes to | errno  doing                only
    Rule<    "MIG-001",  Unallocated, event::Hold,  Anywhere,        Do<>,                IfLax                                            >,
    Rule<    "MIG-002",  Unallocated, event::Hold,  Confined,        Do<>,                IfConfine                                        >,
    Rule<    "MIG-001",  Unallocated, op::Migrate,  Unallocated                                                                            >,
    Rule<    "DYN-011",  Anywhere,    event::Hold,  Anywhere,        Do<>,                IfLax                                            >,
    Rule<    "MIG-006",  Anywhere,    event::Hold,  Confined,        Do<Effect::Migrate>, All<IfConfine, If<Fact::Migrates>, IfNot<Fact::Outstanding>> >,
    Refused< "DYN-011",  Anywhere,    event::Hold,  Busy,                                 All<IfConfine, If<Fact::Migrates>, If<Fact::Outstanding>> >,
    Rule<    "MIG-007",  Anywhere,    op::Migrate,  Anywhere,        Do<Effect::Migrate>, IfNot<Fact::Outstanding>                         >,
    Refused< "DYN-011",  Anywhere,    op::Migrate,  Busy,                                 If<Fact::Outstanding>                            >,
    Rule<    "DYN-011",  Confined,    event::Hold,  Confined                                                                               >,
    Rule<    "MIG-007",  Confined,    op::Migrate,  Confined,        Do<Effect::Migrate>, IfNot<Fact::Outstanding>                         >,
    Refused< "DYN-011",  Confined,    op::Migrate,  Busy,                                 If<Fact::Outstanding>                            >
  >;
  using outside = Table<
    Malformed< Anywhere, event::Hold, All<IfConfine, IfNot<Fact::Migrates>> >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
