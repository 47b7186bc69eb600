// SPDX-License-Identifier: MIT
#include "dmabuf/model/world.hpp"
#include "machine_id.hpp"

namespace dmabuf::model {
namespace {

/// Rows that no program comes to where somebody is dynamic.
bool excluded_by_moves(const RowInfo& row, const Profile& p) {
  const ExporterProfile& e = p.exporter;
  // Which attachments are mapped at once is decided by who is dynamic.
  if (row.event == "attach" || row.event == "attach_dynamic") {
    const bool mixed = p.kernel.maps_at_attach && (row.event == "attach") == e.dynamic;
    if (((mixed ? row.must_not : row.must) & bit(Fact::MapsAtAttach)) != 0) return true;
  }
  if (!e.dynamic) return row.event == "hold" || row.event == "migrate";
  // The table that is kept from the attach on is a static importer's, who pins nothing by himself.
  if (row.machine == "attachment" && row.source == "Cached" && (row.must & bit(Fact::Pinned)) != 0) return true;
  // Where every map pins, the pin has found, or moved, the storage.
  return row.machine == "storage" && row.event == "map" && !p.kernel.move_notify &&
         (row.source == "Unallocated" || (row.must & bit(Fact::NeedsConfined)) != 0);
}

/// Fds that no program asks for, on an exporter of these habits.
bool makes_no_such_fd(std::string_view event, const Profile& p) {
  if (event == "create") return p.exporter.in_kernel;
  if (event == "create_list" || event == "memfd") return p.exporter.interface != Interface::Udmabuf;
  if (event == "handle_to_fd") return p.exporter.own_references == 0;
  return (event == "export_sync_file" || event == "merge") && !p.kernel.has_sync_file;
}

/// Rows whose facts no program can bring together, on an exporter of these habits.
bool excluded(const RowInfo& row, const Profile& p) {
  const ExporterProfile& e = p.exporter;
  if (excluded_by_moves(row, p)) return true;
  if (row.machine == "fd_table" && makes_no_such_fd(row.event, p)) return true;
  if (row.machine == "failure" && !(row.event == "calls_vmap" ? e.vmap_fails : e.fails)) return true;
  // A table that is kept though nobody caches was mapped at attach, in both directions.
  const bool caches = p.kernel.caches_mappings && e.caches_mapping != Answer::No;
  if (row.machine == "attachment_table" && !caches && (row.must_not & bit(Fact::CacheFits)) != 0) return true;
  // A second mapping of one attachment is a cached one, or there is none.
  if (!e.concurrent_maps && (row.must & bit(Fact::MoreMappings)) != 0 && (row.must_not & bit(Fact::Caches)) != 0)
    return true;
  // Whoever needs confined storage and is attached got it, or it would have been refused when it attached.
  return e.constraints == Constraints::RefusedAtAttach && row.kind == RowKind::Refused && row.event == "map" &&
         (row.must & bit(Fact::NeedsConfined)) != 0;
}

bool attaches(const Profile& p) { return p.queue.there() && p.queue.allocator == Allocator::Contiguous; }
bool vmaps(const Profile& p) { return p.queue.there() && p.queue.allocator == Allocator::Vmalloc; }

/// Rows of a queue's plane that are behind a mapping that fails, where none does.
bool excluded_by_queue(const RowInfo& row, const Profile& p, const std::bitset<kOperationKinds>& kinds) {
  if (row.machine != "plane") return false;
  if (row.event == "inspect" && !attaches(p)) return true;
  const bool told = kinds.test(kind_of<op::Fail>());
  const bool fails = attaches(p) ? told && p.exporter.fails
                                 : p.exporter.has_vmap != Answer::Yes || (told && p.exporter.vmap_fails);
  return !fails && ((row.must & bit(Fact::CannotMap)) != 0 || (row.source == "Acquired" && row.event == "let_go"));
}

/// Facts a profile decides for good.
struct Fixed {
  FactSet always = 0, never = 0;

  void set(Fact fact, bool holds) { (holds ? always : never) |= bit(fact); }
  void set(Fact fact, Answer answer) {
    if (answer != Answer::Maybe) set(fact, answer == Answer::Yes);
  }
  bool allows(const RowInfo& row) const { return (row.must & never) == 0 && (row.must_not & always) == 0; }
};

Fixed fixed_facts(const Profile& p, const std::bitset<kOperationKinds>& kinds) {
  Fixed fixed;
  const ExporterProfile& e = p.exporter;
  fixed.set(Fact::Guarded, p.importer.guards_misuse);
  // A table that is mapped at attach is kept as one that is cached.
  const bool mixed = p.kernel.maps_at_attach && (e.dynamic || kinds.test(kind_of<op::AttachDynamic>()));
  if (!mixed) fixed.set(Fact::Caches, p.kernel.caches_mappings ? e.caches_mapping : Answer::No);
  fixed.set(Fact::ConcurrentMaps, e.concurrent_maps);
  fixed.set(Fact::Eager, e.allocates_at_export);
  fixed.set(Fact::Migrates, e.constraints == Constraints::Migrates);
  fixed.set(Fact::EndNeedsBegin, e.end_needs_begin);
  fixed.set(Fact::HasMmap, e.has_mmap);
  if (!e.private_single_page) fixed.set(Fact::PrivateAllowed, e.private_mmap);
  if (e.write_only) fixed.set(Fact::AccessOffered, true);
  fixed.set(Fact::HasHandle, e.own_references > 0);
  fixed.set(Fact::HasVmap, e.has_vmap);
  fixed.set(Fact::MapsPlanes, attaches(p));
  if (e.scattered == Answer::No) fixed.set(Fact::Scattered, false);
  fixed.set(Fact::ExporterPins, e.dynamic);
  if (!e.dynamic || (p.kernel.maps_at_attach && p.kernel.move_notify)) fixed.set(Fact::PinsAtMap, false);
  if (e.dynamic && !p.kernel.move_notify) fixed.set(Fact::PinsAtMap, true);
  if (!kinds.test(kind_of<op::AttachDynamic>())) fixed.set(Fact::ImporterDynamic, false);
  if (!kinds.test(kind_of<op::AttachDynamic>()) || !kinds.test(kind_of<op::Pin>())) fixed.set(Fact::Pinned, false);
  if (e.has_vmap == Answer::No) fixed.set(Fact::LastVmapper, false);
  fixed.set(Fact::RenameWhileAttached, p.kernel.rename_while_attached);
  fixed.set(Fact::RefusesAttach, e.refuses_attach);
  fixed.set(Fact::HasSyncFile, p.kernel.has_sync_file);
  fixed.set(Fact::EmptyItemsTaken, p.kernel.empty_list_items);
  fixed.set(Fact::PollHoldsFile, p.kernel.poll_holds_file);
  if (!p.fences.errors) fixed.set(Fact::SetsError, false);
  if (!p.fences.refuses_conflicts) fixed.set(Fact::Conflicts, false);
  if (p.kernel.poll_holds_file) fixed.set(Fact::PollArmed, false);
  if (e.refuses_attach_after_map == Answer::No) fixed.set(Fact::RefusesLate, false);
  if (e.constraints != Constraints::RefusedAtAttach) fixed.set(Fact::RefusesStrict, false);
  if (e.constraints == Constraints::Ignored) fixed.set(Fact::NeedsConfined, false);
  if (!e.chooses_access) fixed.set(Fact::Writable, true);
  if (!e.chooses_access || !e.write_only) fixed.set(Fact::Readable, true);
  // A private mapping may always be made writable, and is there only if it is accepted at all.
  if (!e.chooses_access) fixed.set(Fact::MayWrite, true);
  if (e.growth == Growth::Refused || (e.growth == Growth::Faulting && !p.kernel.faulting_mappings_grow)) {
    fixed.set(Fact::MayGrow, false);
    fixed.set(Fact::PastBuffer, false);  // what cannot grow never reaches past its buffer
  } else if (e.growth == Growth::Faulting) {
    fixed.set(Fact::MayGrow, true);
  }
  return fixed;
}

/// Internal events of fences come only with the operations that cause them; all others may always come.
bool asked_by_fences(std::string_view event, const std::bitset<kOperationKinds>& kinds) {
  const auto any = [&]<class... Ops>(std::type_identity<std::variant<Ops...>>) {
    return (kinds.test(kind_of<Ops>()) || ...);
  };
  const auto enters = [&] { return any(std::type_identity<std::variant<op::AddFence, op::ImportSyncFile>>{}); };
  if (event == event_name(EventId::Await))
    return enters() && any(std::type_identity<std::variant<op::Sync, op::BeginCpuAccess>>{});
  if (event == event_name(EventId::AwaitKernel)) return enters() && kinds.test(kind_of<op::Map>());
  if (event == event_name(EventId::Enter)) return enters();
  if (event == event_name(EventId::Query)) return kinds.test(kind_of<op::Poll>());
  if (event == event_name(EventId::Signalled)) return kinds.test(kind_of<op::SignalFence>());
  if (event == event_name(EventId::Place)) return kinds.test(kind_of<op::ExportSyncFile>());
  if (event == event_name(EventId::Second) || event == event_name(EventId::CopyOut))
    return kinds.test(kind_of<op::MergeSyncFiles>());
  return true;
}

bool asked_for(const RowInfo& row, const Profile& p, const std::bitset<kOperationKinds>& kinds) {
  // A queue's importer maps as others do.
  const bool queues = kinds.test(kind_of<op::Qbuf>()) || kinds.test(kind_of<op::PrepareBuf>());
  if (queues && attaches(p) && row.machine == "storage" && (row.event == "attach" || row.event == "map")) return true;
  if (queues && vmaps(p) && row.machine == "vmapping") return true;
  if (row.event == "calls_vmap" && queues && vmaps(p)) return kinds.test(kind_of<op::Fail>());
  if (row.machine == "plane") return queues;
  // FD_TO_HANDLE looks at the fd as an importer does.
  if (row.machine == "fd" && row.event == "get" && kinds.test(kind_of<op::FdToHandle>())) return true;
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind)
    if (kOperationNames[kind] == row.event) return kinds.test(kind);
  if (row.machine == "fence_ioctl" && row.event == event_name(EventId::CopyOut)) return kinds.test(kind_of<op::ExportSyncFile>());
  // Unless somebody is told to fail, nobody asks whether he is.
  if (row.machine == "failure") return kinds.test(kind_of<op::Fail>());
  if (row.event == event_name(EventId::VmapOnce)) return kinds.test(kind_of<op::Vmap>());
  if (row.event == event_name(EventId::VunmapOnce)) return kinds.test(kind_of<op::Vunmap>());
  if (row.event == "item") return kinds.test(kind_of<op::CreateList>());
  if (row.event == "queue_call") return queues;
  if (row.event == "split") return kinds.test(kind_of<op::MunmapPage>());
  return asked_by_fences(row.event, kinds);
}

/// The rows of all machines that move the state of `owner`.
std::vector<RowId> rows_of_state(const MachineInfo& owner) {
  std::vector<RowId> together;
  for (const MachineInfo& machine : machines())
    if (machine.state_of == owner.name) together.insert(together.end(), machine.rows.begin(), machine.rows.end());
  return together;
}

}  // namespace

std::bitset<kMaxRows> reachable_rows(const Profile& profile, const std::bitset<kOperationKinds>& asked) {
  const std::bitset<kOperationKinds> kinds = profile.kernel.among(asked);
  Fixed fixed = fixed_facts(profile, kinds);
  if (!kinds.test(kind_of<op::AddFence>()))
    for (const Fact fact : {Fact::FencePending, Fact::SeveralPending, Fact::EntrySuperseded, Fact::TooFewRecords})
      fixed.set(fact, false);
  if (!kinds.test(kind_of<op::Vmap>())) fixed.set(Fact::LastVmapper, false);
  std::bitset<kMaxRows> reachable;
  for (const MachineInfo& machine : machines()) {
    if (machine.state_of != machine.name) continue;  // its rows come with those of the machine whose state it moves
    if (machine.name == "create" && profile.exporter.in_kernel) continue;
    if (machine.name == "prime" && profile.exporter.own_references == 0) continue;
    if ((machine.name == "memfd" || machine.name == "udmabuf") && profile.exporter.interface != Interface::Udmabuf) continue;
    if ((machine.name == "queue" || machine.name == "queue_slot" || machine.name == "plane") && !profile.queue.there()) continue;
    // No mmap ever succeeds.
    if (!profile.exporter.has_mmap && (machine.name == "vma" || machine.name == "remap" || machine.name == "child_vma"))
      continue;
    // Of a vmap that never succeeds there is only that there is none to undo.
    const auto not_there = [](const RowInfo& row) { return row.source == "Unmapped" && row.event == "vunmap"; };
    std::vector<std::string_view> states;
    const auto known = [&](std::string_view state) {
      for (std::string_view s : states)
        if (s == state) return true;
      return false;
    };
    const auto usable = [&](const RowInfo& row) {
      return (row.kind == RowKind::Permitted || row.kind == RowKind::Refused) && fixed.allows(row) &&
             !excluded(row, profile) && !excluded_by_queue(row, profile, kinds) && asked_for(row, profile, kinds) &&
             (machine.name != "vmap" || profile.exporter.has_vmap != Answer::No || not_there(row));
    };
    // What a new buffer brings along starts where its birth leaves it.
    bool born = false;
    const std::vector<RowId> together = rows_of_state(machine);
    for (RowId id : together) {
      const RowInfo& row = rows()[id];
      if (row.event != "born" || machine.name == "buffer" || !usable(row)) continue;
      born = true;
      reachable.set(id);
      if (!known(row.target)) states.push_back(row.target);
    }
    if (machine.name == "create")
      states.push_back(machine.states[static_cast<std::size_t>(profile.exporter.interface)]);
    else if (!born)
      states.push_back(machine.states.front());
    if (machine.name == "fd" || machine.name == "sync_file" || machine.name == "memfd") states.push_back("Foreign");
    // Not every handle comes with a buffer.
    if (machine.name == "handle" && (kinds.test(kind_of<op::CreateDumb>()) || kinds.test(kind_of<op::FdToHandle>())))
      if (!known(machine.states.front())) states.push_back(machine.states.front());
    for (bool grown = true; grown;) {
      grown = false;
      for (RowId id : together) {
        const RowInfo& row = rows()[id];
        if (reachable.test(id) || !usable(row) || !known(row.source)) continue;
        reachable.set(id);
        grown = true;
        if (row.kind == RowKind::Permitted && !known(row.target)) states.push_back(row.target);
      }
    }
  }
  return reachable;
}

}  // namespace dmabuf::model
