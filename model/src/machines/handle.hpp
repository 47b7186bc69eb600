// SPDX-License-Identifier: MIT
/// GEM handles and PRIME: what names an object of a DRM device on one of its open files.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

/// One file's handle to one object. On the buffer that the object becomes it holds references: one for the file, and
/// as long as any file has a handle, one for the object.
struct Handle : Machine<Handle> {
  static constexpr std::string_view name = "handle";
  DMABUF_STATE(None);
  DMABUF_STATE(Shared);    ///< the object has been exported
  DMABUF_STATE(Unshared);  ///< it has not: there is no buffer yet, and no other file can have a handle
  using initial_state = None;
  using states = States<None, Shared, Unshared>;
  using events = Events<event::Born, op::CreateDumb, op::HandleToFd, op::FdToHandle, op::CloseHandle>;
  using facts_used = Facts<Fact::HasHandle, Fact::OtherHandle>;

  using IfGem = If<Fact::HasHandle>;
  using IfAnother = All<IfGem, If<Fact::OtherHandle>>;
  using IfOnly = All<IfGem, IfNot<Fact::OtherHandle>>;

  using transition_table = Table<
    //       because     in        on               goes to | errno  doing                          only
    Rule<    "PRM-009",  None,     event::Born,     Shared,          Do<Effect::TakeOwnReferences>, IfGem                   >,
    Rule<    "EXP-006",  None,     event::Born,     None,            Do<>,                          IfNot<Fact::HasHandle>  >,
    Rule<    "VGM-002",  None,     op::CreateDumb,  Unshared,        Do<>,                          IfGem                   >,
    Rule<    "PRM-009",  Unshared, op::HandleToFd,  Shared,          Do<Effect::TakeOwnReferences>, IfGem                   >,
    Rule<    "PRM-002",  Shared,   op::HandleToFd,  Shared,          Do<Effect::TakeReference>,     IfGem                   >,
    Refused< "PRM-001",  None,     op::HandleToFd,  Errnos<ENOENT>,                                 IfGem                   >,
    Rule<    "PRM-005",  Shared,   op::FdToHandle,  Shared,          Do<>,                          IfGem                   >,
    Rule<    "PRM-006",  None,     op::FdToHandle,  Shared,          Do<Effect::TakeReference>,     IfAnother               >,
    Rule<    "PRM-011",  None,     op::FdToHandle,  Shared,          Do<Effect::TakeOwnReferences>, IfOnly                  >,
    Rule<    "PRM-010",  Shared,   op::CloseHandle, None,            Do<Effect::DropReference>,     IfAnother               >,
    Rule<    "PRM-010",  Shared,   op::CloseHandle, None,            Do<Effect::DropOwnReferences>, IfOnly                  >,
    Rule<    "PRM-010",  Unshared, op::CloseHandle, None,            Do<>,                          IfGem                   >,
    Refused< "PRM-008",  None,     op::CloseHandle, Errnos<EINVAL>,                                 IfGem                   >
  >;
  using IfOther = IfNot<Fact::HasHandle>;
  using outside = Table<
    Malformed< Shared,   event::Born     >,
    Malformed< Unshared, event::Born     >,
    Malformed< None,     op::CreateDumb,  IfOther >,
    Malformed< Shared,   op::CreateDumb  >,
    Malformed< Unshared, op::CreateDumb  >,
    Malformed< None,     op::HandleToFd,  IfOther >,
    Malformed< Shared,   op::HandleToFd,  IfOther >,
    Malformed< Unshared, op::HandleToFd,  IfOther >,
    Malformed< None,     op::FdToHandle,  IfOther >,
    Malformed< Shared,   op::FdToHandle,  IfOther >,
    Malformed< Unshared, op::FdToHandle  >,
    Malformed< None,     op::CloseHandle, IfOther >,
    Malformed< Shared,   op::CloseHandle, IfOther >,
    Malformed< Unshared, op::CloseHandle, IfOther >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

/// What the two calls that make something check of their arguments, before they look for a handle.
struct PrimeCall : Machine<PrimeCall> {
  static constexpr std::string_view name = "prime";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<op::CreateDumb, op::HandleToFd>;
  using facts_used = Facts<Fact::SizeZero, Fact::UnknownFlags, Fact::AccessOffered>;

  using IfPlain = IfNot<Fact::UnknownFlags>;
  using Invalid = Errnos<EINVAL>;

  using transition_table = Table<
    //       because     in     on              goes to | errno  doing   only
    Rule<    "VGM-002",  Ready, op::CreateDumb, Ready,           Do<>,   IfNot<Fact::SizeZero>                        >,
    Refused< "VGM-002",  Ready, op::CreateDumb, Invalid,                 If<Fact::SizeZero>                           >,
    Rule<    "PRM-001",  Ready, op::HandleToFd, Ready,           Do<>,   All<IfPlain, If<Fact::AccessOffered>>        >,
    Refused< "PRM-001",  Ready, op::HandleToFd, Invalid,                 If<Fact::UnknownFlags>                       >,
    Refused< "PRM-001",  Ready, op::HandleToFd, Invalid,                 All<IfPlain, IfNot<Fact::AccessOffered>>     >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
