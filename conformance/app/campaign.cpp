// SPDX-License-Identifier: MIT
#include "campaign.hpp"

#include <fmt/format.h>

#include <charconv>

#include "dmabuf/model/table.hpp"
#include "guest_plan.hpp"
#include "output.hpp"
#include "stop.hpp"
#include "version.hpp"

namespace dmabuf::app {

std::filesystem::path project_traces() { return DMABUF_SOURCE_DIR "/conformance/traces"; }

record::Start begun_by(const CampaignSettings& settings) {
  record::Start start;
  start.run = settings.run;
  start.tool = "dmabuf-conform " DMABUF_VERSION " " DMABUF_COMMIT;
  start.model = model::model_hash();
  start.seed = settings.seed;
  start.cases = settings.cases;
  start.shard_index = settings.shard_index;
  start.shard_count = settings.shard_count;
  start.started = utc_now();
  start.argv = settings.argv;
  return start;
}

namespace {

record::Start start_record(const CampaignSettings& settings, const Target& target, const OpenedTarget& opened) {
  record::Start start = begun_by(settings);
  start.target = target.text();
  start.exporter = target.exporter;
  start.importer = opened.profile.importer.name;
  start.kernel = opened.kernel_release;
  start.profile = opened.profile.kernel.name;
  return start;
}

}  // namespace

conformance::CampaignOptions campaign_options(const CampaignSettings& settings, const Target& target,
                                              const OpenedTarget& opened, const Done& done) {
  conformance::CampaignOptions options;
  options.start = start_record(settings, target, opened);
  options.seed = settings.seed;
  options.cases = settings.cases;
  options.shard_index = settings.shard_index;
  options.shard_count = settings.shard_count;
  options.done = done.cases;
  options.done_traces = done.traces;
  options.known = done.signatures;
  options.max_time = settings.max_time;
  options.max_findings = settings.max_findings;
  options.shrink.time = settings.shrink_time;
  options.stop = &stop_requested();
  options.every_case = target.where != Where::Reference;
  if (!settings.traces.empty() && std::filesystem::is_directory(settings.traces)) {
    auto traces = conformance::load_traces(settings.traces.string());
    if (!traces) throw UsageError(traces.error());
    options.traces = std::move(*traces);
  } else if (!settings.traces.empty() && settings.traces != project_traces() && settings.traces != kGuestTraces) {
    throw UsageError(fmt::format("--traces {}: no such directory", settings.traces.string()));
  }
  return options;
}

void run_target(const CampaignSettings& settings, const Target& target, OpenedTarget& opened,
                const conformance::CampaignOptions& options, const Done& done, conformance::Sink& sink) {
  CheckSink checking(sink, settings.checks, target, opened.kernel_release, done.checks);
  LackSink lacking(checking, target, opened);
  const bool programs = settings.cases > 0 || !options.traces.empty() || !settings.checks.run ||
                        target.where == Where::Reference;
  if (opened.adapter != nullptr && programs) {
    run_campaign(*opened.adapter, opened.profile, options, lacking);
    return;
  }
  record::Start start = options.start;
  start.cases = 0;
  lacking.write(start);
  lacking.write(record::Stop{.reason = stop_requested() ? "sigterm" : "plan-done", .verdict = "inconclusive"});
}

void write_skipped(conformance::Sink& sink, const CampaignSettings& settings, const Target& target,
                   const OpenedTarget& opened) {
  record::Start start = start_record(settings, target, opened);
  start.cases = 0;
  sink.write(start);
  sink.write(record::Skipped{target.text(), opened.reason, opened.remedy});
  sink.write(record::Stop{.reason = "skipped", .verdict = "inconclusive"});
}

void write_lost(conformance::Sink& sink, const CampaignSettings& settings, const Target& target,
                const std::string& why) {
  sink.write(start_record(settings, target, {}));
  sink.write(record::Warn{"guest", why, ""});
  sink.write(record::Stop{.reason = "target-lost", .verdict = "inconclusive"});
}

void LackSink::write(const record::Record& record) {
  next_.write(record);
  if (!std::holds_alternative<record::Start>(record)) return;
  for (const Lack& lack : lacks_) next_.write(record::Skipped{target_ + ", in part", lack.what, lack.remedy});
  for (const std::string& text : unlike_version_) next_.write(record::Warn{"profile", text, ""});
}

std::uint64_t parse_seed(const std::string& text) {
  std::uint64_t value = 0;
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const char* const first = text.data() + (hex ? 2 : 0);
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, value, hex ? 16 : 10);
  if (error == std::errc{} && end == last) return value;
  value = 0xcbf29ce484222325ULL;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(const std::string& text) {
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || value > 1'000'000'000ULL) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(last - end));
  const auto scaled = [&](std::uint64_t factor) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(value * factor));
  };
  if (unit == "ms") return scaled(1);
  if (unit.empty() || unit == "s") return scaled(1000);
  if (unit == "m") return scaled(60'000);
  if (unit == "h") return scaled(3'600'000);
  return std::nullopt;
}

}  // namespace dmabuf::app
