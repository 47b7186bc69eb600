// SPDX-License-Identifier: MIT
// /dev/udmabuf: UDM.
#include <fmt/format.h>
#include <linux/udmabuf.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <array>
#include <vector>

#include "areas.hpp"
#include "support.hpp"

namespace dmabuf::checks {
namespace {

class Device {
 public:
  explicit Device(Context& c) : c_(c), fd_(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC)) {
    if (!fd_) throw NotApplicable{"no /dev/udmabuf", "boot a kernel with CONFIG_UDMABUF=y"};
  }
  int fd() const { return fd_.get(); }

  UniqueFd memory(std::size_t pages, unsigned seals = F_SEAL_SHRINK,
                  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING) {
    UniqueFd memory(::memfd_create("check", flags));
    if (!memory) c_.trouble("memfd_create", errno);
    if (::ftruncate(memory.get(), static_cast<off_t>(pages * kPageSize)) != 0)
      c_.trouble("ftruncate", errno);
    if (seals != 0 && ::fcntl(memory.get(), F_ADD_SEALS, seals) != 0)
      c_.trouble("F_ADD_SEALS", errno);
    return memory;
  }
  long create(int memfd, std::uint64_t offset, std::uint64_t size,
              std::uint32_t flags = UDMABUF_FLAGS_CLOEXEC) {
    udmabuf_create request{
        .memfd = static_cast<__u32>(memfd), .flags = flags, .offset = offset, .size = size};
    return ::ioctl(fd(), UDMABUF_CREATE, &request);
  }
  struct Item {
    int memfd;
    std::uint64_t offset, size;
    std::uint32_t pad = 0;
  };
  long create_list(const std::vector<Item>& items, std::uint32_t flags = UDMABUF_FLAGS_CLOEXEC,
                   std::uint32_t count = ~0U) {
    std::vector<std::byte> bytes(sizeof(udmabuf_create_list) +
                                 items.size() * sizeof(udmabuf_create_item));
    auto* const head = reinterpret_cast<udmabuf_create_list*>(bytes.data());
    head->flags = flags;
    head->count = count == ~0U ? static_cast<__u32>(items.size()) : count;
    for (std::size_t i = 0; i < items.size(); ++i)
      head->list[i] = {.memfd = static_cast<__u32>(items[i].memfd),
                       .__pad = items[i].pad,
                       .offset = items[i].offset,
                       .size = items[i].size};
    return ::ioctl(fd(), UDMABUF_CREATE_LIST, head);
  }
  /// A call that may make a buffer although it should not: closed at once if it does.
  long expect(Id id, const Expect& expected, std::string_view text,
              const std::function<long()>& call) {
    const long result = c_.expect(id, expected, text, call);
    if (result >= 0) ::close(static_cast<int>(result));
    return result;
  }
  UniqueFd made(std::string_view text, const std::function<long()>& call) {
    return UniqueFd(static_cast<int>(c_.ours(text, call)));
  }

 private:
  Context& c_;
  UniqueFd fd_;
};

constexpr std::uint64_t kPages4 = 4 * kPageSize;

void order(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  const auto refused = [&](const Expect& expected, int memfd, std::uint64_t offset,
                           std::uint64_t size, std::string_view what) {
    d.expect("UDM-001", expected, fmt::format("ioctl(udmabuf, UDMABUF_CREATE, {})", what),
             [&] { return d.create(memfd, offset, size); });
  };
  c.expect("UDM-001", fails(EFAULT), "ioctl(udmabuf, UDMABUF_CREATE, NULL)",
           [&] { return ::ioctl(d.fd(), UDMABUF_CREATE, nullptr); });
  c.expect("UDM-001", fails(EFAULT), "ioctl(udmabuf, UDMABUF_CREATE_LIST, NULL)",
           [&] { return ::ioctl(d.fd(), UDMABUF_CREATE_LIST, nullptr); });
  refused(fails(EINVAL), memory.get(), 1, kPages4, "offset 1");
  refused(fails(EINVAL), memory.get(), 0, kPages4 - 1, "size not of whole pages");
  refused(fails(EINVAL), memory.get(), 0, 0, "size 0");
  refused(fails(EINVAL), -1, 1, kPages4, "offset 1 and a bad memfd");
  refused(fails(EINVAL), -1, 0, 100, "size 100 and a bad memfd");
  refused(fails(EINVAL), -1, 0, 0, "size 0 and a bad memfd");
  refused(fails(EINVAL), -1, 0, std::uint64_t{1} << 40U, "1 TiB and a bad memfd");
  refused(fails(EINVAL), memory.get(), 0, ~std::uint64_t{0} << 12U, "the largest size there is");
  refused(fails(EBADFD), -1, 0, kPages4, "a bad memfd");
  refused(fails(EBADFD), 1000, 0, kPages4, "a closed memfd");
  refused(fails(EBADFD), d.fd(), 0, kPages4, "the device itself as memfd");
  const UniqueFd other(::eventfd(0, EFD_CLOEXEC));
  refused(fails(EBADFD), other.get(), 0, kPages4, "an eventfd as memfd");
  const UniqueFd unsealed = d.memory(4, 0);
  refused(fails(EINVAL), unsealed.get(), 0, 8 * kPageSize, "no seal and a range beyond the end");
}

constexpr Habit kFutureWrite[] = {{"", {"", "5.15"}, succeeds()}, {"", {"6.1", ""}, fails(EINVAL)}};

void seals(Context& c) {
  Device d(c);
  const auto create = [&](Id id, const Expect& expected, unsigned seals, std::string_view what) {
    const UniqueFd memory = d.memory(4, seals);
    d.expect(id, expected, fmt::format("ioctl(udmabuf, UDMABUF_CREATE, a memfd with {})", what),
             [&] { return d.create(memory.get(), 0, kPages4); });
  };
  constexpr unsigned kFuture = 0x0010;  // F_SEAL_FUTURE_WRITE
  create("UDM-002", fails(EINVAL), 0, "no seal");
  create("UDM-002", fails(EINVAL), F_SEAL_GROW, "F_SEAL_GROW alone");
  create("UDM-002", fails(EINVAL), F_SEAL_SEAL, "F_SEAL_SEAL alone");
  create("UDM-002", succeeds(), F_SEAL_SHRINK, "F_SEAL_SHRINK");
  create("UDM-002", succeeds(), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
         "F_SEAL_SHRINK|GROW|SEAL");
  create("UDM-003", fails(EINVAL), F_SEAL_SHRINK | F_SEAL_WRITE, "F_SEAL_SHRINK|WRITE");
  create("UDM-003", c.habit(kFutureWrite), F_SEAL_SHRINK | kFuture, "F_SEAL_SHRINK|FUTURE_WRITE");
}

void files(Context& c) {
  Device d(c);
  const UniqueFd no_seals = d.memory(4, 0, MFD_CLOEXEC);
  d.expect("UDM-004", fails(EINVAL),
           "ioctl(udmabuf, UDMABUF_CREATE, a memfd made without MFD_ALLOW_SEALING)",
           [&] { return d.create(no_seals.get(), 0, kPages4); });
  // O_TMPFILE: on tmpfs where there is one.
  for (const char* const directory : {"/dev/shm", "/tmp"}) {
    const UniqueFd file(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(kPages4)) != 0) continue;
    d.expect("UDM-004", fails(EINVAL),
             fmt::format("ioctl(udmabuf, UDMABUF_CREATE, a file on the tmpfs {})", directory),
             [&] { return d.create(file.get(), 0, kPages4); });
    break;
  }
  const UniqueFd proc(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  d.expect("UDM-004", fails(EBADFD), "ioctl(udmabuf, UDMABUF_CREATE, /proc/self/maps)",
           [&] { return d.create(proc.get(), 0, kPages4); });
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  d.expect("UDM-004", fails(EBADFD), "ioctl(udmabuf, UDMABUF_CREATE, /dev/null)",
           [&] { return d.create(null.get(), 0, kPages4); });
  const UniqueFd memory = d.memory(4);
  const UniqueFd buffer = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                                 [&] { return d.create(memory.get(), 0, kPages4); });
  d.expect("UDM-004", fails(EBADFD), "ioctl(udmabuf, UDMABUF_CREATE, a dma-buf)",
           [&] { return d.create(buffer.get(), 0, kPages4); });
}

void range(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  const long before = adapters::count_buffers(c.bufinfo());
  const auto refused = [&](std::uint64_t first, std::uint64_t pages) {
    d.expect("UDM-005", fails(EINVAL),
             fmt::format("ioctl(udmabuf, UDMABUF_CREATE, pages {} to {} of 4)", first,
                         first + pages - 1),
             [&] { return d.create(memory.get(), first * kPageSize, pages * kPageSize); });
  };
  refused(0, 5);
  refused(3, 2);
  refused(4, 1);
  refused(5, 1);
  refused(1000, 3);
  d.expect("UDM-005", fails(EINVAL), "ioctl(udmabuf, UDMABUF_CREATE, an offset near 2^63)", [&] {
    return d.create(memory.get(), (std::uint64_t{1} << 63U) - kPageSize, kPageSize);
  });
  d.expect("UDM-005", fails(EINVAL), "ioctl(udmabuf, UDMABUF_CREATE, an offset near 2^64)",
           [&] { return d.create(memory.get(), ~std::uint64_t{0} << 12U, kPageSize); });
  d.expect("UDM-005", succeeds(), "ioctl(udmabuf, UDMABUF_CREATE, pages 3 to 3 of 4)",
           [&] { return d.create(memory.get(), 3 * kPageSize, kPageSize); });
  c.equal("UDM-005", "buffers in bufinfo afterwards, compared to before", before,
          adapters::count_buffers(c.bufinfo()));
  // Nothing may keep the memfd's pages either: then it could be sealed against writing.
  c.expect("UDM-005", returns(0), "fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) afterwards",
           [&] { return ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE); });
}

/// A module parameter that is put back.
class Parameter {
 public:
  Parameter(Context& c, std::string_view name)
      : path_(fmt::format("/sys/module/udmabuf/parameters/{}", name)), before_(read_file(path_)) {
    if (before_.empty())
      throw NotApplicable{"udmabuf has no parameters here", "use a kernel from 5.15 on"};
    (void)c;
  }
  ~Parameter() { (void)write_file(path_, before_); }
  Parameter(const Parameter&) = delete;
  Parameter& operator=(const Parameter&) = delete;
  std::string value() const { return before_.substr(0, before_.find('\n')); }
  bool set(std::string_view value) { return write_file(path_, value); }

 private:
  std::string path_, before_;
};

void limits(Context& c) {
  Device d(c);
  Parameter size_limit(c, "size_limit_mb"), list_limit(c, "list_limit");
  c.equal("UDM-006", "size_limit_mb", std::string_view("64"), std::string_view(size_limit.value()));
  c.equal("UDM-006", "list_limit", std::string_view("1024"), std::string_view(list_limit.value()));
  const UniqueFd memory = d.memory(4);
  constexpr std::uint64_t kMiB = 1U << 20U;
  d.expect("UDM-006", fails(EINVAL),
           "ioctl(udmabuf, UDMABUF_CREATE, 64 MiB and a page of a bad memfd)",
           [&] { return d.create(-1, 0, 64 * kMiB + kPageSize); });
  d.expect("UDM-006", fails(EBADFD), "ioctl(udmabuf, UDMABUF_CREATE, 64 MiB of a bad memfd)",
           [&] { return d.create(-1, 0, 64 * kMiB); });
  std::vector<Device::Item> items(1025, {.memfd = memory.get(), .offset = 0, .size = kPageSize});
  d.expect("UDM-006", fails(EINVAL), "ioctl(udmabuf, UDMABUF_CREATE_LIST, 1025 items)",
           [&] { return d.create_list(items); });
  items.pop_back();
  d.expect("UDM-006", succeeds(), "ioctl(udmabuf, UDMABUF_CREATE_LIST, 1024 items)",
           [&] { return d.create_list(items); });
  d.expect("UDM-006", fails(EINVAL), "ioctl(udmabuf, UDMABUF_CREATE_LIST, count 0xfffffffe)",
           [&] { return d.create_list(items, 0, 0xfffffffeU); });
  if (!size_limit.set("1") || !list_limit.set("2"))
    throw NotApplicable{"the limits cannot be written", "run as root"};
  const UniqueFd more = d.memory(300);
  d.expect("UDM-006", succeeds(), "ioctl(udmabuf, UDMABUF_CREATE, 1 MiB), size_limit_mb=1",
           [&] { return d.create(more.get(), 0, kMiB); });
  d.expect("UDM-006", fails(EINVAL),
           "ioctl(udmabuf, UDMABUF_CREATE, 1 MiB and a page), size_limit_mb=1",
           [&] { return d.create(more.get(), 0, kMiB + kPageSize); });
  d.expect("UDM-006", fails(EINVAL),
           "ioctl(udmabuf, UDMABUF_CREATE_LIST, 1 MiB and a page in two items)",
           [&] { return d.create_list({{more.get(), 0, kMiB}, {more.get(), 0, kPageSize}}); });
  d.expect(
      "UDM-006", fails(EINVAL), "ioctl(udmabuf, UDMABUF_CREATE_LIST, 3 items), list_limit=2", [&] {
        return d.create_list(
            {{more.get(), 0, kPageSize}, {more.get(), 0, kPageSize}, {more.get(), 0, kPageSize}});
      });
}

void flags(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  for (const std::uint32_t flags : {0U, 1U, 2U, 0xfffffffeU, 0xffffffffU}) {
    const int lowest = ::dup(STDERR_FILENO);
    ::close(lowest);
    const UniqueFd b(static_cast<int>(c.expect(
        "UDM-007", returns(lowest),
        fmt::format("ioctl(udmabuf, UDMABUF_CREATE, flags {:#x}), the lowest free fd", flags),
        [&] { return d.create(memory.get(), 0, kPages4, flags); })));
    if (!b) continue;
    c.equal("UDM-008", fmt::format("FD_CLOEXEC with flags {:#x}", flags),
            (flags & 1U) != 0 ? FD_CLOEXEC : 0, ::fcntl(b.get(), F_GETFD));
    c.equal("UDM-008", "access mode", O_RDWR, ::fcntl(b.get(), F_GETFL) & O_ACCMODE);
    c.equal("UDM-008", "count", 1L, c.count(b.get()));
    c.equal("UDM-008", "size", static_cast<off_t>(kPages4), ::lseek(b.get(), 0, SEEK_END));
  }
  d.expect("UDM-007", succeeds(),
           "ioctl(udmabuf, UDMABUF_CREATE_LIST, an item with pad 0xffffffff)",
           [&] { return d.create_list({{memory.get(), 0, kPageSize, 0xffffffffU}}); });
}

constexpr Habit kZeroItem[] = {{"", {"", "6.11"}, succeeds()}, {"", {"6.12", ""}, fails(EINVAL)}};

void lists(Context& c) {
  Device d(c);
  const UniqueFd one = d.memory(4), two = d.memory(4);
  const Mapping first = map(one.get(), 4), second = map(two.get(), 4);
  for (std::size_t page = 0; page < 4; ++page) {
    poke(first.at(page), tag(page));
    poke(second.at(page), tag(10 + page));
  }
  d.expect("UDM-009", fails(EINVAL), "ioctl(udmabuf, UDMABUF_CREATE_LIST, count 0)",
           [&] { return d.create_list({}); });
  d.expect("UDM-009", c.habit(kZeroItem),
           "ioctl(udmabuf, UDMABUF_CREATE_LIST, a page and an item of size 0)",
           [&] { return d.create_list({{one.get(), 0, kPageSize}, {one.get(), 0, 0}}); });
  const UniqueFd b(static_cast<int>(c.must(
      "UDM-009",
      "ioctl(udmabuf, UDMABUF_CREATE_LIST, pages 2-3 of one, 1 of two, 2 of one again, 0-1 of two)",
      [&] {
        return d.create_list({{one.get(), 2 * kPageSize, 2 * kPageSize},
                              {two.get(), kPageSize, kPageSize},
                              {one.get(), 2 * kPageSize, kPageSize},
                              {two.get(), 0, 2 * kPageSize}});
      })));
  c.equal("UDM-008", "size of the six pages", static_cast<off_t>(6 * kPageSize),
          ::lseek(b.get(), 0, SEEK_END));
  const Mapping m = map_or_skip(c, b.get(), 6);
  const std::array<std::size_t, 6> expected = {2, 3, 11, 2, 10, 11};
  for (std::size_t page = 0; page < 6; ++page)
    c.hold("UDM-009", peek(m.at(page)) == tag(expected[page]),
           fmt::format("load page {} of the list", page), fmt::format("{:#x}", tag(expected[page])),
           seen(peek(m.at(page))));
  poke(m.at(0), 0x4242);
  c.hold("UDM-009", peek(m.at(3)) == 0x4242U,
         "load of the page that is there twice, after a store through its first place", "0x4242",
         seen(peek(m.at(3))));
  // An error in a late item undoes the earlier ones.
  const long before = adapters::count_buffers(c.bufinfo());
  d.expect(
      "UDM-005", fails(EINVAL),
      "ioctl(udmabuf, UDMABUF_CREATE_LIST, a good item and one beyond the end)", [&] {
        return d.create_list({{two.get(), 0, kPageSize}, {two.get(), 4 * kPageSize, kPageSize}});
      });
  d.expect("UDM-001", fails(EBADFD),
           "ioctl(udmabuf, UDMABUF_CREATE_LIST, a good item and a bad memfd)",
           [&] { return d.create_list({{two.get(), 0, kPageSize}, {-1, 0, kPageSize}}); });
  d.expect("UDM-001", fails(EINVAL),
           "ioctl(udmabuf, UDMABUF_CREATE_LIST, a bad memfd and an unaligned item)",
           [&] { return d.create_list({{-1, 0, kPageSize}, {two.get(), 1, kPageSize}}); });
  c.equal("UDM-005", "buffers in bufinfo afterwards, compared to before", before,
          adapters::count_buffers(c.bufinfo()));
}

void ioctls(Context& c) {
  Device d(c);
  std::array<std::uint64_t, 16> argument{};
  for (const unsigned long request :
       {_IOW('u', 0x41, std::uint64_t), _IOW('u', 0x44, std::uint64_t),
        _IOW('u', 0x42, std::uint64_t), _IOWR('u', 0x42, udmabuf_create)})
    c.expect("UDM-010", fails(ENOTTY), fmt::format("ioctl(udmabuf, {:#x}, …)", request),
             [&] { return ::ioctl(d.fd(), request, argument.data()); });
}

void memory(Context& c) {
  Device d(c);
  UniqueFd memory = d.memory(4);
  Mapping mine = map(memory.get(), 4);
  const UniqueFd b = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                            [&] { return d.create(memory.get(), 0, kPages4); });
  const Mapping its = map_or_skip(c, b.get(), 4);
  for (std::size_t page = 0; page < 4; ++page) {
    poke(mine.at(page), tag(page));
    c.hold("UDM-011", peek(its.at(page)) == tag(page),
           fmt::format("load page {} of the buffer after a store to the memfd", page),
           fmt::format("{:#x}", tag(page)), seen(peek(its.at(page))));
    poke(its.at(page), tag(20 + page));
    c.hold("UDM-011", peek(mine.at(page)) == tag(20 + page),
           fmt::format("load page {} of the memfd after a store to the buffer", page),
           fmt::format("{:#x}", tag(20 + page)), seen(peek(mine.at(page))));
  }
  const std::uint32_t word = 0x1234;
  c.ours("pwrite(memfd, …, page 2)", [&] {
    return ::pwrite(memory.get(), &word, sizeof word, static_cast<off_t>(2 * kPageSize));
  });
  c.hold("UDM-011", peek(its.at(2)) == word, "load page 2 of the buffer after pwrite to the memfd",
         "0x1234", seen(peek(its.at(2))));
}

void memfd_closed(Context& c) {
  Device d(c);
  UniqueFd memory = d.memory(4);
  {
    const Mapping mine = map(memory.get(), 4);
    for (std::size_t page = 0; page < 4; ++page) poke(mine.at(page), tag(page));
  }
  const UniqueFd b = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                            [&] { return d.create(memory.get(), 0, kPages4); });
  memory.reset();  // nothing is mapped now: UDM-013 does not apply
  const Mapping its = map_or_skip(c, b.get(), 4);
  for (std::size_t page = 0; page < 4; ++page)
    c.hold("UDM-012", peek(its.at(page)) == tag(page),
           fmt::format("load page {} after the memfd was closed", page),
           fmt::format("{:#x}", tag(page)), seen(peek(its.at(page))));
}

void memfd_gone(Context& c) {
  Device d(c);
  UniqueFd memory = d.memory(4);
  {
    const UniqueFd b = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                              [&] { return d.create(memory.get(), 0, kPages4); });
    const Mapping its = map_or_skip(c, b.get(), 4);
    for (std::size_t page = 0; page < 4; ++page) poke(its.at(page), tag(page));
    c.call("close(memfd) while the buffer is mapped", [&] {
      memory.reset();
      return 0;
    });
    bool bad = false;
    for (const std::string& line : c.log()) bad = bad || line.find("Bad page") != std::string::npos;
    c.hold("UDM-013", !bad, "the kernel's log after that", "no complaint", "Bad page cache");
    c.hold("UDM-012", peek(its.at(0)) == tag(0), "load page 0 after that",
           fmt::format("{:#x}", tag(0)), seen(peek(its.at(0))));
    c.hold("UDM-012", !bad, "the kernel's log after that", "no complaint", "Bad page cache");
  }
}

constexpr Habit kSealWrite[] = {{"", {}, fails(EBUSY)}};

void sealed_after(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  UniqueFd b = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                      [&] { return d.create(memory.get(), 0, kPages4); });
  c.expect("UDM-014", fails(EPERM), "ftruncate(memfd, 1 page)",
           [&] { return ::ftruncate(memory.get(), kPageSize); });
  c.expect("UDM-014", fails(EPERM), "ftruncate(memfd, 0)",
           [&] { return ::ftruncate(memory.get(), 0); });
  c.expect("UDM-014", c.habit(kSealWrite),
           "fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) while the buffer lives",
           [&] { return ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE); });
  b.reset();
  c.expect("UDM-014", returns(0), "fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) after it was closed",
           [&] { return ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE); });
}

/// A hole is punched into the memfd while the buffer lives: the buffer keeps the pages it has.
void punched(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  const UniqueFd b = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                            [&] { return d.create(memory.get(), 0, kPages4); });
  {
    const Mapping its = map_or_skip(c, b.get(), 4);
    for (std::size_t page = 0; page < 4; ++page) poke(its.at(page), tag(page));
  }
  c.ours("fallocate(memfd, FALLOC_FL_PUNCH_HOLE, pages 1-2)", [&] {
    return ::fallocate(memory.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kPageSize,
                       2 * kPageSize);
  });
  const Mapping its = map_or_skip(c, b.get(), 4);
  for (std::size_t page = 0; page < 4; ++page)
    c.hold("UDM-012", peek(its.at(page)) == tag(page),
           fmt::format("load page {} after the hole", page), fmt::format("{:#x}", tag(page)),
           seen(peek(its.at(page))));
}

void mmap_(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  const Mapping mine = map(memory.get(), 4);
  for (std::size_t page = 0; page < 4; ++page) poke(mine.at(page), tag(page));
  const UniqueFd b = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                            [&] { return d.create(memory.get(), 0, kPages4); });
  c.expect("UDM-015", fails(EINVAL), "mmap(…, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)",
           [&] { return map(b.get(), 4, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE) ? 0 : -1; });
  c.expect("UDM-015", fails(EINVAL), "mmap(…, PROT_READ, MAP_PRIVATE, fd, 0)",
           [&] { return map(b.get(), 1, 0, PROT_READ, MAP_PRIVATE) ? 0 : -1; });
  for (std::size_t first = 0; first < 4; ++first) {
    const Mapping part = map(b.get(), 4 - first, first);
    for (std::size_t page = 0; part && page < 4 - first; ++page)
      c.hold("UDM-016", peek(part.at(page)) == tag(first + page),
             fmt::format("load page {} of a mapping at page {}", page, first),
             fmt::format("{:#x}", tag(first + page)), seen(peek(part.at(page))));
  }
}

constexpr Habit kHugePages[] = {{"", {"5.15", "6.1"}, succeeds()},
                                {"", {"6.2", "6.8"}, fails(EBADFD)},
                                {"", {"6.12", ""}, succeeds()}};
constexpr Habit kHugeUnpopulated[] = {{"", {"5.15", "6.1"}, fails(EINVAL)},
                                      {"", {"6.2", "6.8"}, fails(EBADFD)},
                                      {"", {"6.12", ""}, succeeds()}};

/// Huge pages for the time of a check.
class HugePages {
 public:
  explicit HugePages(unsigned wanted) : before_(read_file(kPath)) {
    if (before_.empty() || !write_file(kPath, fmt::format("{}", wanted)) ||
        std::atoi(read_file(kPath).c_str()) < static_cast<int>(wanted)) {
      if (!before_.empty()) (void)write_file(kPath, before_);
      throw NotApplicable{"no huge pages to be had",
                          "as root, with some memory free: echo 4 > /proc/sys/vm/nr_hugepages"};
    }
  }
  ~HugePages() { (void)write_file(kPath, before_); }
  HugePages(const HugePages&) = delete;
  HugePages& operator=(const HugePages&) = delete;

 private:
  static constexpr const char* kPath = "/proc/sys/vm/nr_hugepages";
  std::string before_;
};

void huge(Context& c) {
  Device d(c);
  const HugePages pages(4);
  constexpr std::size_t kHuge = 512;
  const UniqueFd memory =
      d.memory(2 * kHuge, F_SEAL_SHRINK, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
  d.expect("UDM-018", c.habit(kHugeUnpopulated),
           "ioctl(udmabuf, UDMABUF_CREATE, a hugetlb memfd nobody has touched)",
           [&] { return d.create(memory.get(), 0, 2 * kHuge * kPageSize); });
  const Mapping mine = map(memory.get(), 2 * kHuge);
  if (!mine) c.trouble("mmap of the hugetlb memfd", errno);
  for (std::size_t page = 0; page < 2 * kHuge; ++page)
    if (!poke(mine.at(page), tag(page)))
      throw NotApplicable{"the huge pages went away", "free some memory"};
  // From the middle of the first huge page into the second.
  const UniqueFd b(static_cast<int>(
      c.expect("UDM-018", c.habit(kHugePages),
               "ioctl(udmabuf, UDMABUF_CREATE, pages 500 to 523 of a hugetlb memfd)",
               [&] { return d.create(memory.get(), 500 * kPageSize, 24 * kPageSize); })));
  if (!b) return;
  const Mapping its = map_or_skip(c, b.get(), 24);
  for (std::size_t page = 0; page < 24; ++page)
    if (!c.hold("UDM-018", peek(its.at(page)) == tag(500 + page),
                fmt::format("load page {} of the buffer", page),
                fmt::format("{:#x}", tag(500 + page)), seen(peek(its.at(page)))))
      return;
  const UniqueFd whole(static_cast<int>(d.create_list(
      {{memory.get(), kHuge * kPageSize, kHuge * kPageSize}, {memory.get(), 0, kPageSize}})));
  if (!whole) return;
  const Mapping both = map_or_skip(c, whole.get(), kHuge + 1);
  c.hold("UDM-018",
         peek(both.at(0)) == tag(kHuge) && peek(both.at(kHuge - 1)) == tag(2 * kHuge - 1) &&
             peek(both.at(kHuge)) == tag(0),
         "first, last and following page of a list of the second huge page and the first page",
         "theirs",
         fmt::format("{}, {}, {}", seen(peek(both.at(0))), seen(peek(both.at(kHuge - 1))),
                     seen(peek(both.at(kHuge)))));
}

void sync(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  const UniqueFd b = d.made("ioctl(udmabuf, UDMABUF_CREATE, 4 pages)",
                            [&] { return d.create(memory.get(), 0, kPages4); });
  const auto sync = [&](const Expect& expected, std::uint64_t flags, std::string_view what) {
    const dma_buf_sync argument{.flags = flags};
    c.expect("UDM-020", expected, fmt::format("ioctl(fd, DMA_BUF_IOCTL_SYNC, {})", what),
             [&] { return ::ioctl(b.get(), DMA_BUF_IOCTL_SYNC, &argument); });
  };
  sync(fails(EINVAL), DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ, "END|READ before any START");
  sync(fails(EINVAL), DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW, "END|RW before any START");
  sync(returns(0), DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, "START|READ");
  sync(returns(0), DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE, "END|WRITE");
  sync(returns(0), DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW, "END|RW");
  sync(returns(0), DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE, "START|WRITE");
  sync(returns(0), DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ, "END|READ");
}

void exhaustion(Context& c) {
  Device d(c);
  const UniqueFd memory = d.memory(4);
  const long before = adapters::count_buffers(c.bufinfo());
  {
    const NoMoreFds none;
    c.expect("UDM-021", fails(EMFILE), "ioctl(udmabuf, UDMABUF_CREATE, 4 pages) when no fd is free",
             [&] { return d.create(memory.get(), 0, kPages4); });
    c.expect("FD-002", fails(EMFILE), "ioctl(udmabuf, UDMABUF_CREATE, 4 pages) when no fd is free",
             [&] { return d.create(memory.get(), 0, kPages4); });
  }
  c.equal("UDM-021", "buffers in bufinfo afterwards, compared to before", before,
          adapters::count_buffers(c.bufinfo()));
  c.expect("UDM-021", returns(0), "fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE): no page is held",
           [&] { return ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE); });
}

constexpr std::string_view kUdmabuf = "udmabuf";

constexpr Check kChecks[] = {
    {.name = "udm.create-order",
     .text = "CREATE refuses what is wrong, in order",
     .requirements = {"UDM-001"},
     .needs = {.exporters = kUdmabuf},
     .run = order},
    {.name = "udm.seals",
     .text = "a memfd must not shrink, and must stay writable",
     .requirements = {"UDM-002", "UDM-003"},
     .needs = {.exporters = kUdmabuf},
     .run = seals},
    {.name = "udm.files",
     .text = "only memfds that can be sealed will do",
     .requirements = {"UDM-004"},
     .needs = {.exporters = kUdmabuf},
     .run = files},
    {.name = "udm.range",
     .text = "the range lies within the memfd",
     .requirements = {"UDM-005"},
     .needs = {.exporters = kUdmabuf, .root = true},
     .run = range},
    {.name = "udm.limits",
     .text = "pages and items are limited by the module's parameters",
     .requirements = {"UDM-006"},
     .needs = {.exporters = kUdmabuf, .root = true},
     .run = limits},
    {.name = "udm.flags",
     .text = "CLOEXEC is the only flag, others are ignored",
     .requirements = {"UDM-007", "UDM-008"},
     .needs = {.exporters = kUdmabuf},
     .run = flags},
    {.name = "udm.lists",
     .text = "a list is the concatenation of its items",
     .requirements = {"UDM-001", "UDM-005", "UDM-008", "UDM-009"},
     .needs = {.exporters = kUdmabuf, .root = true},
     .run = lists},
    {.name = "udm.ioctls",
     .text = "other commands are refused",
     .requirements = {"UDM-010"},
     .needs = {.exporters = kUdmabuf},
     .run = ioctls},
    {.name = "udm.memory",
     .text = "buffer and memfd are one memory",
     .requirements = {"UDM-011"},
     .needs = {.exporters = kUdmabuf},
     .run = memory},
    {.name = "udm.memfd-closed",
     .text = "the buffer keeps its pages when the memfd is closed",
     .requirements = {"UDM-012"},
     .needs = {.exporters = kUdmabuf},
     .run = memfd_closed},
    {.name = "udm.punched",
     .text = "the buffer keeps its pages when a hole is punched into the memfd",
     .requirements = {"UDM-012"},
     .needs = {.exporters = kUdmabuf},
     .run = punched},
    {.name = "udm.sealed-after",
     .text = "a memfd in use can neither shrink nor be sealed against writing",
     .requirements = {"UDM-014"},
     .needs = {.exporters = kUdmabuf},
     .run = sealed_after},
    {.name = "udm.mmap",
     .text = "mappings are shared, and begin where asked for",
     .requirements = {"UDM-015", "UDM-016"},
     .needs = {.exporters = kUdmabuf},
     .run = mmap_},
    {.name = "udm.huge",
     .text = "hugetlb memfds work where they are supported",
     .requirements = {"UDM-018"},
     .needs = {.exporters = kUdmabuf, .root = true},
     .run = huge},
    {.name = "udm.sync",
     .text = "END wants a START before it, once",
     .requirements = {"UDM-020"},
     .needs = {.exporters = kUdmabuf},
     .run = sync},
    {.name = "udm.exhaustion",
     .text = "without a free fd nothing is left of the buffer",
     .requirements = {"UDM-021", "FD-002"},
     .needs = {.exporters = kUdmabuf, .root = true},
     .run = exhaustion,
     .residue = "UDM-021"},
    {.name = "udm.memfd-gone",
     .text = "closing the memfd while the buffer is mapped does no harm",
     .requirements = {"UDM-012", "UDM-013"},
     .needs = {.exporters = kUdmabuf, .root = true, .reserve = Reserve::Dangerous},
     .run = memfd_gone},
};

}  // namespace

std::span<const Check> udmabuf_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
