// SPDX-License-Identifier: MIT
#include "property.hpp"

namespace dmabuf::conformance::properties {
namespace {

using namespace model;
DMABUF_FAMILY(Attachments);

const Law list_balances = [](const Moment& moment) {
  return each_buffer(moment, Aspect::Attachments, [&](BufferId buffer) -> std::optional<std::int64_t> {
    std::int64_t count = 0;
    for (const AttachmentState& attachment : moment.world.attachments)
      count += attachment.buffer == buffer.value ? 1 : 0;
    return count + planes(moment, buffer);
  });
};

/// The list holds one entry for every successful attach that has not been detached.
TEST_P(Attachments, AreListedUntilDetached) {
  verifies<"INV-003">();
  for_all_traces(GetParam(), list_balances);
}
TEST(AttachmentsBite, AreListedUntilDetached) {
  bites(list_balances, {"refused_attach_stays_listed", "detach_stays_listed"});
}

const Law callbacks_balance = [](const Moment& moment) {
  return each_buffer(moment, Aspect::DetachCalls, [&](BufferId buffer) -> std::optional<std::int64_t> {
    const BufferSeen& seen = moment.seen.buffers[buffer.value];
    const auto attaches = value(seen, Aspect::AttachCalls);
    const auto listed = value(seen, Aspect::Attachments);
    if (!attaches || moment.profile.exporter.refuses_attach_after_map != Answer::No ||
        moment.profile.exporter.constraints != Constraints::Ignored)
      return {};  // a refused attach is a call without a detach
    return *attaches - listed.value_or(0);
  });
};

/// Over an attachment's life the exporter hears of its end as often as of its beginning.
TEST_P(Attachments, CallTheExporterOnceEachWay) {
  verifies<"ATT-004", "ATT-017", "INV-004">();
  for_all_traces(GetParam(), callbacks_balance);
}
TEST(AttachmentsBite, CallTheExporterOnceEachWay) {
  bites(callbacks_balance, {"attach_calls_twice", "detach_callback_skipped"});
}

}  // namespace
}  // namespace dmabuf::conformance::properties
