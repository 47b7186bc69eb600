// SPDX-License-Identifier: MIT
/// DMA_BUF_SET_NAME.
#include <cerrno>

#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

using model::done;
using model::NameId;
using model::NameText;
using model::Outcome;
using model::refused;

Outcome System::run(const model::op::SetName& op) {
  if (op.fd == model::kForeignFd) return refused(ENOTTY);
  const FdEntry* found = entry(op.fd);
  if (found == nullptr) return refused(EBADF);
  DmaBuf& buffer = buffer_of(found->buffer);
  if (op.argument == model::Argument::Unmapped) {
    if (is(Mutant::FailedNameClears)) buffer.name = NameText();
    return refused(is(Mutant::NameBadPointerWrongErrno) ? EINVAL : EFAULT);
  }
  user_text_ = op.name;
  std::string_view text = model::name_text(op.name);
  const std::size_t longest = is(Mutant::LongestNameRefused) ? 30 : 31;
  if (text.size() > longest && !is(Mutant::TooLongNameTruncated)) {
    if (is(Mutant::TooLongNameReplaces)) buffer.name = NameText(text);
    return refused(EINVAL);
  }
  if (is(Mutant::NameRefusedWhileAttached) && buffer.attachments.count > 0) return refused(EBUSY);
  if (is(Mutant::EmptyNameIgnored) && text.empty()) return done();
  if (is(Mutant::NameCutAtSpace)) text = text.substr(0, text.find(' '));
  buffer.name = NameText(text);
  return done();
}

}  // namespace dmabuf::reference
