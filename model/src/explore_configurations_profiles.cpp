// SPDX-License-Identifier: MIT
/// A small world for each kernel and each exporter that has a profile.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dmabuf/model/diff.hpp"
#include "dmabuf/model/explore.hpp"
#include "dmabuf/model/table.hpp"

namespace dmabuf::model {
namespace {

/// What a world is about. All at once would multiply the worlds.
enum class Turn : std::uint8_t {
  Importers,  ///< attach and map, CPU access, mmap, kernel mappings
  Children,   ///< what a child inherits
  Dynamic,    ///< importers that are told of moves, exporters that fail
  Lists,      ///< udmabuf's lists of a memfd's pages
  Full,       ///< processes without a free fd
};
constexpr std::array<std::string_view, 5> kTurns = {"", " children", " dynamic", " lists", " full"};

/// Kernels that differ in nothing but fences are one.
std::vector<KernelProfile> distinct_kernels() {
  std::vector<KernelProfile> distinct;
  for (KernelProfile kernel : kernel_profiles()) {
    kernel.has_sync_file = kernel.poll_holds_file = true;
    if (std::ranges::none_of(distinct, [&](const KernelProfile& known) { return differences(known, kernel).empty(); }))
      distinct.push_back(kernel);
  }
  return distinct;
}

bool has_turn(Turn turn, const KernelProfile& kernel, const ExporterProfile& exporter) {
  if (!kernel.has(exporter.in_kernel ? kind_of<op::Export>() : kind_of<op::Create>())) return false;
  if (turn == Turn::Lists) return exporter.interface == Interface::Udmabuf;
  return turn != Turn::Dynamic || kernel.has(kind_of<op::AttachDynamic>());
}

Bounds bounds_of(Turn turn, const ExporterProfile& exporter) {
  Bounds b;
  b.buffers = b.fds = b.references = b.vmas = b.vmaps = 1;
  b.attachments = b.mappings = b.pages = 2;
  b.messages = 0;
  b.fences = b.sync_files = 0;  // no profile of these says anything of fences
  b.memfds = turn == Turn::Lists || (turn == Turn::Full && exporter.interface == Interface::Udmabuf) ? 1 : 0;
  if (turn == Turn::Lists) b.references = b.attachments = b.mappings = b.vmaps = 0;
  if (turn == Turn::Children) b.attachments = b.mappings = 0;
  if (turn == Turn::Full) b.attachments = b.mappings = b.vmas = b.vmaps = 0;
  if (turn == Turn::Dynamic) {
    b.attachments = b.mappings = b.pages = 1;
    b.vmas = b.vmaps = 0;
    b.kinds &= ~kinds<op::Seek, op::SetName, op::Sync, op::CreateDumb, op::HandleToFd, op::FdToHandle>();
  }
  if (turn != Turn::Dynamic)
    for (std::size_t kind = kind_of<op::AttachDynamic>(); kind <= kind_of<op::Fail>(); ++kind) b.kinds.reset(kind);
  if (turn != Turn::Children) b.kinds &= ~kinds<op::Fork, op::ChildLoad, op::Exec, op::Exit>();
  if (turn != Turn::Full) b.kinds &= ~kinds<op::FillFds, op::FreeFds>();
  return b;
}

}  // namespace

std::vector<Configuration> profile_configurations(std::string_view of) {
  std::vector<Configuration> all;
  for (const KernelProfile& kernel : distinct_kernels()) {
    if (!of.empty() && kernel.name != of) continue;
    for (const ExporterProfile& exporter : exporter_profiles())
      for (std::size_t t = 0; t < kTurns.size(); ++t) {
        const auto turn = static_cast<Turn>(t);
        if (!has_turn(turn, kernel, exporter)) continue;
        Configuration c;
        c.name = fmt::format("{}@{}{}", exporter.name, kernel.name, kTurns[t]);
        c.profile = {kernel, exporter, {.name = "harness", .guards_misuse = true}};
        c.bounds = bounds_of(turn, exporter);
        all.push_back(std::move(c));
      }
  }
  return all;
}

std::vector<std::string> uncounted_rows(const Configuration& configuration, const Coverage& fired) {
  std::vector<std::string> wrong;
  const auto reachable = reachable_rows(configuration.profile, configuration.bounds.kinds);
  for (const RowInfo& row : rows())
    if ((row.kind == RowKind::Permitted || row.kind == RowKind::Refused) && fired.rows.test(row.id) && !reachable.test(row.id))
      wrong.push_back("fires, although coverage does not count it: " + describe(row));
  return wrong;
}

}  // namespace dmabuf::model
