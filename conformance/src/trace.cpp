// SPDX-License-Identifier: MIT
#include "dmabuf/conformance/trace.hpp"

#include <bitset>
#include <charconv>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "dmabuf/model/reply.hpp"
#include "shape.hpp"

namespace dmabuf::conformance {
namespace {

using model::Operation;
using model::Outcome;

/// Splits a line at blanks; a quoted text is one word, a `#` outside of quotes ends the line.
class Words {
 public:
  Words(std::string_view text, std::size_t line) : text_(text), line_(line) { advance(); }

  bool done() const { return word_.empty(); }
  std::string_view word() const { return word_; }
  void advance() {
    at_ += word_.size();
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
    std::size_t end = at_;
    bool quoted = false;
    for (; end < text_.size(); ++end) {
      const char c = text_[end];
      if (c == '"') quoted = !quoted;
      if (!quoted && (blank(c) || c == '#')) break;
    }
    word_ = text_.substr(at_, end - at_);
  }
  tl::unexpected<ParseError> error(std::string expected, std::size_t skip = 0) const {
    return tl::unexpected(
        ParseError{line_, at_ + skip + 1, std::move(expected), std::string(word_.substr(skip))});
  }

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  std::string_view text_;
  std::size_t line_;
  std::size_t at_ = 0;
  std::string_view word_;
};

std::size_t kind_named(std::string_view name) {
  std::size_t kind = 0;
  while (kind < model::kOperationKinds && model::kOperationNames[kind] != name) ++kind;
  return kind;
}

bool is_key(const shape::Field& field, std::string_view word) {
  if (field.style == shape::Style::Word) return false;
  if (field.key.empty()) return shape::parse(field.domain, word).has_value();
  return word.size() > field.key.size() && word.starts_with(field.key) && word[field.key.size()] == '=';
}

std::string wanted(const shape::Field& field) {
  return field.key.empty() ? shape::wanted(field.domain)
                           : fmt::format("{}={}", field.key, shape::wanted(field.domain));
}

tl::expected<Operation, ParseError> operation_of(Words& words) {
  const std::size_t kind = kind_named(words.word());
  if (kind == model::kOperationKinds) return words.error("an operation");
  words.advance();
  Operation operation = shape::blank(kind);
  const auto fields = shape::fields(kind);
  std::bitset<shape::kMostFields> given;
  while (!words.done() && words.word() != "->") {
    std::size_t index = 0;
    while (index < fields.size() && (given[index] || !is_key(fields[index], words.word()))) ++index;
    const bool by_key = index < fields.size();
    if (!by_key) {
      index = 0;
      while (index < fields.size() && (given[index] || fields[index].style != shape::Style::Word)) ++index;
      if (index == fields.size()) {
        for (std::size_t i = 0; i < fields.size(); ++i)
          if (!given[i]) return words.error(wanted(fields[i]));
        return words.error("the end of the operation");
      }
    }
    const shape::Field& field = fields[index];
    const std::size_t skip = by_key && !field.key.empty() ? field.key.size() + 1 : 0;
    const auto value = shape::parse(field.domain, words.word().substr(skip));
    if (!value) return words.error(shape::wanted(field.domain), skip);
    field.store(operation, *value);
    given.set(index);
    words.advance();
  }
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (!given[i] && fields[i].style != shape::Style::Optional) return words.error(wanted(fields[i]));
  return operation;
}

std::optional<std::uint64_t> reply_value(std::string_view text) {
  if (text == "torn") return model::kTorn;
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

tl::expected<Outcome, ParseError> outcome_of(Words& words, const Operation& operation) {
  constexpr std::string_view kWanted = "an outcome (ok, an errno's name, or = and a number)";
  if (words.word() == "ok") {
    words.advance();
    return Outcome(model::Reply{});
  }
  if (words.word() == "=") {
    words.advance();
    auto value = model::reply_from_text(operation, words.word());
    if (!value) value = reply_value(words.word());
    if (!value) return words.error("a number or torn");
    words.advance();
    return Outcome(model::Reply{*value});
  }
  const model::Errno error =
      words.done() ? model::Errno{} : model::errno_from_name(words.word());
  if (error.value <= 0) return words.error(std::string(kWanted));
  words.advance();
  return Outcome(tl::unexpected(error));
}

bool is_tag(const Operation& operation) {
  return std::holds_alternative<model::op::Load>(operation) ||
         std::holds_alternative<model::op::DeviceRead>(operation) ||
         std::holds_alternative<model::op::ChildLoad>(operation) ||
         std::holds_alternative<model::op::VmapRead>(operation) ||
         std::holds_alternative<model::op::ReadMemfd>(operation);
}

/// The first line, if it is a header: `# dbt 1 model=3f9c0a7e`. False if it is of another version.
tl::expected<void, ParseError> header(std::string_view line, std::size_t number, Trace& trace) {
  constexpr std::string_view kStart = "# dbt ";
  if (!line.starts_with(kStart)) return {};
  Words words(line.substr(kStart.size()), number);
  const auto shifted = [&](tl::unexpected<ParseError> error) {
    error.value().column += kStart.size();
    return error;
  };
  if (words.word() != fmt::format("{}", kTraceVersion))
    return shifted(words.error(fmt::format("version {} of the format", kTraceVersion)));
  words.advance();
  constexpr std::string_view kModel = "model=";
  if (words.word().starts_with(kModel)) trace.model = words.word().substr(kModel.size());
  return {};
}

}  // namespace

Program Trace::program() const {
  Program program;
  program.operations.reserve(lines.size());
  for (const TraceLine& line : lines) program.operations.push_back(line.operation);
  return program;
}

std::string ParseError::message() const {
  return fmt::format("line {}, column {}: expected {}, found {}", line, column, expected,
                     found.empty() ? std::string("the end of the line") : fmt::format("'{}'", found));
}

std::string to_text(const Operation& operation) {
  std::string text(model::name_of(operation));
  for (const shape::Field& field : shape::fields(operation.index())) {
    const std::uint32_t value = field.load(operation);
    if (field.style == shape::Style::Optional && value == 0) continue;
    text += ' ';
    if (!field.key.empty()) {
      text += field.key;
      text += '=';
    }
    shape::print(field.domain, value, text);
  }
  return text;
}

std::string to_text(const Outcome& outcome, const Operation& operation) {
  if (!outcome) return std::string(model::errno_name(outcome.error()));
  if (outcome->value == model::kTorn) return "= torn";
  if (model::replies_in_words(operation)) return "= " + model::reply_text(operation, outcome->value);
  if (is_tag(operation)) return fmt::format("= 0x{:x}", outcome->value);
  if (outcome->value == 0) return "ok";
  return fmt::format("= {}", outcome->value);
}

std::string to_text(const Trace& trace) {
  std::string text = fmt::format("# dbt {}", kTraceVersion);
  if (!trace.model.empty()) text += fmt::format(" model={}", trace.model);
  text += '\n';
  for (const TraceLine& line : trace.lines) {
    text += to_text(line.operation);
    if (line.outcome) text += " -> " + to_text(*line.outcome, line.operation);
    text += '\n';
  }
  return text;
}

std::string to_text(const Program& program, std::string_view model) {
  Trace trace{.model = std::string(model), .lines = {}};
  for (const Operation& operation : program.operations) trace.lines.push_back({operation, {}});
  return to_text(trace);
}

std::ostream& operator<<(std::ostream& out, const Program& program) {
  for (const Operation& operation : program.operations) out << to_text(operation) << '\n';
  return out;
}

tl::expected<Operation, ParseError> parse_operation(std::string_view text) {
  Words words(text, 1);
  auto operation = operation_of(words);
  if (operation && !words.done()) return words.error("the end of the operation");
  return operation;
}

tl::expected<Trace, ParseError> parse_trace(std::string_view text) {
  Trace trace;
  bool first = true;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (std::exchange(first, false))
      if (auto read = header(line, number, trace); !read) return tl::unexpected(read.error());
    Words words(line, number);
    if (words.done()) continue;
    if (trace.lines.size() == kMaxProgram)
      return words.error(fmt::format("at most {} operations", kMaxProgram));
    auto operation = operation_of(words);
    if (!operation) return tl::unexpected(operation.error());
    TraceLine read{*operation, {}};
    if (words.word() == "->") {
      words.advance();
      auto outcome = outcome_of(words, *operation);
      if (!outcome) return tl::unexpected(outcome.error());
      read.outcome = *outcome;
    }
    if (!words.done()) return words.error("the end of the line");
    trace.lines.push_back(read);
  }
  return trace;
}

}  // namespace dmabuf::conformance
