// SPDX-License-Identifier: MIT
#include "dmabuf/reports/html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dmabuf/record/utf8.hpp"
#include "dmabuf/reports/write.hpp"
#include "draw.hpp"
#include "golden.hpp"
#include "lanes.hpp"
#include "samples.hpp"

namespace dmabuf::reports {
namespace {

namespace fs = std::filesystem;
using record::CaseOutcome;
using record::Finding;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// --- lanes ---------------------------------------------------------------------------------------

std::string life(const Lane& lane) {
  std::string text = lane.slot;
  for (const Life& one : lane.lives)
    text += " " + std::to_string(one.birth) + "-" +
            (one.death ? std::to_string(*one.death) : std::string()) + (one.leaked ? "!" : "");
  for (const std::size_t ghost : lane.ghosts) text += " x" + std::to_string(ghost);
  return text;
}

std::vector<std::string> lives(const Finding& finding) {
  std::vector<std::string> all;
  for (const Lane& lane : lanes_of(finding)) all.push_back(life(lane));
  return all;
}

TEST(Lanes, RunFromBirthToDeath) {
  EXPECT_THAT(lives({.trace = {{"export b0 r0 2", "ok", ""},
                               {"install_fd r0 f0", "ok", ""},
                               {"get f0 r1", "ok", ""},
                               {"attach r1 d0 a0", "ok", ""},
                               {"map a0 m0 to_device", "ok", ""},
                               {"unmap m0", "ok", ""},
                               {"detach a0", "ok", ""},
                               {"send f0 s0", "ok", ""},
                               {"close f0", "ok", ""},
                               {"put r1", "ok", ""},
                               {"receive s0 f1", "ok", ""},
                               {"mmap f1 v0 0 1", "ok", ""},
                               {"close f1", "ok", ""},
                               {"munmap v0", "ok", ""}}}),
              ElementsAre("b0 0-13", "f0 1-8", "f1 10-12", "r0 0-1", "r1 2-9", "a0 3-6", "m0 4-5",
                          "v0 11-13", "s0 7-10"));
}

TEST(Lanes, LeaveRefusedOperationsAndUncarriedOnesWithoutEffect) {
  EXPECT_THAT(lives({.trace = {{"create b0 f0", "ok", ""},
                               {"get f0 r0", "EMFILE", ""},
                               {"close f0", "EIO", ""},
                               {"dup f0 f1", "", ""}}}),
              ElementsAre("b0 0-", "f0 0-"));
}

TEST(Lanes, GoOnForWhatTheFindingSaysHasLeaked) {
  Finding leak{.kind = CaseOutcome::Leak,
               .observed = "b0 alive",
               .trace = {{"create b0 f0", "ok", ""}, {"close f0", "ok", ""}}};
  EXPECT_THAT(lives(leak), ElementsAre("b0 0-1!", "f0 0-1"));
  leak.observed = "one too many";
  EXPECT_THAT(lives(leak), ElementsAre("b0 0-1!", "f0 0-1"));  // nothing named: the buffer
  leak.observed = "f0 still open";
  EXPECT_THAT(lives(leak), ElementsAre("b0 0-1", "f0 0-1!"));
  leak.kind = CaseOutcome::Divergence;
  EXPECT_THAT(lives(leak), ElementsAre("b0 0-1", "f0 0-1"));
}

TEST(Lanes, ShowUseAfterTheEndAndUnexpectedBirths) {
  EXPECT_THAT(lives({.trace = {{"export b0 r0", "ok", ""},
                               {"put r0", "ok", ""},
                               {"put r0", "ok", ""},
                               {"get foreign r1", "ok", ""},
                               {"get bad r2", "EBADF", ""}}}),
              ElementsAre("b0 0-1", "r0 0-1 x2", "r1 3-"));
}

TEST(Lanes, KeepABufferWhoseHandleIsClosedLater) {
  EXPECT_THAT(lives({.trace = {{"create b0 f0", "ok", ""},
                               {"close f0", "ok", ""},
                               {"close_handle b0", "ok", ""}}}),
              ElementsAre("b0 0-2", "f0 0-1"));
}

TEST(Lanes, TakeAnyText) {
  for (const char* text : {"", " ", "attach", "attach r0", "map m0 m0", "close_handle",
                           "put r9999999", "export r0 b0 f0", "dup bad", "b0 b0 b0", "close close"})
    (void)lanes_of({.kind = CaseOutcome::Leak, .trace = {{text, "ok", text}, {text, "", ""}}});
}

TEST(Machines, AreDrawnFromTheirRows) {
  const record::Coverage cover{
      .missing = {"fd: Open --dup--> Open [FD-1]", "no row", "x: --y-->", ": --> "},
      .hit = {"fd: Free --create--> Open [FD-2]", "buffer: A --b--> C"}};
  const auto machines = draw_machines(cover, "m");
  ASSERT_THAT(machines, SizeIs(2));
  EXPECT_EQ(machines[0].name, "buffer");
  EXPECT_EQ(machines[1].name, "fd");
  EXPECT_EQ(machines[1].hit, 1U);
  EXPECT_EQ(machines[1].total, 2U);
  EXPECT_THAT(machines[1].svg, HasSubstr("○ dup"));
}

// --- the page ------------------------------------------------------------------------------------

/// What is wrong with a page; empty if it is well formed, closed in itself and in order.
std::vector<std::string> faults_of(const std::string& html) {
  std::vector<std::string> faults;
  const std::set<std::string> empty = {"meta", "br", "!doctype"};
  std::vector<std::string> open;
  std::set<std::string> ids, links;
  std::map<std::string, int> landmarks;
  int heading = 0;
  if (html != record::valid_utf8(html)) faults.push_back("not UTF-8");
  for (const char c : html)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') {
      faults.push_back("control character");
      break;
    }
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string::npos;) {
    std::size_t end = at + 1;
    const bool closing = html[end] == '/';
    if (closing) ++end;
    std::string name;
    while (end < html.size() &&
           (std::isalnum(static_cast<unsigned char>(html[end])) || html[end] == '!'))
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(html[end++])));
    if (name.empty()) faults.push_back("bare < at " + html.substr(at, 40));
    std::map<std::string, std::string> attributes;
    bool self_closed = false;
    while (end < html.size() && html[end] != '>') {
      if (html[end] == ' ' || html[end] == '\n') {
        ++end;
      } else if (html[end] == '/') {
        self_closed = true;
        ++end;
      } else {
        std::string key;
        while (end < html.size() && html[end] != '=' && html[end] != '>' && html[end] != ' ')
          key += html[end++];
        if (html[end] != '=') {
          attributes[key] = "";
          continue;
        }
        if (html[end + 1] != '"') {
          faults.push_back("unquoted attribute: " + html.substr(at, 80));
          break;
        }
        const auto quote = html.find('"', end + 2);
        if (!attributes.emplace(key, html.substr(end + 2, quote - end - 2)).second)
          faults.push_back("attribute twice: " + key);
        end = quote + 1;
      }
    }
    at = end;
    if (closing) {
      if (open.empty() || open.back() != name)
        faults.push_back("</" + name + "> closes " + (open.empty() ? "nothing" : open.back()));
      else
        open.pop_back();
      continue;
    }
    if (!empty.contains(name) && !self_closed) open.push_back(name);
    ++landmarks[name];
    if (name == "script" || name == "img" || name == "iframe" || name == "link" || name == "object")
      faults.push_back("<" + name + ">");
    if (name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6') {
      const int level = name[1] - '0';
      if (level > heading + 1) faults.push_back("heading " + name + " skips a level");
      heading = level;
    }
    for (const auto& [key, value] : attributes) {
      if (key == "id" && !ids.insert(value).second) faults.push_back("id twice: " + value);
      if (key == "href" && (value.empty() || value[0] != '#')) faults.push_back("link to " + value);
      if (key == "href") links.insert(value.substr(1));
      if (key == "aria-labelledby")
        for (std::size_t from = 0; from < value.size();) {
          const auto space = std::min(value.find(' ', from), value.size());
          links.insert(value.substr(from, space - from));
          from = space + 1;
        }
      if (key == "src" || key.starts_with("on")) faults.push_back("attribute " + key);
    }
    if (name == "style") at = html.find("</style>", at);
  }
  for (const std::string& one : open) faults.push_back("<" + one + "> is not closed");
  for (const std::string& link : links)
    if (!ids.contains(link)) faults.push_back("nothing has the id " + link);
  for (const char* one : {"header", "main", "nav", "footer", "h1", "title"})
    if (landmarks[one] < 1) faults.push_back(std::string("no <") + one + ">");
  if (landmarks["h1"] != 1 || landmarks["main"] != 1) faults.push_back("more than one h1 or main");
  for (const char* outside : {"http://", "https://", "@import", "url(\"", "url('", "javascript:"})
    if (html.find(outside) != std::string::npos)
      faults.push_back(std::string("refers to ") + outside);
  return faults;
}

TEST(Page, CheckerFindsFaults) {
  const std::string good = render_html(samples::several_targets());
  EXPECT_THAT(faults_of(good), IsEmpty());
  const auto broken = [&](const std::string& what, const std::string& with) {
    std::string page = good;
    const auto at = page.find(what);
    return at == std::string::npos ? std::vector<std::string>{}
                                   : faults_of(page.replace(at, what.size(), with));
  };
  EXPECT_THAT(broken("</h1>", ""), Not(IsEmpty()));
  EXPECT_THAT(broken("<h2", "<h4"), Not(IsEmpty()));
  EXPECT_THAT(broken("<main", "<script></script><main"), Not(IsEmpty()));
  EXPECT_THAT(broken("id=\"finding-2\"", "id=\"finding-1\""), Not(IsEmpty()));
  EXPECT_THAT(broken("href=\"#findings\"", "href=\"#nowhere\""), Not(IsEmpty()));
}

/// Pages that people look at are kept when DMABUF_KEEP_PAGES names a directory.
void keep(const std::string& name, const std::string& html) {
  if (const char* folder = std::getenv("DMABUF_KEEP_PAGES"))
    write_file(fs::path(folder) / name, html);
}

TEST(Page, OfSeveralTargets) {
  const std::string html = render_html(samples::several_targets());
  keep("several.html", html);
  EXPECT_THAT(faults_of(html), IsEmpty());
  EXPECT_THAT(html, HasSubstr("never ends"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
  tests::expect_golden("several.html", html);
}

TEST(Page, OfAConformingTarget) {
  const auto runs = std::vector<record::Run>{samples::several_targets()[1]};
  const std::string html = render_html(runs);
  keep("conforming.html", html);
  EXPECT_THAT(faults_of(html), IsEmpty());
  EXPECT_THAT(html, HasSubstr("<title>Conforms: "));
  tests::expect_golden("conforming.html", html);
}

TEST(Page, OfHostileData) {
  const std::string html = render_html(samples::hostile(), {.title = "<script>\x01"});
  keep("hostile.html", html);
  EXPECT_THAT(faults_of(html), IsEmpty());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
  tests::expect_golden("hostile.html", html);
}

TEST(Page, OfAnEndlessTraceIsCutInTheMiddle) {
  const std::string html = render_html(samples::endless());
  keep("endless.html", html);
  EXPECT_THAT(faults_of(html), IsEmpty());
  EXPECT_THAT(html, HasSubstr("9,600 operations left out here"));
  EXPECT_LT(html.size(), std::size_t{1} << 20);
  tests::expect_golden("endless.html", html);
}

TEST(Page, OfNothingAtAll) {
  EXPECT_THAT(faults_of(render_html({})), IsEmpty());
  EXPECT_THAT(faults_of(render_html(std::vector<record::Run>(1))), IsEmpty());
}

TEST(Page, StaysWithinFiveMegabytes) {
  std::vector<record::Run> runs = samples::endless();
  const Finding model = runs[0].findings[0];
  for (int i = 0; i < 2000; ++i) {
    Finding one = model;
    one.signature += std::to_string(i);
    one.id = "";
    one.kernel_log = std::string(200'000, '<');
    one.summary = std::string(20'000, '&');
    one.clauses[0].id = "DBUF-X-" + std::to_string(i);
    if (i > 20) {  // what is never shown in full need not fill the memory
      one.trace.resize(3);
      one.kernel_log.clear();
    }
    runs[0].findings.push_back(one);
    runs[0].skips.push_back({std::to_string(i), std::string(5000, '>'), std::string(5000, '"')});
    runs[0].warns.push_back({"k", std::string(5000, '\x01'), "c"});
    runs[0].notes.push_back({std::to_string(i), std::string(5000, '<')});
    runs[0].cases.push_back(
        {.id = "z" + std::to_string(i), .tries = {{.message = std::string(5000, '<')}}});
  }
  runs[0].coverage = record::Coverage{
      .missing = std::vector<std::string>(20'000, std::string(1000, '<') + " [DBUF-A-1]")};
  const std::string html = render_html(runs);
  EXPECT_THAT(faults_of(html), IsEmpty());
  EXPECT_LT(html.size(), std::size_t{5} << 20);
  EXPECT_THAT(html, HasSubstr("listed in brief"));
  runs.resize(300, samples::several_targets()[0]);
  EXPECT_LT(render_html(runs).size(), std::size_t{5} << 20);
}

TEST(Page, IsAcceptedByXmllint) {
  if (std::system("command -v xmllint >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "xmllint is not installed: apt-get install libxml2-utils";
  const fs::path folder = fs::path(::testing::TempDir()) / (std::to_string(::getpid()) + "-pages");
  fs::create_directory(folder);
  for (const auto& runs : {samples::several_targets(), samples::hostile(), samples::endless()}) {
    const fs::path page = folder / "page.html", said = folder / "said";
    write_file(page, render_html(runs));
    // Its HTML is that of 1999: it does not know the elements of today, and says so of each.
    (void)!std::system(
        ("xmllint --html --noout " + page.string() + " 2> " + said.string()).c_str());
    std::ifstream in(said);
    for (std::string line; std::getline(in, line);)
      if (line.find("error") != std::string::npos && line.find("Tag ") == std::string::npos) {
        ADD_FAILURE() << line;
      }
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace dmabuf::reports
