// SPDX-License-Identifier: MIT
#include "dmabuf/reference/system.hpp"

#include <variant>

namespace dmabuf::reference {

System::System(const ExporterConfig& exporter, Mutant mutant) : exporter_(&exporter) {
  core_.mutant = mutant;
  references_.fill(kNobody);
}

model::Outcome System::apply(const model::Operation& operation) {
  return std::visit([this](const auto& op) { return run(op); }, operation);
}

void System::let_go() {
  const auto each = [](std::size_t count, auto&& step) {
    for (std::size_t i = 0; i < count; ++i) step(static_cast<std::uint8_t>(i));
  };
  (void)run(model::op::CloseVideo{});
  each(children_.size(), [this](std::uint8_t i) { run(model::op::Exit{{i}}); });
  for (bool more = true; more;) {  // oldest first
    more = false;
    for (std::size_t i = 0; i < fences_.size() && !more; ++i) {
      if (!fences_[i].made || fences_[i].signalled) continue;
      bool oldest = true;
      for (const Fence& other : fences_)
        if (other.made && !other.signalled && other.context == fences_[i].context && other.seqno < fences_[i].seqno)
          oldest = false;
      if (oldest) more = run(model::op::SignalFence{{static_cast<std::uint8_t>(i)}, model::FenceResult::Ok}).has_value();
    }
  }
  each(sync_files_.size(), [this](std::uint8_t i) { run(model::op::CloseSyncFile{{i}}); });
  each(mappings_.size(), [this](std::uint8_t i) { run(model::op::Unmap{{i}}); });
  each(vmaps_.size(), [this](std::uint8_t i) { run(model::op::Vunmap{{i}}); });
  each(attachments_.size(), [this](std::uint8_t i) {
    while (attachments_[i].pins > 0) run(model::op::Unpin{{i}});
    run(model::op::Detach{{i}});
  });
  each(vmas_.size(), [this](std::uint8_t i) { run(model::op::Munmap{{i}}); });
  each(messages_.size(), [this](std::uint8_t i) { run(model::op::Discard{{i}}); });
  each(fds_.size(), [this](std::uint8_t i) { run(model::op::Close{{i}}); });
  each(memfds_.size(), [this](std::uint8_t i) { run(model::op::CloseMemfd{{i}}); });
  each(references_.size(), [this](std::uint8_t i) { run(model::op::Put{{i}}); });
  for (const model::DrmFile file : {model::DrmFile::First, model::DrmFile::Second})
    each(buffers_.size(), [this, file](std::uint8_t i) { run(model::op::CloseHandle{{i}, file}); });
}

}  // namespace dmabuf::reference
