// SPDX-License-Identifier: MIT
#include "property.hpp"

#include <memory>

namespace dmabuf::conformance::properties {
namespace {

using namespace model;

GeneratorOptions options_for(const Adapter& adapter) {
  GeneratorOptions options;
  options.alphabet = adapter.alphabet();
  return options;
}

/// One program in progress, followed by the oracle and watched by a law.
class Watch {
 public:
  Watch(const Law& law, Adapter& adapter, const Profile& profile)
      : law_(law), adapter_(adapter), alphabet_(adapter.alphabet()), oracle_(profile) {
    adapter_.reset();
    adapter_.observe(seen_);
  }

  /// False if there is nothing more to watch: the law is broken, or the model is lost.
  bool step(const Operation& operation, bool last) {
    if (!alphabet_[operation.index()] || !oracle_.enabled(operation)) return true;
    const World before = oracle_.world();
    const Outcome outcome = adapter_.apply(operation);
    if (oracle_.judge(operation, outcome)) {
      // The law still gets to see it, with the world as it was: wrong data is an outcome too.
      complaint_ = law_({operation, outcome, before, before, seen_, seen_, oracle_.profile(), last});
      return false;
    }
    Observation now;
    adapter_.observe(now);
    // Where the contract leaves a choice (which fence a poll waits for), what is seen decides first:
    // a law is held against a world that can be this one. If none can, any will do to show it.
    const bool lost = oracle_.judge(now).has_value();
    World world = oracle_.world();
    settle(world, oracle_.profile());
    complaint_ = law_({operation, outcome, before, world, seen_, now, oracle_.profile(), last});
    seen_ = now;
    if (!complaint_.empty()) return false;
    return !lost;
  }

  std::vector<Operation> rest() const { return teardown(oracle_.world(), oracle_.profile()); }
  const std::string& complaint() const { return complaint_; }

 private:
  const Law& law_;
  Adapter& adapter_;
  Alphabet alphabet_;
  Oracle oracle_;
  Observation seen_;
  std::string complaint_;
};

}  // namespace

std::string held_against(const Law& law, Adapter& adapter, const Profile& profile, const Program& program) {
  Watch watch(law, adapter, profile);
  for (const Operation& operation : program.operations)
    if (!watch.step(operation, false)) return watch.complaint();
  const std::vector<Operation> rest = watch.rest();
  for (std::size_t i = 0; i < rest.size(); ++i)
    if (!watch.step(rest[i], i + 1 == rest.size())) return watch.complaint();
  return {};
}

void for_all_traces(std::string_view exporter, const Law& law) {
  const auto adapter = reference::open_reference(exporter);
  const Profile profile = reference_profile(exporter);
  const auto program = programs(profile, {}, options_for(*adapter));
  EXPECT_TRUE(rc::check([&] {
    const std::string complaint = held_against(law, *adapter, profile, *program);
    if (!complaint.empty()) RC_FAIL(complaint);
  }));
}

bool broken_by(const Law& law, std::string_view name, std::uint64_t cases) {
  const reference::MutantInfo* mutant = reference::find_mutant(name);
  if (mutant == nullptr) throw HarnessError("no mutant " + std::string(name));
  const auto adapter = reference::open_reference(mutant->exporter, mutant->mutant);
  const Profile profile = reference_profile(mutant->exporter);
  const GeneratorOptions options = options_for(*adapter);
  for (std::uint64_t k = 0; k < cases; ++k)
    if (!held_against(law, *adapter, profile, generate(case_seed(1, k), rc::kNominalSize, profile, {}, options))
             .empty())
      return true;
  return false;
}

}  // namespace dmabuf::conformance::properties
