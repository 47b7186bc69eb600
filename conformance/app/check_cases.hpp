// SPDX-License-Identifier: MIT
/// Directed checks as cases of a run: chosen, carried out, written down.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "dmabuf/checks/check.hpp"
#include "dmabuf/conformance/sink.hpp"
#include "registry.hpp"

namespace dmabuf::app {

struct CheckSettings {
  bool run = false;                ///< none at all if false
  std::vector<std::string> names;  ///< names, areas, patterns; empty: all but those in reserve
  bool reserve = false;            ///< those in reserve too
};

/// Those that a run of this target carries out, in order. One in reserve has to be named in full or
/// asked for by `reserve`; a dangerous one runs in guests only.
std::vector<const checks::Check*> chosen_checks(const CheckSettings& settings,
                                                const Target& target);
/// "" if every name means some check; else what is wrong, and what is meant perhaps.
std::string unknown_check(const std::vector<std::string>& names);
/// "check.udm.create-order"
std::string check_case_id(const checks::Check& check);

/// Passes records on. After the Start it carries out the target's checks, and the Stop counts them.
class CheckSink final : public conformance::Sink {
 public:
  CheckSink(conformance::Sink& next, const CheckSettings& settings, const Target& target,
            std::string kernel, std::set<std::string, std::less<>> done);
  void write(const record::Record& record) override;

 private:
  void carry_out(const checks::Check& check);

  conformance::Sink& next_;
  CheckSettings settings_;
  Target target_;
  std::string kernel_;
  std::set<std::string, std::less<>> done_;  ///< names
  std::set<std::string, std::less<>> reported_;
  std::uint64_t cases_ = 0, calls_ = 0, findings_ = 0, errors_ = 0, judged_ = 0;
};

}  // namespace dmabuf::app
