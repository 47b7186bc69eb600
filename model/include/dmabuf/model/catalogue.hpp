// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

#include "dmabuf/model/catalogue/att.hpp"
#include "dmabuf/model/catalogue/buf.hpp"
#include "dmabuf/model/catalogue/cpu.hpp"
#include "dmabuf/model/catalogue/det.hpp"
#include "dmabuf/model/catalogue/dyn.hpp"
#include "dmabuf/model/catalogue/exp.hpp"
#include "dmabuf/model/catalogue/fd.hpp"
#include "dmabuf/model/catalogue/fen.hpp"
#include "dmabuf/model/catalogue/fop.hpp"
#include "dmabuf/model/catalogue/hep.hpp"
#include "dmabuf/model/catalogue/inf.hpp"
#include "dmabuf/model/catalogue/inv.hpp"
#include "dmabuf/model/catalogue/ioc.hpp"
#include "dmabuf/model/catalogue/lck.hpp"
#include "dmabuf/model/catalogue/lsk.hpp"
#include "dmabuf/model/catalogue/map.hpp"
#include "dmabuf/model/catalogue/mig.hpp"
#include "dmabuf/model/catalogue/mmp.hpp"
#include "dmabuf/model/catalogue/mmu.hpp"
#include "dmabuf/model/catalogue/nam.hpp"
#include "dmabuf/model/catalogue/obs.hpp"
#include "dmabuf/model/catalogue/pol.hpp"
#include "dmabuf/model/catalogue/prm.hpp"
#include "dmabuf/model/catalogue/rel.hpp"
#include "dmabuf/model/catalogue/sfe.hpp"
#include "dmabuf/model/catalogue/sfi.hpp"
#include "dmabuf/model/catalogue/shr.hpp"
#include "dmabuf/model/catalogue/sta.hpp"
#include "dmabuf/model/catalogue/sws.hpp"
#include "dmabuf/model/catalogue/syf.hpp"
#include "dmabuf/model/catalogue/syn.hpp"
#include "dmabuf/model/catalogue/udm.hpp"
#include "dmabuf/model/catalogue/vbt.hpp"
#include "dmabuf/model/catalogue/vfs.hpp"
#include "dmabuf/model/catalogue/vgm.hpp"
#include "dmabuf/model/catalogue/vgp.hpp"
#include "dmabuf/model/catalogue/vmp.hpp"
#include "dmabuf/model/requirement.hpp"

namespace dmabuf::model {

/// A family of requirements: what comes before the number in an id.
struct Area {
  std::string_view prefix;  ///< "ATT"
  std::string_view title;
};

/// Sorted by prefix, as the catalogue is.
inline constexpr Area areas[] = {
    {"ATT", "attach, dynamic attach, detach"},
    {"BUF", "debugfs bufinfo"},
    {"CPU", "kernel CPU access"},
    {"DET", "what the kernel detects by itself"},
    {"DYN", "dynamic buffers: pin, unpin, move_notify"},
    {"EXP", "dma_buf_export"},
    {"FD", "fd, get, put"},
    {"FEN", "fences in a reservation"},
    {"FOP", "other system calls on a dma-buf fd"},
    {"HEP", "dma-heaps"},
    {"INF", "fdinfo, paths, stat"},
    {"INV", "invariants, to hold after every step"},
    {"IOC", "ioctl dispatch"},
    {"LCK", "the reservation lock in callbacks"},
    {"LSK", "lseek"},
    {"MAP", "map and unmap"},
    {"MIG", "deferred allocation and migration"},
    {"MMP", "mmap redirected by an importer"},
    {"MMU", "mmap of a dma-buf fd"},
    {"NAM", "DMA_BUF_SET_NAME"},
    {"OBS", "observation and its pitfalls"},
    {"POL", "poll, select, epoll"},
    {"PRM", "DRM PRIME and GEM handles"},
    {"REL", "release"},
    {"SFE", "EXPORT_SYNC_FILE"},
    {"SFI", "IMPORT_SYNC_FILE"},
    {"SHR", "sharing between fds and processes"},
    {"STA", "debug list and statistics"},
    {"SWS", "sw_sync timelines"},
    {"SYF", "sync_file"},
    {"SYN", "DMA_BUF_IOCTL_SYNC"},
    {"UDM", "udmabuf"},
    {"VBT", "V4L2 videobuf2, vivid, vim2m"},
    {"VFS", "what any file promises"},
    {"VGM", "vgem"},
    {"VGP", "virtio-gpu"},
    {"VMP", "vmap and vunmap"},
};

namespace detail {

template <std::size_t... Sizes>
consteval auto join(const Requirement (&... parts)[Sizes]) {
  std::array<Requirement, (Sizes + ...)> all{};
  auto* to = all.data();
  ((to = std::copy(std::begin(parts), std::end(parts), to)), ...);
  return all;
}

}  // namespace detail

/// The contract, sentence by sentence, sorted by id.
///
/// Ids are never renumbered and never used again. The baseline is Linux 6.1; where other
/// kernels differ, the text or the versions say so. What the kernel reports by itself (DET) and
/// what watching does to the watched (OBS) depend on the system at hand: they are
/// `Implementation` throughout.
inline constexpr auto catalogue = detail::join(
    area::att, area::buf, area::cpu, area::det, area::dyn, area::exp, area::fd, area::fen,
    area::fop, area::hep, area::inf, area::inv, area::ioc, area::lck, area::lsk, area::map,
    area::mig, area::mmp, area::mmu, area::nam, area::obs, area::pol, area::prm, area::rel,
    area::sfe, area::sfi, area::shr, area::sta, area::sws, area::syf, area::syn, area::udm,
    area::vbt, area::vfs, area::vgm, area::vgp, area::vmp);

/// Where in the catalogue an id is; its size if it is not.
constexpr std::size_t position(std::string_view id) {
  // By halves: each use is a constant expression of its own, and compilers count its steps.
  std::size_t first = 0;
  std::size_t last = catalogue.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (catalogue[middle].id < id)
      first = middle + 1;
    else
      last = middle;
  }
  return first < catalogue.size() && catalogue[first].id == id ? first : catalogue.size();
}

/// The requirement of that id ("ATT-005"), or null if the catalogue has none.
constexpr const Requirement* find(std::string_view id) {
  const std::size_t at = position(id);
  return at < catalogue.size() ? &catalogue[at] : nullptr;
}

/// The requirements of an area ("ATT"), in order; empty if there is no such area.
constexpr std::span<const Requirement> in_area(std::string_view prefix) {
  const auto* const end = catalogue.data() + catalogue.size();
  const auto* const first = std::find_if(
      catalogue.data(), end, [&](const Requirement& entry) { return area_of(entry.id) == prefix; });
  const auto* const last = std::find_if_not(
      first, end, [&](const Requirement& entry) { return area_of(entry.id) == prefix; });
  return {first, last};
}

/// Satisfied by the ids in the catalogue: a rule that cites another does not compile.
///
/// By position and not by `find(...) != nullptr`, which g++ with -fsanitize=undefined does not
/// take for a constant expression.
template <FixedString Id>
concept Catalogued = (position(Id.view()) < catalogue.size());

/// The requirement of an id known at compile time: `cited<"ATT-005">.text`.
template <FixedString Id>
  requires Catalogued<Id>
inline constexpr const Requirement& cited = catalogue[position(Id.view())];

}  // namespace dmabuf::model
