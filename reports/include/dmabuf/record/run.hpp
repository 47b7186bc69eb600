// SPDX-License-Identifier: MIT
/// A journal, collected: what every rendering is made from.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmabuf/record/journal.hpp"
#include "dmabuf/record/record.hpp"

namespace dmabuf::record {

inline constexpr std::size_t kCaseOutcomes = 9;

enum class Verdict { Conforms, Diverges, Inconclusive };
const char* to_string(Verdict verdict);

/// A verdict is not worth much without its reason.
struct Judgement {
  Verdict verdict = Verdict::Inconclusive;
  std::string because;  ///< one sentence
};

/// True for what counts as a finding: divergence, leak, crash, hang.
bool is_finding(CaseOutcome outcome);
/// True if the system was seen to do something: a pass or a finding.
bool is_judged(CaseOutcome outcome);

struct Try {
  std::uint32_t attempt = 1;
  CaseOutcome outcome = CaseOutcome::Interrupted;
  bool ended = false;
  bool running = false;  ///< the journal breaks off while it runs: no crash can be inferred
  std::uint32_t operations = 0;
  double ms = 0;
  std::string signature = {};
  std::string message = {};
};

struct Case {
  std::string id;
  std::string mark = {};
  std::uint64_t k = 0, seed = 0;  ///< of its Begin
  std::vector<Try> tries = {};

  /// A finding in any try is not undone by a later pass; else the last try that ended decides. A
  /// case that was begun and given up is interrupted, and a crash the second time.
  CaseOutcome outcome() const;
  /// Some tries passed and some did not.
  bool flaky() const;
};

/// Cases by outcome.
struct Totals {
  std::array<std::uint64_t, kCaseOutcomes> of{};
  std::uint64_t operations = 0;
  double ms = 0;

  std::uint64_t operator[](CaseOutcome outcome) const {
    return of[static_cast<std::size_t>(outcome)];
  }
  std::uint64_t judged() const;
  std::uint64_t findings() const;
};

/// Everything a journal says of one target.
struct Run {
  std::optional<Start> start;
  std::vector<Case> cases;        ///< by id
  std::vector<Finding> findings;  ///< the latest of each signature, in order of first appearance
  std::vector<Skipped> skips;
  std::vector<Checked> checks;    ///< the latest of each case and requirement
  std::vector<Warn> warns;
  std::vector<Note> notes;  ///< the latest of each key
  std::optional<Coverage> coverage;
  std::optional<Stop> stop;

  std::uint64_t damaged_lines = 0;
  std::vector<Damage> damage;
  bool cut_off = false;
  std::uint64_t missing_records = 0;
  std::uint64_t unknown_records = 0;
  double last_seconds = 0;  ///< t_ns of the last record

  /// "vm:debian:6.12/udmabuf"; "unknown target" for a journal that has lost its first record.
  std::string target() const;
  /// The value of a note; "" if there is none.
  std::string note(std::string_view key) const;
  Totals totals() const;
  Judgement judgement() const;
  /// Cases were left because a budget was reached: what was asked for, and no fault.
  bool ended_by_budget() const;
  /// The target was not there to be tested, and nothing else went wrong.
  bool skipped_whole() const;
  /// The exit status that goes with it: 0, 1, 2, 3 (target lost), 4 (all skipped), 75 (stopped).
  int exit_code() const;
  double seconds() const;
  /// RFC 3339; "" if it cannot be known.
  std::string ended() const;
};

/// One verdict over several targets: the worst of them, inconclusive if there are none.
Judgement overall(const std::vector<Run>& runs);

/// Puts runs together from records, whatever order and gaps they come with. A second Start of the
/// same run and target goes on with that run, as after a resume; any other begins a new one.
class Collector {
 public:
  Collector();
  ~Collector();
  Collector(Collector&&) noexcept;
  Collector& operator=(Collector&&) noexcept;

  void add(const Line& line);
  /// What the reader knows about the file as a whole, for every run of it.
  void about(const JournalReader& reader);
  std::vector<Run> finish() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All runs of a journal. An empty journal is one run in which nothing was judged. Throws
/// JournalError if the journal is refused.
std::vector<Run> collect(std::istream& in);
/// The same of a file; throws JournalError if it cannot be read or is refused.
std::vector<Run> read_runs(const std::filesystem::path& file);

/// The requirement ids in the brackets of a coverage row: "attachment: … [DBUF-MAP-007]".
std::vector<std::string> requirements_of_row(std::string_view row);

}  // namespace dmabuf::record
