// SPDX-License-Identifier: MIT
/// The file operations of a dma-buf (dma_buf_fops): argument checks in the kernel's order.
#pragma once

#include "../contract.hpp"
#include "../event.hpp"

namespace dmabuf::model::contract {

struct SyncCall : Machine<SyncCall> {
  static constexpr std::string_view name = "ioctl";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<op::Sync, op::SetName, op::Seek>;
  using facts_used = Facts<Fact::ArgumentUnmapped, Fact::UnknownFlags, Fact::NoDirection, Fact::Ends,
                           Fact::NameTooLong, Fact::HasAttachments, Fact::RenameWhileAttached, Fact::SeekToEdge>;

  using IfMapped = IfNot<Fact::ArgumentUnmapped>;
  using IfUnmapped = If<Fact::ArgumentUnmapped>;
  using IfValid = All<IfMapped, IfNot<Fact::UnknownFlags>, IfNot<Fact::NoDirection>>;
  using IfRenamable = All<IfMapped, IfNot<Fact::NameTooLong>>;

  using transition_table = Table<
    //       because     in     on            goes to | errno  doing                      only
    Rule<    "SYN-004",  Ready, op::Sync,     Ready,           Do<Effect::BeginAccess>,   All<IfValid, IfNot<Fact::Ends>>                            >,
    Rule<    "SYN-008",  Ready, op::Sync,     Ready,           Do<Effect::EndAccess>,     All<IfValid, If<Fact::Ends>>                               >,
    Refused< "SYN-001",  Ready, op::Sync,     Errnos<EFAULT>,                             IfUnmapped                                                 >,
    Refused< "SYN-002",  Ready, op::Sync,     Errnos<EINVAL>,                             All<IfMapped, If<Fact::UnknownFlags>>                      >,
    Refused< "SYN-003",  Ready, op::Sync,     Errnos<EINVAL>,                             All<IfMapped, IfNot<Fact::UnknownFlags>, If<Fact::NoDirection>> >,
    Rule<    "NAM-003",  Ready, op::SetName,  Ready,           Do<Effect::Rename>,        All<IfRenamable, IfNot<Fact::HasAttachments>>              >,
    Rule<    "NAM-006",  Ready, op::SetName,  Ready,           Do<Effect::Rename>,        All<IfRenamable, If<Fact::HasAttachments>, If<Fact::RenameWhileAttached>> >,
    Refused< "NAM-006",  Ready, op::SetName,  Errnos<EBUSY>,                              All<IfRenamable, If<Fact::HasAttachments>, IfNot<Fact::RenameWhileAttached>> >,
    Refused< "NAM-001",  Ready, op::SetName,  Errnos<EFAULT>,                             IfUnmapped                                                 >,
    Refused< "NAM-002",  Ready, op::SetName,  Errnos<EINVAL>,                             All<IfMapped, If<Fact::NameTooLong>>                       >,
    Rule<    "LSK-001",  Ready, op::Seek,     Ready,           Do<>,                      If<Fact::SeekToEdge>                                       >,
    Refused< "LSK-002",  Ready, op::Seek,     Errnos<EINVAL>,                             IfNot<Fact::SeekToEdge>                                    >
  >;
  using outside = Table<>;
  static_assert(complete<states, events, transition_table, outside>);
};

struct MmapCall : Machine<MmapCall> {
  static constexpr std::string_view name = "mmap";
  DMABUF_STATE(Ready);
  using initial_state = Ready;
  using states = States<Ready>;
  using events = Events<op::Mmap>;
  using facts_used = Facts<Fact::LengthZero, Fact::WritesShared, Fact::Writable, Fact::Readable, Fact::HasMmap,
                           Fact::PastEnd, Fact::PrivateMapping, Fact::PrivateAllowed>;

  // Each check stands on those before it having passed.
  using IfSome = IfNot<Fact::LengthZero>;
  using IfReadable = All<IfSome, If<Fact::Readable>>;
  using IfShared = IfNot<Fact::WritesShared>;
  using IfBackedShared = All<IfReadable, IfShared, If<Fact::HasMmap>>;
  using IfBackedWritable = All<IfReadable, If<Fact::WritesShared>, If<Fact::Writable>, If<Fact::HasMmap>>;

  using transition_table = Table<
    //       because     in     on         goes to | errno  doing   only
    Refused< "VFS-004",  Ready, op::Mmap,  Errnos<EINVAL>,          If<Fact::LengthZero>                                                          >,
    Refused< "MMU-005",  Ready, op::Mmap,  Errnos<EACCES>,          All<IfSome, IfNot<Fact::Readable>>                                            >,
    Refused< "MMU-004",  Ready, op::Mmap,  Errnos<EACCES>,          All<IfReadable, If<Fact::WritesShared>, IfNot<Fact::Writable>>                >,
    Refused< "MMU-001",  Ready, op::Mmap,  Errnos<EINVAL>,          All<IfReadable, IfShared, IfNot<Fact::HasMmap>>                               >,
    Refused< "MMU-001",  Ready, op::Mmap,  Errnos<EINVAL>,          All<IfReadable, If<Fact::WritesShared>, If<Fact::Writable>, IfNot<Fact::HasMmap>> >,
    Refused< "MMU-002",  Ready, op::Mmap,  Errnos<EINVAL>,          All<IfBackedShared, If<Fact::PastEnd>>                                        >,
    Refused< "MMU-002",  Ready, op::Mmap,  Errnos<EINVAL>,          All<IfBackedWritable, If<Fact::PastEnd>>                                      >,
    Refused< "MMU-006",  Ready, op::Mmap,  Errnos<EINVAL>,          All<IfBackedShared, IfNot<Fact::PastEnd>, If<Fact::PrivateMapping>, IfNot<Fact::PrivateAllowed>> >,
    Rule<    "MMU-006",  Ready, op::Mmap,  Ready,           Do<>,   All<IfBackedShared, IfNot<Fact::PastEnd>, If<Fact::PrivateMapping>, If<Fact::PrivateAllowed>>    >,
    Rule<    "MMU-002",  Ready, op::Mmap,  Ready,           Do<>,   All<IfBackedShared, IfNot<Fact::PastEnd>, IfNot<Fact::PrivateMapping>>        >,
    Rule<    "MMU-004",  Ready, op::Mmap,  Ready,           Do<>,   All<IfBackedWritable, IfNot<Fact::PastEnd>, IfNot<Fact::PrivateMapping>>      >
  >;
  using outside = Table<
    // A mapping that writes through is never private: WritesShared says both.
    Malformed< Ready, op::Mmap, All<IfBackedWritable, IfNot<Fact::PastEnd>, If<Fact::PrivateMapping>> >
  >;
  static_assert(complete<states, events, transition_table, outside>);
};

}  // namespace dmabuf::model::contract
