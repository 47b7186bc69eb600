// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/drm_prime.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "dmabuf/adapters/drm_uapi.hpp"
#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/adapters/unique_fd.hpp"

namespace dmabuf::adapters {
namespace {

constexpr std::string_view kDirectory = "/dev/dri";

std::string driver_of(int card) {
  std::array<char, 64> name{};
  drm_version version{};
  version.name = name.data();
  version.name_len = name.size() - 1;
  if (!call(card, DRM_IOCTL_VERSION, version)) return {};
  return std::string(name.data(), std::min(version.name_len, name.size() - 1));
}

__u64 capability(int card, __u64 which) {
  drm_get_cap cap{.capability = which, .value = 0};
  return call(card, DRM_IOCTL_GET_CAP, cap) ? cap.value : 0;
}

/// The module behind a card. Most are named after the driver. Where one is not, sysfs knows; but of
/// a virtio device it names the driver of the PCI function in front.
std::string module_of(const std::string& path, const std::string& driver) {
  std::string module = driver;
  std::replace(module.begin(), module.end(), '-', '_');
  std::error_code ignored;
  if (std::filesystem::exists("/sys/module/" + module, ignored)) return module;
  const std::string link = "/sys/class/drm/" + std::filesystem::path(path).filename().string() +
                           "/device/driver/module";
  std::array<char, PATH_MAX> real{};
  if (::realpath(link.c_str(), real.data()) != nullptr)
    return std::filesystem::path(real.data()).filename().string();
  return module;
}

class DrmPrime final : public ExporterBackend {
 public:
  DrmPrime(std::string name, std::string module, UniqueFd card, UniqueFd second)
      : name_(std::move(name)),
        module_(std::move(module)),
        files_{File{std::move(card), {}, {}, {}}, File{std::move(second), {}, {}, {}}} {}
  ~DrmPrime() override { close_handles(); }

  std::string_view name() const override { return name_; }
  std::string_view module() const override { return module_; }
  bool has_handles() const override { return true; }

  Expected<int> create(const model::op::Create& wanted) override {
    const auto dumb = make_dumb(wanted.pages);
    if (!dumb) return tl::unexpected(dumb.error());
    const auto shared = share(first(), dumb->handle, wanted);
    if (!shared) {
      (void)close_gem(first(), dumb->handle);
      return tl::unexpected(shared.error());
    }
    first().put(wanted.buffer, dumb->handle);
    return *shared;
  }

  model::Outcome create_dumb(const model::op::CreateDumb& wanted) override {
    const auto dumb = make_dumb(wanted.pages);
    if (!dumb) return tl::unexpected(dumb.error());
    first().put(wanted.buffer, dumb->handle);
    return model::done();
  }

  Expected<int> handle_to_fd(const model::op::HandleToFd& wanted) override {
    File& file = this->file(wanted.file);
    return share(file, file.number(wanted.buffer), wanted);
  }

  model::Outcome fd_to_handle(const model::op::FdToHandle& wanted, int dmabuf,
                              std::optional<model::BufferId> buffer) override {
    File& file = this->file(wanted.file);
    drm_prime_handle prime{.handle = 0, .flags = 0, .fd = dmabuf};
    if (const auto done = call(file.card.get(), DRM_IOCTL_PRIME_FD_TO_HANDLE, prime); !done)
      return tl::unexpected(done.error());
    for (std::uint8_t b = 0; b < model::kMaxBuffers; ++b)
      if (file.handles[b] == prime.handle) return model::done(model::handle_of(model::BufferId{b}));
    const bool lowest = file.lowest_free() == prime.handle;
    if (buffer)
      file.put(*buffer, prime.handle);
    else
      file.lost.push_back(prime.handle);
    return model::done(lowest ? model::kNewHandle : model::kGappedHandle);
  }

  model::Outcome close_handle(const model::op::CloseHandle& wanted) override {
    File& file = this->file(wanted.file);
    const auto outcome = close_gem(file, file.number(wanted.buffer));
    if (outcome) file.handles.at(wanted.buffer.value).reset();
    return outcome;
  }

  void reset() override { close_handles(); }

  /// Why its buffers cannot be used, or nothing.
  std::string unsuitable() {
    for (unsigned pages = 1; pages <= model::kMaxPages; ++pages) {
      const auto dumb = make_dumb(pages);
      if (!dumb) return "cannot make a dumb buffer: " + std::string(errno_text(dumb.error().value));
      (void)close_gem(first(), dumb->handle);
      if (dumb->size != pages * kPageSize)
        return "its dumb buffers are not of the size asked for";
    }
    return {};
  }

 private:
  /// An open file of the device, and the handles on it.
  struct File {
    UniqueFd card;
    std::array<std::optional<__u32>, model::kMaxBuffers> handles;
    std::array<__u32, model::kMaxBuffers> last;  ///< what the slot's handle was, before it was closed
    std::vector<__u32> lost;                     ///< of slots that were used again

    bool in_use(__u32 handle) const {
      return std::find(handles.begin(), handles.end(), handle) != handles.end() ||
             std::find(lost.begin(), lost.end(), handle) != lost.end();
    }
    __u32 lowest_free() const {
      __u32 handle = 1;
      while (in_use(handle)) ++handle;
      return handle;
    }
    /// The slot's handle. Of a slot without one the number that it had, if nothing else has it by now; or 0.
    __u32 number(model::BufferId buffer) const {
      const auto& handle = handles.at(buffer.value);
      return handle ? *handle : in_use(last[buffer.value]) ? 0U : last[buffer.value];
    }
    void put(model::BufferId buffer, __u32 handle) {
      auto& slot = handles.at(buffer.value);
      if (slot) lost.push_back(*slot);  // an earlier buffer of this slot was never let go
      slot = last[buffer.value] = handle;
    }
  };

  File& file(model::DrmFile which) { return files_.at(static_cast<std::size_t>(which)); }
  File& first() { return files_.front(); }

  /// What a creation and an export say of flags, in the ioctl's own.
  template <class Wanted>
  static Expected<int> share(const File& file, __u32 handle, const Wanted& wanted) {
    // O_WRONLY is no flag that DRM knows; it is passed on all the same, for the kernel to refuse.
    const int mode = wanted.access == model::Access::ReadWrite   ? O_RDWR
                     : wanted.access == model::Access::WriteOnly ? O_WRONLY
                                                          : O_RDONLY;
    const __u32 flags = static_cast<__u32>(mode | (wanted.cloexec == model::CloseOnExec::Yes ? O_CLOEXEC : 0)) |
                        (wanted.flags == model::CreationFlags::Unknown ? kUnknownFlag : 0U);
    drm_prime_handle prime{.handle = handle, .flags = flags, .fd = -1};
    return call_for_fd(file.card.get(), DRM_IOCTL_PRIME_HANDLE_TO_FD, prime).map([&](auto) { return prime.fd; });
  }

  Expected<drm_mode_create_dumb> make_dumb(unsigned pages) {
    drm_mode_create_dumb dumb{};
    dumb.width = kPageSize / 4;  // of 32 bits: a line is a page, whatever lines are aligned to
    dumb.bpp = 32;
    dumb.height = pages;
    return call(first().card.get(), DRM_IOCTL_MODE_CREATE_DUMB, dumb).map([&](auto) { return dumb; });
  }

  static model::Outcome close_gem(const File& file, __u32 handle) {
    drm_gem_close request{.handle = handle, .pad = 0};
    return call(file.card.get(), DRM_IOCTL_GEM_CLOSE, request);
  }

  void close_handles() {
    for (File& file : files_) {
      for (auto& handle : file.handles) {
        if (handle) (void)close_gem(file, *handle);
        handle.reset();
      }
      file.last = {};
      for (const __u32 handle : file.lost) (void)close_gem(file, handle);
      file.lost.clear();
    }
  }

  std::string name_;
  std::string module_;
  std::array<File, model::kDrmFiles> files_;
};

}  // namespace

std::vector<DrmCard> drm_cards() {
  std::vector<DrmCard> cards;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory, ignored)) {
    const std::string path = entry.path().string();
    if (!entry.path().filename().string().starts_with("card")) continue;
    const UniqueFd card(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!card) continue;
    // Whether it has dumb buffers is for CREATE_DUMB to say: drivers without a display, such as
    // vgem, are not asked for that capability (drm_ioctl.c: drm_getcap).
    const bool usable = (capability(card.get(), DRM_CAP_PRIME) & DRM_PRIME_CAP_EXPORT) != 0;
    cards.push_back({.path = path, .driver = driver_of(card.get()), .usable = usable});
  }
  std::sort(cards.begin(), cards.end(), [](const DrmCard& a, const DrmCard& b) {
    return std::pair(a.path.size(), a.path) < std::pair(b.path.size(), b.path);
  });
  return cards;
}

OpenedBackend open_drm_prime(std::string_view driver) {
  const std::string wanted(driver);
  for (const DrmCard& card : drm_cards()) {
    if (card.driver != wanted) continue;
    if (!card.usable)
      return {nullptr, card.path + " (" + wanted + ") cannot export buffers",
              "choose another DRM device"};
    UniqueFd fd(::open(card.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return {nullptr, card.path + " went away", "try again"};
    (void)::ioctl(fd.get(), DRM_IOCTL_DROP_MASTER, nullptr);  // we need no display, others may
    UniqueFd second(::open(card.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!second) return {nullptr, card.path + " cannot be opened twice", "try again"};
    (void)::ioctl(second.get(), DRM_IOCTL_DROP_MASTER, nullptr);
    const std::string name = wanted == "vgem" ? wanted : "drm:" + wanted;
    auto backend = std::make_unique<DrmPrime>(name, module_of(card.path, wanted), std::move(fd), std::move(second));
    if (std::string why = backend->unsuitable(); !why.empty())
      return {nullptr, card.path + " (" + wanted + "): " + why, "choose another DRM device"};
    return {std::move(backend), {}, {}};
  }
  std::string module = wanted == "bochs-drm" ? "bochs" : wanted;
  return {nullptr, "no DRM device of driver " + wanted + " that can be opened",
          "as root: modprobe " + module + "; the node must be in /dev/dri (devtmpfs)"};
}

}  // namespace dmabuf::adapters
