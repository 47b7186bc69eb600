// SPDX-License-Identifier: MIT
/// What a dynamic importer asks to be kept in place, by an attachment. What the core pins is the
/// attachment's affair.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Pinning : Machine<Pinning> {
  static constexpr std::string_view name = "pinning";
  DMABUF_STATE(Unpinned);
  DMABUF_STATE(Pinned);
  using initial_state = Unpinned;
  using states = States<Unpinned, Pinned>;
  using events = Events<op::Pin, op::Unpin>;
  using facts_used = Facts<Fact::Guarded, Fact::Attached, Fact::ImporterDynamic, Fact::ExporterPins, Fact::MorePins>;

  using IfGuarded = If<Fact::Guarded>;
  using IfUnguarded = IfNot<Fact::Guarded>;
  using IfGone = IfNot<Fact::Attached>;
  using IfStatic = All<If<Fact::Attached>, IfNot<Fact::ImporterDynamic>>;
  using IfDynamic = All<If<Fact::Attached>, If<Fact::ImporterDynamic>>;
  using IfBoth = All<IfDynamic, If<Fact::ExporterPins>>;
  using IfAlone = All<IfDynamic, IfNot<Fact::ExporterPins>>;
  using IfMore = If<Fact::MorePins>;
  using IfLast = IfNot<Fact::MorePins>;
  using Nobody = Errnos<ENOENT>;  // the harness's own answers
  using Harmful = Errnos<EPERM>;

  using transition_table = Table<
    //       because     in        on         goes to | errno  doing                  only
    Rule<    "DYN-004",  Unpinned, op::Pin,   Pinned,          Do<Effect::CallPin>,   IfBoth                   >,
    Rule<    "DYN-003",  Unpinned, op::Pin,   Pinned,          Do<>,                  IfAlone                  >,
    Rule<    "DYN-004",  Pinned,   op::Pin,   Pinned,          Do<Effect::CallPin>,   If<Fact::ExporterPins>   >,
    Rule<    "DYN-003",  Pinned,   op::Pin,   Pinned,          Do<>,                  IfNot<Fact::ExporterPins> >,
    Rule<    "DYN-006",  Pinned,   op::Unpin, Pinned,          Do<Effect::CallUnpin>, All<IfMore, If<Fact::ExporterPins>>    >,
    Rule<    "DYN-006",  Pinned,   op::Unpin, Unpinned,        Do<Effect::CallUnpin>, All<IfLast, If<Fact::ExporterPins>>    >,
    Rule<    "DYN-003",  Pinned,   op::Unpin, Pinned,          Do<>,                  All<IfMore, IfNot<Fact::ExporterPins>> >,
    Rule<    "DYN-003",  Pinned,   op::Unpin, Unpinned,        Do<>,                  All<IfLast, IfNot<Fact::ExporterPins>> >,
    Refused< "DYN-001",  Unpinned, op::Pin,   Harmful,                                All<IfGuarded, IfStatic> >,
    Refused< "ATT-020",  Unpinned, op::Pin,   Nobody,                                 All<IfGuarded, IfGone>   >,
    Refused< "DYN-015",  Unpinned, op::Unpin, Nobody,                                 IfGuarded                >
  >;
  using outside = Table<
    Forbidden< "DYN-001",  Unpinned, op::Pin,   All<IfUnguarded, IfStatic> >,
    Forbidden< "ATT-020",  Unpinned, op::Pin,   All<IfUnguarded, IfGone>   >,
    Forbidden< "DYN-015",  Unpinned, op::Unpin, IfUnguarded                >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
