// SPDX-License-Identifier: MIT
// What the kernel prints about a buffer: INF, BUF, STA, NAM-005.
#include <fmt/format.h>
#include <grp.h>
#include <sys/statfs.h>

#include <array>
#include <sstream>
#include <vector>

#include "areas.hpp"
#include "support.hpp"

namespace dmabuf::checks {
namespace {

std::vector<std::string> keys_of(const std::string& fdinfo) {
  std::vector<std::string> keys;
  std::istringstream lines(fdinfo);
  for (std::string line; std::getline(lines, line);)
    keys.push_back(line.substr(0, line.find('\t')));
  return keys;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string value_of(const std::string& fdinfo, std::string_view key) {
  std::istringstream lines(fdinfo);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(std::string(key) + "\t")) return line.substr(key.size() + 1);
  return "(none)";
}

void fdinfo(Context& c) {
  const Buffer b = c.buffer({.cloexec = model::CloseOnExec::Yes});
  const int fd = b.number();
  const std::string text = Context::fdinfo(fd);
  c.equal("INF-001", "keys of fdinfo",
          std::string_view("pos: flags: mnt_id: ino: size: count: exp_name:"),
          std::string_view(joined(keys_of(text))));
  c.equal("INF-001", "pos", std::string_view("0"), std::string_view(value_of(text, "pos:")));
  const int flags = ::fcntl(fd, F_GETFL) | O_CLOEXEC;
  c.equal("INF-001", "flags, in octal, with the fd's O_CLOEXEC",
          std::string_view(fmt::format("0{:o}", flags)),
          std::string_view(value_of(text, "flags:")));
  c.equal("INF-001", "ino, which fstat gives too",
          std::string_view(fmt::format("{}", inode_of(fd))),
          std::string_view(value_of(text, "ino:")));
  c.equal("INF-001", "size", std::string_view(fmt::format("{}", b.size)),
          std::string_view(value_of(text, "size:")));
  c.hold("INF-003", value_of(text, "ino:") != "(none)" && value_of(text, "count:") != "(none)",
         "ino, size, count, exp_name", "there", joined(keys_of(text)));
  c.ours("ioctl(fd, DMA_BUF_SET_NAME, \"n\")", [&] { return ::ioctl(fd, DMA_BUF_SET_NAME, "n"); });
  c.equal("INF-001", "keys of fdinfo of a named buffer",
          std::string_view("pos: flags: mnt_id: ino: size: count: exp_name: name:"),
          std::string_view(joined(keys_of(Context::fdinfo(fd)))));
  (void)::fcntl(fd, F_SETFD, 0);
  c.equal("INF-001", "flags without O_CLOEXEC",
          std::string_view(fmt::format("0{:o}", flags & ~O_CLOEXEC)),
          std::string_view(value_of(Context::fdinfo(fd), "flags:")));
}

void count(Context& c) {
  const Buffer b = c.buffer();
  const int fd = b.number();
  const long first = c.count(fd);
  c.equal("INF-002", "count in fdinfo, read again", first, c.count(fd));
  const long raw = listed_count(c, inode_of(fd));
  c.equal("BUF-002", "count in bufinfo, compared to fdinfo", first, raw);
  {
    const UniqueFd other(static_cast<int>(c.ours("dup(fd)", [&] { return ::dup(fd); })));
    c.equal("INF-002", "count in fdinfo with a dup", first + 1, c.count(fd));
    c.equal("BUF-002", "count in bufinfo with a dup", first + 1, listed_count(c, inode_of(fd)));
    // The reader of a file of another fd number holds nothing either.
    c.equal("INF-002", "count in the dup's fdinfo", first + 1, c.count(other.get()));
  }
  c.equal("INF-002", "count in fdinfo after it was closed", first, c.count(fd));
}

void link(Context& c) {
  const Buffer b = c.buffer();
  const std::string path = fmt::format("/proc/self/fd/{}", b.number());
  const auto target = [&] {
    std::array<char, 256> text{};
    const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
    return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  };
  c.equal("INF-005", "readlink(\"/proc/self/fd/N\")", std::string_view("/dmabuf:"),
          std::string_view(target()));
  c.ours("ioctl(fd, DMA_BUF_SET_NAME, \"n a\")",
         [&] { return ::ioctl(b.number(), DMA_BUF_SET_NAME, "n a"); });
  c.equal("INF-005", "readlink(\"/proc/self/fd/N\") of a named buffer",
          std::string_view("/dmabuf:n a"), std::string_view(target()));
}

void maps(Context& c) {
  const Buffer b = c.buffer();
  c.ours("ioctl(fd, DMA_BUF_SET_NAME, \"a\\nb c\")",
         [&] { return ::ioctl(b.number(), DMA_BUF_SET_NAME, "a\nb c"); });
  const Mapping m = map_or_skip(c, b.number(), b.pages());
  std::istringstream lines(read_file("/proc/self/maps"));
  const std::string start = fmt::format("{:x}-", reinterpret_cast<std::uintptr_t>(m.address()));
  std::string found = "(no line)";
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(start)) found = line;
  char permissions[8] = "";
  unsigned long long offset = 0, inode = 0;
  unsigned major = 1, minor = 0;
  int path_at = 0;
  std::sscanf(found.c_str(), "%*[^ ] %7s %llx %x:%x %llu %n", permissions, &offset, &major, &minor,
              &inode, &path_at);
  c.equal("INF-006", "permissions in maps", std::string_view("rw-s"),
          std::string_view(permissions));
  c.equal("INF-006", "device major in maps", 0U, major);
  c.equal("INF-006", "inode in maps", inode_of(b.number()), static_cast<std::uint64_t>(inode));
  c.equal(
      "INF-006", "path in maps", std::string_view("/dmabuf:a\\012b c"),
      std::string_view(found).substr(std::min(found.size(), static_cast<std::size_t>(path_at))));
  c.hold("NAM-005", found.find("a\\012b c") != std::string::npos, "a newline of the name in maps",
         "escaped as \\012", found);
  c.hold("NAM-005", Context::fdinfo(b.number()).ends_with("name:\ta\nb c\n"),
         "a newline of the name in fdinfo", "as it is", Context::fdinfo(b.number()));
  c.hold("MMU-009", inode == inode_of(b.number()), "the mapping in maps", "there", found);
}

void stat_(Context& c) {
  const Buffer b = c.buffer();
  struct stat info{};
  c.must("INF-007", "fstat(fd, …)", [&] { return ::fstat(b.number(), &info); });
  c.equal("INF-007", "st_mode, with no file type", static_cast<mode_t>(0600), info.st_mode);
  c.equal("INF-007", "st_size", b.size, static_cast<std::size_t>(info.st_size));
  c.equal("INF-007", "st_blocks", b.size / 512, static_cast<std::size_t>(info.st_blocks));
  c.equal("INF-007", "st_blksize", 4096L, static_cast<long>(info.st_blksize));
  c.equal("INF-007", "st_nlink", 1UL, static_cast<unsigned long>(info.st_nlink));
  c.equal("INF-007", "st_uid", ::geteuid(), info.st_uid);
  struct statfs system{};
  c.must("INF-008", "fstatfs(fd, …)", [&] { return ::fstatfs(b.number(), &system); });
  c.equal("INF-008", "f_type", 0x444d4142L, static_cast<long>(system.f_type));
}

struct ExporterName {
  std::string_view exporters, name;
};
// drm_prime.c, udmabuf.c, virtgpu_prime.c and videobuf2-*.c give KBUILD_MODNAME; heaps their own
// name.
constexpr ExporterName kExporterNames[] = {{"drm:virtio_gpu", "virtio_gpu"},
                                           {"vgem drm:", "drm"},
                                           {"udmabuf", "udmabuf"},
                                           {"v4l2:vmalloc", "videobuf2_vmalloc"},
                                           {"v4l2:dma_contig", "videobuf2_dma_contig"},
                                           {"heap:", ""}};

void exporter_name(Context& c) {
  const Buffer b = c.buffer();
  for (const ExporterName& row : kExporterNames) {
    if (!c.is(row.exporters)) continue;
    const std::string name =
        row.name.empty() ? c.exporter().substr(c.exporter().find(':') + 1) : std::string(row.name);
    c.equal("INF-010", "exp_name in fdinfo", std::string_view(name),
            std::string_view(value_of(Context::fdinfo(b.number()), "exp_name:")));
    return;
  }
  throw NotApplicable{"nothing is known of the name this exporter gives",
                      "add a row to the table of the check"};
}

void other_process(Context& c) {
  const Buffer b = c.buffer();
  const std::string path = fmt::format("/proc/{}/fdinfo/{}", ::getpid(), b.number());
  const auto read_as_nobody = [&] {
    return in_child([&] {
      if (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0 ||
          ::setresuid(65534, 65534, 65534) != 0)
        return 98;
      const UniqueFd fd(::open(path.c_str(), O_RDONLY));
      if (!fd) return errno;
      char one = 0;
      return ::read(fd.get(), &one, 1) < 0 ? errno : 0;
    });
  };
  const int error = read_as_nobody();
  if (error == 98) c.trouble("cannot become another user", EPERM);
  c.hold("INF-004", error == EACCES, "read root's /proc/<pid>/fdinfo/<fd> as nobody", "EACCES",
         error == 0 ? "ok" : errno_name(error));
  const int mine = in_child(
      [&] { return ::access(path.c_str(), R_OK) == 0 && !read_file(path).empty() ? 0 : 1; });
  c.equal("INF-004", "the same as root (0: it could be read)", 0, mine);
}

void identity(Context& c) {
  const Buffer a = c.buffer();
  const Buffer b = c.buffer();
  const UniqueFd other(static_cast<int>(c.ours("dup(fd)", [&] { return ::dup(a.number()); })));
  c.hold("INF-009", same_buffer(a.number(), other.get()), "device and inode of a dup", "the same",
         "different");
  c.hold("INF-009", !same_buffer(a.number(), b.number()), "device and inode of two buffers",
         "different", "the same");
}

void bufinfo(Context& c) {
  const std::string before = c.bufinfo();
  const Buffer a = c.buffer();
  const Buffer b = c.buffer();
  const std::string text = c.bufinfo();
  c.hold(
      "BUF-001",
      text.starts_with(
          "\nDma-buf Objects:\nsize    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n"),
      "the head of bufinfo", "an empty line, 'Dma-buf Objects:', and the titles of the columns",
      text.substr(0, 90));
  const auto row = listed(text, inode_of(a.number()));
  c.hold("STA-001", row.has_value(), "a new buffer in bufinfo", "listed", "not listed");
  if (!row) return;
  const int status = ::fcntl(a.number(), F_GETFL);
  const std::string line =
      fmt::format("{:08}\t{:08x}\t{:08x}\t{:08}\t{}\t{:08}\t{}", row->size, row->flags, row->mode,
                  row->count, row->exporter, row->ino, "<none>");
  c.hold("BUF-001", text.find(line + "\n") != std::string::npos, "the row of the buffer", line,
         "formatted otherwise");
  c.equal("BUF-001", "size", a.size, static_cast<std::size_t>(row->size));
  c.equal("BUF-001", "flags", static_cast<unsigned long>(status), row->flags);
  c.equal("BUF-006", "rows that end in <none>", true, text.find("\t<none>\n") != std::string::npos);
  c.equal("BUF-005", "bits 0 to 2 of mode",
          ((status & O_ACCMODE) == O_RDWR     ? 7UL
           : (status & O_ACCMODE) == O_RDONLY ? 5UL
                                              : 6UL),
          row->mode & 7UL);
  c.hold(
      "BUF-001",
      text.find(line + "\n\tAttached Devices:\nTotal 0 devices attached\n\n") != std::string::npos,
      "what follows a buffer without fences and devices",
      "'\\tAttached Devices:', 'Total 0 devices attached', an empty line", "something else");
  adapters::BufInfoReader reader(text);
  std::uint64_t bytes = 0;
  long objects = 0;
  std::vector<std::uint64_t> order;
  while (const auto each = reader.next()) {
    bytes += each->size;
    ++objects;
    order.push_back(each->ino);
  }
  const std::string tail = fmt::format("\nTotal {} objects, {} bytes\n", objects, bytes);
  c.hold("BUF-007", text.ends_with(tail), "the last line of bufinfo",
         tail.substr(1, tail.size() - 2), text.substr(text.size() > 60 ? text.size() - 60 : 0));
  c.equal("BUF-007", "buffers listed, compared to before", adapters::count_buffers(before) + 2,
          objects);
  c.equal("EXP-013", "the newest buffer is the first one", inode_of(b.number()),
          order.empty() ? 0 : order.front());
  c.ours("ioctl(fd, DMA_BUF_SET_NAME, \"nam\")",
         [&] { return ::ioctl(a.number(), DMA_BUF_SET_NAME, "nam"); });
  c.hold("BUF-001",
         c.bufinfo().find(fmt::format("\t{:08}\tnam\n", inode_of(a.number()))) != std::string::npos,
         "the name in bufinfo", "nam", "something else");
  c.ours("ioctl(fd, DMA_BUF_SET_NAME, \"\")",
         [&] { return ::ioctl(a.number(), DMA_BUF_SET_NAME, ""); });
  c.hold("NAM-004",
         c.bufinfo().find(fmt::format("\t{:08}\t\n", inode_of(a.number()))) != std::string::npos,
         "an empty name in bufinfo", "an empty column", "something else");
}

constexpr Check kChecks[] = {
    {.name = "inf.fdinfo",
     .text = "fdinfo has its lines, in order, with the right values",
     .requirements = {"INF-001", "INF-003"},
     .run = fdinfo},
    {.name = "inf.count",
     .text = "fdinfo and bufinfo count the same references, and reading adds none",
     .requirements = {"INF-002", "BUF-002"},
     .needs = {.root = true},
     .run = count},
    {.name = "inf.link",
     .text = "the link of the fd names the buffer",
     .requirements = {"INF-005"},
     .run = link},
    {.name = "inf.maps",
     .text = "maps shows path, inode and sharing",
     .requirements = {"INF-006", "NAM-005", "MMU-009"},
     .run = maps},
    {.name = "inf.stat",
     .text = "fstat and fstatfs describe the buffer",
     .requirements = {"INF-007", "INF-008"},
     .run = stat_},
    {.name = "inf.exporter",
     .text = "the exporter's name is the one its driver gives",
     .requirements = {"INF-010"},
     .run = exporter_name},
    {.name = "inf.other-process",
     .text = "fdinfo of another user's process cannot be read",
     .requirements = {"INF-004"},
     .needs = {.root = true},
     .run = other_process},
    {.name = "inf.identity",
     .text = "device and inode say which buffer it is",
     .requirements = {"INF-009"},
     .run = identity},
    {.name = "buf.format",
     .text = "bufinfo is written as documented, and its totals are right",
     .requirements = {"BUF-001", "BUF-005", "BUF-006", "BUF-007", "STA-001", "EXP-013", "NAM-004"},
     .needs = {.kernels = {"6.1", ""}, .root = true},
     .run = bufinfo},
};

}  // namespace

std::span<const Check> info_checks() {
  return kChecks;
}

}  // namespace dmabuf::checks
