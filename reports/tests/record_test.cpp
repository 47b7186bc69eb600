// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "dmabuf/record/codec.hpp"
#include "dmabuf/record/journal.hpp"
#include "dmabuf/record/run.hpp"
#include "dmabuf/record/utf8.hpp"
#include "samples.hpp"

namespace dmabuf::record {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// A directory of this test's own, gone when the test ends.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "dmabuf-record-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~Scratch() { fs::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  fs::path operator/(const char* name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void spit(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string journal_of(const std::vector<Record>& records) {
  std::string text;
  std::uint64_t seq = 0;
  for (const Record& record : records) {
    ++seq;
    text += to_json_line({seq, seq * 1000, record}) + '\n';
  }
  return text;
}

std::vector<Run> collect_text(const std::string& text) {
  std::istringstream in(text);
  return collect(in);
}

// --- generators ----------------------------------------------------------------------------------

rc::Gen<std::string> text() {
  const auto ascii = rc::gen::map(rc::gen::inRange<int>(0x20, 0x7f),
                                  [](int c) { return std::string(1, static_cast<char>(c)); });
  const auto odd = rc::gen::element<std::string>("\"", "\\", "\n", "\t", "\x01", "\x1b", "\x7f",
                                                 "é", "→", "\U0001f9f5", "<", std::string(1, '\0'));
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::oneOf(ascii, odd)),
                      [](const auto& all) {
                        std::string joined;
                        for (const auto& one : all) joined += one;
                        return joined;
                      });
}

rc::Gen<std::vector<std::string>> texts() {
  return rc::gen::container<std::vector<std::string>>(text());
}

rc::Gen<std::uint64_t> u64() { return rc::gen::arbitrary<std::uint64_t>(); }
rc::Gen<std::uint32_t> u32() { return rc::gen::arbitrary<std::uint32_t>(); }
rc::Gen<double> real() {
  return rc::gen::map(rc::gen::arbitrary<std::int32_t>(), [](int n) { return n / 1000.0; });
}
rc::Gen<CaseOutcome> outcome() {
  return rc::gen::map(rc::gen::inRange<int>(0, 9),
                      [](int n) { return static_cast<CaseOutcome>(n); });
}

rc::Gen<Record> record() {
  using rc::gen::build;
  using rc::gen::set;
  const auto as_record = [](auto gen) { return rc::gen::cast<Record>(gen); };
  const auto step = build<Step>(set(&Step::operation, text()), set(&Step::outcome, text()),
                                set(&Step::note, text()));
  const auto clause = build<Clause>(set(&Clause::id, text()), set(&Clause::text, text()),
                                    set(&Clause::source, text()));
  return rc::gen::oneOf(
      as_record(build<Start>(
          set(&Start::run, text()), set(&Start::tool, text()), set(&Start::model, text()),
          set(&Start::target, text()), set(&Start::exporter, text()), set(&Start::importer, text()),
          set(&Start::kernel, text()), set(&Start::profile, text()), set(&Start::seed, u64()),
          set(&Start::cases, u64()), set(&Start::shard_index, u32()),
          set(&Start::shard_count, u32()), set(&Start::started, text()), set(&Start::argv, texts()),
          set(&Start::operations, texts()), set(&Start::operations_missing, texts()))),
      as_record(build<Begin>(set(&Begin::case_id, text()), set(&Begin::k, u64()),
                             set(&Begin::attempt, u32()), set(&Begin::case_seed, u64()))),
      as_record(build<End>(set(&End::case_id, text()), set(&End::attempt, u32()),
                           set(&End::outcome, outcome()), set(&End::operations, u32()),
                           set(&End::ms, real()), set(&End::signature, text()),
                           set(&End::op, rc::gen::map(rc::gen::maybe(u32()),
                                                      [](const rc::Maybe<std::uint32_t>& m) {
                                                        return m ? std::optional(*m) : std::nullopt;
                                                      })),
                           set(&End::expected, text()), set(&End::observed, text()),
                           set(&End::message, text()), set(&End::mark, text()))),
      as_record(build<Finding>(
          set(&Finding::signature, text()), set(&Finding::signature_version, u32()),
          set(&Finding::id, text()), set(&Finding::kind, outcome()), set(&Finding::target, text()),
          set(&Finding::exporter, text()), set(&Finding::kernel, text()),
          set(&Finding::first_case, text()), set(&Finding::case_seed, u64()),
          set(&Finding::count, u64()), set(&Finding::summary, text()),
          set(&Finding::allowed, texts()), set(&Finding::expected, text()),
          set(&Finding::observed, text()),
          set(&Finding::clauses, rc::gen::container<std::vector<Clause>>(clause)),
          set(&Finding::trace, rc::gen::container<std::vector<Step>>(step)),
          set(&Finding::original_operations, u32()), set(&Finding::shrink_runs, u32()),
          set(&Finding::minimality, text()), set(&Finding::replay, text()),
          set(&Finding::token, text()), set(&Finding::kernel_log, text()))),
      as_record(build<Warn>(set(&Warn::kind, text()), set(&Warn::text, text()),
                            set(&Warn::case_id, text()))),
      as_record(build<Skipped>(set(&Skipped::target, text()), set(&Skipped::reason, text()),
                               set(&Skipped::remedy, text()))),
      as_record(build<Note>(set(&Note::key, text()), set(&Note::value, text()))),
      as_record(build<Coverage>(set(&Coverage::rows_hit, u32()), set(&Coverage::rows_total, u32()),
                                set(&Coverage::missing, texts()), set(&Coverage::hit, texts()))),
      as_record(build<Stop>(set(&Stop::reason, text()), set(&Stop::verdict, text()),
                            set(&Stop::cases, u64()), set(&Stop::operations, u64()),
                            set(&Stop::findings, u64()), set(&Stop::seconds, real()))),
      as_record(build<Checked>(set(&Checked::case_id, text()), set(&Checked::requirement, text()),
                               set(&Checked::state, text()), set(&Checked::call, text()),
                               set(&Checked::expected, text()), set(&Checked::observed, text()),
                               set(&Checked::reason, text()), set(&Checked::remedy, text()))));
}

rc::Gen<Line> line() {
  return rc::gen::build<Line>(rc::gen::set(&Line::seq, u64()), rc::gen::set(&Line::t_ns, u64()),
                              rc::gen::set(&Line::record, record()));
}

}  // namespace

void showValue(const Line& one, std::ostream& out) { out << to_json_line(one); }

namespace {

// --- codec ---------------------------------------------------------------------------------------

RC_GTEST_PROP(Codec, RoundTripsEveryRecord, ()) {
  const Line written = *line();
  const std::string json = to_json_line(written);
  RC_ASSERT(json.find('\n') == std::string::npos);
  const auto read = from_json_line(json);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == written);
  RC_ASSERT(to_json_line(*read) == json);
}

RC_GTEST_PROP(Codec, TakesAnyBytesAndIsStableAfterwards, (const std::string& bytes)) {
  const auto once = from_json_line(to_json_line({1, 2, Warn{.kind = "log", .text = bytes}}));
  RC_ASSERT(once.has_value());
  RC_ASSERT(std::get<Warn>(once->record).text == valid_utf8(bytes));
  const auto twice = from_json_line(to_json_line(*once));
  RC_ASSERT(twice.has_value());
  RC_ASSERT(*twice == *once);
}

RC_GTEST_PROP(Codec, NeverThrowsOnGarbage, ()) {
  std::string json = to_json_line(*line());
  const auto bites = *rc::gen::inRange(1, 8);
  for (int i = 0; i < bites; ++i)
    json[*rc::gen::inRange<std::size_t>(0, json.size())] = *rc::gen::arbitrary<char>();
  (void)from_json_line(json);
  (void)from_json_line(*rc::gen::arbitrary<std::string>());
}

TEST(Codec, KeepsTheOrderOfKeys) {
  EXPECT_EQ(to_json_line({2, 81233, Begin{.case_id = "life.dup", .k = 3, .case_seed = 0x9e37}}),
            R"({"seq":2,"t_ns":81233,"rec":"begin","case":"life.dup","k":3,"try":1,)"
            R"("case_seed":"0x9e37"})");
  EXPECT_EQ(to_json_line({3, 912004, End{.case_id = "life.dup", .operations = 14, .ms = 0.8}}),
            R"({"seq":3,"t_ns":912004,"rec":"end","case":"life.dup","try":1,"outcome":"pass",)"
            R"("ops":14,"ms":0.8})");
  EXPECT_THAT(to_json_line({1, 0, Start{.target = "reference:eager", .seed = ~std::uint64_t{0}}}),
              StartsWith(R"({"seq":1,"t_ns":0,"rec":"start","schema":"dmabuf-conform.journal/1",)"
                         R"("run":"","shard":[1,1],"seed":"0xffffffffffffffff",)"));
}

TEST(Codec, IgnoresUnknownMembersAndKnowsUnknownKinds) {
  const auto read = from_json_line(
      R"({"seq":9,"t_ns":1,"rec":"warn","kind":"taint","text":"W","new":{"deep":[1,2]}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<Warn>(read->record), (Warn{.kind = "taint", .text = "W"}));
  const auto other = from_json_line(R"({"seq":9,"t_ns":1,"rec":"hologram"})");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().fault, LineFault::UnknownKind);
}

TEST(Codec, NeverTakesADamagedEndForAPass) {
  for (const char* bad :
       {R"({"seq":1,"t_ns":1,"rec":"end","case":"a"})",
        R"({"seq":1,"t_ns":1,"rec":"end","case":"a","outcome":"passed"})",
        R"({"seq":1,"t_ns":1,"rec":"end","case":"a","outcome":0})",
        R"({"seq":1,"t_ns":1,"rec":"end","outcome":"pass"})",
        R"({"seq":1,"t_ns":1,"rec":"end","case":"a","outcome":"pass","try":-1})",
        R"({"seq":1,"t_ns":1,"rec":"end","case":"a","outcome":"pass","try":4294967296})",
        R"(["rec","end"])", "", "null"}) {
    const auto read = from_json_line(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().fault, LineFault::Damaged) << bad;
  }
}

TEST(Codec, RefusesAHigherMajorAndForeignJournals) {
  const auto fault = [](const char* schema) {
    const auto read = from_json_line(
        std::string(R"({"seq":1,"rec":"start","target":"t","schema":")") + schema + "\"}");
    return read ? std::string("read") : read.error().message;
  };
  EXPECT_EQ(fault("dmabuf-conform.journal/1"), "read");
  EXPECT_THAT(fault("dmabuf-conform.journal/2"), HasSubstr("reads up to dmabuf-conform.journal/1"));
  EXPECT_THAT(fault("igt.journal/1"), HasSubstr("no journal of dmabuf-conform"));
  EXPECT_THAT(fault("dmabuf-conform.journal/x"), HasSubstr("no schema number"));
  EXPECT_THAT(fault("dmabuf-conform.journal/"), HasSubstr("no schema number"));
}

TEST(Utf8, ShowsBytesThatBelongToNoCharacter) {
  EXPECT_EQ(valid_utf8("plain é → \U0001f9f5"), "plain é → \U0001f9f5");
  EXPECT_EQ(valid_utf8("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(valid_utf8("a\xc3"), "a\\xc3");                           // cut off
  EXPECT_EQ(valid_utf8("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // past the end of Unicode
}

// --- journal -------------------------------------------------------------------------------------

std::uint64_t at_zero() { return 0; }

TEST(Journal, IsWrittenAndReadBack) {
  const Scratch scratch;
  const auto records = samples::small();
  {
    JournalWriter writer(scratch / "journal.ndjson", Sync::AfterBegin);
    for (const Record& record : records) writer.write(record);
    writer.sync();
    EXPECT_EQ(writer.last_seq(), records.size());
  }
  std::ifstream in(scratch / "journal.ndjson");
  JournalReader reader(in);
  std::vector<Record> read;
  std::uint64_t last_time = 0;
  while (const auto one = reader.next()) {
    EXPECT_GE(one->t_ns, last_time);
    last_time = one->t_ns;
    EXPECT_EQ(one->seq, read.size() + 1);
    read.push_back(one->record);
  }
  EXPECT_EQ(read, records);
  EXPECT_EQ(reader.damaged_lines(), 0U);
  EXPECT_FALSE(reader.cut_off());
  EXPECT_EQ(reader.missing(), 0U);
}

TEST(Journal, SurvivesACutAtEveryByte) {
  const std::string whole = journal_of(samples::small());
  const auto full = collect_text(whole);
  ASSERT_EQ(full.size(), 1U);
  std::size_t lines = 0, cases_before = 0;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const std::string part = whole.substr(0, cut);
    std::istringstream in(part);
    JournalReader reader(in);
    std::size_t read = 0;
    while (reader.next()) ++read;
    const auto newlines = static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    const bool only_newline_lost = cut < whole.size() && whole[cut] == '\n';
    EXPECT_EQ(read, newlines + (only_newline_lost ? 1 : 0)) << cut;
    EXPECT_EQ(reader.damaged_lines(), 0U) << cut;
    EXPECT_EQ(reader.missing(), 0U) << cut;
    EXPECT_EQ(reader.cut_off(), !part.empty() && part.back() != '\n' && !only_newline_lost) << cut;
    EXPECT_GE(read, lines);
    lines = read;

    const auto runs = collect_text(part);
    ASSERT_EQ(runs.size(), 1U);
    const auto& run = runs.front();
    EXPECT_GE(run.cases.size(), cases_before);
    cases_before = run.cases.size();
    if (read < samples::small().size()) {
      EXPECT_NE(run.judgement().verdict, Verdict::Conforms) << cut;
      EXPECT_NE(run.exit_code(), 0) << cut;
    }
    for (const Case& one : run.cases) {  // what it says of a case is what the whole says, or less
      const auto same = std::find_if(full[0].cases.begin(), full[0].cases.end(),
                                     [&](const Case& other) { return other.id == one.id; });
      ASSERT_NE(same, full[0].cases.end());
      if (one.outcome() != CaseOutcome::Interrupted) {
        EXPECT_EQ(one.outcome(), same->outcome());
      }
    }
  }
  EXPECT_EQ(full[0].judgement().verdict, Verdict::Diverges);
}

TEST(Journal, GoesOnAfterACutAtEveryByte) {
  const Scratch scratch;
  const auto records = samples::small();
  const std::string whole = journal_of(records);
  for (std::size_t cut = 0; cut <= whole.size(); cut += 7) {
    const fs::path file = scratch / "journal.ndjson";
    spit(file, whole.substr(0, cut));
    { JournalWriter(file, Sync::Never, at_zero).write(Note{.key = "resumed", .value = "yes"}); }
    std::ifstream in(file);
    JournalReader reader(in);
    std::size_t read = 0;
    std::optional<Line> last;
    while (auto one = reader.next()) {
      ++read;
      last = std::move(one);
    }
    ASSERT_TRUE(last);
    EXPECT_EQ(std::get<Note>(last->record).key, "resumed") << cut;
    EXPECT_EQ(last->seq, read) << cut;
    EXPECT_EQ(reader.damaged_lines(), 0U) << cut;
    EXPECT_EQ(reader.missing(), 0U) << cut;
    EXPECT_FALSE(reader.cut_off()) << cut;
  }
}

TEST(Journal, CountsAndNamesDamagedLines) {
  std::string text = journal_of(samples::small());
  const auto second = text.find('\n') + 1;
  text[second] = '!';
  std::istringstream in(text);
  JournalReader reader(in);
  while (reader.next()) {
  }
  EXPECT_THAT(reader.damage(), ElementsAre(Damage{2, "not JSON"}));
  EXPECT_EQ(reader.missing(), 0U);  // the damaged line explains the gap
}

TEST(Journal, NoticesLinesThatWereTakenOut) {
  std::string text = journal_of(samples::passing());
  ASSERT_EQ(collect_text(text)[0].judgement().verdict, Verdict::Conforms);
  const auto first = text.find('\n') + 1;
  const auto second = text.find('\n', first) + 1;
  text.erase(first, second - first);
  const auto runs = collect_text(text);
  EXPECT_EQ(runs[0].missing_records, 1U);
  EXPECT_EQ(runs[0].judgement().verdict, Verdict::Inconclusive);
}

RC_GTEST_PROP(Journal, ReadsAnythingWithoutThrowing, ()) {
  std::string text = journal_of(samples::small());
  const auto bites = *rc::gen::inRange(0, 20);
  for (int i = 0; i < bites; ++i)
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  std::istringstream in(text);
  JournalReader reader(in);
  Collector collector;
  while (const auto one = reader.next()) collector.add(*one);
  collector.about(reader);
  for (const auto& run : std::move(collector).finish()) {
    (void)run.judgement();
    (void)run.totals();
    (void)run.ended();
    (void)run.exit_code();
  }
}

TEST(Journal, IsOneWritePerLineFromSeveralThreads) {
  const Scratch scratch;
  {
    JournalWriter writer(scratch / "j", Sync::Never);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&writer, t] {
        for (int i = 0; i < 200; ++i)
          writer.write(Warn{.kind = std::to_string(t), .text = std::string(300, 'x')});
      });
  }
  std::ifstream in(scratch / "j");
  JournalReader reader(in);
  std::uint64_t expected = 0;
  while (const auto one = reader.next()) EXPECT_EQ(one->seq, ++expected);
  EXPECT_EQ(expected, 800U);
  EXPECT_EQ(reader.damaged_lines(), 0U);
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const JournalError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Journal, NamesFileAndRemedyWhenItCannotBeUsed) {
  const Scratch scratch;
  EXPECT_THAT(error_of([&] { JournalWriter(scratch / "no/where/j"); }),
              ::testing::AllOf(HasSubstr("no/where/j"), HasSubstr("create the directory")));
  EXPECT_THAT(error_of([&] { JournalWriter(scratch.path()); }), HasSubstr("this is a directory"));
  EXPECT_THAT(error_of([&] { read_runs(scratch / "none"); }), HasSubstr("journal.ndjson"));
  EXPECT_THAT(error_of([&] { read_runs(scratch.path()); }), HasSubstr("journal.ndjson"));
  spit(scratch / "new",
       R"({"seq":1,"rec":"start","target":"t","schema":"dmabuf-conform.journal/7"})");
  EXPECT_THAT(error_of([&] { read_runs(scratch / "new"); }), HasSubstr("or a newer one"));
  EXPECT_THAT(error_of([&] { JournalWriter(scratch / "new"); }), HasSubstr("cannot append"));
  if (fs::exists("/dev/full")) {
    EXPECT_THAT(error_of([&] { JournalWriter("/dev/full").write(Warn{}); }),
                ::testing::AllOf(HasSubstr("/dev/full"), HasSubstr("free some space")));
  }
}

TEST(Journal, TakesBackALineThatDidNotFit) {
  const Scratch scratch;
  const fs::path file = scratch / "j";
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  JournalWriter writer(file, Sync::Never, at_zero);
  writer.write(Warn{.kind = "a", .text = "fits"});
  const std::string kept = slurp(file);
  const struct rlimit tight { kept.size() + 20, before.rlim_max };
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const std::string error = error_of([&] { writer.write(Warn{.kind = "b", .text = "does not"}); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  EXPECT_THAT(error, HasSubstr("ulimit -f"));
  EXPECT_EQ(slurp(file), kept);
  writer.write(Warn{.kind = "c", .text = "fits again"});
  EXPECT_EQ(collect_text(slurp(file))[0].warns.size(), 2U);
  EXPECT_EQ(collect_text(slurp(file))[0].missing_records, 0U);
}

// --- run -----------------------------------------------------------------------------------------

Run run_of(const std::vector<Record>& records) {
  auto runs = collect_text(journal_of(records));
  EXPECT_EQ(runs.size(), 1U);
  return std::move(runs.front());
}

const Start kStart{.run = "r", .target = "t", .cases = 2, .started = "2026-02-28T23:59:30Z"};

TEST(Run, ConformsWhenAllPlannedCasesPassed) {
  const auto run = run_of(samples::passing());
  EXPECT_EQ(run.judgement().verdict, Verdict::Conforms) << run.judgement().because;
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(Run, IsInconclusiveWithoutALastRecord) {
  auto records = samples::passing();
  records.pop_back();
  const auto run = run_of(records);
  EXPECT_EQ(run.judgement().verdict, Verdict::Inconclusive);
  EXPECT_THAT(run.judgement().because, HasSubstr("did not finish"));
  EXPECT_EQ(run.exit_code(), 2);
}

TEST(Run, IsInconclusiveWhenNothingWasJudged) {
  const auto skipped = run_of({kStart, Skipped{"t", "no /dev/udmabuf", "modprobe udmabuf"},
                               Stop{.reason = "plan-done", .verdict = "conforms"}});
  EXPECT_EQ(skipped.judgement().verdict, Verdict::Inconclusive);
  EXPECT_THAT(skipped.judgement().because, HasSubstr("no /dev/udmabuf"));
  EXPECT_EQ(skipped.exit_code(), 4);
  const auto empty = collect_text("");
  ASSERT_EQ(empty.size(), 1U);
  EXPECT_EQ(empty[0].judgement().verdict, Verdict::Inconclusive);
  EXPECT_EQ(overall({}).verdict, Verdict::Inconclusive);
}

TEST(Run, NeverConformsWithErrorsUnrunCasesOrAnotherOpinionOfTheWriter) {
  const Stop done{.reason = "plan-done", .verdict = "conforms"};
  const auto verdict = [](const std::vector<Record>& records) {
    return run_of(records).judgement().verdict;
  };
  const End pass_a{.case_id = "a"}, pass_b{.case_id = "b"};
  EXPECT_EQ(verdict({kStart, pass_a, pass_b, done}), Verdict::Conforms);
  EXPECT_EQ(verdict({kStart, pass_a, done}), Verdict::Inconclusive);
  EXPECT_EQ(verdict({kStart, pass_a, Stop{.reason = "max-time", .verdict = "conforms"}}),
            Verdict::Conforms);
  EXPECT_EQ(verdict({kStart, pass_a, pass_b, Stop{.reason = "sigterm"}}), Verdict::Inconclusive);
  EXPECT_EQ(verdict({kStart, pass_a, pass_b, Stop{.reason = "target-lost"}}),
            Verdict::Inconclusive);
  EXPECT_EQ(verdict({kStart, pass_a, End{.case_id = "b", .outcome = CaseOutcome::Error}, done}),
            Verdict::Inconclusive);
  EXPECT_EQ(verdict({kStart, pass_a, Begin{.case_id = "b"}, done}), Verdict::Inconclusive);
  EXPECT_EQ(verdict({kStart, pass_a, pass_b, Stop{.reason = "plan-done", .verdict = "diverges"}}),
            Verdict::Diverges);
  EXPECT_EQ(
      verdict({kStart, pass_a, pass_b, Stop{.reason = "plan-done", .verdict = "inconclusive"}}),
      Verdict::Inconclusive);
  EXPECT_EQ(verdict({kStart, pass_a, End{.case_id = "b", .outcome = CaseOutcome::Leak}, done}),
            Verdict::Diverges);
}

TEST(Run, CountsDirectedChecksBesideThePlan) {
  const Checked kept{.case_id = "check.a.b", .requirement = "DBUF-FOP-001", .state = "kept"};
  Checked broken = kept;
  broken.state = "broken";
  const auto run = run_of({kStart, Begin{.case_id = "check.a.b"}, kept, broken,
                           End{.case_id = "check.a.b"},
                           Stop{.reason = "plan-done", .verdict = "conforms"}});
  EXPECT_EQ(run.totals()[CaseOutcome::Pass], 1U);
  EXPECT_EQ(run.totals()[CaseOutcome::NotRun], 2U) << "a check stands for no planned case";
  ASSERT_EQ(run.checks.size(), 1U) << "the latest of each case and requirement";
  EXPECT_EQ(run.checks.front().state, "broken");
}

TEST(Run, KeepsTheLatestFindingOfEachSignature) {
  const auto run =
      run_of({kStart, Finding{.signature = "s", .count = 1}, Finding{.signature = "u", .count = 5},
              Finding{.signature = "s", .count = 3}});
  ASSERT_EQ(run.findings.size(), 2U);
  EXPECT_EQ(run.findings[0].count, 3U);
  EXPECT_EQ(run.findings[1].signature, "u");
}

TEST(Run, TellsInterruptedFromCrashedAndFlaky) {
  const auto run =
      run_of({kStart, Begin{.case_id = "once"}, Begin{.case_id = "twice"},
              Begin{.case_id = "twice", .attempt = 2}, Begin{.case_id = "twice", .attempt = 3},
              Begin{.case_id = "again"}, Begin{.case_id = "again", .attempt = 2},
              Begin{.case_id = "retried"}, Begin{.case_id = "retried", .attempt = 2},
              End{.case_id = "retried", .attempt = 2},
              End{.case_id = "shaky", .attempt = 1, .outcome = CaseOutcome::Divergence},
              End{.case_id = "shaky", .attempt = 2, .outcome = CaseOutcome::Pass},
              Begin{.case_id = "same"}, Begin{.case_id = "same"}, Begin{.case_id = "same"}});
  const auto outcome = [&](const char* id) {
    for (const Case& one : run.cases)
      if (one.id == id) return one.outcome();
    return CaseOutcome::NotRun;
  };
  EXPECT_EQ(outcome("once"), CaseOutcome::Interrupted);
  EXPECT_EQ(outcome("twice"), CaseOutcome::Crash);
  EXPECT_EQ(outcome("again"), CaseOutcome::Interrupted);  // the second may still be running
  EXPECT_EQ(outcome("same"), CaseOutcome::Crash);
  EXPECT_EQ(outcome("retried"), CaseOutcome::Pass);
  EXPECT_EQ(outcome("shaky"), CaseOutcome::Divergence);
  EXPECT_EQ(run.cases[4].id, "shaky");
  EXPECT_EQ(run.cases[4].mark, "flaky");
}

TEST(Run, GoesOnAfterAResumeAndBeginsAnewForAnotherTarget) {
  const Stop done{.reason = "plan-done"};
  const auto runs =
      collect_text(journal_of({kStart, End{.case_id = "a"}, Stop{.reason = "sigterm"},
                               Start{.run = "r", .target = "other", .cases = 1},
                               End{.case_id = "x"}, done, kStart, End{.case_id = "b"}, done}));
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].target(), "other");
  EXPECT_EQ(runs[1].cases.size(), 2U);
  EXPECT_EQ(runs[1].judgement().verdict, Verdict::Conforms) << runs[1].judgement().because;
  EXPECT_EQ(overall(runs).verdict, Verdict::Conforms);
}

TEST(Run, KnowsWhenItEnded) {
  EXPECT_EQ(run_of({kStart, Stop{.reason = "plan-done", .seconds = 31.2}}).ended(),
            "2026-03-01T00:00:01Z");
  EXPECT_EQ(run_of({Start{.target = "t", .started = "yesterday"}}).ended(), "");
}

TEST(Run, ReadsRequirementIdsFromCoverageRows) {
  EXPECT_THAT(requirements_of_row("attachment: Cached --map--> Mapped [DBUF-MAP-007]"),
              ElementsAre("DBUF-MAP-007"));
  EXPECT_THAT(requirements_of_row("x [A-1, B-2]"), ElementsAre("A-1", "B-2"));
  EXPECT_THAT(requirements_of_row("no brackets"), IsEmpty());
  EXPECT_THAT(requirements_of_row("]["), IsEmpty());
}

}  // namespace
}  // namespace dmabuf::record
