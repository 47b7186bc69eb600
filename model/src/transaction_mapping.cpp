// SPDX-License-Identifier: MIT
// What becomes of CPU mappings after mmap, and of both fds and mappings when their process forks.
#include <algorithm>

#include "transaction.hpp"

namespace dmabuf::model {

FactSet Transaction::past_buffer(const VmaState& vma, std::uint8_t page) const {
  return vma.state == state::kEmpty
             ? FactSet{0}
             : when(vma.offset + page >= w_.buffers[vma.buffer].pages, Fact::PastBuffer);
}

void Transaction::operator()(const op::Mprotect& o) {
  VmaState& vma = w_.vmas[o.vma.value];
  if (!fire(MachineId::Vma, vma.state, event_id<op::Mprotect>())) return;
  // A private mapping writes to pages of its own, whatever the file's mode.
  const bool may = vma.sharing == Sharing::Private || buffer(vma.buffer).access != Access::ReadOnly;
  StateId ready = 0;
  result_.reason = nullptr;
  if (fire(MachineId::Remap, ready, event_id<op::Mprotect>(),
           when(o.protection == Protection::ReadWrite, Fact::AsksWrite) | when(may, Fact::MayWrite)))
    vma.protection = o.protection;
}

void Transaction::operator()(const op::MunmapPage& o) {
  VmaState& vma = w_.vmas[o.vma.value];
  VmaState& into = w_.vmas[o.into.value];
  if (o.vma == o.into || into.state != state::kEmpty) return void(malformed());
  if (vma.state != state::kEmpty && o.page >= vma.length) return void(malformed());
  const bool first = o.page == 0;
  const bool last = o.page + 1 == vma.length;
  if (!fire(MachineId::Vma, vma.state, event_id<op::MunmapPage>(),
            when(!first && !last, Fact::Splits) | when(first && last, Fact::OnlyPage), vma.buffer))
    return;
  if (first && last) {
    vma = VmaState{};
  } else if (first) {
    ++vma.offset;
    --vma.length;
  } else {
    if (!last) {
      if (!fire(MachineId::Vma, into.state, EventId::Split, 0, vma.buffer)) return;
      const StateId mapped = into.state;
      into = vma;
      into.state = mapped;
      into.offset = static_cast<std::uint8_t>(vma.offset + o.page + 1);
      into.length = static_cast<std::uint8_t>(vma.length - o.page - 1);
    }
    vma.length = o.page;
  }
}

void Transaction::operator()(const op::Mremap& o) {
  VmaState& vma = w_.vmas[o.vma.value];
  if (vma.offset + o.length > UINT8_MAX) return void(malformed());
  if (!fire(MachineId::Vma, vma.state, event_id<op::Mremap>())) return;
  const bool grows = o.length > vma.length;
  const bool may = grows && choices_.decide(p_.exporter.growth == Growth::Unread     ? Answer::Maybe
                                            : p_.exporter.growth == Growth::Refused  ? Answer::No
                                            : p_.kernel.faulting_mappings_grow       ? Answer::Yes
                                                                                     : Answer::No);
  StateId ready = 0;
  result_.reason = nullptr;
  if (fire(MachineId::Remap, ready, event_id<op::Mremap>(),
           when(o.length == 0, Fact::LengthZero) | when(grows, Fact::Grows) | when(may, Fact::MayGrow)))
    vma.length = o.length;
}

void Transaction::operator()(const op::Move& o) {
  fire(MachineId::Vma, w_.vmas[o.vma.value].state, event_id<op::Move>());
}

// --- processes -----------------------------------------------------------------------------------

bool Transaction::fire_again(MachineId machine, StateId& state, EventId event, FactSet facts, std::uint8_t b) {
  const std::uint8_t before = result_.fired_count;
  if (!fire(machine, state, event, facts, b)) return false;
  std::uint8_t kept = before;
  for (std::uint8_t i = before; i < result_.fired_count; ++i) {
    const auto end = result_.fired.begin() + kept;
    if (std::find(result_.fired.begin(), end, result_.fired[i]) == end) result_.fired[kept++] = result_.fired[i];
  }
  result_.fired_count = kept;
  return true;
}

bool Transaction::at_each(ChildState& child, EventId event) {
  for (FdState& fd : child.fds) {
    if (fd.buffer == kNone) continue;
    if (!fire_again(MachineId::ChildFd, fd.state, event, when(fd.cloexec == CloseOnExec::Yes, Fact::ClosesOnExec),
                    fd.buffer))
      return false;
    if (fd.state == state::kFdClosed) fd = FdState{};
  }
  for (VmaState& vma : child.vmas) {
    if (vma.buffer == kNone) continue;
    if (!fire_again(MachineId::ChildVma, vma.state, event, 0, vma.buffer)) return false;
    if (vma.state == state::kEmpty) vma = VmaState{};
  }
  return true;
}

void Transaction::operator()(const op::Fork& o) {
  ChildState& child = w_.children[o.child.value];
  if (p_.queue.there()) return void(malformed());  // it would have the video file, too
  if (!fire(MachineId::Child, child.state, event_id<op::Fork>())) return;
  for (std::size_t f = 0; f < kMaxFds; ++f) {
    if (w_.fds[f].state != state::kFdOpen || w_.fds[f].process != 0) continue;
    child.fds[f] = w_.fds[f];
    child.fds[f].state = state::kFdClosed;
  }
  for (std::size_t v = 0; v < kMaxVmas; ++v) {
    if (w_.vmas[v].state != state::kFilled || w_.vmas[v].process != 0) continue;
    child.vmas[v] = w_.vmas[v];
    child.vmas[v].state = state::kEmpty;
  }
  at_each(child, event_id<op::Fork>());
}

void Transaction::operator()(const op::ChildLoad& o) {
  ChildState& child = w_.children[o.child.value];
  VmaState& vma = child.vmas[o.vma.value];
  if (vma.state != state::kEmpty && o.page >= vma.length) return void(malformed());
  if (!fire(MachineId::Child, child.state, event_id<op::ChildLoad>())) return;
  result_.reason = nullptr;
  if (!fire(MachineId::ChildVma, vma.state, event_id<op::ChildLoad>(), past_buffer(vma, o.page))) return;
  if (!touch(vma.buffer)) return;
  if (!vma.suspect) result_.value = page(vma.buffer, static_cast<std::size_t>(vma.offset + o.page));
}

void Transaction::operator()(const op::Exec& o) {
  ChildState& child = w_.children[o.child.value];
  if (fire(MachineId::Child, child.state, event_id<op::Exec>())) at_each(child, event_id<op::Exec>());
}

void Transaction::operator()(const op::Exit& o) {
  ChildState& child = w_.children[o.child.value];
  if (fire(MachineId::Child, child.state, event_id<op::Exit>())) at_each(child, event_id<op::Exit>());
}

}  // namespace dmabuf::model
