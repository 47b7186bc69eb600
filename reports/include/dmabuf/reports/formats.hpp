// SPDX-License-Identifier: MIT
/// A run as other people's tools read it. What becomes of each outcome is in
/// docs/reference/formats.md; docs there say which reader each was tried with.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dmabuf/record/run.hpp"

namespace dmabuf::reports {

/// KTAP 1, flat, the plan first: a stream that breaks off is seen to. Names are
/// "<target>.<case>".
std::string render_ktap(const std::vector<record::Run>& runs);

/// JUnit XML: one testsuite for each target, one testcase for each case, with its final outcome.
std::string render_junit(const std::vector<record::Run>& runs);

/// LAVA signals, one on a line; one test set for each target.
std::string render_lava(const std::vector<record::Run>& runs);

/// Lines of "<id> pass|fail|skip|unknown [value unit]", as send-to-lava.sh takes them.
std::string render_lava_results(const std::vector<record::Run>& runs);

struct KcidbOptions {
  std::string origin = "local";  ///< the submitting CI system: [a-z0-9_]+
  std::string build_id = {};     ///< of a build that KCIDB has already; "" to send one along
  std::string artifact_url_prefix = {};  ///< where the run's directory can be fetched; "" if nowhere
};

/// True if KCIDB takes it as an origin.
bool is_kcidb_origin(const std::string& origin);

/// KCIDB 5.3: checkout, build, tests, an issue for each finding and an incident for each case of it.
std::string render_kcidb(const std::vector<record::Run>& runs, const KcidbOptions& options = {});

/// One JSON object a line, schema dmabuf-conform.lines/1: "run", "case", "finding" and "verdict".
std::string render_ndjson(const std::vector<record::Run>& runs);

/// Trace events for ui.perfetto.dev: the cases of each run by their durations, and each finding's
/// counterexample with one lane for each object.
std::string render_perfetto(const std::vector<record::Run>& runs);

}  // namespace dmabuf::reports
