// SPDX-License-Identifier: MIT
/// /dev/dmabuf_harness: importers and an exporter inside the kernel, by remote control.
#pragma once

#include <dmabuf_harness.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/process.hpp"
#include "dmabuf/adapters/unique_fd.hpp"
#include "dmabuf/model/operation.hpp"

namespace dmabuf::adapters {

/// A handle of the module. kNoHandle is none, ever: the module answers -ENOENT to it itself.
using Handle = std::uint32_t;
inline constexpr Handle kNoHandle = 0xffffffff;

/// A word for a number of the uapi header.
struct NamedNumber {
  std::string_view name;
  std::uint32_t value;
};

/// How an exporter of the module goes about its storage: "eager", "deferred", "refusing",
/// "caching", "migrating", "novmap", "dynamic", as DBH_POLICY_* bits.
std::span<const NamedNumber> harness_policies();
/// What it can be told to get wrong, DBH_DEFECT_*: "leak-mapping", "double-release", ...
std::span<const NamedNumber> harness_defects();
std::optional<std::uint32_t> find_number(std::span<const NamedNumber> names, std::string_view name);

class Harness;
struct OpenedHarness {
  std::unique_ptr<Harness> harness;
  std::string reason;
  std::string remedy;
};

/// One context of the module. What the kernel answered is what these answer.
class Harness {
 public:
  static OpenedHarness open();

  int fd() const { return device_.get(); }
  const dbh_version& version() const { return version_; }
  bool has(std::uint64_t feature) const { return (version_.features & feature) != 0; }

  struct Exported {
    Handle reference;
    std::uint64_t serial;
    std::uint64_t ino;
  };
  Expected<Exported> export_buffer(unsigned pages, model::Access, std::uint32_t policy,
                                   std::uint32_t defect);
  /// The new fd, in this process.
  Expected<int> install(Handle reference, model::CloseOnExec);
  /// The fd is one of `process`, which shares this context.
  Expected<Handle> get(Process& process, int number);
  model::Outcome put(Handle reference);
  Expected<Handle> attach(Handle reference, model::DeviceId, bool dynamic);
  model::Outcome detach(Handle attachment);
  Expected<Handle> map(Handle attachment, model::Direction);
  model::Outcome unmap(Handle mapping);
  /// The tag the page was filled from, or kTorn.
  model::Outcome read_page(Handle mapping, unsigned page);
  model::Outcome write_page(Handle mapping, unsigned page, model::Tag);
  model::Outcome pin(Handle attachment);
  model::Outcome unpin(Handle attachment);
  /// The exporter, which must be the module's, moves the storage.
  model::Outcome move(Handle reference);
  /// The nth call of DBH_CALLBACK_* from now on fails with the errno; 0: none does.
  model::Outcome inject(std::uint64_t serial, std::uint32_t callback, std::uint32_t nth, int error);
  struct Vmapped {
    Handle handle;
    std::uint32_t same;  ///< kernel mappings of the buffer at this address, this one included
  };
  Expected<Vmapped> vmap(Handle reference);
  model::Outcome vunmap(Handle vmap);
  model::Outcome read_vmap(Handle vmap, unsigned page);
  model::Outcome write_vmap(Handle vmap, unsigned page, model::Tag);
  model::Outcome begin_cpu_access(Handle reference, model::Direction);
  model::Outcome end_cpu_access(Handle reference, model::Direction);

  /// From now on a survey can look at the fds of `process`, which shares this context. Throws
  /// HarnessError if that cannot be.
  void enrol(Process& process);
  /// Fills in what there is to see of them, all at once. Throws HarnessError, and nothing else.
  void survey(std::span<dbh_fd_seen> fds, std::span<dbh_buffer_seen> buffers) const;
  Expected<dbh_info> info(Handle reference) const;
  Expected<dbh_counters> counters(std::uint64_t serial) const;
  Expected<dbh_global> global() const;
  /// Drops everything of this context. Throws HarnessError if even that is refused.
  void reset();

 private:
  Harness(UniqueFd device, const dbh_version& version)
      : device_(std::move(device)), version_(version) {}
  model::Outcome read_page(Handle handle, std::uint32_t via, unsigned page);
  std::uint64_t hash_of(std::uint64_t tag, std::uint64_t bytes);

  UniqueFd device_;
  dbh_version version_;
  struct KnownHash {
    std::uint64_t tag = 0;
    std::uint64_t bytes = 0;
    std::uint64_t hash = 0;
  };
  std::array<KnownHash, 64> hashes_{};
};

}  // namespace dmabuf::adapters
