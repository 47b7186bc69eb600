// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "dmabuf/model/profile.hpp"
#include "machine_id.hpp"
#include "machines/machines.hpp"

namespace dmabuf::model {
namespace {

constinit thread_local const Tables* scoped_tables = nullptr;

Tables extract_all() {
  Tables all;
  // Same order as MachineId.
  contract::extract_buffer(all);
  contract::extract_fd(all);
  contract::extract_ioctl(all);
  contract::extract_mmap(all);
  contract::extract_reference(all);
  contract::extract_attachment(all);
  contract::extract_attachment_table(all);
  contract::extract_mapping(all);
  contract::extract_storage(all);
  contract::extract_relocation(all);
  contract::extract_cpu_access(all);
  contract::extract_vma(all);
  contract::extract_message(all);
  contract::extract_handle(all);
  contract::extract_create(all);
  contract::extract_fence(all);
  contract::extract_reservation(all);
  contract::extract_poll_slot(all);
  contract::extract_fence_ioctl(all);
  contract::extract_sync_file_ioctl(all);
  contract::extract_sync_file(all);
  contract::extract_remap(all);
  contract::extract_child(all);
  contract::extract_child_fd(all);
  contract::extract_child_vma(all);
  contract::extract_vmapping(all);
  contract::extract_vmap(all);
  contract::extract_pinning(all);
  contract::extract_failure(all);
  contract::extract_prime(all);
  contract::extract_memfd(all);
  contract::extract_udmabuf(all);
  contract::extract_queue(all);
  contract::extract_queue_call(all);
  contract::extract_queue_slot(all);
  contract::extract_plane(all);
  contract::extract_fd_table(all);
  if (all.machines.size() != kMachines || all.rows.size() > kMaxRows)
    throw std::logic_error("the machines do not fit their tables");

  const auto expect = [&](MachineId id, StateId number, std::string_view name) {
    const auto& states = all.machines[static_cast<std::size_t>(id)].states;
    if (number >= states.size() || states[number] != name)
      throw std::logic_error(fmt::format("state {} of {} is not {}", number,
                                         all.machines[static_cast<std::size_t>(id)].name, name));
  };
  for (const MachineInfo& machine : all.machines) {
    const auto owner = std::ranges::find(all.machines, machine.state_of, &MachineInfo::name);
    if (owner == all.machines.end() || owner->states != machine.states)
      throw std::logic_error(fmt::format("{} moves the state of {}, which has other states", machine.name, machine.state_of));
  }
  constexpr auto interface = [](Interface i) { return static_cast<StateId>(i); };
  expect(MachineId::Create, interface(Interface::Unread), "Unread");
  expect(MachineId::Create, interface(Interface::Udmabuf), "Udmabuf");
  expect(MachineId::Create, interface(Interface::Heap), "Heap");
  expect(MachineId::Create, interface(Interface::Prime), "Prime");
  expect(MachineId::Buffer, state::kAbsent, "Absent");
  expect(MachineId::Buffer, state::kLive, "Live");
  expect(MachineId::Buffer, state::kDying, "Dying");
  expect(MachineId::Buffer, state::kReleased, "Released");
  expect(MachineId::Fd, state::kFdClosed, "Closed");
  expect(MachineId::Fd, state::kFdOpen, "Open");
  expect(MachineId::Fd, state::kFdForeign, "Foreign");
  expect(MachineId::Attachment, state::kDetached, "Detached");
  expect(MachineId::Attachment, state::kAttached, "Attached");
  expect(MachineId::Attachment, state::kMapped, "Mapped");
  expect(MachineId::Attachment, state::kCached, "Cached");
  expect(MachineId::Storage, state::kUnallocated, "Unallocated");
  expect(MachineId::Storage, state::kAnywhere, "Anywhere");
  expect(MachineId::Storage, state::kConfined, "Confined");
  expect(MachineId::Memfd, state::kMemfdOpen, "Open");
  expect(MachineId::Memfd, state::kMemfdForeign, "Foreign");
  expect(MachineId::Memfd, state::kMemfdGone, "Gone");
  expect(MachineId::Queue, state::kRequested, "Requested");
  expect(MachineId::Queue, state::kStreaming, "Streaming");
  expect(MachineId::QueueSlot, state::kVacant, "Vacant");
  expect(MachineId::QueueSlot, state::kHolding, "Holding");
  expect(MachineId::QueueSlot, state::kPrepared, "Prepared");
  expect(MachineId::QueueSlot, state::kQueued, "Queued");
  expect(MachineId::Plane, state::kAcquired, "Acquired");
  expect(MachineId::Plane, state::kPlaneMapped, "Mapped");
  expect(MachineId::Handle, state::kShared, "Shared");
  expect(MachineId::Handle, state::kUnshared, "Unshared");
  expect(MachineId::Fence, state::kNoFence, "None");
  expect(MachineId::Fence, state::kPending, "Pending");
  expect(MachineId::Fence, state::kSignalled, "Signalled");
  expect(MachineId::Fence, state::kFailed, "Failed");
  expect(MachineId::PollSlot, state::kIdle, "Idle");
  expect(MachineId::PollSlot, state::kArmed, "Armed");
  expect(MachineId::SyncFile, state::kSyncFileClosed, "Closed");
  expect(MachineId::SyncFile, state::kSyncFileOpen, "Open");
  expect(MachineId::SyncFile, state::kSyncFileForeign, "Foreign");
  expect(MachineId::Child, state::kForked, "Forked");
  expect(MachineId::Child, state::kReplaced, "Replaced");
  expect(MachineId::ChildFd, state::kFdOpen, "Open");
  expect(MachineId::ChildVma, state::kFilled, "Mapped");
  expect(MachineId::Vmapping, state::kFilled, "Mapped");
  expect(MachineId::Vmap, state::kFilled, "Mapped");
  expect(MachineId::Pinning, state::kFilled, "Pinned");
  expect(MachineId::Failure, state::kFilled, "Armed");
  expect(MachineId::FdTable, state::kRoomy, "Roomy");
  expect(MachineId::FdTable, state::kFull, "Full");
  return all;
}

std::string row_text(const RowInfo& row) {
  std::string text = fmt::format("{:<12} {:<12} {:<17} ", row.machine, row.source, row.event);
  switch (row.kind) {
    case RowKind::Permitted: text += fmt::format("-> {}", row.target); break;
    case RowKind::Refused: text += "refused " + row.errnos.text(" "); break;
    case RowKind::Forbidden: text += "forbidden"; break;
    case RowKind::Unspecified: text += "unspecified"; break;
    case RowKind::Malformed: text += "malformed"; break;
  }
  for (const Guard& guard : row.guards)
    text += fmt::format("{}{}{}", &guard == &row.guards.front() ? " if " : ", ", guard.holds ? "" : "not ",
                        guard.fact);
  for (const std::string_view& effect : row.effects)
    text += fmt::format("{}{}", &effect == &row.effects.front() ? " doing " : ", ", effect);
  return text + fmt::format(" [{}]", row.requirement);
}

std::string edge_label(const RowInfo& row) {
  std::string label(row.event);
  if (row.kind == RowKind::Refused) label += " ✗ " + row.errnos.text("|");
  for (const Guard& guard : row.guards)
    label += fmt::format("\\n[{}{}]", guard.holds ? "" : "not ", guard.fact);
  for (std::string_view effect : row.effects) label += fmt::format("\\n/ {}", effect);
  return label + fmt::format("\\n{}", row.requirement);
}

}  // namespace

std::string ErrnoSet::text(std::string_view separator) const {
  std::string text;
  for (std::uint8_t i = 0; i < size; ++i) {
    if (i > 0) text += separator;
    text += values[i] == kAnyErrno ? std::string_view("any errno") : errno_name(Errno{values[i]});
  }
  return text;
}

const Tables& tables() {
  if (scoped_tables != nullptr) return *scoped_tables;
  static const Tables all = extract_all();
  return all;
}

ScopedTables::ScopedTables(const Tables& other) { scoped_tables = &other; }
ScopedTables::~ScopedTables() { scoped_tables = nullptr; }

std::span<const MachineInfo> machines() { return tables().machines; }
std::span<const RowInfo> rows() { return tables().rows; }

std::string tables_text() {
  std::string text;
  for (const RowInfo& row : rows()) text += row_text(row) + "\n";
  return text;
}

std::string_view model_hash() {
  static const std::string hash = [] {
    std::uint64_t h = 0xcbf29ce484222325ULL;  // FNV-1a: a name for the tables, not a secret
    for (const char c : tables_text()) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return fmt::format("{:016x}", h);
  }();
  return hash;
}

std::string describe(const RowInfo& row) { return row_text(row); }

std::string edge(const RowInfo& row) {
  std::string label(row.event);
  if (row.errnos.size > 0) label += " refused " + row.errnos.text("|");
  return fmt::format("{}: {} --{}--> {} [DBUF-{}]", row.machine, row.source, label,
                     row.kind == RowKind::Permitted ? row.target : row.source, row.requirement);
}

std::string dot(const MachineInfo& machine, const Travelled* run) {
  const std::string of = machine.state_of == machine.name ? "" : fmt::format(": state of {}", machine.state_of);
  std::string text = fmt::format(
      "digraph \"{0}\" {{\n  label=\"{0}{1}\"; labelloc=t; fontname=\"sans-serif\"; rankdir=LR;\n"
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n  start [shape=point];\n  start -> \"{2}\";\n",
      machine.name, of, machine.states.front());
  for (std::string_view name : machine.states) text += fmt::format("  \"{}\";\n", name);
  // Rows between the same states, of the same kind, share an edge: parallel ones cannot be read.
  struct Edge {
    std::string_view source, target;
    bool refused;
    std::string_view style;
    std::string label;
  };
  const auto style = [&](RowId id) -> std::string_view {
    if (run == nullptr) return "";
    if (run->taken.test(id)) return ", style=bold";
    return run->possible.test(id) ? ", style=dashed" : ", style=dotted, color=gray, fontcolor=gray";
  };
  std::vector<Edge> edges;
  for (RowId id : machine.rows) {
    const RowInfo& row = rows()[id];
    if (row.kind != RowKind::Permitted && row.kind != RowKind::Refused) continue;
    const Edge edge{row.source, row.kind == RowKind::Permitted ? row.target : row.source,
                    row.kind == RowKind::Refused, style(id), edge_label(row)};
    const auto same = std::ranges::find_if(edges, [&](const Edge& e) {
      return e.source == edge.source && e.target == edge.target && e.refused == edge.refused && e.style == edge.style;
    });
    if (same == edges.end())
      edges.push_back(edge);
    else
      same->label += "\\n\\n" + edge.label;
  }
  for (const Edge& edge : edges)
    text += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\"{}{}];\n", edge.source, edge.target, edge.label,
                        edge.refused ? ", color=firebrick, fontcolor=firebrick" : "",
                        edge.style);
  return text + "}\n";
}

}  // namespace dmabuf::model
