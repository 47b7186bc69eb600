// SPDX-License-Identifier: MIT
/// What a run is asked for, wherever it runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "check_cases.hpp"
#include "dmabuf/conformance/campaign.hpp"
#include "registry.hpp"

namespace dmabuf::app {

struct CampaignSettings {
  std::string run;  ///< uuid
  std::uint64_t seed = 0;
  std::uint64_t cases = 1000;
  std::uint32_t shard_index = 1, shard_count = 1;
  std::chrono::milliseconds max_time{0};  ///< per target; 0: no limit
  std::uint32_t max_findings = 0;         ///< per target; 0: no limit
  std::chrono::milliseconds shrink_time{60000};
  std::filesystem::path traces;           ///< directory of regression traces; "" for none
  CheckSettings checks;
  std::vector<std::string> argv;
};

/// The regression traces that come with the sources; may not be there for an installed program.
std::filesystem::path project_traces();

/// Where a target was left by a former run.
struct Done {
  std::set<std::uint64_t> cases;
  conformance::Runner::Signatures traces, checks;
  conformance::Runner::Signatures signatures;
};

/// What a run says of itself whatever it tests: tool, model, seed, cases, shard.
record::Start begun_by(const CampaignSettings& settings);

/// Everything a campaign needs to know, for a target that has been opened.
conformance::CampaignOptions campaign_options(const CampaignSettings& settings, const Target& target,
                                              const OpenedTarget& opened, const Done& done);

/// The campaign of a target, its checks before it; for one that has checks only, those alone.
void run_target(const CampaignSettings& settings, const Target& target, OpenedTarget& opened,
                const conformance::CampaignOptions& options, const Done& done, conformance::Sink& sink);

/// Why a target was not tested, as records: a run that judged nothing and says so.
void write_skipped(conformance::Sink& sink, const CampaignSettings& settings, const Target& target,
                   const OpenedTarget& opened);

/// A target that could not be reached any more: not skipped, lost.
void write_lost(conformance::Sink& sink, const CampaignSettings& settings, const Target& target,
                const std::string& why);

/// Passes records on, and after the Start says loudly what the target cannot do or see, and what it is that its version is not.
class LackSink final : public conformance::Sink {
 public:
  LackSink(conformance::Sink& next, const Target& target, const OpenedTarget& opened)
      : next_(next), target_(target.text()), lacks_(opened.lacks), unlike_version_(opened.unlike_version) {}
  void write(const record::Record& record) override;

 private:
  conformance::Sink& next_;
  std::string target_;
  std::vector<Lack> lacks_;
  std::vector<std::string> unlike_version_;
};

/// "7", "0x1234" or any words, which are hashed.
std::uint64_t parse_seed(const std::string& text);
/// "90", "90s", "10m", "6h", "250ms"; nothing if it is no duration.
std::optional<std::chrono::milliseconds> parse_duration(const std::string& text);

}  // namespace dmabuf::app
