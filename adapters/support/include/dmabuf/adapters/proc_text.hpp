// SPDX-License-Identifier: MIT
/// What the kernel prints about buffers. Part of that text belongs to user space: a name may hold
/// tabs, newlines and whatever else fits in 31 bytes (DBUF-NAM-005), so nothing after a name is
/// believed, and a name cannot pass for a field.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dmabuf::adapters {

/// `/proc/<pid>/fdinfo/<fd>` of a dma-buf. Views point into the text.
struct FdInfo {
  unsigned long flags = 0;  ///< open flags, O_CLOEXEC being the fd's own
  std::uint64_t size = 0;
  std::int64_t count = 0;   ///< f_count without the reader's (DBUF-INF-002)
  std::optional<std::uint64_t> ino;  ///< from 5.14 on
  std::string_view exporter;
  std::string_view name;    ///< empty if none was set
};
/// Nothing if it is no dma-buf's.
std::optional<FdInfo> parse_fdinfo(std::string_view text);

/// One buffer of debugfs `dma_buf/bufinfo`. Views point into the text.
struct BufInfo {
  std::uint64_t size = 0;
  unsigned long flags = 0;  ///< f_flags: O_ACCMODE and others
  unsigned long mode = 0;   ///< f_mode: 1 read, 2 write
  std::int64_t count = 0;   ///< raw f_count
  std::string_view exporter;
  std::uint64_t ino = 0;
  std::string_view name;    ///< empty if none was set, or for one that says "<none>"
  std::int64_t attachments = 0;
};

/// Walks over bufinfo (the format of 5.14 to 6.18), newest buffer first.
///
/// A row is known by its widths: its first four fields alone are longer than any name, so no name
/// can hold a row; and of several "Total n devices attached" only the last one of a buffer counts.
class BufInfoReader {
 public:
  explicit BufInfoReader(std::string_view text) : rest_(text) {}
  std::optional<BufInfo> next();

 private:
  std::string_view rest_;
};

std::optional<BufInfo> find_by_ino(std::string_view bufinfo, std::uint64_t ino);
/// Buffers listed.
long count_buffers(std::string_view bufinfo);

/// The use count that `/sys/module/<name>/refcnt` holds; nothing if there was nothing to read.
std::optional<long> module_use_count(std::string_view refcnt);

}  // namespace dmabuf::adapters
