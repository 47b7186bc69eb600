// SPDX-License-Identifier: MIT
#include "dmabuf/reports/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "dmabuf/reports/text.hpp"
#include "draw.hpp"
#include "lanes.hpp"
#include "report_css.hpp"
#include "requirements.hpp"
#include "visible.hpp"

namespace dmabuf::reports {

using record::CaseOutcome;
using record::Finding;
using record::Run;
using record::Verdict;

namespace {

/// Data for the page. Longer text than anyone reads is cut, and says so. (Not `data`: for a
/// std::string, std::data would be found and be the better match, and nothing be escaped.)
std::string shown(std::string_view text, std::size_t most = 2000) {
  if (text.size() <= most) return escaped(text);
  std::size_t cut = most;  // not in the middle of a character
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return escaped(text.substr(0, cut)) +
         fmt::format(" <span class=\"soft\">(… {} bytes more)</span>", grouped(text.size() - cut));
}

/// As data, but says that there is none.
std::string shown_or_none(std::string_view text) {
  return text.empty() ? "<span class=\"soft\">none given</span>" : shown(text);
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

/// A name that may stand in an id or a link.
std::string slug(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    if (plain)
      result += c;
    else if (!result.empty() && result.back() != '-')
      result += '-';
    if (result.size() == 80) break;
  }
  return result;
}

/// Every verdict has a shape of its own: one way, two ways, a question.
std::string icon(Verdict verdict) {
  constexpr const char* kOpen =
      "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\" fill=\"none\" "
      "stroke=\"currentColor\" stroke-width=\"2.6\" stroke-linecap=\"round\" "
      "stroke-linejoin=\"round\">";
  switch (verdict) {
    case Verdict::Conforms:
      return std::string(kOpen) +
             "<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"M7 12.5l3.4 3.4L17 9\"/></svg>";
    case Verdict::Diverges:
      return std::string(kOpen) +
             "<path d=\"M3 12h7M10 12C14 12 15 5 21 5M10 12C14 12 15 19 21 19\"/>"
             "<path d=\"M17.500 2.500L21 5l-3 3M17.500 21.500L21 19l-3-3\"/></svg>";
    case Verdict::Inconclusive:
      break;
  }
  return std::string(kOpen) +
         "<circle cx=\"12\" cy=\"12\" r=\"10\" stroke-dasharray=\"5 3.500\"/><path d=\"M9.300 "
         "9.200a2.800 2.800 0 1 1 3.900 2.600c-.8.4-1.200.9-1.200 1.900M12 17.200v.1\"/></svg>";
}

std::string badge(Verdict verdict) {
  return fmt::format("<span class=\"badge {0}\">{1}{0}</span>", to_string(verdict), icon(verdict));
}

constexpr std::size_t kCasesListed = 500;

class Page {
 public:
  Page(const std::vector<Run>& runs, const HtmlOptions& options) : runs_(runs), options_(options) {}

  std::string render();

 private:
  template <class... T>
  void put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }
  /// True while there is room for `bytes` more, with what must follow.
  bool room_for(std::size_t bytes) const {
    return out_.size() + bytes + (options_.max_bytes >> 3) < options_.max_bytes;
  }

  void head();
  void top();
  void targets();
  void findings();
  void finding(const Run& run, const Finding& finding, std::size_t index);
  void versus(const Finding& finding);
  void trace(const Finding& finding);
  void cases();
  void requirements();
  void skips();
  void coverage();
  void warnings();
  void environment();

  struct Section {
    const char* id;
    const char* name;
    std::size_t count;
    bool counted;
  };
  std::vector<Section> sections() const;
  struct Odd {
    const Run* run;
    const record::Case* one;
  };
  std::vector<Odd> odd_cases() const;

  const std::vector<Run>& runs_;
  const HtmlOptions& options_;
  std::vector<RequirementRow> requirements_;
  std::set<std::string> case_anchors_;  ///< of the cases that the page lists
  std::string out_;
};

std::vector<Page::Odd> Page::odd_cases() const {
  std::vector<Odd> odd;
  for (const Run& run : runs_)
    for (const record::Case& one : run.cases)
      if (one.outcome() != CaseOutcome::Pass || !one.mark.empty()) odd.push_back({&run, &one});
  return odd;
}

std::vector<Page::Section> Page::sections() const {
  std::size_t found = 0, warned = 0;
  bool covered = false;
  for (const Run& run : runs_) {
    found += run.findings.size();
    warned += run.warns.size() + run.damaged_lines + (run.cut_off ? 1 : 0) +
              (run.missing_records > 0 ? 1 : 0);
    covered = covered || run.coverage;
  }
  std::vector<Section> result = {{"targets", "Targets", runs_.size(), true},
                                 {"findings", "Findings", found, true}};
  if (!requirements_.empty())
    result.push_back({"requirements", "Requirements", requirements_.size(), true});
  if (const std::size_t skipped = distinct_skips(runs_).size(); skipped > 0)
    result.push_back({"not-tested", "Not tested", skipped, true});
  if (covered) result.push_back({"coverage", "Coverage", 0, false});
  if (const std::size_t odd = odd_cases().size(); odd > 0)
    result.push_back({"cases", "Cases that did not pass", odd, true});
  if (warned > 0) result.push_back({"warnings", "Warnings", warned, true});
  result.push_back({"environment", "Environment", 0, false});
  return result;
}

void Page::head() {
  const record::Judgement judgement = overall(runs_);
  put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"generator\" content=\"dmabuf-conform\">\n<title>{}: {}</title>\n<style>\n",
      capital(to_string(judgement.verdict)), shown(options_.title, 200));
  out_ += kReportCss;
  put("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n"
      "<svg width=\"0\" height=\"0\" class=\"skip\" aria-hidden=\"true\" focusable=\"false\"><defs>"
      "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(45)\"><path class=\"hatch-line\" d=\"M0 0v6\"/></pattern></defs>"
      "</svg>\n");
}

void Page::top() {
  const record::Judgement judgement = overall(runs_);
  std::string when;
  for (const Run& run : runs_)
    if (run.start && !run.start->started.empty() && (when.empty() || run.start->started < when))
      when = run.start->started;
  put("<header class=\"top {0}\"><div class=\"wrap\">\n<p class=\"eyebrow\">{1}{2}</p>\n"
      "<h1>{3}<span>{4}</span></h1>\n<p class=\"sentence\">{5}</p>\n",
      to_string(judgement.verdict), shown(options_.title, 200),
      when.empty() ? "" : " &middot; " + shown(when, 40), icon(judgement.verdict),
      capital(to_string(judgement.verdict)), shown(judgement.because));
  put("<nav aria-label=\"Contents\"><ul>\n");
  for (const Section& section : sections())
    put("<li><a href=\"#{}\">{}</a>{}</li>\n", section.id, section.name,
        section.counted ? fmt::format(" <span class=\"n\">{}</span>", grouped(section.count)) : "");
  put("</ul></nav>\n</div></header>\n<main id=\"main\"><div class=\"wrap\">\n");
}

void Page::targets() {
  put("<section id=\"targets\" aria-labelledby=\"h-targets\"><h2 id=\"h-targets\">Targets</h2>\n"
      "<p class=\"lede\">What was tested, and what came of it. Only a case that was carried out "
      "and "
      "judged counts.</p>\n");
  put("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Verdict of each target\">"
      "<table class=\"verdicts\"><thead><tr><th scope=\"col\">Target</th><th scope=\"col\">Verdict"
      "</th><th scope=\"col\" class=\"n\">Passed</th><th scope=\"col\" class=\"n\">Findings</th>"
      "<th scope=\"col\" class=\"n\">Skipped</th><th scope=\"col\" class=\"n\">Errors</th>"
      "<th scope=\"col\" class=\"n\">Not run</th><th scope=\"col\" class=\"n\">Model covered</th>"
      "<th scope=\"col\" class=\"n\">Time</th></tr></thead><tbody>\n");
  std::size_t listed = 0;
  for (const Run& run : runs_) {
    if (!room_for(options_.max_bytes / 4)) break;
    ++listed;
    const record::Judgement judgement = run.judgement();
    const record::Totals totals = run.totals();
    put("<tr><th scope=\"row\">{}<br><span class=\"soft\">{}</span></th><td>{}<p class=\"soft\">{}"
        "</p></td>",
        shown(run.target(), 300),
        !run.start                  ? std::string()
        : run.start->kernel.empty() ? "no kernel: in process"
                                    : "kernel " + shown(run.start->kernel, 200),
        badge(judgement.verdict), shown(judgement.because, 600));
    const std::string found =
        totals.findings() == run.findings.size()
            ? grouped(totals.findings())
            : fmt::format("{}<br><span class=\"soft\">in {}</span>", grouped(run.findings.size()),
                          counted(totals.findings(), "case", "cases"));
    put("<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        grouped(totals[CaseOutcome::Pass]), found, grouped(totals[CaseOutcome::Skip]),
        grouped(totals[CaseOutcome::Error] + totals[CaseOutcome::Interrupted]),
        grouped(totals[CaseOutcome::NotRun]),
        run.coverage ? fmt::format("{} %<br><span class=\"soft\">{}/{}</span>",
                                   percent(run.coverage->rows_hit, run.coverage->rows_total),
                                   run.coverage->rows_hit, run.coverage->rows_total)
                     : "&ndash;",
        duration(run.seconds()));
  }
  put("</tbody></table></div>\n");
  if (listed < runs_.size())
    put("<p class=\"notice\">{} are left out: the page would grow too large.</p>\n",
        counted(runs_.size() - listed, "target", "targets"));
  put("</section>\n");
}

void Page::versus(const Finding& finding) {
  const std::size_t length = finding.trace.size();
  if (length > 0)
    put("<p class=\"at\">At operation {} of {}: <code>{}</code></p>\n", grouped(length),
        grouped(length), shown(finding.trace.back().operation, 300));
  put("<div class=\"versus\">\n<div class=\"allowed\"><h4>The contract allows</h4>"
      "<p class=\"value\">{}</p>",
      shown_or_none(finding.expected));
  if (!finding.allowed.empty()) {
    put("<ul>");
    constexpr std::size_t kMost = 12;
    for (std::size_t i = 0; i < std::min(kMost, finding.allowed.size()); ++i)
      put("<li>{}</li>", shown(finding.allowed[i]));
    if (finding.allowed.size() > kMost) put("<li>and {} more</li>", finding.allowed.size() - kMost);
    put("</ul>");
  }
  put("</div>\n<div class=\"came\"><h4>The system did</h4><p class=\"value\">{}</p>",
      shown_or_none(finding.observed));
  if (length > 0 && !finding.trace.back().note.empty() &&
      finding.trace.back().note != finding.observed)
    put("<p class=\"more\">{}</p>", shown(finding.trace.back().note));
  put("</div>\n</div>\n");
}

void Page::trace(const Finding& finding) {
  const std::size_t length = finding.trace.size();
  if (length == 0) {
    put("<p class=\"soft\">No trace was recorded.</p>\n");
    return;
  }
  const std::size_t most = std::max<std::size_t>(options_.trace_rows, 4);
  const std::size_t head = length > most ? most / 2 : length;
  const std::size_t tail = length > most ? length - (most - most / 2) : length;
  const auto rows = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const record::Step& step = finding.trace[i];
      const bool differs = i + 1 == length;
      put("<tr{}><td class=\"n\">{}{}</td><td>{}</td><td>{}</td><td class=\"note\">{}</td></tr>\n",
          differs ? " class=\"differs\"" : "",
          differs ? "<span aria-hidden=\"true\">&#9654; </span>" : "", i + 1,
          shown(step.operation, 300), step.outcome.empty() ? "&ndash;" : shown(step.outcome, 200),
          shown(step.note, 600));
    }
  };
  put("<details{}><summary>Program and outcomes, {}</summary>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Trace\"><table "
      "class=\"trace\"><thead><tr><th scope=\"col\" class=\"n\">No.</th><th scope=\"col\">Operation"
      "</th><th scope=\"col\">Outcome</th><th scope=\"col\">Seen</th></tr></thead><tbody>\n",
      length <= 60 ? " open" : "", counted(length, "operation", "operations"));
  rows(0, head);
  if (tail > head)
    put("<tr class=\"gap\"><td colspan=\"4\">{} left out here; the finding&#39;s repro.dbt has "
        "them "
        "all</td></tr>\n",
        counted(tail - head, "operation", "operations"));
  rows(tail, length);
  put("</tbody></table></div></details>\n");
}

void Page::finding(const Run& run, const Finding& finding, std::size_t index) {
  const std::string anchor = fmt::format("finding-{}", index);
  const std::string name = slug(finding.id);
  put("<article class=\"finding\" id=\"{}\" aria-labelledby=\"{}-h\">\n<header><h3 id=\"{}-h\">"
      "<span class=\"kind\">{}</span>{}</h3>\n",
      anchor, anchor, anchor, capital(to_string(finding.kind)),
      finding.summary.empty() ? shown_or_none("") : shown(finding.summary));
  const std::string first =
      finding.first_case.empty() ? "an unnamed case" : shown(finding.first_case, 200);
  const std::string case_anchor = slug(finding.first_case);
  put("<p class=\"meta\">{}{}{}; seen {}, first in {}{}</p></header>\n",
      shown(finding.target.empty() ? run.target() : finding.target, 300),
      finding.kernel.empty() ? "" : ", kernel ", shown(finding.kernel, 200),
      finding.count == 1 ? "once" : grouped(finding.count) + " times",
      case_anchors_.contains(case_anchor)
          ? fmt::format("<a href=\"#case-{}\">{}</a>", case_anchor, first)
          : first,
      name.empty() ? ""
                   : fmt::format("; <a href=\"#{}\" id=\"f-{}\">{}</a>", anchor, name,
                                 shown(finding.id, 80)));
  versus(finding);

  if (const std::string lanes = draw_lanes(finding, options_.lane_steps, anchor + "-lanes");
      !lanes.empty()) {
    put("<h4>Lives of its objects</h4>\n<figure class=\"figure\"><div class=\"scroll\" "
        "tabindex=\"0\" role=\"region\" aria-label=\"Lives of objects\">\n");
    out_ += lanes;
    put("</div><figcaption>A bar runs from birth (dot) to end (tick). Hatched: leaked, it never "
        "ends. "
        "Dashed: still open when the trace ends. A cross: used while not alive. Light notches: "
        "used.{}</figcaption></figure>\n",
        finding.trace.size() > options_.lane_steps ? " The middle of the trace is left out." : "");
  }
  put("<h4>How to see it</h4>\n");
  trace(finding);
  put("<h4>Replay</h4>\n<pre class=\"replay\" tabindex=\"0\" aria-label=\"Command that replays "
      "it\"><code>{}</code></pre>\n",
      finding.replay.empty() ? "no command was recorded" : shown(finding.replay, 8192));

  if (!finding.clauses.empty()) {
    put("<h4>Why it is wrong</h4>\n<ul class=\"clauses\">\n");
    constexpr std::size_t kMost = 20;
    for (std::size_t i = 0; i < std::min(kMost, finding.clauses.size()); ++i) {
      const record::Clause& clause = finding.clauses[i];
      const std::string id = full_requirement_id(clause.id);
      put("<li>{} {}<br><span class=\"source\">{}</span></li>\n",
          id.empty()
              ? "<span class=\"id\">unnamed</span>"
              : fmt::format("<a class=\"id\" href=\"#req-{}\">{}</a>", slug(id), shown(id, 80)),
          shown(clause.text),
          clause.source.empty() ? "no source given" : shown(clause.source, 400));
    }
    put("</ul>\n");
  }
  if (!finding.kernel_log.empty()) {
    const std::string_view log = finding.kernel_log;
    put("<details{}><summary>Kernel log</summary>\n<pre class=\"log\" tabindex=\"0\">",
        std::count(log.begin(), log.end(), '\n') <= 25 ? " open" : "");
    const bool cut = log.size() > options_.log_bytes;
    out_ += [&] {  // lines stay lines here
      std::string text;
      for (const char c : visible(log.substr(0, options_.log_bytes), Lines::Many)) {
        if (c == '<')
          text += "&lt;";
        else if (c == '>')
          text += "&gt;";
        else if (c == '&')
          text += "&amp;";
        else
          text += c;
      }
      return text;
    }();
    if (cut) put("\n(… {} bytes more)", grouped(log.size() - options_.log_bytes));
    put("</pre></details>\n");
  }
  put("<details><summary>About this finding</summary><dl class=\"facts\">\n"
      "<dt>Signature</dt><dd class=\"mono\">{}</dd><dt>Case seed</dt><dd class=\"mono\">0x{:x}</dd>"
      "<dt>Shrunk</dt><dd>from {} to {} in {}{}{}</dd>",
      shown(finding.signature, 400), finding.case_seed, grouped(finding.original_operations),
      counted(finding.trace.size(), "operation", "operations"),
      counted(finding.shrink_runs, "run", "runs"), finding.minimality.empty() ? "" : "; ",
      shown(finding.minimality, 400));
  if (!finding.token.empty())
    put("<dt>Token</dt><dd><code>{}</code></dd>", shown(finding.token, 4096));
  put("</dl></details>\n</article>\n");
}

void Page::findings() {
  std::size_t total = 0;
  for (const Run& run : runs_) total += run.findings.size();
  put("<section id=\"findings\" aria-labelledby=\"h-findings\"><h2 "
      "id=\"h-findings\">Findings</h2>\n");
  if (total == 0) {
    put("<p class=\"lede\">None.{}</p></section>\n",
        overall(runs_).verdict == Verdict::Conforms
            ? ""
            : " That is no proof of anything here: the verdict above says why.");
    return;
  }
  put("<p class=\"lede\">Each is shown once for each target, as the shortest program that is known "
      "to "
      "show it, with the sentence of the contract that it breaks.</p>\n");
  std::size_t index = 0, brief = 0;
  for (const Run& run : runs_)
    for (const Finding& one : run.findings) {
      ++index;
      const std::size_t before = out_.size();
      if (brief == 0) {
        finding(run, one, index);
        // Half of the page is for findings in full.
        if (out_.size() <= options_.max_bytes / 2) continue;
        if (index > 1 || out_.size() > options_.max_bytes * 3 / 4) out_.resize(before);
      }
      if (brief++ == 0)
        put("<p class=\"notice\">From here on findings are listed in brief: in full the page would "
            "grow "
            "too large. Everything about them is in the run&#39;s journal.</p>\n<ul "
            "class=\"clauses\">"
            "\n");
      if (out_.size() < options_.max_bytes * 3 / 4)
        put("<li id=\"finding-{}\"><span class=\"kind\">{}</span>{}<br><span class=\"source\">{}"
            "</span></li>\n",
            index, capital(to_string(one.kind)), shown(one.summary, 300), shown(one.replay, 600));
    }
  if (brief > 0) put("</ul>\n");
  put("</section>\n");
}

struct Sign {
  const char* style;
  const char* sign;
  std::string word;
};

Sign sign_of(const RequirementRow& row, std::size_t run) {
  switch (row.standing[run]) {
    case Standing::Broken:
      return {"broken", "\u2715", "broken"};
    case Standing::Kept:
      return {"kept", "\u25cf", "kept"};
    case Standing::Partly:
      return {"partly", "\u25d0", fmt::format("{} of {} rows", row.hit[run], row.total[run])};
    case Standing::NotReached:
      return {"unreached", "\u25cb", "not reached"};
    case Standing::Silent:
      break;
  }
  return {"silent", "\u2013", "not asked"};
}

void Page::requirements() {
  if (requirements_.empty()) return;
  put("<section id=\"requirements\" aria-labelledby=\"h-requirements\"><h2 id=\"h-requirements\">"
      "Requirements</h2>\n<p class=\"lede\">Each requirement of the contract on each target. "
      "<em>Kept</em> means that every row of the model that carries it was taken, and nothing "
      "spoke "
      "against it; it is no proof.</p>\n<ul class=\"legend\"><li><b>\u2715</b>broken by a "
      "finding</li>"
      "<li><b>\u25cf</b>kept</li><li><b>\u25d0</b>some of its rows taken</li><li><b>\u25cb</b>not "
      "reached</li><li><b>\u2013</b>not asked of this target</li></ul>\n");
  put("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Requirements by target\">"
      "<table class=\"matrix\"><thead><tr><th scope=\"col\">Requirement</th>");
  const std::size_t targets = std::min<std::size_t>(runs_.size(), 40);
  for (std::size_t i = 0; i < targets; ++i)
    put("<th scope=\"col\" class=\"c\">{}</th>", shown(runs_[i].target(), 120));
  put("</tr></thead>\n");
  std::string group, open;
  std::size_t left_out = 0;
  std::set<std::string> anchors;
  for (const RequirementRow& row : requirements_) {
    if (!room_for(600 + 160 * targets)) {
      ++left_out;
      continue;
    }
    const std::string area = row.id.substr(0, row.id.rfind('-'));
    if (area != group || open.empty()) {
      put("{}<tbody><tr class=\"group\"><th colspan=\"{}\" scope=\"rowgroup\">{}</th></tr>\n", open,
          targets + 1, shown(area, 60));
      group = area;
      open = "</tbody>\n";
    }
    const std::string anchor = slug(row.id);
    put("<tr{}><th scope=\"row\"><span class=\"mono\">{}</span>",
        anchors.insert(anchor).second ? fmt::format(" id=\"req-{}\"", anchor) : "",
        shown(row.id, 80));
    if (!row.text.empty()) put("<p class=\"soft\">{}</p>", shown(row.text, 400));
    put("</th>");
    for (std::size_t i = 0; i < targets; ++i) {
      const Sign sign = sign_of(row, i);
      put("<td class=\"c {}\"><span class=\"sign\" aria-hidden=\"true\">{}</span> {}</td>",
          sign.style, sign.sign, sign.word);
    }
    put("</tr>\n");
  }
  put("{}</table></div>\n", open);
  if (left_out > 0 || targets < runs_.size())
    put("<p class=\"notice\">{} and {} are left out: the page would grow too large.</p>\n",
        counted(left_out, "requirement", "requirements"),
        counted(runs_.size() - targets, "target", "targets"));
  put("</section>\n");
}

void Page::skips() {
  const auto all = distinct_skips(runs_);
  if (all.empty()) return;
  put("<section id=\"not-tested\" aria-labelledby=\"h-not-tested\"><h2 id=\"h-not-tested\">Not "
      "tested"
      "</h2>\n<p class=\"lede\">These targets were asked for or looked for, and nothing is known "
      "of "
      "them. A skip is never a pass.</p>\n<div class=\"skipped\">\n");
  std::size_t left_out = 0;
  for (const record::Skipped& skip : all) {
    if (!room_for(5000)) {
      ++left_out;
      continue;
    }
    put("<div><h3>{}</h3><dl "
        "class=\"facts\"><dt>Reason</dt><dd>{}</dd><dt>Remedy</dt><dd>{}</dd></dl>"
        "</div>\n",
        shown_or_none(skip.target), shown_or_none(skip.reason), shown_or_none(skip.remedy));
  }
  put("</div>\n");
  if (left_out > 0) put("<p class=\"notice\">And {} more.</p>\n", left_out);
  put("</section>\n");
}

void Page::coverage() {
  if (std::none_of(runs_.begin(), runs_.end(), [](const Run& run) { return run.coverage; })) return;
  put("<section id=\"coverage\" aria-labelledby=\"h-coverage\"><h2 id=\"h-coverage\">Coverage of "
      "the "
      "model</h2>\n<p class=\"lede\">Rows of the model&#39;s transition tables that this run took, "
      "out "
      "of those that the target can reach.</p>\n");
  std::size_t index = 0;
  for (const Run& run : runs_) {
    ++index;
    if (!run.coverage || !room_for(40000)) continue;
    const record::Coverage& cover = *run.coverage;
    const double part =
        cover.rows_total == 0 ? 0 : std::min(100.0, 100.0 * cover.rows_hit / cover.rows_total);
    put("<h3>{}</h3>\n<p><span class=\"meter\" aria-hidden=\"true\"><span style=\"width:{:.1f}%\">"
        "</span></span>{} of {} rows ({} %)</p>\n",
        shown(run.target(), 300), part, grouped(cover.rows_hit), grouped(cover.rows_total),
        percent(cover.rows_hit, cover.rows_total));
    const auto machines = draw_machines(cover, fmt::format("machine-{}", index));
    if (!machines.empty()) {
      put("<details{}><summary>State machines, taken and not taken</summary>\n"
          "<p class=\"soft\">Solid: taken. Dashed and <span aria-hidden=\"true\">\u25cb</span>: "
          "never "
          "taken.</p>\n<div class=\"machines\">\n",
          runs_.size() == 1 || index == 1 ? " open" : "");
      for (const MachineDrawing& machine : machines) {
        if (!room_for(machine.svg.size() + 2000)) break;
        put("<figure class=\"machine{}\" tabindex=\"0\"><h4>{} <span class=\"soft\">{}/{}</span>"
            "</h4>",
            machine.width > 500 ? " wide" : "", shown(machine.name, 80), machine.hit,
            machine.total);
        out_ +=
            machine.svg.empty() ? "<p class=\"soft\">Too many states to draw.</p>" : machine.svg;
        put("</figure>\n");
      }
      put("</div></details>\n");
    }
    if (!cover.missing.empty()) {
      put("<details{}><summary>{} not taken</summary><ul class=\"rows\">\n",
          cover.missing.size() <= 12 ? " open" : "", counted(cover.missing.size(), "row", "rows"));
      std::size_t told = 0;
      for (const std::string& row : cover.missing) {
        if (told == 1000 || !room_for(1000)) break;
        ++told;
        put("<li>{}</li>\n", shown(row, 300));
      }
      if (told < cover.missing.size()) put("<li>and {} more</li>\n", cover.missing.size() - told);
      put("</ul></details>\n");
    }
  }
  put("</section>\n");
}

void Page::cases() {
  const auto odd = odd_cases();
  if (odd.empty()) return;
  put("<section id=\"cases\" aria-labelledby=\"h-cases\"><h2 id=\"h-cases\">Cases that did not pass"
      "</h2>\n<details{}><summary>{}</summary>\n<div class=\"scroll\" tabindex=\"0\" "
      "role=\"region\" "
      "aria-label=\"Cases\"><table><thead><tr><th scope=\"col\">Case</th><th "
      "scope=\"col\">Target</th>"
      "<th scope=\"col\">Outcome</th><th scope=\"col\">Signature or "
      "message</th></tr></thead><tbody>\n",
      odd.size() <= 20 ? " open" : "", counted(odd.size(), "case", "cases"));
  std::set<std::string> anchors;
  std::size_t told = 0;
  for (const Odd& one : odd) {
    if (told == kCasesListed || !room_for(6000)) break;
    ++told;
    std::string what;
    for (const record::Try& attempt : one.one->tries) {
      if (!attempt.signature.empty()) what = attempt.signature;
      if (!attempt.message.empty()) what = attempt.message;
    }
    const std::string anchor = slug(one.one->id);
    put("<tr{}><th scope=\"row\" class=\"mono\">{}</th><td>{}</td><td class=\"nowrap\">{}{}{}</td>"
        "<td>{}</td></tr>\n",
        anchors.insert(anchor).second ? fmt::format(" id=\"case-{}\"", anchor) : "",
        shown(one.one->id, 200), shown(one.run->target(), 200), to_string(one.one->outcome()),
        one.one->mark.empty() ? "" : ", ", shown(one.one->mark, 60), shown(what, 400));
  }
  put("</tbody></table></div>\n");
  if (told < odd.size())
    put("<p class=\"notice\">{} more are in results.json.</p>\n", grouped(odd.size() - told));
  put("</details></section>\n");
}

void Page::warnings() {
  bool any = false;
  const auto open = [&] {
    if (std::exchange(any, true)) return;
    put("<section id=\"warnings\" aria-labelledby=\"h-warnings\"><h2 "
        "id=\"h-warnings\">Warnings</h2>\n"
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Warnings\"><table><thead>"
        "<tr><th scope=\"col\">Target</th><th scope=\"col\">Kind</th><th scope=\"col\">What</th>"
        "<th scope=\"col\">Case</th></tr></thead><tbody>\n");
  };
  const auto row = [&](const Run& run, const std::string& kind, const std::string& what,
                       const std::string& where) {
    open();
    put("<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"mono\">{}</td></tr>\n",
        shown(run.target(), 200), shown(kind, 100), shown(what, 600),
        where.empty() ? "&ndash;" : shown(where, 200));
  };
  for (const Run& run : runs_) {
    if (run.damaged_lines > 0)
      row(run, "journal",
          counted(run.damaged_lines, "line", "lines") + " could not be read" +
              (run.damage.empty()
                   ? ""
                   : fmt::format("; first: line {}, {}", run.damage[0].line, run.damage[0].what)),
          "");
    if (run.missing_records > 0)
      row(run, "journal", counted(run.missing_records, "record is", "records are") + " missing",
          "");
    if (run.cut_off) row(run, "journal", "ends in the middle of a line", "");
    std::size_t told = 0;
    for (const record::Warn& warn : run.warns) {
      if (told == 200 || !room_for(4000)) {
        row(run, "warnings", fmt::format("{} more in the journal", run.warns.size() - told), "");
        break;
      }
      ++told;
      row(run, warn.kind, warn.text, warn.case_id);
    }
  }
  if (any) put("</tbody></table></div></section>\n");
}

void Page::environment() {
  put("<section id=\"environment\" aria-labelledby=\"h-environment\"><h2 id=\"h-environment\">"
      "Environment</h2>\n<p class=\"lede\">What it takes to have the same run again.</p>\n");
  const auto list = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  };
  const auto fact = [&](const char* name, const std::string& value, bool mono = false) {
    if (!value.empty())
      put("<dt>{}</dt><dd{}>{}</dd>\n", name, mono ? " class=\"mono\"" : "", shown(value, 4000));
  };
  for (const Run& run : runs_) {
    if (!room_for(60000)) break;
    put("<details{}><summary>{}</summary><dl class=\"facts\">\n", runs_.size() <= 2 ? " open" : "",
        shown(run.target(), 300));
    if (run.start) {
      const record::Start& start = *run.start;
      fact("Command", list(start.argv), true);
      fact("Tool", start.tool);
      fact("Model", start.model, true);
      fact("Kernel", start.kernel);
      fact("Exporter", start.exporter);
      fact("Importer", start.importer);
      fact("Profile", start.profile);
      fact("Seed", fmt::format("0x{:x}", start.seed), true);
      fact("Shard", fmt::format("{} of {}", start.shard_index, start.shard_count));
      fact("Planned", counted(start.cases, "case", "cases"));
      fact("Started", start.started);
      fact("Ended", run.ended());
      fact("Run", start.run, true);
      fact("Operations", list(start.operations), true);
      fact("Cannot do", list(start.operations_missing), true);
    }
    fact("Ended by", run.stop ? run.stop->reason : "nothing: the journal has no last record");
    std::size_t told = 0;
    for (const record::Note& note : run.notes) {
      if (told++ == 100) break;
      put("<dt>{}</dt><dd>{}</dd>\n", shown(note.key, 100), shown(note.value, 2000));
    }
    put("</dl></details>\n");
  }
  put("</section>\n");
}

std::string Page::render() {
  requirements_ = requirement_table(runs_);
  for (const Odd& odd : odd_cases()) {
    if (case_anchors_.size() == kCasesListed) break;
    case_anchors_.insert(slug(odd.one->id));
  }
  head();
  top();
  targets();
  findings();
  requirements();
  skips();
  coverage();
  cases();
  warnings();
  environment();
  put("</div></main>\n<footer><div class=\"wrap\">Made from the run&#39;s journal alone, by "
      "dmabuf-conform. This page holds no script and loads nothing.</div></footer>\n</body>\n"
      "</html>\n");
  return std::move(out_);
}

}  // namespace

std::string render_html(const std::vector<Run>& runs, const HtmlOptions& options) {
  return Page(runs, options).render();
}

}  // namespace dmabuf::reports
