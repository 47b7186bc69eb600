// SPDX-License-Identifier: MIT
/// Where buffers come from.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "dmabuf/adapters/exporter_backend.hpp"
#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::checks {

/// A buffer to do things to. Its fd is closed with it.
struct Buffer {
  adapters::UniqueFd fd;
  std::size_t size = 0;  ///< what it was made to be; at least what was asked for

  int number() const { return fd.get(); }
  std::size_t pages() const { return size / 4096; }
};

struct Wanted {
  unsigned pages = 4;
  model::Access access = model::Access::ReadWrite;
  model::CloseOnExec cloexec = model::CloseOnExec::Yes;
};

/// An exporter, as a maker of buffers.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// The errno the device gave instead; throws HarnessError for trouble of ours.
  virtual adapters::Expected<Buffer> make(const Wanted& wanted) = 0;
  /// Lets go of all that is kept beside the fds (handles, memfds).
  virtual void let_go() = 0;
  /// The module whose use count rises with a buffer; empty if built in.
  virtual std::string module() const { return {}; }
};

/// A source, or the reason why there is none.
struct OpenedSource {
  std::unique_ptr<Source> source;
  std::string reason, remedy;
};

/// An adapter's exporter.
OpenedSource source_of(adapters::OpenedBackend backend);

/// EXPBUF of the first vivid capture device with that allocator ("vmalloc", "dma_contig").
OpenedSource open_v4l2(std::string_view allocator);
/// The names of such targets: "v4l2:vmalloc", "v4l2:dma_contig".
std::vector<std::string> v4l2_targets();

}  // namespace dmabuf::checks
