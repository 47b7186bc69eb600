// SPDX-License-Identifier: MIT
#include "dmabuf/record/codec.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "dmabuf/record/utf8.hpp"

namespace dmabuf::record {

namespace {

constexpr std::array<std::pair<CaseOutcome, const char*>, 9> kOutcomeWords = {{
    {CaseOutcome::Pass, "pass"},
    {CaseOutcome::Divergence, "divergence"},
    {CaseOutcome::Leak, "leak"},
    {CaseOutcome::Crash, "crash"},
    {CaseOutcome::Hang, "hang"},
    {CaseOutcome::Skip, "skip"},
    {CaseOutcome::Error, "error"},
    {CaseOutcome::Interrupted, "interrupted"},
    {CaseOutcome::NotRun, "notrun"},
}};

}  // namespace

const char* to_string(CaseOutcome outcome) {
  return kOutcomeWords[static_cast<std::size_t>(outcome)].second;
}

std::optional<CaseOutcome> case_outcome_from(const std::string& word) {
  for (const auto& [outcome, name] : kOutcomeWords)
    if (word == name) return outcome;
  return std::nullopt;
}

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

template <class R, class... Of>
concept Is = (std::same_as<std::remove_const_t<R>, Of> || ...);

/// How a field is written and read.
enum class Field {
  Always,    ///< written always; its default if it is not there
  Filled,    ///< written unless at its default
  Required,  ///< written always; a line without it is damaged
};

// One list of fields for each record serves both directions, so that they cannot drift apart. The
// order of the lines is the order in the file.

template <class V>
void fields(V& v, Is<Step> auto& r) {
  v("op", r.operation);
  v("outcome", r.outcome);
  v("note", r.note, Field::Filled);
}

template <class V>
void fields(V& v, Is<Clause> auto& r) {
  v("id", r.id);
  v("text", r.text);
  v("source", r.source);
}

template <class V>
void fields(V& v, Is<Start> auto& r) {
  v("run", r.run);
  v.shard(r.shard_index, r.shard_count);
  v.hex("seed", r.seed);
  v("target", r.target, Field::Required);
  v("exporter", r.exporter);
  v("importer", r.importer);
  v("kernel", r.kernel);
  v("profile", r.profile);
  v("tool", r.tool);
  v("model", r.model);
  v("cases", r.cases);
  v("started", r.started);
  v("argv", r.argv);
  v("ops", r.operations);
  v("ops_missing", r.operations_missing);
}

template <class V>
void fields(V& v, Is<Begin> auto& r) {
  v("case", r.case_id, Field::Required);
  v("k", r.k);
  v("try", r.attempt);
  v.hex("case_seed", r.case_seed);
}

template <class V>
void fields(V& v, Is<End> auto& r) {
  v("case", r.case_id, Field::Required);
  v("try", r.attempt);
  v("outcome", r.outcome, Field::Required);
  v("mark", r.mark, Field::Filled);
  v("sig", r.signature, Field::Filled);
  v("op", r.op, Field::Filled);
  v("expected", r.expected, Field::Filled);
  v("observed", r.observed, Field::Filled);
  v("message", r.message, Field::Filled);
  v("ops", r.operations);
  v("ms", r.ms);
}

template <class V>
void fields(V& v, Is<Finding> auto& r) {
  v("sigv", r.signature_version);
  v("sig", r.signature, Field::Required);
  v("id", r.id);
  v("kind", r.kind, Field::Required);
  v("target", r.target);
  v("exporter", r.exporter);
  v("kernel", r.kernel);
  v("first_case", r.first_case);
  v.hex("case_seed", r.case_seed);
  v("count", r.count);
  v("summary", r.summary);
  v("expected", r.expected);
  v("observed", r.observed);
  v("allowed", r.allowed);
  v("clauses", r.clauses);
  v("trace", r.trace);
  v("original_ops", r.original_operations);
  v("shrink_runs", r.shrink_runs);
  v("minimality", r.minimality);
  v("replay", r.replay);
  v("token", r.token, Field::Filled);
  v("kernel_log", r.kernel_log, Field::Filled);
}

template <class V>
void fields(V& v, Is<Warn> auto& r) {
  v("kind", r.kind);
  v("text", r.text);
  v("case", r.case_id, Field::Filled);
}

template <class V>
void fields(V& v, Is<Skipped> auto& r) {
  v("target", r.target);
  v("reason", r.reason);
  v("remedy", r.remedy);
}

template <class V>
void fields(V& v, Is<Checked> auto& r) {
  v("case", r.case_id, Field::Required);
  v("req", r.requirement, Field::Required);
  v("state", r.state, Field::Required);
  v("call", r.call, Field::Filled);
  v("expected", r.expected, Field::Filled);
  v("observed", r.observed, Field::Filled);
  v("reason", r.reason, Field::Filled);
  v("remedy", r.remedy, Field::Filled);
}

template <class V>
void fields(V& v, Is<Note> auto& r) {
  v("key", r.key, Field::Required);
  v("value", r.value);
}

template <class V>
void fields(V& v, Is<Coverage> auto& r) {
  v("rows_hit", r.rows_hit, Field::Required);
  v("rows_total", r.rows_total, Field::Required);
  v("missing", r.missing);
  v("hit", r.hit);
}

template <class V>
void fields(V& v, Is<Stop> auto& r) {
  v("reason", r.reason, Field::Required);
  v("verdict", r.verdict);
  v("cases", r.cases);
  v("ops", r.operations);
  v("findings", r.findings);
  v("seconds", r.seconds);
}

std::string hex(std::uint64_t value) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  return "0x" + std::string(digits, end);
}

class Writer {
 public:
  explicit Writer(OrderedJson& out) : out_(out) {}

  template <class T>
  void operator()(const char* name, const T& value, Field field = Field::Always) {
    if (field == Field::Filled && value == T{}) return;
    out_[name] = to(value);
  }
  void hex(const char* name, std::uint64_t value) { out_[name] = record::hex(value); }
  void shard(std::uint32_t index, std::uint32_t count) { out_["shard"] = {index, count}; }

 private:
  static OrderedJson to(const std::string& text) { return valid_utf8(text); }
  static OrderedJson to(CaseOutcome outcome) { return to_string(outcome); }
  static OrderedJson to(std::unsigned_integral auto value) { return value; }
  static OrderedJson to(double value) { return value; }
  static OrderedJson to(const std::optional<std::uint32_t>& value) { return value.value_or(0); }
  static OrderedJson to(const Step& step) { return object(step); }
  static OrderedJson to(const Clause& clause) { return object(clause); }
  template <class T>
  static OrderedJson to(const std::vector<T>& values) {
    OrderedJson array = OrderedJson::array();
    for (const T& value : values) array.push_back(to(value));
    return array;
  }
  template <class T>
  static OrderedJson object(const T& value) {
    OrderedJson result = OrderedJson::object();
    Writer writer(result);
    fields(writer, value);
    return result;
  }

  OrderedJson& out_;
};

class Reader {
 public:
  explicit Reader(const Json& in) : in_(in) {}

  /// What is wrong with the line; "" if nothing is.
  const std::string& error() const { return error_; }

  template <class T>
  void operator()(const char* name, T& value, Field field = Field::Always) {
    const auto found = in_.find(name);
    if (found == in_.end()) {
      if (field == Field::Required) fail(name, "is missing");
    } else if (!from(*found, value)) {
      fail(name, "has a value that does not fit");
    }
  }

  void hex(const char* name, std::uint64_t& value) {
    const auto found = in_.find(name);
    if (found == in_.end() || from(*found, value)) return;
    if (const auto* text = found->get_ptr<const std::string*>()) {
      const bool sixteen = text->starts_with("0x") || text->starts_with("0X");
      const char* first = text->data() + (sixteen ? 2 : 0);
      const char* last = text->data() + text->size();
      const auto [end, problem] = std::from_chars(first, last, value, sixteen ? 16 : 10);
      if (problem == std::errc{} && end == last && first != last) return;
    }
    fail(name, "is no 64-bit number");
  }

  void shard(std::uint32_t& index, std::uint32_t& count) {
    const auto found = in_.find("shard");
    if (found == in_.end()) return;
    if (!found->is_array() || found->size() != 2 || !from((*found)[0], index) ||
        !from((*found)[1], count))
      fail("shard", "is not [index, count]");
  }

 private:
  void fail(const char* name, const char* what) {
    if (error_.empty()) error_ = std::string("\"") + name + "\" " + what;
  }

  static bool from(const Json& json, std::string& value) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text) value = *text;
    return text != nullptr;
  }
  static bool from(const Json& json, CaseOutcome& value) {
    const auto* text = json.get_ptr<const std::string*>();
    const auto outcome = text ? case_outcome_from(*text) : std::nullopt;
    if (outcome) value = *outcome;
    return outcome.has_value();
  }
  template <std::unsigned_integral T>
  static bool from(const Json& json, T& value) {
    if (!json.is_number_unsigned()) return false;
    const auto number = json.get<std::uint64_t>();
    if (number > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(number);
    return true;
  }
  static bool from(const Json& json, double& value) {
    if (json.is_null()) return true;  // how a number that is not finite was written
    if (!json.is_number()) return false;
    value = json.get<double>();
    return true;
  }
  static bool from(const Json& json, std::optional<std::uint32_t>& value) {
    std::uint32_t number = 0;
    if (!from(json, number)) return false;
    value = number;
    return true;
  }
  template <class T>
  static bool from(const Json& json, std::vector<T>& values) {
    if (!json.is_array()) return false;
    std::vector<T> read;
    read.reserve(json.size());
    for (const Json& element : json)
      if (!from(element, read.emplace_back())) return false;
    values = std::move(read);
    return true;
  }
  template <class T>
  requires Is<T, Step, Clause>
  static bool from(const Json& json, T& value) {
    if (!json.is_object()) return false;
    Reader reader(json);
    fields(reader, value);
    return reader.error().empty();
  }

  const Json& in_;
  std::string error_;
};

template <class R>
constexpr const char* kWord = nullptr;
template <>
constexpr const char* kWord<Start> = "start";
template <>
constexpr const char* kWord<Begin> = "begin";
template <>
constexpr const char* kWord<End> = "end";
template <>
constexpr const char* kWord<Finding> = "finding";
template <>
constexpr const char* kWord<Warn> = "warn";
template <>
constexpr const char* kWord<Skipped> = "skip";
template <>
constexpr const char* kWord<Note> = "note";
template <>
constexpr const char* kWord<Coverage> = "cover";
template <>
constexpr const char* kWord<Stop> = "stop";
template <>
constexpr const char* kWord<Checked> = "check";

/// Reads the record if the word is that of R; false if it is another's.
template <class R>
bool read_as(const std::string& word, Reader& reader, Record& record) {
  if (word != kWord<R>) return false;
  R value;
  fields(reader, value);
  record = std::move(value);
  return true;
}

template <class... R>
bool read_any(std::type_identity<std::variant<R...>>, const std::string& word, Reader& reader,
              Record& record) {
  return (read_as<R>(word, reader, record) || ...);
}

/// "" if this version can read what carries the schema, else why not.
std::string refusal(const std::string& schema) {
  const auto slash = schema.rfind('/');
  unsigned major = 0;
  if (slash == std::string::npos || schema.substr(0, slash) != kJournalSchema)
    return "this is no journal of dmabuf-conform but \"" + schema + "\"";
  const char* first = schema.data() + slash + 1;
  const char* last = schema.data() + schema.size();
  if (std::from_chars(first, last, major).ptr != last || first == last)
    return "\"" + schema + "\" is no schema number";
  if (major > kJournalMajor)
    return "it has schema " + schema + ", and this version reads up to " +
           std::string(kJournalSchema) + "/" + std::to_string(kJournalMajor) +
           ": use the version of dmabuf-conform that wrote it, or a newer one";
  return "";
}

tl::unexpected<LineError> damaged(std::string message) {
  return tl::unexpected(LineError{LineFault::Damaged, std::move(message)});
}

}  // namespace

std::string to_json_line(const Line& line) {
  OrderedJson out = OrderedJson::object();
  out["seq"] = line.seq;
  out["t_ns"] = line.t_ns;
  std::visit(
      [&]<class R>(const R& record) {
        out["rec"] = kWord<R>;
        if constexpr (std::same_as<R, Start>)
          out["schema"] = std::string(kJournalSchema) + "/" + std::to_string(kJournalMajor);
        Writer writer(out);
        fields(writer, record);
      },
      line.record);
  return out.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

tl::expected<Line, LineError> from_json_line(std::string_view text) {
  const Json in = Json::parse(text, nullptr, false);
  if (in.is_discarded()) return damaged("not JSON");
  if (!in.is_object()) return damaged("not a JSON object");
  Line line;
  Reader reader(in);
  std::string word;
  reader("rec", word, Field::Required);
  reader("seq", line.seq);
  reader("t_ns", line.t_ns);
  if (!reader.error().empty()) return damaged(reader.error());
  if (word == kWord<Start>) {
    std::string schema = std::string(kJournalSchema) + "/1";
    reader("schema", schema);
    if (!reader.error().empty()) return damaged(reader.error());
    if (auto why = refusal(schema); !why.empty())
      return tl::unexpected(LineError{LineFault::TooNew, std::move(why)});
  }
  if (!read_any(std::type_identity<Record>{}, word, reader, line.record))
    return tl::unexpected(LineError{LineFault::UnknownKind, "unknown kind of record: " + word});
  if (!reader.error().empty()) return damaged(word + " record: " + reader.error());
  return line;
}

}  // namespace dmabuf::record
