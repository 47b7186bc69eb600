// SPDX-License-Identifier: MIT
/// The reference behind the suite's door.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/conformance/adapter.hpp"
#include "dmabuf/reference/exporter.hpp"
#include "dmabuf/reference/mutant.hpp"
#include "dmabuf/reference/system.hpp"

namespace dmabuf::reference {

/// A System that several threads may use: every call is atomic.
class ReferenceAdapter final : public conformance::AdapterOf<ReferenceAdapter> {
 public:
  explicit ReferenceAdapter(const ExporterConfig& exporter, Mutant mutant = Mutant::None);

  /// "reference:eager", and "reference:eager!dup_not_counted" for a mutant.
  std::string_view name() const override { return name_; }
  /// Without the calls this exporter has no way to be asked for: an exporter in the kernel is asked
  /// to export, one behind a device to create, and only one with handles to close them.
  conformance::Alphabet alphabet() const override { return alphabet_; }
  model::Outcome apply(const model::Operation& operation) override;
  void observe(model::Observation& seen) override;
  void reset() override;
  std::vector<conformance::Residue> residue() override;

  template <class Op>
  requires requires(System& system, const Op& op) { system.run(op); }
  model::Outcome run(const Op& op) {
    const std::lock_guard lock(mutex_);
    return system_.run(op);
  }

  /// The state as a value, for exploration: restore() goes back to it.
  System snapshot() const;
  void restore(const System& system);

 private:
  std::string name_;
  conformance::Alphabet alphabet_;
  mutable std::mutex mutex_;
  System system_;
  Leftover leftover_;  ///< of the case before the last reset
};

/// Throws HarnessError if there is no exporter of that name.
std::unique_ptr<conformance::Adapter> open_reference(std::string_view exporter,
                                                     Mutant mutant = Mutant::None);

}  // namespace dmabuf::reference
