// SPDX-License-Identifier: MIT
/// The reference explored beside the model: it refines it, in every state within the bounds. That each of its mutants
/// does not is mutant_table's to show.
#include "dmabuf/conformance/refine.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "dmabuf/conformance/trace.hpp"
#include "scopes.hpp"

namespace dmabuf::conformance {
namespace {

using namespace model;

/// Operations that the exporter has a way to be asked for are the adapter's to know.
class Refinements : public ::testing::TestWithParam<std::string_view> {};

TEST_P(Refinements, NothingDivergesInAnyStateWithinTheBounds) {
  const reference::ExporterConfig& exporter = *reference::find_exporter(GetParam());
  std::uint64_t states = 0, transitions = 0;
  for (const Scope& scope : scopes(exporter)) {
    SCOPED_TRACE(scope.name);
    const Refinement r = refine(reference::System(exporter), reference_profile(GetParam()), scope.operations, {.by_world = true});
    EXPECT_TRUE(r.complete);
    EXPECT_TRUE(r.trace.empty()) << r.divergence;
    for (const Operation& operation : r.trace) ADD_FAILURE() << to_text(operation);
    // Nothing, a buffer, and its end: an exporter that refuses every other access mode has no more of "making".
    EXPECT_GE(r.states, 3U);
    states += r.states;
    transitions += r.transitions;
    std::printf("%-10s %-10s %8llu states %10llu transitions\n", std::string(GetParam()).c_str(), std::string(scope.name).c_str(),
                static_cast<unsigned long long>(r.states), static_cast<unsigned long long>(r.transitions));
  }
  RecordProperty("states", std::to_string(states));
  RecordProperty("transitions", std::to_string(transitions));
}

/// What by_world takes for granted, that worlds decide: no program of a few steps shows anything else.
TEST_P(Refinements, HoldsToADepthWhateverTheReferenceKeepsToItself) {
  const reference::ExporterConfig& exporter = *reference::find_exporter(GetParam());
  for (const Scope& scope : scopes(exporter)) {
    SCOPED_TRACE(scope.name);
    const Refinement r = refine(reference::System(exporter), reference_profile(GetParam()), scope.operations, {.most_depth = 4});
    EXPECT_TRUE(r.trace.empty()) << r.divergence;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Refinements, ::testing::ValuesIn(reference::reference_exporters().begin(), reference::reference_exporters().end()),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace dmabuf::conformance
