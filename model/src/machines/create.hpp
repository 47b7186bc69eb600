// SPDX-License-Identifier: MIT
/// The devices that make buffers for user space: argument checks in the kernel's order. The state is
/// which interface is asked, a datum of the exporter's profile, and never changes.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct CreateCall : Machine<CreateCall> {
  static constexpr std::string_view name = "create";
  DMABUF_STATE(Unread);   ///< nobody has read what it checks
  DMABUF_STATE(Udmabuf);  ///< UDMABUF_CREATE: a size and flags, no access mode
  DMABUF_STATE(Heap);     ///< DMA_HEAP_IOCTL_ALLOC: flags first, then the size
  DMABUF_STATE(Prime);    ///< CREATE_DUMB, which is given the size, then PRIME_HANDLE_TO_FD, which is given the flags
  using initial_state = Unread;
  using states = States<Unread, Udmabuf, Heap, Prime>;
  using events = Events<op::Create>;
  using facts_used = Facts<Fact::SizeZero, Fact::UnknownFlags, Fact::AccessOffered>;

  using IfEmpty = If<Fact::SizeZero>;
  using IfSome = IfNot<Fact::SizeZero>;
  using IfOdd = If<Fact::UnknownFlags>;
  using IfPlain = IfNot<Fact::UnknownFlags>;
  using IfOffered = If<Fact::AccessOffered>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     asking   on           goes to | errno  doing   only
    Rule<    "EXP-006",  Unread,  op::Create,  Unread,          Do<>,   All<IfSome, IfPlain>                             >,
    Rule<    "UDM-001",  Udmabuf, op::Create,  Udmabuf,         Do<>,   All<IfSome, IfPlain>                             >,
    Rule<    "UDM-007",  Udmabuf, op::Create,  Udmabuf,         Do<>,   All<IfSome, IfOdd>                               >,
    Refused< "UDM-001",  Udmabuf, op::Create,  Invalid,                 IfEmpty                                          >,
    Rule<    "HEP-001",  Heap,    op::Create,  Heap,            Do<>,   All<IfPlain, IfSome>                             >,
    Refused< "HEP-001",  Heap,    op::Create,  Invalid,                 IfOdd                                            >,
    Refused< "HEP-001",  Heap,    op::Create,  Invalid,                 All<IfPlain, IfEmpty>                            >,
    Rule<    "PRM-001",  Prime,   op::Create,  Prime,           Do<>,   All<IfSome, IfPlain, IfOffered>                  >,
    Refused< "VGM-002",  Prime,   op::Create,  Invalid,                 IfEmpty                                          >,
    Refused< "PRM-001",  Prime,   op::Create,  Invalid,                 All<IfSome, IfOdd>                               >,
    Refused< "PRM-001",  Prime,   op::Create,  Invalid,                 All<IfSome, IfPlain, IfNot<Fact::AccessOffered>> >
  >;
  using outside = Table<
    Unspecified< "EXP-008",  Unread, op::Create, IfEmpty             >,
    Unspecified< "EXP-007",  Unread, op::Create, All<IfSome, IfOdd>  >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
