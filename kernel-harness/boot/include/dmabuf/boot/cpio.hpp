// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dmabuf::boot {

/// Writes an archive that Linux takes as an initramfs ("newc": SVR4 without checksums).
///
/// Paths are relative, "lib/modules/x.ko". Time stamps are zero and owners root: the same calls
/// give the same bytes.
class CpioWriter {
 public:
  void file(std::string_view path, std::string_view contents, std::uint32_t mode = 0644);
  void directory(std::string_view path, std::uint32_t mode = 0755);
  void symlink(std::string_view path, std::string_view target);
  void character_device(std::string_view path, std::uint32_t major, std::uint32_t minor,
                        std::uint32_t mode = 0600);
  void block_device(std::string_view path, std::uint32_t major, std::uint32_t minor,
                    std::uint32_t mode = 0600);

  /// Ends the archive and gives it; the writer is empty then.
  std::string finish();

 private:
  struct Node {
    std::uint32_t mode = 0;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint32_t links = 1;
  };
  void entry(std::string_view path, const Node& node, std::string_view contents);
  void pad();

  std::string archive_;
  std::uint32_t next_inode_ = 1;
};

}  // namespace dmabuf::boot
