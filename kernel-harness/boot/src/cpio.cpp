// SPDX-License-Identifier: MIT
#include "dmabuf/boot/cpio.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <limits>
#include <utility>

#include "dmabuf/boot/error.hpp"

namespace dmabuf::boot {

void CpioWriter::file(std::string_view path, std::string_view contents, std::uint32_t mode) {
  entry(path, Node{.mode = S_IFREG | mode}, contents);
}

void CpioWriter::directory(std::string_view path, std::uint32_t mode) {
  entry(path, Node{.mode = S_IFDIR | mode, .links = 2}, {});
}

void CpioWriter::symlink(std::string_view path, std::string_view target) {
  entry(path, Node{.mode = S_IFLNK | 0777}, target);
}

void CpioWriter::character_device(std::string_view path, std::uint32_t major, std::uint32_t minor,
                                  std::uint32_t mode) {
  entry(path, Node{.mode = S_IFCHR | mode, .major = major, .minor = minor}, {});
}

void CpioWriter::block_device(std::string_view path, std::uint32_t major, std::uint32_t minor,
                              std::uint32_t mode) {
  entry(path, Node{.mode = S_IFBLK | mode, .major = major, .minor = minor}, {});
}

std::string CpioWriter::finish() {
  next_inode_ = 0;
  entry("TRAILER!!!", Node{}, {});
  archive_.resize((archive_.size() + 511) / 512 * 512);
  next_inode_ = 1;
  return std::exchange(archive_, {});
}

void CpioWriter::entry(std::string_view path, const Node& node, std::string_view contents) {
  while (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) throw Error("cpio: an entry needs a path");
  if (contents.size() > std::numeric_limits<std::uint32_t>::max())
    throw Error(fmt::format("cpio: {} is larger than the format's 4 GiB", path));
  // magic, inode, mode, uid, gid, links, time, size, device of the file, device, name size, check
  archive_ += fmt::format(
      "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}",
      next_inode_++, node.mode, 0, 0, node.links, 0, contents.size(), 0, 0, node.major, node.minor,
      path.size() + 1, 0);
  archive_.append(path).push_back('\0');
  pad();
  archive_ += contents;
  pad();
}

void CpioWriter::pad() { archive_.resize((archive_.size() + 3) / 4 * 4); }

}  // namespace dmabuf::boot
