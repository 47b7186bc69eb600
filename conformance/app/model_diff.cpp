// SPDX-License-Identifier: MIT
#include "model_diff.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dmabuf/conformance/trace.hpp"
#include "dmabuf/model/diff.hpp"
#include "dmabuf/model/table.hpp"
#include "exit_code.hpp"
#include "output.hpp"

namespace dmabuf::app {
namespace {

const model::ImporterProfile kImporter{.name = "", .guards_misuse = true};

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text += fmt::format("{}{}", text.empty() ? "" : between, word);
  return text;
}

std::string program(const std::vector<model::Operation>& operations, std::string_view before, std::string_view between) {
  std::string text;
  for (const model::Operation& operation : operations)
    text += fmt::format("{}{}{}", text.empty() ? "" : between, before, conformance::to_text(operation));
  return text;
}

struct Answer {
  std::vector<model::FieldDifference> fields;
  model::ProfileDiff diff;
  std::string with;  ///< the other half of both profiles
};

Answer of_exporters(const model::ExporterProfile& a, const model::ExporterProfile& b, std::string_view kernel,
                    std::uint64_t limit) {
  const model::KernelProfile* on = model::find_kernel_profile(kernel);
  if (on == nullptr) throw UsageError(fmt::format("no kernel profile is called '{}'; see: list profiles", kernel));
  Answer answer{model::differences(a, b), {}, fmt::format("on kernel {}", on->name)};
  if (!answer.fields.empty())
    answer.diff = model::distinguish({*on, a, kImporter}, {*on, b, kImporter}, model::diff_bounds(), limit);
  return answer;
}

/// With the exporter under which the difference shows soonest, or the one asked for.
Answer of_kernels(const model::KernelProfile& a, const model::KernelProfile& b, const std::string& exporter,
                  std::uint64_t limit) {
  Answer answer{model::differences(a, b), {}, exporter.empty() ? "with every exporter" : "with " + exporter};
  if (!exporter.empty() && model::find_exporter_profile(exporter) == nullptr)
    throw UsageError(fmt::format("no exporter profile is called '{}'; see: list profiles", exporter));
  if (answer.fields.empty()) return answer;
  unsigned most = 64;
  for (const model::ExporterProfile& e : model::exporter_profiles()) {
    if (!exporter.empty() && exporter != e.name) continue;
    model::ProfileDiff diff =
        model::distinguish({a, e, kImporter}, {b, e, kImporter}, model::diff_bounds(), limit, most);
    answer.diff.searched += diff.searched;
    if (!diff.distinction) continue;
    // What can be seen goes before what is only not promised, and the shorter before the longer.
    const bool seen = !diff.distinction->where.empty();
    if (answer.diff.distinction) {
      const bool seen_before = !answer.diff.distinction->where.empty();
      if (seen_before != seen ? seen_before : diff.depth >= answer.diff.depth) continue;
    }
    if (seen) most = diff.depth + 1;
    answer.with = fmt::format("with {}", e.name);
    answer.diff.distinction = std::move(diff.distinction);
    answer.diff.depth = diff.depth;
  }
  return answer;
}

std::string verdict(const Answer& answer) {
  if (answer.fields.empty()) return "the same contract";
  if (!answer.diff.distinction)
    return answer.diff.complete ? "no program tells them apart, within one buffer and two attachments"
                                : fmt::format("no program of up to {} steps tells them apart", answer.diff.depth);
  if (answer.diff.distinction->where.empty()) return "one of them promises nothing where the other does";
  return "";
}

void print(std::string_view a, std::string_view b, const Answer& answer) {
  fmt::print("model {}: {} and {}, {}\n\n", model::model_hash(), a, b, answer.with);
  if (!answer.fields.empty()) {
    fmt::print("  {:<26} {:<20} {}\n", "field", a, b);
    for (const model::FieldDifference& field : answer.fields) fmt::print("  {:<26} {:<20} {}\n", field.field, field.a, field.b);
    fmt::print("\n");
  }
  if (const std::string text = verdict(answer); !text.empty()) fmt::print("{}\n", text);
  if (!answer.diff.distinction) return;
  const model::Distinction& d = *answer.diff.distinction;
  const bool same = d.a == d.b;
  fmt::print("the shortest program that tells them apart, at {}:\n", d.where.empty() ? "its last operation" : d.where);
  if (same) {
    fmt::print("{}\n", program(d.a, "  ", "\n"));
  } else {
    fmt::print("  # {}\n{}\n  # {}\n{}\n", a, program(d.a, "  ", "\n"), b, program(d.b, "  ", "\n"));
  }
  fmt::print("\n  {:<20} {}\n  {:<20} {}\n", a, joined(d.allowed_a, " | "), b, joined(d.allowed_b, " | "));
}

/// A '|' would end the cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string row(std::string_view a, std::string_view b, const Answer& answer) {
  std::string fields;
  for (const model::FieldDifference& f : answer.fields)
    fields += fmt::format("{}{} {} / {}", fields.empty() ? "" : "<br>", f.field, f.a, f.b);
  std::string what = verdict(answer), allowed;
  if (answer.diff.distinction) {
    const model::Distinction& d = *answer.diff.distinction;
    what = fmt::format("`{}`", program(d.a, "", "`<br>`"));
    if (d.a != d.b) what += fmt::format("<br>and<br>`{}`", program(d.b, "", "`<br>`"));
    allowed = fmt::format("{}<br>/ {}", joined(d.allowed_a, ", "), joined(d.allowed_b, ", "));
  }
  return fmt::format("| `{}` | `{}` | {} | {} | {} |\n", a, b, fields, cell(what), cell(allowed));
}

void print_all(std::uint64_t limit) {
  constexpr std::string_view kHead =
      "| one | other | fields | shortest program | allowed at its end |\n| --- | --- | --- | --- | --- |\n";
  fmt::print("## Kernels\n\nWith the exporter under which the difference shows soonest.\n\n{}", kHead);
  const auto kernels = model::kernel_profiles();
  for (std::size_t i = 0; i < kernels.size(); ++i)
    for (std::size_t j = i + 1; j < kernels.size(); ++j)
      fmt::print("{}", row(kernels[i].name, kernels[j].name, of_kernels(kernels[i], kernels[j], "", limit)));
  fmt::print("\n## Exporters\n\nOn the reference's kernel.\n\n{}", kHead);
  const auto exporters = model::exporter_profiles();
  for (std::size_t i = 0; i < exporters.size(); ++i)
    for (std::size_t j = i + 1; j < exporters.size(); ++j)
      fmt::print("{}", row(exporters[i].name, exporters[j].name, of_exporters(exporters[i], exporters[j], "reference", limit)));
}

struct Wishes {
  std::string a, b, kernel = "reference", exporter;
  std::uint64_t limit = 20'000;
  bool all = false;
};

int diff(const Wishes& wishes) {
  if (wishes.all) {
    print_all(wishes.limit);
    return kConforms;
  }
  if (wishes.a.empty() || wishes.b.empty()) throw UsageError("name two profiles, or give --all");
  if (const auto *a = model::find_kernel_profile(wishes.a), *b = model::find_kernel_profile(wishes.b); a && b)
    print(a->name, b->name, of_kernels(*a, *b, wishes.exporter, wishes.limit));
  else if (const auto *c = model::find_exporter_profile(wishes.a), *d = model::find_exporter_profile(wishes.b); c && d)
    print(c->name, d->name, of_exporters(*c, *d, wishes.kernel, wishes.limit));
  else
    throw UsageError(fmt::format("'{}' and '{}' are not two kernels or two exporters; see: list profiles", wishes.a, wishes.b));
  return kConforms;
}

}  // namespace

void add_model_diff(CLI::App& model, int& status) {
  auto wishes = std::make_shared<Wishes>();
  CLI::App* command = model.add_subcommand("diff", "what differs between two profiles, and the shortest program that shows it");
  command->add_option("one", wishes->a, "a kernel or an exporter of 'list profiles'");
  command->add_option("other", wishes->b, "another of its kind");
  command->add_option("--kernel", wishes->kernel, "compare exporters on this kernel")->capture_default_str();
  command->add_option("--exporter", wishes->exporter, "compare kernels with this exporter; default: where it shows soonest");
  command->add_option("--limit", wishes->limit, "give up after so many pairs of states")->capture_default_str();
  command->add_flag("--all", wishes->all, "every pair, as a page");
  command->footer("Examples:\n  dmabuf-conform model diff 6.12 6.18\n  dmabuf-conform model diff udmabuf heap:system\n"
                  "  dmabuf-conform model diff 5.10 6.1 --exporter vgem");
  command->callback([wishes, &status] { status = diff(*wishes); });
}

}  // namespace dmabuf::app
