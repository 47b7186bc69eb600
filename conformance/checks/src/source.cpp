// SPDX-License-Identifier: MIT
#include "dmabuf/checks/source.hpp"

#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::checks {
namespace {

/// Buffers go round through the slots that a backend keeps for handles; more than there are slots
/// stay open until all is let go.
class BackendSource final : public Source {
 public:
  explicit BackendSource(std::unique_ptr<adapters::ExporterBackend> backend)
      : backend_(std::move(backend)) {}

  adapters::Expected<Buffer> make(const Wanted& wanted) override {
    const model::BufferId slot{static_cast<std::uint8_t>(next_++ % model::kMaxBuffers)};
    const model::op::Create create{.buffer = slot,
                                   .fd = {},
                                   .pages = static_cast<std::uint8_t>(wanted.pages),
                                   .access = wanted.access,
                                   .cloexec = wanted.cloexec};
    return backend_->create(create).map([&](int fd) {
      Buffer buffer;
      buffer.fd = adapters::UniqueFd(fd);
      buffer.size = wanted.pages * adapters::kPageSize;
      return buffer;
    });
  }
  void let_go() override { backend_->reset(); }
  std::string module() const override { return std::string(backend_->module()); }

 private:
  std::unique_ptr<adapters::ExporterBackend> backend_;
  std::size_t next_ = 0;
};

}  // namespace

OpenedSource source_of(adapters::OpenedBackend backend) {
  if (!backend.backend) return {nullptr, std::move(backend.reason), std::move(backend.remedy)};
  return {std::make_unique<BackendSource>(std::move(backend.backend)), {}, {}};
}

}  // namespace dmabuf::checks
