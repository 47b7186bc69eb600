// SPDX-License-Identifier: MIT
#include "dmabuf/adapters/harness.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "dmabuf/adapters/memory.hpp"
#include "dmabuf/model/pattern.hpp"

namespace dmabuf::adapters {
namespace {

constexpr NamedNumber kPolicies[] = {
    {"eager", DBH_POLICY_EAGER},
    {"deferred", DBH_POLICY_DEFERRED},
    {"refusing", DBH_POLICY_DEFERRED | DBH_POLICY_REFUSE_AFTER_MAP},
    {"caching", DBH_POLICY_EAGER | DBH_POLICY_CACHING},
    {"migrating", DBH_POLICY_DEFERRED | DBH_POLICY_MIGRATE},
    {"novmap", DBH_POLICY_EAGER | DBH_POLICY_NO_VMAP},
    {"dynamic", DBH_POLICY_DEFERRED | DBH_POLICY_DYNAMIC},
};

constexpr NamedNumber kDefects[] = {
    {"none", DBH_DEFECT_NONE},
    {"leak-mapping", DBH_DEFECT_LEAK_MAPPING},
    {"leak-reference", DBH_DEFECT_LEAK_REFERENCE},
    {"wrong-size", DBH_DEFECT_WRONG_SIZE},
    {"drop-cloexec", DBH_DEFECT_DROP_CLOEXEC},
    {"stale-pages", DBH_DEFECT_STALE_PAGES},
    {"skip-detach", DBH_DEFECT_SKIP_DETACH},
    {"mmap-ignores-offset", DBH_DEFECT_MMAP_IGNORES_OFFSET},
    {"wrong-errno", DBH_DEFECT_WRONG_ERRNO},
    {"double-release", DBH_DEFECT_DOUBLE_RELEASE},
    {"extra-reference", DBH_DEFECT_EXTRA_REFERENCE},
    {"short-map", DBH_DEFECT_SHORT_MAP},
    {"dirty-storage", DBH_DEFECT_DIRTY_STORAGE},
    {"lose-contents", DBH_DEFECT_LOSE_CONTENTS},
    {"move-while-mapped", DBH_DEFECT_MOVE_WHILE_MAPPED},
    {"no-zap", DBH_DEFECT_NO_ZAP},
    {"mmap-private", DBH_DEFECT_MMAP_PRIVATE},
    {"forget-refusal", DBH_DEFECT_FORGET_REFUSAL},
    {"leak-page-reference", DBH_DEFECT_LEAK_PAGE_REFERENCE},
    {"move-silently", DBH_DEFECT_MOVE_SILENTLY},
    {"skip-unpin", DBH_DEFECT_SKIP_UNPIN},
    {"leak-pin", DBH_DEFECT_LEAK_PIN},
    {"warn", DBH_DEFECT_WARN},
};
static_assert(std::size(kDefects) == DBH_DEFECT_COUNT);

__u32 direction(model::Direction d) {
  static_assert(static_cast<int>(model::Direction::Bidirectional) == DBH_DIR_BIDIRECTIONAL &&
                static_cast<int>(model::Direction::ToDevice) == DBH_DIR_TO_DEVICE &&
                static_cast<int>(model::Direction::FromDevice) == DBH_DIR_FROM_DEVICE &&
                static_cast<int>(model::Direction::None) == DBH_DIR_NONE);
  return static_cast<__u32>(d);
}

// The model's lax device is the module's first, its strict one the second.
static_assert(model::kLaxDevice.value == DBH_DEVICE_ANY &&
              model::kStrictDevice.value == DBH_DEVICE_STRICT);

model::Outcome fill_page(int device, Handle handle, __u32 via, unsigned page, model::Tag tag) {
  dbh_page request{};
  request.handle = handle;
  request.via = via;
  request.page = page;
  request.seed = tag;
  return call(device, DBH_IOC_PAGE_WRITE, request);
}

}  // namespace

std::span<const NamedNumber> harness_policies() { return kPolicies; }
std::span<const NamedNumber> harness_defects() { return kDefects; }

std::optional<std::uint32_t> find_number(std::span<const NamedNumber> names,
                                         std::string_view name) {
  for (const NamedNumber& known : names)
    if (known.name == name) return known.value;
  return std::nullopt;
}

OpenedHarness Harness::open() {
  UniqueFd device(::open(DBH_DEVICE_PATH, O_RDWR | O_CLOEXEC));
  if (!device) {
    if (errno == EACCES || errno == EPERM)
      return {nullptr, DBH_DEVICE_PATH " may not be opened", "run as root"};
    if (::access("/sys/module/dmabuf_harness", F_OK) == 0)
      return {nullptr, "dmabuf_harness is loaded, but there is no " DBH_DEVICE_PATH,
              "mount devtmpfs on /dev"};
    return {nullptr, "no " DBH_DEVICE_PATH,
            "as root: insmod dmabuf_harness.ko, built from kernel-harness/module for this kernel"};
  }
  dbh_version version{};
  if (const auto asked = call(device.get(), DBH_IOC_VERSION, version);
      !asked || version.abi != DBH_ABI_VERSION)
    return {nullptr, "dmabuf_harness.ko speaks another version of its interface",
            "build the module again from this tree and load it"};
  if (version.page_size != kPageSize)
    return {nullptr, "this kernel's pages are not of 4096 bytes", "use a kernel with 4 KiB pages"};
  return {std::unique_ptr<Harness>(new Harness(std::move(device), version)), {}, {}};
}

Expected<Harness::Exported> Harness::export_buffer(unsigned pages, model::Access access,
                                                   std::uint32_t policy, std::uint32_t defect) {
  dbh_export request{};
  request.size = pages * kPageSize;
  request.flags = static_cast<__u32>(access == model::Access::ReadOnly    ? O_RDONLY
                                     : access == model::Access::WriteOnly ? O_WRONLY
                                                                          : O_RDWR);
  request.policy = policy;
  request.defect = defect;
  return call(fd(), DBH_IOC_EXPORT, request).map([&](auto) {
    return Exported{.reference = request.ref, .serial = request.serial, .ino = request.ino};
  });
}

Expected<int> Harness::install(Handle reference, model::CloseOnExec cloexec) {
  dbh_fd request{};
  request.ref = reference;
  request.flags = cloexec == model::CloseOnExec::Yes ? O_CLOEXEC : 0;
  return call_for_fd(fd(), DBH_IOC_FD, request).map([&](auto) { return request.fd; });
}

Expected<Handle> Harness::get(Process& process, int number) {
  dbh_get request{.fd = number, .ref = 0};
  return process.ioctl(fd(), DBH_IOC_GET, request).map([&](auto) { return request.ref; });
}

model::Outcome Harness::put(Handle reference) {
  dbh_put request{.ref = reference, .pad = 0};
  return call(fd(), DBH_IOC_PUT, request);
}

Expected<Handle> Harness::attach(Handle reference, model::DeviceId device, bool dynamic) {
  dbh_attach request{};
  request.ref = reference;
  request.device = device.value;
  request.flags = dynamic ? DBH_ATTACH_DYNAMIC : 0;
  return call(fd(), DBH_IOC_ATTACH, request).map([&](auto) { return request.attachment; });
}

model::Outcome Harness::detach(Handle attachment) {
  dbh_detach request{.attachment = attachment, .pad = 0};
  return call(fd(), DBH_IOC_DETACH, request);
}

Expected<Handle> Harness::map(Handle attachment, model::Direction d) {
  dbh_map request{};
  request.attachment = attachment;
  request.direction = direction(d);
  return call(fd(), DBH_IOC_MAP, request).map([&](auto) { return request.mapping; });
}

model::Outcome Harness::unmap(Handle mapping) {
  dbh_unmap request{.mapping = mapping, .pad = 0};
  return call(fd(), DBH_IOC_UNMAP, request);
}

model::Outcome Harness::read_page(Handle mapping, unsigned page) {
  return read_page(mapping, DBH_VIA_MAPPING, page);
}

model::Outcome Harness::read_page(Handle handle, std::uint32_t via, unsigned page) {
  dbh_page request{};
  request.handle = handle;
  request.via = via;
  request.page = page;
  return call(fd(), DBH_IOC_PAGE_READ, request).map([&](auto) {
    const bool whole =
        request.word <= UINT32_MAX && request.hash == hash_of(request.word, request.bytes);
    return model::Reply{whole ? request.word : model::kTorn};
  });
}

model::Outcome Harness::write_page(Handle mapping, unsigned page, model::Tag tag) {
  return fill_page(fd(), mapping, DBH_VIA_MAPPING, page, tag);
}

model::Outcome Harness::pin(Handle attachment) {
  dbh_pin request{.attachment = attachment, .pad = 0};
  return call(fd(), DBH_IOC_PIN, request);
}

model::Outcome Harness::unpin(Handle attachment) {
  dbh_pin request{.attachment = attachment, .pad = 0};
  return call(fd(), DBH_IOC_UNPIN, request);
}

model::Outcome Harness::move(Handle reference) {
  dbh_move request{.ref = reference, .pad = 0};
  return call(fd(), DBH_IOC_MOVE, request);
}

model::Outcome Harness::inject(std::uint64_t serial, std::uint32_t callback, std::uint32_t nth,
                               int error) {
  dbh_inject request{};
  request.serial = serial;
  request.callback = callback;
  request.nth = nth;
  request.count = nth > 0 ? 1 : 0;
  request.error = nth > 0 ? static_cast<__u32>(error) : 0;
  return call(fd(), DBH_IOC_INJECT, request);
}

Expected<Harness::Vmapped> Harness::vmap(Handle reference) {
  dbh_vmap request{};
  request.ref = reference;
  return call(fd(), DBH_IOC_VMAP, request).map([&](auto) {
    return Vmapped{.handle = request.vmap, .same = request.same};
  });
}

model::Outcome Harness::vunmap(Handle vmap) {
  dbh_vunmap request{.vmap = vmap, .pad = 0};
  return call(fd(), DBH_IOC_VUNMAP, request);
}

model::Outcome Harness::read_vmap(Handle vmap, unsigned page) {
  return read_page(vmap, DBH_VIA_VMAP, page);
}

model::Outcome Harness::write_vmap(Handle vmap, unsigned page, model::Tag tag) {
  return fill_page(fd(), vmap, DBH_VIA_VMAP, page, tag);
}

model::Outcome Harness::begin_cpu_access(Handle reference, model::Direction d) {
  dbh_cpu_access request{.ref = reference, .direction = direction(d)};
  return call(fd(), DBH_IOC_BEGIN_CPU, request);
}

model::Outcome Harness::end_cpu_access(Handle reference, model::Direction d) {
  dbh_cpu_access request{.ref = reference, .direction = direction(d)};
  return call(fd(), DBH_IOC_END_CPU, request);
}

void Harness::enrol(Process& process) {
  dbh_enrol request{};
  if (const auto outcome = process.ioctl(fd(), DBH_IOC_ENROL, request); !outcome)
    harness_failure("dmabuf_harness does not enrol the peer", outcome.error().value);
}

void Harness::survey(std::span<dbh_fd_seen> fds, std::span<dbh_buffer_seen> buffers) const {
  dbh_survey request{.fds = reinterpret_cast<std::uintptr_t>(fds.data()),
                     .buffers = reinterpret_cast<std::uintptr_t>(buffers.data()),
                     .nr_fds = static_cast<__u32>(fds.size()),
                     .nr_buffers = static_cast<__u32>(buffers.size())};
  if (const auto outcome = call(fd(), DBH_IOC_SURVEY, request); !outcome)
    harness_failure("dmabuf_harness makes no survey", outcome.error().value);
}

Expected<dbh_info> Harness::info(Handle reference) const {
  dbh_info request{};
  request.ref = reference;
  return call(fd(), DBH_IOC_INFO, request).map([&](auto) { return request; });
}

Expected<dbh_counters> Harness::counters(std::uint64_t serial) const {
  dbh_counters request{};
  request.serial = serial;
  return call(fd(), DBH_IOC_COUNTERS, request).map([&](auto) { return request; });
}

Expected<dbh_global> Harness::global() const {
  dbh_global request{};
  return call(fd(), DBH_IOC_GLOBAL, request).map([&](auto) { return request; });
}

void Harness::reset() {
  dbh_reset request{};
  if (const auto outcome = call(fd(), DBH_IOC_RESET, request); !outcome)
    harness_failure("dmabuf_harness refuses to be reset", outcome.error().value);
}

std::uint64_t Harness::hash_of(std::uint64_t tag, std::uint64_t bytes) {
  KnownHash& known = hashes_[tag % hashes_.size()];
  // bytes is 0 only in an entry that was never filled.
  if (known.bytes != bytes || known.tag != tag || bytes == 0)
    known = {.tag = tag, .bytes = bytes, .hash = dbh_pattern_hash(tag, bytes)};
  return known.hash;
}

}  // namespace dmabuf::adapters
