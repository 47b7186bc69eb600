// SPDX-License-Identifier: MIT
/// One importer's attachment: attach and detach, map and unmap, with the table an exporter may keep.
/// Two machines move its one state, so that each can be read at a glance.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

/// What an attachment is in.
struct AttachmentStates {
  DMABUF_STATE(Detached);
  DMABUF_STATE(Attached);
  DMABUF_STATE(Mapped);
  DMABUF_STATE(Cached);  ///< nobody uses the mapping, the exporter keeps it
  using initial_state = Detached;
  using states = States<Detached, Attached, Mapped, Cached>;
};

/// It comes and goes.
struct Attachment : Machine<Attachment>, AttachmentStates {
  static constexpr std::string_view name = "attachment";
  using events = Events<op::Attach, op::AttachDynamic, op::Detach>;
  using facts_used = Facts<Fact::Guarded, Fact::RefusesAttach, Fact::MapsAtAttach, Fact::ExporterPins, Fact::Pinned>;

  using IfGuarded = If<Fact::Guarded>;
  using IfUnguarded = IfNot<Fact::Guarded>;
  using IfWelcome = IfNot<Fact::RefusesAttach>;
  using IfMapsNow = All<IfWelcome, If<Fact::MapsAtAttach>>;  // one side is dynamic, the other is not
  using IfMapsLater = All<IfWelcome, IfNot<Fact::MapsAtAttach>>;
  using IfFree = IfNot<Fact::Pinned>;  // by its importer
  using IfPinned = If<Fact::Pinned>;

  using transition_table = Table<
    //       because     in        on                 goes to | errno  doing                    only
    Rule<    "ATT-004",  Detached, op::Attach,        Attached,        Do<Effect::CallAttach>,  IfMapsLater             >,
    Rule<    "ATT-010",  Detached, op::Attach,        Cached,          Do<Effect::CallAttach, Effect::CallPin, Effect::CallMap>, IfMapsNow >,
    Refused< "ATT-015",  Detached, op::Attach,        AnyErrno,                                 If<Fact::RefusesAttach> >,
    Rule<    "ATT-013",  Detached, op::AttachDynamic, Attached,        Do<Effect::CallAttach>,  IfMapsLater             >,
    Rule<    "ATT-012",  Detached, op::AttachDynamic, Cached,          Do<Effect::CallAttach, Effect::CallMap>, IfMapsNow >,
    Refused< "ATT-015",  Detached, op::AttachDynamic, AnyErrno,                                 If<Fact::RefusesAttach> >,
    Rule<    "ATT-017",  Attached, op::Detach,        Detached,        Do<Effect::CallDetach>,  IfFree                  >,
    Rule<    "ATT-017",  Cached,   op::Detach,        Detached,        Do<Effect::CallUnmap, Effect::CallDetach>, All<IfFree, IfNot<Fact::ExporterPins>> >,
    Rule<    "ATT-017",  Cached,   op::Detach,        Detached,        Do<Effect::CallUnmap, Effect::CallUnpin, Effect::CallDetach>, All<IfFree, If<Fact::ExporterPins>> >,
    Refused< "ATT-020",  Detached, op::Detach,        Errnos<ENOENT>,                           IfGuarded               >,
    Refused< "DYN-015",  Attached, op::Detach,        Errnos<EBUSY>,                            All<IfGuarded, IfPinned> >,
    Refused< "DYN-015",  Cached,   op::Detach,        Errnos<EBUSY>,                            All<IfGuarded, IfPinned> >,
    Refused< "ATT-018",  Mapped,   op::Detach,        Errnos<EBUSY>,                            IfGuarded               >
  >;
  using outside = Table<
    Malformed<             Attached, op::Attach                                                >,
    Malformed<             Mapped,   op::Attach                                                >,
    Malformed<             Cached,   op::Attach                                                >,
    Malformed<             Attached, op::AttachDynamic                                         >,
    Malformed<             Mapped,   op::AttachDynamic                                         >,
    Malformed<             Cached,   op::AttachDynamic                                         >,
    Forbidden< "ATT-020",  Detached, op::Detach, IfUnguarded                                   >,
    Forbidden< "DYN-015",  Attached, op::Detach, All<IfUnguarded, IfPinned>                    >,
    Forbidden< "DYN-015",  Cached,   op::Detach, All<IfUnguarded, IfPinned>                    >,
    Forbidden< "ATT-018",  Mapped,   op::Detach, IfUnguarded                                   >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// Its importer maps it and unmaps it.
struct AttachmentTable : Machine<AttachmentTable>, AttachmentStates {
  static constexpr std::string_view name = "attachment_table";
  static constexpr std::string_view state_of = Attachment::name;
  using events = Events<op::Map, op::Unmap>;
  using facts_used = Facts<Fact::Guarded, Fact::Caches, Fact::CacheFits, Fact::MoreMappings, Fact::ConcurrentMaps,
                           Fact::PinsAtMap>;

  using IfGuarded = If<Fact::Guarded>;
  using IfUnguarded = IfNot<Fact::Guarded>;
  using IfCaches = If<Fact::Caches>;
  using IfPlain = IfNot<Fact::Caches>;
  using IfFits = If<Fact::CacheFits>;
  using IfMisfit = IfNot<Fact::CacheFits>;
  using IfMore = If<Fact::MoreMappings>;
  using IfLast = IfNot<Fact::MoreMappings>;
  using IfConcurrent = If<Fact::ConcurrentMaps>;
  using IfPins = If<Fact::PinsAtMap>;
  using IfNoPin = IfNot<Fact::PinsAtMap>;
  using PinAndMap = Do<Effect::CallPin, Effect::CallMap>;
  using UnmapAndUnpin = Do<Effect::CallUnmap, Effect::CallUnpin>;

  using transition_table = Table<
    //       because     in        on         goes to | errno  doing                    only
    Rule<    "MAP-002",  Attached, op::Map,   Mapped,          Do<Effect::CallMap>,     IfNoPin                 >,
    Rule<    "DYN-007",  Attached, op::Map,   Mapped,          PinAndMap,               IfPins                  >,
    Rule<    "MAP-003",  Mapped,   op::Map,   Mapped,          Do<Effect::CallMap>,     All<IfPlain, IfConcurrent, IfNoPin> >,
    Rule<    "DYN-007",  Mapped,   op::Map,   Mapped,          PinAndMap,               All<IfPlain, IfConcurrent, IfPins>  >,
    Rule<    "MAP-007",  Mapped,   op::Map,   Mapped,          Do<>,                    All<IfCaches, IfFits>   >,
    Rule<    "MAP-007",  Cached,   op::Map,   Mapped,          Do<>,                    IfFits                  >,
    Rule<    "MAP-002",  Mapped,   op::Unmap, Mapped,          Do<Effect::CallUnmap>,   All<IfPlain, IfMore, IfNoPin> >,
    Rule<    "MAP-002",  Mapped,   op::Unmap, Attached,        Do<Effect::CallUnmap>,   All<IfPlain, IfLast, IfNoPin> >,
    Rule<    "DYN-007",  Mapped,   op::Unmap, Mapped,          UnmapAndUnpin,           All<IfPlain, IfMore, IfPins>  >,
    Rule<    "DYN-007",  Mapped,   op::Unmap, Attached,        UnmapAndUnpin,           All<IfPlain, IfLast, IfPins>  >,
    Rule<    "MAP-009",  Mapped,   op::Unmap, Mapped,          Do<>,                    All<IfCaches, IfMore>   >,
    Rule<    "MAP-009",  Mapped,   op::Unmap, Cached,          Do<>,                    All<IfCaches, IfLast>   >,
    Refused< "MAP-008",  Mapped,   op::Map,   Errnos<EBUSY>,                            All<IfCaches, IfMisfit> >,
    Refused< "MAP-008",  Cached,   op::Map,   Errnos<EBUSY>,                            IfMisfit                >,
    Refused< "ATT-003",  Detached, op::Map,   Errnos<ENOENT>,                           IfGuarded               >
  >;
  using outside = Table<
    Forbidden< "HEP-009",  Mapped,   op::Map,    All<IfPlain, IfNot<Fact::ConcurrentMaps>>     >,
    Forbidden< "ATT-003",  Detached, op::Map,    IfUnguarded                                   >,
    Malformed<             Detached, op::Unmap >,
    Malformed<             Attached, op::Unmap >,
    Malformed<             Cached,   op::Unmap >
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
  using facts_used = Facts<Fact::Guarded, Fact::DeviceReads, Fact::DeviceWrites, Fact::Stale>;

  using IfGuarded = If<Fact::Guarded>;
  using IfFresh = IfNot<Fact::Stale>;
  using IfUnguarded = IfNot<Fact::Guarded>;
  using transition_table = Table<
    //       because     in        on               goes to | errno        only
    Rule<    "MAP-002",  Unmapped, op::Map,         Mapped                                          >,
    Rule<    "MAP-002",  Mapped,   op::Unmap,       Unmapped                                        >,
    Rule<    "INV-011",  Mapped,   op::DeviceRead,  Mapped,          Do<>, All<If<Fact::DeviceReads>, IfFresh>  >,
    Rule<    "INV-011",  Mapped,   op::DeviceWrite, Mapped,          Do<>, All<If<Fact::DeviceWrites>, IfFresh> >,
    Refused< "MAP-001",  Unmapped, op::Unmap,       Errnos<ENOENT>,        IfGuarded                >
  >;
  using outside = Table<
    Malformed<             Mapped,   op::Map                                   >,
    Forbidden< "MAP-001",  Unmapped, op::Unmap,       IfUnguarded              >,
    Forbidden< "MAP-012",  Mapped,   op::DeviceRead,  All<IfNot<Fact::DeviceReads>, IfFresh>  >,
    Forbidden< "MAP-012",  Mapped,   op::DeviceWrite, All<IfNot<Fact::DeviceWrites>, IfFresh> >,
    Forbidden< "DYN-010",  Mapped,   op::DeviceRead,  If<Fact::Stale>          >,  // unmap, and map again
    Forbidden< "DYN-010",  Mapped,   op::DeviceWrite, If<Fact::Stale>          >,
    Malformed<             Unmapped, op::DeviceRead                            >,
    Malformed<             Unmapped, op::DeviceWrite                           >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
