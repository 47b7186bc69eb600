// SPDX-License-Identifier: MIT
/// Targets by name, and how each is opened.
///
///     reference                  every exporter of the reference implementation
///     reference:eager            one of them
///     reference:eager!mutant     with a bug switched on
///     reference:eager@3.3        held against an old contract, 2011 or 3.3, with the calls of then
///     native                     every exporter this machine has, with the harness's importers
///     native:udmabuf             one of them
///     native:harness:eager!bug   our exporter, with a defect of the module's catalogue
///     native:v4l2:vmalloc        directed checks only: EXPBUF and DMABUF of vivid
///     vm:debian:6.12             every exporter of that kernel, in QEMU
///     vm:debian:6.12/udmabuf     one of them
///     vm:file:/path/bzImage//udmabuf   of a kernel of yours (two slashes)
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "dmabuf/adapters/kernel_adapter.hpp"
#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/model/profile.hpp"

namespace dmabuf::app {

enum class Where { Reference, Native, Vm };

struct Target {
  Where where = Where::Reference;
  std::string kernel;    ///< vm only: "debian:6.12"
  std::string exporter;  ///< "" for all
  std::string bug;       ///< mutant or defect, "" for none
  std::string contract = {};  ///< reference only: the kernel profile it is held against, "" for its own

  std::string text() const;
};

/// The error says what is wrong and what is known.
tl::expected<Target, std::string> parse_target(std::string_view text);

/// One exporter each, in a fixed order. For a vm the target itself: what it has is known once it runs.
std::vector<Target> expand(const Target& target);

/// Something a target cannot do or see, and what would help.
struct Lack {
  std::string what, remedy;
};

struct OpenedTarget {
  std::unique_ptr<conformance::Adapter> adapter;  ///< none: skipped, for `reason`
  model::Profile profile;
  std::string kernel_release;
  std::vector<Lack> lacks;
  std::vector<std::string> unlike_version;  ///< what the kernel says of itself, against the profile of its version
  std::string reason, remedy;
  bool checks_only = false;  ///< there is no adapter, and none is needed: directed checks can run
};

/// Not for vm targets.
OpenedTarget open_target(const Target& target);

/// The profile of an exporter by name, by the part before its colon, or the contract alone.
model::ExporterProfile exporter_profile(std::string_view name);
/// The newest profile that is not newer than the release ("6.1.0-56-amd64" gives that of 6.1). Older
/// kernels than 5.4 get that of 5.4, a release that is no number that of 6.1.
model::KernelProfile kernel_profile(std::string_view release);
/// Where the kernel could be asked, its answer counts and not its version: changes `profile`, and says where it did.
std::vector<std::string> correct_by(const adapters::KernelHabits& habits, model::KernelProfile& profile);

}  // namespace dmabuf::app
