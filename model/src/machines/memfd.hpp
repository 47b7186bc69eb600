// SPDX-License-Identifier: MIT
/// Memfds, and the buffers that udmabuf makes of their pages.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Memfd : Machine<Memfd> {
  static constexpr std::string_view name = "memfd";
  DMABUF_STATE(Closed);
  DMABUF_STATE(Open);
  DMABUF_STATE(Foreign);  ///< open, but no memfd
  DMABUF_STATE(Gone);     ///< closed; a buffer may have its pages
  using initial_state = Closed;
  using states = States<Closed, Open, Foreign, Gone>;
  using events = Events<op::Memfd, op::CloseMemfd, op::WriteMemfd, op::ReadMemfd, event::Item>;
  using facts_used = Facts<Fact::MayShrink, Fact::WriteSealed, Fact::PastEnd, Fact::SizeZero, Fact::EmptyItemsTaken,
                           Fact::KeepsMapped>;

  using IfKept = IfNot<Fact::MayShrink>;
  using IfSuited = All<IfKept, IfNot<Fact::WriteSealed>>;
  using IfSome = All<IfSuited, IfNot<Fact::SizeZero>>;
  using IfEmpty = All<IfSuited, If<Fact::SizeZero>>;
  using Invalid = Errnos<EINVAL>;
  using NoMemfd = Errnos<EBADFD>;

  using transition_table = Table<
    //       because     in       on               goes to | errno  doing   only
    Rule<    "VFS-009",  Closed,  op::Memfd,       Open                                                                   >,
    Rule<    "VFS-009",  Gone,    op::Memfd,       Open                                                                   >,
    Rule<    "UDM-012",  Open,    op::CloseMemfd,  Gone,            Do<>,   IfNot<Fact::KeepsMapped>                      >,
    Rule<    "UDM-011",  Open,    op::ReadMemfd,   Open                                                                   >,
    Rule<    "UDM-011",  Open,    op::WriteMemfd,  Open,            Do<>,   IfNot<Fact::WriteSealed>                      >,
    Refused< "VFS-010",  Open,    op::WriteMemfd,  Errnos<EPERM>,           If<Fact::WriteSealed>                         >,
    Rule<    "UDM-009",  Open,    event::Item,     Open,            Do<>,   All<IfSome, IfNot<Fact::PastEnd>>             >,
    Rule<    "UDM-009",  Open,    event::Item,     Open,            Do<>,   All<IfEmpty, If<Fact::EmptyItemsTaken>>       >,
    Refused< "UDM-002",  Open,    event::Item,     Invalid,                 If<Fact::MayShrink>                           >,
    Refused< "UDM-003",  Open,    event::Item,     Invalid,                 All<IfKept, If<Fact::WriteSealed>>            >,
    Refused< "UDM-005",  Open,    event::Item,     Invalid,                 All<IfSome, If<Fact::PastEnd>>                >,
    Refused< "UDM-009",  Open,    event::Item,     Invalid,                 All<IfEmpty, IfNot<Fact::EmptyItemsTaken>>    >,
    Refused< "UDM-001",  Closed,  event::Item,     NoMemfd                                                                >,
    Refused< "UDM-001",  Gone,    event::Item,     NoMemfd                                                                >,
    Refused< "UDM-004",  Foreign, event::Item,     NoMemfd                                                                >
  >;
  using outside = Table<
    Forbidden< "UDM-013", Open, op::CloseMemfd, If<Fact::KeepsMapped> >,
    Malformed< Open,    op::Memfd      >,
    Malformed< Foreign, op::Memfd      >,
    Malformed< Closed,  op::CloseMemfd >,
    Malformed< Foreign, op::CloseMemfd >,
    Malformed< Gone,    op::CloseMemfd >,
    Malformed< Closed,  op::WriteMemfd >,
    Malformed< Foreign, op::WriteMemfd >,
    Malformed< Gone,    op::WriteMemfd >,
    Malformed< Closed,  op::ReadMemfd  >,
    Malformed< Foreign, op::ReadMemfd  >,
    Malformed< Gone,    op::ReadMemfd  >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// What is checked of a whole list, before anybody looks at a memfd.
struct UdmabufCall : Machine<UdmabufCall> {
  static constexpr std::string_view name = "udmabuf";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<op::CreateList>;
  using facts_used = Facts<Fact::ArgumentUnmapped, Fact::TooManyItems, Fact::Unaligned, Fact::TooLarge, Fact::SizeZero,
                           Fact::UnknownFlags>;

  using IfMapped = IfNot<Fact::ArgumentUnmapped>;
  using IfFew = All<IfMapped, IfNot<Fact::TooManyItems>>;
  using IfAligned = All<IfFew, IfNot<Fact::Unaligned>>;
  using IfSmall = All<IfAligned, IfNot<Fact::TooLarge>>;
  using IfSome = All<IfSmall, IfNot<Fact::SizeZero>>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in     on              goes to | errno  doing   only
    Rule<    "UDM-001",  Ready, op::CreateList, Ready,           Do<>,   All<IfSome, IfNot<Fact::UnknownFlags>>    >,
    Rule<    "UDM-007",  Ready, op::CreateList, Ready,           Do<>,   All<IfSome, If<Fact::UnknownFlags>>       >,
    Refused< "UDM-001",  Ready, op::CreateList, Errnos<EFAULT>,          If<Fact::ArgumentUnmapped>                >,
    Refused< "UDM-006",  Ready, op::CreateList, Invalid,                 All<IfMapped, If<Fact::TooManyItems>>     >,
    Refused< "UDM-001",  Ready, op::CreateList, Invalid,                 All<IfFew, If<Fact::Unaligned>>           >,
    Refused< "UDM-006",  Ready, op::CreateList, Invalid,                 All<IfAligned, If<Fact::TooLarge>>        >,
    Refused< "UDM-009",  Ready, op::CreateList, Invalid,                 All<IfSmall, If<Fact::SizeZero>>          >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
