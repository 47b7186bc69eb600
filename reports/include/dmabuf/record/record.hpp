// SPDX-License-Identifier: MIT
/// What a run writes down. The journal is a sequence of these, one JSON object a line, append only;
/// every rendering is made from it alone. The suite writes records, reports read them, and neither
/// knows the other. Every member has a default, so that designated initialisers may name only some.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dmabuf::record {

/// What became of a case. Only Pass is a pass; Error, Interrupted and NotRun are never findings.
enum class CaseOutcome { Pass, Divergence, Leak, Crash, Hang, Skip, Error, Interrupted, NotRun };

/// "pass", "divergence", …
const char* to_string(CaseOutcome outcome);
std::optional<CaseOutcome> case_outcome_from(const std::string& word);

/// The first record. `schema` in its line is "dmabuf-conform.journal/1".
struct Start {
  std::string run = {};       ///< uuid
  std::string tool = {};      ///< version and commit
  std::string model = {};     ///< hash of the flat transition tables
  std::string target = {};    ///< "reference:eager", "vm:debian:6.12/udmabuf"
  std::string exporter = {};  ///< "udmabuf"
  std::string importer = {};  ///< "harness" or ""
  std::string kernel = {};    ///< uname -r; "" for the reference
  std::string profile = {};   ///< kernel profile used
  std::uint64_t seed = 0;     ///< written as a hex string: it does not fit a JavaScript number
  std::uint64_t cases = 0;    ///< planned
  std::uint32_t shard_index = 1, shard_count = 1;
  std::string started = {};  ///< UTC, RFC 3339
  std::vector<std::string> argv = {};
  std::vector<std::string> operations = {};          ///< alphabet of the adapter
  std::vector<std::string> operations_missing = {};  ///< what this target cannot do
  friend bool operator==(const Start&, const Start&) = default;
};

/// Written before the case touches the system.
struct Begin {
  std::string case_id = {};  ///< "random.000017", "trace.<name>" or "check.<area>.<name>"
  std::uint64_t k = 0;
  std::uint32_t attempt = 1;
  std::uint64_t case_seed = 0;
  friend bool operator==(const Begin&, const Begin&) = default;
};

struct End {
  std::string case_id = {};
  std::uint32_t attempt = 1;
  CaseOutcome outcome = CaseOutcome::Pass;
  std::uint32_t operations = 0;  ///< carried out and judged
  double ms = 0;
  std::string signature = {};            ///< "" for a pass
  std::optional<std::uint32_t> op = {};  ///< index of the first differing operation
  std::string expected = {}, observed = {};
  std::string message = {};  ///< reason of a skip or an error
  /// Beside the outcome: "" or "expected", "unexpected-pass", "flaky", "waived".
  std::string mark = {};
  friend bool operator==(const End&, const End&) = default;
};

/// One line of a counterexample.
struct Step {
  std::string operation = {};  ///< as in a .dbt trace: "get f0 r0"
  std::string outcome = {};    ///< "ok", "EBADF", "= 8192"; "" if it was not carried out
  std::string note = {};  ///< what was seen or expected here; the last step carries the divergence
  friend bool operator==(const Step&, const Step&) = default;
};

struct Clause {
  std::string id = {};  ///< "DBUF-FD-006"
  std::string text = {};
  std::string source = {};  ///< kernel file and function
  friend bool operator==(const Clause&, const Clause&) = default;
};

/// A divergence or leak, once per signature and run.
struct Finding {
  std::string signature = {};  ///< "div:get:outcome:errno:EINVAL->ok:eager"
  std::uint32_t signature_version = 1;
  std::string id = {};  ///< first 12 hex digits of the signature's hash
  CaseOutcome kind = CaseOutcome::Divergence;
  std::string target = {}, exporter = {}, kernel = {};
  std::string first_case = {};
  std::uint64_t case_seed = 0;
  std::uint64_t count = 1;   ///< cases that showed it so far
  std::string summary = {};  ///< one sentence
  std::vector<std::string> allowed =
      {};  ///< each outcome the contract allows here, with its reason
  std::string expected = {}, observed = {};  ///< at the first differing operation
  std::vector<Clause> clauses = {};          ///< what is broken
  std::vector<Step> trace = {};              ///< shrunk
  std::uint32_t original_operations = 0;
  std::uint32_t shrink_runs = 0;
  std::string minimality = {};  ///< "1-minimal", "not shrunk: …", "proven"
  std::string replay = {};      ///< the one command that replays it
  std::string token = {};       ///< "dbt1:…"
  std::string kernel_log = {};  ///< lines of the kernel log that belong to it
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Seen beside a case: a kernel warning, a taint bit, a damaged line.
struct Warn {
  std::string kind = {}, text = {}, case_id = {};
  friend bool operator==(const Warn&, const Warn&) = default;
};

/// A target that was not tested, loudly.
struct Skipped {
  std::string target = {}, reason = {}, remedy = {};
  friend bool operator==(const Skipped&, const Skipped&) = default;
};

/// What a directed check found out about one requirement. It comes before the End of its case.
struct Checked {
  std::string case_id = {};      ///< "check.udm.create-order"
  std::string requirement = {};  ///< "DBUF-UDM-001"
  std::string state = {};        ///< "kept", "broken", "not-applicable"
  std::string call = {};         ///< broken: the call that did it
  std::string expected = {}, observed = {};  ///< broken
  std::string reason = {}, remedy = {};      ///< not applicable
  friend bool operator==(const Checked&, const Checked&) = default;
};

/// Free text worth keeping (environment, progress milestones).
struct Note {
  std::string key = {}, value = {};
  friend bool operator==(const Note&, const Note&) = default;
};

/// Model coverage with its exact denominator.
struct Coverage {
  std::uint32_t rows_hit = 0, rows_total = 0;  ///< rows of the machines, reachable on this target
  std::vector<std::string> missing = {};  ///< "attachment: Cached --map--> Mapped [DBUF-MAP-007]"
  std::vector<std::string> hit = {};
  friend bool operator==(const Coverage&, const Coverage&) = default;
};

/// The last record; its presence means the run finished.
struct Stop {
  std::string reason = {};   ///< "plan-done", "max-time", "max-findings", "sigterm", "target-lost"
  std::string verdict = {};  ///< "conforms", "diverges", "inconclusive"
  std::uint64_t cases = 0, operations = 0, findings = 0;
  double seconds = 0;
  friend bool operator==(const Stop&, const Stop&) = default;
};

using Record = std::variant<Start, Begin, End, Finding, Warn, Skipped, Note, Coverage, Stop, Checked>;

}  // namespace dmabuf::record
