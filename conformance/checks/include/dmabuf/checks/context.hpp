// SPDX-License-Identifier: MIT
/// What a check makes its calls with, and says what they must come to.
#pragma once

#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "dmabuf/checks/check.hpp"
#include "dmabuf/checks/result.hpp"
#include "dmabuf/checks/run.hpp"
#include "dmabuf/checks/source.hpp"
#include "dmabuf/conformance/adapter.hpp"

namespace dmabuf::checks {

/// Thrown by a check, or by what it uses: what has not been spoken of yet does not apply here.
struct NotApplicable {
  std::string reason, remedy;
};

/// What a system call must come to.
class Expect {
 public:
  static constexpr std::size_t kMost = 3;
  /// Any result that is no failure.
  static constexpr Expect success() { return Expect(Kind::Success); }
  static constexpr Expect value(long value) {
    Expect result(Kind::Value);
    result.value_ = value;
    return result;
  }
  static constexpr Expect failure(std::initializer_list<int> errnos) {
    Expect result(Kind::Failure);
    for (const int error : errnos) result.errnos_[result.size_++] = error;
    return result;
  }

  bool allows(long result, int error) const;
  std::string text() const;

 private:
  enum class Kind : unsigned char { Success, Value, Failure };
  explicit constexpr Expect(Kind kind) : kind_(kind) {}
  Kind kind_;
  long value_ = 0;
  std::array<int, kMost> errnos_{};
  std::size_t size_ = 0;
};

constexpr Expect succeeds() {
  return Expect::success();
}
constexpr Expect returns(long value) {
  return Expect::value(value);
}
template <class... Errnos>
constexpr Expect fails(Errnos... errnos) {
  return Expect::failure({errnos...});
}

/// What differs between exporters and kernels, as data: the first row that fits counts.
struct Habit {
  std::string_view exporters;  ///< as in Needs
  model::Versions kernels;
  Expect expect;
};

std::string errno_name(int error);

class Context {
 public:
  Context(const Check& check, const Environment& environment,
          std::function<void(const Call&)> called, std::function<void(const Verdict&)> spoken,
          std::function<void(std::string_view)> calling);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const std::string& exporter() const { return environment_.exporter; }
  const Environment& environment() const { return environment_; }
  bool is(std::string_view exporters) const;
  bool kernel_is(const model::Versions& versions) const {
    return within(environment_.kernel, versions);
  }

  // --- buffers ---------------------------------------------------------------------------------
  /// Throws NotApplicable if the exporter makes no such buffers.
  Buffer buffer(const Wanted& wanted = {});
  /// With exactly that access mode; nothing if the exporter does not make such.
  std::optional<Buffer> buffer_of(model::Access access, unsigned pages = 4);
  Source& source();

  // --- calls -----------------------------------------------------------------------------------
  /// Makes the call and writes down what came of it; judges nothing.
  template <class F>
  long call(std::string_view text, F&& f) {
    calling_(text);
    errno = 0;
    const auto raw = f();
    const int error = errno;
    long result = 0;
    if constexpr (std::is_pointer_v<decltype(raw)>)
      result = raw == reinterpret_cast<void*>(-1) ? -1 : 0;
    else
      result = static_cast<long>(raw);
    note(text, result, error);
    errno = error;
    return result;
  }
  /// Makes the call and holds what came of it against the requirement.
  template <class F>
  long expect(Id id, const Expect& expected, std::string_view text, F&& f) {
    const long result = call(text, std::forward<F>(f));
    const int error = errno;
    judge(id, expected, text, result, error);
    errno = error;
    return result;
  }
  /// The same for a call that must work for the check to make sense: the check ends if it does not.
  template <class F>
  long must(Id id, std::string_view text, F&& f) {
    const long result = expect(id, succeeds(), text, std::forward<F>(f));
    if (result < 0) throw Stop{};
    return result;
  }
  /// A call that says nothing of the contract and has no business to fail.
  template <class F>
  long ours(std::string_view text, F&& f) {
    const long result = call(text, std::forward<F>(f));
    if (result < 0) trouble(text, errno);
    return result;
  }
  const Expect& habit(std::span<const Habit> habits) const;

  // --- verdicts --------------------------------------------------------------------------------
  /// Kept if the condition holds, else broken: after `call` there was `observed`.
  bool hold(Id id, bool condition, std::string_view call, std::string_view expected,
            std::string_view observed);
  template <class A, class B>
  bool equal(Id id, std::string_view what, const A& expected, const B& observed) {
    return hold(id, observed == expected, what, text_of(expected), text_of(observed));
  }
  void not_applicable(Id id, std::string_view reason, std::string_view remedy);
  /// What has not been spoken of is not applicable, for this reason.
  void rest(std::string_view reason, std::string_view remedy);
  [[noreturn]] void trouble(std::string_view what, int error) const;

  // --- what can be seen ------------------------------------------------------------------------
  /// f_count, from fdinfo.
  long count(int fd);
  /// The text of /proc/self/fdinfo/<fd>; "" if it cannot be read.
  static std::string fdinfo(int fd);
  /// The text of bufinfo; throws NotApplicable without debugfs.
  std::string bufinfo();
  /// Lines the kernel logged since the check began.
  std::vector<std::string> log();

  /// Ends the check: something it builds on is broken already.
  struct Stop {};

 private:
  void note(std::string_view text, long result, int error);
  void judge(Id id, const Expect& expected, std::string_view text, long result, int error);
  void speak(Verdict verdict);
  bool speaks_of(std::string_view id) const;
  static std::string text_of(std::string_view text) { return std::string(text); }
  template <class T>
    requires std::is_arithmetic_v<T>
  static std::string text_of(T value) {
    return std::to_string(value);
  }

  const Check& check_;
  const Environment& environment_;
  std::function<void(const Call&)> called_;
  std::function<void(const Verdict&)> spoken_;
  std::function<void(std::string_view)> calling_;
  std::size_t calls_ = 0;
  std::vector<std::string> said_;  ///< requirements pronounced upon
  std::unique_ptr<Source> source_;
};

}  // namespace dmabuf::checks
