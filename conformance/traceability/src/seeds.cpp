// SPDX-License-Identifier: MIT
/// The documents that began it, clause by clause, and what became of each.
#include <fmt/format.h>

#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/traceability/traceability.hpp"

namespace dmabuf::traceability {
namespace {

constexpr Seed kSeeds[] = {
    {1, "The exporter implements the operations and manages allocation and migration; the buffer-user sees the scatterlist alone.", {"EXP-001", "MAP-019"}, "holds"},
    {1, "Export connects private data, operations and flags, and makes an anonymous file.", {"EXP-006", "EXP-007"}, "holds"},
    {1, "On failure export returns NULL.", {"EXP-001", "EXP-002", "EXP-003", "EXP-004", "EXP-005"}, "superseded: an errno in the pointer, in 3.3 already"},
    {2, "A request for an fd installs one, or gives an error.", {"FD-001", "FD-002", "FD-003", "FD-004"}, "holds; 3.4 added flags"},
    {3, "dma_buf_get(fd) gives the buffer and counts one reference more.", {"FD-008"}, "holds"},
    {3, "Attach gives an attachment and calls the exporter's attach, if there is one.", {"ATT-004"}, "holds"},
    {3, "The framework keeps the list of attachments.", {"ATT-008", "BUF-008"}, "holds"},
    {3, "Until its first use the exporter may put off allocation.", {"MIG-001", "ATT-009", "VGM-003"}, "holds, as a permission"},
    {4, "At least one attach comes before get_scatterlist.", {"ATT-003"}, "holds by construction"},
    {4, "get_scatterlist must be there; it gives the list, mapped for the caller.", {"EXP-001", "MAP-002"}, "holds; called map_dma_buf since 3.3"},
    {4, "The first call may look through the attachments and choose storage that suits all.", {"MIG-002"}, "holds, as a permission"},
    {4, "By their direction several users may have access at a time.", {"MAP-003", "MAP-008"}, "the exporter's choice; caching exporters restrict it"},
    {5, "put_scatterlist is the end of DMA for its attachment.", {"MAP-002", "MAP-009"}, "holds; caching exporters hear of it at detach"},
    {6, "Detach takes the attachment off the list and calls the exporter's detach, if there is one.", {"ATT-017"}, "holds"},
    {6, "Put drops a reference; the last one calls release and frees the buffer.", {"FD-011", "REL-001", "REL-002"}, "holds; freed with the dentry since 5.4"},
    {0, "DMA happens between get_scatterlist and put_scatterlist.", {"MAP-021", "DYN-011"}, "holds for static importers"},
    {0, "Another user may attach after storage was allocated.", {"ATT-015", "MIG-003"}, "holds, as a permission"},
    {0, "For a stricter user the exporter may stall get_scatterlist until all access has ended, move the buffer, and serve all from the new place.", {"MIG-004", "MIG-005", "MIG-006"}, "holds, as a permission; drivers pin and refuse, or notify"},
    {0, "Where constraints cannot be met attach gives an error.", {"ATT-005", "ATT-006"}, "holds"},
    {0, "The exporter may refuse every attach after the first get_scatterlist.", {"ATT-015", "MIG-003"}, "holds, as a permission"},
    {0, "mmap of the file calls the exporter's mmap; without one it gives an error.", {"MMU-001"}, "holds; not in 3.3, where the file had no mmap"},
};

/// How the calls were spelled, for those who read old code beside the catalogue.
struct Spelling {
  std::string_view of, make, failure, map, unmap;
};
constexpr Spelling kSpellings[] = {
    {"October 2011", "dma_buf_export(priv, ops, flags)", "NULL", "ops->get_scatterlist(attachment, direction, &nents)",
     "ops->put_scatterlist(attachment, scatterlist, nents)"},
    {"3.3", "dma_buf_export(priv, ops, size, flags)", "errno pointer", "dma_buf_map_attachment(attachment, direction)",
     "dma_buf_unmap_attachment(attachment, table)"},
    {"today", "dma_buf_export(&info)", "errno pointer", "dma_buf_map_attachment(attachment, direction)",
     "dma_buf_unmap_attachment(attachment, table, direction)"},
};

std::string link(std::string_view id) {
  std::string anchor = model::full_id(id);
  for (char& c : anchor)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return fmt::format("[{}](requirements/{}.md#{})", id, model::area_of(id), anchor);
}

}  // namespace

std::span<const Seed> seeds() { return kSeeds; }

std::string seeds_page() {
  std::string text =
      "# The original document, clause by clause\n\n"
      "What `Documentation/dma-buf-sharing.txt` proposed in October 2011, where it stands in today's catalogue, and what became of it.\n"
      "Step 0 is the notes.\n\n"
      "| step | clause | requirements | today |\n| --- | --- | --- | --- |\n";
  for (const Seed& seed : kSeeds) {
    std::string ids;
    for (const std::string_view id : seed.requirements) ids += fmt::format("{}{}", ids.empty() ? "" : " ", link(id));
    text += fmt::format("| {} | {} | {} | {} |\n", seed.step, seed.clause, ids, seed.today);
  }
  text += "\n## How the calls are spelled\n\n| | export | tells failure by | map | unmap |\n| --- | --- | --- | --- | --- |\n";
  for (const Spelling& s : kSpellings)
    text += fmt::format("| {} | `{}` | {} | `{}` | `{}` |\n", s.of, s.make, s.failure, s.map, s.unmap);
  text +=
      "\n## To run it\n\n"
      "The proposal and what was merged of it are [kernel profiles](profiles.md): the calls of then, held against the reference of today.\n\n"
      "```sh\n"
      "dmabuf-conform run --target reference@2011       # random programs of the six steps\n"
      "dmabuf-conform run --target reference@3.3\n"
      "dmabuf-conform model diff 2011 3.3               # what was not merged\n"
      "dmabuf-conform model diff 3.3 6.12               # what has come since\n"
      "dmabuf-conform model check --configuration history-2011\n"
      "```\n";
  return text;
}

}  // namespace dmabuf::traceability
