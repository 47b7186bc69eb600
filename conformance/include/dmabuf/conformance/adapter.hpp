// SPDX-License-Identifier: MIT
/// The only door between the suite and a system under test.
#pragma once

#include <bitset>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/model/observation.hpp"
#include "dmabuf/model/operation.hpp"
#include "dmabuf/model/outcome.hpp"

namespace dmabuf::conformance {

/// Ours: no device, VM gone, out of disk. Ends as *harness-failed*, never as a finding.
class HarnessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Which operations an adapter can carry out, by kind (index of model::Operation).
using Alphabet = std::bitset<model::kOperationKinds>;

/// Something that was still there after everything had been let go: "2 buffers in bufinfo".
struct Residue {
  std::string what;
  long count = 0;  ///< above the value before the case
};

/// A system under test, seen through the operations of the model.
///
/// An adapter does what it is asked and reports what came of it. It never judges: no expectation, no
/// assertion, no retry that would hide an error from the oracle. Slots of an operation are symbolic;
/// the adapter keeps the map from slot to fd, handle or pointer. It is asked only for well-formed
/// operations: a slot that is to be filled is free, one that is to be used was filled before, except
/// for kBadFd and kForeignFd, and for slots whose misuse the harness refuses by itself (then it is
/// asked with the empty slot: `map a0` before `attach … a0`).
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual std::string_view name() const = 0;
  virtual Alphabet alphabet() const = 0;
  /// Throws HarnessError, and nothing else.
  virtual model::Outcome apply(const model::Operation& operation) = 0;
  /// What can be seen from outside, now. Overwrites `seen`.
  virtual void observe(model::Observation& seen) = 0;
  /// Back to no buffers, fds, references, attachments, mappings, messages. Called between cases.
  virtual void reset() = 0;
  /// What remains after reset() that was not there when the adapter was opened. Empty is clean.
  virtual std::vector<Residue> residue() { return {}; }
};

/// Derives alphabet and dispatch from the `run` overloads an adapter has, so that what it claims and
/// what it does cannot drift apart.
template <class Self>
class AdapterOf : public Adapter {
 public:
  Alphabet alphabet() const override {
    Alphabet result;
    [&]<class... Ops>(std::type_identity<std::variant<Ops...>>) {
      (result.set(model::kind_of<Ops>(), requires(Self& s, const Ops& o) { s.run(o); }), ...);
    }(std::type_identity<model::Operation>{});
    return result;
  }
  model::Outcome apply(const model::Operation& operation) override {
    return std::visit(
        [&]<class Op>(const Op& o) -> model::Outcome {
          if constexpr (requires { static_cast<Self*>(this)->run(o); })
            return static_cast<Self*>(this)->run(o);
          else
            throw HarnessError(std::string(name()) + " cannot " +
                               std::string(model::kOperationNames[model::kind_of<Op>()]));
        },
        operation);
  }
};

}  // namespace dmabuf::conformance
