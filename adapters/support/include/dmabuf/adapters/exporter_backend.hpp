// SPDX-License-Identifier: MIT
/// A device that makes buffers for user space: what the combined adapter needs of one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::adapters {

/// A bit that neither fcntl.h nor any of the devices gives a meaning, for CreationFlags::Unknown.
inline constexpr std::uint32_t kUnknownFlag = std::uint32_t{1} << 30;

class ExporterBackend {
 public:
  ExporterBackend() = default;
  ExporterBackend(const ExporterBackend&) = delete;
  ExporterBackend& operator=(const ExporterBackend&) = delete;
  virtual ~ExporterBackend() = default;

  /// The target's name: "vgem", "udmabuf", "heap:system", "drm:bochs-drm".
  virtual std::string_view name() const = 0;
  /// A new buffer: the number of its fd in this process, which is the caller's. On failure nothing
  /// is left behind that the device lets go.
  virtual Expected<int> create(const model::op::Create& wanted) = 0;
  /// Whether user space has a handle beside the fd (GEM).
  virtual bool has_handles() const { return false; }
  /// Lets the handle go; what the device answers to a handle that is none if there is none.
  virtual model::Outcome close_handle(const model::op::CloseHandle& wanted);
  /// An object with a handle, and no buffer yet.
  virtual model::Outcome create_dumb(const model::op::CreateDumb& wanted);
  /// The number of a new fd in this process, which is the caller's.
  virtual Expected<int> handle_to_fd(const model::op::HandleToFd& wanted);
  /// `dmabuf` is a number of this process, `buffer` the slot of what is open there, if it is one of ours. The reply
  /// is that of the operation.
  virtual model::Outcome fd_to_handle(const model::op::FdToHandle& wanted, int dmabuf,
                                      std::optional<model::BufferId> buffer);
  /// Whether buffers are made of the pages of memfds (udmabuf).
  virtual bool has_lists() const { return false; }
  virtual model::Outcome memfd(const model::op::Memfd& wanted);
  virtual model::Outcome close_memfd(const model::op::CloseMemfd& wanted);
  virtual model::Outcome write_memfd(const model::op::WriteMemfd& wanted);
  virtual model::Outcome read_memfd(const model::op::ReadMemfd& wanted);
  /// The number of a new fd in this process, which is the caller's.
  virtual Expected<int> create_list(const model::op::CreateList& wanted);
  /// The module whose use count rises with every buffer; empty if built in.
  virtual std::string_view module() const { return {}; }
  /// Lets go of all handles and of what else it keeps for buffers.
  virtual void reset() = 0;
};

/// A backend, or why this machine has none and what would help.
struct OpenedBackend {
  std::unique_ptr<ExporterBackend> backend;
  std::string reason;
  std::string remedy;
};

}  // namespace dmabuf::adapters
