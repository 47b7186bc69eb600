// SPDX-License-Identifier: MIT
#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(References);

const Law equal_the_ledger = [](const Moment& moment) {
  return each_buffer(moment, Aspect::References, [&](BufferId buffer) -> std::optional<std::int64_t> {
    return moment.world.ledger(buffer, moment.profile);
  });
};

/// The count is what its holders add up to: fds, messages in flight, CPU mappings, references in the
/// kernel, and the exporter's own.
TEST_P(References, EqualTheLedger) {
  verifies<"INV-001">();
  for_all_traces(GetParam(), equal_the_ledger);
}
TEST(ReferencesBite, EqualTheLedger) {
  bites(equal_the_ledger,
        {"export_counts_twice", "handle_holds_one_reference", "install_takes_reference", "dup_not_counted",
         "dup_counts_twice", "close_keeps_reference", "send_not_counted", "receive_counts_twice", "discard_leaks",
         "get_not_counted", "get_counts_twice", "put_drops_nothing", "put_drops_twice", "mmap_not_counted",
         "migration_leaks_reference"});
}

const Law untouched_by_attachments = [](const Moment& moment) -> std::string {
  const bool importer = std::holds_alternative<op::Attach>(moment.operation) ||
                        std::holds_alternative<op::Detach>(moment.operation) ||
                        std::holds_alternative<op::Map>(moment.operation) ||
                        std::holds_alternative<op::Unmap>(moment.operation);
  if (!importer) return {};
  return each_buffer(moment, Aspect::References, [&](BufferId buffer) {
    return value(moment.seen_before.buffers[buffer.value], Aspect::References);
  });
};

/// Attaching, mapping and their reverse neither take a reference nor drop one.
TEST_P(References, AreLeftAloneByAttachments) {
  verifies<"ATT-007">();
  for_all_traces(GetParam(), untouched_by_attachments);
}
TEST(ReferencesBite, AreLeftAloneByAttachments) {
  bites(untouched_by_attachments,
        {"attach_counts_reference", "detach_puts", "map_counts_reference", "refused_attach_puts"});
}

}  // namespace
}  // namespace dmabuf::conformance::properties
