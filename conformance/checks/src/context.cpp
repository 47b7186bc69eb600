// SPDX-License-Identifier: MIT
#include "dmabuf/checks/context.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "dmabuf/adapters/call.hpp"
#include "dmabuf/adapters/kernel_file.hpp"
#include "dmabuf/adapters/proc_text.hpp"
#include "log.hpp"

namespace dmabuf::checks {

std::string_view name(State state) {
  switch (state) {
    case State::Kept:
      return "kept";
    case State::Broken:
      return "broken";
    case State::NotApplicable:
      return "not-applicable";
  }
  return "?";
}

std::string errno_name(int error) {
  return adapters::errno_text(error);
}

bool Expect::allows(long result, int error) const {
  switch (kind_) {
    case Kind::Success:
      return result >= 0;
    case Kind::Value:
      return result == value_;
    case Kind::Failure:
      return result < 0 &&
             std::find(errnos_.begin(), errnos_.begin() + static_cast<std::ptrdiff_t>(size_),
                       error) != errnos_.begin() + static_cast<std::ptrdiff_t>(size_);
  }
  return false;
}

std::string Expect::text() const {
  switch (kind_) {
    case Kind::Success:
      return "success";
    case Kind::Value:
      return fmt::format("= {}", value_);
    case Kind::Failure: {
      std::string text;
      for (std::size_t i = 0; i < size_; ++i)
        text += (i == 0 ? "" : " or ") + errno_name(errnos_[i]);
      return text;
    }
  }
  return {};
}

namespace {

std::string outcome_text(long result, int error) {
  if (result < 0) return errno_name(error);
  return result == 0 ? "ok" : fmt::format("= {}", result);
}

}  // namespace

Context::Context(const Check& check, const Environment& environment,
                 std::function<void(const Call&)> called,
                 std::function<void(const Verdict&)> spoken,
                 std::function<void(std::string_view)> calling)
    : check_(check),
      environment_(environment),
      called_(std::move(called)),
      spoken_(std::move(spoken)),
      calling_(std::move(calling)) {}

Context::~Context() = default;

bool Context::is(std::string_view exporters) const {
  Check about = check_;
  about.needs.exporters = exporters;
  return is_about(about, environment_.exporter);
}

Source& Context::source() {
  if (!source_) {
    if (!environment_.open) throw NotApplicable{"no exporter was given", "name a target"};
    OpenedSource opened = environment_.open();
    if (!opened.source) throw NotApplicable{opened.reason, opened.remedy};
    source_ = std::move(opened.source);
  }
  return *source_;
}

Buffer Context::buffer(const Wanted& wanted) {
  auto made = source().make(wanted);
  if (!made) {
    if (made.error().value == ENOMEM || made.error().value == ENOSPC)
      trouble("no memory for a buffer", made.error().value);
    throw NotApplicable{
        fmt::format("{} makes no such buffer ({})", exporter(), errno_name(made.error().value)),
        "none: the exporter does not offer it"};
  }
  note(fmt::format("create a buffer of {} pages", wanted.pages), made->number(), 0);
  return std::move(*made);
}

std::optional<Buffer> Context::buffer_of(model::Access access, unsigned pages) {
  auto made = source().make({.pages = pages, .access = access});
  if (!made) return std::nullopt;
  const int wanted = access == model::Access::ReadWrite   ? O_RDWR
                     : access == model::Access::WriteOnly ? O_WRONLY
                                                          : O_RDONLY;
  const int flags = ::fcntl(made->number(), F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) != wanted) return std::nullopt;
  note(fmt::format("create a {} buffer of {} pages",
                   access == model::Access::ReadWrite   ? "read-write"
                   : access == model::Access::WriteOnly ? "write-only"
                                                        : "read-only",
                   pages),
       made->number(), 0);
  return std::move(*made);
}

const Expect& Context::habit(std::span<const Habit> habits) const {
  for (const Habit& habit : habits)
    if (is(habit.exporters) && kernel_is(habit.kernels)) return habit.expect;
  throw NotApplicable{fmt::format("nothing is known of {} on {}", exporter(), environment_.kernel),
                      "read its source and add a row to the table of the check"};
}

void Context::note(std::string_view text, long result, int error) {
  ++calls_;
  called_({std::string(text), outcome_text(result, error)});
}

bool Context::speaks_of(std::string_view id) const {
  if (!check_.requirements.contains(id))
    throw conformance::HarnessError(
        fmt::format("{} speaks of {}, which it does not declare", check_.name, id));
  return within(environment_.kernel, model::find(id)->versions);
}

void Context::speak(Verdict verdict) {
  verdict.calls = calls_;
  said_.push_back(verdict.requirement);
  spoken_(verdict);
}

void Context::judge(Id id, const Expect& expected, std::string_view text, long result, int error) {
  hold(id, expected.allows(result, error), text, expected.text(), outcome_text(result, error));
}

bool Context::hold(Id id, bool condition, std::string_view call, std::string_view expected,
                   std::string_view observed) {
  if (!speaks_of(id.text)) {
    const model::Versions& versions = model::find(id.text)->versions;
    not_applicable(id,
                   fmt::format("the requirement speaks of kernels {}{}{}", versions.since,
                               versions.until.empty() ? " and later" : " to ", versions.until),
                   "test one of those");
    return condition;
  }
  Verdict verdict{.requirement = std::string(id.text),
                  .state = condition ? State::Kept : State::Broken,
                  .call = std::string(call)};
  if (!condition) {
    verdict.expected = expected;
    verdict.observed = observed;
  }
  speak(std::move(verdict));
  return condition;
}

void Context::not_applicable(Id id, std::string_view reason, std::string_view remedy) {
  speak({.requirement = std::string(id.text),
         .state = State::NotApplicable,
         .reason = std::string(reason),
         .remedy = std::string(remedy)});
}

void Context::rest(std::string_view reason, std::string_view remedy) {
  for (const std::string_view id : check_.requirements)
    if (std::find(said_.begin(), said_.end(), id) == said_.end())
      speak({.requirement = std::string(id),
             .state = State::NotApplicable,
             .reason = std::string(reason),
             .remedy = std::string(remedy)});
}

void Context::trouble(std::string_view what, int error) const {
  throw conformance::HarnessError(fmt::format("{}: {}", what, errno_name(error)));
}

std::string Context::fdinfo(int fd) {
  return std::string(adapters::KernelFile(fmt::format("/proc/self/fdinfo/{}", fd)).read());
}

long Context::count(int fd) {
  const std::string text = fdinfo(fd);
  const auto info = adapters::parse_fdinfo(text);
  if (!info)
    throw NotApplicable{"fdinfo does not show a count", "mount /proc; use a kernel from 5.4 on"};
  note(fmt::format("count in /proc/self/fdinfo/{}", fd), info->count, 0);
  return info->count;
}

std::string Context::bufinfo() {
  adapters::KernelFile file = adapters::open_bufinfo();
  if (!file.is_open())
    throw NotApplicable{"there is no debugfs bufinfo to read",
                        "as root: mount -t debugfs none /sys/kernel/debug"};
  std::string text(file.read());
  note("read bufinfo", 0, 0);
  return text;
}

std::vector<std::string> Context::log() {
  const KernelLog log(environment_.log_from);
  if (!log.readable()) throw NotApplicable{"/dev/kmsg may not be read", "run as root"};
  return log.lines();
}

}  // namespace dmabuf::checks
