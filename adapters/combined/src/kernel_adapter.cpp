// SPDX-License-Identifier: MIT
#include "kernel_adapter.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::adapters {
namespace {

using model::Aspect;
using model::Outcome;

constexpr model::ProcessId kSelf{0};
constexpr model::ProcessId kPeer{1};
constexpr model::ProcessId other(model::ProcessId id) { return id == kSelf ? kPeer : kSelf; }

constexpr std::string_view kHarnessModule = "dmabuf_harness";

std::string slot(char letter, unsigned value) { return letter + std::to_string(value); }

struct stat file_at(int fd) {
  struct stat file = {};
  if (::fstat(fd, &file) != 0) harness_failure("cannot look at a new fd", errno);
  return file;
}

void set_access(model::BufferSeen& seen, unsigned long flags) {
  static_assert(O_RDONLY == static_cast<int>(model::Access::ReadOnly) &&
                O_WRONLY == static_cast<int>(model::Access::WriteOnly) &&
                O_RDWR == static_cast<int>(model::Access::ReadWrite));
  seen.set(Aspect::AccessMode, static_cast<std::int64_t>(flags & O_ACCMODE));
}

std::uint32_t callback_number(model::Callback callback) {
  switch (callback) {
    case model::Callback::Attach: return DBH_CALLBACK_ATTACH;
    case model::Callback::Map: return DBH_CALLBACK_MAP;
    case model::Callback::Pin: return DBH_CALLBACK_PIN;
    case model::Callback::Vmap: return DBH_CALLBACK_VMAP;
    case model::Callback::Begin: return DBH_CALLBACK_BEGIN_CPU;
    case model::Callback::End: return DBH_CALLBACK_END_CPU;
    case model::Callback::Mmap: return DBH_CALLBACK_MMAP;
  }
  return DBH_CALLBACK_COUNT;
}

int errno_of(model::Failure failure) {
  switch (failure) {
    case model::Failure::NoMemory: return ENOMEM;
    case model::Failure::Io: return EIO;
    case model::Failure::NoSpace: return ENOSPC;
  }
  return EINVAL;
}

/// Copies an outcome that carries a handle or a number: the trace has names for those.
template <class T>
Outcome without_value(const Expected<T>& result) {
  if (!result) return tl::unexpected(result.error());
  return model::done();
}

Outcome without_value(const Outcome& result) {
  if (!result) return result;
  return model::done();
}

}  // namespace

KernelAdapter::KernelAdapter(Parts parts)
    : parts_(std::move(parts)), bufinfo_(open_bufinfo()), fences_(std::move(parts_.fences)) {
  if (parts_.backend && !parts_.backend->module().empty())
    exporter_uses_ = open_module_use_count(parts_.backend->module());
  if (parts_.harness) harness_uses_ = open_module_use_count(kHarnessModule);
  start_peer();
  baseline_ = take_stock();
}

KernelAdapter::~KernelAdapter() {
  try {
    reset();
  } catch (const conformance::HarnessError&) {
    // Closing the devices and killing the peer lets go of the same things.
  }
}

void KernelAdapter::start_peer() {
  std::vector<int> inherited;
  if (parts_.harness) inherited.push_back(parts_.harness->fd());
  peer_ = PeerProcess::start(inherited);
  if (parts_.harness) parts_.harness->enrol(*peer_);
}

Process& KernelAdapter::process(model::ProcessId id) {
  if (id == kSelf) return self_;
  return *peer_;
}

Harness& KernelAdapter::harness() {
  if (!parts_.harness)
    throw conformance::HarnessError(parts_.name + " was opened without the harness module");
  return *parts_.harness;
}

KernelAdapter::Vma& KernelAdapter::vma(model::VmaId id) {
  if (id.value >= vmas_.size() || !vmas_[id.value])
    throw conformance::HarnessError("there is no mapping " + slot('v', id.value));
  return *vmas_[id.value];
}

conformance::Alphabet KernelAdapter::alphabet() const {
  conformance::Alphabet all = AdapterOf::alphabet();
  namespace op = model::op;
  if (!parts_.harness_exporter) all.reset(model::kind_of<op::Export>());
  if (!parts_.harness_exporter) all.reset(model::kind_of<op::Fail>());
  if (!parts_.harness_exporter || (parts_.harness_exporter->policy & DBH_POLICY_DYNAMIC) == 0)
    all.reset(model::kind_of<op::Migrate>());
  if (!parts_.backend) all.reset(model::kind_of<op::Create>());
  if (!parts_.backend || !parts_.backend->has_handles())
    for (const std::size_t kind : {model::kind_of<op::CloseHandle>(), model::kind_of<op::CreateDumb>(),
                                   model::kind_of<op::HandleToFd>(), model::kind_of<op::FdToHandle>()})
      all.reset(kind);
  if (!parts_.backend || !parts_.backend->has_lists())
    for (const std::size_t kind : {model::kind_of<op::Memfd>(), model::kind_of<op::CloseMemfd>(), model::kind_of<op::WriteMemfd>(),
                                   model::kind_of<op::ReadMemfd>(), model::kind_of<op::CreateList>()})
      all.reset(kind);
  constexpr std::array kQueue = {model::kind_of<op::Reqbufs>(), model::kind_of<op::Qbuf>(), model::kind_of<op::PrepareBuf>(),
                                 model::kind_of<op::Dqbuf>(), model::kind_of<op::StreamOn>(), model::kind_of<op::StreamOff>(),
                                 model::kind_of<op::CloseVideo>()};
  if (!parts_.queue)
    for (const std::size_t kind : kQueue) all.reset(kind);
  if (!fences_.has_source())
    all.reset(model::kind_of<op::AddFence>()).reset(model::kind_of<op::SignalFence>());
  // A fork copies what others in this process have, too.
  if (!parts_.alone || parts_.queue)
    for (const std::size_t kind : {model::kind_of<op::Fork>(), model::kind_of<op::ChildLoad>(),
                                   model::kind_of<op::Exec>(), model::kind_of<op::Exit>()})
      all.reset(kind);
  if (!parts_.harness)
    for (const std::size_t kind :
         {model::kind_of<op::InstallFd>(), model::kind_of<op::Get>(), model::kind_of<op::Put>(),
          model::kind_of<op::Attach>(), model::kind_of<op::Detach>(), model::kind_of<op::Map>(),
          model::kind_of<op::Unmap>(), model::kind_of<op::DeviceRead>(),
          model::kind_of<op::DeviceWrite>(), model::kind_of<op::BeginCpuAccess>(),
          model::kind_of<op::EndCpuAccess>(), model::kind_of<op::Vmap>(),
          model::kind_of<op::Vunmap>(), model::kind_of<op::VmapRead>(),
          model::kind_of<op::VmapWrite>(), model::kind_of<op::AttachDynamic>(),
          model::kind_of<op::Pin>(), model::kind_of<op::Unpin>()})
      all.reset(kind);
  return all;
}

Outcome KernelAdapter::apply(const model::Operation& operation) {
  try {
    return AdapterOf::apply(operation);
  } catch (const std::out_of_range&) {
    throw conformance::HarnessError("a slot that no trace has");
  }
}

void KernelAdapter::adopt(model::BufferId id, std::uint64_t ino, std::uint64_t serial) {
  buffers_.at(id.value) = Buffer{.ino = ino, .serial = serial};
  created_.push_back(ino);
}

// --- exporters -----------------------------------------------------------------------------------

Outcome KernelAdapter::run(const model::op::Export& op) {
  if (!parts_.harness_exporter)
    throw conformance::HarnessError(parts_.name + " exports by create alone");
  references_.expect_free(op.reference);
  const auto made = harness().export_buffer(op.pages, op.access, parts_.harness_exporter->policy,
                                            parts_.harness_exporter->defect);
  if (made) {
    adopt(op.buffer, made->ino, made->serial);
    references_.put(op.reference, {made->reference, op.buffer});
  }
  return without_value(made);
}

ExporterBackend& KernelAdapter::backend() {
  if (!parts_.backend) throw conformance::HarnessError(parts_.name + " has no device of user space");
  return *parts_.backend;
}

void KernelAdapter::put_made(model::FdId fd, int number, model::BufferId buffer, bool first) {
  const struct stat file = file_at(number);
  dmabuf_device_ = file.st_dev;
  if (first) adopt(buffer, file.st_ino, 0);
  fds_.put(fd, {kSelf, number, buffer});
}

Outcome KernelAdapter::run(const model::op::Create& op) {
  fds_.expect_free(op.fd);
  const auto made = backend().create(op);
  if (made) put_made(op.fd, *made, op.buffer, true);
  return without_value(made);
}

Outcome KernelAdapter::run(const model::op::CloseHandle& op) { return without_value(backend().close_handle(op)); }

Outcome KernelAdapter::run(const model::op::CreateDumb& op) {
  const Outcome outcome = backend().create_dumb(op);
  if (outcome) buffers_.at(op.buffer.value).reset();  // what it once was is another's
  return without_value(outcome);
}

Outcome KernelAdapter::run(const model::op::HandleToFd& op) {
  fds_.expect_free(op.fd);
  const auto number = backend().handle_to_fd(op);
  if (number) put_made(op.fd, *number, op.buffer, !buffers_.at(op.buffer.value));
  return without_value(number);
}

Outcome KernelAdapter::run(const model::op::FdToHandle& op) {
  const FdPlace place = fds_.at(op.fd);
  if (place.process != kSelf) throw conformance::HarnessError("the DRM files are of another process than this fd");
  return backend().fd_to_handle(op, place.number, place.buffer);
}

Outcome KernelAdapter::run(const model::op::Memfd& op) { return without_value(backend().memfd(op)); }
Outcome KernelAdapter::run(const model::op::CloseMemfd& op) { return without_value(backend().close_memfd(op)); }
Outcome KernelAdapter::run(const model::op::WriteMemfd& op) { return without_value(backend().write_memfd(op)); }
Outcome KernelAdapter::run(const model::op::ReadMemfd& op) { return backend().read_memfd(op); }

Outcome KernelAdapter::run(const model::op::CreateList& op) {
  fds_.expect_free(op.fd);
  const auto made = backend().create_list(op);
  if (made) put_made(op.fd, *made, op.buffer, true);
  return without_value(made);
}

// --- a video queue -------------------------------------------------------------------------------

VideoQueue& KernelAdapter::queue() {
  if (!parts_.queue) throw conformance::HarnessError(parts_.name + " has no video queue");
  return *parts_.queue;
}

int KernelAdapter::own_number(model::FdId fd) const {
  const FdPlace place = fds_.at(fd);
  if (place.process != kSelf) throw conformance::HarnessError("the video device is open in another process than this fd");
  return place.number;
}

Outcome KernelAdapter::run(const model::op::Reqbufs& op) { return queue().reqbufs(op); }
Outcome KernelAdapter::run(const model::op::Qbuf& op) {
  return queue().put_in(false, op.index, own_number(op.fd), op.length, op.memory, op.file);
}
Outcome KernelAdapter::run(const model::op::PrepareBuf& op) {
  return queue().put_in(true, op.index, own_number(op.fd), op.length, op.memory, op.file);
}
Outcome KernelAdapter::run(const model::op::Dqbuf& op) { return queue().dqbuf(op.file); }
Outcome KernelAdapter::run(const model::op::StreamOn& op) { return queue().stream(true, op.file); }
Outcome KernelAdapter::run(const model::op::StreamOff& op) { return queue().stream(false, op.file); }
Outcome KernelAdapter::run(const model::op::CloseVideo& op) { return queue().close(op.file); }

// --- fds -----------------------------------------------------------------------------------------

Outcome KernelAdapter::run(const model::op::FillFds& op) {
  process(op.process).fill_fds();
  return model::done();
}

Outcome KernelAdapter::run(const model::op::FreeFds& op) {
  process(op.process).free_fds();
  return model::done();
}

Outcome KernelAdapter::run(const model::op::InstallFd& op) {
  fds_.expect_free(op.fd);
  const auto reference = references_.at(op.reference);
  const auto number = harness().install(reference.handle, op.cloexec);
  if (number) {
    dmabuf_device_ = file_at(*number).st_dev;
    references_.erase(op.reference);
    fds_.put(op.fd, {kSelf, *number, reference.buffer});
  }
  return without_value(number);
}

Outcome KernelAdapter::run(const model::op::Dup& op) {
  fds_.expect_free(op.to);
  const FdPlace from = fds_.at(op.from);
  const Outcome number = process(from.process).dup(from.number, op.cloexec);
  if (number) fds_.put(op.to, {from.process, static_cast<int>(number->value), from.buffer});
  return without_value(number);
}

Outcome KernelAdapter::run(const model::op::Close& op) {
  const FdPlace place = fds_.at(op.fd);
  const Outcome outcome = process(place.process).close(place.number);
  // Whatever else close() answers, the number is free then.
  if (outcome || outcome.error().value != EBADF) fds_.erase(op.fd);
  return without_value(outcome);
}

void KernelAdapter::open_channel(model::MessageId id) {
  if (channels_.at(id.value)) return;
  auto [ours, theirs] = channel_pair();
  peer_->take_channel(id, std::move(theirs));
  self_.take_channel(id, std::move(ours));
  channels_.at(id.value) = true;
}

Outcome KernelAdapter::run(const model::op::Send& op) {
  if (messages_.at(op.message.value))
    throw conformance::HarnessError("message " + slot('s', op.message.value) + " is in flight");
  const FdPlace from = fds_.at(op.fd);
  open_channel(op.message);
  const Outcome sent = process(from.process).send(op.message, from.number);
  if (sent) messages_.at(op.message.value) = Message{from.process, from.buffer};
  return without_value(sent);
}

Outcome KernelAdapter::run(const model::op::Receive& op) {
  fds_.expect_free(op.fd);
  auto& message = messages_.at(op.message.value);
  if (!message)
    throw conformance::HarnessError("message " + slot('s', op.message.value) + " was never sent");
  const model::ProcessId receiver = other(message->sender);
  const Outcome number = process(receiver).receive(op.message, op.cloexec);
  if (number) fds_.put(op.fd, {receiver, static_cast<int>(number->value), message->buffer});
  // A message without room for its fd is used up all the same.
  if (number || number.error().value == EMFILE) message.reset();
  return without_value(number);
}

Outcome KernelAdapter::run(const model::op::Discard& op) {
  if (!messages_.at(op.message.value))
    throw conformance::HarnessError("message " + slot('s', op.message.value) + " was never sent");
  self_.drop_channel(op.message);
  peer_->drop_channel(op.message);
  channels_.at(op.message.value) = false;
  messages_.at(op.message.value).reset();
  return model::done();
}

// --- importers in the kernel ---------------------------------------------------------------------

Outcome KernelAdapter::run(const model::op::Get& op) {
  references_.expect_free(op.reference);
  const FdPlace place = fds_.at(op.fd);
  const auto handle = harness().get(process(place.process), place.number);
  if (handle) references_.put(op.reference, {*handle, place.buffer});
  return without_value(handle);
}

Outcome KernelAdapter::run(const model::op::Put& op) {
  const Outcome outcome = harness().put(references_.at(op.reference).handle);
  if (outcome) references_.erase(op.reference);
  return without_value(outcome);
}

Outcome KernelAdapter::attach(model::ReferenceId from, model::DeviceId device,
                              model::AttachmentId into, bool dynamic) {
  attachments_.expect_free(into);
  const auto reference = references_.at(from);
  const auto handle = harness().attach(reference.handle, device, dynamic);
  if (handle) attachments_.put(into, {*handle, reference.buffer});
  return without_value(handle);
}

Outcome KernelAdapter::run(const model::op::Attach& op) {
  return attach(op.reference, op.device, op.attachment, false);
}

Outcome KernelAdapter::run(const model::op::AttachDynamic& op) {
  return attach(op.reference, op.device, op.attachment, true);
}

Outcome KernelAdapter::run(const model::op::Pin& op) {
  return without_value(harness().pin(attachments_.at(op.attachment).handle));
}

Outcome KernelAdapter::run(const model::op::Unpin& op) {
  return without_value(harness().unpin(attachments_.at(op.attachment).handle));
}

Outcome KernelAdapter::run(const model::op::Migrate& op) {
  return without_value(harness().move(references_.at(op.reference).handle));
}

Outcome KernelAdapter::run(const model::op::Fail& op) {
  auto& buffer = buffers_.at(op.buffer.value);
  if (!buffer || buffer->serial == 0)
    throw conformance::HarnessError("buffer " + slot('b', op.buffer.value) + " is not the module's");
  // The module keeps one failure for each callback.
  if (buffer->told_to_fail)
    if (const Outcome calmed = harness().inject(buffer->serial, *buffer->told_to_fail, 0, 0); !calmed)
      return calmed;
  buffer->told_to_fail.reset();
  const std::uint32_t callback = callback_number(op.callback);
  const Outcome told = harness().inject(buffer->serial, callback, op.nth, errno_of(op.error));
  if (told && op.nth > 0) buffer->told_to_fail = callback;
  return without_value(told);
}

Outcome KernelAdapter::run(const model::op::Detach& op) {
  const Outcome outcome = harness().detach(attachments_.at(op.attachment).handle);
  if (outcome) attachments_.erase(op.attachment);
  return without_value(outcome);
}

Outcome KernelAdapter::run(const model::op::Map& op) {
  mappings_.expect_free(op.mapping);
  const auto attachment = attachments_.at(op.attachment);
  const auto handle = harness().map(attachment.handle, op.direction);
  if (handle) mappings_.put(op.mapping, {*handle, attachment.buffer});
  return without_value(handle);
}

Outcome KernelAdapter::run(const model::op::Unmap& op) {
  const Outcome outcome = harness().unmap(mappings_.at(op.mapping).handle);
  if (outcome) mappings_.erase(op.mapping);
  return without_value(outcome);
}

Outcome KernelAdapter::run(const model::op::DeviceRead& op) {
  return harness().read_page(mappings_.at(op.mapping).handle, op.page);
}

Outcome KernelAdapter::run(const model::op::DeviceWrite& op) {
  return without_value(harness().write_page(mappings_.at(op.mapping).handle, op.page, op.tag));
}

Outcome KernelAdapter::run(const model::op::BeginCpuAccess& op) {
  return without_value(
      harness().begin_cpu_access(references_.at(op.reference).handle, op.direction));
}

Outcome KernelAdapter::run(const model::op::EndCpuAccess& op) {
  return without_value(harness().end_cpu_access(references_.at(op.reference).handle, op.direction));
}

Outcome KernelAdapter::run(const model::op::Vmap& op) {
  vmaps_.expect_free(op.vmap);
  const auto reference = references_.at(op.reference);
  const auto made = harness().vmap(reference.handle);
  if (!made) return tl::unexpected(made.error());
  vmaps_.put(op.vmap, {made->handle, reference.buffer});
  return model::Reply{made->same};
}

Outcome KernelAdapter::run(const model::op::Vunmap& op) {
  const Outcome outcome = harness().vunmap(vmaps_.at(op.vmap).handle);
  if (outcome) vmaps_.erase(op.vmap);
  return without_value(outcome);
}

Outcome KernelAdapter::run(const model::op::VmapRead& op) {
  return harness().read_vmap(vmaps_.at(op.vmap).handle, op.page);
}

Outcome KernelAdapter::run(const model::op::VmapWrite& op) {
  return without_value(harness().write_vmap(vmaps_.at(op.vmap).handle, op.page, op.tag));
}

// --- user space on an fd -------------------------------------------------------------------------

Outcome KernelAdapter::run(const model::op::Sync& op) {
  const FdPlace place = fds_.at(op.fd);
  return without_value(process(place.process).sync(place.number, op.flags, op.argument));
}

Outcome KernelAdapter::run(const model::op::Mmap& op) {
  if (vmas_.at(op.vma.value))
    throw conformance::HarnessError("mapping " + slot('v', op.vma.value) + " is there already");
  const FdPlace place = fds_.at(op.fd);
  const Outcome address = process(place.process)
                              .mmap(place.number, op.offset, op.length, op.protection, op.sharing);
  if (address) vmas_.at(op.vma.value) = Vma{place.process, address->value, op.length};
  return without_value(address);
}

Outcome KernelAdapter::run(const model::op::Munmap& op) {
  const Vma& place = vma(op.vma);
  const Outcome outcome = process(place.process).munmap(place.address, place.pages);
  if (outcome) vmas_.at(op.vma.value).reset();
  return without_value(outcome);
}

Outcome KernelAdapter::run(const model::op::Store& op) {
  const Vma& place = vma(op.vma);
  // Past the end there may be memory of somebody else's.
  if (op.page >= place.pages) return model::refused(EFAULT);
  return without_value(
      process(place.process).store(place.address + op.page * kPageSize, op.tag));
}

Outcome KernelAdapter::run(const model::op::Load& op) {
  const Vma& place = vma(op.vma);
  if (op.page >= place.pages) return model::refused(EFAULT);
  return process(place.process).load(place.address + op.page * kPageSize);
}

Outcome KernelAdapter::run(const model::op::Seek& op) {
  const FdPlace place = fds_.at(op.fd);
  return process(place.process).seek(place.number, op.whence, op.offset);
}

Outcome KernelAdapter::run(const model::op::SetName& op) {
  const FdPlace place = fds_.at(op.fd);
  return without_value(process(place.process).set_name(place.number, op.name, op.argument));
}

// --- fences ---------------------------------------------------------------------------------------

Outcome KernelAdapter::run(const model::op::AddFence& op) { return fences_.run(op, fds_.at(op.fd).number); }
Outcome KernelAdapter::run(const model::op::SignalFence& op) { return fences_.run(op); }
Outcome KernelAdapter::run(const model::op::Poll& op) { return fences_.run(op, fds_.at(op.fd).number); }
Outcome KernelAdapter::run(const model::op::ExportSyncFile& op) {
  return fences_.run(op, fds_.at(op.fd).number);
}
Outcome KernelAdapter::run(const model::op::ImportSyncFile& op) {
  return fences_.run(op, fds_.at(op.fd).number);
}
Outcome KernelAdapter::run(const model::op::MergeSyncFiles& op) { return fences_.run(op); }
Outcome KernelAdapter::run(const model::op::FileInfo& op) { return fences_.run(op); }
Outcome KernelAdapter::run(const model::op::PollSyncFile& op) { return fences_.run(op); }
Outcome KernelAdapter::run(const model::op::CloseSyncFile& op) { return fences_.run(op); }

// --- what can be seen ----------------------------------------------------------------------------

namespace {

void see_info(const dbh_buffer_seen& info, model::BufferSeen& seen) {
  seen.set(Aspect::References, static_cast<std::int64_t>(info.file_count));
  seen.set(Aspect::Attachments, info.attachments);
  seen.set(Aspect::Mappings, info.own_mappings);
  seen.set(Aspect::Vmaps, info.vmap_count);
  seen.set(Aspect::Size, static_cast<std::int64_t>(info.size));
  seen.set_name(std::string_view(info.name, ::strnlen(info.name, sizeof(info.name))));
  set_access(seen, info.file_flags);
}

void see_counters(const dbh_buffer_seen& counters, model::BufferSeen& seen) {
  const auto set = [&seen](Aspect aspect, std::uint64_t value) {
    seen.set(aspect, static_cast<std::int64_t>(value));
  };
  set(Aspect::AttachCalls, counters.attach);
  set(Aspect::DetachCalls, counters.detach);
  set(Aspect::MapCalls, counters.map);
  set(Aspect::UnmapCalls, counters.unmap);
  set(Aspect::BeginCalls, counters.begin_cpu_access);
  set(Aspect::EndCalls, counters.end_cpu_access);
  set(Aspect::ReleaseCalls, counters.release);
  set(Aspect::AttachRefused, counters.attach_refused);
  set(Aspect::VmapCalls, counters.vmap);
  set(Aspect::VunmapCalls, counters.vunmap);
  set(Aspect::PinCalls, counters.pin);
  set(Aspect::UnpinCalls, counters.unpin);
  set(Aspect::MoveNotifies, counters.notified);
  set(Aspect::Failures, counters.injected);
  const auto set_directions = [&seen](Aspect aspect, const __u32 (&counts)[DBH_DIRECTIONS]) {
    seen.set(aspect, model::Directions::reading(counts[DBH_DIR_BIDIRECTIONAL],
                                                counts[DBH_DIR_TO_DEVICE],
                                                counts[DBH_DIR_FROM_DEVICE]));
  };
  set_directions(Aspect::MapDirections, counters.map_directions);
  set_directions(Aspect::UnmapDirections, counters.unmap_directions);
  set_directions(Aspect::BeginDirections, counters.begin_directions);
  set_directions(Aspect::EndDirections, counters.end_directions);
}

static_assert(kSelf.value == DBH_PROCESS_CALLER && kPeer.value == DBH_PROCESS_PEER);

}  // namespace

KernelFile& KernelAdapter::fdinfo(pid_t pid, int number) {
  KernelFile& file = fdinfo_[{pid, number}];
  if (!file.is_open())
    file = KernelFile("/proc/" + std::to_string(pid) + "/fdinfo/" + std::to_string(number));
  return file;
}

bool KernelAdapter::observe_by_fd(model::BufferId id, model::BufferSeen& seen) {
  for (std::uint8_t i = 0; i < model::kMaxFds; ++i) {
    const model::FdId fd{i};
    if (!fds_.holds(fd) || fds_.at(fd).buffer != id) continue;
    const FdPlace place = fds_.at(fd);
    const auto info = parse_fdinfo(fdinfo(process(place.process).pid(), place.number).read());
    if (!info) continue;
    seen.set(Aspect::References, info->count);
    seen.set(Aspect::Size, static_cast<std::int64_t>(info->size));
    seen.set_name(info->name);
    set_access(seen, info->flags);
    return true;
  }
  return false;
}

void KernelAdapter::look_at(model::ProcessId id, std::span<FdState> states) {
  // The peer's fds are seen from here: a read of procfs costs less than a talk with it.
  bool all = id == kPeer;
  for (FdState& state : states) {
    if (!all) break;
    KernelFile& file = fdinfo(peer_->pid(), state.number);
    const auto info = parse_fdinfo(file.read());
    if (!info && file.error() == ENOENT) continue;  // closed
    all = info && info->ino;
    if (!all) break;
    state.open = true;
    state.close_on_exec = (info->flags & O_CLOEXEC) != 0;
    state.device = dmabuf_device_;  // only dma-bufs have such an fdinfo
    state.inode = *info->ino;
  }
  if (!all) process(id).inspect(states);
}

std::span<KernelAdapter::Look> KernelAdapter::places(std::span<Look> into) const {
  std::size_t count = 0;
  for (std::uint8_t i = 0; i < model::kMaxFds; ++i) {
    const model::FdId fd{i};
    if (const auto place = fds_.holds(fd) ? std::optional(fds_.at(fd)) : fds_.left(fd))
      into[count++] = {.fd = fd, .place = *place, .state = {.number = place->number}};
  }
  return into.first(count);
}

void KernelAdapter::look_by_hand(std::span<Look> looks) {
  for (const model::ProcessId id : {kSelf, kPeer}) {
    std::array<FdState, model::kMaxFds> states;
    std::size_t count = 0;
    for (const Look& look : looks)
      if (look.place.process == id) states[count++] = look.state;
    look_at(id, std::span(states).first(count));
    count = 0;
    for (Look& look : looks)
      if (look.place.process == id) look.state = states[count++];
  }
}

void KernelAdapter::look_by_survey(std::span<Look> looks) {
  std::array<dbh_fd_seen, model::kMaxFds> fds;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    fds[i] = {};
    fds[i].process = looks[i].place.process.value;
    fds[i].fd = looks[i].place.number;
  }
  std::size_t count = 0;
  for (std::uint8_t i = 0; i < model::kMaxBuffers; ++i) {
    surveyed_[i] = nullptr;
    if (!buffers_[i] || (buffers_[i]->unlisted && buffers_[i]->serial == 0)) continue;
    dbh_buffer_seen& it = survey_[count++];
    surveyed_[i] = &it;
    it.process = DBH_PROCESS_CALLER;
    it.fd = -1;
    it.ref = kNoHandle;
    it.serial = buffers_[i]->serial;
    for (const Look& look : looks) {
      if (!fds_.holds(look.fd) || look.place.buffer != model::BufferId{i}) continue;
      it.process = look.place.process.value;
      it.fd = look.place.number;
      break;
    }
    for (const auto& reference : references_.entries())
      if (reference.handle != kNoHandle && reference.buffer == model::BufferId{i})
        it.ref = reference.handle;
  }
  if (looks.empty() && count == 0) return;
  parts_.harness->survey(std::span(fds).first(looks.size()), std::span(survey_).first(count));
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const bool open = (fds[i].state & DBH_FD_OPEN) != 0;
    looks[i].state.open = open;
    looks[i].state.close_on_exec = (fds[i].state & DBH_FD_CLOSE_ON_EXEC) != 0;
    looks[i].state.device = fds[i].device;
    looks[i].state.inode = fds[i].ino;
    if (!open && looks[i].place.process == kPeer && fds_.holds(looks[i].fd) && !peer_->alive())
      throw conformance::HarnessError("the peer process is gone");
  }
}

void KernelAdapter::observe_fds(std::span<const Look> looks, model::Observation& seen) {
  for (std::uint8_t i = 0; i < model::kMaxFds; ++i)
    seen.fds[i].seen = fds_.was_seen_closed(model::FdId{i});
  for (const Look& look : looks) {
    model::FdSeen& it = seen.fds[look.fd.value];
    it.seen = true;
    it.open = look.state.open;
    it.close_on_exec = look.state.close_on_exec;
    // Somebody has it for certain if it is the buffer that it should be.
    const auto& buffer = look.place.buffer ? buffers_[look.place.buffer->value] : std::nullopt;
    const bool right = it.open && buffer && look.state.inode == buffer->ino &&
                       look.state.device == dmabuf_device_;
    if (fds_.holds(look.fd)) {
      if (right) it.process = look.place.process.value;
      continue;
    }
    // A slot that was closed: its number may be in use again, but not for the same buffer.
    it.open = right;
    it.close_on_exec = it.open && it.close_on_exec;
    if (!it.open) fds_.seen_closed(look.fd);
  }
}

void KernelAdapter::observe(model::Observation& seen) {
  seen = {};
  // Before anything is read: what the reading opens must not be mistaken for a slot's fd.
  std::array<Look, model::kMaxFds> room;
  const std::span<Look> looks = places(room);
  if (parts_.harness)
    look_by_survey(looks);
  else
    look_by_hand(looks);
  observe_fds(looks, seen);
  fences_.observe(seen);

  bool read = false;
  std::string_view bufinfo;
  for (std::uint8_t i = 0; i < model::kMaxBuffers; ++i) {
    if (!buffers_[i]) continue;
    Buffer& buffer = *buffers_[i];
    model::BufferSeen& it = seen.buffers[i];
    const dbh_buffer_seen* const surveyed = surveyed_[i];
    const auto by_survey = [surveyed](std::uint32_t what) {
      return surveyed != nullptr && (surveyed->seen & what) != 0;
    };
    if (by_survey(DBH_SEEN_COUNTERS)) see_counters(*surveyed, it);
    if (buffer.unlisted) {
      it.set(Aspect::Listed, 0);
      continue;
    }
    const bool reached = by_survey(DBH_SEEN_INFO);
    if (reached) see_info(*surveyed, it);
    // The list has nothing more to say of such a buffer than that it is there, and says it once.
    if (reached && (buffer.listed || !bufinfo_.is_open())) continue;
    if (!bufinfo_.is_open()) {
      (void)observe_by_fd(model::BufferId{i}, it);
      continue;
    }
    // One read serves all buffers. It costs what one fdinfo costs and says more.
    if (!read) {
      bufinfo = bufinfo_.read();
      if (bufinfo.empty()) harness_failure("cannot read bufinfo", bufinfo_.error());
      read = true;
    }
    const auto row = find_by_ino(bufinfo, buffer.ino);
    it.set(Aspect::Listed, row ? 1 : 0);
    buffer.listed = row.has_value();
    if (reached) continue;
    if (!row) {
      buffer.unlisted = true;
      std::erase(created_, buffer.ino);
      continue;
    }
    it.set(Aspect::References, row->count);
    it.set(Aspect::Attachments, row->attachments);
    it.set(Aspect::Size, static_cast<std::int64_t>(row->size));
    it.set_name(row->name);
    set_access(it, row->flags);
  }
}

// --- the end of a case ---------------------------------------------------------------------------

bool KernelAdapter::still_listed(std::uint64_t ino) {
  return find_by_ino(bufinfo_.read(), ino).has_value();
}

void KernelAdapter::reset() {
  for (Child& child : children_) child = {};
  if (parts_.queue) parts_.queue->reset();
  const bool peer = peer_->alive();
  self_.free_fds();
  if (peer) peer_->free_fds();
  fences_.reset();  // first: an armed poll holds its buffer (DBUF-POL-007)
  for (auto& place : vmas_) {
    if (place && (place->process == kSelf || peer))
      (void)process(place->process).munmap(place->address, place->pages);
    place.reset();
  }
  for (std::uint8_t i = 0; i < channels_.size(); ++i) {
    if (!channels_[i]) continue;
    self_.drop_channel(model::MessageId{i});
    if (peer) peer_->drop_channel(model::MessageId{i});
    channels_[i] = false;
    messages_[i].reset();
  }
  for (std::uint8_t i = 0; i < model::kMaxFds; ++i) {
    const model::FdId fd{i};
    if (!fds_.holds(fd)) continue;
    const FdPlace place = fds_.at(fd);
    if (place.process == kSelf || peer) (void)process(place.process).close(place.number);
  }
  fds_.clear();
  if (parts_.harness) parts_.harness->reset();
  references_.clear();
  attachments_.clear();
  mappings_.clear();
  vmaps_.clear();
  if (parts_.backend) parts_.backend->reset();  // after the last mapping: see udmabuf
  buffers_ = {};
  if (!peer) {
    fdinfo_.clear();
    start_peer();
  }

  // Release is complete when the call that dropped the last reference returns (DBUF-REL-009),
  // except after a put by a kernel thread (DBUF-REL-008): look first, and wait only then. Where
  // buffers have lingered before there is little hope, and every case would pay for it.
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + (lingering_.size() < 4 ? 200ms : 5ms);
  while (bufinfo_.is_open() && !created_.empty()) {
    const std::string_view text = bufinfo_.read();
    std::erase_if(created_, [&](std::uint64_t ino) { return !find_by_ino(text, ino); });
    if (created_.empty() || std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(1ms);
  }
  if (bufinfo_.is_open())
    lingering_.insert(lingering_.end(), created_.begin(), created_.end());
  created_.clear();
}

long KernelAdapter::listed_now() {
  return bufinfo_.is_open() ? count_buffers(bufinfo_.read()) : 0;
}

KernelAdapter::Baseline KernelAdapter::take_stock() {
  Baseline now;
  now.buffers = listed_now();
  if (parts_.harness) {
    const auto global = parts_.harness->global();
    if (!global) harness_failure("dmabuf_harness does not count", global.error().value);
    now.global = *global;
    now.dmabuf_fds = static_cast<long>(global->caller_dmabuf_fds);
    now.peer_fds = static_cast<long>(global->peer_fds);
  } else {  // a walk through procfs: more than ten times as long
    now.dmabuf_fds = count_dmabuf_fds(0);
    now.peer_fds = count_fds(peer_->pid());
  }
  now.exporter_uses = module_use_count(exporter_uses_.read());
  now.harness_uses = module_use_count(harness_uses_.read());
  now.sync_files = fences_.sync_files_in_process();
  return now;
}

std::vector<conformance::Residue> KernelAdapter::residue() {
  std::vector<conformance::Residue> result;
  const auto add = [&result](std::string what, long count) {
    if (count > 0) result.push_back({std::move(what), count});
  };
  const auto excess = [](auto now, auto before) {
    return static_cast<long>(now) - static_cast<long>(before);
  };
  if (bufinfo_.is_open())
    std::erase_if(lingering_, [this](std::uint64_t ino) { return !still_listed(ino); });
  const Baseline now = take_stock();
  const auto own = static_cast<long>(lingering_.size());
  add("buffers of this adapter in bufinfo", own);
  add("fds on buffers in p0", excess(now.dmabuf_fds, baseline_.dmabuf_fds));
  add("sync_files in p0", excess(now.sync_files, baseline_.sync_files));
  add("fds in p1", excess(now.peer_fds, baseline_.peer_fds));
  if (!parts_.alone) return result;
  add("other buffers in bufinfo", excess(now.buffers, baseline_.buffers) - own);
  if (parts_.harness) {
    const dbh_global& g = now.global;
    const dbh_global& b = baseline_.global;
    add("buffers of the harness module", excess(g.buffers, b.buffers));
    add("references of the harness module", excess(g.refs, b.refs));
    add("attachments of the harness module", excess(g.attachments, b.attachments));
    add("mappings of the harness module", excess(g.mappings, b.mappings));
    add("kernel mappings of the harness module", excess(g.vmaps, b.vmaps));
    add("attachments to the harness module's buffers",
        excess(g.exporter_attachments, b.exporter_attachments));
    add("mappings of the harness module's buffers",
        excess(g.exporter_mappings, b.exporter_mappings));
    add("pages of the harness module's storage", excess(g.storage_pages, b.storage_pages));
    add("references to freed pages of the harness module's storage",
        excess(g.kept_pages, b.kept_pages));
  }
  if (now.exporter_uses && baseline_.exporter_uses)
    add("uses of module " + std::string(parts_.backend->module()),
        *now.exporter_uses - *baseline_.exporter_uses);
  if (now.harness_uses && baseline_.harness_uses)
    add("uses of module " + std::string(kHarnessModule),
        *now.harness_uses - *baseline_.harness_uses);
  return result;
}

}  // namespace dmabuf::adapters
