// SPDX-License-Identifier: MIT
#include "guest_plan.hpp"

#include <nlohmann/json.hpp>

namespace dmabuf::app {

std::string to_json(const GuestPlan& plan) {
  nlohmann::json targets = nlohmann::json::array();
  for (const GuestTarget& t : plan.targets) targets.push_back({{"exporter", t.exporter}, {"bug", t.bug}});
  nlohmann::json progress = nlohmann::json::array();
  for (const GuestProgress& p : plan.progress)
    progress.push_back({{"exporter", p.target.exporter},
                        {"bug", p.target.bug},
                        {"finished", p.finished},
                        {"first_case", p.first_case},
                        {"spent_ms", p.spent_ms},
                        {"done_traces", p.done_traces},
                        {"done_checks", p.done_checks},
                        {"done", p.done},
                        {"signatures", p.signatures}});
  const CampaignSettings& s = plan.settings;
  return nlohmann::json{{"job", static_cast<int>(plan.job)},
                        {"kernel", plan.kernel},
                        {"targets", targets},
                        {"progress", progress},
                        {"run", s.run},
                        {"seed", std::to_string(s.seed)},
                        {"cases", s.cases},
                        {"shard", {s.shard_index, s.shard_count}},
                        {"max_time_ms", s.max_time.count()},
                        {"max_findings", s.max_findings},
                        {"shrink_time_ms", s.shrink_time.count()},
                        {"argv", s.argv},
                        {"checks", s.checks.run},
                        {"check_names", s.checks.names},
                        {"check_reserve", s.checks.reserve},
                        {"program", plan.program},
                        {"rounds", plan.rounds}}
      .dump();
}

GuestPlan guest_plan_from_json(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  GuestPlan plan;
  plan.job = static_cast<GuestJob>(json.at("job").get<int>());
  plan.kernel = json.at("kernel");
  for (const auto& t : json.at("targets")) {
    GuestTarget& target = plan.targets.emplace_back();
    target.exporter = t.at("exporter");
    target.bug = t.at("bug");
  }
  for (const auto& p : json.at("progress")) {
    GuestProgress& progress = plan.progress.emplace_back();
    progress.target = {p.at("exporter"), p.at("bug")};
    progress.finished = p.at("finished");
    progress.first_case = p.at("first_case");
    progress.spent_ms = p.at("spent_ms");
    progress.done_traces = p.at("done_traces").get<std::vector<std::string>>();
    progress.done_checks = p.at("done_checks").get<std::vector<std::string>>();
    progress.done = p.at("done").get<std::vector<std::uint64_t>>();
    progress.signatures = p.at("signatures").get<std::vector<std::string>>();
  }
  CampaignSettings& s = plan.settings;
  s.run = json.at("run");
  s.seed = std::stoull(json.at("seed").get<std::string>());
  s.cases = json.at("cases");
  s.shard_index = json.at("shard").at(0);
  s.shard_count = json.at("shard").at(1);
  s.max_time = std::chrono::milliseconds(json.at("max_time_ms").get<std::int64_t>());
  s.max_findings = json.at("max_findings");
  s.shrink_time = std::chrono::milliseconds(json.at("shrink_time_ms").get<std::int64_t>());
  s.argv = json.at("argv").get<std::vector<std::string>>();
  s.checks.run = json.at("checks");
  s.checks.names = json.at("check_names").get<std::vector<std::string>>();
  s.checks.reserve = json.at("check_reserve");
  s.traces = kGuestTraces;
  plan.program = json.at("program");
  plan.rounds = json.at("rounds");
  return plan;
}

}  // namespace dmabuf::app
