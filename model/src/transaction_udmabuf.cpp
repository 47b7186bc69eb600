// SPDX-License-Identifier: MIT
/// Memfds, and buffers of their pages.
#include <algorithm>

#include "transaction.hpp"

namespace dmabuf::model {
namespace {

/// The items that count: how many of the two.
unsigned items(ListForm form) {
  switch (form) {
    case ListForm::Empty: return 0;
    case ListForm::Single: return 1;
    case ListForm::List:
    case ListForm::Odd:
    case ListForm::TooMany:
    case ListForm::TooLarge:
    case ListForm::OddOffset:
    case ListForm::OddSize:
    case ListForm::Unmapped: return 2;
  }
  return 0;
}

}  // namespace

void Transaction::operator()(const op::Memfd& o) {
  if (p_.exporter.interface != Interface::Udmabuf || o.memfd.value >= kMaxMemfds || o.pages == 0 || o.pages > kMaxPages)
    return void(malformed());
  MemfdState& memfd = w_.memfds[o.memfd.value];
  // Who has its pages is not written down twice; when nobody is there, nobody has them.
  const auto there = [](const BufferState& b) { return b.lifecycle == state::kLive || b.lifecycle == state::kDying; };
  if (memfd.state == state::kMemfdGone && std::ranges::any_of(w_.buffers, there)) return void(malformed());
  StateId next = memfd.state;
  if (!fire(MachineId::Memfd, next, event_id<op::Memfd>()) || !reserve_fd(0, event_id<op::Memfd>())) return;
  memfd = {next, o.pages, o.seals, {}};
}

void Transaction::operator()(const op::CloseMemfd& o) {
  if (o.memfd.value >= kMaxMemfds) return void(malformed());
  MemfdState& memfd = w_.memfds[o.memfd.value];
  // Whose pages are mapped is not written down; where nothing is mapped, none are.
  const auto mapped = [](const auto& vmas) {
    return std::ranges::any_of(vmas, [](const VmaState& vma) { return vma.state != state::kEmpty; });
  };
  const bool any = mapped(w_.vmas) || std::ranges::any_of(w_.children, [&](const ChildState& child) { return mapped(child.vmas); });
  if (!fire(MachineId::Memfd, memfd.state, event_id<op::CloseMemfd>(),
            when(any && !p_.kernel.memfd_may_go_while_mapped, Fact::KeepsMapped)))
    return;
  memfd.pages = 0;
  memfd.seals = Seals::Shrink;
}

void Transaction::operator()(const op::WriteMemfd& o) {
  if (o.memfd.value >= kMaxMemfds) return void(malformed());
  MemfdState& memfd = w_.memfds[o.memfd.value];
  if (memfd.state == state::kMemfdOpen && o.page >= memfd.pages) return void(malformed());
  const bool sealed = memfd.seals == Seals::Write || memfd.seals == Seals::FutureWrite;
  if (fire(MachineId::Memfd, memfd.state, event_id<op::WriteMemfd>(), when(sealed, Fact::WriteSealed)))
    memfd.content[o.page] = o.tag;
}

void Transaction::operator()(const op::ReadMemfd& o) {
  if (o.memfd.value >= kMaxMemfds) return void(malformed());
  MemfdState& memfd = w_.memfds[o.memfd.value];
  if (memfd.state == state::kMemfdOpen && o.page >= memfd.pages) return void(malformed());
  if (fire(MachineId::Memfd, memfd.state, event_id<op::ReadMemfd>()) && w_.queue.state != state::kStreaming)
    result_.value = memfd.content[o.page];  // a device may be writing to it
}

bool Transaction::item(MemfdId id, std::uint8_t from, std::uint8_t pages) {
  static constexpr MemfdState kClosed{}, kForeign{state::kMemfdForeign, 0, Seals::Shrink, {}};
  const MemfdState& memfd = id.value < kMaxMemfds ? w_.memfds[id.value] : id == kForeignMemfd ? kForeign : kClosed;
  StateId state = memfd.state;
  const bool shrinks = memfd.seals == Seals::None || memfd.seals == Seals::NotForSealing;
  const bool sealed = memfd.seals == Seals::Write || (memfd.seals == Seals::FutureWrite && p_.kernel.future_write_refused);
  result_.reason = nullptr;
  return fire(MachineId::Memfd, state, EventId::Item,
              when(shrinks, Fact::MayShrink) | when(sealed, Fact::WriteSealed) | when(pages == 0, Fact::SizeZero) |
                  when(from + pages > memfd.pages, Fact::PastEnd) |
                  when(p_.kernel.empty_list_items, Fact::EmptyItemsTaken));
}

void Transaction::operator()(const op::CreateList& o) {
  if (p_.exporter.interface != Interface::Udmabuf) return void(malformed());
  const StateId lifecycle = w_.buffers[o.buffer.value].lifecycle;
  if (lifecycle == state::kLive || lifecycle == state::kDying) return void(malformed());
  if (o.fd.value >= kMaxFds || w_.fds[o.fd.value].state != state::kFdClosed) return void(malformed());
  const unsigned count = items(o.form);
  const unsigned total = (count > 0 ? o.pages : 0U) + (count > 1 ? o.pages2 : 0U);
  StateId ready = 0;
  if (!fire(MachineId::Udmabuf, ready, event_id<op::CreateList>(),
            when(o.form == ListForm::Unmapped, Fact::ArgumentUnmapped) |
                when(o.form == ListForm::TooMany, Fact::TooManyItems) |
                when(o.form == ListForm::OddOffset || o.form == ListForm::OddSize, Fact::Unaligned) |
                when(o.form == ListForm::TooLarge, Fact::TooLarge) | when(total == 0, Fact::SizeZero) |
                when(o.form == ListForm::Odd, Fact::UnknownFlags)))
    return;
  if (!item(o.first, o.start, o.pages) || (count > 1 && !item(o.second, o.start2, o.pages2))) return;
  if (total > kMaxPages) return void(malformed());  // a good list, of a buffer larger than there is room for here
  if (!reserve_fd(0, event_id<op::CreateList>())) return;
  if (!born(o.buffer, static_cast<std::uint8_t>(std::min(total, 255U)), Access::ReadWrite) ||
      !on_handle(o.buffer.value, DrmFile::First, EventId::Born))
    return;
  auto& source = w_.buffers[o.buffer.value].source;
  std::size_t at = 0;
  const auto join = [&](MemfdId memfd, std::uint8_t from, std::uint8_t pages) {
    for (std::uint8_t i = 0; i < pages; ++i)
      source[at++] = static_cast<std::uint8_t>(memfd.value * kMaxPages + from + i);
  };
  join(o.first, o.start, o.pages);
  if (count > 1) join(o.second, o.start2, o.pages2);
  install(o.fd, o.buffer.value, 0, o.cloexec);
}

}  // namespace dmabuf::model
