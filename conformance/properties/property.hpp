// SPDX-License-Identifier: MIT
/// Laws: sentences of the contract held against every moment of random programs.
///
/// The oracle judges everything at once and from one model. A law is the second opinion: it says one
/// thing, from what was asked, what came of it and what could be seen, and it cites the clause. Each
/// law is shown to bite: the mutants named beside it break it.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../tests/reference_target.hpp"
#include "dmabuf/conformance/generator.hpp"
#include "dmabuf/conformance/seed.hpp"
#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/catalogue.hpp"
#include "dmabuf/model/oracle.hpp"

namespace dmabuf::conformance::properties {

/// What is known when an operation has been carried out.
struct Moment {
  const model::Operation& operation;
  const model::Outcome& outcome;
  const model::World& before;            ///< the model's world, as observed so far
  const model::World& world;             ///< and now
  const model::Observation& seen_before;
  const model::Observation& seen;
  const model::Profile& profile;
  bool last;                             ///< everything has been let go
};

/// "" if the law is kept, else what is wrong.
using Law = std::function<std::string(const Moment&)>;

/// The value of an aspect, if it was seen.
inline std::optional<std::int64_t> value(const model::BufferSeen& seen, model::Aspect aspect) {
  if (!seen.has(aspect)) return {};
  return seen.values[static_cast<std::size_t>(aspect)];
}

/// Planes of a video queue that are attached to the buffer, and mapped: of one whose device reads memory itself.
inline std::int64_t planes(const Moment& moment, model::BufferId buffer) {
  if (!moment.profile.queue.there() || moment.profile.queue.allocator != model::Allocator::Contiguous) return 0;
  return std::ranges::count(moment.world.queue.slots, buffer.value, &model::QueueSlotState::buffer);
}

/// Complains about the first buffer for which `wanted(buffer)` is not what is seen of it.
template <class Wanted>
std::string each_buffer(const Moment& moment, model::Aspect aspect, Wanted wanted) {
  for (std::uint8_t b = 0; b < model::kMaxBuffers; ++b) {
    const auto seen = value(moment.seen.buffers[b], aspect);
    const std::optional<std::int64_t> want = wanted(model::BufferId{b});
    if (seen && want && *seen != *want)
      return std::string(model::aspect_name(aspect)) + " of b" + std::to_string(b) + " should be " +
             std::to_string(*want) + ", is " + std::to_string(*seen);
  }
  return {};
}

/// Carries the program out, then lets everything go, and holds the law against each moment. Ends where
/// the model can no longer explain an outcome: what that means is for other laws to say.
std::string held_against(const Law& law, Adapter& adapter, const model::Profile& profile, const Program& program);

/// A RapidCheck property: the law holds at every moment of every program on this exporter.
void for_all_traces(std::string_view exporter, const Law& law);

/// True if the mutant breaks the law in some of the first `cases` programs.
bool broken_by(const Law& law, std::string_view mutant, std::uint64_t cases = 2000);

/// Ties a test to the clauses it verifies. Once a test: a second call would replace the first.
template <model::FixedString... Ids>
  requires(model::Catalogued<Ids> && ...)
void verifies() {
  std::string ids;
  ((ids += (ids.empty() ? "" : " ") + model::full_id(Ids.view())), ...);
  testing::Test::RecordProperty("verifies", ids);
}

/// A family: its laws are held against every exporter of the reference.
class Family : public testing::TestWithParam<std::string_view> {};

inline std::string exporter_name(const testing::TestParamInfo<std::string_view>& instance) {
  return std::string(instance.param);
}

#define DMABUF_FAMILY(Name)                                                                       \
  class Name : public ::dmabuf::conformance::properties::Family {};                               \
  INSTANTIATE_TEST_SUITE_P(Reference, Name,                                                       \
                           ::testing::ValuesIn(::dmabuf::reference::reference_exporters().begin(), \
                                               ::dmabuf::reference::reference_exporters().end()),  \
                           ::dmabuf::conformance::properties::exporter_name)

/// Shows that a law bites: TEST(ReleaseBites, ...) { bites(law, {"release_runs_twice"}); }
inline void bites(const Law& law, const std::vector<std::string_view>& mutants) {
  for (std::string_view mutant : mutants) EXPECT_TRUE(broken_by(law, mutant)) << mutant << " keeps this law";
}

}  // namespace dmabuf::conformance::properties
