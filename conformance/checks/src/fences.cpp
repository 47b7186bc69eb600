// SPDX-License-Identifier: MIT
// Waiting: poll, SYNC, EXPORT and IMPORT_SYNC_FILE, sync_file. With vgem's fences where one is
// needed.
#include <linux/sync_file.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

#include "areas.hpp"
#include "prime.hpp"

namespace dmabuf::checks {
namespace {

using std::chrono::milliseconds;

int poll_now(int fd, short events) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  const int result = ::poll(&one, 1, 0);
  return result > 0 ? one.revents : result;
}

/// A sync_file of the buffer's fences for that access; an invalid fd and errno otherwise.
UniqueFd sync_file_of(int fd, __u32 flags) {
  dma_buf_export_sync_file get{.flags = flags, .fd = -1};
  return UniqueFd(::ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &get) == 0 ? get.fd : -1);
}
bool signalled(const UniqueFd& sync) {
  return poll_now(sync.get(), POLLIN) == POLLIN;
}

struct Info {
  sync_file_info head{};
  std::vector<sync_fence_info> fences;
};
Info info_of(int sync) {
  Info info;
  if (::ioctl(sync, SYNC_IOC_FILE_INFO, &info.head) != 0) return info;
  info.fences.resize(info.head.num_fences);
  info.head.sync_fence_info = reinterpret_cast<std::uintptr_t>(info.fences.data());
  if (::ioctl(sync, SYNC_IOC_FILE_INFO, &info.head) != 0) info.head.status = -9999;
  return info;
}

// --- without a fence -----------------------------------------------------------------------------

void idle_poll(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  const long before = c.count(fd);
  const auto poll = [&](Id id, short events, int expected, std::string_view name) {
    c.equal(id, fmt::format("revents of poll(fd, {}, 0)", name), expected, poll_now(fd, events));
  };
  poll("POL-001", POLLIN, POLLIN, "POLLIN");
  poll("POL-001", POLLOUT, POLLOUT, "POLLOUT");
  poll("POL-001", POLLIN | POLLOUT, POLLIN | POLLOUT, "POLLIN|POLLOUT");
  poll("POL-004", 0, 0, "0");
  poll("POL-004", POLLRDNORM, 0, "POLLRDNORM");
  poll("POL-004", POLLWRNORM, 0, "POLLWRNORM");
  poll("POL-004", POLLPRI, 0, "POLLPRI");
  poll("POL-004", POLLIN | POLLPRI | POLLRDNORM, POLLIN, "POLLIN|POLLPRI|POLLRDNORM");
  c.equal("POL-001", "count after polling without fences", before, c.count(fd));
  {
    const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = 5}};
    c.must("POL-009", "epoll_ctl(ADD, fd, IN|OUT)",
           [&] { return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event); });
    c.equal("POL-009", "count while registered", before, c.count(fd));
    epoll_event got{};
    c.expect("POL-009", returns(1), "epoll_wait(…, 0)",
             [&] { return ::epoll_wait(epoll.get(), &got, 1, 0); });
    c.equal("POL-009", "its events", static_cast<unsigned>(EPOLLIN | EPOLLOUT), got.events);
  }
  fd_set in, out, except;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_ZERO(&except);
  FD_SET(fd, &in);
  FD_SET(fd, &out);
  FD_SET(fd, &except);
  timeval none{};
  c.expect("POL-013", returns(2), "select(fd in all three sets, no wait)",
           [&] { return ::select(fd + 1, &in, &out, &except, &none); });
  c.hold("POL-013", FD_ISSET(fd, &in) && FD_ISSET(fd, &out) && !FD_ISSET(fd, &except),
         "sets after select", "read and write, not except", "others");
}

void sync_flags(Context& c) {
  const Buffer b = c.buffer();
  const auto sync = [&](Id id, const Expect& expected, const void* argument,
                        std::string_view what) {
    c.expect(id, expected, fmt::format("ioctl(fd, DMA_BUF_IOCTL_SYNC, {})", what),
             [&] { return ::ioctl(b.number(), DMA_BUF_IOCTL_SYNC, argument); });
  };
  sync("SYN-001", fails(EFAULT), nullptr, "NULL");
  sync("SYN-001", fails(EFAULT), bad_address(), "an address that cannot be read");
  for (const std::uint64_t flags :
       {std::uint64_t{8}, std::uint64_t{9}, std::uint64_t{0x10}, std::uint64_t{1} << 31U,
        (std::uint64_t{1} << 32U) | 1, (std::uint64_t{1} << 63U) | 3, ~std::uint64_t{0}}) {
    const dma_buf_sync argument{.flags = flags};
    sync("SYN-002", fails(EINVAL), &argument, fmt::format("flags {:#x}", flags));
  }
  for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{DMA_BUF_SYNC_END}}) {
    const dma_buf_sync argument{.flags = flags};
    sync("SYN-003", fails(EINVAL), &argument, flags == 0 ? "START alone" : "END alone");
  }
  for (int round = 0; round < 2; ++round)
    for (const std::uint64_t direction : {DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW}) {
      const dma_buf_sync argument{.flags = DMA_BUF_SYNC_START | direction};
      sync("SYN-009", returns(0), &argument, fmt::format("START, direction {}", direction));
    }
  for (int round = 0; round < 3; ++round)
    for (const std::uint64_t direction : {DMA_BUF_SYNC_RW, DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE}) {
      const dma_buf_sync argument{.flags = DMA_BUF_SYNC_END | direction};
      sync("SYN-009", returns(0), &argument,
           fmt::format("END, direction {}, more often than START", direction));
    }
  // Another process is between START and END.
  const int status = in_child([&] {
    const dma_buf_sync start{.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW};
    return ::ioctl(b.number(), DMA_BUF_IOCTL_SYNC, &start) == 0 ? 0 : 1;
  });
  c.equal("SYN-011", "START in a child (0: done)", 0, status);
  const dma_buf_sync start{.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW};
  sync("SYN-011", returns(0), &start, "START|RW, while the child's has not ended");
}

void export_errors(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  const long before = c.count(fd);
  const auto get = [&](Id id, const Expect& expected, void* argument, std::string_view what) {
    c.expect(id, expected, fmt::format("ioctl(fd, EXPORT_SYNC_FILE, {})", what),
             [&] { return ::ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, argument); });
  };
  get("SFE-001", fails(EFAULT), nullptr, "NULL");
  for (const __u32 flags : {0U, 4U, 8U, 7U, 0x80000001U}) {
    dma_buf_export_sync_file argument{.flags = flags, .fd = -1};
    get("SFE-001", fails(EINVAL), &argument, fmt::format("flags {:#x}", flags));
  }
  {
    const NoMoreFds none;
    dma_buf_export_sync_file argument{.flags = 0, .fd = -1};
    get("SFE-001", fails(EINVAL), &argument, "flags 0, no fd free");
    argument.flags = DMA_BUF_SYNC_READ;
    get("SFE-001", fails(EMFILE), &argument, "READ, no fd free");
  }
  {
    const Mapping page(
        ::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        kPageSize);
    auto* const argument = static_cast<dma_buf_export_sync_file*>(page.address());
    argument->flags = DMA_BUF_SYNC_READ;
    argument->fd = -1;
    const int lowest = ::dup(STDERR_FILENO);
    ::close(lowest);
    if (::mprotect(page.address(), kPageSize, PROT_READ) != 0) c.trouble("mprotect", errno);
    get("SFE-001", fails(EFAULT), argument, "READ, a struct that cannot be written");
    const int again = ::dup(STDERR_FILENO);
    ::close(again);
    c.equal("SFE-001", "lowest free fd after that", lowest, again);
  }
  dma_buf_export_sync_file argument{.flags = DMA_BUF_SYNC_RW, .fd = -1};
  get("SFE-005", returns(0), &argument, "RW, no fence");
  const UniqueFd sync(argument.fd);
  c.equal("SFE-002", "FD_CLOEXEC of the sync_file", FD_CLOEXEC, ::fcntl(sync.get(), F_GETFD));
  c.equal("SFE-007", "count after the export", before, c.count(fd));
  const Info info = info_of(sync.get());
  c.equal("SFE-005", "status of a sync_file of no fences", 1, info.head.status);
  c.equal("SFE-005", "its number of fences", 1U, info.head.num_fences);
  if (!info.fences.empty())
    c.equal("SFE-005", "status of its fence", 1, info.fences.front().status);
  c.hold("SFE-008", signalled(sync), "poll(sync_file, POLLIN, 0)", "ready", "not ready");
}

void import_errors(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  const auto put = [&](Id id, const Expect& expected, const void* argument, std::string_view what) {
    c.expect(id, expected, fmt::format("ioctl(fd, IMPORT_SYNC_FILE, {})", what),
             [&] { return ::ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, argument); });
  };
  put("SFI-001", fails(EFAULT), nullptr, "NULL");
  UniqueFd sync = sync_file_of(fd, DMA_BUF_SYNC_RW);
  if (!sync) c.trouble("EXPORT_SYNC_FILE", errno);
  for (const __u32 flags : {0U, 4U, 8U, 7U, 0x80000001U}) {
    const dma_buf_import_sync_file argument{.flags = flags, .fd = sync.get()};
    put("SFI-001", fails(EINVAL), &argument, fmt::format("flags {:#x}", flags));
  }
  for (const auto& [number, what] : {std::pair{-1, "fd -1"}, std::pair{1000, "a closed fd"},
                                     std::pair{fd, "the dma-buf itself"}, std::pair{2, "stderr"}}) {
    const dma_buf_import_sync_file argument{.flags = DMA_BUF_SYNC_READ, .fd = number};
    put("SFI-001", fails(EINVAL), &argument, fmt::format("READ, {}", what));
  }
  const long before = c.count(fd);
  for (const __u32 flags : {DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW}) {
    const dma_buf_import_sync_file argument{.flags = flags, .fd = sync.get()};
    put("SFI-004", returns(0), &argument, fmt::format("flags {:#x}, a signalled sync_file", flags));
  }
  sync.reset();
  c.equal("SFI-004", "revents of poll(fd, POLLIN|POLLOUT, 0) afterwards", POLLIN | POLLOUT,
          poll_now(fd, POLLIN | POLLOUT));
  c.equal("SFI-006", "count after the sync_file was closed", before, c.count(fd));
}

void sync_file_calls(Context& c) {
  const Buffer b = c.buffer();
  const UniqueFd sync = sync_file_of(b.number(), DMA_BUF_SYNC_RW);
  if (!sync) c.trouble("EXPORT_SYNC_FILE", errno);
  const int s = sync.get();
  const auto info = [&](const Expect& expected, void* argument, std::string_view what) {
    c.expect("SYF-002", expected, fmt::format("ioctl(sync_file, SYNC_IOC_FILE_INFO, {})", what),
             [&] { return ::ioctl(s, SYNC_IOC_FILE_INFO, argument); });
  };
  info(fails(EFAULT), nullptr, "NULL");
  sync_file_info head{};
  head.flags = 1;
  info(fails(EINVAL), &head, "flags 1");
  head = {};
  head.pad = 1;
  info(fails(EINVAL), &head, "pad 1");
  head = {};
  info(returns(0), &head, "num_fences 0");
  c.equal("SYF-002", "num_fences", 1U, head.num_fences);
  head = {};
  head.num_fences = 1;
  head.sync_fence_info = reinterpret_cast<std::uintptr_t>(bad_address());
  info(fails(EFAULT), &head, "records that cannot be written");
  const auto merge = [&](const Expect& expected, void* argument, std::string_view what) {
    return c.expect("SYF-006", expected, fmt::format("ioctl(sync_file, SYNC_IOC_MERGE, {})", what),
                    [&] { return ::ioctl(s, SYNC_IOC_MERGE, argument); });
  };
  merge(fails(EFAULT), nullptr, "NULL");
  sync_merge_data data{};
  const auto fresh = [&](int fd2) {
    data = {};
    std::memset(data.name, 'n', sizeof data.name);
    data.fd2 = fd2;
    return &data;
  };
  fresh(-1)->flags = 1;
  merge(fails(EINVAL), &data, "flags 1 and a bad fd2");
  fresh(-1)->pad = 1;
  merge(fails(EINVAL), &data, "pad 1 and a bad fd2");
  merge(fails(ENOENT), fresh(-1), "fd2 -1");
  merge(fails(ENOENT), fresh(b.number()), "fd2 a dma-buf");
  {
    const NoMoreFds none;
    merge(fails(EMFILE), fresh(-1), "fd2 -1, no fd free");
    merge(fails(EMFILE), nullptr, "NULL, no fd free");
  }
  if (merge(returns(0), fresh(s), "itself, a name of 32 characters") == 0) {
    const UniqueFd merged(data.fence);
    c.equal("SYF-006", "FD_CLOEXEC of the merged sync_file", FD_CLOEXEC,
            ::fcntl(merged.get(), F_GETFD));
    const Info both = info_of(merged.get());
    c.equal("SYF-006", "its name", std::string_view(std::string(31, 'n')),
            std::string_view(both.head.name, ::strnlen(both.head.name, 32)));
    c.equal("SYF-007", "its status: all were signalled", 1, both.head.status);
    c.equal("SYF-007", "its number of fences", 1U, both.head.num_fences);
  }
  c.equal("SYF-006", "status of the input afterwards", 1, info_of(s).head.status);
  c.equal("SYF-001", "revents of poll(sync_file, POLLIN|POLLOUT, 0)", POLLIN,
          poll_now(s, POLLIN | POLLOUT));
  dma_buf_sync start{.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ};
  c.expect("SYF-009", fails(ENOTTY), "ioctl(sync_file, DMA_BUF_IOCTL_SYNC, START|READ)",
           [&] { return ::ioctl(s, DMA_BUF_IOCTL_SYNC, &start); });
  c.expect("SYF-009", fails(ENOTTY), "ioctl(sync_file, DMA_BUF_SET_NAME, \"n\")",
           [&] { return ::ioctl(s, DMA_BUF_SET_NAME, "n"); });
  c.hold("SYF-009", !is_dmabuf(s), "fstatfs(sync_file)", "another magic", "the magic of dma-buf");
}

constexpr Habit kDeadline[] = {{"", {"", "6.5"}, fails(ENOTTY)}, {"", {"6.8", ""}, returns(0)}};
constexpr Habit kDeadlinePad[] = {{"", {"", "6.5"}, fails(ENOTTY)},
                                  {"", {"6.8", ""}, fails(EINVAL)}};

void deadline(Context& c) {
  const Buffer b = c.buffer();
  const UniqueFd sync = sync_file_of(b.number(), DMA_BUF_SYNC_RW);
  if (!sync) c.trouble("EXPORT_SYNC_FILE", errno);
  struct Deadline {
    __u64 ns, pad;
  } argument{.ns = 1, .pad = 0};
  constexpr unsigned long kSetDeadline = _IOW('>', 5, Deadline);
  static_assert(kSetDeadline == 0x40103E05);
  c.expect("SYF-010", c.habit(kDeadline), "ioctl(sync_file, SYNC_IOC_SET_DEADLINE, 1 ns)",
           [&] { return ::ioctl(sync.get(), kSetDeadline, &argument); });
  argument.pad = 1;
  c.expect("SYF-010", c.habit(kDeadlinePad), "ioctl(sync_file, SYNC_IOC_SET_DEADLINE, pad 1)",
           [&] { return ::ioctl(sync.get(), kSetDeadline, &argument); });
}

// --- with vgem's fences --------------------------------------------------------------------------

/// A vgem buffer with which fences can be put and signalled.
struct Fenced {
  explicit Fenced(Context& c) : card(c, "vgem"), handle(card.dumb()), fd(card.exported(handle)) {}
  Card card;
  __u32 handle;
  UniqueFd fd;
  int number() const { return fd.get(); }
  __u32 write() { return card.fence(handle, VGEM_FENCE_WRITE); }
  __u32 read() { return card.fence(handle, 0); }
};

void poll_usages(Context& c) {
  Fenced b(c);
  const auto ready = [&](Id id, int expected, std::string_view when) {
    c.equal(id, fmt::format("revents of poll(fd, POLLIN|POLLOUT, 0) {}", when), expected,
            poll_now(b.number(), POLLIN | POLLOUT));
  };
  const __u32 read = b.read();
  ready("POL-002", POLLIN, "with a read fence");
  ready("POL-003", POLLIN, "with a read fence");
  b.card.signal(read);
  ready("POL-003", POLLIN | POLLOUT, "after it");
  const __u32 write = b.write();
  ready("POL-002", 0, "with a write fence");
  ready("POL-003", 0, "with a write fence");
  b.card.signal(write);
  ready("POL-002", POLLIN | POLLOUT, "after it");
  // The same three ways to ask agree (INV-009).
  const __u32 again = b.read();
  c.hold("INV-009",
         signalled(sync_file_of(b.number(), DMA_BUF_SYNC_READ)) &&
             !signalled(sync_file_of(b.number(), DMA_BUF_SYNC_WRITE)),
         "EXPORT_SYNC_FILE with a read fence", "READ signalled, WRITE pending", "otherwise");
  b.card.signal(again);
}

void poll_arms(Context& c) {
  Fenced b(c);
  const std::uint64_t inode = inode_of(b.number());
  const long before = c.count(b.number());
  const __u32 fence = b.write();
  c.equal("POL-006", "count with a fence nobody polls for", before, c.count(b.number()));
  (void)poll_now(b.number(), POLLIN);
  c.equal("POL-006", "count after poll(fd, POLLIN, 0)", before + 1, c.count(b.number()));
  (void)poll_now(b.number(), POLLIN);
  c.equal("POL-006", "count after the same again", before + 1, c.count(b.number()));
  (void)poll_now(b.number(), POLLOUT);
  c.equal("POL-006", "count after poll(fd, POLLOUT, 0) too", before + 2, c.count(b.number()));
  b.card.let_go(b.handle);
  b.fd.reset();
  c.equal("POL-007", "count in bufinfo after fd and handle were closed", 2L,
          listed_count(c, inode));
  b.card.signal(fence);
  long left = -1;
  for (int look = 0; look < 50; ++look) {
    left = listed_count(c, inode);
    if (left < 0) break;
    std::this_thread::sleep_for(milliseconds(10));
  }
  c.equal("POL-007", "count in bufinfo after the fence signalled (-1: released)", -1L, left);
}

void poll_waits(Context& c) {
  Fenced b(c);
  const __u32 one = b.read(), two = b.read();
  long result = 0;
  // A process of its own signals one fence, and later the other.
  const pid_t pid = ::fork();
  if (pid < 0) c.trouble("fork", errno);
  if (pid == 0) {
    ::usleep(100'000);
    (void)b.card.signal_fence(one);
    ::usleep(200'000);
    (void)b.card.signal_fence(two);
    ::_exit(0);
  }
  pollfd poll{.fd = b.number(), .events = POLLOUT, .revents = 0};
  const auto begun = std::chrono::steady_clock::now();
  result = c.expect("POL-005", returns(1),
                    "poll(fd, POLLOUT, 5000), two read fences signalled one after the other",
                    [&] { return ::poll(&poll, 1, 5000); });
  const auto took =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  (void)::waitpid(pid, nullptr, 0);
  if (result == 1) {
    c.equal("POL-005", "revents", POLLOUT, static_cast<int>(poll.revents));
    c.hold("POL-005", took >= milliseconds(250), "time it waited",
           "until the second was signalled (300 ms)", fmt::format("{} ms", took.count()));
  }
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  const __u32 write = b.write();
  epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = 1}};
  c.must("POL-009", "epoll_ctl(ADD, fd, IN|OUT) with a write fence",
         [&] { return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, b.number(), &event); });
  epoll_event got{};
  c.expect("POL-009", returns(0), "epoll_wait(…, 50)",
           [&] { return ::epoll_wait(epoll.get(), &got, 1, 50); });
  b.card.signal(write);
  c.expect("POL-009", returns(1), "epoll_wait(…, 2000) after the fence was signalled",
           [&] { return ::epoll_wait(epoll.get(), &got, 1, 2000); });
}

void closed_while_polled(Context& c) {
  Fenced b(c);
  const __u32 fence = b.write();
  const int number = b.number();
  pollfd poll{.fd = number, .events = POLLIN, .revents = 0};
  int result = -1;
  {
    std::thread poller([&] { result = ::poll(&poll, 1, 5000); });
    std::this_thread::sleep_for(milliseconds(100));
    b.fd.reset();
    b.card.signal(fence);
    poller.join();
  }
  c.equal("POL-010",
          "poll(fd, POLLIN, 5000), the fd closed by another thread, then the fence signalled", 1,
          result);
  c.equal("POL-010", "revents", POLLNVAL, static_cast<int>(poll.revents));
}

void sync_waits(Context& c) {
  Fenced b(c);
  const auto sync = [&](std::uint64_t flags) {
    return [&, flags]() -> long {
      const dma_buf_sync argument{.flags = flags};
      return ::ioctl(b.number(), DMA_BUF_IOCTL_SYNC, &argument);
    };
  };
  const auto ask = [&](Id id, std::uint64_t flags, bool expected, std::string_view what) {
    long result = 0;
    int error = 0;
    const bool waited = waits(milliseconds(80), sync(flags), result, error);
    c.call(fmt::format("ioctl(fd, SYNC, {}), a signal after 80 ms", what), [&] {
      errno = error;
      return result;
    });
    c.hold(id, waited == expected && (expected || result == 0),
           fmt::format("ioctl(fd, SYNC, {})", what), expected ? "waits, EINTR" : "ok at once",
           waited        ? "waits"
           : result == 0 ? "ok"
                         : errno_name(error));
  };
  const __u32 read = b.read();
  ask("SYN-005", DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, false, "START|READ, a read fence pending");
  ask("SYN-005", DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE, true,
      "START|WRITE, a read fence pending");
  ask("SYN-005", DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW, true, "START|RW, a read fence pending");
  ask("SYN-008", DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW, false, "END|RW, a read fence pending");
  b.card.signal(read);
  const __u32 write = b.write();
  ask("SYN-006", DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, true, "START|READ, a write fence pending");
  ask("SYN-007", DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, true, "START|READ, a write fence pending");
  ask("SYN-006", DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE, true,
      "START|WRITE, a write fence pending");
  ask("SYN-008", DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE, false, "END|WRITE, a write fence pending");
  (void)::fcntl(b.number(), F_SETFL, O_NONBLOCK);
  ask("FOP-007", DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, true,
      "START|READ on an O_NONBLOCK fd, a write fence pending");
  pollfd poll{.fd = b.number(), .events = POLLIN, .revents = 0};
  c.expect("FOP-007", returns(0), "poll(O_NONBLOCK fd, POLLIN, 50)",
           [&] { return ::poll(&poll, 1, 50); });
  b.card.signal(write);
  ask("SYN-006", DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW, false, "START|RW, after it");
}

void export_usages(Context& c) {
  Fenced b(c);
  const long before = c.count(b.number());
  const __u32 one = b.read();
  const UniqueFd reads = sync_file_of(b.number(), DMA_BUF_SYNC_READ),
                 writes = sync_file_of(b.number(), DMA_BUF_SYNC_WRITE),
                 both = sync_file_of(b.number(), DMA_BUF_SYNC_RW);
  c.hold("SFE-003", signalled(reads), "EXPORT_SYNC_FILE(READ) with a read fence", "signalled",
         "pending");
  c.hold("SFE-003", !signalled(writes), "EXPORT_SYNC_FILE(WRITE) with a read fence", "pending",
         "signalled");
  c.hold("SFE-003", !signalled(both), "EXPORT_SYNC_FILE(RW) with a read fence", "pending",
         "signalled");
  const Info info = info_of(writes.get());
  c.equal("SFE-006", "fences in the export of one", 1U, info.head.num_fences);
  c.equal("SYF-003", "status while pending", 0, info.head.status);
  if (!info.fences.empty()) {
    c.equal("SFE-006", "driver of that fence", std::string_view("vgem"),
            std::string_view(info.fences.front().driver_name));
    c.equal("SFE-006", "its timeline", std::string_view("unbound"),
            std::string_view(info.fences.front().obj_name));
    c.equal("SYF-004", "timestamp while pending", __u64{0}, info.fences.front().timestamp_ns);
  }
  c.hold("SYF-005",
         std::string_view(info.head.name).starts_with("vgem-unbound") &&
             std::string_view(info.head.name).ends_with("-1"),
         "name of the sync_file", "vgem-unbound<context>-1", info.head.name);
  const __u32 two = b.read();
  const UniqueFd pair = sync_file_of(b.number(), DMA_BUF_SYNC_WRITE);
  c.equal("SFE-006", "fences in the export of two", 2U, info_of(pair.get()).head.num_fences);
  c.hold("SYF-005",
         std::string_view(info_of(pair.get()).head.name).starts_with("dma_fence_array-unbound"),
         "name of a sync_file of two fences", "dma_fence_array-unbound<context>-1",
         info_of(pair.get()).head.name);
  c.equal("SFE-007", "count with four sync_files", before, c.count(b.number()));
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto then =
      static_cast<__u64>(now.tv_sec) * 1'000'000'000U + static_cast<__u64>(now.tv_nsec);
  b.card.signal(one);
  c.hold("SFE-004", signalled(writes),
         "the export of the first fence after it signalled, the second pending", "signalled",
         "pending");
  c.hold("SFE-006", !signalled(pair), "the export of both after one signalled", "pending",
         "signalled");
  const Info half = info_of(pair.get());
  c.equal("SYF-003", "status of both with one pending", 0, half.head.status);
  b.card.signal(two);
  c.hold("SFE-008", signalled(pair), "the export of both after both signalled", "signalled",
         "pending");
  const Info done = info_of(pair.get());
  c.equal("SYF-003", "status after that", 1, done.head.status);
  for (const sync_fence_info& fence : done.fences)
    c.hold("SYF-004", fence.timestamp_ns >= then && fence.timestamp_ns < then + 60'000'000'000ULL,
           "timestamp after signalling", "CLOCK_MONOTONIC of now",
           fmt::format("{}, now is {}", fence.timestamp_ns, then));
  const __u32 last = b.write();
  const UniqueFd outlives = sync_file_of(b.number(), DMA_BUF_SYNC_READ);
  b.card.let_go(b.handle);
  b.fd.reset();
  c.hold("SFE-007", !signalled(outlives), "a sync_file whose buffer is gone", "pending",
         "signalled");
  b.card.signal(last);
  c.hold("SFE-007", signalled(outlives), "the same after its fence signalled", "signalled",
         "pending");
}

void import_usages(Context& c) {
  Fenced from(c), to(c);
  const auto put = [&](const UniqueFd& sync, __u32 flags) {
    const dma_buf_import_sync_file argument{.flags = flags, .fd = sync.get()};
    return c.expect(
        "SFI-002", returns(0), fmt::format("ioctl(fd, IMPORT_SYNC_FILE, flags {})", flags),
        [&] { return ::ioctl(to.number(), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &argument); });
  };
  const auto polled = [&] {
    const int in = signalled(sync_file_of(to.number(), DMA_BUF_SYNC_READ)) ? POLLIN : 0;
    const int out = signalled(sync_file_of(to.number(), DMA_BUF_SYNC_WRITE)) ? POLLOUT : 0;
    return in | out;
  };
  const auto usages = [&] {
    const std::string text = c.bufinfo();
    const auto at = text.find(fmt::format("\t{:08}\t", inode_of(to.number())));
    const std::string mine = text.substr(at, text.find("\tAttached", at) - at);
    std::string found;
    for (auto line = mine.find("\n\t"); line != std::string::npos;
         line = mine.find("\n\t", line + 1))
      if (mine.find("unsignalled", line) < mine.find('\n', line + 1)) found += mine[line + 2];
    return found;  // "w" for each pending write fence, "r" for each read fence
  };
  __u32 fence = from.read();
  put(sync_file_of(from.number(), DMA_BUF_SYNC_WRITE), DMA_BUF_SYNC_READ);
  c.equal("SFI-002", "what is ready after an import as READ (POLLIN, not POLLOUT)", POLLIN,
          polled());
  c.equal("SFI-002", "pending usages in bufinfo", std::string_view("r"),
          std::string_view(usages()));
  put(sync_file_of(from.number(), DMA_BUF_SYNC_WRITE), DMA_BUF_SYNC_WRITE);
  c.equal("SFI-002", "what is ready after an import as WRITE", 0, polled());
  from.card.signal(fence);
  c.equal("SFI-005", "what is ready after the fence signalled", POLLIN | POLLOUT, polled());
  fence = from.read();
  put(sync_file_of(from.number(), DMA_BUF_SYNC_WRITE), DMA_BUF_SYNC_RW);
  c.equal("SFI-002", "pending usages after an import as READ|WRITE", std::string_view("w"),
          std::string_view(usages()));
  from.card.signal(fence);
  // Two fences in one sync_file: each becomes an entry, beside the buffer's own.
  const __u32 own = to.read();
  const __u32 one = from.read(), two = from.read();
  {
    const UniqueFd pair = sync_file_of(from.number(), DMA_BUF_SYNC_WRITE);
    long result = 0;
    int error = 0;
    const dma_buf_import_sync_file argument{.flags = DMA_BUF_SYNC_WRITE, .fd = pair.get()};
    const bool waited = waits(
        milliseconds(2000),
        [&] { return ::ioctl(to.number(), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &argument); }, result,
        error);
    c.hold("SFI-007", !waited && result == 0,
           "ioctl(fd, IMPORT_SYNC_FILE, WRITE) with fences pending on both sides", "ok at once",
           waited ? "waits" : errno_name(error));
  }
  const std::string all = usages();
  c.equal("SFI-003", "pending write fences in bufinfo after an import of two", 2L,
          static_cast<long>(std::count(all.begin(), all.end(), 'w')));
  c.equal("SFI-005", "the buffer's own read fence", 1L,
          static_cast<long>(std::count(all.begin(), all.end(), 'r')));
  c.equal("SFI-006", "what is ready with the sync_file closed", 0, polled());
  from.card.signal(one);
  c.equal("SFI-003", "what is ready with one of them signalled", 0, polled());
  from.card.signal(two);
  c.equal("SFI-005", "what is ready with both signalled, the own pending", POLLIN, polled());
  to.card.signal(own);
}

void merges(Context& c) {
  Fenced a(c), b(c);
  const __u32 one = a.write(), two = b.write();
  const UniqueFd first = sync_file_of(a.number(), DMA_BUF_SYNC_READ),
                 second = sync_file_of(b.number(), DMA_BUF_SYNC_READ);
  const auto merge = [&](int x, int y) {
    sync_merge_data data{};
    std::memcpy(data.name, "both", 5);
    data.fd2 = y;
    c.expect("SYF-006", returns(0), "ioctl(sync_file, SYNC_IOC_MERGE, another)",
             [&] { return ::ioctl(x, SYNC_IOC_MERGE, &data); });
    return UniqueFd(data.fence);
  };
  const UniqueFd both = merge(first.get(), second.get());
  c.equal("SYF-007", "fences of the merge of two", 2U, info_of(both.get()).head.num_fences);
  c.equal("SYF-006", "name of the merge", std::string_view("both"),
          std::string_view(info_of(both.get()).head.name));
  c.equal("SYF-007", "fences of a merge of one with itself", 1U,
          info_of(merge(first.get(), first.get()).get()).head.num_fences);
  c.equal("SYF-007", "fences of a merge of the merge with one of its parts", 2U,
          info_of(merge(both.get(), first.get()).get()).head.num_fences);
  Info small = info_of(both.get());
  std::array<sync_fence_info, 2> records{};
  small.head.num_fences = 1;
  small.head.sync_fence_info = reinterpret_cast<std::uintptr_t>(records.data());
  c.expect("SYF-002", fails(EINVAL), "ioctl(sync_file of two, FILE_INFO, room for one)",
           [&] { return ::ioctl(both.get(), SYNC_IOC_FILE_INFO, &small.head); });
  a.card.signal(one);
  c.equal("SYF-001", "revents of poll(merge, POLLIN|POLLOUT, 0) with one pending", 0,
          poll_now(both.get(), POLLIN | POLLOUT));
  c.equal("SYF-007", "fences of a merge after one has signalled", 1U,
          info_of(merge(first.get(), second.get()).get()).head.num_fences);
  b.card.signal(two);
  c.equal("SYF-001", "revents with none pending", POLLIN, poll_now(both.get(), POLLIN | POLLOUT));
}

void signalled_names(Context& c) {
  Fenced b(c);
  const __u32 fence = b.write();
  const UniqueFd sync = sync_file_of(b.number(), DMA_BUF_SYNC_READ);
  b.card.signal(fence);
  const Info info = info_of(sync.get());
  if (info.fences.empty()) throw conformance::HarnessError("FILE_INFO gave no records");
  c.equal("SYF-008", "driver of a signalled fence", std::string_view("detached-driver"),
          std::string_view(info.fences.front().driver_name));
  c.equal("SYF-008", "its timeline", std::string_view("signaled-timeline"),
          std::string_view(info.fences.front().obj_name));
}

constexpr model::Versions kSyncFiles = {"6.0", ""};

constexpr Check kChecks[] = {
    {.name = "pol.idle",
     .text = "a buffer without fences is ready, for what is asked",
     .requirements = {"POL-001", "POL-004", "POL-009", "POL-013"},
     .run = idle_poll},
    {.name = "syn.flags",
     .text = "SYNC refuses what it does not know, and keeps no account of the rest",
     .requirements = {"SYN-001", "SYN-002", "SYN-003", "SYN-009", "SYN-011"},
     .run = sync_flags},
    {.name = "sfe.errors",
     .text = "EXPORT_SYNC_FILE refuses in order, and makes a signalled one of nothing",
     .requirements = {"SFE-001", "SFE-002", "SFE-005", "SFE-007", "SFE-008"},
     .needs = {.kernels = kSyncFiles},
     .run = export_errors},
    {.name = "sfi.errors",
     .text = "IMPORT_SYNC_FILE refuses in order, and takes a signalled one",
     .requirements = {"SFI-001", "SFI-004", "SFI-006"},
     .needs = {.kernels = kSyncFiles},
     .run = import_errors},
    {.name = "syf.calls",
     .text = "FILE_INFO and MERGE refuse in order",
     .requirements = {"SYF-001", "SYF-002", "SYF-006", "SYF-007", "SYF-009"},
     .needs = {.kernels = kSyncFiles},
     .run = sync_file_calls},
    {.name = "syf.deadline",
     .text = "SET_DEADLINE is there from 6.6 or so",
     .requirements = {"SYF-010"},
     .needs = {.kernels = kSyncFiles},
     .run = deadline},
    {.name = "pol.usages",
     .text = "a read fence stops writers, a write fence everybody",
     .requirements = {"POL-002", "POL-003", "INV-009"},
     .needs = {.exporters = "vgem", .kernels = kSyncFiles},
     .run = poll_usages},
    {.name = "pol.arms",
     .text = "polling for a fence holds the buffer until it signals",
     .requirements = {"POL-006", "POL-007"},
     .needs = {.exporters = "vgem", .kernels = {"5.19", ""}, .root = true},
     .run = poll_arms},
    {.name = "pol.waits",
     .text = "poll and epoll wake when all fences have signalled",
     .requirements = {"POL-005", "POL-009"},
     .needs = {.exporters = "vgem", .kernels = {"5.19", ""}},
     .run = poll_waits},
    {.name = "pol.closed",
     .text = "an fd that is closed while it is polled does no harm",
     .requirements = {"POL-010"},
     .needs = {.exporters = "vgem", .kernels = {"5.19", ""}},
     .run = closed_while_polled},
    {.name = "syn.waits",
     .text = "START waits for fences as the direction asks, END never",
     .requirements = {"SYN-005", "SYN-006", "SYN-007", "SYN-008", "FOP-007"},
     .needs = {.exporters = "vgem"},
     .run = sync_waits},
    {.name = "sfe.usages",
     .text = "a sync_file holds the fences of its moment, for its access",
     .requirements = {"SFE-003", "SFE-004", "SFE-006", "SFE-007", "SFE-008", "SYF-003", "SYF-004",
                      "SYF-005"},
     .needs = {.exporters = "vgem", .kernels = kSyncFiles},
     .run = export_usages},
    {.name = "sfi.usages",
     .text = "imported fences count as what they were imported as",
     .requirements = {"SFI-002", "SFI-003", "SFI-005", "SFI-006", "SFI-007"},
     .needs = {.exporters = "vgem", .kernels = kSyncFiles, .root = true},
     .run = import_usages},
    {.name = "syf.merge",
     .text = "a merge holds what is pending of both",
     .requirements = {"SYF-001", "SYF-002", "SYF-006", "SYF-007"},
     .needs = {.exporters = "vgem", .kernels = kSyncFiles},
     .run = merges},
    {.name = "syf.names",
     .text = "a signalled fence has forgotten who made it",
     .requirements = {"SYF-008"},
     .needs = {.exporters = "vgem", .kernels = {"6.17", ""}},
     .run = signalled_names},
};

}  // namespace

std::span<const Check> fence_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
