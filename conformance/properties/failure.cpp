// SPDX-License-Identifier: MIT
#include <cerrno>
#include <utility>

#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(Failure);

/// What has been accepted, and not undone.
std::optional<std::int64_t> balance(const BufferSeen& seen, Aspect done, Aspect undone) {
  const auto first = value(seen, done), second = value(seen, undone);
  return first && second ? std::optional(*first - *second) : std::nullopt;
}

/// Holds no buffer by more references, attachments or mappings than before.
std::string takes_nothing(const Moment& moment) {
  for (std::size_t b = 0; b < kMaxBuffers; ++b) {
    const BufferSeen& was = moment.seen_before.buffers[b];
    const BufferSeen& is = moment.seen.buffers[b];
    for (const Aspect aspect : {Aspect::References, Aspect::Attachments})
      if (value(was, aspect) && value(is, aspect) && *value(is, aspect) > *value(was, aspect))
        return std::string(aspect_name(aspect)) + " of b" + std::to_string(b) + " has grown";
    for (const auto& [done, undone] : {std::pair{Aspect::MapCalls, Aspect::UnmapCalls}, std::pair{Aspect::VmapCalls, Aspect::VunmapCalls}}) {
      const auto before = balance(was, done, undone), after = balance(is, done, undone);
      if (before && after && *after > *before)
        return std::string(aspect_name(done)) + " of b" + std::to_string(b) + " was not undone";
    }
  }
  return {};
}

const Law changes_nothing = [](const Moment& moment) -> std::string {
  if (moment.outcome) return {};
  // What two calls have done by the time they find no fd free stays (DBUF-SHR-008, DBUF-PRM-019).
  const bool spends = std::holds_alternative<op::Receive>(moment.operation) || std::holds_alternative<op::HandleToFd>(moment.operation);
  if (spends && moment.outcome.error() == Errno{EMFILE}) return {};
  // A QBUF that fails may have let go of what the index held, and has taken nothing in its place (DBUF-VBT-011).
  const bool queues = std::holds_alternative<op::Qbuf>(moment.operation) || std::holds_alternative<op::PrepareBuf>(moment.operation);
  if (queues) return takes_nothing(moment);
  for (std::size_t b = 0; b < kMaxBuffers; ++b) {
    const BufferSeen& was = moment.seen_before.buffers[b];
    const BufferSeen& is = moment.seen.buffers[b];
    if (was.seen != is.seen) return "something else can be seen of b" + std::to_string(b);
    for (std::size_t k = 0; k < kAspects; ++k) {
      const auto aspect = static_cast<Aspect>(k);
      // An exporter may be asked before it says no, and the attach it refused needs no detach.
      if (aspect == Aspect::AttachCalls || aspect == Aspect::MapCalls || aspect == Aspect::BeginCalls ||
          aspect == Aspect::EndCalls || aspect == Aspect::AttachRefused || counts_directions(aspect))
        continue;
      // It may have accepted an attach, or a pin, and moved, before what came next failed (DBUF-ATT-011).
      if (aspect == Aspect::DetachCalls || aspect == Aspect::PinCalls || aspect == Aspect::UnpinCalls ||
          aspect == Aspect::MoveNotifies || aspect == Aspect::Failures)
        continue;
      if (was.has(aspect) && (was.values[k] != is.values[k] || (aspect == Aspect::Name && !(was.name == is.name))))
        return std::string(aspect_name(aspect)) + " of b" + std::to_string(b) + " has changed";
    }
    if (balance(was, Aspect::AttachCalls, Aspect::DetachCalls) != balance(is, Aspect::AttachCalls, Aspect::DetachCalls))
      return "an attach of b" + std::to_string(b) + " was not undone, or undone twice";
    if (balance(was, Aspect::PinCalls, Aspect::UnpinCalls) != balance(is, Aspect::PinCalls, Aspect::UnpinCalls))
      return "a pin of b" + std::to_string(b) + " was not undone, or undone twice";
  }
  for (std::size_t f = 0; f < kMaxFds; ++f)
    if (moment.seen_before.fds[f].open != moment.seen.fds[f].open ||
        moment.seen_before.fds[f].close_on_exec != moment.seen.fds[f].close_on_exec)
      return "f" + std::to_string(f) + " has changed";
  return {};
};

/// A call that fails changes nothing that can be seen; but for a message without room, the buffer of an export without
/// an fd, and the index that a QBUF was to fill.
TEST_P(Failure, ChangesNothing) {
  verifies<"INV-006">();
  for_all_traces(GetParam(), changes_nothing);
}
TEST(FailureBites, ChangesNothing) {
  bites(changes_nothing, {"refused_attach_stays_listed", "refused_attach_calls_detach", "refused_attach_puts",
                          "failed_mmap_leaks", "failed_mmap_puts_twice", "failed_name_clears",
                          "too_long_name_replaces", "failed_map_forgets_unpin", "failed_pin_forgets_detach",
                          "refused_qbuf_leaks", "no_fd_drops_reference", "no_fd_leaks_buffer", "refused_dup_counted"});
}

}  // namespace
}  // namespace dmabuf::conformance::properties
