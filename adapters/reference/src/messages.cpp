// SPDX-License-Identifier: MIT
/// SCM_RIGHTS: a message holds the file from send until it is received or thrown away.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

Outcome System::run(const model::op::Send& op) {
  if (op.fd == model::kForeignFd) return refused(EINVAL);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  if (op.message.value >= model::kMaxMessages) return refused(ENOENT);
  Message& message = messages_[op.message.value];
  if (message.buffer != kNobody) return refused(EEXIST);
  message = {.buffer = found->buffer,
             .receiver = static_cast<std::uint8_t>(1U - fds_[op.fd.value].process)};
  if (!is(Mutant::SendNotCounted)) get_file(buffer_of(message.buffer));
  return done();
}

Outcome System::run(const model::op::Receive& op) {
  if (op.message.value >= model::kMaxMessages) return refused(ENOENT);
  Message& message = messages_[op.message.value];
  if (message.buffer == kNobody) return refused(ENOENT);
  if (occupied(op.fd)) return refused(EEXIST);
  bool close_on_exec = op.cloexec == model::CloseOnExec::Yes;
  if (is(Mutant::ReceiveLosesCloexec)) close_on_exec = false;
  if (is(Mutant::ReceiveSetsCloexec)) close_on_exec = true;
  std::uint8_t process = message.receiver;
  if (is(Mutant::ReceiveLandsAtSender)) process ^= 1U;
  const int error = install(process, op.fd, message.buffer, close_on_exec);
  if (error != 0) {
    // The message has been read by then: what it held goes with it.
    if (is(Mutant::NoFdKeepsMessage)) return refused(error);
    DmaBuf& buffer = buffer_of(message.buffer);
    message = {};
    if (!is(Mutant::NoFdKeepsFile)) put_file(buffer);
    return refused(error);
  }
  if (is(Mutant::ReceiveCountsTwice)) get_file(buffer_of(message.buffer));
  message = {};  // the fd has its reference now
  return done();
}

Outcome System::run(const model::op::Discard& op) {
  if (op.message.value >= model::kMaxMessages) return refused(ENOENT);
  Message& message = messages_[op.message.value];
  if (message.buffer == kNobody) return refused(ENOENT);
  DmaBuf& buffer = buffer_of(message.buffer);
  message = {};
  if (!is(Mutant::DiscardLeaks)) put_file(buffer);
  return done();
}

}  // namespace dmabuf::reference
