// SPDX-License-Identifier: MIT
#include "dmabuf/record/run.hpp"

#include <algorithm>
#include <cstdlib>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <istream>
#include <map>
#include <unordered_map>
#include <utility>

namespace dmabuf::record {

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Conforms:
      return "conforms";
    case Verdict::Diverges:
      return "diverges";
    case Verdict::Inconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

bool is_finding(CaseOutcome outcome) {
  switch (outcome) {
    case CaseOutcome::Divergence:
    case CaseOutcome::Leak:
    case CaseOutcome::Crash:
    case CaseOutcome::Hang:
      return true;
    case CaseOutcome::Pass:
    case CaseOutcome::Skip:
    case CaseOutcome::Error:
    case CaseOutcome::Interrupted:
    case CaseOutcome::NotRun:
      return false;
  }
  return false;
}

bool is_judged(CaseOutcome outcome) { return outcome == CaseOutcome::Pass || is_finding(outcome); }

CaseOutcome Case::outcome() const {
  CaseOutcome last = CaseOutcome::Interrupted;
  bool ended = false;
  std::size_t given_up = 0;
  for (const Try& one : tries) {
    if (!one.ended) given_up += one.running ? 0 : 1;
    if (!one.ended) continue;
    if (is_finding(one.outcome)) return one.outcome;
    last = one.outcome;
    ended = true;
  }
  if (ended) return last;
  return given_up > 1 ? CaseOutcome::Crash : CaseOutcome::Interrupted;
}

bool Case::flaky() const {
  bool pass = false, fail = false;
  for (const Try& one : tries) {
    if (!one.ended) continue;
    pass = pass || one.outcome == CaseOutcome::Pass;
    fail = fail || is_finding(one.outcome);
  }
  return pass && fail;
}

std::uint64_t Totals::judged() const { return (*this)[CaseOutcome::Pass] + findings(); }

std::uint64_t Totals::findings() const {
  return (*this)[CaseOutcome::Divergence] + (*this)[CaseOutcome::Leak] +
         (*this)[CaseOutcome::Crash] + (*this)[CaseOutcome::Hang];
}

std::string Run::target() const {
  return start && !start->target.empty() ? start->target : "unknown target";
}

std::string Run::note(std::string_view key) const {
  for (const Note& one : notes)
    if (one.key == key) return one.value;
  return "";
}

Totals Run::totals() const {
  Totals totals;
  for (const Case& one : cases) {
    ++totals.of[static_cast<std::size_t>(one.outcome())];
    for (const Try& attempt : one.tries) {
      totals.operations += attempt.operations;
      totals.ms += attempt.ms;
    }
  }
  // Passes of a target that does thousands a second are counted, not listed one by one.
  const std::uint64_t unlisted = std::strtoull(note("cases.passed").c_str(), nullptr, 10);
  const std::uint64_t listed_passes = totals[CaseOutcome::Pass];
  if (unlisted > listed_passes)
    totals.of[static_cast<std::size_t>(CaseOutcome::Pass)] = unlisted;
  if (totals.operations == 0 && stop) totals.operations = stop->operations;
  std::uint64_t done = unlisted > listed_passes ? unlisted - listed_passes : 0;
  for (const Case& one : cases)
    if (!one.id.starts_with("trace.") && !one.id.starts_with("check.")) ++done;
  if (start) {
    const std::uint64_t shards = start->shard_count == 0 ? 1 : start->shard_count;
    const std::uint64_t planned = (start->cases + shards - start->shard_index) / shards;
    if (planned > done) totals.of[static_cast<std::size_t>(CaseOutcome::NotRun)] += planned - done;
  }
  return totals;
}

namespace {

std::string count_of(std::uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

/// Budgets end a run as asked for; whatever else does leaves its question open.
bool is_budget(const std::string& reason) {
  return reason == "max-time" || reason == "max-cases" || reason == "max-findings";
}

}  // namespace

Judgement Run::judgement() const {
  const Totals all = totals();
  const auto inconclusive = [](std::string because) {
    return Judgement{Verdict::Inconclusive, std::move(because)};
  };
  const std::string cases_judged = count_of(all.judged(), "case", "cases") + " judged";

  if (!findings.empty() || all.findings() > 0) {
    std::string because =
        findings.empty()
            ? count_of(all.findings(), "case", "cases") + " ended in a finding, " + cases_judged
            : count_of(findings.size(), "finding", "findings") + " in " +
                  count_of(all.judged(), "judged case", "judged cases");
    if (!stop) because += "; the run did not finish";
    return {Verdict::Diverges, because + "."};
  }
  if (stop && stop->verdict == "diverges")
    return {Verdict::Diverges, "The run says so, but its findings are not in the journal."};
  if (!start && cases.empty() && !stop && skips.empty())
    return inconclusive("The journal holds no run.");
  if (!stop)
    return inconclusive("The run did not finish: the journal has no last record (" + cases_judged +
                        " before).");
  if (damaged_lines > 0)
    return inconclusive(count_of(damaged_lines, "line", "lines") +
                        " of the journal could not be read, and a finding may be among them.");
  if (missing_records > 0)
    return inconclusive(count_of(missing_records, "record is", "records are") +
                        " missing from the journal, and a finding may be among them.");
  if (stop->reason != "plan-done" && !is_budget(stop->reason))
    return inconclusive("The run ended early (" + stop->reason + "), " + cases_judged + ".");
  if (all.judged() == 0 && skips.empty() && start && start->shard_count > 1 &&
      start->cases < start->shard_index)
    return {Verdict::Conforms, "No case falls to this shard."};
  if (all.judged() == 0) {
    std::string because = "Nothing was judged";
    if (!skips.empty()) because += ": " + skips.front().reason;
    return inconclusive(because + ".");
  }
  const std::uint64_t broken = all[CaseOutcome::Error] + all[CaseOutcome::Interrupted];
  if (broken > 0)
    return inconclusive(count_of(broken, "case", "cases") +
                        " could not be judged (errors of the harness, or interrupted).");
  const std::uint64_t not_run = all[CaseOutcome::NotRun];
  if (not_run > 0 && !is_budget(stop->reason))
    return inconclusive(count_of(not_run, "planned case was", "planned cases were") + " not run.");
  if (stop->verdict == "inconclusive") return inconclusive("The run itself says so.");

  std::string because = all.judged() == 1 ? "The one judged case came out as the contract allows"
                                          : "All " + std::to_string(all.judged()) +
                                                " judged cases came out as the contract allows";
  if (not_run > 0)
    because +=
        "; " + std::to_string(not_run) + " planned were left when " + stop->reason + " was reached";
  if (all[CaseOutcome::Skip] > 0)
    because += "; " + count_of(all[CaseOutcome::Skip], "case", "cases") + " skipped";
  return {Verdict::Conforms, because + "."};
}

bool Run::ended_by_budget() const { return stop && is_budget(stop->reason); }

bool Run::skipped_whole() const {
  const Totals all = totals();
  return !skips.empty() && stop && all.judged() == 0 && all[CaseOutcome::Error] == 0 &&
         all[CaseOutcome::Interrupted] == 0;
}

int Run::exit_code() const {
  const Totals all = totals();
  if (stop && (stop->reason == "sigterm" || stop->reason == "sigint")) return 75;
  if (stop && stop->reason == "target-lost") return 3;
  switch (judgement().verdict) {
    case Verdict::Conforms:
      return 0;
    case Verdict::Diverges: {
      const bool all_known = std::all_of(cases.begin(), cases.end(), [](const Case& one) {
        return !is_finding(one.outcome()) || one.mark == "expected" || one.mark == "waived" ||
               one.mark == "flaky";
      });
      return all_known && all.findings() > 0 && stop ? 0 : 1;
    }
    case Verdict::Inconclusive:
      break;
  }
  const bool only_skips = all.judged() == 0 && all[CaseOutcome::Error] == 0 &&
                          all[CaseOutcome::Interrupted] == 0 &&
                          (all[CaseOutcome::Skip] > 0 || !skips.empty());
  return stop && only_skips ? 4 : 2;
}

double Run::seconds() const { return stop && stop->seconds > 0 ? stop->seconds : last_seconds; }

std::string Run::ended() const {
  using namespace std::chrono;
  int y = 0;
  unsigned mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (!start ||
      std::sscanf(start->started.c_str(), "%d-%u-%uT%u:%u:%u", &y, &mo, &d, &h, &mi, &s) != 6)
    return "";
  const year_month_day day{year{y}, month{mo}, std::chrono::day{d}};
  const double passed = seconds();
  if (!day.ok() || y < 1970 || y > 9999 || h > 23 || mi > 59 || s > 60 || !(passed >= 0) ||
      passed > 1e9)
    return "";
  const auto at = sys_days(day) + hours(h) + minutes(mi) + std::chrono::seconds(s) +
                  std::chrono::seconds(static_cast<long long>(passed + 0.5));
  const year_month_day end_day{floor<days>(at)};
  const hh_mm_ss time{at - floor<days>(at)};
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(end_day.year()), static_cast<unsigned>(end_day.month()),
                static_cast<unsigned>(end_day.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text;
}

Judgement overall(const std::vector<Run>& runs) {
  std::size_t conforming = 0, diverging = 0, open = 0, skipped = 0;
  std::string open_target, open_because;
  for (const Run& run : runs) {
    // A target that is not there says nothing, neither for nor against those that are; it is listed
    // with its remedy all the same.
    if (run.skipped_whole()) {
      ++skipped;
      continue;
    }
    const Judgement one = run.judgement();
    switch (one.verdict) {
      case Verdict::Conforms:
        ++conforming;
        break;
      case Verdict::Diverges:
        ++diverging;
        break;
      case Verdict::Inconclusive:
        if (open++ == 0) {
          open_target = run.target();
          open_because = one.because;
        }
        break;
    }
  }
  if (runs.size() == 1) return runs.front().judgement();
  if (runs.empty()) return {Verdict::Inconclusive, "No run was given."};
  const std::string also =
      skipped == 0 ? "" : " " + std::to_string(skipped) + " not tested, see below.";
  const std::string of_all = " of " + std::to_string(runs.size() - skipped) + " targets ";
  if (skipped == runs.size())
    return {Verdict::Inconclusive, "Nothing was tested: every target was skipped."};
  if (diverging > 0)
    return {Verdict::Diverges, std::to_string(diverging) + of_all +
                                   (diverging == 1 ? "diverges" : "diverge") +
                                   " from the contract." + also};
  if (open > 0)
    return {Verdict::Inconclusive, "No divergence, but " + std::to_string(open) + of_all +
                                       (open == 1 ? "is" : "are") + " inconclusive, first " +
                                       open_target + "." + also};
  return {Verdict::Conforms, "All " + std::to_string(conforming) + " targets conform." + also};
}

struct Collector::State {
  struct Building {
    Run run;
    std::unordered_map<std::string, std::size_t> case_at;
    std::unordered_map<std::string, std::size_t> finding_at;
    std::unordered_map<std::string, std::size_t> note_at;
    double seconds_before = 0;  ///< of the parts before a resume; each began its clock anew
    double part_seconds = 0;

    Case& case_of(const std::string& id) {
      const auto [at, fresh] = case_at.try_emplace(id, run.cases.size());
      if (fresh) run.cases.push_back({.id = id});
      return run.cases[at->second];
    }
    static Try& try_of(Case& one, std::uint32_t attempt) {
      for (Try& existing : one.tries)
        if (existing.attempt == attempt) return existing;
      one.tries.push_back({.attempt = attempt});
      return one.tries.back();
    }

    void add(const Start& start) {
      if (!run.start) run.start = start;
      run.stop.reset();  // a resumed run has not finished until it says so again
      seconds_before += part_seconds;
      part_seconds = 0;
    }
    void add(const Begin& begin) {
      Case& one = case_of(begin.case_id);
      one.k = begin.k;
      one.seed = begin.case_seed;
      // Begun again under the same number without having ended: a second life of the same try.
      for (const Try& existing : one.tries)
        if (existing.attempt == begin.attempt && !existing.ended) {
          one.tries.push_back({.attempt = begin.attempt});
          return;
        }
      try_of(one, begin.attempt);
    }
    void add(const End& end) {
      Case& one = case_of(end.case_id);
      Try* into = nullptr;
      for (Try& existing : one.tries)
        if (existing.attempt == end.attempt) into = &existing;  // the last of that number
      if (!into) into = &one.tries.emplace_back(Try{.attempt = end.attempt});
      into->outcome = end.outcome;
      into->ended = true;
      into->operations = end.operations;
      into->ms = end.ms;
      into->signature = end.signature;
      into->message = end.message;
      if (!end.mark.empty()) one.mark = end.mark;
    }
    void add(const Finding& finding) {
      const auto [at, fresh] = finding_at.try_emplace(finding.signature, run.findings.size());
      if (fresh)
        run.findings.push_back(finding);
      else
        run.findings[at->second] = finding;
    }
    void add(const Warn& warn) { run.warns.push_back(warn); }
    void add(const Skipped& skip) { run.skips.push_back(skip); }
    void add(const Checked& checked) {
      for (Checked& known : run.checks)
        if (known.case_id == checked.case_id && known.requirement == checked.requirement) {
          known = checked;
          return;
        }
      run.checks.push_back(checked);
    }
    void add(const Note& note) {
      const auto [at, fresh] = note_at.try_emplace(note.key, run.notes.size());
      if (fresh)
        run.notes.push_back(note);
      else
        run.notes[at->second] = note;
    }
    void add(const Coverage& coverage) { run.coverage = coverage; }
    void add(const Stop& stop) { run.stop = stop; }
  };

  std::vector<Building> building;

  Building& current() {
    if (building.empty()) building.emplace_back();
    return building.back();
  }
};

Collector::Collector() : state_(std::make_unique<State>()) {}
Collector::~Collector() = default;
Collector::Collector(Collector&&) noexcept = default;
Collector& Collector::operator=(Collector&&) noexcept = default;

void Collector::add(const Line& line) {
  if (const auto* start = std::get_if<Start>(&line.record)) {
    auto& all = state_->building;
    const auto same = std::find_if(all.begin(), all.end(), [&](const State::Building& one) {
      return one.run.start && one.run.start->run == start->run &&
             one.run.start->target == start->target;
    });
    if (same != all.end())
      std::rotate(same, same + 1, all.end());
    else if (all.empty() || all.back().run.start)
      all.emplace_back();
  }
  State::Building& into = state_->current();
  std::visit([&](const auto& record) { into.add(record); }, line.record);
  into.part_seconds = static_cast<double>(line.t_ns) / 1e9;
  into.run.last_seconds = into.seconds_before + into.part_seconds;
}

void Collector::about(const JournalReader& reader) {
  state_->current();
  for (State::Building& one : state_->building) {
    one.run.damaged_lines = reader.damaged_lines();
    one.run.damage = reader.damage();
    one.run.cut_off = reader.cut_off();
    one.run.missing_records = reader.missing();
    one.run.unknown_records = reader.unknown();
  }
}

std::vector<Run> Collector::finish() && {
  std::vector<Run> runs;
  for (State::Building& one : state_->building) {
    std::sort(one.run.cases.begin(), one.run.cases.end(),
              [](const Case& a, const Case& b) { return a.id < b.id; });
    if (!one.run.stop)
      for (Case& each : one.run.cases) each.tries.back().running = !each.tries.back().ended;
    for (Case& each : one.run.cases)
      if (each.mark.empty() && each.flaky()) each.mark = "flaky";
    runs.push_back(std::move(one.run));
  }
  return runs;
}

std::vector<Run> collect(std::istream& in) {
  JournalReader reader(in);
  Collector collector;
  while (const auto line = reader.next()) collector.add(*line);
  if (!reader.refused().empty()) throw JournalError("journal refused: " + reader.refused());
  collector.about(reader);
  return std::move(collector).finish();
}

std::vector<Run> read_runs(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(file, ignored))
    throw JournalError("cannot read journal " + file.string() +
                       ": no such file, or no permission; give the directory of a run (--out), or "
                       "its journal.ndjson");
  try {
    return collect(in);
  } catch (const JournalError& error) {
    throw JournalError(file.string() + ": " + error.what());
  }
}

std::vector<std::string> requirements_of_row(std::string_view row) {
  std::vector<std::string> ids;
  const auto open = row.rfind('[');
  const auto close = row.rfind(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return ids;
  std::string id;
  for (const char c : row.substr(open + 1, close - open)) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
        c == '_') {
      id += c;
    } else {
      if (!id.empty()) ids.push_back(std::exchange(id, {}));
    }
  }
  return ids;
}

}  // namespace dmabuf::record
