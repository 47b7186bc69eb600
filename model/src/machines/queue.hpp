// SPDX-License-Identifier: MIT
/// A V4L2 queue that imports (videobuf2): who may ask it what, what is at each index, and what an index's plane holds.
/// The kernel's order: vb2_ioctl_* and then vb2_queue_or_prepare_buf (videobuf2-v4l2.c), vb2_core_qbuf and
/// __prepare_dmabuf (videobuf2-core.c), vb2_{vmalloc,dc}_{attach,map}_dmabuf.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct QueueStates {
  DMABUF_STATE(None);       ///< no buffers: nobody owns it
  DMABUF_STATE(Requested);
  DMABUF_STATE(Streaming);
  using initial_state = None;
  using states = States<None, Requested, Streaming>;
};

struct Queue : Machine<Queue>, QueueStates {
  static constexpr std::string_view name = "queue";
  using events = Events<op::Reqbufs, op::StreamOn, op::StreamOff>;
  using facts_used = Facts<Fact::OtherFile, Fact::UnknownMemory, Fact::NoneWanted>;

  using IfOwner = IfNot<Fact::OtherFile>;
  using IfOther = If<Fact::OtherFile>;
  using IfKnown = IfNot<Fact::UnknownMemory>;
  using IfMine = All<IfKnown, IfOwner>;
  using Busy = Errnos<EBUSY>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in         on              goes to | errno  doing   only
    Rule<    "VBT-009",  None,      op::Reqbufs,    Requested,       Do<>,   All<IfMine, IfNot<Fact::NoneWanted>> >,
    Rule<    "VBT-009",  None,      op::Reqbufs,    None,            Do<>,   All<IfMine, If<Fact::NoneWanted>>    >,
    Refused< "VBT-009",  None,      op::Reqbufs,    Invalid,                 If<Fact::UnknownMemory>              >,
    Rule<    "VBT-009",  Requested, op::Reqbufs,    Requested,       Do<>,   All<IfMine, IfNot<Fact::NoneWanted>> >,
    Rule<    "VBT-015",  Requested, op::Reqbufs,    None,            Do<>,   All<IfMine, If<Fact::NoneWanted>>    >,
    Refused< "VBT-009",  Requested, op::Reqbufs,    Invalid,                 If<Fact::UnknownMemory>              >,
    Refused< "VBT-009",  Requested, op::Reqbufs,    Busy,                    All<IfKnown, IfOther>                >,
    Refused< "VBT-009",  Streaming, op::Reqbufs,    Invalid,                 If<Fact::UnknownMemory>              >,
    Refused< "VBT-009",  Streaming, op::Reqbufs,    Busy,                    IfKnown                              >,
    Refused< "VBT-025",  None,      op::StreamOn,   Invalid                                                       >,
    Rule<    "VBT-025",  Requested, op::StreamOn,   Streaming,       Do<>,   IfOwner                              >,
    Refused< "VBT-025",  Requested, op::StreamOn,   Busy,                    IfOther                              >,
    Rule<    "VBT-025",  Streaming, op::StreamOn,   Streaming,       Do<>,   IfOwner                              >,
    Refused< "VBT-025",  Streaming, op::StreamOn,   Busy,                    IfOther                              >,
    Rule<    "VBT-025",  None,      op::StreamOff,  None                                                          >,
    Rule<    "VBT-025",  Requested, op::StreamOff,  Requested,       Do<>,   IfOwner                              >,
    Refused< "VBT-025",  Requested, op::StreamOff,  Busy,                    IfOther                              >,
    Rule<    "VBT-025",  Streaming, op::StreamOff,  Requested,       Do<>,   IfOwner                              >,
    Refused< "VBT-025",  Streaming, op::StreamOff,  Busy,                    IfOther                              >
  >;
  using outside = Table<
    Malformed< None, op::Reqbufs, All<IfKnown, IfOther> >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// What is asked of a queue that there has to be.
struct QueueCall : Machine<QueueCall>, QueueStates {
  static constexpr std::string_view name = "queue_call";
  static constexpr std::string_view state_of = Queue::name;
  using events = Events<event::QueueCall, op::Dqbuf, op::CloseVideo>;
  using facts_used = Facts<Fact::OtherFile, Fact::UnknownMemory, Fact::NoneQueued>;

  using IfOwner = IfNot<Fact::OtherFile>;
  using IfOther = If<Fact::OtherFile>;
  using IfGood = All<IfOwner, IfNot<Fact::UnknownMemory>>;
  using IfBad = All<IfOwner, If<Fact::UnknownMemory>>;
  using Busy = Errnos<EBUSY>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in         on                goes to | errno  doing   only
    Refused< "VBT-010",  None,      event::QueueCall, Invalid                                                       >,
    Rule<    "VBT-010",  Requested, event::QueueCall, Requested,       Do<>,   IfGood                               >,
    Refused< "VBT-010",  Requested, event::QueueCall, Busy,                    IfOther                              >,
    Refused< "VBT-010",  Requested, event::QueueCall, Invalid,                 IfBad                                >,
    Rule<    "VBT-010",  Streaming, event::QueueCall, Streaming,       Do<>,   IfGood                               >,
    Refused< "VBT-010",  Streaming, event::QueueCall, Busy,                    IfOther                              >,
    Refused< "VBT-010",  Streaming, event::QueueCall, Invalid,                 IfBad                                >,
    Refused< "VBT-026",  None,      op::Dqbuf,        Invalid                                                       >,
    Refused< "VBT-026",  Requested, op::Dqbuf,        Invalid,                 IfOwner                              >,
    Refused< "VBT-026",  Requested, op::Dqbuf,        Busy,                    IfOther                              >,
    Rule<    "VBT-026",  Streaming, op::Dqbuf,        Streaming,       Do<>,   All<IfOwner, IfNot<Fact::NoneQueued>> >,
    Refused< "VBT-026",  Streaming, op::Dqbuf,        Errnos<EAGAIN>,          All<IfOwner, If<Fact::NoneQueued>>   >,
    Refused< "VBT-026",  Streaming, op::Dqbuf,        Busy,                    IfOther                              >,
    Rule<    "VBT-015",  None,      op::CloseVideo,   None                                                          >,
    Rule<    "VBT-015",  Requested, op::CloseVideo,   None,            Do<>,   IfOwner                              >,
    Rule<    "VBT-015",  Requested, op::CloseVideo,   Requested,       Do<>,   IfOther                              >,
    Rule<    "VBT-015",  Streaming, op::CloseVideo,   None,            Do<>,   IfOwner                              >,
    Rule<    "VBT-015",  Streaming, op::CloseVideo,   Streaming,       Do<>,   IfOther                              >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

/// One index. What holds a dma-buf keeps it whatever is dequeued or cancelled (DBUF-VBT-014).
struct QueueSlot : Machine<QueueSlot> {
  static constexpr std::string_view name = "queue_slot";
  DMABUF_STATE(Unallotted);
  DMABUF_STATE(Vacant);
  DMABUF_STATE(Holding);
  DMABUF_STATE(Prepared);
  DMABUF_STATE(Queued);
  using initial_state = Unallotted;
  using states = States<Unallotted, Vacant, Holding, Prepared, Queued>;
  using events = Events<op::Qbuf, op::PrepareBuf, op::Dqbuf, event::Allot, event::Free, event::Cancel>;
  using facts_used = Facts<>;

  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in          on              goes to | errno
    Refused< "VBT-010",  Unallotted, op::Qbuf,       Invalid    >,
    Rule<    "VBT-011",  Vacant,     op::Qbuf,       Queued     >,
    Rule<    "VBT-013",  Holding,    op::Qbuf,       Queued     >,
    Rule<    "VBT-027",  Prepared,   op::Qbuf,       Queued     >,
    Refused< "VBT-010",  Queued,     op::Qbuf,       Invalid    >,
    Refused< "VBT-010",  Unallotted, op::PrepareBuf, Invalid    >,
    Rule<    "VBT-027",  Vacant,     op::PrepareBuf, Prepared   >,
    Rule<    "VBT-027",  Holding,    op::PrepareBuf, Prepared   >,
    Refused< "VBT-027",  Prepared,   op::PrepareBuf, Invalid    >,
    Refused< "VBT-010",  Queued,     op::PrepareBuf, Invalid    >,
    Rule<    "VBT-014",  Queued,     op::Dqbuf,      Holding    >,
    Rule<    "VBT-009",  Unallotted, event::Allot,   Vacant     >,
    Rule<    "VBT-009",  Vacant,     event::Free,    Unallotted >,
    Rule<    "VBT-015",  Holding,    event::Free,    Unallotted >,
    Rule<    "VBT-015",  Prepared,   event::Free,    Unallotted >,
    Rule<    "VBT-015",  Queued,     event::Free,    Unallotted >,
    Rule<    "VBT-014",  Prepared,   event::Cancel,  Holding    >,
    Rule<    "VBT-014",  Queued,     event::Cancel,  Holding    >
  >;
  using outside = Table<
    Malformed< Unallotted, op::Dqbuf     >,
    Malformed< Vacant,     op::Dqbuf     >,
    Malformed< Holding,    op::Dqbuf     >,
    Malformed< Prepared,   op::Dqbuf     >,
    Malformed< Vacant,     event::Allot  >,
    Malformed< Holding,    event::Allot  >,
    Malformed< Prepared,   event::Allot  >,
    Malformed< Queued,     event::Allot  >,
    Malformed< Unallotted, event::Free   >,
    Malformed< Unallotted, event::Cancel >,
    Malformed< Vacant,     event::Cancel >,
    Malformed< Holding,    event::Cancel >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// What an index holds: its one plane. An importer that attaches maps at once, and both are undone together.
struct Plane : Machine<Plane> {
  static constexpr std::string_view name = "plane";
  DMABUF_STATE(Empty);
  DMABUF_STATE(Acquired);
  DMABUF_STATE(Mapped);
  using initial_state = Empty;
  using states = States<Empty, Acquired, Mapped>;
  using events = Events<event::Acquire, event::MapPlane, event::Inspect, event::LetGo>;
  using facts_used = Facts<Fact::NoDmaBuf, Fact::TooShort, Fact::SamePlane, Fact::TooLong, Fact::RefusesAttach,
                           Fact::MapsPlanes, Fact::CannotMap, Fact::Scattered>;

  using IfThere = IfNot<Fact::NoDmaBuf>;
  using IfLong = All<IfThere, IfNot<Fact::TooShort>>;
  using IfFits = All<IfLong, IfNot<Fact::TooLong>>;
  using IfAttaches = If<Fact::MapsPlanes>;
  using IfVmaps = IfNot<Fact::MapsPlanes>;
  using IfMaps = IfNot<Fact::CannotMap>;
  using Fault = Errnos<EFAULT>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in        on               goes to | errno  doing  only
    Refused< "VBT-010",  Empty,    event::Acquire,  Invalid,            If<Fact::NoDmaBuf>                          >,
    Refused< "VBT-010",  Empty,    event::Acquire,  Invalid,            All<IfThere, If<Fact::TooShort>>            >,
    Refused< "VBT-010",  Empty,    event::Acquire,  Fault,              All<IfLong, If<Fact::TooLong>>              >,
    Rule<    "VBT-011",  Empty,    event::Acquire,  Acquired, Do<Effect::TakeReference>, All<IfFits, IfVmaps>       >,
    Rule<    "VBT-011",  Empty,    event::Acquire,  Acquired, Do<Effect::TakeReference, Effect::CallAttach>, All<IfFits, IfAttaches, IfNot<Fact::RefusesAttach>> >,
    Refused< "ATT-015",  Empty,    event::Acquire,  AnyErrno,           All<IfFits, IfAttaches, If<Fact::RefusesAttach>> >,
    Rule<    "VBT-012",  Mapped,   event::Acquire,  Mapped,   Do<>,     All<IfLong, If<Fact::SamePlane>>            >,
    Rule<    "VBT-010",  Acquired, event::MapPlane, Mapped,   Do<>,     All<IfVmaps, IfMaps>                        >,
    Refused< "VBT-010",  Acquired, event::MapPlane, Fault,              All<IfVmaps, If<Fact::CannotMap>>           >,
    Rule<    "VBT-010",  Acquired, event::MapPlane, Mapped,   Do<Effect::CallMap>, All<IfAttaches, IfMaps>        >,
    Refused< "VBT-010",  Acquired, event::MapPlane, Invalid,            All<IfAttaches, If<Fact::CannotMap>>        >,
    Rule<    "VBT-010",  Mapped,   event::Inspect,  Mapped,   Do<>,     IfNot<Fact::Scattered>                      >,
    Refused< "VBT-010",  Mapped,   event::Inspect,  Fault,              If<Fact::Scattered>                         >,
    Rule<    "VBT-011",  Acquired, event::LetGo,    Empty,    Do<Effect::DropReference>, IfVmaps                    >,
    Rule<    "VBT-011",  Acquired, event::LetGo,    Empty,    Do<Effect::CallDetach, Effect::DropReference>, IfAttaches >,
    Rule<    "VBT-013",  Mapped,   event::LetGo,    Empty,    Do<Effect::DropReference>, IfVmaps                    >,
    Rule<    "VBT-013",  Mapped,   event::LetGo,    Empty,    Do<Effect::CallUnmap, Effect::CallDetach, Effect::DropReference>, IfAttaches >
  >;
  using outside = Table<
    Malformed< Acquired, event::Acquire  >,
    Malformed< Mapped,   event::Acquire, If<Fact::NoDmaBuf>                          >,
    Malformed< Mapped,   event::Acquire, All<IfThere, If<Fact::TooShort>>            >,
    Malformed< Mapped,   event::Acquire, All<IfLong, IfNot<Fact::SamePlane>>         >,
    Malformed< Empty,    event::MapPlane >,
    Malformed< Mapped,   event::MapPlane >,
    Malformed< Empty,    event::Inspect  >,
    Malformed< Acquired, event::Inspect  >,
    Malformed< Empty,    event::LetGo    >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
