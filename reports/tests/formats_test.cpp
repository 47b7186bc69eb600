// SPDX-License-Identifier: MIT
// Other people's formats: held by golden files, and read by those who will read them.
#include "dmabuf/reports/formats.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "dmabuf/record/utf8.hpp"
#include "golden.hpp"
#include "readers.hpp"
#include "rows.hpp"
#include "samples.hpp"

namespace dmabuf::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::expect_golden;
using tests::Heard;
using tests::listen;
using tests::Paper;

std::string script(const std::string& name) { return "python3 " DMABUF_REPORTS_DIR "/tests/" + name + " "; }

std::vector<std::string> lines_with(const std::string& text, const std::string& part) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (const std::string line = text.substr(at, end - at); line.find(part) != std::string::npos)
      lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

std::vector<std::vector<record::Run>> all_samples() {
  return {samples::one_of_each(), samples::several_targets(), samples::hostile(), samples::endless(), {},
          std::vector<record::Run>(1)};
}

// --- rows ----------------------------------------------------------------------------------------

TEST(LabId, IsWhatEveryLabTakes) {
  EXPECT_EQ(lab_id("random.000017"), "random.000017");
  EXPECT_EQ(lab_id("vm:debian:6.12/udmabuf"), "vm-debian-6.12-udmabuf");
  const std::regex shape("[a-z0-9]+([._-][a-z0-9]+)*");
  for (const std::string text : {"", "Ä#=>", "a b", "..", "a..b", "reference:eager!dup_not_counted"}) {
    EXPECT_TRUE(std::regex_match(lab_id(text), shape)) << text << " gives " << lab_id(text);
    EXPECT_LE(lab_id(text + std::string(300, 'x')).size(), 100U);
  }
  EXPECT_NE(lab_id("a b"), lab_id("a c "));
}

TEST(Rows, StayDistinctWhereDotsAndDashesBecomeUnderscores) {
  std::vector<record::Run> runs(1);
  for (const char* id : {"a.b", "a-b", "a_b", "A.B", "a:b", "a b", "a#b"}) runs[0].cases.push_back({.id = id});
  std::set<std::string> folded;
  const auto suites = suites_of(runs);
  for (const Row& row : suites.front().rows) {
    std::string id = row.id;
    for (char& c : id)
      if (c == '.' || c == '-') c = '_';
    EXPECT_TRUE(folded.insert(id).second) << row.id;
  }
  EXPECT_GE(folded.size(), 7U);
}

TEST(Rows, HaveNoPassForARunThatWasNone) {
  for (const auto& runs : all_samples())
    for (const Suite& suite : suites_of(runs)) {
      bool bad = suite.not_run > 0, skipped = false;
      for (const Row& row : suite.rows) {
        bad = bad || row.result == Result::Fail || row.result == Result::Error;
        skipped = skipped || row.result == Result::Skip;
      }
      if (suite.run->judgement().verdict != record::Verdict::Conforms) {
        EXPECT_TRUE(bad || skipped) << suite.target;
      }
    }
}

TEST(Rows, KeepAFailureThatASecondTryForgot) {
  const auto runs = samples::one_of_each();
  const auto suites = suites_of(runs);
  const auto& rows = suites.front().rows;
  const auto at = std::find_if(rows.begin(), rows.end(), [](const Row& r) { return r.case_id == "random.000009"; });
  ASSERT_NE(at, rows.end());
  EXPECT_EQ(at->result, Result::ExpectedFailure) << "marked flaky: it does not fail the job";
  EXPECT_EQ(at->outcome, record::CaseOutcome::Leak);
}

// --- KTAP ----------------------------------------------------------------------------------------

TEST(Ktap, OfOneOfEach) { expect_golden("each.ktap", render_ktap(samples::one_of_each())); }
TEST(Ktap, OfHostileData) { expect_golden("hostile.ktap", render_ktap(samples::hostile())); }

TEST(Ktap, IsReadByKunitsParser) {
  const std::string kunit = tests::kunit_tool();
  NEED_READER(!kunit.empty() && tests::installed("python3"), "kunit's parser", "linux-source-6.12 python3");
  const std::string text = render_ktap(samples::one_of_each());
  const Paper paper("each.ktap", text);
  const Heard heard = listen("python3 " + kunit + " parse " + paper.path());
  const std::string on = "vm-debian-6.12-udmabuf.";
  for (const char* id : {"random.000001", "random.000002", "random.000003", "random.000004", "random.000006"})
    EXPECT_THAT(heard.out, HasSubstr("[FAILED] " + on + id));
  for (const char* id : {"trace.fd-outlives", "random.000000", "random.000007", "random.000008"})
    EXPECT_THAT(heard.out, HasSubstr("[PASSED] " + on + id));
  EXPECT_THAT(heard.out, HasSubstr("[SKIPPED] " + on + "random.000005"));
  EXPECT_THAT(heard.out, HasSubstr("[SKIPPED] vm-debian-6.1-udmabuf.run"));
  // Two of the last target's cases never came.
  EXPECT_THAT(heard.out, HasSubstr("missing expected subtest"));
  EXPECT_THAT(heard.out, HasSubstr("crashed: ")) << heard.out;
}

TEST(Ktap, CutOffAnywhereIsNoPassToKunit) {
  const std::string kunit = tests::kunit_tool();
  NEED_READER(!kunit.empty() && tests::installed("python3"), "kunit's parser", "linux-source-6.12 python3");
  record::Run run;
  run.start = record::Start{.run = "r", .target = "reference:eager", .cases = 3};
  for (const char* id : {"random.000000", "random.000001", "random.000002"})
    run.cases.push_back({.id = id, .tries = {{.outcome = record::CaseOutcome::Pass, .ended = true}}});
  run.stop = record::Stop{.reason = "plan-done", .verdict = "conforms", .cases = 3};
  const std::string whole = render_ktap({run});
  const auto status = [&](const std::string& text) {
    const Paper paper("cut.ktap", text);
    return listen("python3 " + kunit + " parse " + paper.path());
  };
  EXPECT_THAT(status(whole).out, HasSubstr("Ran 3 tests: passed: 3"));
  for (std::size_t line = whole.find('\n', whole.find("ok 1")); line < whole.rfind("ok 3");
       line = whole.find('\n', line + 1)) {
    const Heard heard = status(whole.substr(0, line + 1));
    EXPECT_THAT(heard.out, HasSubstr("missing expected subtest")) << whole.substr(0, line + 1);
  }
}

TEST(Ktap, IsReadByProve) {
  NEED_READER(tests::installed("prove"), "prove", "perl");
  const Paper good("good.ktap", render_ktap({samples::several_targets()[1]}));
  EXPECT_EQ(listen("prove -e cat " + good.path()).status, 0) << listen("prove -e cat " + good.path()).out;
  const Paper each("each.ktap", render_ktap({samples::one_of_each()[0]}));
  const Heard heard = listen("prove -e cat " + each.path());
  EXPECT_NE(heard.status, 0);
  EXPECT_THAT(heard.out, HasSubstr("Failed tests:  2-5, 7")) << heard.out;
  EXPECT_THAT(heard.out, Not(HasSubstr("Parse errors")));
  const Paper gone("gone.ktap", render_ktap({samples::one_of_each()[3]}));
  EXPECT_THAT(listen("prove -e cat " + gone.path()).out, HasSubstr("Bad plan")) << "cases never began";
}

TEST(Ktap, IsOneLineForEachCaseWhateverTheData) {
  const std::regex shape("(not )?ok [0-9]+ [a-z0-9._-]+( # (SKIP|XFAIL|XPASS|ERROR|TIMEOUT|divergence|leak|crash)[^#]*)?");
  for (const auto& runs : all_samples()) {
    std::size_t rows = 0, planned = 0;
    for (const Suite& suite : suites_of(runs)) {
      rows += suite.rows.size();
      planned += suite.rows.size() + suite.not_run;
    }
    const std::string text = render_ktap(runs);
    EXPECT_EQ(text, record::valid_utf8(text));
    EXPECT_THAT(text, HasSubstr(fmt::format("KTAP version 1\n1..{}\n", planned)));
    std::size_t results = 0;
    for (const std::string& line : lines_with(text, "")) {
      if (line.starts_with("#") || line.starts_with("KTAP") || line.starts_with("1..")) continue;
      EXPECT_TRUE(std::regex_match(line, shape)) << line;
      ++results;
    }
    EXPECT_EQ(results, rows);
  }
}

// --- JUnit ---------------------------------------------------------------------------------------

TEST(Junit, OfOneOfEach) { expect_golden("each.junit.xml", render_junit(samples::one_of_each())); }
TEST(Junit, OfHostileData) { expect_golden("hostile.junit.xml", render_junit(samples::hostile())); }

TEST(Junit, KeepsItsSchema) {
  NEED_READER(tests::installed("xmllint"), "xmllint", "libxml2-utils");
  const auto check = [](const std::string& text) {
    const Paper paper("junit.xml", text);
    return listen("xmllint --noout --schema " DMABUF_REPORTS_DIR "/schema/junit.xsd " + paper.path());
  };
  for (const auto& runs : all_samples()) {
    const Heard heard = check(render_junit(runs));
    EXPECT_EQ(heard.status, 0) << heard.out;
  }
  std::string twice = render_junit(samples::one_of_each());
  for (std::size_t at; (at = twice.find("random.000001")) != std::string::npos;) twice.replace(at, 13, "random.000000");
  EXPECT_NE(check(twice).status, 0) << "the schema takes two cases of one name";
  EXPECT_NE(check("<testsuites/>").status, 0) << "the schema takes anything";
}

TEST(Junit, HasTheFinalOutcomeOnce) {
  const std::string text = render_junit(samples::one_of_each());
  EXPECT_EQ(lines_with(text, "name=\"random.000009\"").size(), 1U);
  EXPECT_THAT(text, HasSubstr("<property name=\"attempts\" value=\"2\"/>"));
  EXPECT_THAT(text, HasSubstr("try 1: leak"));
  EXPECT_THAT(text, HasSubstr("try 2: pass"));
  EXPECT_EQ(lines_with(text, "<failure ").size(), 4U);
}

// --- LAVA ----------------------------------------------------------------------------------------

TEST(Lava, OfOneOfEach) { expect_golden("each.lava.txt", render_lava(samples::one_of_each())); }
TEST(Lava, ResultsOfOneOfEach) { expect_golden("each.lava-results.txt", render_lava_results(samples::one_of_each())); }

TEST(Lava, IsRecordedCompletely) {
  NEED_READER(tests::installed("python3"), "a reader of signals", "python3");
  for (const auto& runs : all_samples()) {
    const Paper paper("lava.txt", render_lava(runs));
    const Heard heard = listen(script("check_lava.py") + paper.path());
    EXPECT_EQ(heard.status, 0) << heard.out;
    std::string expected;  // both forms say the same
    std::string set;
    for (const std::string& line : lines_with(render_lava_results(runs), "")) {
      if (line.starts_with("lava-test-set start ")) set = line.substr(20);
      if (!line.starts_with("lava-test-set ")) expected += set + " " + line.substr(0, line.find(' ', line.find(' ') + 1)) + "\n";
    }
    EXPECT_EQ(heard.out, expected);
  }
}

TEST(Lava, TextOfACaseIsNoSignal) {
  auto runs = samples::one_of_each();
  runs[0].findings[0].summary = "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=random.000009 RESULT=pass>";
  EXPECT_EQ(lines_with(render_lava(runs), "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=random.000009 ").size(), 1U);
}

// --- KCIDB ---------------------------------------------------------------------------------------

TEST(Kcidb, OfOneOfEach) { expect_golden("each.kcidb.json", render_kcidb(samples::one_of_each())); }

Heard check_schema(const std::string& schema, const Paper& paper, const std::string& more = "") {
  return listen(script("check_schema.py") + DMABUF_REPORTS_DIR "/schema/" + schema + ".schema.json " + paper.path() + more);
}

TEST(Kcidb, KeepsItsSchema) {
  for (const auto& runs : all_samples())
    for (const KcidbOptions& options :
         {KcidbOptions{}, KcidbOptions{.origin = "my_lab", .build_id = "maestro:66b1", .artifact_url_prefix = "https://x.org/r"}}) {
      const Paper paper("kcidb.json", render_kcidb(runs, options));
      const Heard heard = check_schema("kcidb-5.3", paper);
      NEED_READER(heard.status != 77 && heard.status != 127, "jsonschema", "python3-jsonschema");
      EXPECT_EQ(heard.status, 0) << heard.out;
    }
  for (const char* wrong : {R"({"version":{"major":5,"minor":3},"tests":[{"id":"a:b","origin":"a","build_id":"a:c","status":"XFAIL"}]})",
                            R"({"version":{"major":5,"minor":3},"tests":[{"id":"a:b","origin":"a","build_id":"a:c","path":"a/b"}]})",
                            R"({"version":{"major":5,"minor":3},"tests":[{"id":"ab","origin":"a","build_id":"a:c"}]})",
                            R"({"version":{"major":5,"minor":3},"tests":[{"id":"a:b","origin":"A","build_id":"a:c"}]})",
                            R"({"version":{"major":5,"minor":3},"tests":[{"id":"a:b","origin":"a","build_id":"a:c","comment":null}]})"}) {
    const Paper paper("kcidb.json", wrong);
    EXPECT_EQ(check_schema("kcidb-5.3", paper).status, 1) << "the schema takes " << wrong;
  }
}

TEST(Kcidb, TellsAKnownProblemByAnIncident) {
  const auto json = nlohmann::json::parse(render_kcidb(samples::one_of_each()));
  std::set<std::string> tests, issues;
  for (const auto& test : json["tests"]) EXPECT_TRUE(tests.insert(test["id"]).second) << test["id"];
  for (const auto& issue : json["issues"]) EXPECT_TRUE(issues.insert(issue["id"]).second);
  EXPECT_EQ(issues.size(), 4U);
  bool known = false;
  for (const auto& incident : json["incidents"]) {
    EXPECT_TRUE(tests.contains(incident["test_id"]));
    EXPECT_TRUE(issues.contains(incident["issue_id"]));
    known = known || incident["test_id"].get<std::string>().ends_with("random.000007");
  }
  EXPECT_TRUE(known);
  for (const auto& test : json["tests"])
    if (test["path"].get<std::string>().ends_with("random.000007")) {
      EXPECT_EQ(test["status"], "FAIL");
    }
}

TEST(Kcidb, AttachesToABuildThatIsThere) {
  const auto json = nlohmann::json::parse(render_kcidb(samples::one_of_each(), {.build_id = "maestro:66b1"}));
  EXPECT_TRUE(json["builds"].empty());
  EXPECT_TRUE(json["checkouts"].empty());
  for (const auto& test : json["tests"]) EXPECT_EQ(test["build_id"], "maestro:66b1");
}

// --- ndjson --------------------------------------------------------------------------------------

TEST(Ndjson, OfOneOfEach) { expect_golden("each.ndjson", render_ndjson(samples::one_of_each())); }

TEST(Ndjson, KeepsItsSchema) {
  for (const auto& runs : all_samples()) {
    if (runs.empty()) continue;
    const Paper paper("lines.ndjson", render_ndjson(runs));
    const Heard heard = check_schema("lines", paper, " --lines");
    NEED_READER(heard.status != 77 && heard.status != 127, "jsonschema", "python3-jsonschema");
    EXPECT_EQ(heard.status, 0) << heard.out;
  }
  const Paper wrong("lines.ndjson", R"({"rec":"case","target":"t","case":"A","outcome":"pass","result":"pass","ms":1})" "\n");
  EXPECT_EQ(check_schema("lines", wrong, " --lines").status, 1) << "the schema takes anything";
}

// --- Perfetto ------------------------------------------------------------------------------------

TEST(Perfetto, OfOneOfEach) { expect_golden("each.perfetto.json", render_perfetto(samples::one_of_each())); }

TEST(Perfetto, HasEventsThatAnImporterTakes) {
  NEED_READER(tests::installed("python3"), "a reader of trace events", "python3");
  for (const auto& runs : all_samples()) {
    if (runs.empty()) continue;
    const Paper paper("trace.json", render_perfetto(runs));
    const Heard heard = listen(script("check_trace_events.py") + paper.path());
    EXPECT_EQ(heard.status, 0) << heard.out;
  }
}

TEST(Perfetto, ShowsALeakAsALifeThatGoesOn) {
  const auto json = nlohmann::json::parse(render_perfetto(samples::one_of_each()));
  std::size_t leaked = 0;
  for (const auto& event : json["traceEvents"])
    if (event["ph"] == "b" && event["args"]["leaked"] == true) ++leaked;
  EXPECT_GE(leaked, 1U);
}

}  // namespace
}  // namespace dmabuf::reports
