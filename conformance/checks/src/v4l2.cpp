// SPDX-License-Identifier: MIT
// V4L2's videobuf2 as exporter and importer, by way of vivid: VBT.
#include "v4l2.hpp"

#include <linux/udmabuf.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "areas.hpp"
#include "prime.hpp"

namespace dmabuf::checks {
namespace {

std::string allocator_of(const Context& c) {
  return c.exporter().substr(c.exporter().find(':') + 1);
}

/// The nth device with the target's allocator, on a file of its own.
Video device(Context& c, std::size_t nth = 0) {
  const std::vector<std::string> nodes = vivid_nodes(allocator_of(c));
  if (nodes.size() <= nth)
    throw NotApplicable{fmt::format("there are not {} vivid capture devices with allocator {}",
                                    nth + 1, allocator_of(c)),
                        "as root: modprobe vivid n_devs=3 node_types=0x1,0x1,0x1 allocators=0,1,1"};
  return open_video(nodes[nth]);
}

void request(Context& c, const Video& v, std::uint32_t count, std::uint32_t memory) {
  c.ours(fmt::format("ioctl(video, VIDIOC_REQBUFS, {} {})", count,
                     memory == V4L2_MEMORY_MMAP ? "MMAP" : "DMABUF"),
         [&] { return v.reqbufs(count, memory); });
}

UniqueFd exported(Context& c, const Video& v, std::uint32_t index,
                  std::uint32_t flags = O_RDWR | O_CLOEXEC) {
  int out = -1;
  c.ours(fmt::format("ioctl(video, VIDIOC_EXPBUF, index {}, flags {:#x})", index, flags),
         [&] { return v.expbuf(index, flags, out); });
  return UniqueFd(out);
}

/// Something the target's queue can import: vgem's for vmalloc, another queue's for dma-contig,
/// which wants contiguous memory.
class Importable {
 public:
  explicit Importable(Context& c) {
    if (allocator_of(c) == "vmalloc") {
      card_.emplace(c, "vgem", "vgem");
      handle_ = card_->dumb(16);
    } else {
      other_.emplace(device(c, 1));
      request(c, *other_, 2, V4L2_MEMORY_MMAP);
    }
  }
  UniqueFd make(Context& c) {
    if (card_) {
      const UniqueFd fd = card_->exported(card_->dumb(16));
      handles_.push_back(card_->imported(fd.get()));
      return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    }
    return exported(c, *other_, next_++);
  }
  /// Everything but the fds that were handed out.
  void let_go(Context& c) {
    for (const __u32 handle : handles_) card_->let_go(handle);
    handles_.clear();
    if (other_) request(c, *other_, 0, V4L2_MEMORY_MMAP);
  }

 private:
  std::optional<Card> card_;
  std::optional<Video> other_;
  __u32 handle_ = 0;
  std::vector<__u32> handles_;
  std::uint32_t next_ = 0;
};

void expbuf_order(Context& c) {
  const Video v = device(c), second = device(c);
  int out = -1;
  const auto refused = [&](const Expect& expected, const Video& video, std::uint32_t index,
                           std::uint32_t flags, std::string_view what,
                           std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                           std::uint32_t plane = 0) {
    if (c.expect("VBT-001", expected, fmt::format("ioctl(video, VIDIOC_EXPBUF, {})", what),
                 [&] { return video.expbuf(index, flags, out, type, plane); }) == 0)
      ::close(out);
  };
  refused(fails(EINVAL), v, 0, O_RDWR, "before any REQBUFS");
  request(c, v, 2, V4L2_MEMORY_DMABUF);
  refused(fails(EINVAL), v, 0, O_RDWR, "in DMABUF mode");
  request(c, v, 2, V4L2_MEMORY_MMAP);
  refused(fails(EINVAL), v, 0, O_RDWR | O_NONBLOCK, "flags with O_NONBLOCK");
  refused(fails(EINVAL), v, 0, O_RDWR | O_APPEND, "flags with O_APPEND");
  refused(fails(EINVAL), v, 0, O_RDWR, "the type of an output queue", V4L2_BUF_TYPE_VIDEO_OUTPUT);
  refused(fails(EINVAL), v, 100, O_RDWR, "index 100");
  refused(fails(EINVAL), v, 0xffffffffU, O_RDWR, "index 2^32-1");
  refused(fails(EINVAL), v, 0, O_RDWR, "plane 1", V4L2_BUF_TYPE_VIDEO_CAPTURE, 1);
  refused(fails(EINVAL), v, 0, O_RDWR, "plane 2^32-1", V4L2_BUF_TYPE_VIDEO_CAPTURE, 0xffffffffU);
  refused(fails(EBUSY), second, 0, O_RDWR, "by another file than the owner's");
  refused(fails(EBUSY), second, 100, O_APPEND, "by another file, index 100, bad flags");
  {
    const NoMoreFds none;
    refused(fails(EMFILE), v, 0, O_RDWR, "when no fd is free");
  }
  refused(succeeds(), v, 0, O_RDWR, "index 0");
}

void expbuf(Context& c) {
  const Video v = device(c);
  request(c, v, 2, V4L2_MEMORY_MMAP);
  const std::string module = "videobuf2_" + allocator_of(c);
  const auto uses = [&](std::string_view name) { return use_count(name); };
  const long none = uses(module), vivid = uses("vivid");
  {
    const UniqueFd one = exported(c, v, 0), two = exported(c, v, 0, O_RDONLY);
    c.hold("VBT-002", !same_buffer(one.get(), two.get()), "two exports of one index", "two buffers",
           "one buffer");
    c.equal("VBT-002", "count of the first", 1L, c.count(one.get()));
    c.equal("VBT-002", "count of the second", 1L, c.count(two.get()));
    c.equal("VBT-002", "access mode of the second, asked for as O_RDONLY", O_RDONLY,
            ::fcntl(two.get(), F_GETFL) & O_ACCMODE);
    const std::uint32_t length = v.length_of(0);
    c.equal("VBT-003", "size", static_cast<off_t>((length + kPageSize - 1) / kPageSize * kPageSize),
            ::lseek(one.get(), 0, SEEK_END));
    if (none >= 0) {
      c.equal("VBT-005", "use count of " + module + " with two exports", none + 2, uses(module));
      c.equal("VBT-005", "use count of vivid", vivid, uses("vivid"));
    }
    const Mapping first = map_or_skip(c, one.get(), 2), second = map(two.get(), 2, 0, PROT_READ);
    poke(first.at(0), 0x7e57);
    c.hold("VBT-002", second && peek(second.at(0)) == 0x7e57U,
           "load through the second export after a store through the first", "0x7e57",
           second ? seen(peek(second.at(0))) : "no mapping");
  }
  if (none >= 0) c.equal("VBT-005", "use count of " + module + " with none", none, uses(module));
}

void orphans(Context& c) {
  std::optional<Video> v(device(c));
  request(c, *v, 2, V4L2_MEMORY_MMAP);
  const UniqueFd b = exported(c, *v, 0);
  const Mapping m = map_or_skip(c, b.get(), 14);
  for (std::size_t page = 0; page < 14; ++page) poke(m.at(page), tag(page));
  c.expect("VBT-004", returns(0),
           "ioctl(video, VIDIOC_REQBUFS, 0 MMAP) with an export open and mapped",
           [&] { return v->reqbufs(0); });
  c.expect("VBT-004", returns(0), "ioctl(video, VIDIOC_REQBUFS, 2 MMAP) again",
           [&] { return v->reqbufs(2); });
  v.reset();
  c.call("close(video)", [] { return 0; });
  for (std::size_t page = 0; page < 14; ++page)
    if (!c.hold("VBT-004", peek(m.at(page)) == tag(page),
                fmt::format("load page {} of the orphan", page), fmt::format("{:#x}", tag(page)),
                seen(peek(m.at(page)))))
      break;
  const Mapping again = map(b.get(), 14);
  c.hold("VBT-004", again && peek(again.at(3)) == tag(3), "mmap of the orphan, and load page 3",
         fmt::format("{:#x}", tag(3)), again ? seen(peek(again.at(3))) : "no mapping");
}

constexpr Habit kShowsPrivate[] = {{"v4l2:", {}, succeeds()}};

void mmap_(Context& c) {
  const Video v = device(c);
  request(c, v, 1, V4L2_MEMORY_MMAP);
  const UniqueFd b = exported(c, v, 0);
  c.expect("VBT-007", c.habit(kShowsPrivate), "mmap(…, MAP_PRIVATE, fd, 0)",
           [&] { return map(b.get(), 14, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE) ? 0 : -1; });
}

void reqbufs(Context& c) {
  const Video v = device(c), second = device(c);
  const auto ask = [&](const Expect& expected, const Video& video, std::uint32_t count,
                       std::uint32_t memory, std::string_view what,
                       std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE) {
    c.expect("VBT-009", expected, fmt::format("ioctl(video, VIDIOC_REQBUFS, {})", what),
             [&] { return video.reqbufs(count, memory, type); });
  };
  ask(fails(EINVAL), v, 2, 77, "memory type 77");
  ask(fails(EINVAL), v, 2, V4L2_MEMORY_OVERLAY, "memory type OVERLAY");
  ask(fails(EINVAL), v, 2, V4L2_MEMORY_MMAP, "the type of an output queue",
      V4L2_BUF_TYPE_VIDEO_OUTPUT);
  ask(returns(0), v, 2, V4L2_MEMORY_MMAP, "2 MMAP");
  ask(fails(EBUSY), second, 2, V4L2_MEMORY_MMAP, "2 MMAP, by another file");
  ask(fails(EBUSY), second, 0, V4L2_MEMORY_MMAP, "0 MMAP, by another file");
  ask(returns(0), v, 3, V4L2_MEMORY_DMABUF, "3 DMABUF");
  ask(returns(0), v, 0, V4L2_MEMORY_DMABUF, "0 DMABUF");
  ask(returns(0), second, 2, V4L2_MEMORY_MMAP, "2 MMAP, by another file, after the first gave up");
  ask(fails(EBUSY), v, 2, V4L2_MEMORY_MMAP, "2 MMAP, by the first");
  ask(returns(0), second, 0, V4L2_MEMORY_MMAP, "0 MMAP");
}

void qbuf_order(Context& c) {
  const Video v = device(c), second = device(c);
  Importable from(c);
  const UniqueFd b = from.make(c);
  request(c, v, 4, V4L2_MEMORY_DMABUF);
  const long before = c.count(b.get());
  const auto queue = [&](const Expect& expected, const Video& video, std::uint32_t index, int fd,
                         std::uint32_t length, std::string_view what,
                         std::uint32_t memory = V4L2_MEMORY_DMABUF,
                         std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE) {
    return c.expect("VBT-010", expected, fmt::format("ioctl(video, VIDIOC_QBUF, {})", what),
                    [&] { return video.qbuf(index, fd, length, memory, type); });
  };
  queue(fails(EBUSY), second, 0, b.get(), 0, "by another file");
  queue(fails(EINVAL), v, 0, b.get(), 0, "the type of an output queue", V4L2_MEMORY_DMABUF,
        V4L2_BUF_TYPE_VIDEO_OUTPUT);
  queue(fails(EINVAL), v, 4, b.get(), 0, "index 4 of 4");
  queue(fails(EINVAL), v, 0, b.get(), 0, "memory MMAP", V4L2_MEMORY_MMAP);
  queue(fails(EINVAL), v, 0, -1, 0, "fd -1");
  queue(fails(EINVAL), v, 0, 1000, 0, "a closed fd");
  const UniqueFd stranger(::eventfd(0, EFD_CLOEXEC));
  queue(fails(EINVAL), v, 0, stranger.get(), 0, "an eventfd");
  queue(fails(EINVAL), v, 0, b.get(), v.image() - 1, "a length one byte too small");
  queue(fails(EINVAL), v, 0, b.get(), 100, "length 100");
  c.equal("VBT-010", "count after all refusals", before, c.count(b.get()));
  queue(returns(0), v, 0, b.get(), 0, "length 0: the buffer's own");
  queue(fails(EINVAL), v, 0, b.get(), 0, "the same index again, not dequeued");
  c.equal("VBT-010", "count after one success", before + 1, c.count(b.get()));
}

void failed_attach(Context& c) {
  const Video v = device(c);
  Importable from(c);
  const UniqueFd b = from.make(c);
  request(c, v, 2, V4L2_MEMORY_DMABUF);
  const long before = c.count(b.get());
  const auto size = static_cast<std::uint32_t>(::lseek(b.get(), 0, SEEK_END));
  c.expect("VBT-010", fails(EFAULT),
           "ioctl(video, VIDIOC_QBUF, a length of the buffer's size + 4096)",
           [&] { return v.qbuf(0, b.get(), size + 4096); });
  c.equal("VBT-011", "count after the refusal", before, c.count(b.get()));
  c.expect("VBT-010", fails(EFAULT), "ioctl(video, VIDIOC_QBUF, the same again)",
           [&] { return v.qbuf(1, b.get(), size + 4096); });
  c.equal("VBT-011", "count after the second refusal", before, c.count(b.get()));
  request(c, v, 0, V4L2_MEMORY_DMABUF);
  c.equal("VBT-011", "count after REQBUFS(0)", before, c.count(b.get()));
}

/// A mapping that cannot be had: too scattered for dma-contig.
void failed_map(Context& c) {
  const Video v = device(c);
  Card vgem(c, "vgem", "vgem");
  const UniqueFd b = vgem.exported(vgem.dumb(16));
  request(c, v, 2, V4L2_MEMORY_DMABUF);
  const long before = c.count(b.get());
  const long result =
      c.call("ioctl(video, VIDIOC_QBUF, a vgem buffer)", [&] { return v.qbuf(0, b.get()); });
  const int error = errno;
  if (result == 0) throw NotApplicable{"the buffer happened to be contiguous", "try again"};
  c.hold("VBT-022", error == EFAULT,
         "ioctl(video, VIDIOC_QBUF, a vgem buffer) of a dma-contig queue", "EFAULT",
         errno_name(error));
  c.equal("VBT-011", "count after the refusal", before, c.count(b.get()));
  const std::string text = c.bufinfo();
  const auto row = listed(text, inode_of(b.get()));
  c.equal("VBT-011", "attached devices after the refusal", 0L,
          static_cast<long>(row ? row->attachments : -1));
}

void import(Context& c) {
  std::optional<Video> v(device(c));
  Importable from(c);
  const UniqueFd one = from.make(c), two = from.make(c);
  request(c, *v, 4, V4L2_MEMORY_DMABUF);
  const long first = c.count(one.get()), second = c.count(two.get());
  const bool attaches = allocator_of(c) != "vmalloc";
  const auto attachments = [&](int fd) {
    const std::string text = c.bufinfo();
    const auto row = listed(text, inode_of(fd));
    return static_cast<long>(row ? row->attachments : -1);
  };
  const auto queue = [&](std::uint32_t index, int fd, std::string_view what) {
    c.must("VBT-015", fmt::format("ioctl(video, VIDIOC_QBUF, index {}, {})", index, what),
           [&] { return v->qbuf(index, fd); });
  };
  queue(0, one.get(), "the first buffer");
  c.equal("VBT-015", "count of the first buffer, queued once", first + 1, c.count(one.get()));
  c.equal("VBT-017", "its attached devices", attaches ? 1L : 0L, attachments(one.get()));
  if (attaches) {
    const std::string text = c.bufinfo();
    const auto at = text.find(fmt::format("\t{:08}\t", inode_of(one.get())));
    c.hold("VBT-017", text.find("\tAttached Devices:\n\tvivid", at) != std::string::npos,
           "the attached device in bufinfo", "vivid.0",
           text.substr(std::min(at, text.size()), 100));
  }
  queue(1, one.get(), "the same buffer");
  c.equal("VBT-016", "count of the buffer on two indices", first + 2, c.count(one.get()));
  c.expect("VBT-014", returns(0), "ioctl(video, VIDIOC_STREAMOFF)",
           [&] { return v->stream(false); });
  c.equal("VBT-014", "count after STREAMOFF", first + 2, c.count(one.get()));
  queue(0, one.get(), "the first buffer again");
  c.equal("VBT-012", "count after the same buffer was queued again", first + 2, c.count(one.get()));
  c.equal("VBT-012", "its attached devices", attaches ? 2L : 0L, attachments(one.get()));
  (void)v->stream(false);
  queue(1, two.get(), "the second buffer");
  c.equal("VBT-013", "count of the first after it was replaced on one index", first + 1,
          c.count(one.get()));
  c.equal("VBT-013", "count of the second", second + 1, c.count(two.get()));
  c.expect("VBT-015", returns(0), "ioctl(video, VIDIOC_REQBUFS, 0 DMABUF)",
           [&] { return v->reqbufs(0, V4L2_MEMORY_DMABUF); });
  c.equal("VBT-015", "count of the first after REQBUFS(0)", first, c.count(one.get()));
  c.equal("VBT-015", "count of the second after REQBUFS(0)", second, c.count(two.get()));
  request(c, *v, 2, V4L2_MEMORY_DMABUF);
  queue(0, one.get(), "the first buffer");
  v.reset();
  c.call("close(video)", [] { return 0; });
  c.equal("VBT-015", "count after the video fd was closed", first, c.count(one.get()));
  c.equal("VBT-017", "attached devices after that", 0L, attachments(one.get()));
}

void queued_and_closed(Context& c) {
  const Video v = device(c);
  Importable from(c);
  UniqueFd b = from.make(c);
  const std::uint64_t inode = inode_of(b.get());
  request(c, v, 2, V4L2_MEMORY_DMABUF);
  c.must("VBT-019", "ioctl(video, VIDIOC_QBUF, index 0)", [&] { return v.qbuf(0, b.get()); });
  b.reset();
  from.let_go(c);
  c.equal("VBT-019", "count in bufinfo with the fd closed, the buffer queued", 1L,
          listed_count(c, inode));
  request(c, v, 0, V4L2_MEMORY_DMABUF);
  c.equal("VBT-015", "count in bufinfo after REQBUFS(0) (-1: released)", -1L,
          listed_count(c, inode));
}

void stream(Context& c) {
  const Video v = device(c);
  Importable from(c);
  const UniqueFd one = from.make(c), two = from.make(c);
  const std::size_t pages = v.image() / kPageSize;
  const Mapping m = map_or_skip(c, one.get(), pages);
  for (std::size_t page = 0; page < pages; ++page) poke(m.at(page), tag(page));
  request(c, v, 2, V4L2_MEMORY_DMABUF);
  const long before = c.count(one.get());
  c.must("VBT-020", "ioctl(video, VIDIOC_QBUF, index 0)", [&] { return v.qbuf(0, one.get()); });
  c.must("VBT-020", "ioctl(video, VIDIOC_QBUF, index 1)", [&] { return v.qbuf(1, two.get()); });
  from.let_go(c);  // the exporting queue is torn down; its buffers stay
  const long queued = c.count(one.get());
  c.must("VBT-020", "ioctl(video, VIDIOC_STREAMON)", [&] { return v.stream(true); });
  std::uint32_t index = 9;
  bool got_first = false;
  for (int image = 0; image < 4 && !got_first; ++image) {
    pollfd poll{.fd = v.fd(), .events = POLLIN, .revents = 0};
    if (c.expect("VBT-020", returns(1), "poll(video, POLLIN, 8000)",
                 [&] { return ::poll(&poll, 1, 8000); }) != 1)
      return;
    if (c.expect("VBT-020", returns(0), "ioctl(video, VIDIOC_DQBUF)",
                 [&] { return v.dqbuf(index); }) != 0)
      return;
    got_first = index == 0;
    if (!got_first) (void)v.qbuf(index, two.get());
  }
  if (got_first) {
    bool changed = true;
    for (std::size_t page = 0; page < pages; ++page)
      changed = changed && peek(m.at(page)) != tag(page);
    c.hold("VBT-020", changed, "load every page after the image was captured into it", "the image",
           "what was there before");
    c.equal("VBT-014", "count after DQBUF", queued, c.count(one.get()));
  }
  c.expect("VBT-009", fails(EBUSY), "ioctl(video, VIDIOC_REQBUFS, 2 DMABUF) while streaming",
           [&] { return v.reqbufs(2, V4L2_MEMORY_DMABUF); });
  c.expect("VBT-014", returns(0), "ioctl(video, VIDIOC_STREAMOFF)",
           [&] { return v.stream(false); });
  c.equal("VBT-014", "count after STREAMOFF", queued, c.count(one.get()));
  c.expect("VBT-015", returns(0), "ioctl(video, VIDIOC_REQBUFS, 0 DMABUF)",
           [&] { return v.reqbufs(0, V4L2_MEMORY_DMABUF); });
  c.hold("VBT-015", c.count(one.get()) < queued, "count after REQBUFS(0)",
         fmt::format("at most {}", before), fmt::format("{}", c.count(one.get())));
}

/// V4L2 capture writes into a buffer that was exported read-only.
void read_only(Context& c) {
  const Video v = device(c);
  Card vgem(c, "vgem", "vgem");
  const UniqueFd b = vgem.exported(vgem.dumb(16), O_CLOEXEC);
  c.expect("MMU-004", fails(EACCES), "mmap(PROT_WRITE) of a read-only buffer",
           [&] { return map(b.get(), 1) ? 0 : -1; });
  const Mapping m = map(b.get(), 14, 0, PROT_READ);
  if (!m) c.trouble("mmap", errno);
  request(c, v, 2, V4L2_MEMORY_DMABUF);
  c.must("MMU-015", "ioctl(video, VIDIOC_QBUF, index 0, the read-only buffer)",
         [&] { return v.qbuf(0, b.get()); });
  const UniqueFd second = vgem.exported(vgem.dumb(16));
  c.must("MMU-015", "ioctl(video, VIDIOC_QBUF, index 1)", [&] { return v.qbuf(1, second.get()); });
  c.must("MMU-015", "ioctl(video, VIDIOC_STREAMON)", [&] { return v.stream(true); });
  pollfd poll{.fd = v.fd(), .events = POLLIN, .revents = 0};
  if (::poll(&poll, 1, 8000) != 1) c.trouble("no image came", ETIMEDOUT);
  std::uint32_t index = 9;
  (void)v.dqbuf(index);
  if (index == 0)
    c.hold("MMU-015", peek(m.at(0)) != 0U, "load page 0 of the read-only buffer after a capture",
           "the image", "zero");
  (void)v.stream(false);
}

// The vmap op of udmabuf came between 6.2 and 6.5.
constexpr Habit kUdmabufVmap[] = {{"", {"", "6.2"}, fails(EFAULT)}, {"", {"6.5", ""}, returns(0)}};

void udmabuf(Context& c) {
  const UniqueFd device_fd(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
  if (!device_fd) throw NotApplicable{"no /dev/udmabuf", "boot a kernel with CONFIG_UDMABUF=y"};
  auto memory = adapters::sealed_memory(16 * kPageSize);
  if (!memory) c.trouble("memfd_create", memory.error().value);
  udmabuf_create create{.memfd = static_cast<__u32>(memory->get()),
                        .flags = UDMABUF_FLAGS_CLOEXEC,
                        .offset = 0,
                        .size = 16 * kPageSize};
  const UniqueFd b(static_cast<int>(c.ours("ioctl(udmabuf, UDMABUF_CREATE, 16 pages)", [&] {
    return ::ioctl(device_fd.get(), UDMABUF_CREATE, &create);
  })));
  const Video v = device(c);
  request(c, v, 2, V4L2_MEMORY_DMABUF);
  const long before = c.count(b.get());
  const long result = c.expect("UDM-017", c.habit(kUdmabufVmap),
                               "ioctl(video, VIDIOC_QBUF, a udmabuf) of a vmalloc queue",
                               [&] { return v.qbuf(0, b.get()); });
  c.equal("VBT-011", "count afterwards", before + (result == 0 ? 1 : 0), c.count(b.get()));
  request(c, v, 0, V4L2_MEMORY_DMABUF);
  c.equal("VBT-015", "count after REQBUFS(0)", before, c.count(b.get()));
}

constexpr std::string_view kV4l2 = "v4l2:";
constexpr std::string_view kVmalloc = "v4l2:vmalloc";
constexpr std::string_view kContig = "v4l2:dma_contig";

constexpr Check kChecks[] = {
    {.name = "vbt.expbuf-order",
     .text = "EXPBUF refuses what is wrong",
     .requirements = {"VBT-001"},
     .needs = {.exporters = kV4l2},
     .run = expbuf_order},
    {.name = "vbt.expbuf",
     .text = "every EXPBUF makes a buffer of its own on the same memory",
     .requirements = {"VBT-002", "VBT-003", "VBT-005"},
     .needs = {.exporters = kV4l2},
     .run = expbuf},
    {.name = "vbt.orphans",
     .text = "exports keep the memory when the queue is gone",
     .requirements = {"VBT-004"},
     .needs = {.exporters = kV4l2},
     .run = orphans},
    {.name = "vbt.mmap",
     .text = "exports can be mapped privately",
     .requirements = {"VBT-007"},
     .needs = {.exporters = kV4l2},
     .run = mmap_},
    {.name = "vbt.reqbufs",
     .text = "a queue belongs to the file that asked first",
     .requirements = {"VBT-009"},
     .needs = {.exporters = kV4l2},
     .run = reqbufs},
    {.name = "vbt.qbuf-order",
     .text = "QBUF refuses what is wrong and holds what is right",
     .requirements = {"VBT-010"},
     .needs = {.exporters = kV4l2},
     .run = qbuf_order,
     .residue = "VBT-011"},
    {.name = "vbt.failed-attach",
     .text = "a QBUF that fails to attach holds nothing",
     .requirements = {"VBT-010", "VBT-011"},
     .needs = {.exporters = kV4l2},
     .run = failed_attach,
     .residue = "VBT-011"},
    {.name = "vbt.failed-map",
     .text = "a QBUF that fails to map holds nothing",
     .requirements = {"VBT-011", "VBT-022"},
     .needs = {.exporters = kContig, .root = true},
     .run = failed_map,
     .residue = "VBT-011"},
    {.name = "vbt.import",
     .text = "a queued buffer is held until replaced, REQBUFS or close",
     .requirements = {"VBT-012", "VBT-013", "VBT-014", "VBT-015", "VBT-016", "VBT-017"},
     .needs = {.exporters = kV4l2, .root = true},
     .run = import,
     .residue = "VBT-015"},
    {.name = "vbt.queued-and-closed",
     .text = "the fd may be closed right after QBUF",
     .requirements = {"VBT-015", "VBT-019"},
     .needs = {.exporters = kV4l2, .root = true},
     .run = queued_and_closed,
     .residue = "VBT-015"},
    {.name = "vbt.stream",
     .text = "images go into buffers whose exporter is gone, and keep them held",
     .requirements = {"VBT-009", "VBT-014", "VBT-015", "VBT-020"},
     .needs = {.exporters = kV4l2},
     .run = stream,
     .residue = "VBT-015"},
    {.name = "vbt.read-only",
     .text = "capture writes into read-only buffers",
     .requirements = {"MMU-004", "MMU-015"},
     .needs = {.exporters = kVmalloc},
     .run = read_only},
    {.name = "vbt.udmabuf",
     .text = "a vmalloc queue takes a udmabuf once udmabufs can be vmapped",
     .requirements = {"UDM-017", "VBT-011", "VBT-015"},
     .needs = {.exporters = kVmalloc},
     .run = udmabuf,
     .residue = "VBT-011"},
};

}  // namespace

std::span<const Check> v4l2_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
