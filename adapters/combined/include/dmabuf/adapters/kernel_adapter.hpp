// SPDX-License-Identifier: MIT
/// The running kernel as a system under test: one exporter, the harness module's importers, and
/// everything user space can do to an fd, from two processes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dmabuf/adapters/exporter_backend.hpp"
#include "dmabuf/conformance/adapter.hpp"

namespace dmabuf::adapters {

/// Which exporter, and how the adapter is to go about it.
struct KernelTarget {
  /// "vgem", "udmabuf", "heap:<name>", "drm:<driver>", "harness:<policy>" (eager, deferred,
  /// refusing, caching, migrating, novmap, dynamic) or "harness", which takes its policy from `policy`.
  std::string exporter{};
  std::string policy{};           ///< harness only; "" is the one in `exporter`, else "eager"
  std::string defect = "none";    ///< harness only: what its exporter is to get wrong
  bool with_importer = true;      ///< false: leave the harness module alone
  /// Nobody else uses dma-buf on this kernel meanwhile, so that buffers, harness objects and module
  /// use counts of the whole system count as residue.
  bool alone = true;
};

/// Something this machine does not have, and what would help.
struct Lack {
  std::string what;
  std::string remedy;
};

/// What the running kernel says of itself when it is asked: whether something is built in, never whether it works as it
/// should. Nothing where there was nobody to ask.
struct KernelHabits {
  std::optional<bool> has_sync_file;    ///< EXPORT_SYNC_FILE is a call (-ENOTTY is not, DBUF-IOC-004)
  std::optional<bool> caches_mappings;  ///< dma_buf_ops has `cache_sgt_mapping` (DBUF-MAP-011)
  std::optional<bool> move_notify;      ///< CONFIG_DMABUF_MOVE_NOTIFY, or 7.2 and later (DBUF-DYN-007)
};

/// An adapter, or the reason why there is none. With an adapter, `lacks` says what it cannot do or
/// see: a run without an importer is not the run that was asked for.
struct Opened {
  std::unique_ptr<conformance::Adapter> adapter;
  std::string reason;
  std::string remedy;
  std::vector<Lack> lacks;
  KernelHabits habits{};
};

/// Throws HarnessError if there is the target but not what we need ourselves (a process, a socket).
/// The peer process lives as long as the calling thread: open, use and close in one thread.
Opened open_kernel_adapter(const KernelTarget& target);

/// The device behind a target, without the adapter around it. Not for harness targets.
OpenedBackend open_exporter(const std::string& exporter);

/// A target as this machine has it.
struct Offer {
  std::string target;
  bool available = false;
  std::string reason;
  std::string remedy;
};

struct Machine {
  std::vector<Offer> targets;   ///< those found, and of the usual ones those that are missing
  bool harness = false;         ///< in-kernel importers
  bool harness_defects = false; ///< the module was loaded with allow_defects=1
  bool bufinfo = false;         ///< debugfs's list of all buffers
  bool root = false;
  std::vector<Lack> lacks;
};

/// What there is to test here. Opens devices and closes them again; changes nothing.
Machine probe();

/// The words KernelTarget::policy and ::defect know.
std::vector<std::string> policy_names();
std::vector<std::string> defect_names();

}  // namespace dmabuf::adapters
