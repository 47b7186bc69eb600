// SPDX-License-Identifier: MIT
/// Exporters that are told to fail.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;

int System::told_to_fail(DmaBuf& buffer, model::Callback callback) {
  DmaBuf::Failing& failing = buffer.failing;
  if (failing.nth == 0 || failing.callback != callback) return 0;
  if (--failing.nth > 0) return 0;
  ++buffer.failures;
  return failing.error;
}

Outcome System::run(const model::op::Fail& op) {
  if (op.buffer.value >= buffers_.size() || !buffer_of(static_cast<std::int8_t>(op.buffer.value)).alive())
    return refused(ENOENT);
  const auto error_of = [](model::Failure failure) {
    switch (failure) {
      case model::Failure::NoMemory: return ENOMEM;
      case model::Failure::Io: return EIO;
      case model::Failure::NoSpace: return ENOSPC;
    }
    return EINVAL;
  };
  buffers_[op.buffer.value].failing = {op.callback, op.nth, error_of(op.error)};
  return done();
}

}  // namespace dmabuf::reference
