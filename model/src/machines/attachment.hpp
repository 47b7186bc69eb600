// SPDX-License-Identifier: MIT
/// One importer's attachment: attach, map, unmap, detach, with the mapping an exporter may cache.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Attachment : Machine<Attachment> {
  static constexpr std::string_view name = "attachment";
  DMABUF_STATE(Detached);
  DMABUF_STATE(Attached);
  DMABUF_STATE(Mapped);
  DMABUF_STATE(Cached);  ///< nobody uses the mapping, the exporter keeps it
  using initial_state = Detached;
  using states = States<Detached, Attached, Mapped, Cached>;
  using events = Events<op::Attach, op::Detach, op::Map, op::Unmap>;
  using facts_used = Facts<Fact::Guarded, Fact::Caches, Fact::CacheFits, Fact::MoreMappings, Fact::ConcurrentMaps,
                           Fact::RefusesAttach>;

  using IfGuarded = If<Fact::Guarded>;
  using IfUnguarded = IfNot<Fact::Guarded>;
  using IfCaches = If<Fact::Caches>;
  using IfPlain = IfNot<Fact::Caches>;
  using IfFits = If<Fact::CacheFits>;
  using IfMisfit = IfNot<Fact::CacheFits>;
  using IfMore = If<Fact::MoreMappings>;
  using IfLast = IfNot<Fact::MoreMappings>;
  using IfConcurrent = If<Fact::ConcurrentMaps>;

  using transition_table = Table<
    //       because     in        on          goes to | errno  doing                    only
    Rule<    "ATT-004",  Detached, op::Attach, Attached,        Do<Effect::CallAttach>,  IfNot<Fact::RefusesAttach> >,
    Refused< "ATT-015",  Detached, op::Attach, AnyErrno,                                 If<Fact::RefusesAttach> >,
    Rule<    "ATT-017",  Attached, op::Detach, Detached,        Do<Effect::CallDetach>                           >,
    Rule<    "ATT-017",  Cached,   op::Detach, Detached,        Do<Effect::CallUnmap, Effect::CallDetach>        >,
    Rule<    "MAP-002",  Attached, op::Map,    Mapped,          Do<Effect::CallMap>                              >,
    Rule<    "MAP-003",  Mapped,   op::Map,    Mapped,          Do<Effect::CallMap>,     All<IfPlain, IfConcurrent> >,
    Rule<    "MAP-007",  Mapped,   op::Map,    Mapped,          Do<>,                    All<IfCaches, IfFits>   >,
    Rule<    "MAP-007",  Cached,   op::Map,    Mapped,          Do<>,                    IfFits                  >,
    Rule<    "MAP-002",  Mapped,   op::Unmap,  Mapped,          Do<Effect::CallUnmap>,   All<IfPlain, IfMore>    >,
    Rule<    "MAP-002",  Mapped,   op::Unmap,  Attached,        Do<Effect::CallUnmap>,   All<IfPlain, IfLast>    >,
    Rule<    "MAP-009",  Mapped,   op::Unmap,  Mapped,          Do<>,                    All<IfCaches, IfMore>   >,
    Rule<    "MAP-009",  Mapped,   op::Unmap,  Cached,          Do<>,                    All<IfCaches, IfLast>   >,
    Refused< "MAP-008",  Mapped,   op::Map,    Errnos<EBUSY>,                            All<IfCaches, IfMisfit> >,
    Refused< "MAP-008",  Cached,   op::Map,    Errnos<EBUSY>,                            IfMisfit                >,
    Refused< "ATT-003",  Detached, op::Map,    Errnos<ENOENT>,                           IfGuarded               >,
    Refused< "ATT-020",  Detached, op::Detach, Errnos<ENOENT>,                           IfGuarded               >,
    Refused< "ATT-018",  Mapped,   op::Detach, Errnos<EBUSY>,                            IfGuarded               >
  >;
  using outside = Table<
    Malformed<             Attached, op::Attach                                                >,
    Malformed<             Mapped,   op::Attach                                                >,
    Malformed<             Cached,   op::Attach                                                >,
    Forbidden< "HEP-009",  Mapped,   op::Map,    All<IfPlain, IfNot<Fact::ConcurrentMaps>>     >,
    Forbidden< "ATT-003",  Detached, op::Map,    IfUnguarded                                   >,
    Forbidden< "ATT-020",  Detached, op::Detach, IfUnguarded                                   >,
    Forbidden< "ATT-018",  Mapped,   op::Detach, IfUnguarded                                   >,
    Malformed<             Detached, op::Unmap                                                 >,
    Malformed<             Attached, op::Unmap                                                 >,
    Malformed<             Cached,   op::Unmap                                                 >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// One handed-out sg_table.
struct Mapping : Machine<Mapping> {
  static constexpr std::string_view name = "mapping";
  DMABUF_STATE(Unmapped);
  DMABUF_STATE(Mapped);
  using initial_state = Unmapped;
  using states = States<Unmapped, Mapped>;
  using events = Events<op::Map, op::Unmap, op::DeviceRead, op::DeviceWrite>;
  using facts_used = Facts<Fact::Guarded, Fact::DeviceReads, Fact::DeviceWrites>;

  using IfGuarded = If<Fact::Guarded>;
  using IfUnguarded = IfNot<Fact::Guarded>;
  using transition_table = Table<
    //       because     in        on               goes to | errno        only
    Rule<    "MAP-002",  Unmapped, op::Map,         Mapped                                          >,
    Rule<    "MAP-002",  Mapped,   op::Unmap,       Unmapped                                        >,
    Rule<    "INV-011",  Mapped,   op::DeviceRead,  Mapped,          Do<>, If<Fact::DeviceReads>    >,
    Rule<    "INV-011",  Mapped,   op::DeviceWrite, Mapped,          Do<>, If<Fact::DeviceWrites>   >,
    Refused< "MAP-001",  Unmapped, op::Unmap,       Errnos<ENOENT>,        IfGuarded                >
  >;
  using outside = Table<
    Malformed<             Mapped,   op::Map                                   >,
    Forbidden< "MAP-001",  Unmapped, op::Unmap,       IfUnguarded              >,
    Forbidden< "MAP-012",  Mapped,   op::DeviceRead,  IfNot<Fact::DeviceReads> >,
    Forbidden< "MAP-012",  Mapped,   op::DeviceWrite, IfNot<Fact::DeviceWrites>>,
    Malformed<             Unmapped, op::DeviceRead                            >,
    Malformed<             Unmapped, op::DeviceWrite                           >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
