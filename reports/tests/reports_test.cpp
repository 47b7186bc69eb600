// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dmabuf/record/codec.hpp"
#include "dmabuf/record/utf8.hpp"
#include "dmabuf/reports/json.hpp"
#include "dmabuf/reports/text.hpp"
#include "dmabuf/reports/write.hpp"
#include "golden.hpp"
#include "samples.hpp"
#include "visible.hpp"

namespace dmabuf::reports {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using tests::expect_golden;

fs::path scratch_file(const std::string& name) {
  return fs::path(::testing::TempDir()) / (std::to_string(::getpid()) + "-" + name);
}

void expect_shows_no_control_characters(const std::string& text) {
  EXPECT_EQ(text, record::valid_utf8(text));
  for (const char c : text)
    if (c != '\n') {
      ASSERT_GE(static_cast<unsigned char>(c), 0x20U) << text;
    }
  for (const char* bad : {"\x7f", "\u202e", "\u2028", "\u0085"})
    EXPECT_EQ(text.find(bad), std::string::npos);
}

// --- text ----------------------------------------------------------------------------------------

TEST(Text, OfSeveralTargets) {
  expect_golden("several.txt", render_text(samples::several_targets()));
}

TEST(Text, OfSeveralTargetsInColour) {
  expect_golden("several-colour.txt",
                render_text(samples::several_targets(), {.colour = Colour::Yes}));
}

TEST(Text, OfHostileData) {
  const std::string text = render_text(samples::hostile());
  expect_shows_no_control_characters(text);
  expect_golden("hostile.txt", text);
}

TEST(Text, OfAnEndlessTraceIsCutInTheMiddle) {
  const std::string text = render_text(samples::endless());
  EXPECT_THAT(text, HasSubstr("9,940 operations left out"));
  EXPECT_LT(text.size(), 20000U);
  expect_golden("endless.txt", text);
}

TEST(Text, OfNothingAtAll) {
  EXPECT_EQ(render_text({}), "INCONCLUSIVE  No run was given.\n");
  EXPECT_THAT(render_text(std::vector<record::Run>(1)), HasSubstr("The journal holds no run."));
}

TEST(Text, AddsNothingButColourWhenAskedForColour) {
  std::string plain, coloured = render_text(samples::several_targets(), {.colour = Colour::Yes});
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\x1b')
      i = coloured.find('m', i);
    else
      plain += coloured[i];
  }
  EXPECT_EQ(plain, render_text(samples::several_targets()));
}

TEST(Progress, IsOneLine) {
  EXPECT_EQ(progress_line({.cases = 1240,
                           .cases_per_second = 41.2,
                           .findings = 2,
                           .rows_hit = 87,
                           .rows_total = 112,
                           .seconds_left = 12 * 60}),
            "cases 1240 (41/s) findings 2 cover 87/112 left 12m");
  EXPECT_EQ(progress_line({.cases = 3, .cases_per_second = 0.25, .fresh = 1, .crashes = 0}),
            "cases 3 (0.2/s) findings 0 new 1 crashes 0");
}

TEST(Duration, IsShort) {
  EXPECT_EQ(duration(0.02), "0.0s");
  EXPECT_EQ(duration(45), "45s");
  EXPECT_EQ(duration(12 * 60 + 20), "12m");
  EXPECT_EQ(duration(2 * 3600 + 5 * 60), "2h05m");
  EXPECT_EQ(duration(3 * 86400 + 4 * 3600), "3d04h");
  EXPECT_EQ(duration(-1), "?");
}

TEST(Visible, ShowsWhatWouldOtherwiseAct) {
  EXPECT_EQ(visible("a\x1b[31m\n"), "a\\x1b[31m\\n");
  EXPECT_EQ(visible("a\n\tb", Lines::Many), "a\n    b");
  EXPECT_EQ(visible("\u202e\u0085\xff\x7f"), "\\u{202e}\\u{85}\\xff\\x7f");
  EXPECT_EQ(visible("é → 🧵"), "é → 🧵");
}

TEST(Percent, IsNeverRoundedUpToAll) {
  EXPECT_EQ(percent(9999, 10000), "99.9");
  EXPECT_EQ(percent(10000, 10000), "100");
  EXPECT_EQ(percent(0, 0), "0");
}

// --- json ----------------------------------------------------------------------------------------

TEST(Results, OfSeveralTargets) {
  expect_golden("several.json", results_json(samples::several_targets()));
}

TEST(Results, OfHostileData) {
  const std::string json = results_json(samples::hostile());
  expect_golden("hostile.json", json);
  EXPECT_TRUE(nlohmann::json::accept(json));
}

TEST(Results, CountWhatTheyList) {
  for (const auto& run : samples::several_targets()) {
    const auto json = nlohmann::json::parse(results_json(run));
    std::map<std::string, std::uint64_t> counted;
    std::string last;
    for (const auto& one : json["cases"]) {
      ++counted[one["outcome"]];
      EXPECT_LT(last, one["id"].get<std::string>());
      last = one["id"];
    }
    for (const auto& [word, number] : json["totals"].items())
      if (word != "notrun") {
        EXPECT_EQ(number.get<std::uint64_t>(), counted[word]) << word;
      }
    EXPECT_EQ(json["findings"].size(), run.findings.size());
    EXPECT_EQ(json["verdict"], to_string(run.judgement().verdict));
  }
}

int check_schema(const std::string& schema, const fs::path& file, const std::string& more = "") {
  const std::string command = "python3 " DMABUF_REPORTS_DIR
                              "/tests/check_schema.py " DMABUF_REPORTS_DIR "/schema/" +
                              schema + ".schema.json " + file.string() + more + " 1>&2";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Schema, IsKeptByResults) {
  const auto file = scratch_file("results.json");
  for (const auto& runs : {samples::several_targets(), samples::hostile(), samples::endless()}) {
    write_file(file, results_json(runs));
    const int status = check_schema("results", file);
    if (status == 77 || status == 127) GTEST_SKIP() << "python3 with jsonschema is not installed";
    EXPECT_EQ(status, 0);
  }
  write_file(file, R"({"schema":"dmabuf-conform.results/1","verdict":"fine"})");
  EXPECT_EQ(check_schema("results", file), 1) << "the schema takes anything";
  fs::remove(file);
}

/// One that was kept, one broken, one that did not apply.
std::vector<record::Record> checked() {
  using namespace record;
  return {Start{.run = "r", .target = "vm:debian:6.12/vgem"},
          Begin{.case_id = "check.mmu.offset"},
          Checked{.case_id = "check.mmu.offset", .requirement = "DBUF-MMU-002", .state = "kept"},
          Checked{.case_id = "check.mmu.offset",
                  .requirement = "DBUF-MMU-008",
                  .state = "broken",
                  .call = "load page 0",
                  .expected = "0x2",
                  .observed = "0x1"},
          Checked{.case_id = "check.mmu.offset",
                  .requirement = "DBUF-UDM-013",
                  .state = "not-applicable",
                  .reason = "it speaks of 6.1",
                  .remedy = "test 6.1"},
          End{.case_id = "check.mmu.offset", .outcome = CaseOutcome::Divergence},
          Stop{.reason = "plan-done", .verdict = "diverges", .cases = 1, .findings = 1}};
}

TEST(Checks, AreInResultsWithTheirRequirements) {
  std::string text;
  std::uint64_t seq = 0;
  for (const auto& record : checked()) text += record::to_json_line({++seq, seq, record}) + "\n";
  std::istringstream in(text);
  const std::vector<record::Run> runs = record::collect(in);
  const std::string results = results_json(runs);
  const auto json = nlohmann::json::parse(results);
  ASSERT_EQ(json["checks"].size(), 3U);
  EXPECT_EQ(json["checks"][1]["state"], "broken");
  EXPECT_EQ(json["cases"][0]["req"], nlohmann::json({"DBUF-MMU-002", "DBUF-MMU-008"}))
      << "what did not apply was not asked";
  for (const bool journal : {false, true}) {
    const auto file = scratch_file("checked.json");
    write_file(file, journal ? text : results);
    const int status = check_schema(journal ? "journal" : "results", file, journal ? " --lines" : "");
    if (status == 77 || status == 127) GTEST_SKIP() << "python3 with jsonschema is not installed";
    EXPECT_EQ(status, 0);
    fs::remove(file);
  }
}

TEST(Schema, IsKeptByTheJournal) {
  const auto file = scratch_file("journal.ndjson");
  std::string text;
  std::uint64_t seq = 0;
  for (const auto& records : {samples::small(), samples::passing()})
    for (const auto& record : records)
      text += record::to_json_line({++seq, seq * 7, record}) + "\n";
  write_file(file, text);
  const int status = check_schema("journal", file, " --lines");
  if (status == 77 || status == 127) GTEST_SKIP() << "python3 with jsonschema is not installed";
  EXPECT_EQ(status, 0);
  write_file(
      file,
      R"({"seq":1,"t_ns":0,"rec":"end","case":"a","try":1,"outcome":"passed","ops":1,"ms":1})");
  EXPECT_EQ(check_schema("journal", file, " --lines"), 1) << "the schema takes anything";
  fs::remove(file);
}

// --- files ---------------------------------------------------------------------------------------

TEST(WriteFile, ReplacesAtOnceAndLeavesNothingBeside) {
  const fs::path folder = scratch_file("folder");
  fs::create_directory(folder);
  write_file(folder / "a", "one");
  write_file(folder / "a", "two");
  std::ifstream in(folder / "a");
  std::string text;
  in >> text;
  EXPECT_EQ(text, "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
  try {
    write_file(folder / "no" / "a", "x");
    FAIL() << "no error";
  } catch (const WriteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("create the directory"));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace dmabuf::reports
