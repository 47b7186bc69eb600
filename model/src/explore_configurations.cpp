// SPDX-License-Identifier: MIT
/// The worlds the proofs run on. One feature each: what two features do to each other, they do in a
/// world with a few slots, and a product of all of them would only be large.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "dmabuf/model/explore.hpp"

namespace dmabuf::model {

void add_fence_configurations(std::vector<Configuration>& all, const Resize& resize);     // explore_configurations_fence.cpp
void add_importer_configurations(std::vector<Configuration>& all, const Resize& resize);  // explore_configurations_importer.cpp
void add_queue_configurations(std::vector<Configuration>& all, const Resize& resize);     // explore_configurations_queue.cpp

namespace {

using Kinds = std::bitset<kOperationKinds>;

ExporterProfile exporter(std::string_view name) {
  const ExporterProfile* known = find_exporter_profile(name);
  if (known == nullptr) throw std::logic_error(fmt::format("no exporter profile is called {}", name));
  return *known;
}

/// The exporter's own device makes an fd; in-kernel exporters make a reference, which becomes one.
Kinds birth(const ExporterProfile& e) {
  return e.in_kernel ? kinds<op::Export, op::InstallFd>() : kinds<op::Create>();
}

const ImporterProfile kGuarded{.name = "harness", .guards_misuse = true};
const ImporterProfile kUnguarded{.name = "driver", .guards_misuse = false};

/// Makes a world, in another size where one is asked for.
struct Maker {
  const Resize& resize;

  Configuration operator()(std::string name, const ExporterProfile& e, const Bounds& slots, const Kinds& more,
                           std::string_view kernel = "reference", const ImporterProfile& importer = kGuarded) const {
    Configuration c;
    c.name = std::move(name);
    c.bounds = slots;
    c.bounds.kinds = birth(e) | more;
    if (resize) resize(c.name, c.bounds);
    c.profile = {*find_kernel_profile(kernel), e, importer};
    c.bounds.kinds = c.profile.kernel.among(c.bounds.kinds);
    c.operations = all_operations(c.bounds);
    return c;
  }
};

/// Buffers of another access mode too.
Configuration with_access(Configuration c, std::initializer_list<Access> modes) {
  const std::vector<Operation> all = c.operations;
  for (const Operation& operation : all)
    for (const Access access : modes) {
      if (const auto* o = std::get_if<op::Export>(&operation))
        c.operations.push_back(op::Export{o->buffer, o->reference, o->pages, access});
      if (const auto* o = std::get_if<op::Create>(&operation))
        c.operations.push_back(op::Create{o->buffer, o->fd, o->pages, access, o->cloexec});
      if (const auto* o = std::get_if<op::HandleToFd>(&operation))
        c.operations.push_back(op::HandleToFd{o->buffer, o->fd, access, o->cloexec, o->file});
    }
  return c;
}

/// Private mappings of one page too.
Configuration with_private_page(Configuration c) {
  const std::vector<Operation> all = c.operations;
  for (const Operation& operation : all)
    if (const auto* o = std::get_if<op::Mmap>(&operation); o != nullptr && o->sharing == Sharing::Private)
      c.operations.push_back(op::Mmap{o->fd, o->vma, o->offset, 1, o->protection, o->sharing});
  return c;
}

/// Fds that are close-on-exec too.
Configuration with_close_on_exec(Configuration c) {
  const std::vector<Operation> all = c.operations;
  for (Operation operation : all)
    std::visit(
        [&](auto& o) {
          if constexpr (requires { o.cloexec; }) {
            o.cloexec = CloseOnExec::Yes;
            c.operations.push_back(o);
          }
        },
        operation);
  return c;
}

/// Mappings that grow past their buffer. They keep their start: one that lost pages there could go on for ever.
Configuration with_growth(Configuration c) {
  std::erase_if(c.operations, [](const Operation& o) { return std::holds_alternative<op::MunmapPage>(o); });
  const std::uint8_t pages = c.bounds.pages;
  for (std::uint8_t i = 0; i < c.bounds.vmas; ++i) {
    c.operations.push_back(op::Mremap{VmaId{i}, static_cast<std::uint8_t>(pages + 1)});
    c.operations.push_back(op::Store{VmaId{i}, pages, 1});
    c.operations.push_back(op::Load{VmaId{i}, pages});
    if (c.bounds.kinds.test(kind_of<op::ChildLoad>())) c.operations.push_back(op::ChildLoad{ChildId{0}, VmaId{i}, pages});
  }
  return c;
}

/// Only these directions of mappings.
Configuration with_directions(Configuration c, std::initializer_list<Direction> directions) {
  std::erase_if(c.operations, [&](const Operation& operation) {
    const auto* map = std::get_if<op::Map>(&operation);
    return map != nullptr && std::ranges::find(directions, map->direction) == directions.end();
  });
  return c;
}

/// Creations that a device may refuse: of size 0, write-only, with flags it does not know.
Configuration with_refused_creations(Configuration c) {
  const std::vector<Operation> all = c.operations;
  for (const Operation& operation : all)
    if (const auto* o = std::get_if<op::Create>(&operation)) {
      for (const std::uint8_t pages : {std::uint8_t{0}, o->pages})
        c.operations.push_back(op::Create{o->buffer, o->fd, pages, o->access, o->cloexec, CreationFlags::Unknown});
      if (c.profile.exporter.interface == Interface::Heap)
        for (const CreationFlags flags : {CreationFlags::HeapFlags, CreationFlags::Answer})
          c.operations.push_back(op::Create{o->buffer, o->fd, o->pages, o->access, o->cloexec, flags});
      c.operations.push_back(op::Create{o->buffer, o->fd, 0, o->access, o->cloexec});
      c.operations.push_back(op::Create{o->buffer, o->fd, o->pages, Access::WriteOnly, o->cloexec});
    }
  return c;
}

/// Exports that are refused: write-only, with flags DRM does not know, also where there is no handle. And dumb buffers
/// of no size.
Configuration with_refused_exports(Configuration c) {
  const std::vector<Operation> all = c.operations;
  for (const Operation& operation : all) {
    if (const auto* o = std::get_if<op::HandleToFd>(&operation)) {
      c.operations.push_back(op::HandleToFd{o->buffer, o->fd, Access::WriteOnly, o->cloexec, o->file});
      c.operations.push_back(op::HandleToFd{o->buffer, o->fd, o->access, o->cloexec, o->file, CreationFlags::Unknown});
    }
    if (const auto* o = std::get_if<op::CreateDumb>(&operation)) c.operations.push_back(op::CreateDumb{o->buffer, 0});
  }
  return c;
}

/// Each operation once.
Configuration without_repeats(Configuration c) {
  std::vector<Operation> once;
  for (const Operation& operation : c.operations)
    if (std::ranges::find(once, operation) == once.end()) once.push_back(operation);
  c.operations = std::move(once);
  return c;
}

const Kinds kLists = kinds<op::Memfd, op::CloseMemfd, op::WriteMemfd, op::ReadMemfd, op::CreateList>();
const Kinds kPrime = kinds<op::CreateDumb, op::HandleToFd, op::FdToHandle, op::CloseHandle>();
const Kinds kFilling = kinds<op::FillFds, op::FreeFds>();
const Kinds kSharing = kinds<op::Dup, op::Close, op::Send, op::Receive, op::Discard, op::Get, op::Put>();
const Kinds kImporting = kinds<op::Close, op::Get, op::Put, op::Attach, op::Detach, op::Map, op::Unmap>();
const Kinds kDeviceAccess = kinds<op::DeviceRead, op::DeviceWrite>();
const Kinds kCpuAccess = kinds<op::Sync, op::BeginCpuAccess, op::EndCpuAccess>();
const Kinds kCpuMappings = kinds<op::Mmap, op::Munmap, op::Store, op::Load>();
const Kinds kReshaping = kCpuMappings | kinds<op::Mprotect, op::MunmapPage, op::Mremap, op::Move>();
const Kinds kChildren = kinds<op::Fork, op::ChildLoad, op::Exec, op::Exit>();
const Kinds kCalls = kinds<op::Sync, op::Seek, op::SetName>();

constexpr Bounds slots(unsigned buffers, unsigned fds, unsigned references, unsigned attachments = 0,
                       unsigned mappings = 0, unsigned vmas = 0, unsigned messages = 0) {
  const auto u8 = [](unsigned n) { return static_cast<std::uint8_t>(n); };
  Bounds bounds;
  bounds.buffers = u8(buffers);
  bounds.fds = u8(fds);
  bounds.references = u8(references);
  bounds.attachments = u8(attachments);
  bounds.mappings = u8(mappings);
  bounds.vmas = u8(vmas);
  bounds.messages = u8(messages);
  bounds.devices = u8(attachments > 0 ? kDevices : 1);
  bounds.pages = 2;  // one page would suit a strict device wherever it is, of some exporters
  return bounds;
}

}  // namespace

std::vector<Configuration> standard_configurations(const Resize& resize) {
  std::vector<Configuration> all;
  const Maker configuration{resize};

  // Fds, in-kernel references, messages in flight between two processes.
  all.push_back(configuration("sharing", exporter("reference:eager"), slots(2, 3, 2, 0, 0, 0, 1), kSharing));
  all.push_back(configuration("sharing-created", exporter("reference:udmabuf"), slots(2, 3, 1, 0, 0, 0, 1), kSharing));
  all.push_back(configuration("handles", exporter("reference:prime"), slots(2, 2, 1, 0, 0, 0, 1),
                              kSharing | kinds<op::CloseHandle>()));
  // Objects that are no buffers yet, and handles to one buffer on two files.
  all.push_back(with_refused_exports(configuration("handles-prime", exporter("reference:prime"), slots(2, 2, 1, 0, 0, 0, 1),
                                                   kPrime | kinds<op::Dup, op::Close, op::Send, op::Receive>())));
  all.push_back(with_access(configuration("handles-mapped", exporter("vgem"), slots(1, 2, 1, 1, 1, 1),
                                          kPrime | kImporting | kCpuMappings),
                            {Access::ReadOnly}));

  // One buffer, two attachments to a lax and a strict device, by each habit an exporter may have.
  const Bounds importers = slots(1, 1, 2, 2, 2);
  const auto importing = [&](std::string name, const ExporterProfile& e, std::string_view kernel = "reference",
                             const ImporterProfile& importer = kGuarded) {
    const Kinds handle = e.own_references > 0 ? kinds<op::CloseHandle>() : Kinds{};
    all.push_back(configuration(std::move(name), e, importers, kImporting | handle, kernel, importer));
  };
  importing("importers-eager", exporter("reference:eager"));
  importing("importers-deferred", exporter("reference:deferred"));
  importing("importers-caching", exporter("reference:caching"));
  importing("importers-caching-6.18", exporter("reference:caching"), "6.18");
  importing("importers-refusing", exporter("reference:refusing"));
  importing("importers-migrating", exporter("reference:migrating"));
  importing("importers-strict", exporter("harness:eager"));
  importing("importers-strict-refusing", exporter("harness:refusing"));
  importing("importers-vgem", exporter("vgem"));
  importing("importers-heap", exporter("heap:system"));
  importing("importers-unknown", exporter("unknown"));
  importing("importers-unguarded", exporter("reference:deferred"), "6.1", kUnguarded);
  {
    ExporterProfile late = exporter("reference:deferred");
    late.name = "refusing at map";
    late.constraints = Constraints::RefusedAtMap;
    importing("importers-refused-at-map", late);
  }
  all.push_back(with_directions(configuration("importers-three", exporter("reference:eager"), slots(1, 1, 1, 3, 4),
                                              kImporting | kDeviceAccess),
                                {Direction::ToDevice, Direction::FromDevice}));

  // CPU access by ioctl and in the kernel, beside attachments that say where the storage must be.
  all.push_back(configuration("cpu-access", exporter("reference:migrating"), slots(1, 1, 1, 2, 1),
                              kImporting | kCpuAccess));
  all.push_back(configuration("cpu-access-unguarded", exporter("reference:deferred"), slots(1, 1, 2),
                              kinds<op::Close, op::Get, op::Put>() | kCpuAccess, "6.1", kUnguarded));
  all.push_back(configuration("cpu-access-udmabuf", exporter("reference:udmabuf"), slots(2, 2, 1),
                              kinds<op::Dup, op::Close, op::Get, op::Put>() | kCpuAccess));

  // CPU mappings: who may map what, and what keeps the file.
  const Bounds vmas = slots(2, 2, 1, 0, 0, 2, 1);
  const Kinds mapping = kinds<op::Close, op::Send, op::Receive>() | kCpuMappings;
  all.push_back(with_access(configuration("cpu-mappings", exporter("reference:deferred"), slots(1, 2, 1, 0, 0, 2, 1), mapping),
                            {Access::ReadOnly, Access::WriteOnly}));
  all.push_back(configuration("cpu-mappings-two", exporter("reference:udmabuf"), vmas, mapping));
  all.push_back(configuration("cpu-mappings-none", exporter("reference:nommap"), slots(1, 1, 1, 0, 0, 1), mapping));
  all.push_back(with_private_page(
      configuration("cpu-mappings-private", exporter("heap:system"), slots(1, 2, 0, 0, 0, 2), mapping)));
  all.push_back(configuration("cpu-mappings-unknown", exporter("unknown"), slots(1, 2, 0, 0, 0, 2), mapping));
  all.push_back(configuration("cpu-mappings-migrating", exporter("reference:migrating"), slots(1, 1, 1, 1, 1, 1),
                              kImporting | kCpuMappings));

  // What was proposed in 2011, and what was merged of it: an exporter that waits and moves, two importers.
  all.push_back(configuration("history-2011", exporter("reference:migrating"), slots(1, 2, 1, 2, 2, 1),
                              kSharing | kImporting | kCpuMappings, "2011"));
  all.push_back(configuration("history-3.3", exporter("reference:migrating"), slots(1, 2, 1, 2, 2),
                              kSharing | kImporting | kCpuMappings, "3.3"));

  // What becomes of a CPU mapping: protected, cut to pieces, shortened, grown, moved.
  {
    Bounds three = slots(1, 1, 1, 0, 0, 2);
    three.pages = 3;
    all.push_back(with_access(configuration("reshaped", exporter("reference:deferred"), three, kinds<op::Close>() | kReshaping),
                              {Access::ReadOnly}));
  }
  all.push_back(with_growth(configuration("reshaped-growing", exporter("reference:udmabuf"), slots(1, 1, 0, 0, 0, 2),
                                          kinds<op::Close>() | kReshaping | kChildren)));
  all.push_back(with_access(with_private_page(configuration("reshaped-private", exporter("heap:system"), slots(1, 1, 0, 0, 0, 2),
                                                            kinds<op::Close>() | kReshaping)),
                            {Access::ReadOnly}));
  all.push_back(configuration("reshaped-unknown", exporter("unknown"), slots(1, 1, 0, 0, 0, 1), kinds<op::Close>() | kReshaping));

  // A child that inherits fds and CPU mappings, runs another program, and ends.
  all.push_back(with_close_on_exec(configuration("children", exporter("reference:udmabuf"), slots(2, 2, 0, 0, 0, 1),
                                                 kinds<op::Dup, op::Close>() | kCpuMappings | kChildren)));
  all.push_back(with_close_on_exec(configuration("children-sharing", exporter("reference:udmabuf"), slots(1, 2, 0, 0, 0, 1, 1),
                                                 kinds<op::Close, op::Send, op::Receive, op::Discard>() | kCpuMappings | kChildren)));
  all.push_back(configuration("children-importers", exporter("reference:migrating"), slots(1, 1, 1, 1, 1, 1),
                              kImporting | kCpuMappings | kChildren));
  all.push_back(configuration("children-prime", exporter("reference:prime"), slots(1, 1, 1, 0, 0, 1),
                              kinds<op::Close, op::CloseHandle, op::Get, op::Put>() | kCpuMappings | kChildren));

  // Arguments, and fds that are none or no dma-buf.
  all.push_back(configuration("calls", exporter("reference:eager"), slots(1, 2, 1), kSharing | kCalls));
  all.push_back(configuration("calls-attached", exporter("reference:eager"), slots(1, 1, 1, 1), kImporting | kCalls));
  all.push_back(configuration("calls-5.10", exporter("reference:eager"), slots(1, 1, 1, 1), kImporting | kCalls, "5.10"));
  all.push_back(with_access(configuration("calls-prime", exporter("reference:prime"), slots(1, 1, 1),
                                          kinds<op::Close, op::CloseHandle, op::Seek>()),
                            {Access::WriteOnly}));

  // What the devices of user space refuse to make.
  const auto creating = [&](std::string name, const ExporterProfile& e) {
    const Kinds handle = e.own_references > 0 ? kinds<op::CloseHandle>() : Kinds{};
    all.push_back(with_refused_creations(
        configuration(std::move(name), e, slots(1, 1, 0), kinds<op::Close>() | handle)));
  };
  creating("creations-prime", exporter("reference:prime"));
  creating("creations-udmabuf", exporter("reference:udmabuf"));
  creating("creations-heap", exporter("heap:system"));
  creating("creations-unknown", exporter("unknown"));

  // Buffers of the pages of memfds, and what udmabuf refuses to make of them.
  for (const std::string_view kernel : {"reference", "6.1", "5.10"}) {
    const bool two = kernel == "reference";  // where a memfd may go under a mapping: none is needed there
    Bounds bounds = slots(1, 1, 0, 0, 0, two ? 0 : 1);
    bounds.memfds = two ? 2 : 1;
    all.push_back(configuration(two ? "lists" : fmt::format("lists-{}", kernel), exporter("reference:udmabuf"), bounds,
                                kinds<op::Close>() | kLists | (two ? Kinds{} : kCpuMappings), kernel));
  }

  // Processes that have no fd free: what each call that makes one leaves behind.
  all.push_back(configuration("full", exporter("reference:eager"), slots(1, 2, 1, 0, 0, 0, 1), kSharing | kFilling));
  for (const std::string_view kernel : {"reference", "6.12"}) {
    const std::string name = kernel == "reference" ? "full-prime" : fmt::format("full-prime-{}", kernel);
    all.push_back(without_repeats(with_access(
        with_refused_exports(configuration(name, exporter("reference:prime"), slots(1, 2, 0, 0, 0, 1),
                                           kPrime | kFilling | kCpuMappings | kinds<op::Close>(), kernel)),
        {Access::ReadOnly})));
  }
  {
    Bounds bounds = slots(1, 1, 0);
    bounds.memfds = 1;
    all.push_back(configuration("full-lists", exporter("reference:udmabuf"), bounds, kinds<op::Close>() | kLists | kFilling));
  }

  // Everything at once: two buffers, two importers, three fds, two processes.
  Configuration everything =
      with_directions(configuration("everything", exporter("reference:migrating"), slots(2, 3, 3, 2, 2, 0, 1),
                                    kSharing | kImporting),
                      {Direction::Bidirectional, Direction::ToDevice});
  everything.symmetry = Symmetry::Reduced;
  all.push_back(std::move(everything));
  add_fence_configurations(all, resize);
  add_importer_configurations(all, resize);
  add_queue_configurations(all, resize);
  return all;
}

std::span<const UnreachedRow> unreached_rows() {
  constexpr std::string_view kShadowed =
      "the operation looks at its slot first: one that is in use, or empty, makes it no program";
  constexpr std::string_view kDefence =
      "the machines of fds, references, CPU mappings and messages never hold a buffer that is not live; the row "
      "is there to say what it would mean";
  constexpr std::string_view kInternal = "release is not asked for: it is the step of a dying buffer alone";
  constexpr std::string_view kOneByOne =
      "a child's fds and CPU mappings are asked one by one, and only those that there are";
  constexpr std::string_view kUntold = "only an exporter that was told to fail is asked whether it does";
  constexpr std::string_view kOldest = "the index that is asked is the oldest queued one, and only if there is any";
  constexpr std::string_view kFreed = "REQBUFS frees all that there are, and no others, before it makes any";
  constexpr std::string_view kInOrder =
      "an index is cancelled if it is queued or prepared, and its plane acquires, maps, and lets go, one after the other";
  constexpr std::string_view kRoom = "only a table that is full is asked for a number";
  constexpr std::string_view kNoSlot = "no slot is foreign: that file has a name of its own";
  constexpr std::string_view kNoHandles =
      "an exporter without handles has no call that makes or closes one, so no alphabet holds it";
  static constexpr std::array kRows = {
      UnreachedRow{"buffer", "Live", "drop", "REL-012",
                   "ATT-007 comes first: the last reference of an importer that is still attached is not dropped"},
      UnreachedRow{"buffer", "Live", "drop", "REL-013",
                   "VMP-008 comes first: the last reference under a kernel mapping is not dropped"},
      UnreachedRow{"buffer", "Absent", "take", "VFS-003", kDefence},
      UnreachedRow{"buffer", "Dying", "take", "FD-009", kDefence},
      UnreachedRow{"buffer", "Released", "take", "FD-009", kDefence},
      UnreachedRow{"buffer", "Absent", "drop", "VFS-003", kDefence},
      UnreachedRow{"buffer", "Dying", "drop", "FD-005", kDefence},
      UnreachedRow{"buffer", "Released", "drop", "FD-005", kDefence},
      UnreachedRow{"buffer", "Absent", "release", "REL-001", kInternal},
      UnreachedRow{"buffer", "Live", "release", "REL-002", kInternal},
      UnreachedRow{"buffer", "Released", "release", "REL-001", kInternal},
      UnreachedRow{"fd", "Foreign", "install", "VFS-003", "no slot is foreign: that fd has a name of its own"},
      UnreachedRow{"mmap", "Ready", "mmap", "VFS-003", "the facts exclude each other: shared and writable is not private"},
      UnreachedRow{"reference", "Held", "get", "VFS-003", kShadowed},
      UnreachedRow{"attachment", "Attached", "attach", "VFS-003", kShadowed},
      UnreachedRow{"attachment", "Mapped", "attach", "VFS-003", kShadowed},
      UnreachedRow{"attachment", "Cached", "attach", "VFS-003", kShadowed},
      UnreachedRow{"attachment_table", "Detached", "unmap", "VFS-003", "a mapping that is there has its attachment (INV-004)"},
      UnreachedRow{"attachment_table", "Attached", "unmap", "VFS-003", "a mapping that is there is counted by its attachment"},
      UnreachedRow{"attachment_table", "Cached", "unmap", "VFS-003", "a mapping that is there is counted by its attachment"},
      UnreachedRow{"mapping", "Mapped", "map", "VFS-003", kShadowed},
      UnreachedRow{"storage", "Anywhere", "born", "VFS-003", "a new life begins with new storage"},
      UnreachedRow{"storage", "Confined", "born", "VFS-003", "a new life begins with new storage"},
      UnreachedRow{"vma", "Mapped", "mmap", "VFS-003", kShadowed},
      UnreachedRow{"vma", "Mapped", "split", "VFS-003", kShadowed},
      UnreachedRow{"child_fd", "Open", "fork", "VFS-003", kOneByOne},
      UnreachedRow{"child_fd", "Closed", "exec", "VFS-003", kOneByOne},
      UnreachedRow{"child_fd", "Closed", "exit", "VFS-003", kOneByOne},
      UnreachedRow{"child_vma", "Mapped", "fork", "VFS-003", kOneByOne},
      UnreachedRow{"child_vma", "Unmapped", "exec", "VFS-003", kOneByOne},
      UnreachedRow{"child_vma", "Unmapped", "exit", "VFS-003", kOneByOne},
      UnreachedRow{"message", "InFlight", "send", "VFS-003", kShadowed},
      UnreachedRow{"queue_slot", "Unallotted", "dqbuf", "VFS-003", kOldest},
      UnreachedRow{"queue_slot", "Vacant", "dqbuf", "VFS-003", kOldest},
      UnreachedRow{"queue_slot", "Holding", "dqbuf", "VFS-003", kOldest},
      UnreachedRow{"queue_slot", "Prepared", "dqbuf", "VFS-003", kOldest},
      UnreachedRow{"queue_slot", "Vacant", "allot", "VFS-003", kFreed},
      UnreachedRow{"queue_slot", "Holding", "allot", "VFS-003", kFreed},
      UnreachedRow{"queue_slot", "Prepared", "allot", "VFS-003", kFreed},
      UnreachedRow{"queue_slot", "Queued", "allot", "VFS-003", kFreed},
      UnreachedRow{"queue_slot", "Unallotted", "free", "VFS-003", kFreed},
      UnreachedRow{"queue_slot", "Unallotted", "cancel", "VFS-003", kInOrder},
      UnreachedRow{"queue_slot", "Vacant", "cancel", "VFS-003", kInOrder},
      UnreachedRow{"queue_slot", "Holding", "cancel", "VFS-003", kInOrder},
      UnreachedRow{"plane", "Acquired", "acquire", "VFS-003", kInOrder},
      UnreachedRow{"plane", "Mapped", "acquire", "VFS-003", kInOrder},
      UnreachedRow{"plane", "Empty", "map_plane", "VFS-003", kInOrder},
      UnreachedRow{"plane", "Mapped", "map_plane", "VFS-003", kInOrder},
      UnreachedRow{"plane", "Empty", "inspect", "VFS-003", kInOrder},
      UnreachedRow{"plane", "Acquired", "inspect", "VFS-003", kInOrder},
      UnreachedRow{"plane", "Empty", "let_go", "VFS-003", kInOrder},
      UnreachedRow{"memfd", "Foreign", "memfd", "VFS-003", kNoSlot},
      UnreachedRow{"memfd", "Foreign", "close_memfd", "VFS-003", kNoSlot},
      UnreachedRow{"memfd", "Foreign", "write_memfd", "VFS-003", kNoSlot},
      UnreachedRow{"memfd", "Foreign", "read_memfd", "VFS-003", kNoSlot},
      UnreachedRow{"handle", "Shared", "born", "VFS-003", "a new life begins with a new handle"},
      UnreachedRow{"handle", "Unshared", "born", "VFS-003", kShadowed},
      UnreachedRow{"handle", "Shared", "create_dumb", "VFS-003", kShadowed},
      UnreachedRow{"handle", "Unshared", "create_dumb", "VFS-003", kShadowed},
      UnreachedRow{"handle", "Unshared", "fd_to_handle", "VFS-003", "what is no buffer yet has no fd"},
      UnreachedRow{"handle", "None", "create_dumb", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "None", "handle_to_fd", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "Shared", "handle_to_fd", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "Unshared", "handle_to_fd", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "None", "fd_to_handle", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "Shared", "fd_to_handle", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "None", "close_handle", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "Shared", "close_handle", "VFS-003", kNoHandles},
      UnreachedRow{"handle", "Unshared", "close_handle", "VFS-003", kNoHandles},
      UnreachedRow{"poll_slot", "Idle", "signalled", "VFS-003", "a slot that names a fence is armed (FEN-003)"},
      UnreachedRow{"sync_file", "Open", "place", "VFS-003", kShadowed},
      UnreachedRow{"vmapping", "Unmapped", "vunmap_once", "VMP-006", "a kernel mapping that is there is counted by its buffer"},
      UnreachedRow{"vmap", "Mapped", "vmap", "VFS-003", kShadowed},
      UnreachedRow{"attachment", "Attached", "attach_dynamic", "VFS-003", kShadowed},
      UnreachedRow{"attachment", "Mapped", "attach_dynamic", "VFS-003", kShadowed},
      UnreachedRow{"attachment", "Cached", "attach_dynamic", "VFS-003", kShadowed},
      UnreachedRow{"failure", "Calm", "calls_attach", "VFS-003", kUntold},
      UnreachedRow{"failure", "Calm", "calls_map", "VFS-003", kUntold},
      UnreachedRow{"failure", "Calm", "calls_pin", "VFS-003", kUntold},
      UnreachedRow{"failure", "Calm", "calls_vmap", "VFS-003", kUntold},
      UnreachedRow{"failure", "Calm", "calls_begin", "VFS-003", kUntold},
      UnreachedRow{"failure", "Calm", "calls_end", "VFS-003", kUntold},
      UnreachedRow{"failure", "Calm", "calls_mmap", "VFS-003", kUntold},
      UnreachedRow{"relocation", "Anywhere", "hold", "VFS-003", "an exporter that pins moves for whom it pins"},
      UnreachedRow{"fd_table", "Roomy", "install_fd", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "create", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "create_list", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "handle_to_fd", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "dup", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "receive", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "export_sync_file", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "merge", "VFS-003", kRoom},
      UnreachedRow{"fd_table", "Roomy", "memfd", "VFS-003", kRoom},
      UnreachedRow{"sync_file", "Foreign", "place", "VFS-003", "no slot is foreign: that file has a name of its own"},
  };
  return kRows;
}

std::vector<std::string> unexplained_rows(const Coverage& fired) {
  std::vector<std::string> wrong;
  for (const RowInfo& row : rows()) {
    const bool excused = std::ranges::any_of(unreached_rows(), [&](const UnreachedRow& u) {
      return u.machine == row.machine && u.source == row.source && u.event == row.event &&
             u.requirement == row.requirement;
    });
    const bool decides = row.kind == RowKind::Permitted || row.kind == RowKind::Refused;
    if (!fired.rows.test(row.id) && (decides || !excused))
      wrong.push_back("fires nowhere: " + describe(row));
    else if (fired.rows.test(row.id) && excused && !decides)
      wrong.push_back("fires, although it is listed as unreached: " + describe(row));
  }
  return wrong;
}

}  // namespace dmabuf::model
