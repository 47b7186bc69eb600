// SPDX-License-Identifier: MIT
/// A reference an in-kernel user holds (dma_buf_get .. dma_buf_put). All it does with the buffer it
/// does under it.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct Reference : Machine<Reference> {
  static constexpr std::string_view name = "reference";
  DMABUF_STATE(None);
  DMABUF_STATE(Held);
  using initial_state = None;
  using states = States<None, Held>;
  using events = Events<op::Export, op::Get, op::InstallFd, op::Put, op::Attach, op::BeginCpuAccess, op::EndCpuAccess,
                        op::Vmap, op::AttachDynamic>;
  using facts_used = Facts<Fact::Guarded, Fact::LastHolder, Fact::LastVmapper>;

  using IfGuarded = If<Fact::Guarded>;
  using IfUnguarded = IfNot<Fact::Guarded>;
  using IfFree = All<IfNot<Fact::LastHolder>, IfNot<Fact::LastVmapper>>;
  using IfAttached = If<Fact::LastHolder>;
  using IfVmapped = All<IfNot<Fact::LastHolder>, If<Fact::LastVmapper>>;
  using Nobody = Errnos<ENOENT>;  // the harness's own answer; a driver would have crashed

  using transition_table = Table<
    //       because     in     on                   goes to | errno  doing                      only
    Rule<    "EXP-006",  None,  op::Export,          Held                                                  >,
    Rule<    "FD-008",   None,  op::Get,             Held                                                  >,
    Rule<    "FD-003",   Held,  op::InstallFd,       None,            Do<>,                      IfFree    >,
    Rule<    "FD-011",   Held,  op::Put,             None,            Do<Effect::DropReference>, IfFree    >,
    Rule<    "ATT-007",  Held,  op::Attach,          Held                                                  >,
    Rule<    "CPU-002",  Held,  op::BeginCpuAccess,  Held,            Do<Effect::BeginAccess>              >,
    Rule<    "CPU-005",  Held,  op::EndCpuAccess,    Held,            Do<Effect::EndAccess>                >,
    Rule<    "ATT-007",  Held,  op::AttachDynamic,   Held                                                  >,
    Rule<    "VMP-008",  Held,  op::Vmap,            Held                                                  >,
    Refused< "ATT-007",  Held,  op::InstallFd,       Errnos<EBUSY>,                  All<IfGuarded, IfAttached> >,
    Refused< "ATT-007",  Held,  op::Put,             Errnos<EBUSY>,                  All<IfGuarded, IfAttached> >,
    Refused< "VMP-008",  Held,  op::InstallFd,       Errnos<EBUSY>,                  All<IfGuarded, IfVmapped>  >,
    Refused< "VMP-008",  Held,  op::Put,             Errnos<EBUSY>,                  All<IfGuarded, IfVmapped>  >,
    Refused< "FD-001",   None,  op::InstallFd,       Nobody,                                     IfGuarded >,
    Refused< "FD-010",   None,  op::Put,             Nobody,                                     IfGuarded >,
    Refused< "ATT-001",  None,  op::Attach,          Nobody,                                     IfGuarded >,
    Refused< "CPU-001",  None,  op::BeginCpuAccess,  Nobody,                                     IfGuarded >,
    Refused< "CPU-001",  None,  op::EndCpuAccess,    Nobody,                                     IfGuarded >,
    Refused< "ATT-001",  None,  op::AttachDynamic,   Nobody,                                     IfGuarded >,
    Refused< "VMP-001",  None,  op::Vmap,            Nobody,                                     IfGuarded >
  >;
  using outside = Table<
    Malformed<             Held,  op::Export                                                 >,
    Malformed<             Held,  op::Get                                                    >,
    Forbidden< "ATT-007",  Held,  op::InstallFd,       All<IfUnguarded, IfAttached>         >,
    Forbidden< "ATT-007",  Held,  op::Put,             All<IfUnguarded, IfAttached>         >,
    Forbidden< "VMP-008",  Held,  op::InstallFd,       All<IfUnguarded, IfVmapped>          >,
    Forbidden< "VMP-008",  Held,  op::Put,             All<IfUnguarded, IfVmapped>          >,
    Forbidden< "FD-001",   None,  op::InstallFd,       IfUnguarded                           >,
    Forbidden< "FD-010",   None,  op::Put,             IfUnguarded                           >,
    Forbidden< "ATT-001",  None,  op::Attach,          IfUnguarded                           >,
    Forbidden< "CPU-001",  None,  op::BeginCpuAccess,  IfUnguarded                           >,
    Forbidden< "CPU-001",  None,  op::EndCpuAccess,    IfUnguarded                           >,
    Forbidden< "ATT-001",  None,  op::AttachDynamic,   IfUnguarded                           >,
    Forbidden< "VMP-001",  None,  op::Vmap,            IfUnguarded                           >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
