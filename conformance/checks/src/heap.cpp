// SPDX-License-Identifier: MIT
// /dev/dma_heap: HEP.
#include <fmt/format.h>
#include <linux/dma-heap.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <thread>

#include "areas.hpp"
#include "support.hpp"

namespace dmabuf::checks {
namespace {

class Heap {
 public:
  explicit Heap(Context& c)
      : c_(c),
        path_("/dev/dma_heap/" + c.exporter().substr(c.exporter().find(':') + 1)),
        fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!fd_) throw NotApplicable{"no " + path_, "boot a kernel with CONFIG_DMABUF_HEAPS_SYSTEM=y"};
  }
  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }
  long alloc(std::uint64_t size, UniqueFd& out, std::uint32_t flags = O_RDWR | O_CLOEXEC,
             std::uint64_t heap_flags = 0, std::uint32_t fd_in = 0) {
    dma_heap_allocation_data request{
        .len = size, .fd = fd_in, .fd_flags = flags, .heap_flags = heap_flags};
    const int result = ::ioctl(fd(), DMA_HEAP_IOCTL_ALLOC, &request);
    const int error = errno;
    if (result == 0) out.reset(static_cast<int>(request.fd));
    errno = error;
    return result;
  }
  UniqueFd made(std::uint64_t size, std::uint32_t flags = O_RDWR | O_CLOEXEC) {
    UniqueFd out;
    c_.ours(fmt::format("ioctl(heap, DMA_HEAP_IOCTL_ALLOC, {} bytes, flags {:#x})", size, flags),
            [&] { return alloc(size, out, flags); });
    return out;
  }

 private:
  Context& c_;
  std::string path_;
  UniqueFd fd_;
};

void order(Context& c) {
  Heap h(c);
  const long before = adapters::count_buffers(c.bufinfo());
  const auto refused = [&](const Expect& expected, std::uint64_t size, std::uint32_t flags,
                           std::uint64_t heap_flags, std::uint32_t fd, std::string_view what) {
    UniqueFd out;
    c.expect("HEP-001", expected, fmt::format("ioctl(heap, DMA_HEAP_IOCTL_ALLOC, {})", what),
             [&] { return h.alloc(size, out, flags, heap_flags, fd); });
  };
  c.expect("HEP-001", fails(EFAULT), "ioctl(heap, DMA_HEAP_IOCTL_ALLOC, NULL)",
           [&] { return ::ioctl(h.fd(), DMA_HEAP_IOCTL_ALLOC, nullptr); });
  c.expect("HEP-001", fails(EINVAL), "ioctl(heap, _IOWR('H', 1, …), NULL): the command comes first",
           [&] { return ::ioctl(h.fd(), _IOWR('H', 1, dma_heap_allocation_data), nullptr); });
  refused(fails(EINVAL), 4096, O_RDWR, 0, 1, "fd 1");
  refused(fails(EINVAL), 4096, O_RDWR | O_NONBLOCK, 0, 0, "fd_flags with O_NONBLOCK");
  refused(fails(EINVAL), 4096, 0x80000000U, 0, 0, "fd_flags 0x80000000");
  refused(fails(EINVAL), 4096, O_RDWR, 1, 0, "heap_flags 1");
  refused(fails(EINVAL), 4096, O_RDWR, std::uint64_t{1} << 63U, 0, "heap_flags 2^63");
  refused(fails(EINVAL), 0, O_RDWR, 0, 0, "length 0");
  refused(fails(EINVAL), ~std::uint64_t{0}, O_RDWR, 0, 0, "length 2^64-1");
  refused(fails(EINVAL), ~std::uint64_t{0} - 4094, O_RDWR, 0, 0, "length 2^64-4095");
  {
    const NoMoreFds none;
    UniqueFd out;
    c.expect("HEP-001", fails(EMFILE),
             "ioctl(heap, DMA_HEAP_IOCTL_ALLOC, a page) when no fd is free",
             [&] { return h.alloc(4096, out); });
    c.expect("HEP-001", fails(EINVAL),
             "ioctl(heap, DMA_HEAP_IOCTL_ALLOC, length 0) when no fd is free",
             [&] { return h.alloc(0, out); });
  }
  c.equal("HEP-001", "buffers in bufinfo after all refusals, compared to before", before,
          adapters::count_buffers(c.bufinfo()));
}

/// More than there is: system_heap_allocate asks page by page until nothing is left, and the OOM
/// killer has a say before -ENOMEM. The one who asks offers itself.
void too_long(Context& c) {
  Heap h(c);
  const long before = adapters::count_buffers(c.bufinfo());
  const int status = in_child([&] {
    (void)write_file("/proc/self/oom_score_adj", "1000");
    UniqueFd out;
    return h.alloc(std::uint64_t{1} << 50U, out) == 0 ? 0 : errno;
  });
  c.hold("HEP-001", status == ENOMEM || status == 128 + SIGKILL,
         "ioctl(heap, DMA_HEAP_IOCTL_ALLOC, length 2^50) in a child that the OOM killer likes best",
         "ENOMEM, or SIGKILL of the caller", status == 0 ? "ok" : errno_name(status));
  c.equal("HEP-001", "buffers in bufinfo afterwards, compared to before", before,
          adapters::count_buffers(c.bufinfo()));
}

void commands(Context& c) {
  Heap h(c);
  std::array<std::uint64_t, 16> argument{};
  for (const unsigned long request : std::initializer_list<unsigned long>{
           _IOWR('H', 1, dma_heap_allocation_data), _IO('H', 7), _IOW('x', 255, std::uint64_t)})
    c.expect("HEP-002", fails(EINVAL), fmt::format("ioctl(heap, {:#x}, …)", request),
             [&] { return ::ioctl(h.fd(), request, argument.data()); });
}

void lengths(Context& c) {
  Heap h(c);
  for (const std::uint64_t size :
       {std::uint64_t{1}, std::uint64_t{4095}, std::uint64_t{4096}, std::uint64_t{4097},
        std::uint64_t{1} << 20U, (std::uint64_t{3} << 20U) + 5}) {
    UniqueFd b;
    c.must("HEP-003", fmt::format("ioctl(heap, DMA_HEAP_IOCTL_ALLOC, length {})", size),
           [&] { return h.alloc(size, b); });
    const auto rounded = static_cast<off_t>((size + kPageSize - 1) / kPageSize * kPageSize);
    c.equal("HEP-003", "lseek to the end", rounded, ::lseek(b.get(), 0, SEEK_END));
    c.hold(
        "HEP-003",
        Context::fdinfo(b.get()).find(fmt::format("\nsize:\t{}\n", rounded)) != std::string::npos,
        "size in fdinfo", fmt::format("{}", rounded), Context::fdinfo(b.get()));
    const auto pages = static_cast<std::size_t>(rounded) / kPageSize;
    c.expect("HEP-003", succeeds(), fmt::format("mmap(NULL, {} pages, …)", pages),
             [&] { return map(b.get(), pages) ? 0 : -1; });
  }
}

void access(Context& c) {
  Heap h(c);
  struct Row {
    int flags;
    const char* name;
    Expect read, write;
  };
  for (const Row& row : {Row{O_RDONLY, "O_RDONLY", succeeds(), fails(EACCES)},
                         Row{O_WRONLY, "O_WRONLY", fails(EACCES), fails(EACCES)},
                         Row{O_RDWR, "O_RDWR", succeeds(), succeeds()},
                         Row{O_ACCMODE, "3", fails(EACCES), fails(EACCES)}}) {
    UniqueFd b;
    c.must("HEP-004", fmt::format("ioctl(heap, DMA_HEAP_IOCTL_ALLOC, a page, {})", row.name),
           [&] { return h.alloc(4096, b, static_cast<std::uint32_t>(row.flags)); });
    c.equal("HEP-004", "access mode", row.flags, ::fcntl(b.get(), F_GETFL) & O_ACCMODE);
    c.expect("HEP-004", row.read, fmt::format("mmap(PROT_READ) of it ({})", row.name),
             [&] { return map(b.get(), 1, 0, PROT_READ) ? 0 : -1; });
    c.expect("HEP-004", row.write, fmt::format("mmap(PROT_READ|PROT_WRITE) of it ({})", row.name),
             [&] { return map(b.get(), 1) ? 0 : -1; });
  }
  // How the node was opened does not matter.
  for (const int mode : {O_RDONLY, O_WRONLY, O_RDWR}) {
    const UniqueFd node(::open(h.path().c_str(), mode | O_CLOEXEC));
    dma_heap_allocation_data request{
        .len = 4096, .fd = 0, .fd_flags = O_RDWR | O_CLOEXEC, .heap_flags = 0};
    if (c.expect("HEP-004", returns(0),
                 fmt::format("ioctl(heap opened with mode {}, DMA_HEAP_IOCTL_ALLOC, a page)", mode),
                 [&] { return ::ioctl(node.get(), DMA_HEAP_IOCTL_ALLOC, &request); }) == 0)
      ::close(static_cast<int>(request.fd));
  }
}

void zeroed(Context& c) {
  Heap h(c);
  constexpr std::size_t kPages = 600;  // two big pages and some small ones
  for (int round = 0; round < 3; ++round) {
    const UniqueFd b = h.made(kPages * kPageSize);
    const Mapping m = map_or_skip(c, b.get(), kPages);
    std::size_t dirty = kPages;
    (void)adapters::survives([&] {
      for (std::size_t page = 0; page < kPages; ++page) {
        const auto* const words = reinterpret_cast<const volatile std::uint64_t*>(m.at(page));
        for (std::size_t word = 0; word < kPageSize / 8; ++word)
          if (words[word] != 0 && dirty == kPages) dirty = page;
      }
    });
    c.hold("HEP-005", dirty == kPages, fmt::format("read all of a new buffer, round {}", round),
           "zeroes", fmt::format("something else in page {}", dirty));
    for (std::size_t page = 0; page < kPages; ++page) {
      poke(m.at(page), 0xdeadbeefU);
      poke(m.at(page) + kPageSize - 4, 0xdeadbeefU);
    }
  }
}

void released(Context& c) {
  Heap h(c);
  UniqueFd b = h.made(4096);
  const std::uint64_t inode = inode_of(b.get());
  c.equal("HEP-006", "count right after allocation", 1L, c.count(b.get()));
  b.reset();
  c.equal("HEP-006", "count in bufinfo after close (-1: released)", -1L, listed_count(c, inode));
}

long mem_free_kib() {
  const std::string text = read_file("/proc/meminfo");
  const auto at = text.find("MemFree:");
  return at == std::string::npos ? -1 : std::atol(text.c_str() + at + 8);
}

void memory_returns(Context& c) {
  Heap h(c);
  constexpr std::uint64_t kSize = std::uint64_t{64} << 20U;
  const auto settle = [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); };
  settle();
  const long before = mem_free_kib();
  {
    UniqueFd b;
    if (h.alloc(kSize, b) != 0)
      throw NotApplicable{"no 64 MiB to be had", "give the machine more memory"};
    settle();
    c.hold("HEP-013", mem_free_kib() < before - 48 * 1024, "MemFree with 64 MiB allocated",
           "less by about 64 MiB", fmt::format("{} KiB, before {} KiB", mem_free_kib(), before));
  }
  settle();
  c.hold("HEP-013", mem_free_kib() > before - 16 * 1024, "MemFree after the buffer was closed",
         fmt::format("about {} KiB", before), fmt::format("{} KiB", mem_free_kib()));
  c.hold("HEP-006", mem_free_kib() > before - 16 * 1024, "MemFree after the buffer was closed",
         fmt::format("about {} KiB", before), fmt::format("{} KiB", mem_free_kib()));
}

void sync(Context& c) {
  Heap h(c);
  const UniqueFd b = h.made(4096);
  for (const std::uint64_t direction : {DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW}) {
    const dma_buf_sync end{.flags = DMA_BUF_SYNC_END | direction};
    c.expect("HEP-007", returns(0), fmt::format("ioctl(fd, SYNC, END|{}) without START", direction),
             [&] { return ::ioctl(b.get(), DMA_BUF_IOCTL_SYNC, &end); });
  }
}

void mmap_(Context& c) {
  Heap h(c);
  // Of pages of several orders: 1 MiB, 64 KiB, 4 KiB, in that order.
  constexpr std::size_t kPages = 256 + 16 + 3;
  const UniqueFd b = h.made(kPages * kPageSize);
  const Mapping whole = map_or_skip(c, b.get(), kPages);
  for (std::size_t page = 0; page < kPages; ++page) poke(whole.at(page), tag(page));
  for (const std::size_t first :
       {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{255}, std::size_t{256},
        std::size_t{257}, std::size_t{271}, std::size_t{272}, kPages - 1}) {
    const Mapping part = map(b.get(), kPages - first, first);
    if (!c.hold("HEP-008", static_cast<bool>(part),
                fmt::format("mmap of {} pages at page {}", kPages - first, first), "ok",
                errno_name(errno)))
      continue;
    for (std::size_t page = 0; page < kPages - first; ++page)
      if (!c.hold("HEP-008", peek(part.at(page)) == tag(first + page),
                  fmt::format("load page {} of a mapping at page {}", page, first),
                  fmt::format("{:#x}", tag(first + page)), seen(peek(part.at(page)))))
        break;
  }
  for (const std::size_t first : {std::size_t{0}, std::size_t{255}, std::size_t{272}}) {
    const Mapping one = map(b.get(), 1, first);
    c.hold("HEP-008", one && peek(one.at(0)) == tag(first),
           fmt::format("load of a one-page mapping at page {}", first),
           fmt::format("{:#x}", tag(first)), one ? seen(peek(one.at(0))) : "no mapping");
    c.expect("HEP-008", succeeds(), fmt::format("mmap(…, 1 page, MAP_PRIVATE, fd, page {})", first),
             [&] {
               const Mapping own = map(b.get(), 1, first, PROT_READ | PROT_WRITE, MAP_PRIVATE);
               return own ? 0 : -1;
             });
  }
  c.expect("HEP-008", fails(EINVAL), "mmap(…, all pages, MAP_PRIVATE, fd, 0)",
           [&] { return map(b.get(), kPages, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE) ? 0 : -1; });
}

// A known defect of trees that install the fd before they copy out.
void copy_out(Context& c) {
  Heap h(c);
  const Mapping page(
      ::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      kPageSize);
  auto* const request = static_cast<dma_heap_allocation_data*>(page.address());
  *request = {.len = 4096, .fd = 0, .fd_flags = O_RDWR | O_CLOEXEC, .heap_flags = 0};
  if (::mprotect(page.address(), kPageSize, PROT_READ) != 0) c.trouble("mprotect", errno);
  const int lowest = ::dup(STDERR_FILENO);
  ::close(lowest);
  const long before = adapters::count_buffers(c.bufinfo());
  c.expect("HEP-010", fails(EFAULT),
           "ioctl(heap, DMA_HEAP_IOCTL_ALLOC, a struct that cannot be written)",
           [&] { return ::ioctl(h.fd(), DMA_HEAP_IOCTL_ALLOC, request); });
  const bool installed = ::fcntl(lowest, F_GETFD) >= 0;
  const long after = adapters::count_buffers(c.bufinfo());
  c.hold("HEP-010", !installed, "the lowest free fd afterwards", "still free",
         "open on " + std::string(installed && is_dmabuf(lowest) ? "a dma-buf" : "something"));
  if (installed) ::close(lowest);
  c.equal("HEP-010", "buffers in bufinfo afterwards, compared to before", before, after);
}

constexpr std::string_view kHeap = "heap:";

constexpr Check kChecks[] = {
    {.name = "hep.order",
     .text = "ALLOC refuses what is wrong, in order, and leaves nothing",
     .requirements = {"HEP-001"},
     .needs = {.exporters = kHeap, .root = true},
     .run = order},
    {.name = "hep.commands",
     .text = "other commands are refused",
     .requirements = {"HEP-002"},
     .needs = {.exporters = kHeap},
     .run = commands},
    {.name = "hep.lengths",
     .text = "lengths are rounded up to pages",
     .requirements = {"HEP-003"},
     .needs = {.exporters = kHeap},
     .run = lengths},
    {.name = "hep.access",
     .text = "the flags decide the access mode, the node does not",
     .requirements = {"HEP-004"},
     .needs = {.exporters = kHeap},
     .run = access},
    {.name = "hep.zeroed",
     .text = "memory is cleared before anybody sees it",
     .requirements = {"HEP-005"},
     .needs = {.exporters = kHeap},
     .run = zeroed},
    {.name = "hep.released",
     .text = "one reference at first, none after close",
     .requirements = {"HEP-006"},
     .needs = {.exporters = kHeap, .root = true},
     .run = released},
    {.name = "hep.memory",
     .text = "memory goes back when the buffer goes",
     .requirements = {"HEP-006", "HEP-013"},
     .needs = {.exporters = "heap:system"},
     .run = memory_returns},
    {.name = "hep.sync",
     .text = "END needs no START",
     .requirements = {"HEP-007"},
     .needs = {.exporters = kHeap},
     .run = sync},
    {.name = "hep.mmap",
     .text = "mappings begin at any page, whatever the sizes of the pages behind",
     .requirements = {"HEP-008"},
     .needs = {.exporters = "heap:system"},
     .run = mmap_},
    {.name = "hep.copy-out",
     .text = "an answer that cannot be written leaves no fd",
     .requirements = {"HEP-010"},
     .needs = {.exporters = kHeap, .root = true},
     .run = copy_out,
     .residue = "HEP-010"},
    {.name = "hep.too-long",
     .text = "asking for more than there is fails",
     .requirements = {"HEP-001"},
     .needs = {.exporters = "heap:system", .root = true, .reserve = Reserve::Dangerous},
     .run = too_long},
};

}  // namespace

std::span<const Check> heap_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
