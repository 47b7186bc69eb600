// SPDX-License-Identifier: MIT
// What becomes of CPU mappings after mmap, and children of this process.
#include "dmabuf/adapters/memory.hpp"
#include "kernel_adapter.hpp"

namespace dmabuf::adapters {
namespace {

using model::Outcome;

constexpr model::ProcessId kSelf{0};

Outcome without_value(const Outcome& result) {
  if (!result) return result;
  return model::done();
}

}  // namespace

Outcome KernelAdapter::run(const model::op::Mprotect& op) {
  const Vma& place = vma(op.vma);
  return without_value(process(place.process).mprotect(place.address, place.pages, op.protection));
}

Outcome KernelAdapter::run(const model::op::MunmapPage& op) {
  Vma& place = vma(op.vma);
  auto& into = vmas_.at(op.into.value);
  if (into) throw conformance::HarnessError("the mapping behind the page has no free slot");
  if (op.page >= place.pages) throw conformance::HarnessError("the mapping has no such page");
  const Outcome outcome = process(place.process).munmap(place.address + op.page * kPageSize, 1);
  if (!outcome) return outcome;
  const unsigned behind = place.pages - op.page - 1U;
  if (op.page > 0) {
    if (behind > 0) into = Vma{place.process, place.address + (op.page + 1U) * kPageSize, behind};
    place.pages = op.page;
  } else if (behind > 0) {
    place.address += kPageSize;
    place.pages = behind;
  } else {
    vmas_.at(op.vma.value).reset();
  }
  return model::done();
}

Outcome KernelAdapter::run(const model::op::Mremap& op) {
  Vma& place = vma(op.vma);
  const Outcome address = process(place.process).mremap(place.address, place.pages, op.length);
  if (address) place = {place.process, address->value, op.length};
  return without_value(address);
}

Outcome KernelAdapter::run(const model::op::Move& op) {
  Vma& place = vma(op.vma);
  const Outcome address = process(place.process).move(place.address, place.pages);
  if (address) place.address = address->value;
  return without_value(address);
}

KernelAdapter::Child& KernelAdapter::child(model::ChildId id) {
  Child& found = children_.at(id.value);
  if (!found.process) throw conformance::HarnessError("there is no such child");
  return found;
}

Outcome KernelAdapter::run(const model::op::Fork& op) {
  Child& child = children_.at(op.child.value);
  if (child.process) throw conformance::HarnessError("there is such a child already");
  std::vector<int> inherited;
  for (std::uint8_t i = 0; i < model::kMaxFds; ++i) {
    const model::FdId fd{i};
    if (fds_.holds(fd) && fds_.at(fd).process == kSelf) inherited.push_back(fds_.at(fd).number);
  }
  // All else that this process has open, the child closes before it answers for the first time.
  child.process = PeerProcess::start(inherited);
  for (std::size_t i = 0; i < vmas_.size(); ++i)
    if (vmas_[i] && vmas_[i]->process == kSelf) child.vmas[i] = vmas_[i];
  return model::done();
}

Outcome KernelAdapter::run(const model::op::ChildLoad& op) {
  Child& from = child(op.child);
  const auto& place = from.vmas.at(op.vma.value);
  if (!place) throw conformance::HarnessError("the child has no such mapping");
  if (op.page >= place->pages) return model::refused(EFAULT);
  return from.process->load(place->address + op.page * kPageSize);
}

Outcome KernelAdapter::run(const model::op::Exec& op) {
  Child& from = child(op.child);
  const Outcome outcome = from.process->exec();
  if (outcome) from.vmas = {};
  return outcome;
}

Outcome KernelAdapter::run(const model::op::Exit& op) {
  Child& from = child(op.child);
  if (op.ending == model::Ending::Exited) from.process->leave();
  from = {};
  return model::done();
}

}  // namespace dmabuf::adapters
