// SPDX-License-Identifier: MIT
// What system calls answer when the file is a dma-buf: FOP, IOC, LSK, NAM, EXP, FD.
#include <fmt/format.h>
#include <sys/sendfile.h>
#include <termios.h>

#include <array>

#include "areas.hpp"
#include "support.hpp"

namespace dmabuf::checks {
namespace {

void read_write(Context& c) {
  std::array<char, 64> bytes{};
  const Buffer b = c.buffer();
  c.expect("FOP-001", fails(EINVAL), "read(fd, …, 64)",
           [&] { return ::read(b.number(), bytes.data(), bytes.size()); });
  c.expect("FOP-001", fails(EINVAL), "write(fd, …, 64)",
           [&] { return ::write(b.number(), bytes.data(), bytes.size()); });
  if (const auto ro = c.buffer_of(Access::ReadOnly)) {
    c.expect("FOP-001", fails(EINVAL), "read(read-only fd, …, 64)",
             [&] { return ::read(ro->number(), bytes.data(), bytes.size()); });
    c.expect("FOP-001", fails(EBADF), "write(read-only fd, …, 64)",
             [&] { return ::write(ro->number(), bytes.data(), bytes.size()); });
  }
  if (const auto wo = c.buffer_of(Access::WriteOnly)) {
    c.expect("FOP-001", fails(EBADF), "read(write-only fd, …, 64)",
             [&] { return ::read(wo->number(), bytes.data(), bytes.size()); });
    c.expect("FOP-001", fails(EINVAL), "write(write-only fd, …, 64)",
             [&] { return ::write(wo->number(), bytes.data(), bytes.size()); });
  }
}

void positioned(Context& c) {
  std::array<char, 64> bytes{};
  const Buffer b = c.buffer();
  c.expect("FOP-002", fails(ESPIPE), "pread(fd, …, 64, 0)",
           [&] { return ::pread(b.number(), bytes.data(), bytes.size(), 0); });
  c.expect("FOP-002", fails(ESPIPE), "pwrite(fd, …, 64, 0)",
           [&] { return ::pwrite(b.number(), bytes.data(), bytes.size(), 0); });
  std::array<int, 2> ends{};
  c.ours("pipe2(…)", [&] { return ::pipe2(ends.data(), O_CLOEXEC); });
  const UniqueFd out(ends[0]), in(ends[1]);
  c.expect("FOP-002", fails(EINVAL), "sendfile(pipe, fd, NULL, 64)",
           [&] { return ::sendfile(in.get(), b.number(), nullptr, 64); });
  c.expect("FOP-002", fails(EINVAL), "splice(fd, NULL, pipe, NULL, 64, 0)",
           [&] { return ::splice(b.number(), nullptr, in.get(), nullptr, 64, 0); });
}

void sizes(Context& c) {
  const Buffer b = c.buffer();
  const auto size = static_cast<off_t>(b.size);
  c.expect("FOP-003", fails(EINVAL), "ftruncate(fd, size)",
           [&] { return ::ftruncate(b.number(), size); });
  c.expect("FOP-003", fails(EINVAL), "ftruncate(fd, 0)",
           [&] { return ::ftruncate(b.number(), 0); });
  c.expect("FOP-003", fails(ENODEV), "fallocate(fd, 0, 0, size)",
           [&] { return ::fallocate(b.number(), 0, 0, size); });
  c.expect("FOP-003", fails(EINVAL), "fsync(fd)", [&] { return ::fsync(b.number()); });
  c.expect("FOP-003", fails(EINVAL), "fdatasync(fd)", [&] { return ::fdatasync(b.number()); });
  c.expect("EXP-009", returns(size), "lseek(fd, 0, SEEK_END) after all that",
           [&] { return ::lseek(b.number(), 0, SEEK_END); });
}

void flags(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  c.expect("FOP-004", fails(EINVAL), "fcntl(fd, F_GET_SEALS)",
           [&] { return ::fcntl(fd, F_GET_SEALS); });
  c.expect("FOP-004", fails(EINVAL), "fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)",
           [&] { return ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK); });
  const int before =
      static_cast<int>(c.ours("fcntl(fd, F_GETFL)", [&] { return ::fcntl(fd, F_GETFL); }));
  c.equal("EXP-007", "status flags of a new buffer, access mode apart", 0,
          before & ~(O_ACCMODE | O_LARGEFILE));
  // O_ASYNC is taken and comes to nothing: SETFL_MASK lacks it, and there is no fasync to set it.
  c.expect("FOP-004", returns(0), "fcntl(fd, F_SETFL, O_ASYNC)",
           [&] { return ::fcntl(fd, F_SETFL, O_ASYNC); });
  for (const auto& [flag, name] :
       {std::pair{O_NONBLOCK, "O_NONBLOCK"}, std::pair{O_APPEND, "O_APPEND"}}) {
    c.expect("FOP-004", returns(0), fmt::format("fcntl(fd, F_SETFL, {})", name),
             [&] { return ::fcntl(fd, F_SETFL, flag); });
    c.equal("FOP-004", fmt::format("F_GETFL has {}", name), flag, ::fcntl(fd, F_GETFL) & flag);
  }
  c.expect("FOP-004", fails(EINVAL), "fcntl(fd, F_SETFL, O_DIRECT)",
           [&] { return ::fcntl(fd, F_SETFL, O_DIRECT); });
  for (const int mode : {O_RDONLY, O_WRONLY, O_RDWR}) {
    c.expect("FOP-004", returns(0), fmt::format("fcntl(fd, F_SETFL, access mode {})", mode),
             [&] { return ::fcntl(fd, F_SETFL, mode); });
    c.equal("FOP-004", "access mode after that", before & O_ACCMODE,
            ::fcntl(fd, F_GETFL) & O_ACCMODE);
  }
}

void reopen(Context& c) {
  const Buffer b = c.buffer();
  const std::string path = fmt::format("/proc/self/fd/{}", b.number());
  for (const auto& [mode, name] : {std::pair{O_RDONLY, "O_RDONLY"}, std::pair{O_RDWR, "O_RDWR"}})
    c.expect("FOP-005", fails(ENXIO), fmt::format("open(\"/proc/self/fd/N\", {})", name),
             [&] { return ::open(path.c_str(), mode | O_CLOEXEC); });
  const UniqueFd path_fd(
      static_cast<int>(c.must("FOP-005", "open(\"/proc/self/fd/N\", O_PATH)",
                              [&] { return ::open(path.c_str(), O_PATH | O_CLOEXEC); })));
  const int p = path_fd.get();
  dma_buf_sync sync{.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ};
  c.expect("IOC-003", fails(EBADF), "ioctl(O_PATH fd, DMA_BUF_IOCTL_SYNC, START|READ)",
           [&] { return ::ioctl(p, DMA_BUF_IOCTL_SYNC, &sync); });
  c.expect("IOC-003", fails(EBADF), "ioctl(O_PATH fd, DMA_BUF_SET_NAME, \"x\")",
           [&] { return ::ioctl(p, DMA_BUF_SET_NAME, "x"); });
  c.expect("IOC-003", fails(EBADF), "ioctl(O_PATH fd, FIONREAD, …)", [&] {
    int n = 0;
    return ::ioctl(p, FIONREAD, &n);
  });
  c.expect("LSK-006", fails(EBADF), "lseek(O_PATH fd, 0, SEEK_END)",
           [&] { return ::lseek(p, 0, SEEK_END); });
  struct stat info{};
  c.expect("LSK-006", returns(0), "fstat(O_PATH fd, …)", [&] { return ::fstat(p, &info); });
  c.equal("LSK-006", "st_size of the O_PATH fd", b.size, static_cast<std::size_t>(info.st_size));
}

void madvise_(Context& c) {
  const Buffer b = c.buffer();
  const Mapping m = map_or_skip(c, b.number(), b.pages());
  c.expect("FOP-006", fails(EINVAL, ENODEV), "msync(map, size, MS_SYNC)",
           [&] { return ::msync(m.address(), m.size(), MS_SYNC); });
  c.expect("FOP-006", fails(EINVAL, ENODEV), "madvise(map, size, MADV_DONTNEED)",
           [&] { return ::madvise(m.address(), m.size(), MADV_DONTNEED); });
  c.expect("FOP-006", fails(EINVAL, ENODEV), "madvise(map, size, MADV_REMOVE)",
           [&] { return ::madvise(m.address(), m.size(), MADV_REMOVE); });
}

void unknown_ioctls(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  std::array<std::uint64_t, 16> argument{};
  const auto refused = [&](unsigned long request, const char* what) {
    c.expect("IOC-001", fails(ENOTTY), fmt::format("ioctl(fd, {}, …)", what),
             [&] { return ::ioctl(fd, request, argument.data()); });
  };
  refused(FIONREAD, "FIONREAD");
  refused(TCGETS, "TCGETS");
  refused(_IOW('b', 0, std::uint32_t), "DMA_BUF_IOCTL_SYNC of 4 bytes");
  refused(_IOWR('b', 0, std::uint64_t), "_IOWR('b', 0, u64)");
  refused(_IO('b', 0), "_IO('b', 0)");
  refused(_IOC(_IOC_WRITE, 'b', 1, 32), "SET_NAME of 32 bytes");
  refused(_IOWR('b', 2, std::uint32_t), "EXPORT_SYNC_FILE of 4 bytes");
  refused(_IOW('b', 3, std::uint32_t), "IMPORT_SYNC_FILE of 4 bytes");
  refused(_IOW('b', 4, std::uint64_t), "_IOW('b', 4, u64)");
  refused(_IOW('b', 255, std::uint64_t), "_IOW('b', 255, u64)");
  refused(_IOW('c', 0, std::uint64_t), "_IOW('c', 0, u64)");
  refused(0, "0");
}

void access_mode_of_ioctls(Context& c) {
  bool any = false;
  for (const Access access : {Access::ReadOnly, Access::WriteOnly}) {
    const auto b = c.buffer_of(access);
    if (!b) continue;
    any = true;
    const int fd = b->number();
    const char* const what = access == Access::ReadOnly ? "read-only" : "write-only";
    for (const std::uint64_t direction : {DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW}) {
      dma_buf_sync sync{.flags = DMA_BUF_SYNC_START | direction};
      c.expect("IOC-002", returns(0), fmt::format("ioctl({} fd, SYNC, START|{})", what, direction),
               [&] { return ::ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync); });
      sync.flags = DMA_BUF_SYNC_END | direction;
      c.expect("IOC-002", returns(0), fmt::format("ioctl({} fd, SYNC, END|{})", what, direction),
               [&] { return ::ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync); });
    }
    c.expect("IOC-002", returns(0), fmt::format("ioctl({} fd, SET_NAME, \"n\")", what),
             [&] { return ::ioctl(fd, DMA_BUF_SET_NAME, "n"); });
    c.hold("NAM-007",
           adapters::parse_fdinfo(Context::fdinfo(fd)).value_or(adapters::FdInfo{}).name == "n",
           fmt::format("name through a {} fd", what), "n", Context::fdinfo(fd));
    dma_buf_export_sync_file get{.flags = DMA_BUF_SYNC_RW, .fd = -1};
    const long got =
        c.expect("IOC-002", returns(0), fmt::format("ioctl({} fd, EXPORT_SYNC_FILE, RW)", what),
                 [&] { return ::ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &get); });
    if (got != 0) continue;
    const UniqueFd sync_file(get.fd);
    dma_buf_import_sync_file put{.flags = DMA_BUF_SYNC_WRITE, .fd = get.fd};
    c.expect("IOC-002", returns(0), fmt::format("ioctl({} fd, IMPORT_SYNC_FILE, WRITE)", what),
             [&] { return ::ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &put); });
  }
  if (!any)
    throw NotApplicable{"the exporter makes read-write buffers only",
                        "none: the exporter does not offer it"};
}

void name_forms(Context& c) {
  const Buffer b = c.buffer();
  c.expect("IOC-006", returns(0), "ioctl(fd, DMA_BUF_SET_NAME_A, \"a\")",
           [&] { return ::ioctl(b.number(), DMA_BUF_SET_NAME_A, "a"); });
  c.expect("IOC-006", returns(0), "ioctl(fd, DMA_BUF_SET_NAME_B, \"b\")",
           [&] { return ::ioctl(b.number(), DMA_BUF_SET_NAME_B, "b"); });
}

void seek(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  const auto size = static_cast<off_t>(b.size);
  c.expect("LSK-001", returns(size), "lseek(fd, 0, SEEK_END)",
           [&] { return ::lseek(fd, 0, SEEK_END); });
  c.expect("LSK-001", returns(0), "lseek(fd, 0, SEEK_SET)",
           [&] { return ::lseek(fd, 0, SEEK_SET); });
  for (const off_t offset : {off_t{1}, off_t{-1}, off_t{4096}, -size, size, off_t{1} << 62})
    for (const auto& [whence, name] :
         {std::pair{SEEK_SET, "SEEK_SET"}, std::pair{SEEK_END, "SEEK_END"}})
      c.expect("LSK-002", fails(EINVAL), fmt::format("lseek(fd, {}, {})", offset, name),
               [&] { return ::lseek(fd, offset, whence); });
  for (const auto& [whence, name] :
       {std::pair{SEEK_CUR, "SEEK_CUR"}, std::pair{SEEK_DATA, "SEEK_DATA"},
        std::pair{SEEK_HOLE, "SEEK_HOLE"}, std::pair{5, "5"}, std::pair{-1, "-1"}})
    for (const off_t offset : {off_t{0}, off_t{1}})
      c.expect("LSK-003", fails(EINVAL), fmt::format("lseek(fd, {}, {})", offset, name),
               [&] { return ::lseek(fd, offset, whence); });
  const UniqueFd other(static_cast<int>(c.ours("dup(fd)", [&] { return ::dup(fd); })));
  (void)::lseek(fd, 0, SEEK_END);
  c.hold("LSK-004", Context::fdinfo(fd).starts_with("pos:\t0\n"), "pos after lseek to the end",
         "pos:\t0", Context::fdinfo(fd).substr(0, 12));
  c.hold("LSK-004", Context::fdinfo(other.get()).starts_with("pos:\t0\n"), "pos of a dup",
         "pos:\t0", Context::fdinfo(other.get()).substr(0, 12));
}

std::string name_of(int fd) {
  const std::string text = Context::fdinfo(fd);
  const auto at = text.find("\nname:\t");
  return at == std::string::npos ? "(none)" : text.substr(at + 7, text.size() - at - 8);
}

void names(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  const auto set = [&](Id id, const Expect& expected, const void* name, std::string_view shown) {
    c.expect(id, expected, fmt::format("ioctl(fd, DMA_BUF_SET_NAME, {})", shown),
             [&] { return ::ioctl(fd, DMA_BUF_SET_NAME, name); });
  };
  const auto is = [&](Id id, std::string_view expected) {
    c.equal(id, "name in fdinfo", expected, std::string_view(name_of(fd)));
  };
  is("NAM-004", "(none)");
  set("NAM-003", returns(0), "first", "\"first\"");
  is("NAM-003", "first");
  set("NAM-001", fails(EFAULT), nullptr, "NULL");
  set("NAM-001", fails(EFAULT), bad_address(), "an address that cannot be read");
  is("NAM-001", "first");
  const std::string longest(31, 'x'), longer(32, 'y');
  set("NAM-002", fails(EINVAL), longer.c_str(), "32 characters");
  is("NAM-002", "first");
  set("NAM-002", fails(EINVAL), std::string(4000, 'z').c_str(), "4000 characters");
  set("NAM-002", returns(0), longest.c_str(), "31 characters");
  is("NAM-002", longest);
  set("NAM-004", returns(0), "", "\"\"");
  is("NAM-004", "");
  set("NAM-005", returns(0), "a b\tc\nd\x7f\xff", "\"a b\\tc\\nd\\x7f\\xff\"");
  is("NAM-005", "a b\tc\nd\x7f\xff");
  const UniqueFd other(static_cast<int>(c.ours("dup(fd)", [&] { return ::dup(fd); })));
  set("NAM-008", returns(0), "both", "\"both\"");
  c.equal("NAM-008", "name through a dup", std::string_view("both"),
          std::string_view(name_of(other.get())));
  c.expect("NAM-008", returns(0), "ioctl(dup, DMA_BUF_SET_NAME, \"back\")",
           [&] { return ::ioctl(other.get(), DMA_BUF_SET_NAME, "back"); });
  is("NAM-008", "back");
}

void name_at_the_end_of_memory(Context& c) {
  const Buffer b = c.buffer();
  const Mapping pages(
      ::mmap(nullptr, 2 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      2 * kPageSize);
  if (!pages) c.trouble("mmap", errno);
  c.ours("mprotect(the page behind, PROT_NONE)",
         [&] { return ::mprotect(pages.at(1), kPageSize, PROT_NONE); });
  char* const last = pages.at(1);
  last[-1] = '\0';
  last[-2] = 'e';
  c.expect("NAM-003", returns(0), "ioctl(fd, SET_NAME, a name whose NUL is the last byte there is)",
           [&] { return ::ioctl(b.number(), DMA_BUF_SET_NAME, last - 2); });
  last[-1] = 'f';
  c.expect("NAM-001", fails(EFAULT), "ioctl(fd, SET_NAME, a name that runs into unreadable memory)",
           [&] { return ::ioctl(b.number(), DMA_BUF_SET_NAME, last - 2); });
  c.equal("NAM-001", "name in fdinfo", std::string_view("e"),
          std::string_view(name_of(b.number())));
}

void fds(Context& c) {
  // The exporter opens what it needs with the first buffer.
  {
    const Buffer first = c.buffer();
  }
  const Buffer before = c.buffer();
  const int lowest = static_cast<int>(c.ours("dup(2)", [&] { return ::dup(STDERR_FILENO); }));
  ::close(lowest);
  std::optional<Buffer> b;
  if (c.is("udmabuf")) {
    c.not_applicable("FD-003", "a memfd of ours takes the lowest number first", "see udm.flags");
    b.emplace(c.buffer({.cloexec = model::CloseOnExec::No}));
  } else {
    b.emplace(c.buffer({.cloexec = model::CloseOnExec::No}));
    c.equal("FD-003", "number of the new fd, the lowest free one", lowest, b->number());
  }
  const Buffer sealed = c.buffer({.cloexec = model::CloseOnExec::Yes});
  c.equal("FD-004", "FD_CLOEXEC of an fd asked for without", 0, ::fcntl(b->number(), F_GETFD));
  c.equal("FD-004", "FD_CLOEXEC of an fd asked for with", FD_CLOEXEC,
          ::fcntl(sealed.number(), F_GETFD));
  c.equal("EXP-007", "O_CLOEXEC in the status flags", 0,
          ::fcntl(sealed.number(), F_GETFL) & O_CLOEXEC);
  c.hold("INF-009", !same_buffer(b->number(), sealed.number()), "inodes of two buffers",
         "different", "the same");
  c.hold("EXP-012",
         inode_of(before.number()) < inode_of(b->number()) &&
             inode_of(b->number()) < inode_of(sealed.number()),
         "inodes of three buffers, one after the other", "increasing",
         fmt::format("{}, {}, {}", inode_of(before.number()), inode_of(b->number()),
                     inode_of(sealed.number())));
}

void exhaustion(Context& c) {
  {
    const Buffer first = c.buffer();
  }
  c.source().let_go();
  const long before = adapters::count_buffers(c.bufinfo());
  // udmabuf needs a memfd of its own first: udm.exhaustion looks at that.
  {
    const NoMoreFds none;
    auto made = c.source().make({});
    const int error = made ? 0 : made.error().value;
    c.hold("FD-002", error == EMFILE, "create a buffer when no fd is free", "EMFILE",
           made ? "ok" : errno_name(error));
  }
  c.source().let_go();
  const long after = adapters::count_buffers(c.bufinfo());
  c.equal("INV-006", "buffers in bufinfo after the failure, compared to before", before, after);
  const Buffer again = c.buffer();
  c.hold("FD-002", again.number() >= 0, "create a buffer afterwards", "ok", "no buffer");
}

void module_count(Context& c) {
  const std::string module = c.source().module();
  if (module.empty() || use_count(module) < 0)
    throw NotApplicable{"the exporter is built in: no use count to look at",
                        "build it as a module"};
  const auto uses = [&] { return use_count(module); };
  const long before = uses();
  {
    const Buffer b = c.buffer();
    c.equal("EXP-011", "use count of " + module + " with one buffer", before + 1, uses());
    const Buffer second = c.buffer();
    c.equal("EXP-011", "use count of " + module + " with two buffers", before + 2, uses());
    const UniqueFd other(::dup(b.number()));
    c.equal("EXP-011", "use count of " + module + " with a dup", before + 2, uses());
  }
  c.source().let_go();
  c.equal("EXP-011", "use count of " + module + " with none", before, uses());
  {
    UniqueFd path;
    {
      const Buffer b = c.buffer();
      path =
          UniqueFd(::open(fmt::format("/proc/self/fd/{}", b.number()).c_str(), O_PATH | O_CLOEXEC));
      if (!path) c.trouble("open O_PATH", errno);
    }
    c.source().let_go();
    c.equal("REL-006", "use count of " + module + " while an O_PATH fd is left", before + 1,
            uses());
  }
  c.equal("REL-006", "use count of " + module + " after it was closed", before, uses());
}

constexpr Check kChecks[] = {
    {.name = "fop.read-write",
     .text = "read and write are refused, in the way the access mode asks for",
     .requirements = {"FOP-001"},
     .run = read_write},
    {.name = "fop.positioned",
     .text = "pread, pwrite, sendfile and splice are refused",
     .requirements = {"FOP-002"},
     .run = positioned},
    {.name = "fop.sizes",
     .text = "the size can be changed by nothing, and nothing can be synced",
     .requirements = {"FOP-003", "EXP-009"},
     .run = sizes},
    {.name = "fop.flags",
     .text = "fcntl sets status flags, never seals and never the access mode",
     .requirements = {"FOP-004", "EXP-007"},
     .run = flags},
    {.name = "fop.reopen",
     .text = "/proc/self/fd/N opens as O_PATH only, and an O_PATH fd can do nothing",
     .requirements = {"FOP-005", "IOC-003", "LSK-006"},
     .run = reopen},
    {.name = "fop.madvise",
     .text = "pages of a vgem mapping cannot be thrown away or synced",
     .requirements = {"FOP-006"},
     .needs = {.exporters = "vgem", .kernels = {"6.1", ""}},
     .run = madvise_},
    {.name = "ioc.unknown",
     .text = "commands that are not of the ABI are refused",
     .requirements = {"IOC-001"},
     .run = unknown_ioctls},
    {.name = "ioc.access-mode",
     .text = "ioctls do not care how the buffer may be accessed",
     .requirements = {"IOC-002", "NAM-007"},
     .needs = {.kernels = {"6.0", ""}},
     .run = access_mode_of_ioctls},
    {.name = "ioc.name-forms",
     .text = "both numbers of SET_NAME are accepted",
     .requirements = {"IOC-006"},
     .run = name_forms},
    {.name = "lsk.seek",
     .text = "lseek tells the size, and else nothing",
     .requirements = {"LSK-001", "LSK-002", "LSK-003", "LSK-004"},
     .run = seek},
    {.name = "nam.set",
     .text = "a name is up to 31 bytes of anything, and is the buffer's",
     .requirements = {"NAM-001", "NAM-002", "NAM-003", "NAM-004", "NAM-005", "NAM-008"},
     .run = names},
    {.name = "nam.memory",
     .text = "a name is read up to its NUL and no further",
     .requirements = {"NAM-001", "NAM-003"},
     .run = name_at_the_end_of_memory},
    {.name = "fd.new",
     .text = "a new fd is the lowest free one, with its own close-on-exec, for a buffer of its own",
     .requirements = {"FD-003", "FD-004", "EXP-007", "EXP-012", "INF-009"},
     .run = fds},
    {.name = "fd.exhaustion",
     .text = "without a free fd the export fails and leaves nothing behind",
     .requirements = {"FD-002", "INV-006"},
     .needs = {.exporters = "vgem drm: heap: v4l2:"},
     .run = exhaustion},
    {.name = "exp.module",
     .text = "a buffer holds its exporter's module until its release",
     .requirements = {"EXP-011", "REL-006"},
     .run = module_count},
};

}  // namespace

std::span<const Check> file_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
