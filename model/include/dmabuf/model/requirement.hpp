// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace dmabuf::model {

/// Who must keep a requirement.
enum class Bearer {
  Core,      ///< The dma-buf core and the kernel around it: fences, files, DRM and V4L2 frameworks.
  Exporter,  ///< The driver that owns the backing storage.
  Importer,  ///< The driver that uses it through an attachment or a kernel mapping.
  Userspace,  ///< The program that holds the fd.
  Tester,     ///< Whoever watches all of the above, and would draw a wrong conclusion otherwise.
};

/// How much may be demanded of a system in the name of a requirement.
enum class Strength {
  Must,            ///< Enforced or guaranteed for every exporter and importer; callers rely on it.
  Documented,      ///< Part of the contract on paper; nothing enforces it.
  Implementation,  ///< True of the named driver, configuration or version; not to be asked
                   ///< elsewhere.
};

/// Through what a requirement can be seen to be kept or broken. Flags: see `via`.
enum class Route : unsigned char {
  Userspace = 1,   ///< A file descriptor in a program.
  Harness = 2,     ///< The in-kernel interface, driven by a module of our own.
  Debug = 4,       ///< debugfs, procfs, sysfs.
  KernelLog = 8,   ///< dmesg.
  Reference = 16,  ///< The in-process reference.
};

/// The set of the given routes.
template <class... Routes>
constexpr unsigned via(Routes... routes) {
  return (0U | ... | static_cast<unsigned>(routes));
}

/// Where in the kernel's sources a requirement can be checked.
struct Source {
  std::string_view file;   ///< Path in the kernel tree.
  std::string_view where;  ///< Function, member or section.
};

/// The kernels a requirement speaks of, both ends included; empty is unbounded.
///
/// Stable kernels carry backports, so these are the trees it is known of and no more:
/// features are to be probed for, not inferred from a release number.
struct Versions {
  std::string_view since = {};
  std::string_view until = {};
};

/// One sentence of the contract.
struct Requirement {
  std::string_view id;  ///< Area and number, "ATT-005"; `full_id` gives the form for print.
  Bearer bearer{};
  Strength strength{};
  unsigned routes{};  ///< A set of `Route`.
  std::string_view text;
  Source source;
  Versions versions{};
  bool observed = false;  ///< Seen to hold on a running kernel; otherwise read from source only.
};

/// True if the requirement can be judged through the route.
constexpr bool visible_through(const Requirement& requirement, Route route) {
  return (requirement.routes & static_cast<unsigned>(route)) != 0;
}

/// "ATT" of "ATT-005"; all of an id that has no number.
constexpr std::string_view area_of(std::string_view id) { return id.substr(0, id.find('-')); }

/// A string literal that can be a template argument: `Rule<"ATT-001", ...>`.
template <std::size_t N>
struct FixedString {
  // Implicit, since a template argument is written as a bare literal.
  // NOLINTNEXTLINE(google-explicit-constructor)
  consteval FixedString(const char (&literal)[N]) { std::copy_n(literal, N, text); }

  constexpr std::string_view view() const { return {text, N - 1}; }

  char text[N]{};  ///< Public because a template argument must be structural.
};
template <std::size_t N>
FixedString(const char (&)[N]) -> FixedString<N>;

/// "DBUF-ATT-005", the form in which ids leave the project.
std::string full_id(std::string_view id);

std::string_view name(Bearer bearer);
std::string_view name(Strength strength);
std::string_view name(Route route);

/// "DBUF-ATT-005 (core): text [file, where]": what a failure prints.
std::ostream& operator<<(std::ostream& out, const Requirement& requirement);

}  // namespace dmabuf::model
