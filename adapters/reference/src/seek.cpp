// SPDX-License-Identifier: MIT
/// lseek: a way to ask for the size, and for nothing else.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::Outcome;
using model::refused;
using model::Whence;

Outcome System::run(const model::op::Seek& op) {
  if (op.fd == model::kForeignFd) return refused(ESPIPE);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  DmaBuf& buffer = buffer_of(found->buffer);
  if (is(Mutant::SeekMovesPosition) && op.whence == Whence::Cur && op.offset == 0)
    return done(buffer.position * kReportedPageSize);
  if (is(Mutant::SeekDataAccepted) && op.whence == Whence::Data && op.offset == 0) return done();

  if (op.whence != Whence::Set && op.whence != Whence::End) return refused(EINVAL);
  if (op.offset != 0 && !is(Mutant::SeekAcceptsOffset)) return refused(EINVAL);
  std::uint64_t position = op.whence == Whence::End ? buffer.size : 0;
  if (is(Mutant::SeekEndInPages)) position /= kReportedPageSize;
  if (is(Mutant::SeekMovesPosition))
    buffer.position = static_cast<std::uint16_t>(position / kReportedPageSize);
  return done(position + static_cast<std::uint64_t>(std::int64_t{op.offset}));
}

}  // namespace dmabuf::reference
