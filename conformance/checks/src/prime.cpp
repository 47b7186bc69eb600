// SPDX-License-Identifier: MIT
// DRM PRIME, vgem and virtio-gpu: PRM, VGM, VGP, and what a second device shows: BUF-008, NAM-006.
#include "prime.hpp"

#include <sys/eventfd.h>

#include <array>

#include "areas.hpp"

namespace dmabuf::checks {
namespace {

void order(Context& c) {
  Card card(c, driver_name(c.exporter()));
  const __u32 handle = card.dumb();
  int out = -1;
  const auto to_fd = [&](const Expect& expected, __u32 h, __u32 flags, std::string_view what) {
    c.expect("PRM-001", expected, fmt::format("ioctl(card, PRIME_HANDLE_TO_FD, {})", what),
             [&] { return card.to_fd(h, flags, out); });
  };
  to_fd(fails(EINVAL), handle, O_APPEND, "flags O_APPEND");
  to_fd(fails(EINVAL), handle, O_WRONLY, "flags O_WRONLY");
  to_fd(fails(EINVAL), handle, O_RDWR | O_NONBLOCK, "flags O_RDWR|O_NONBLOCK");
  to_fd(fails(EINVAL), 77, O_APPEND, "an unknown handle and flags O_APPEND");
  to_fd(fails(ENOENT), 77, O_RDWR, "an unknown handle");
  to_fd(fails(ENOENT), 0, 0, "handle 0");
  __u32 got = 0;
  const auto to_handle = [&](const Expect& expected, int fd, std::string_view what) {
    c.expect("PRM-001", expected, fmt::format("ioctl(card, PRIME_FD_TO_HANDLE, {})", what),
             [&] { return card.to_handle(fd, got); });
  };
  to_handle(fails(EBADF), -1, "-1");
  to_handle(fails(EBADF), 1000, "a closed number");
  const UniqueFd stranger(::eventfd(0, EFD_CLOEXEC));
  to_handle(fails(EINVAL), stranger.get(), "an eventfd");
  to_handle(fails(EINVAL), card.fd(), "the card itself");
  const UniqueFd buffer = card.exported(handle);
  const UniqueFd path(
      ::open(fmt::format("/proc/self/fd/{}", buffer.get()).c_str(), O_PATH | O_CLOEXEC));
  c.expect("FD-006", fails(EBADF), "ioctl(card, PRIME_FD_TO_HANDLE, O_PATH fd)",
           [&] { return card.to_handle(path.get(), got); });
  c.expect("FD-006", fails(EBADF), "ioctl(card, PRIME_FD_TO_HANDLE, a closed number)",
           [&] { return card.to_handle(1000, got); });
  c.expect("FD-007", fails(EINVAL), "ioctl(card, PRIME_FD_TO_HANDLE, an eventfd)",
           [&] { return card.to_handle(stranger.get(), got); });
  c.expect("PRM-008", fails(EINVAL), "ioctl(card, GEM_CLOSE, 0)",
           [&] { return card.gem_close(0); });
  c.expect("PRM-008", fails(EINVAL), "ioctl(card, GEM_CLOSE, 77)",
           [&] { return card.gem_close(77); });
  c.expect("PRM-008", returns(0), "ioctl(card, GEM_CLOSE, handle)",
           [&] { return card.gem_close(handle); });
  c.expect("PRM-008", fails(EINVAL), "ioctl(card, GEM_CLOSE, the same again)",
           [&] { return card.gem_close(handle); });
}

void dedupe(Context& c) {
  Card card(c, driver_name(c.exporter())), other(c, driver_name(c.exporter()), "card2");
  const __u32 handle = card.dumb();
  const UniqueFd one = card.exported(handle);
  const UniqueFd two = card.exported(handle);
  c.hold("PRM-002", one.get() != two.get() && same_buffer(one.get(), two.get()),
         "two exports of one handle", "two fds, one buffer", "two buffers");
  const long counted = c.count(one.get());
  const __u32 same = card.imported(one.get());
  c.equal("PRM-005", "handle of an import on the exporting file", handle, same);
  c.equal("PRM-005", "handle of a second import", handle, card.imported(two.get()));
  c.equal("PRM-005", "count after the imports", counted, c.count(one.get()));
  const __u32 theirs = other.imported(one.get());
  c.equal("PRM-006", "count after an import on another file of the device", counted + 1,
          c.count(one.get()));
  const UniqueFd three = other.exported(theirs);
  c.hold("PRM-002", same_buffer(one.get(), three.get()), "export from the other file",
         "the same buffer", "another buffer");
  const std::string text = c.bufinfo();
  const auto row = listed(text, inode_of(one.get()));
  c.equal("PRM-006", "attached devices after the self-import", 0L,
          static_cast<long>(row ? row->attachments : -1));
  c.equal("PRM-005", "handle of a second import on the other file", theirs,
          other.imported(two.get()));
  card.let_go(handle);
  c.expect("PRM-005", fails(EINVAL),
           "ioctl(card, GEM_CLOSE, handle) again: handles are not counted",
           [&] { return card.gem_close(handle); });
  const __u32 again = card.imported(one.get());
  c.hold("PRM-011", again >= 1, "import after the handle was closed", "a handle", "none");
  c.equal("PRM-007", "number of the handle, the lowest free one", handle, again);
}

void handles(Context& c) {
  Card card(c, driver_name(c.exporter()));
  const __u32 one = card.dumb(1), two = card.dumb(1), three = card.dumb(1);
  c.equal("PRM-007", "first handle of a file", 1U, one);
  c.equal("PRM-007", "second", 2U, two);
  c.equal("PRM-007", "third", 3U, three);
  card.let_go(two);
  c.equal("PRM-007", "handle after the second was closed", 2U, card.dumb(1));
}

void counts(Context& c) {
  Card card(c, driver_name(c.exporter()));
  const __u32 handle = card.dumb();
  UniqueFd one = card.exported(handle);
  c.equal("PRM-009", "count after the first export (fd, object, file)", 3L, c.count(one.get()));
  {
    const UniqueFd two = card.exported(handle);
    c.equal("PRM-009", "count after the second", 4L, c.count(one.get()));
  }
  card.let_go(handle);
  c.equal("PRM-010", "count after GEM_CLOSE of the last handle", 1L, c.count(one.get()));
  const __u32 again = card.imported(one.get());
  const std::uint64_t inode = inode_of(one.get());
  c.equal("PRM-011", "count after the handle came back", 3L, c.count(one.get()));
  one.reset();
  c.equal("REL-003", "count in bufinfo with the handle alone", 2L, listed_count(c, inode));
  const UniqueFd back = card.exported(again);
  c.equal("REL-003", "inode of the buffer exported again", inode, inode_of(back.get()));
  card.close();
  c.equal("PRM-012", "count after the card was closed", 1L, c.count(back.get()));
}

void contents(Context& c) {
  Card card(c, driver_name(c.exporter()));
  const __u32 handle = card.dumb();
  const UniqueFd fd = card.exported(handle);
  {
    const Mapping m = map_or_skip(c, fd.get(), 4);
    for (std::size_t page = 0; page < 4; ++page) {
      const auto word = peek(m.at(page));
      c.hold("VGM-004", word == 0U, fmt::format("load page {} of a new buffer", page), "0x0",
             seen(word));
      poke(m.at(page), tag(page));
    }
  }
  card.let_go(handle);
  (void)card.imported(fd.get());
  const Mapping m = map_or_skip(c, fd.get(), 4);
  for (std::size_t page = 0; page < 4; ++page) {
    const auto word = peek(m.at(page));
    c.hold("PRM-011", word == tag(page),
           fmt::format("load page {} after the handle was closed and came back", page),
           fmt::format("{:#x}", tag(page)), seen(word));
  }
}

void access(Context& c) {
  Card card(c, driver_name(c.exporter()));
  const __u32 read_only = card.dumb();
  const UniqueFd one = card.exported(read_only, O_CLOEXEC);
  c.equal("PRM-004", "access mode without DRM_RDWR", O_RDONLY,
          ::fcntl(one.get(), F_GETFL) & O_ACCMODE);
  c.equal("PRM-003", "FD_CLOEXEC with DRM_CLOEXEC", FD_CLOEXEC, ::fcntl(one.get(), F_GETFD));
  const UniqueFd two = card.exported(read_only, O_RDWR);
  c.equal("PRM-003", "access mode of a later export with DRM_RDWR", O_RDONLY,
          ::fcntl(two.get(), F_GETFL) & O_ACCMODE);
  c.equal("PRM-003", "FD_CLOEXEC without DRM_CLOEXEC", 0, ::fcntl(two.get(), F_GETFD));
  c.expect("PRM-003", fails(EACCES), "mmap(PROT_WRITE) of the later fd",
           [&] { return map(two.get(), 1) ? 0 : -1; });
  const __u32 writable = card.dumb();
  const UniqueFd three = card.exported(writable, O_RDWR);
  c.equal("PRM-003", "access mode with DRM_RDWR", O_RDWR,
          ::fcntl(three.get(), F_GETFL) & O_ACCMODE);
  const UniqueFd four = card.exported(writable, O_CLOEXEC);
  c.equal("PRM-003", "access mode of a later export without it", O_RDWR,
          ::fcntl(four.get(), F_GETFL) & O_ACCMODE);
}

// drm_gem_prime_handle_to_fd reserves the fd first since 6.12; before, the buffer has been made by
// then.
struct Exhausted {
  model::Versions kernels;
  long count;
};
constexpr Exhausted kExhausted[] = {{{"6.12", ""}, -1}, {{"", "6.8"}, 2}};

void exhaustion(Context& c) {
  Card card(c, driver_name(c.exporter()));
  const __u32 handle = card.dumb();
  const long before = adapters::count_buffers(c.bufinfo());
  int out = -1;
  long result = 0;
  int error = 0;
  {
    const NoMoreFds none;
    errno = 0;
    result = card.to_fd(handle, O_CLOEXEC, out);
    error = errno;
  }
  c.hold("PRM-019", result < 0 && error == EMFILE,
         "ioctl(card, PRIME_HANDLE_TO_FD, handle) when no fd is free", "EMFILE",
         result < 0 ? errno_name(error) : "ok");
  c.hold("FD-002", result < 0 && error == EMFILE,
         "ioctl(card, PRIME_HANDLE_TO_FD, handle) when no fd is free", "EMFILE",
         result < 0 ? errno_name(error) : "ok");
  const long after = adapters::count_buffers(c.bufinfo());
  for (const Exhausted& row : kExhausted) {
    if (!c.kernel_is(row.kernels)) continue;
    c.equal("PRM-019", "buffers that the failed call left cached", row.count < 0 ? 0L : 1L,
            after - before);
    const UniqueFd fd = card.exported(handle, O_RDWR | O_CLOEXEC);
    c.equal("PRM-019", "access mode of the next export, asked for as O_RDWR",
            row.count < 0 ? O_RDWR : O_RDONLY, ::fcntl(fd.get(), F_GETFL) & O_ACCMODE);
  }
  card.let_go(handle);
}

void caps(Context& c) {
  Card card(c, driver_name(c.exporter()));
  drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
  c.expect("PRM-023", returns(0), "ioctl(card, GET_CAP, DRM_CAP_PRIME)",
           [&] { return ::ioctl(card.fd(), DRM_IOCTL_GET_CAP, &cap); });
  c.equal("PRM-023", "DRM_CAP_PRIME (1: import, 2: export)", __u64{3}, cap.value);
}

void drm_mmap(Context& c) {
  Card card(c, driver_name(c.exporter()));
  const __u32 handle = card.dumb();
  const UniqueFd fd = card.exported(handle);
  const long before = c.count(fd.get());
  drm_mode_map_dumb where{.handle = handle, .pad = 0, .offset = 0};
  c.ours("ioctl(card, MODE_MAP_DUMB, handle)",
         [&] { return ::ioctl(card.fd(), DRM_IOCTL_MODE_MAP_DUMB, &where); });
  const Mapping through_card(::mmap(nullptr, 4 * kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED,
                                    card.fd(), static_cast<off_t>(where.offset)),
                             4 * kPageSize);
  if (!through_card) c.trouble("mmap of the card", errno);
  c.equal("PRM-022", "count with a mapping made through the card", before, c.count(fd.get()));
  const Mapping through_fd = map_or_skip(c, fd.get(), 4);
  for (std::size_t page = 0; page < 4; ++page) {
    poke(through_card.at(page), tag(page));
    c.hold(
        "MMU-016", peek(through_fd.at(page)) == tag(page),
        fmt::format("load page {} through the fd's mapping after a store through the card's", page),
        fmt::format("{:#x}", tag(page)), seen(peek(through_fd.at(page))));
  }
}

void module_pinned(Context& c) {
  const std::string module = c.source().module();
  const auto uses = [&] { return use_count(module); };
  if (uses() < 0) throw NotApplicable{"the driver is built in", "build it as a module"};
  const long none = uses();
  {
    Card card(c, driver_name(c.exporter()));
    c.equal("VGM-014", "use count with one more open card", none + 1, uses());
    const __u32 handle = card.dumb();
    UniqueFd fd = card.exported(handle);
    c.equal("VGM-014", "use count with a buffer too", none + 2, uses());
    card.close();
    c.equal("PRM-025", "use count with the card closed and the buffer open", none + 1, uses());
    fd.reset();
  }
  c.equal("VGM-014", "use count afterwards", none, uses());
}

// --- a second device -----------------------------------------------------------------------------

/// A driver other than the exporter's that imports; vgem takes everything that has a table.
std::string other_driver(Context& c) {
  for (const std::string& driver : drm::drivers())
    if (driver == "vgem" && c.exporter() != "vgem") return driver;
  throw NotApplicable{"there is no other DRM device that imports", "as root: modprobe vgem"};
}

void foreign(Context& c) {
  Card importer(c, other_driver(c), "importer"), second(c, other_driver(c), "importer2");
  const Buffer b = c.buffer();
  const std::size_t pages = b.pages();
  const long before = c.count(b.number());
  __u32 handle = 0;
  if (c.call("ioctl(importer, PRIME_FD_TO_HANDLE, fd)",
             [&] { return importer.to_handle(b.number(), handle); }) < 0)
    throw NotApplicable{
        fmt::format("{} cannot import this buffer ({})", other_driver(c), errno_name(errno)),
        "none: PRM-020 looks at that"};
  c.equal("PRM-013", "count after a foreign import", before + 3, c.count(b.number()));
  if (!c.is("udmabuf"))
    c.not_applicable("UDM-022", "it speaks of udmabuf", "test udmabuf");
  else
    c.hold("UDM-022", true, "import by another device", "ok", "ok");
  {
    const std::string text = c.bufinfo();
    const auto row = listed(text, inode_of(b.number()));
    c.equal("PRM-013", "attached devices", 1L, static_cast<long>(row ? row->attachments : -1));
    const auto at = text.find(fmt::format("\t{:08}\t", inode_of(b.number())));
    c.hold("BUF-008",
           at != std::string::npos &&
               text.find("\n\tAttached Devices:\n\tvgem\nTotal 1 devices attached\n", at) !=
                   std::string::npos,
           "attached device in bufinfo", "vgem", text.substr(std::min(at, text.size()), 120));
  }
  c.expect("NAM-006", returns(0), "ioctl(fd, DMA_BUF_SET_NAME, \"n\") while a device is attached",
           [&] { return ::ioctl(b.number(), DMA_BUF_SET_NAME, "n"); });
  c.equal("PRM-005", "handle of a second import on the same file", handle,
          importer.imported(b.number()));
  {
    const UniqueFd back = importer.exported(handle);
    c.hold("PRM-017", same_buffer(back.get(), b.number()), "re-export of the imported handle",
           "the original buffer", "another one");
    c.equal("PRM-017", "count with the re-exported fd", before + 4, c.count(b.number()));
  }
  drm_mode_map_dumb where{.handle = handle, .pad = 0, .offset = 0};
  c.expect("PRM-021", fails(EINVAL), "ioctl(importer, MODE_MAP_DUMB, the imported handle)",
           [&] { return ::ioctl(importer.fd(), DRM_IOCTL_MODE_MAP_DUMB, &where); });
  // Another file of the importing device: the object is found by nobody, so there is a second
  // import.
  const __u32 again = second.imported(b.number());
  c.equal("PRM-013", "count after an import on another file", before + 6, c.count(b.number()));
  second.let_go(again);
  c.equal("PRM-016", "count after that handle was closed", before + 3, c.count(b.number()));
  importer.let_go(handle);
  c.equal("PRM-016", "count after the last handle of the import was closed", before,
          c.count(b.number()));
  const std::string text = c.bufinfo();
  const auto row = listed(text, inode_of(b.number()));
  c.equal("PRM-016", "attached devices afterwards", 0L,
          static_cast<long>(row ? row->attachments : -1));
  (void)importer.imported(b.number());
  importer.close();
  c.equal("PRM-012", "count after the importing card was closed", before, c.count(b.number()));
  (void)pages;
}

void fence_of_import(Context& c) {
  Card importer(c, other_driver(c), "importer");
  const Buffer b = c.buffer();
  __u32 handle = 0;
  if (c.call("ioctl(importer, PRIME_FD_TO_HANDLE, fd)",
             [&] { return importer.to_handle(b.number(), handle); }) < 0)
    throw NotApplicable{fmt::format("vgem cannot import this buffer ({})", errno_name(errno)),
                        "none: PRM-020 looks at that"};
  const __u32 fence = importer.fence(handle, VGEM_FENCE_WRITE);
  c.hold("VGM-011", fence >= 1, "VGEM_FENCE_ATTACH on an imported handle", "a fence", "none");
  const auto export_pending = [&] {
    dma_buf_export_sync_file get{.flags = DMA_BUF_SYNC_READ, .fd = -1};
    if (::ioctl(b.number(), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &get) != 0)
      c.trouble("EXPORT_SYNC_FILE", errno);
    const UniqueFd sync(get.fd);
    pollfd poll{.fd = sync.get(), .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, 0) == 0;
  };
  c.hold("PRM-018", export_pending(),
         "the fence attached through the importer, seen through the buffer", "pending",
         "signalled or not there");
  c.hold("POL-014", export_pending(),
         "the fence attached through the importer, seen through the buffer", "pending",
         "signalled or not there");
  importer.let_go(handle);
  c.hold("PRM-018", export_pending(), "the fence after the importing handle was closed", "pending",
         "signalled or not there");
  importer.signal(fence);
  c.hold("PRM-018", !export_pending(), "the fence after it was signalled", "signalled", "pending");
}

// virtgpu_gem_prime_import_sg_table: -ENODEV, up to the trees that import blobs (6.17).
constexpr Habit kVirtioImport[] = {{"drm:virtio_gpu", {"", "6.12"}, fails(ENODEV)}};

void virtio_import(Context& c) {
  Card vgem(c, "vgem", "vgem"), card(c, "virtio_gpu");
  const UniqueFd b = vgem.exported(vgem.dumb());
  const long before = c.count(b.get());
  __u32 out = 0;
  c.expect("VGP-003", c.habit(kVirtioImport), "ioctl(card, PRIME_FD_TO_HANDLE, a vgem buffer)",
           [&] { return card.to_handle(b.get(), out); });
  c.equal("VGP-003", "count after the refusal", before, c.count(b.get()));
  const std::string text = c.bufinfo();
  const auto row = listed(text, inode_of(b.get()));
  c.equal("PRM-015", "attached devices after the refusal", 0L,
          static_cast<long>(row ? row->attachments : -1));
  Card other(c, "virtio_gpu", "card2");
  const __u32 handle = card.dumb();
  const UniqueFd own = card.exported(handle);
  c.equal("VGP-002", "handle of an import on the exporting file", handle, card.imported(own.get()));
  const long counted = c.count(own.get());
  (void)other.imported(own.get());
  c.equal("VGP-002", "count after an import on another file of the device", counted + 1,
          c.count(own.get()));
  c.hold("VGP-001",
         Context::fdinfo(own.get()).find("\nexp_name:\tvirtio_gpu\n") != std::string::npos,
         "exp_name", "virtio_gpu", Context::fdinfo(own.get()));
}

// --- vgem ----------------------------------------------------------------------------------------

void render_node(Context& c) {
  const UniqueFd node = drm::open_node("vgem", "renderD");
  if (!node) throw NotApplicable{"vgem has no render node here", "mount devtmpfs on /dev"};
  drm_mode_create_dumb dumb{};
  dumb.width = 1024;
  dumb.height = 1;
  dumb.bpp = 32;
  c.expect("VGM-001", fails(EACCES), "ioctl(render node, MODE_CREATE_DUMB, 1 page)",
           [&] { return ::ioctl(node.get(), DRM_IOCTL_MODE_CREATE_DUMB, &dumb); });
  Card card(c, "vgem");
  const UniqueFd b = card.exported(card.dumb());
  drm_prime_handle import{.handle = 0, .flags = 0, .fd = b.get()};
  c.expect("VGM-001", returns(0), "ioctl(render node, PRIME_FD_TO_HANDLE, fd)",
           [&] { return ::ioctl(node.get(), DRM_IOCTL_PRIME_FD_TO_HANDLE, &import); });
  drm_vgem_fence_attach attach{.handle = import.handle, .flags = 0, .out_fence = 0, .pad = 0};
  c.expect("VGM-001", returns(0), "ioctl(render node, VGEM_FENCE_ATTACH, read)",
           [&] { return ::ioctl(node.get(), DRM_IOCTL_VGEM_FENCE_ATTACH, &attach); });
  drm_vgem_fence_signal signal{.fence = attach.out_fence, .flags = 0};
  c.expect("VGM-001", returns(0), "ioctl(render node, VGEM_FENCE_SIGNAL)",
           [&] { return ::ioctl(node.get(), DRM_IOCTL_VGEM_FENCE_SIGNAL, &signal); });
}

void dumb(Context& c) {
  Card card(c, "vgem");
  const auto create = [&](const Expect& expected, __u32 width, __u32 height, __u32 bpp) {
    drm_mode_create_dumb d{};
    d.width = width;
    d.height = height;
    d.bpp = bpp;
    const long result =
        c.expect("VGM-002", expected,
                 fmt::format("ioctl(card, MODE_CREATE_DUMB, {} x {}, {} bpp)", width, height, bpp),
                 [&] { return ::ioctl(card.fd(), DRM_IOCTL_MODE_CREATE_DUMB, &d); });
    if (result == 0) card.let_go(d.handle);
    return d;
  };
  create(fails(EINVAL), 0, 1, 32);
  create(fails(EINVAL), 1, 0, 32);
  create(fails(EINVAL), 1, 1, 0);
  create(fails(EINVAL), 0x10000, 0x10000, 32);
  create(fails(EINVAL), 0xffffffff, 1, 32);
  create(fails(EINVAL), 1, 0xffffffff, 32);
  for (const auto& [width, height, bpp] : {std::array{1U, 1U, 1U}, std::array{3U, 5U, 24U},
                                           std::array{1025U, 3U, 8U}, std::array{1000U, 7U, 32U}}) {
    const drm_mode_create_dumb d = create(returns(0), width, height, bpp);
    const __u32 pitch = (width * bpp + 7) / 8;
    c.equal("VGM-002", "pitch", pitch, d.pitch);
    c.equal("VGM-002", "size", __u64{(pitch * height + 4095U) / 4096U * 4096U}, d.size);
  }
}

void fence_calls(Context& c) {
  Card card(c, "vgem"), other(c, "vgem", "card2");
  const __u32 handle = card.dumb();
  __u32 out = 0;
  const auto attach = [&](const Expect& expected, __u32 h, __u32 flags, __u32 pad,
                          std::string_view what) {
    return c.expect("VGM-005", expected, fmt::format("ioctl(card, VGEM_FENCE_ATTACH, {})", what),
                    [&] { return card.attach_fence(h, flags, out, pad); });
  };
  attach(fails(EINVAL), handle, 2, 0, "flags 2");
  attach(fails(EINVAL), handle, 0, 1, "pad 1");
  attach(fails(EINVAL), 77, 2, 0, "an unknown handle and flags 2");
  attach(fails(EINVAL), 77, 0, 1, "an unknown handle and pad 1");
  attach(fails(ENOENT), 77, 0, 0, "an unknown handle");
  const auto signal = [&](const Expect& expected, __u32 id, __u32 flags, std::string_view what) {
    c.expect("VGM-008", expected, fmt::format("ioctl(card, VGEM_FENCE_SIGNAL, {})", what),
             [&] { return card.signal_fence(id, flags); });
  };
  signal(fails(ENOENT), 0, 0, "0");
  signal(fails(ENOENT), 5, 0, "an unknown fence");
  signal(fails(EINVAL), 5, 1, "flags 1");
  attach(returns(0), handle, 0, 0, "read");
  const __u32 one = out;
  c.hold("VGM-005", one >= 1, "out_fence", "at least 1", fmt::format("{}", one));
  attach(returns(0), handle, 0, 0, "read, a second time");
  const __u32 two = out;
  const auto conflict = [&](const Expect& expected, __u32 flags, std::string_view what) {
    return c.expect("VGM-006", expected, fmt::format("ioctl(card, VGEM_FENCE_ATTACH, {})", what),
                    [&] { return card.attach_fence(handle, flags, out); });
  };
  conflict(fails(EBUSY), VGEM_FENCE_WRITE, "write, while two read fences are pending");
  c.expect("VGM-010", fails(ENOENT), "ioctl(card2, VGEM_FENCE_SIGNAL, a fence of card)",
           [&] { return other.signal_fence(one); });
  signal(returns(0), one, 0, "the first");
  signal(fails(ENOENT), one, 0, "the first again");
  conflict(fails(EBUSY), VGEM_FENCE_WRITE, "write, while one read fence is pending");
  signal(returns(0), two, 0, "the second");
  conflict(returns(0), VGEM_FENCE_WRITE, "write, with none pending");
  const __u32 write = out;
  conflict(fails(EBUSY), 0, "read, while a write fence is pending");
  conflict(fails(EBUSY), VGEM_FENCE_WRITE, "write, while a write fence is pending");
  signal(returns(0), write, 0, "the write fence");
}

void fence_text(Context& c) {
  Card card(c, "vgem");
  const __u32 handle = card.dumb();
  const UniqueFd b = card.exported(handle);
  const __u32 one = card.fence(handle, 0);
  const __u32 two = card.fence(handle, 0);
  const auto lines = [&] {
    const std::string text = c.bufinfo();
    const auto at = text.find(fmt::format("\t{:08}\t", inode_of(b.get())));
    const auto from = text.find('\n', at);
    return text.substr(from + 1, text.find("\tAttached Devices:", from) - from - 1);
  };
  const auto count_of = [](const std::string& text, std::string_view word) {
    long n = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
    return n;
  };
  const std::string pending = lines();
  c.hold("VGM-007", count_of(pending, "\tread fence:vgem unbound seq 1 unsignalled\n") == 2,
         "two read fences in bufinfo", "two lines 'read fence:vgem unbound seq 1 unsignalled'",
         pending);
  card.signal(one);
  card.signal(two);
  const std::string signalled = lines();
  c.equal("BUF-003", "fences that bufinfo lists as signalled", 2L,
          count_of(signalled, " signalled\n"));
  const __u32 write = card.fence(handle, VGEM_FENCE_WRITE);
  const std::string reused = lines();
  c.hold("VGM-007", count_of(reused, "\twrite fence:vgem unbound seq 1 unsignalled\n") == 1,
         "a write fence in bufinfo", "a line 'write fence:vgem unbound seq 1 unsignalled'", reused);
  c.equal("BUF-003", "signalled ones after a slot was used again", 1L,
          count_of(reused, " signalled\n"));
  card.signal(write);
}

void fences_of_a_closed_card(Context& c) {
  Card card(c, "vgem");
  const __u32 handle = card.dumb();
  const UniqueFd b = card.exported(handle);
  (void)card.fence(handle, VGEM_FENCE_WRITE);
  pollfd poll{.fd = b.get(), .events = POLLIN, .revents = 0};
  const auto ready = [&] { return ::poll(&poll, 1, 0); };
  c.equal("VGM-010", "poll(fd, POLLIN, 0) while the fence is pending", 0, ready());
  card.close();
  c.equal("VGM-010", "poll(fd, POLLIN, 0) after its card was closed", 1, ready());
}

void expiry(Context& c) {
  Card card(c, "vgem");
  const __u32 handle = card.dumb();
  const UniqueFd b = card.exported(handle);
  const __u32 fence = card.fence(handle, VGEM_FENCE_WRITE);
  pollfd poll{.fd = b.get(), .events = POLLIN, .revents = 0};
  c.expect("VGM-009", returns(0), "poll(fd, POLLIN, 8000)", [&] { return ::poll(&poll, 1, 8000); });
  c.expect("VGM-009", returns(1), "poll(fd, POLLIN, 20000), over the tenth second",
           [&] { return ::poll(&poll, 1, 20000); });
  c.expect("VGM-009", fails(ETIMEDOUT), "ioctl(card, VGEM_FENCE_SIGNAL, the fence that expired)",
           [&] { return card.signal_fence(fence); });
  c.expect("VGM-009", fails(ENOENT), "ioctl(card, VGEM_FENCE_SIGNAL, the same again)",
           [&] { return card.signal_fence(fence); });
}

constexpr Check kChecks[] = {
    {.name = "prm.order",
     .text = "PRIME and GEM_CLOSE refuse what is wrong, in order",
     .requirements = {"PRM-001", "PRM-008", "FD-006", "FD-007"},
     .needs = {.exporters = kDrm},
     .run = order},
    {.name = "prm.dedupe",
     .text = "one object is one buffer, and one handle per file",
     .requirements = {"PRM-002", "PRM-005", "PRM-006", "PRM-007", "PRM-011"},
     .needs = {.exporters = kDrm, .root = true},
     .run = dedupe},
    {.name = "prm.handles",
     .text = "handles are the lowest free numbers",
     .requirements = {"PRM-007"},
     .needs = {.exporters = kDrm},
     .run = handles},
    {.name = "prm.counts",
     .text = "fd, object and file each hold a reference",
     .requirements = {"PRM-009", "PRM-010", "PRM-011", "PRM-012", "REL-003"},
     .needs = {.exporters = kDrm, .root = true},
     .run = counts},
    {.name = "prm.contents",
     .text = "memory is zero at first, and stays while an fd is open",
     .requirements = {"VGM-004", "PRM-011"},
     .needs = {.exporters = kDrm},
     .run = contents},
    {.name = "prm.access",
     .text = "the first export decides the access mode, each its close-on-exec",
     .requirements = {"PRM-003", "PRM-004"},
     .needs = {.exporters = kDrm},
     .run = access},
    {.name = "prm.exhaustion",
     .text = "without a free fd the export fails",
     .requirements = {"PRM-019", "FD-002"},
     .needs = {.exporters = kDrm, .root = true},
     .run = exhaustion},
    {.name = "prm.cap",
     .text = "vgem can import and export",
     .requirements = {"PRM-023"},
     .needs = {.exporters = "vgem"},
     .run = caps},
    {.name = "prm.card-mmap",
     .text = "a mapping made through the card is no reference, and the same memory",
     .requirements = {"PRM-022", "MMU-016"},
     .needs = {.exporters = kDrm},
     .run = drm_mmap},
    {.name = "prm.module",
     .text = "cards and buffers hold the module",
     .requirements = {"PRM-025", "VGM-014"},
     .needs = {.exporters = "vgem"},
     .run = module_pinned},
    {.name = "prm.foreign",
     .text = "an import by another device attaches, counts and lets go",
     .requirements = {"PRM-005", "PRM-012", "PRM-013", "PRM-016", "PRM-017", "PRM-021", "NAM-006",
                      "BUF-008", "UDM-022"},
     .needs = {.exporters = "udmabuf heap: drm: v4l2:", .root = true},
     .run = foreign},
    {.name = "prm.foreign-fence",
     .text = "fences of an import are the buffer's",
     .requirements = {"PRM-018", "POL-014", "VGM-011"},
     .needs = {.exporters = "udmabuf heap: drm: v4l2:", .kernels = {"6.0", ""}},
     .run = fence_of_import},
    {.name = "vgp.import",
     .text = "virtio-gpu exports and imports its own buffers and refuses others'",
     .requirements = {"VGP-001", "VGP-002", "VGP-003", "PRM-015"},
     .needs = {.exporters = "drm:virtio_gpu", .kernels = {"", "6.16"}, .root = true},
     .run = virtio_import},
    {.name = "vgm.render-node",
     .text = "the render node makes no buffers, and does all else",
     .requirements = {"VGM-001"},
     .needs = {.exporters = "vgem"},
     .run = render_node},
    {.name = "vgm.dumb",
     .text = "dumb buffers have the size that follows from their geometry",
     .requirements = {"VGM-002"},
     .needs = {.exporters = "vgem"},
     .run = dumb},
    {.name = "vgm.fence-calls",
     .text = "fences are attached and signalled once, by their file, without conflict",
     .requirements = {"VGM-005", "VGM-006", "VGM-008", "VGM-010"},
     .needs = {.exporters = "vgem"},
     .run = fence_calls},
    {.name = "vgm.fence-text",
     .text = "fences are listed with their usage",
     .requirements = {"VGM-007", "BUF-003"},
     .needs = {.exporters = "vgem", .kernels = {"6.1", ""}, .root = true},
     .run = fence_text},
    {.name = "vgm.card-closed",
     .text = "closing the card signals its fences",
     .requirements = {"VGM-010"},
     .needs = {.exporters = "vgem"},
     .run = fences_of_a_closed_card},
    {.name = "vgm.expiry",
     .text = "a fence expires after ten seconds",
     .requirements = {"VGM-009"},
     .needs = {.exporters = "vgem", .reserve = Reserve::Slow},
     .run = expiry},
};

}  // namespace

std::span<const Check> prime_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
