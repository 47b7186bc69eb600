// SPDX-License-Identifier: MIT
#include "dmabuf/reports/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "requirements.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

using record::CaseOutcome;
using record::Finding;
using record::Run;
using record::Verdict;

std::string duration(double seconds) {
  if (!(seconds >= 0)) return "?";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::min(seconds, 1e12) + 0.5);
  if (whole < 120) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m", whole / 60);
  if (whole < 86400) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d{:02}h", whole / 86400, whole / 3600 % 24);
}

std::string progress_line(const Progress& progress) {
  std::string line =
      fmt::format("cases {} ({:.{}f}/s) findings {}", progress.cases, progress.cases_per_second,
                  progress.cases_per_second < 9.5 ? 1 : 0, progress.findings);
  if (progress.fresh) line += fmt::format(" new {}", *progress.fresh);
  if (progress.crashes) line += fmt::format(" crashes {}", *progress.crashes);
  if (progress.rows_total > 0)
    line += fmt::format(" cover {}/{}", progress.rows_hit, progress.rows_total);
  if (progress.seconds_left) {
    const double left = std::max(0.0, *progress.seconds_left);
    line += " left " + (left < 9.95 ? fmt::format("{:.0f}s", left) : duration(left));
  }
  return line;
}

namespace {

enum class Ink { Plain, Bold, Dim, Good, Bad, Unsure };

class Page {
 public:
  explicit Page(const TextOptions& options) : options_(options) {}

  std::string ink(Ink ink, std::string_view text) const {
    if (options_.colour == Colour::No || ink == Ink::Plain || text.empty())
      return std::string(text);
    const char* code = "";
    switch (ink) {
      case Ink::Plain:
        break;
      case Ink::Bold:
        code = "1";
        break;
      case Ink::Dim:
        code = "2";
        break;
      case Ink::Good:
        code = "1;32";
        break;
      case Ink::Bad:
        code = "1;31";
        break;
      case Ink::Unsure:
        code = "1;33";
        break;
    }
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }

  void line(std::string_view text = "") {
    const auto end = text.find_last_not_of(' ');
    out_.append(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
    out_ += '\n';
  }

  /// `label` in its column, the text wrapped beside it.
  void labelled(std::string_view label, std::string_view text, Ink ink_of_text = Ink::Plain) {
    constexpr std::size_t kIndent = 2, kLabel = 10;
    const std::size_t room = options_.width > 40 ? options_.width - kIndent - kLabel : 40;
    bool first = true;
    for (const std::string& one : wrapped(text, room)) {
      line(fmt::format("{}{}{}", std::string(kIndent, ' '),
                       first ? ink(Ink::Dim, label) + pad(label, kLabel) : std::string(kLabel, ' '),
                       ink(ink_of_text, one)));
      first = false;
    }
  }

  static std::string pad(std::string_view text, std::size_t width) {
    const std::size_t used = columns(text);
    return std::string(used < width ? width - used : 0, ' ');
  }

  const TextOptions& options() const { return options_; }
  std::string finish() && { return std::move(out_); }

 private:
  const TextOptions& options_;
  std::string out_;
};

Ink ink_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Conforms:
      return Ink::Good;
    case Verdict::Diverges:
      return Ink::Bad;
    case Verdict::Inconclusive:
      return Ink::Unsure;
  }
  return Ink::Unsure;
}

std::string shouted(Verdict verdict) {
  std::string word = to_string(verdict);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return word;
}

struct Column {
  std::string head;
  bool right = false;
  std::vector<std::string> cells = {};
  std::vector<Ink> inks = {};
};

void table(Page& page, const std::vector<Column>& all, std::string_view indent) {
  std::vector<std::size_t> widths;
  for (const Column& column : all) {
    std::size_t width = columns(column.head);
    for (const std::string& cell : column.cells) width = std::max(width, columns(cell));
    widths.push_back(width);
  }
  const auto row = [&](auto text_of, auto ink_of_cell) {
    std::string line(indent);
    for (std::size_t c = 0; c < all.size(); ++c) {
      const std::string& text = text_of(all[c]);
      const std::string space = Page::pad(text, widths[c]);
      if (c > 0) line += "  ";
      if (all[c].right) line += space;
      line += page.ink(ink_of_cell(all[c]), text);
      if (!all[c].right && c + 1 < all.size()) line += space;
    }
    page.line(line);
  };
  if (std::any_of(all.begin(), all.end(), [](const Column& c) { return !c.head.empty(); }))
    row([](const Column& c) -> const std::string& { return c.head; },
        [](const Column&) { return Ink::Dim; });
  for (std::size_t r = 0; r < all.front().cells.size(); ++r)
    row([r](const Column& c) -> const std::string& { return c.cells[r]; },
        [r](const Column& c) { return r < c.inks.size() ? c.inks[r] : Ink::Plain; });
}

void verdicts(Page& page, const std::vector<Run>& runs) {
  Column target{"target"}, verdict{"verdict"}, pass{"pass", true}, found{"findings", true},
      skip{"skip", true}, error{"error", true}, left{"not run", true}, cover{"cover", true},
      time{"time", true};
  for (const Run& run : runs) {
    const record::Totals totals = run.totals();
    const record::Judgement judgement = run.judgement();
    target.cells.push_back(visible(run.target()));
    verdict.cells.push_back(run.skipped_whole() ? "skipped" : to_string(judgement.verdict));
    verdict.inks.push_back(ink_of(judgement.verdict));
    pass.cells.push_back(grouped(totals[CaseOutcome::Pass]));
    found.cells.push_back(totals.findings() == run.findings.size()
                              ? grouped(run.findings.size())
                              : fmt::format("{} in {}", run.findings.size(),
                                            counted(totals.findings(), "case", "cases")));
    skip.cells.push_back(grouped(totals[CaseOutcome::Skip]));
    error.cells.push_back(grouped(totals[CaseOutcome::Error] + totals[CaseOutcome::Interrupted]));
    left.cells.push_back(grouped(totals[CaseOutcome::NotRun]));
    cover.cells.push_back(
        run.coverage ? fmt::format("{}/{}", run.coverage->rows_hit, run.coverage->rows_total)
                     : "-");
    time.cells.push_back(duration(run.seconds()));
  }
  table(page, {target, verdict, pass, found, skip, error, left, cover, time}, "");
}

void trace(Page& page, const Finding& finding) {
  const std::size_t length = finding.trace.size();
  if (length == 0) return;
  const std::size_t most = std::max<std::size_t>(page.options().trace_lines, 4);
  const std::size_t head = length > most ? most / 2 : length;
  const std::size_t tail = length > most ? length - (most - most / 2) : length;
  Column mark{"", true}, operation{""}, outcome{""}, note{""};
  const auto take = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const record::Step& step = finding.trace[i];
      const bool differs = i + 1 == length;
      mark.cells.push_back(fmt::format("{}{}", differs ? "> " : "", i + 1));
      mark.inks.push_back(differs ? Ink::Bad : Ink::Dim);
      operation.cells.push_back(visible(step.operation));
      operation.inks.push_back(differs ? Ink::Bold : Ink::Plain);
      outcome.cells.push_back(step.outcome.empty() ? "-" : visible(step.outcome));
      outcome.inks.push_back(differs ? Ink::Bad : Ink::Plain);
      note.cells.push_back(visible(step.note));
      note.inks.push_back(differs ? Ink::Bold : Ink::Dim);
    }
  };
  take(0, head);
  if (tail > head) {
    mark.cells.push_back("");
    operation.cells.push_back(
        fmt::format("... {} left out", counted(tail - head, "operation", "operations")));
    outcome.cells.push_back("");
    note.cells.push_back("");
    for (Column* column : {&mark, &operation, &outcome, &note}) column->inks.push_back(Ink::Dim);
  }
  take(tail, length);
  table(page, {mark, operation, outcome, note}, "    ");
}

void one_finding(Page& page, const Finding& finding, std::string_view heading) {
  page.line(fmt::format("{}  {}  {}", page.ink(Ink::Bad, heading), to_string(finding.kind),
                        visible(finding.id)));
  page.labelled("", visible(finding.summary), Ink::Bold);
  page.line();
  if (finding.trace.empty())
    page.line("    (no trace was recorded)");
  else
    trace(page, finding);
  page.line();
  bool first = true;
  for (const std::string& one : finding.allowed) {
    page.labelled(first ? "allowed" : "", visible(one));
    first = false;
  }
  if (first) page.labelled("expected", visible(finding.expected));
  page.labelled("came", visible(finding.observed), Ink::Bold);
  first = true;
  for (const record::Clause& clause : finding.clauses) {
    page.labelled(first ? "because" : "",
                  fmt::format("{}  {}", visible(clause.id), visible(clause.text)));
    if (!clause.source.empty())
      page.labelled("", fmt::format("[{}]", visible(clause.source)), Ink::Dim);
    first = false;
  }
  std::string where = visible(finding.target);
  if (!finding.kernel.empty()) where += ", kernel " + visible(finding.kernel);
  page.labelled("on", where);
  if (!finding.first_case.empty())  // a replay is no case of a run
    page.labelled("seen", fmt::format("{}, first in {} (case seed 0x{:x})",
                                      finding.count == 1 ? "once" : grouped(finding.count) + " times",
                                      visible(finding.first_case), finding.case_seed));
  if (finding.original_operations == 0 && !finding.minimality.empty() && finding.token.empty())
    page.labelled("shrunk", visible(finding.minimality));
  else if (finding.original_operations > 0 || !finding.minimality.empty())
    page.labelled("shrunk",
                  fmt::format("from {} to {} in {}{}{}", grouped(finding.original_operations),
                              counted(finding.trace.size(), "operation", "operations"),
                              counted(finding.shrink_runs, "run", "runs"),
                              finding.minimality.empty() ? "" : "; ", visible(finding.minimality)));
  if (!finding.kernel_log.empty()) {
    std::string_view log = finding.kernel_log;
    std::size_t lines = 0;
    constexpr std::size_t kMost = 12;
    while (!log.empty() && lines < kMost) {
      const auto end = std::min(log.find('\n'), log.size());
      page.line(fmt::format(
          "  {}{}", lines == 0 ? page.ink(Ink::Dim, "kernel") + "    " : std::string(10, ' '),
          visible(log.substr(0, end))));
      log.remove_prefix(std::min(end + 1, log.size()));
      ++lines;
    }
    if (!log.empty()) {
      const auto rest = static_cast<std::uint64_t>(std::count(log.begin(), log.end(), '\n')) +
                        (log.back() == '\n' ? 0 : 1);
      page.line(fmt::format("            ... {} more", counted(rest, "line", "lines")));
    }
  }
  // Not wrapped: it is there to be copied.
  page.line(fmt::format("  {}    {}", page.ink(Ink::Dim, "replay"),
                        page.ink(Ink::Bold, visible(finding.replay))));
}

void skips(Page& page, const std::vector<Run>& runs) {
  const std::vector<record::Skipped> all = distinct_skips(runs);
  if (all.empty()) return;
  page.line();
  page.line(page.ink(Ink::Unsure,
                     fmt::format("NOT TESTED  {}", counted(all.size(), "target", "targets"))));
  for (const record::Skipped& skip : all) {
    page.line("  " + page.ink(Ink::Bold, visible(skip.target)));
    page.labelled("reason", visible(skip.reason));
    page.labelled("remedy", visible(skip.remedy));
  }
}

void coverage(Page& page, const std::vector<Run>& runs) {
  bool any = false;
  for (const Run& run : runs) {
    if (!run.coverage) continue;
    if (!any) {
      page.line();
      page.line(page.ink(Ink::Bold, "COVERAGE of the model"));
      any = true;
    }
    const record::Coverage& cover = *run.coverage;
    const std::size_t most = page.options().missing_rows;
    page.line(fmt::format("  {}: {} of {} rows ({} %){}", visible(run.target()), cover.rows_hit,
                          cover.rows_total, percent(cover.rows_hit, cover.rows_total),
                          cover.missing.empty() || most == 0 ? "" : ", not reached:"));
    for (std::size_t i = 0; i < std::min(most, cover.missing.size()); ++i)
      page.line("    " + visible(cover.missing[i]));
    if (most > 0 && cover.missing.size() > most)
      page.line(fmt::format("    ... and {} more", cover.missing.size() - most));
  }
}

void trouble(Page& page, const std::vector<Run>& runs) {
  const auto say = [&](const Run& run, const std::string& what) {
    page.line(page.ink(Ink::Unsure, "note") + fmt::format("  {}: {}", visible(run.target()), what));
  };
  for (const Run& run : runs) {
    if (run.damaged_lines > 0)
      say(run, fmt::format("{} of the journal could not be read (first: line {})",
                           counted(run.damaged_lines, "line", "lines"),
                           run.damage.empty() ? 0 : run.damage.front().line));
    if (run.missing_records > 0)
      say(run,
          counted(run.missing_records, "record is", "records are") + " missing from the journal");
    if (run.cut_off) say(run, "the journal ends in the middle of a line");
    constexpr std::size_t kMost = 10;
    for (std::size_t i = 0; i < std::min(kMost, run.warns.size()); ++i) {
      const record::Warn& warn = run.warns[i];
      say(run, fmt::format("{}: {}{}", visible(warn.kind), visible(warn.text),
                           warn.case_id.empty() ? "" : " (" + visible(warn.case_id) + ")"));
    }
    if (run.warns.size() > kMost)
      say(run, fmt::format("and {} more warnings in the journal", run.warns.size() - kMost));
  }
}

}  // namespace

std::string render_finding(const Finding& finding, const TextOptions& options) {
  Page page(options);
  one_finding(page, finding, "FINDING");
  return std::move(page).finish();
}

std::string render_text(const std::vector<Run>& runs, const TextOptions& options) {
  Page page(options);
  const record::Judgement judgement = overall(runs);
  page.line(fmt::format("{}  {}", page.ink(ink_of(judgement.verdict), shouted(judgement.verdict)),
                        visible(judgement.because)));
  if (!runs.empty()) {
    page.line();
    verdicts(page, runs);
  }
  for (const Run& run : runs) {  // what it takes to have the same run again
    if (!run.start) continue;
    page.line();
    page.line(page.ink(Ink::Dim, fmt::format("seed 0x{:x}, tool {}, model {}", run.start->seed,
                                             visible(run.start->tool), visible(run.start->model))));
    break;
  }
  if (runs.size() > 1) {
    page.line();
    for (const Run& run : runs) {
      const record::Judgement one = run.judgement();
      if (one.verdict != Verdict::Conforms)
        page.line(fmt::format("  {}: {}", visible(run.target()), visible(one.because)));
    }
  }
  std::size_t total = 0, index = 0;
  for (const Run& run : runs) total += run.findings.size();
  for (const Run& run : runs)
    for (const Finding& finding : run.findings) {
      page.line();
      one_finding(page, finding, fmt::format("FINDING {} of {}", ++index, total));
    }
  skips(page, runs);
  coverage(page, runs);
  Page notes(options);
  trouble(notes, runs);
  if (std::string text = std::move(notes).finish(); !text.empty()) {
    page.line();
    page.line(text.substr(0, text.size() - 1));
  }
  return std::move(page).finish();
}

}  // namespace dmabuf::reports
