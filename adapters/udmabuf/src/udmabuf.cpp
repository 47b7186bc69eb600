// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/udmabuf.hpp"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <array>
#include <climits>
#include <cstring>
#include <fstream>

#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/model/pattern.hpp"

namespace dmabuf::adapters {
namespace {

using model::ListForm;
using model::Seals;

/// A limit of the module, which whoever booted this kernel may have moved.
std::uint64_t parameter(const char* name, std::uint64_t otherwise) {
  std::ifstream file(std::string("/sys/module/udmabuf/parameters/") + name);
  std::uint64_t value = 0;
  return file >> value ? value : otherwise;
}

int seals_of(Seals seals) {
  switch (seals) {
    case Seals::Shrink: return F_SEAL_SHRINK;
    case Seals::Write: return F_SEAL_SHRINK | F_SEAL_WRITE;
    case Seals::FutureWrite: return F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE;
    case Seals::None:
    case Seals::NotForSealing: return 0;
  }
  return 0;
}

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
    const auto outcome = call_for_fd(device_.get(), UDMABUF_CREATE, create);
    if (!outcome) return tl::unexpected(outcome.error());
    memory_.push_back(std::move(*memory));
    return static_cast<int>(outcome->value);
  }

  bool has_lists() const override { return true; }

  model::Outcome memfd(const model::op::Memfd& wanted) override {
    const unsigned flags = MFD_CLOEXEC | (wanted.seals == Seals::NotForSealing ? 0U : MFD_ALLOW_SEALING);
    const auto made = [&] {
      const FdLimit limit;
      return outcome_of(::memfd_create("dmabuf-conform", flags));
    }();
    if (!made) return made;
    UniqueFd memfd(static_cast<int>(made->value));
    if (::ftruncate(memfd.get(), static_cast<off_t>(wanted.pages * kPageSize)) != 0)
      harness_failure("cannot make a memfd", errno);
    const int seals = seals_of(wanted.seals);
    if (seals != 0 && ::fcntl(memfd.get(), F_ADD_SEALS, seals) != 0) return model::refused(errno);
    memfds_.at(wanted.memfd.value) = std::move(memfd);
    return model::done();
  }

  model::Outcome close_memfd(const model::op::CloseMemfd& wanted) override {
    UniqueFd& memfd = memfds_.at(wanted.memfd.value);
    if (!memfd) return model::refused(EBADF);
    memfd.reset();
    return model::done();
  }

  model::Outcome write_memfd(const model::op::WriteMemfd& wanted) override {
    std::array<std::byte, kPageSize> page;
    model::fill_page(page, wanted.tag);
    return moved(::pwrite(memfds_.at(wanted.memfd.value).get(), page.data(), page.size(), offset(wanted.page)));
  }

  model::Outcome read_memfd(const model::op::ReadMemfd& wanted) override {
    std::array<std::byte, kPageSize> page;
    const auto outcome = moved(::pread(memfds_.at(wanted.memfd.value).get(), page.data(), page.size(), offset(wanted.page)));
    return outcome ? model::done(model::page_tag(page)) : outcome;
  }

  Expected<int> create_list(const model::op::CreateList& wanted) override {
    const udmabuf_create_item first = item(wanted.first, wanted.start, wanted.pages);
    udmabuf_create_item second = item(wanted.second, wanted.start2, wanted.pages2);
    if (wanted.form == ListForm::Single) {
      udmabuf_create create{.memfd = first.memfd, .flags = flags(wanted), .offset = first.offset, .size = first.size};
      return number(call_for_fd(device_.get(), UDMABUF_CREATE, create));
    }
    if (wanted.form == ListForm::OddOffset) ++second.offset;
    if (wanted.form == ListForm::OddSize) ++second.size;
    std::vector<udmabuf_create_item> items;
    if (wanted.form != ListForm::Empty) items = {first, second};
    if (wanted.form == ListForm::TooLarge) {
      items.push_back(first);
      items.back().offset = 0;
      items.back().size = (parameter("size_limit_mb", 64) << 20) + kPageSize;
    }
    if (wanted.form == ListForm::TooMany) items.assign(parameter("list_limit", 1024) + 1, first);
    if (wanted.form == ListForm::Odd)
      for (udmabuf_create_item& one : items) one.__pad = kUnknownFlag;
    const std::array<__u32, 2> head{flags(wanted), static_cast<__u32>(items.size())};
    static_assert(sizeof head == sizeof(udmabuf_create_list));
    std::vector<std::byte> argument(sizeof head + items.size() * sizeof(udmabuf_create_item));
    std::memcpy(argument.data(), head.data(), sizeof head);
    if (!items.empty()) std::memcpy(argument.data() + sizeof head, items.data(), items.size() * sizeof(udmabuf_create_item));
    void* const at = wanted.form == ListForm::Unmapped ? unmapped_page() : argument.data();
    const FdLimit limit;
    return number(outcome_of(::ioctl(device_.get(), UDMABUF_CREATE_LIST, at)));
  }

  void reset() override {
    memory_.clear();
    memfds_ = {};
  }

 private:
  static off_t offset(std::uint8_t page) { return static_cast<off_t>(page * kPageSize); }

  static model::Outcome moved(ssize_t bytes) {
    if (bytes < 0) return model::refused(errno);
    if (bytes != static_cast<ssize_t>(kPageSize)) harness_failure("a memfd took or gave a part of a page", EIO);
    return model::done();
  }

  static Expected<int> number(const model::Outcome& outcome) {
    if (!outcome) return tl::unexpected(outcome.error());
    return static_cast<int>(outcome->value);
  }

  udmabuf_create_item item(model::MemfdId memfd, std::uint8_t from, std::uint8_t pages) const {
    int number = INT_MAX;  // nothing is open there
    if (memfd == model::kForeignMemfd)
      number = foreign_.get();
    else if (memfd.value < memfds_.size() && memfds_[memfd.value])
      number = memfds_[memfd.value].get();
    return {.memfd = static_cast<__u32>(number), .__pad = 0, .offset = from * kPageSize, .size = pages * kPageSize};
  }

  static __u32 flags(const model::op::CreateList& wanted) {
    return (wanted.cloexec == model::CloseOnExec::Yes ? UDMABUF_FLAGS_CLOEXEC : 0U) |
           (wanted.form == ListForm::Odd ? kUnknownFlag : 0U);
  }
  static __u32 flags(const model::op::Create& wanted) {
    return (wanted.cloexec == model::CloseOnExec::Yes ? UDMABUF_FLAGS_CLOEXEC : 0U) |
           (wanted.flags == model::CreationFlags::Unknown ? kUnknownFlag : 0U);
  }

  UniqueFd device_;
  std::vector<UniqueFd> memory_;
  std::array<UniqueFd, model::kMaxMemfds> memfds_;
  UniqueFd foreign_{::eventfd(0, EFD_CLOEXEC)};
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
