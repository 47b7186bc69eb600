// SPDX-License-Identifier: MIT
/// A system that does what the model says, unless a test tells it otherwise: the suite's own mock.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/model/world.hpp"

namespace dmabuf::conformance {

class ModelAdapter final : public Adapter {
 public:
  explicit ModelAdapter(model::Profile profile) : profile_(std::move(profile)) {}

  std::string_view name() const override { return "model"; }
  Alphabet alphabet() const override { return alphabet_; }

  model::Outcome apply(const model::Operation& operation) override {
    asked.push_back(operation);
    if (before) before(operation);
    model::Alternatives ways;
    model::alternatives(world_, profile_, operation, ways);
    const model::Alternative& way = ways.front();
    model::Outcome outcome = model::done();
    if (way.allowance == model::Allowance::Refused)
      outcome = model::refused(way.errnos.values[0]);
    else if (way.value != model::kUnknownTag)
      outcome = model::done(way.value);
    const model::World next = way.next;
    world_ = next;
    model::settle(world_, profile_);
    return change_outcome ? change_outcome(operation, outcome) : outcome;
  }
  void observe(model::Observation& seen) override {
    seen = model::expected_observation(world_, profile_);
    if (change_observation) change_observation(seen);
  }
  void reset() override {
    world_ = {};
    ++resets;
    leftovers_ = std::exchange(pending_leftovers, 0);
  }
  std::vector<Residue> residue() override {
    if (leftovers_ == 0) return {};
    return {{std::to_string(leftovers_) + " pages in the slab", leftovers_}};
  }

  Alphabet alphabet_ = Alphabet{}.set();
  std::function<void(const model::Operation&)> before;  ///< may throw HarnessError
  std::function<model::Outcome(const model::Operation&, model::Outcome)> change_outcome;
  std::function<void(model::Observation&)> change_observation;
  std::vector<model::Operation> asked;
  int resets = 0;
  long pending_leftovers = 0;  ///< what the next reset leaves behind

 private:
  model::Profile profile_;
  model::World world_;
  long leftovers_ = 0;
};

}  // namespace dmabuf::conformance
