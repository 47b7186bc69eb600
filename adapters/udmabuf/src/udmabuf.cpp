// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/udmabuf.hpp"

#include <fcntl.h>
#include <linux/udmabuf.h>

#include <cstring>

#include "dmabuf/adapters/memory.hpp"

namespace dmabuf::adapters {
namespace {

class Udmabuf final : public ExporterBackend {
 public:
  explicit Udmabuf(UniqueFd device) : device_(std::move(device)) {}

  std::string_view name() const override { return "udmabuf"; }

  Expected<int> create(const model::op::Create& wanted) override {
    const std::size_t size = wanted.pages * kPageSize;
    auto memory = sealed_memory(size);
    if (!memory) harness_failure("cannot make a memfd", memory.error().value);
    udmabuf_create create{.memfd = static_cast<__u32>(memory->get()),
                          .flags = flags(wanted),
                          .offset = 0,
                          .size = size};
    const auto outcome = call(device_.get(), UDMABUF_CREATE, create);
    if (!outcome) return tl::unexpected(outcome.error());
    memory_.push_back(std::move(*memory));
    return static_cast<int>(outcome->value);
  }

  void reset() override { memory_.clear(); }

 private:
  static __u32 flags(const model::op::Create& wanted) {
    return (wanted.cloexec == model::CloseOnExec::Yes ? UDMABUF_FLAGS_CLOEXEC : 0U) |
           (wanted.flags == model::CreationFlags::Unknown ? kUnknownFlag : 0U);
  }

  UniqueFd device_;
  std::vector<UniqueFd> memory_;
};

}  // namespace

OpenedBackend open_udmabuf() {
  UniqueFd device(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
  if (device) return {std::make_unique<Udmabuf>(std::move(device)), {}, {}};
  if (errno == EACCES)
    return {nullptr, "/dev/udmabuf may not be opened", "run as root, or join the group kvm"};
  return {nullptr, "no /dev/udmabuf",
          "boot a kernel with CONFIG_UDMABUF=y (Debian's 6.12 and newer have it)"};
}

}  // namespace dmabuf::adapters
