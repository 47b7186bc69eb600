// SPDX-License-Identifier: MIT
#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(Export);

struct Asked {
  BufferId buffer;
  std::uint8_t pages;
  Access access;
};
std::optional<Asked> asked(const Operation& operation) {
  if (const auto* made = std::get_if<op::Export>(&operation)) return Asked{made->buffer, made->pages, made->access};
  if (const auto* made = std::get_if<op::Create>(&operation)) return Asked{made->buffer, made->pages, made->access};
  return {};
}

const Law gives_what_was_asked = [](const Moment& moment) -> std::string {
  const auto want = asked(moment.operation);
  if (!want || !moment.outcome) return {};
  const BufferSeen& seen = moment.seen.buffers[want->buffer.value];
  if (value(seen, Aspect::Size).value_or(want->pages * 4096) != want->pages * 4096) return "the size is another";
  const Access access = moment.profile.exporter.chooses_access ? want->access : Access::ReadWrite;
  if (value(seen, Aspect::AccessMode).value_or(static_cast<int>(access)) != static_cast<int>(access))
    return "the access mode is another";
  return {};
};

/// A new buffer has the size and the access mode it was asked for.
TEST_P(Export, GivesWhatWasAskedFor) {
  verifies<"EXP-007", "EXP-009">();
  for_all_traces(GetParam(), gives_what_was_asked);
}
TEST(ExportBites, GivesWhatWasAskedFor) {
  bites(gives_what_was_asked, {"size_one_page_more", "size_one_page_less", "export_ignores_access"});
}

const Law never_changes = [](const Moment& moment) -> std::string {
  for (std::size_t b = 0; b < kMaxBuffers; ++b)
    for (const Aspect aspect : {Aspect::Size, Aspect::AccessMode}) {
      const auto was = value(moment.seen_before.buffers[b], aspect);
      const auto is = value(moment.seen.buffers[b], aspect);
      if (was && is && *was != *is && !asked(moment.operation))
        return std::string(aspect_name(aspect)) + " of b" + std::to_string(b) + " has changed";
    }
  return {};
};

/// Size and access mode never change.
TEST_P(Export, FixesSizeAndAccessForGood) {
  verifies<"INV-007">();
  for_all_traces(GetParam(), never_changes);
}

}  // namespace
}  // namespace dmabuf::conformance::properties
